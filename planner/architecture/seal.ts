// Ships whose first boot is over: their keys are used up, so the lock stops declaring them, and no host takes them for new.
import type { Architecture, LockedShip } from "./schema";

/**
 * Ships of this lock that still declare a boot key. `delivers`: whether `up` delivers to that host; to any other, keys are brought
 * by hand and nothing is declared.
 */
export function holdingKeys(architecture: Architecture, delivers: (host: string) => boolean): LockedShip[] {
  // GroundSeg takes keys in its own pages.
  const taking = new Set(architecture.hosts.filter((h) => h.kind !== "groundseg").map((h) => h.name));
  const declared = (s: LockedShip) =>
    s.host === null || (taking.has(s.host) && delivers(s.host) && !s.imported && !s.fake);
  return architecture.ships.filter((s) => s.key !== null && !s.sealed && declared(s));
}

/**
 * Ships of this lock that are not sealed and may have booted from their key, or run from the pier that was brought in. On hosts all of them,
 * also those that `up` does not deliver to: what is recorded is all that a host made anew knows of them.
 */
export function sealable(architecture: Architecture): LockedShip[] {
  const imported = architecture.ships.filter((s) => s.host !== null && s.imported && !s.sealed && !s.fake);
  const pages = new Set(architecture.hosts.filter((h) => h.kind === "groundseg").map((h) => h.name));
  const brought = new Set(imported.filter((s) => !pages.has(s.host!)));
  const holding = new Set(holdingKeys(architecture, () => true));
  return architecture.ships.filter((s) => holding.has(s) || brought.has(s));
}

/** The same decision with these ships sealed. `plan --write` keeps a ship sealed that the lock says is. */
export function sealShips(architecture: Architecture, ids: ReadonlySet<string>): Architecture {
  const sealed = (s: LockedShip): LockedShip => (ids.has(s.id) ? { ...s, sealed: true, key: null } : s);
  return { ...architecture, ships: architecture.ships.map(sealed) };
}
