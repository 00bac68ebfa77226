// What a ship or a cell refuses, by the predicates planner and policies use too.
import type { LockedShip } from "../../planner/architecture/schema";
import { amesProblems, portsBehindBalancer, sharedPortProblems } from "../../planner/architecture/ames";
import { foreignKeyProblem } from "../../planner/boot-key";
import {
  bootProblems,
  cellSizeProblem,
  digestProblem,
  duplicateShips,
  graceProblem,
  parentProblem,
  type PredicateProblem,
  shelllessProblem,
  shipMemoryProblem,
  tombstonedShips,
} from "../../planner/predicates";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import type { CellArgs } from "./cell";
import type { CellContext } from "./render/context";
import type { ShipArgs } from "./ship";

const present = <T>(values: readonly (T | null)[]): T[] => values.filter((v): v is T => v !== null);

/** Refused always: what no later step could put right. */
function structural(ship: LockedShip, context: CellContext, path: string): PredicateProblem[] {
  const wrongCell =
    ship.cell === context.cell
      ? null
      : {
          code: "other-cell",
          path: `${path}.cell`,
          received: given(ship.cell),
          accepted: context.cell,
          fix: "give each cell its own ships: a ship in two cells runs twice",
        };
  const fakeComet =
    ship.fake && ship.class === "comet"
      ? {
          code: "fake-comet",
          path: `${path}.fake`,
          received: "a fake comet",
          accepted: "a fake galaxy, star, planet or moon",
          fix: "the runtime rejects fake comets: name another class",
        }
      : null;
  const balanced = (context.amesLoadBalancer ?? null) !== null;
  return [
    ...present([shipMemoryProblem(ship, path), parentProblem(ship, path), wrongCell, fakeComet]),
    ...amesProblems([ship], balanced, () => path),
  ];
}

const contextProblems = (context: CellContext): PredicateProblem[] =>
  present([graceProblem(context.terminationGraceSeconds, "context.terminationGraceSeconds")]);

/** Refused by `up`, marked in a preview. */
const missingVersions = (context: CellContext): PredicateProblem[] =>
  present([
    digestProblem(context.image, "context.image", "ships.image.digest"),
    digestProblem(context.kubectl, "context.kubectl", "versions.images.kubectl"),
    shelllessProblem(context.kubectl, "context.kubectl"),
  ]);

/** A key that is at hand as text is looked at here; one that is known later, when its Secret is made. */
const keyProblems = (ship: LockedShip, key: unknown, path: string): PredicateProblem[] =>
  typeof key === "string" ? present([foreignKeyProblem(ship, key, path)]) : [];

/**
 * Passes a ship's own key on. Another ship's stops the Secret it should have gone into, and with that the workload, before
 * the key can be used.
 */
export function ownKey(name: string, ship: { id: string; name: string | null }): (key: string) => string {
  return (key) => {
    refuseIfAny("Ship", name, present([foreignKeyProblem(ship, key, "bootKey")]));
    return key;
  };
}

export function shipProblems(args: ShipArgs, allowMissing: boolean): ArgumentProblem[] {
  if ((args.ship === undefined) === (args.tombstone === undefined)) {
    const received = args.ship ? "both" : "neither";
    return [{ path: "ship", received, accepted: "a ship or a tombstone", fix: "give exactly one" }];
  }
  const { ship, context } = args;
  if (ship === undefined) return contextProblems(context);
  return [
    ...structural(ship, context, "ship"),
    ...keyProblems(ship, args.bootKey, "bootKey"),
    ...contextProblems(context),
    ...(allowMissing
      ? []
      : [
          ...missingVersions(context),
          ...bootProblems(args.bootKey === undefined ? { ...ship, key: null } : ship, "ship"),
        ]),
  ];
}

export function cellProblems(args: CellArgs, allowMissing: boolean): ArgumentProblem[] {
  const { ships, context } = args;
  const tombstones = args.tombstones ?? [];
  const keys = args.keys ?? {};
  return [
    ...present([cellSizeProblem(ships.length)]),
    ...duplicateShips(ships),
    ...tombstonedShips(ships, tombstones),
    ...sharedPortProblems(portsBehindBalancer(ships), () => "ships"),
    ...ships.flatMap((ship, i) => structural(ship, context, `ships[${i}]`)),
    ...ships.flatMap((ship) => keyProblems(ship, keys[ship.id], `keys[${JSON.stringify(ship.id)}]`)),
    ...contextProblems(context),
    ...(allowMissing
      ? []
      : [
          ...missingVersions(context),
          ...ships.flatMap((ship, i) =>
            bootProblems(keys[ship.id] === undefined ? { ...ship, key: null } : ship, `ships[${i}]`),
          ),
        ]),
  ];
}
