// Ships whose first boot is over: their keys are used up, so the lock stops declaring them.
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

/** The same decision with these ships sealed. `plan --write` keeps a ship sealed that the lock says is. */
export function sealShips(architecture: Architecture, ids: ReadonlySet<string>): Architecture {
  const sealed = (s: LockedShip): LockedShip => (ids.has(s.id) ? { ...s, sealed: true, key: null } : s);
  return { ...architecture, ships: architecture.ships.map(sealed) };
}
