// What no flag changes: where a claimed ship lives, and who holds a ship's name. A second copy, or an old one that runs
// again, is repaired only by a breach from the owner's wallet.
import type { Candidate } from "../plan/schema";
import type { Fleet, FleetShip } from "./fleet";
import { isStackOf } from "./identity";
import type { Placed } from "./place";
import type { LockProblem } from "./problem";
import { problem } from "./problem";
import { stateOf } from "./run-state";
import type { Architecture, LockedShip } from "./schema";
import type { ParsedStackFile } from "./stack-file";

const MOVE = (id: string): string =>
  `Ships move with \`roadstead ship move ${id}\` only (from the rollout version on), whatever flag is given.`;

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
    const was = ship.previous ?? ship.returns;
    if (was === null) continue;
    const is = place.get(ship.id);
    if (sameHome && is) {
      for (const key of ["cell", "zone", "host"] as const)
        // On a host the tombstone has the host's zone, the ship none.
        if (is[key] !== was[key] && !(key === "zone" && was.host !== null)) refuse(ship, key, is[key], was[key]);
      if (is.zone !== null && candidate.provider === "aws" && !candidate.zones.includes(is.zone))
        refuse(ship, "zone", `zones ${candidate.zones.join(", ")}`, is.zone);
    }
    if (ship.diskGiB < was.diskGiB)
      refuse(ship, "diskGiB", ship.diskGiB, `at least ${was.diskGiB}`, `A volume only grows. ${MOVE(ship.id)}`);
    if (was.loom !== undefined && ship.loom < was.loom)
      refuse(
        ship,
        "loom",
        ship.loom,
        `at least ${was.loom}`,
        "A snapshot that needs the larger loom never loads into a smaller one.",
      );
    if (ship.previous !== null && !ship.sealed && bootsHere(ship.previous)) {
      if (ship.imported) refuse(ship, "imported", true, "a ship that never had its first boot here", NEVER_BOOTED_HERE);
      else if (ship.key === null && ship.previous.key !== null)
        refuse(ship, "key", "none", ship.previous.key.secret, KEY_STAYS(ship.id));
    }
    if (ship.fake !== (was.fake ?? false))
      refuse(
        ship,
        "fake",
        ship.fake,
        was.fake ?? false,
        "A pier is fake or real for good: remove the ship and take another name.",
      );
    if (sameHome && was.host === null && ship.tenant !== was.tenant)
      refuse(
        ship,
        "customer",
        ship.customer,
        "customer" in was ? was.customer : `the customer of namespace ${was.tenant}`,
        `A customer's namespace holds the volume. ${MOVE(ship.id)}`,
      );
  }
  return problems;
}

/** Whether a ship of the lock has its first boot where the lock puts it: `up` refuses one that has nothing to boot from. */
export const bootsHere = ({ imported, sealed, key, fake, class: kind }: LockedShip): boolean =>
  !imported && (sealed || key !== null || fake || kind === "comet");

export const NEVER_BOOTED_HERE =
  "It may have booted here, and then the pier here is the newest: any other is an old copy. Only if the recorded stack was never deployed, " +
  "record it without the ship's key and say so (--attest-never-deployed); then import.";
const KEY_STAYS = (id: string): string =>
  `Whether ${id} has booted is not known here, and without its key it could not. On a cluster \`roadstead ship seal\` lets go of the ` +
  "key once its claim says so; if the recorded stack was never deployed, say so (--attest-never-deployed).";

interface Holder {
  stack: string;
  how: "living" | "left" | "stopped";
  /** Event of its clean stop there; null while none is recorded. */
  event: number | null;
}

/** Real ships the locks of other environments hold or held, by @p. Fake ships touch no network and are free. */
function holdersElsewhere(previous: ReadonlyMap<string, ParsedStackFile>, stack: string): Map<string, Holder> {
  const holders = new Map<string, Holder>();
  const rank = ["stopped", "left", "living"] as const;
  // The one that stands most in the way; of two that stopped it, the one where it ran last.
  const outranks = (a: Holder, b: Holder): boolean =>
    a.how === b.how ? (a.event ?? 0) > (b.event ?? 0) : rank.indexOf(a.how) > rank.indexOf(b.how);
  const hold = (name: string | null, by: Holder): void => {
    const known = name === null ? undefined : holders.get(name);
    if (name !== null && (!known || outranks(by, known))) holders.set(name, by);
  };
  for (const file of previous.values()) {
    const a = file.architecture;
    if (!a || isStackOf(stack, file.stack)) continue;
    for (const s of a.ships) if (!s.fake) hold(s.name, { stack: file.stack, how: "living", event: null });
    for (const t of a.tombstones) {
      if (t.fake) continue;
      const stopped = t.cleanStopEvent ?? stateOf(file.runState, t.id)?.cleanStopEvent ?? null;
      hold(t.name, { stack: file.stack, how: stopped === null ? "left" : "stopped", event: stopped });
    }
  }
  return holders;
}

/**
 * Ships another environment's lock holds or held. A ship that was stopped there for good may go on here with its pier
 * only: its key is used up. One that comes back to a volume of its own may not have been anywhere else: that volume
 * would be older than the ship.
 */
export function heldProblems(
  ships: FleetShip[],
  previous: ReadonlyMap<string, ParsedStackFile>,
  stack: string,
): LockProblem[] {
  const holders = holdersElsewhere(previous, stack);
  return ships.flatMap((ship) => {
    const holder = ship.name !== null && !ship.fake ? holders.get(ship.name) : undefined;
    if (!holder) return [];
    const refuse = (received: string, accepted: string, fix: string): LockProblem[] => [
      problem({
        code: "held",
        file: `Pulumi.${holder.stack}.yaml`,
        path: ship.name!,
        received: `${ship.name}, which ${received}`,
        accepted,
        fix,
      }),
    ];
    if (holder.how === "living")
      return refuse(
        `is held by stack ${holder.stack}`,
        "a ship no other stack holds",
        "Remove it from one of the two: a ship never runs twice.",
      );
    if (holder.how === "left")
      return refuse(
        `left stack ${holder.stack} without a recorded clean stop`,
        "a ship no other stack holds",
        "Record its clean stop there first (`roadstead ship stop`, from the rollout version on): an old copy never runs again.",
      );
    if (ship.returns)
      return refuse(
        `stack ${holder.stack} has held too`,
        `a ship no other stack held since it left ${stack}: the volume kept here may be older than the ship`,
        `Leave it out of ${stack}. Only \`roadstead ship move\` may bring it back, with its newest pier.`,
      );
    if (!ship.imported)
      return refuse(
        `ran in stack ${holder.stack} before`,
        "`imported: true`: it goes on with the pier of its clean stop",
        "Its key is used up: say `imported: true` instead of key, and bring the pier of its last clean stop, never an older copy.",
      );
    const attested = ship.attestation?.atEvent;
    if (attested !== undefined && holder.event !== null && attested < holder.event)
      return refuse(
        `was stopped in stack ${holder.stack} at event ${holder.event}, and is brought in at event ${attested}`,
        `a pier of event ${holder.event} or later`,
        "An older copy never runs again: bring the pier of its last clean stop.",
      );
    return [];
  });
}
