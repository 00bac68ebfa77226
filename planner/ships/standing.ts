// Whether a ship may be in a fleet, by what every lock says of its name: what `plan --write` will ask, asked of one ship
// before its requirements are changed.
import { recordedShips, recordedStacks, recordedTombstones } from "../architecture/build";
import { bootsHere, heldProblems, NEVER_BOOTED_HERE } from "../architecture/claims";
import { matchFleet } from "../architecture/fleet";
import type { LockProblem } from "../architecture/problem";
import { problem } from "../architecture/problem";
import { claimOf, stateOf } from "../architecture/run-state";
import { recordsOf } from "../architecture/same-ship";
import type { LockedShip } from "../architecture/schema";
import type { ParsedStackFile } from "../architecture/stack-file";
import type { RequestedShip, Requirements } from "../requirements/schema";
import { SHIP_CLASSES } from "../requirements/schema";

export interface Recorded {
  ship: LockedShip;
  file: ParsedStackFile;
}

/** The ship as the environment's locks hold it; null when none does. */
export function recordedShip(
  wish: Pick<RequestedShip, "name" | "nickname">,
  previous: ReadonlyMap<string, ParsedStackFile>,
  stack: string,
): Recorded | null {
  for (const file of recordedStacks(previous, stack)) {
    const ship = recordsOf(file.architecture!.ships)(wish.nickname ?? wish.name!.slice(1), wish.name);
    if (ship !== undefined) return { ship, file };
  }
  return null;
}

/** What stands in the way of this one ship in the environment `stack`. */
export function standingProblems(
  wish: RequestedShip,
  requirements: Requirements,
  previous: ReadonlyMap<string, ParsedStackFile>,
  stack: string,
): LockProblem[] {
  // A lock that cannot be read may hold the very ship.
  const unreadable = [...previous.values()].flatMap((f) => f.problems);
  if (unreadable.length > 0) return unreadable;
  const alone: Requirements = {
    ...requirements,
    ships: {
      ...requirements.ships,
      count: 1,
      named: [wish],
      types: {
        ...(Object.fromEntries(SHIP_CLASSES.map((c) => [c, 0])) as Requirements["ships"]["types"]),
        [wish.class]: 1,
      },
    },
  };
  const before = recordedStacks(previous, stack);
  const fleet = matchFleet(alone, recordedShips(before), recordedTombstones(before), false);
  const found = [...fleet.problems, ...heldProblems(fleet.ships, previous, stack)];
  const here = recordedShip(wish, previous, stack);
  if (found.length === 0 && wish.imported && here !== null) found.push(...ranHere(wish, here));
  // Alone it is the first of the list, whatever its place in the file.
  return found.map((p) =>
    p.path === "ships.named[0]" ? problem({ ...p, message: undefined, path: wish.name ?? wish.nickname! }) : p,
  );
}

/** A ship that had its first boot here is not brought in from elsewhere: there would be two. */
function ranHere(wish: RequestedShip, { ship, file }: Recorded): LockProblem[] {
  const state = stateOf(file.runState, ship.id);
  const booted = !ship.imported && (ship.sealed || (state !== undefined && state.firstBoot !== "never"));
  const running = ship.imported && state !== undefined && state.firstBoot !== "never";
  const may = bootsHere(ship) && claimOf(ship, file.runState) === "unknown";
  if (!booted && !running && !may) return [];
  return [
    problem({
      code: "held",
      file: file.file,
      path: ship.name ?? ship.id,
      received: `${wish.name ?? ship.id}, which ${running ? "was brought into" : booted ? "has had its first boot in" : "may have had its first boot in"} ${file.stack}`,
      accepted: "a ship that never ran here",
      fix:
        booted || running
          ? "It runs here: another pier of it is another copy, and a ship never runs twice."
          : NEVER_BOOTED_HERE,
    }),
  ];
}
