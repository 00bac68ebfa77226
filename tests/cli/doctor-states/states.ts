// States that real engines left when they were killed, made by tests/engine; trimmed to what a repair reads.
import * as fs from "node:fs";
import * as path from "node:path";
import { parseState, pendingOf, type StackState, type StateResource } from "../../../cli/doctor/repair/state";

export const STATES = ["killed-at-claim", "killed-at-workload", "killed-on-aws", "killed-on-digitalocean"] as const;
const textOf = (name: (typeof STATES)[number]): string => fs.readFileSync(path.join(__dirname, `${name}.json`), "utf8");
export const stateOf = (name: (typeof STATES)[number]): StackState => parseState(textOf(name), name);

export const pendingUrn = (state: StackState, part: string): string =>
  pendingOf(state).find((p) => p.resource.urn.includes(part))!.resource.urn;

export const lease = (r: StateResource): boolean => r.type.endsWith(":Lease");
