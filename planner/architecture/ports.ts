// Ports a ship is known by. Peers learn a ship's address, and a galaxy's is fixed by its number.
import type * as UrbitOb from "urbit-ob";
import type { FleetShip } from "./fleet";

export const CLUSTER_AMES_PORT = 34343;
export const CLUSTER_HTTP_PORT = 8080;
/** GroundSeg keeps 34343 and 8080 for itself and gives its first ship 34344; the same start serves every host. */
export const HOST_AMES_PORT = 34344;
export const HOST_HTTP_PORT = 8081;
/** Galaxies answer at 13337 + their number; any other port makes them undiscoverable. */
const GALAXY_AMES_PORT = 13337;

/** Hands out the lowest free port from `first` on. */
export class Ports {
  private readonly taken = new Set<number>();
  private next: number;
  constructor(first: number) {
    this.next = first;
  }
  keep(port: number): number {
    this.taken.add(port);
    return port;
  }
  free(): number {
    while (this.taken.has(this.next)) this.next++;
    return this.keep(this.next);
  }
}

/** A galaxy's own port; null for everybody else. */
export function galaxyPort(ship: Pick<FleetShip, "class" | "name">): number | null {
  if (ship.class !== "galaxy" || ship.name === null) return null;
  // Loaded for galaxies only: most plans have none.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const ob = require("urbit-ob") as typeof UrbitOb;
  return GALAXY_AMES_PORT + Number(ob.patp2dec(ship.name));
}
