// How many ships several hosts hold, by each ship's own memory and disk. Ships of one size are counted; a mix is stowed.
import { type Berth, moor, type Mooring } from "../berths";
import { type Context, once } from "../draft";
import { NodeMix } from "../node-mix";
import { groundsegRoom, type HostSize, largestMemory, memoryGroups } from "./machines";

/** Every ship with what it needs, in the order of the file, those planned by count last. */
export function moorings(context: Context): Mooring[] {
  const { ships } = context.requirements;
  const mib = (gib: number): number => Math.ceil(gib * 1024);
  const named = ships.named.slice(0, ships.count).map((s, i) => ({
    id: `${i}`,
    customer: s.customer ?? "",
    memoryMiB: mib(s.memoryGiB),
    diskGiB: s.diskGiB,
  }));
  const unnamed = Array.from({ length: Math.max(0, ships.count - named.length) }, (_, i) => ({
    id: `${named.length + i}`,
    customer: "",
    memoryMiB: mib(ships.memoryGiB),
    diskGiB: ships.diskGiB,
  }));
  return [...named, ...unnamed];
}

/** How many more ships of one size fit beside those aboard. */
export function roomLeft(
  berth: Berth,
  aboard: readonly Mooring[],
  one: Pick<Mooring, "memoryMiB" | "diskGiB">,
): number {
  const used = (of: (s: Mooring) => number): number => aboard.reduce((sum, s) => sum + of(s), 0);
  return Math.max(
    0,
    Math.min(
      berth.ships - aboard.length,
      Math.floor((berth.memoryMiB - used((s) => s.memoryMiB)) / one.memoryMiB),
      Math.floor((berth.diskGiB - used((s) => s.diskGiB)) / one.diskGiB),
    ),
  );
}

export interface SharedHosts {
  /** Names of the sizes, one entry a host. */
  machines: string[];
  /** Ships the plan counts on for a host of this size. */
  holds(size: HostSize): number;
}

/** The cheapest GroundSeg hosts that hold every ship; null when one is too large for any. */
export function sharedHosts(
  context: Context,
  key: string,
  sizes: readonly HostSize[],
  extraMonthly: number,
): SharedHosts | null {
  const { count } = context.requirements.ships;
  const groups = memoryGroups(context, count);
  const solver = (unitMiB: number, most: (s: HostSize) => number): NodeMix =>
    once(
      context,
      `${key}/${unitMiB}/${groups.length === 1}`,
      () => new NodeMix(sizes.map((s) => ({ name: s.name, ships: most(s), monthly: s.monthly! + extraMonthly }))),
    );
  const inUnits = (s: HostSize, unitMiB: number): number => Math.floor(groundsegRoom(s.memoryGiB).memoryMiB / unitMiB);

  const largest = Math.ceil(largestMemory(context) * 1024);
  const byLargest = (s: HostSize): number => Math.min(groundsegRoom(s.memoryGiB).ships, inUnits(s, largest));
  if (groups.length === 1) {
    const mix = solver(largest, byLargest).cover(count);
    return mix === null ? null : { machines: mix.machines, holds: byLargest };
  }
  if (!sizes.some((s) => byLargest(s) > 0)) return null;
  return (
    // Growth and what-if questions ask for the same ships again and again.
    once(context, `${key}/${JSON.stringify(groups)}`, () =>
      stowed(moorings(context), sizes, groups, (unitMiB) => solver(unitMiB, (s) => inUnits(s, unitMiB))),
    ) ??
      // Every ship as large as the largest: always fits, and costs more.
      {
        machines: new NodeMix(
          sizes.map((s) => ({ name: s.name, ships: byLargest(s), monthly: s.monthly! + extraMonthly })),
        ).cover(count)!.machines,
        holds: byLargest,
      }
  );
}

/** Units of memory more than the ships' sum that are tried before the plan counts every ship as the largest. */
const ATTEMPTS = 64;
/** Beyond this the table of the exact solver would take longer than the saving is worth. */
const MOST_UNITS = 20_000;

/**
 * The cheapest hosts whose memory is the ships' sum, in units that divide every ship, if the ships can be stowed on them; else
 * with a unit more, and so on.
 */
function stowed(
  ships: Mooring[],
  sizes: readonly HostSize[],
  groups: { memoryGiB: number; ships: number }[],
  solver: (unitMiB: number) => NodeMix,
): SharedHosts | null {
  const unit = groups.map((g) => Math.ceil(g.memoryGiB * 1024)).reduce(gcd);
  const need = ships.reduce((sum, s) => sum + s.memoryMiB, 0) / unit;
  if (need > MOST_UNITS) return null;
  const mixes = solver(unit);
  for (let more = 0; more < ATTEMPTS; more++) {
    const { machines } = mixes.cover(need + more)!;
    const berths = machines.map((size, i): Berth => {
      const { memoryGiB } = sizes.find((s) => s.name === size)!;
      return { ...groundsegRoom(memoryGiB), name: `${i}`, domain: `${i}` };
    });
    const { places, left } = moor(ships, berths);
    if (left.length > 0) continue;
    const aboard = machines.map((_, i) => [...places.values()].filter((p) => p === `${i}`).length);
    const most = (size: HostSize): number => Math.max(0, ...aboard.filter((_, i) => machines[i] === size.name));
    return { machines, holds: most };
  }
  return null;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
