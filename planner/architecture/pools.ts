// Node pools over re-plans. A pool's name holds its node type and the cheapest type changes with the number of ships: a
// re-plan that followed the plan alone would delete pools whose nodes run ships.
import type { Catalog } from "../catalog/catalog";
import { reservedAttachments } from "../plan/capacity";
import type { LockedNodePool } from "./schema";

export interface PoolChoice {
  pools: LockedNodePool[];
  /** Where the pools are not those the plan priced, one line each. Empty: they are. */
  deviations: string[];
}

const nodes = (n: number): string => `${n} ${n === 1 ? "node" : "nodes"}`;

/**
 * The plan's pools, but every recorded ships pool in a zone (`settled`) with ships that may run stays, with at least its
 * recorded count. New pools are opened only for the ships of the zone (`ships`) that the kept ones do not hold. A pool
 * recorded for smaller ships is counted by what the plan says of its type, and not at all where the plan says nothing and
 * ships grew (`grown`).
 */
export function keepPools(
  planned: LockedNodePool[],
  recorded: LockedNodePool[],
  settled: ReadonlySet<string | null>,
  ships: ReadonlyMap<string | null, number>,
  grown: boolean,
): PoolChoice {
  const kept = recorded.filter((p) => p.role === "ships" && settled.has(p.zone));
  const pools = new Map(planned.filter((p) => p.role === "system" || !settled.has(p.zone)).map((p) => [p.name, p]));
  for (const old of kept) {
    const same = planned.find((p) => p.name === old.name);
    const shipsPerNode = same?.shipsPerNode ?? (grown ? 0 : old.shipsPerNode);
    pools.set(old.name, { ...(same ?? old), count: Math.max(old.count, same?.count ?? 0), shipsPerNode });
  }
  for (const zone of settled) {
    const here = [...pools.values()].filter((p) => p.role === "ships" && p.zone === zone);
    let rest = (ships.get(zone) ?? 0) - here.reduce((n, p) => n + p.count * p.shipsPerNode, 0);
    const offered = planned.filter((p) => p.role === "ships" && p.zone === zone && p.shipsPerNode > 0);
    const add = (pool: LockedNodePool, count: number): void => {
      if (count <= 0) return;
      const known = pools.get(pool.name);
      pools.set(pool.name, { ...pool, count: (known?.count ?? 0) + count });
      rest -= count * pool.shipsPerNode;
    };
    for (const p of offered)
      if (!pools.has(p.name)) add(p, Math.min(p.count, Math.max(0, Math.ceil(rest / p.shipsPerNode))));
    const largest = [...offered].sort((a, b) => b.shipsPerNode - a.shipsPerNode)[0];
    if (largest) add(largest, Math.ceil(rest / largest.shipsPerNode));
  }
  const chosen = [...pools.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { pools: chosen, deviations: deviations(chosen, planned, kept) };
}

function deviations(chosen: LockedNodePool[], planned: LockedNodePool[], kept: LockedNodePool[]): string[] {
  const more = chosen.flatMap((p) => {
    const priced = planned.find((x) => x.name === p.name)?.count ?? 0;
    if (priced === p.count) return [];
    const why = kept.some((k) => k.name === p.name) ? "kept pool" : "pool";
    return [`${why} ${p.name}: ${nodes(p.count)}, priced by the plan as ${priced === 0 ? "none" : nodes(priced)}`];
  });
  const fewer = planned
    .filter((p) => !chosen.some((x) => x.name === p.name))
    .map((p) => `pool ${p.name}: not opened, priced by the plan as ${nodes(p.count)}`);
  return [...more, ...fewer];
}

/** What the volume driver keeps free, when it is not the usual two slots. A type nobody knows counts as having shared slots: fewer volumes, never too many. */
export function reservedSlots(
  pools: readonly LockedNodePool[],
  catalog: Catalog,
): { reservedVolumeAttachments?: number } {
  const known = new Map(catalog.instanceTypes.map((t) => [t.name, t]));
  const types = pools
    .filter((pool) => pool.role === "ships")
    .map((pool) => known.get(pool.type) ?? { volumeSlots: "shared" as const });
  const reserved = reservedAttachments(types);
  return reserved === reservedAttachments([]) ? {} : { reservedVolumeAttachments: reserved };
}
