// What the components of a cell are given, as plain data: the stack program and the pure rendering of a cell read the
// same. No Pulumi here.
import { EDGE } from "../components/eks/render/edge";
import type { CellContext } from "../components/fleet/render/context";
import type { MonitoredShip } from "../components/monitoring/args";
import type { Architecture, LockedShip } from "../planner/architecture/schema";

export const cellName = (architecture: Architecture): string => architecture.cell;

/** Modes whose node pools carry Roadstead's label and taint. */
const OWN_POOLS: readonly string[] = ["eks", "doks"];

export function cellContext(architecture: Architecture): CellContext {
  const { cluster, dns, image, mode, release, versions } = architecture;
  // Only EKS gets an edge of its own; elsewhere ships are reached through the cluster's own ingress or a port-forward.
  const edge = mode === "eks" && dns.domain !== null;
  return {
    stack: architecture.stack,
    cell: architecture.cell,
    image,
    kubectl: versions.images?.kubectl ?? null,
    storageClass: cluster?.storageClass ?? "",
    domain: dns.domain,
    gateway: edge ? { name: EDGE.gateway, namespace: EDGE.namespace } : null,
    dedicatedNodes: OWN_POOLS.includes(mode),
    parked: architecture.cells.find((c) => c.id === architecture.cell)?.parked ?? false,
    terminationGraceSeconds: release.terminationGraceSeconds,
    startupBudgetSeconds: release.startupBudgetSeconds,
  };
}

type ShipWithKey = LockedShip & { key: { secret: string } };

/** Ships whose key is declared: not once it is used up, nor where none is ever used. */
export function shipsWithKey(architecture: Architecture): ShipWithKey[] {
  return architecture.ships.filter((s): s is ShipWithKey => s.key !== null && !s.sealed && !s.imported && !s.fake);
}

/** Name of the Kubernetes provider of a cell stack. */
export const PROVIDER_NAME = "platform-kubernetes";

export const probesName = (architecture: Architecture): string => `${architecture.cell}-probes`;

export const monitoredShips = (architecture: Architecture): MonitoredShip[] =>
  architecture.ships.map((s) => ({ id: s.id, namespace: s.tenant, tenant: s.tenant }));
