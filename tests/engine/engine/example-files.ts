// The requirements files under examples/ the way their users would complete them: every ship by name and with a key, every
// version filled in. Larger fleets than these are the bench's.
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { applySet, checkRequirements, defaultCatalog, plan, problemText } from "../../../planner";
import type { ShipClass } from "../../../planner";
import { RECIPIENT } from "../../components/host/sample";
import { type Example, completed, KUBECONFIG } from "./examples";
import { madeUpNames } from "./made-up-names";

const folder = path.join(__dirname, "../../../examples");
const LARGEST = 60;
/**
 * Their stacks are made of the same resources as that of `existing-doks`, but for its CiliumNetworkPolicy, and the clouds here
 * know no maker: tests/preview/existing-examples.test.ts holds them equal, and one of them is brought up.
 */
export const LIKE_EXISTING_DOKS: readonly string[] = ["existing-gke", "existing-aks", "existing-k3s"];

type Data = Record<string, unknown> & { ships: Record<string, unknown> };
interface NamedShip {
  name?: string;
  nickname?: string;
}

/** By file name, without its ending. */
export const exampleFiles: Record<string, Example> = Object.fromEntries(
  fs
    .readdirSync(folder)
    .filter((file) => file.endsWith(".yaml") && !LIKE_EXISTING_DOKS.includes(path.basename(file, ".yaml")))
    .sort()
    .flatMap((file) => {
      const data = fitting(parse(fs.readFileSync(path.join(folder, file), "utf8")) as Data, file);
      const { count } = requirements(data, file).ships;
      return count <= LARGEST ? [[path.basename(file, ".yaml"), named(data, file)]] : [];
    }),
);

function requirements(data: Data, file: string) {
  const read = checkRequirements(data, file, {});
  if (!read.ok) throw new Error(read.problems.map(problemText).join("\n"));
  return read.requirements;
}

/** An example that shows what does not fit, with the first change that does. */
function fitting(data: Data, file: string): Data {
  const asWritten = requirements(data, file);
  if (asWritten.ships.count > LARGEST) return data;
  const { chosen, cheapestChangeThatFits: changes } = plan(asWritten, { catalog: defaultCatalog(), rates: {} });
  return chosen === null ? (applySet(data, changes[0]!.set) as Data) : data;
}

/** A ship planned by count cannot boot: each gets a name, and the place of one planned by count. */
function named(data: Data, file: string): Example {
  const wanted = requirements(data, file).ships;
  const given = (Array.isArray(data.ships) ? data.ships : (data.ships.named ?? [])) as NamedShip[];
  const known = given.flatMap((s) => (s.name === undefined ? [] : [s.name.slice(1)]));
  const lacking = Object.fromEntries(
    Object.entries(wanted.types).map(([of, n]) => [of, n - wanted.named.filter((s) => s.class === of).length]),
  ) as Record<ShipClass, number>;
  const names = madeUpNames(lacking);
  const more = names.map((name) => ({ name: `~${name}`, key: { secret: `${name}-key` } }));
  const ships = { ...(Array.isArray(data.ships) ? {} : data.ships), named: [...given, ...more] };
  const nicknames = given.flatMap((s) => s.nickname ?? []);
  const { kubeconfigSecret } = (data.existing ?? {}) as { kubeconfigSecret?: string };
  const secrets = kubeconfigSecret === undefined ? {} : { [kubeconfigSecret]: KUBECONFIG };
  const backups = data.backups === undefined ? {} : { backups: { ...data.backups, recipients: [RECIPIENT] } };
  return completed({ ...data, ...backups, ships }, [...known, ...names], nicknames, secrets);
}
