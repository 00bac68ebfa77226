// What no flag changes: where a claimed ship lives, and who holds a ship's name. A second copy, or an old one that runs
// again, is repaired only by a breach from the owner's wallet.
import type { Candidate } from "../plan/schema";
import type { Fleet, FleetShip } from "./fleet";
import { isStackOf } from "./identity";
import type { Placed } from "./place";
import type { LockProblem } from "./problem";
import { problem } from "./problem";
import { stateOf } from "./run-state";
import type { Architecture } from "./schema";
import type { ParsedStackFile } from "./stack-file";

const MOVE = (id: string): string => `Ships move with \`roadstead ship move ${id}\` only, whatever flag is given.`;

/** Problems of every claimed ship (unknown counts as claimed) that the new lock would move, shrink or replace. */
export function claimProblems(
  fleet: Fleet,
  placed: Placed[],
  old: Architecture | null,
  candidate: Candidate,
): LockProblem[] {
  if (!old) return [];
  const problems: LockProblem[] = [];
  const claimed = fleet.ships.filter((s) => s.claim !== "unclaimed");
  const refuse = (
    ship: { id: string; name: string | null },
    path: string,
    received: unknown,
    accepted: unknown,
    why = MOVE(ship.id),
  ): void => {
    problems.push(
      problem({
        code: "claimed",
        file: null,
        path: `${ship.name ?? ship.id}.${path}`,
        received: String(received),
        accepted: String(accepted),
        fix: why,
      }),
    );
  };
  const place = new Map(placed.map((p) => [p.ship.id, p.place]));
  const kept = [...claimed, ...fleet.tombstones.filter((t) => t.cleanStopEvent === null)];
  for (const ship of kept) {
    for (const key of ["mode", "provider", "region"] as const)
      if (old[key] !== candidate[key]) refuse(ship, key, candidate[key], old[key]);
  }
  const sameHome =
    old.mode === candidate.mode && old.provider === candidate.provider && old.region === candidate.region;
  for (const ship of claimed) {
    const was = ship.previous;
    // One that comes back to the volume it left has no recorded settings to compare.
    if (was === null) continue;
    const is = place.get(ship.id);
    if (sameHome && is) {
      for (const key of ["cell", "zone", "host"] as const)
        if (is[key] !== was[key]) refuse(ship, key, is[key], was[key]);
      if (is.zone !== null && candidate.provider === "aws" && !candidate.zones.includes(is.zone))
        refuse(ship, "zone", `zones ${candidate.zones.join(", ")}`, is.zone);
    }
    if (ship.diskGiB < was.diskGiB)
      refuse(ship, "diskGiB", ship.diskGiB, `at least ${was.diskGiB}`, `A volume only grows. ${MOVE(ship.id)}`);
    if (ship.fake !== was.fake)
      refuse(
        ship,
        "fake",
        ship.fake,
        was.fake,
        "A pier is fake or real for good: remove the ship and take another name.",
      );
    if (sameHome && was.host === null && ship.tenant !== was.tenant)
      refuse(
        ship,
        "customer",
        ship.customer,
        was.customer,
        `A customer's namespace holds the volume. ${MOVE(ship.id)}`,
      );
  }
  return problems;
}

/** Ships another environment's lock holds, by name, tombstones included. Fake ships touch no network and are free. */
export function heldProblems(
  ships: FleetShip[],
  previous: ReadonlyMap<string, ParsedStackFile>,
  stack: string,
): LockProblem[] {
  const holders = new Map<string, { stack: string; tombstone: boolean }>();
  for (const file of previous.values()) {
    const a = file.architecture;
    if (!a || isStackOf(stack, file.stack)) continue;
    for (const s of a.ships)
      if (s.name !== null && !s.fake) holders.set(s.name, { stack: file.stack, tombstone: false });
    for (const t of a.tombstones) {
      const stopped = t.cleanStopEvent ?? stateOf(file.runState, t.id)?.cleanStopEvent ?? null;
      if (t.name !== null && stopped === null && !holders.has(t.name))
        holders.set(t.name, { stack: file.stack, tombstone: true });
    }
  }
  return ships.flatMap((ship) => {
    const holder = ship.name !== null && !ship.fake ? holders.get(ship.name) : undefined;
    if (!holder) return [];
    return [
      problem({
        code: "held",
        file: `Pulumi.${holder.stack}.yaml`,
        path: ship.name!,
        received: `${ship.name}, which ${holder.tombstone ? "left" : "is held by"} stack ${holder.stack}${holder.tombstone ? " without a recorded clean stop" : ""}`,
        accepted: "a ship no other stack holds",
        fix: holder.tombstone
          ? `Record its clean stop there first (\`roadstead ship stop\`): an old copy never runs again.`
          : "Remove it from one of the two: a ship never runs twice.",
      }),
    ];
  });
}
