// Whether a requested ship is the one recorded under its object name. Object names are shorter than identities: a nickname
// and an @p may read the same, and whoever is taken for another gets the other's volume.
import type { RequestedShip, ShipClass } from "../requirements/schema";
import { readName } from "../requirements/ships";
import type { LockProblem } from "./problem";
import { problem } from "./problem";
import type { LockedShip, Tombstone } from "./schema";

/** A ship without an @p is a comet not mined yet: nothing else has an object name of its own and leaves a tombstone. */
const classOf = (name: string | null): ShipClass | null =>
  name === null ? "comet" : (readName(name)?.shipClass ?? null);

/** Whether an object name is that of a real ship: `marzod` is ~marzod, whoever writes it down. */
export const isShipName = (id: string): boolean => readName(`~${id}`) !== null;

/** Finds the record that stands for a requested ship: by object name, or a mined comet by the @p its record got. */
export function recordsOf<T extends { id: string; name: string | null }>(
  records: readonly T[],
): (id: string, name: string | null) => T | undefined {
  const byId = new Map(records.map((r) => [r.id, r]));
  const byName = new Map(records.map((r) => [r.name, r]));
  return (id, name) => byId.get(id) ?? (name === null ? undefined : byName.get(name));
}

/**
 * Refuses a ship that is not the recorded one. A comet claimed by a nickname may get the @p it mined; nothing else of an
 * identity ever changes.
 */
export function otherShip(
  wish: Pick<RequestedShip, "name" | "nickname" | "class" | "fake">,
  path: string,
  record: LockedShip | Tombstone,
): LockProblem[] {
  const left = !("class" in record);
  const was = left ? classOf(record.name) : record.class;
  const sameName = record.name === wish.name || (was === "comet" && (record.name === null || wish.name === null));
  const sameFake = !left || (record.fake ?? false) === wish.fake;
  if (was === wish.class && sameName && sameFake) return [];
  const of = (name: string | null, cls: string | null, fake: boolean): string =>
    `${fake ? "the fake " : ""}${cls ?? "ship"} ${name ?? record.id}`;
  const fakes = left && !sameFake;
  return [
    problem({
      code: "held",
      file: null,
      path,
      received: of(wish.name, wish.class, fakes && wish.fake),
      accepted: `${of(record.name, was, fakes && (record.fake ?? false))}, ${left ? "whose volume is kept" : "recorded"} as ${record.id}`,
      fix:
        wish.name === null
          ? "Choose another nickname: the volume of this object name is another ship's."
          : "Keep the recorded ship as it was: its volume is never another ship's.",
    }),
  ];
}
