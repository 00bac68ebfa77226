// What a DOKS node offers, and what a droplet attaches: planner and component ask the same functions.
import { type Limit, LIMITS } from "./catalog/limits";
import type { PredicateProblem } from "./predicates";

/**
 * Memory pods can have of a node, by the node's memory, in GiB. Read in DigitalOcean's limits page for Kubernetes (last edited
 * 2025-11-10), which lists sizes by slug; memory-optimized ones are not listed, and taken by their memory.
 */
export const DOKS_ALLOCATABLE: readonly (readonly [nodeGiB: number, podsGiB: number])[] = [
  [2, 1],
  [3, 1.66],
  [4, 2.5],
  [8, 6],
  [16, 13],
  [32, 28],
  [48, 43],
  [64, 58],
  [96, 88.5],
  [128, 119.5],
  [160, 151],
  [192, 182],
];

/** By the table; between two of its sizes, what the smaller one keeps for itself is kept in proportion. */
export function doksAllocatableGiB(nodeGiB: number): number {
  const listed = DOKS_ALLOCATABLE.filter(([size]) => size <= nodeGiB).at(-1);
  if (listed === undefined) return 0;
  const [size, pods] = listed;
  return size === nodeGiB ? pods : (nodeGiB * pods) / size;
}

/** Of a cluster without VPC-native networking, and of an account. */
export const DOKS_LIMITS = {
  nodes: {
    value: 512,
    what: "nodes of one DOKS cluster",
    hard: true,
    source: "docs.digitalocean.com/products/kubernetes/details/limits (2025-11-10)",
  },
  volumes: {
    value: 5_000,
    what: "volumes of one DigitalOcean account",
    hard: true,
    source: "docs.digitalocean.com/products/volumes/details/limits (2025-11-14)",
  },
} as const satisfies Record<string, Limit>;

/** A pier is a volume, and a droplet attaches so many, whatever its size. */
export function dropletVolumesProblem(shipsPerNode: number, path: string): PredicateProblem | null {
  const most = LIMITS.doVolumesPerDroplet.value;
  if (shipsPerNode <= most) return null;
  return {
    code: "volumes-per-droplet",
    path,
    received: `${shipsPerNode} ships on one node`,
    accepted: `at most ${most}, the volumes a droplet attaches`,
    fix: "use more and smaller nodes",
  };
}

export function doksNodesProblem(nodes: number, path: string): PredicateProblem | null {
  const most = DOKS_LIMITS.nodes.value;
  if (nodes <= most) return null;
  return {
    code: "doks-nodes",
    path,
    received: `${nodes} nodes`,
    accepted: `at most ${most} in one cluster`,
    fix: "take larger nodes, or split the fleet over two environments",
  };
}
