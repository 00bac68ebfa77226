// What a person does next, as commands that exist in this version. Pure.
import { isPlaceholder } from "../planner/architecture/identity";
import type { RunState } from "../planner/architecture/run-state";
import type { Architecture } from "../planner/architecture/schema";
import type { PlanningOptions } from "./planning";

/** Beside Pulumi.yaml; what it refuses never reaches an account. */
export const POLICY_PACK = "policies";

export const upCommand = (stack: string, pack = POLICY_PACK): string =>
  `pulumi up --stack ${stack} --policy-pack ${pack}`;

/** Lines of one kind before a person reads no further. */
const LISTED = 10;

/** The first lines of many, and how many more there are. */
export function firstOf(lines: readonly string[], more: (rest: number) => string): string[] {
  const rest = lines.length - LISTED;
  return rest > 0 ? [...lines.slice(0, LISTED), more(rest)] : [...lines];
}

export interface Parked {
  id: string;
  tenant: string;
}

/** Ships of a lock that are created stopped and never ran, as far as is recorded and `up` creates them at all. */
export function parkedShips(a: Architecture, runState: RunState = {}): Parked[] {
  if (a.cluster === null) return [];
  const parked = new Set(a.cells.filter((c) => c.parked).map((c) => c.id));
  const neverRan = (id: string) => (runState[id]?.firstBoot ?? "never") === "never";
  return a.ships.filter((s) => parked.has(s.cell) && !s.sealed && !isPlaceholder(s.id) && neverRan(s.id));
}

/** Nothing but a person starts a parked ship yet: one after the other, so that a fault meets one ship and not fifty. */
export function releaseSteps(ships: readonly Parked[]): string[] {
  const [first] = ships;
  if (first === undefined) return [];
  const each = (s: Parked) => `kubectl -n ${s.tenant} scale statefulset/${s.id} --replicas=1`;
  return [
    `# ${ships.length === 1 ? "1 ship is" : `${ships.length} ships are`} created stopped. Start one, wait until READY is 1/1, then the next (\`roadstead up\` does it from the rollout version on); never one in quarantine or stopped on purpose:`,
    each(first),
    `kubectl -n ${first.tenant} get statefulset ${first.id} --watch`,
    ...firstOf(ships.slice(1).map(each), (rest) => `# and ${rest} more in the same way`),
  ];
}

const quoted = (text: string): string => (/^[\w.=/:,@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The options a plan was made with, so that the next command makes the same one; with a space before each. */
export function sameOptions(o: PlanningOptions): string {
  return [
    ...(o.set ?? []).map((s) => ` --set ${quoted(s)}`),
    ...(o.prices === undefined ? [] : [` --prices ${quoted(o.prices)}`]),
    ...(o.rate ?? []).map((r) => ` --rate ${quoted(r)}`),
    ...(o.candidate === undefined ? [] : [` --candidate ${quoted(o.candidate)} --reason WHY`]),
  ].join("");
}
