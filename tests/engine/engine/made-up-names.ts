// Names for ships that nobody has: valid @p, the same ones in every run. Whose they are on the real network does not
// matter, nothing here reaches it.
import type { ShipClass } from "../../../planner";

// Its own types are in planner/requirements/urbit-ob.d.ts and know only what the planner needs.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { hex2patp } = require("urbit-ob") as { hex2patp(hex: string): string };

/** Far from 0, so that no made-up planet is one of the names written in the fixtures. */
const FIRST_PLANET = 0x1234_0000n;
const STEP = 0x1_0007n;
const MOON = 1n << 32n;

const patp = (point: bigint): string => hex2patp(point.toString(16).padStart(8, "0")).slice(1);

/** Ids, without `~`: planets, then moons of the first of them. */
export function madeUpNames({ planet, moon, galaxy, star, comet }: Record<ShipClass, number>): string[] {
  if (galaxy + star + comet > 0 || (moon > 0 && planet === 0))
    throw new Error("names are made up for planets and their moons only");
  const planets = Array.from({ length: planet }, (_, i) => FIRST_PLANET + BigInt(i) * STEP);
  const moons = Array.from({ length: moon }, (_, i) => planets[0]! + BigInt(i + 1) * MOON);
  return [...planets, ...moons].map(patp);
}
