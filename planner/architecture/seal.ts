// Ships whose first boot is over: their keys are used up, so the lock stops declaring them.
import type { Architecture, LockedShip } from "./schema";

/** Ships of this lock that still declare a boot key. On a host nothing is declared: its keys are brought by hand. */
export const holdingKeys = (architecture: Architecture): LockedShip[] =>
  architecture.ships.filter((s) => s.key !== null && !s.sealed && s.host === null);

/** The same decision with these ships sealed. `plan --write` keeps a ship sealed that the lock says is. */
export function sealShips(architecture: Architecture, ids: ReadonlySet<string>): Architecture {
  const sealed = (s: LockedShip): LockedShip => (ids.has(s.id) ? { ...s, sealed: true, key: null } : s);
  return { ...architecture, ships: architecture.ships.map(sealed) };
}
