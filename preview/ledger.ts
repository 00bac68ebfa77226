// What happens to each ship at the next `up`, and what is known of its claim and its key. Pure.
import { claimOf, type RunState, stateOf } from "../planner/architecture/run-state";
import type { Architecture, LockedShip, Tombstone } from "../planner/architecture/schema";
import type { KeyState, Ledger, ShipAction, ShipEntry, StackToPreview } from "./result";

export interface LedgerNotes {
  ledger: Ledger;
  warnings: string[];
}

export function shipLedger(stacks: readonly StackToPreview[]): LedgerNotes {
  const warnings: string[] = [];
  const ships = stacks.flatMap((stack) => {
    const { architecture, runState = {} } = stack;
    const parked = new Set(architecture.cells.filter((c) => c.parked).map((c) => c.id));
    return [
      ...architecture.ships.map((ship) => aboard(stack, ship, runState, parked.has(ship.cell))),
      ...architecture.tombstones.map((stone) => removed(architecture, stone, runState)),
    ];
  });
  warnings.push(...keyWarnings(stacks), ...bootWarnings(stacks));
  const counts: Record<ShipAction, number> = { "first boot": 0, kept: 0, stopped: 0, removed: 0 };
  for (const ship of ships) counts[ship.action] += 1;
  return { ledger: { ships, counts }, warnings };
}

function aboard(stack: StackToPreview, ship: LockedShip, runState: RunState, parked: boolean): ShipEntry {
  const state = stateOf(runState, ship.id);
  return {
    id: ship.id,
    name: ship.name,
    class: ship.class,
    stack: stack.name,
    cell: ship.cell,
    tenant: ship.tenant,
    place: ship.host ?? ship.zone,
    action: actionOf(ship, runState),
    parked,
    claim: claimOf(ship, runState),
    key: keyOf(ship, stack),
    diskGiB: ship.diskGiB,
    lastEvent: state?.lastEvent ?? null,
  };
}

function actionOf(ship: LockedShip, runState: RunState): ShipAction {
  const state = stateOf(runState, ship.id);
  const hasRun = ship.sealed || ship.imported || (state !== undefined && state.firstBoot !== "never");
  if (!hasRun) return "first boot";
  // A recorded clean stop stands until the ship starts again, which erases it.
  return state !== undefined && state.cleanStopEvent !== null ? "stopped" : "kept";
}

/** `sealed` comes first: a sealed ship's key is used up, whatever else is recorded. */
function keyOf(ship: LockedShip, { architecture, secretsSet }: StackToPreview): KeyState {
  if (ship.sealed) return "sealed";
  if (ship.imported) return "imported";
  if (ship.fake) return "fake";
  if (ship.class === "comet") return "comet";
  if (inGroundSeg(architecture, ship)) return "groundseg";
  if (ship.key === null) return "missing";
  return secretsSet === undefined || secretsSet.has(ship.key.secret) ? "given" : "missing";
}

function removed(architecture: Architecture, stone: Tombstone, runState: RunState): ShipEntry {
  return {
    id: stone.id,
    name: stone.name,
    class: null,
    stack: architecture.stack,
    cell: stone.cell,
    tenant: stone.tenant,
    place: stone.host ?? stone.zone,
    action: "removed",
    parked: false,
    // What is not recorded counts as claimed: an old copy must never run again.
    claim: stone.claim ?? "claimed",
    key: null,
    diskGiB: stone.diskGiB,
    lastEvent: stone.cleanStopEvent ?? stateOf(runState, stone.id)?.lastEvent ?? null,
  };
}

const keyless = (stack: StackToPreview): LockedShip[] =>
  stack.architecture.ships.filter((s) => s.name !== null && keyOf(s, stack) === "missing");

/** Ships whose boot key `up` itself reads: a cluster's, and those of hosts that it delivers to. */
export function keysThatUpWants(stacks: readonly StackToPreview[]): LockedShip[] {
  return stacks.flatMap((stack) =>
    keyless(stack).filter((s) => s.host === null || (s.key !== null && stack.hostKeys?.[s.host] !== undefined)),
  );
}

/** It takes keys in its own pages. */
const inGroundSeg = ({ hosts }: Architecture, ship: LockedShip): boolean =>
  hosts.some((h) => h.name === ship.host && h.kind === "groundseg");

function keyWarnings(stacks: readonly StackToPreview[]): string[] {
  const of = (state: KeyState) =>
    stacks.flatMap((stack) => stack.architecture.ships.filter((s) => keyOf(s, stack) === state));
  const unnamed = [...of("missing"), ...of("groundseg")].filter((s) => s.name === null).length;
  const refused = keysThatUpWants(stacks);
  const byHand = stacks.flatMap((stack) => keyless(stack).filter((s) => !refused.includes(s)));
  const unread = of("groundseg").filter((s) => s.key !== null);
  const without = (ships: readonly LockedShip[]) =>
    `${count(ships.length)} without a boot key: ${some(ships.map((s) => s.name!))}`;
  return [
    ...(unnamed > 0
      ? [`${count(unnamed)} planned by count: without names and keys \`up\` builds the platform and refuses them`]
      : []),
    ...(refused.length > 0 ? [`${without(refused)}; \`up\` refuses until each has one`] : []),
    ...(byHand.length > 0 ? [`${without(byHand)}; the host takes it after \`up\``] : []),
    ...(unread.length > 0
      ? [
          `${count(unread.length)} with a key.secret that nobody reads: ${some(unread.map((s) => s.name ?? s.id))}; GroundSeg takes boot keys on its own page only`,
        ]
      : []),
  ];
}

function bootWarnings(stacks: readonly StackToPreview[]): string[] {
  const halfway = stacks.flatMap((s) =>
    s.architecture.ships.filter((ship) => s.runState?.[ship.id]?.firstBoot === "started"),
  );
  if (halfway.length === 0) return [];
  return [
    `${count(halfway.length)} started its first boot and never confirmed it: ${some(halfway.map((s) => s.name ?? s.id))}; ` +
      "an empty volume will be quarantined, never booted again with the same key",
  ];
}

const count = (n: number): string => (n === 1 ? "1 ship" : `${n.toLocaleString("en-US")} ships`);

/** The first few of a list, and how many more there are. */
export function some(names: readonly string[], show = 5): string {
  const rest = names.length - show;
  return rest > 0 ? `${names.slice(0, show).join(", ")} and ${rest} more` : names.join(", ");
}
