// A whole cell as plain data: the component, what its tenants share, then every ship.
import type { LockedShip, Tombstone } from "../../../planner/architecture/schema";
import type { CellContext } from "./context";
import { component, type RenderedResource } from "./resource";
import { renderShared, renderShip, renderTombstone, workloadKey } from "./ship";

export const CELL_TYPE = "roadstead:index:Cell";

export interface CellPlan {
  ships: readonly LockedShip[];
  /** Removed ships: their claims and volumes stay. */
  tombstones?: readonly Tombstone[];
  context: CellContext;
  /** Ships whose boot key is at hand, by id. */
  keys: ReadonlySet<string>;
}

/** Parents before their moons, else in the order given: a moon is reached through its parent. */
export function launchOrder(ships: readonly LockedShip[]): LockedShip[] {
  return [...ships.filter((s) => s.class !== "moon"), ...ships.filter((s) => s.class === "moon")];
}

/** Tenants with ships in the cell, in the order of their first ship. */
export const tenantsAboard = (ships: readonly LockedShip[]): string[] => [...new Set(ships.map((s) => s.tenant))];

const parentAboard = (ship: LockedShip, ships: readonly LockedShip[]): LockedShip | undefined =>
  ship.parent === null ? undefined : ships.find((s) => s.name === ship.parent && s.id !== ship.id);

/** Key of the parent's workload, when the parent is in the same cell. */
export function parentKeys(ship: LockedShip, ships: readonly LockedShip[]): string[] {
  const parent = parentAboard(ship, ships);
  return parent ? [workloadKey(parent.id)] : [];
}

/** The parent a moon's first boot waits for: a ship's role reads the claims of its own customer in its own cell only. */
export function awaitedParent(ship: LockedShip, ships: readonly LockedShip[]): string | undefined {
  const parent = ship.class === "moon" ? parentAboard(ship, ships) : undefined;
  return parent?.tenant === ship.tenant ? parent.id : undefined;
}

export function renderCell(name: string, plan: CellPlan): RenderedResource[] {
  const { ships, context } = plan;
  const self = component(CELL_TYPE, name, null);
  const shared = new Map(
    tenantsAboard(ships).map((tenant) => [
      tenant,
      renderShared(
        tenant,
        ships.filter((s) => s.tenant === tenant),
        context,
        self.key,
      ),
    ]),
  );
  return [
    self,
    ...[...shared.values()].flat(),
    ...launchOrder(ships).flatMap((ship) =>
      renderShip(ship, context, {
        parent: self.key,
        hasKey: plan.keys.has(ship.id),
        after: [...(shared.get(ship.tenant) ?? []).map((r) => r.key), ...parentKeys(ship, ships)],
        parentShip: awaitedParent(ship, ships),
      }),
    ),
    ...(plan.tombstones ?? []).flatMap((t) => renderTombstone(t, context, self.key)),
  ];
}
