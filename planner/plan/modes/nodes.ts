// The nodes of a cluster: what they hold, the cheapest mix zone by zone, and those for what is not a ship.
import type { Context, Draft } from "../draft";
import { once } from "../draft";
import type { NodeCapacity } from "../capacity";
import { NodeMix, spread } from "../node-mix";
import type { PlannedNode } from "../schema";

/** Root volume of a node, GiB (reference model). */
export const NODE_ROOT_GIB = 30;
/** Prometheus and Loki volumes of 50 GiB each (the mission), Alertmanager 1. */
export const MONITORING_GIB = 101;

/** Nodes for what is not a ship; charts' images are built for x86_64. Sizes from the reference model. */
export function systemNodes(ships: number): { memoryGiB: number; vcpu: number; count: number } {
  return ships <= 200 ? { memoryGiB: 8, vcpu: 2, count: 2 } : { memoryGiB: 16, vcpu: 4, count: 3 };
}

interface ShipNodes {
  perZone: { zone: string; names: string[] }[];
  capacity: ReadonlyMap<string, NodeCapacity>;
  cost: number;
}

interface NodeChoice {
  capacity: ReadonlyMap<string, NodeCapacity>;
  mix: NodeMix;
}

/** Node types with what they hold and cost, solved once a plan for the same memory, CPU and families. */
export function nodeChoice<T extends { name: string }>(
  context: Context,
  key: string,
  types: T[],
  capacityOf: (t: T) => NodeCapacity,
  monthly: (t: T) => number,
): NodeChoice {
  return once(context, key, () => {
    const capacity = new Map(types.map((t) => [t.name, capacityOf(t)]));
    return {
      capacity,
      mix: new NodeMix(types.map((t) => ({ name: t.name, ships: capacity.get(t.name)!.ships, monthly: monthly(t) }))),
    };
  });
}

/** The cheapest nodes for the ships and their headroom, zone by zone: a volume never leaves its zone. */
export function cheapestNodes(
  { capacity, mix }: NodeChoice,
  ships: number,
  zones: string[],
  headroom: number,
): ShipNodes | null {
  const planned = Math.ceil(ships * (1 + headroom / 100) - 1e-9);
  const perZone = spread(planned, zones.length).map((n, i) => ({ zone: zones[i]!, solved: mix.cover(n) }));
  if (perZone.some((z) => z.solved === null)) return null;
  return {
    perZone: perZone.map((z) => ({ zone: z.zone, names: z.solved!.machines })),
    capacity,
    cost: perZone.reduce((sum, z) => sum + z.solved!.cost, 0),
  };
}

/** Ships all nodes hold, and the term that bounds the pool with most of them. */
export function capacityOf(nodes: PlannedNode[]): Draft["capacity"] {
  const ships = nodes.filter((n) => n.role === "ships");
  const most = ships.reduce<PlannedNode | undefined>(
    (a, b) => (a === undefined || b.count * b.ships > a.count * a.ships ? b : a),
    undefined,
  );
  return { ships: ships.reduce((n, p) => n + p.count * p.ships, 0), boundBy: most?.boundBy ?? "no nodes" };
}
