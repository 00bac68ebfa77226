// What the components of a cell are given, as plain data: the stack program and the pure rendering of a cell read the
// same. No Pulumi here.
import { EDGE } from "../components/eks/render/edge";
import { SERVICE_CIDR } from "../components/eks/render/cidr-plan";
import type { EnvironmentArgs } from "../components/environment";
import type { CellContext } from "../components/fleet/render/context";
import type { ApiServerAddress } from "../components/isolation/render/tenant";
import type { TenantArgs } from "../components/isolation/tenant";
import { NAMESPACE as MONITORING_NAMESPACE } from "../components/monitoring/render/values";
import type { MonitoredShip } from "../components/monitoring/args";
import type { Architecture, LockedShip, LockedTenant } from "../planner/architecture/schema";

/** What the root of a stack shows. */
export function environmentArgs(
  architecture: Architecture,
  digests: { requirementsDigest: string; architectureDigest: string },
): EnvironmentArgs {
  const { environment, stack, mode, provider, region, cell, ships, service, cost } = architecture;
  const { low, mid, high, currency, incomplete, budget } = cost;
  return {
    environment,
    stack,
    mode,
    provider,
    region,
    cell,
    ships: ships.length,
    compliance: service.compliance,
    residency: service.residency,
    requirementsDigest: digests.requirementsDigest,
    architectureDigest: digests.architectureDigest,
    cost: { low, mid, high, currency, incomplete, budget },
  };
}

export const cellName = (architecture: Architecture): string => architecture.cell;

export const amesName = (architecture: Architecture): string => `${architecture.stack}-ames`;

/** Modes whose node pools carry Roadstead's label and taint. */
const OWN_POOLS: readonly string[] = ["eks", "doks"];

export function cellContext(architecture: Architecture): CellContext {
  const { cluster, dns, image, mode, release, versions } = architecture;
  return {
    stack: architecture.stack,
    cell: architecture.cell,
    image,
    kubectl: versions.images?.kubectl ?? null,
    storageClass: cluster?.storageClass ?? "",
    domain: dns.domain,
    gateway: hasEdge(architecture) ? { name: EDGE.gateway, namespace: EDGE.namespace } : null,
    amesLoadBalancer: cluster?.amesLoadBalancers ?? null,
    dedicatedNodes: OWN_POOLS.includes(mode),
    placements: Object.fromEntries(
      architecture.tenants.flatMap(({ id, runtimeClass }) =>
        runtimeClass === undefined ? [] : [[id, { runtimeClass }]],
      ),
    ),
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

/** A cluster Roadstead builds gets an edge; on another, ships are reached by its own ingress or a port-forward. */
const hasEdge = ({ mode, dns }: Architecture): boolean => OWN_POOLS.includes(mode) && dns.domain !== null;

/** The namespaces this stack makes: a customer with ships in several cells has one, made by one stack. */
export function tenantsMade(architecture: Architecture): TenantArgs[] {
  return architecture.tenants.filter((t) => t.madeBy === undefined).map((t) => tenantArgs(t, architecture));
}

function tenantArgs({ id, quota, runtimeClass }: LockedTenant, architecture: Architecture): TenantArgs {
  const { cluster, image, isolation, monitoring, network, versions } = architecture;
  const aboard = architecture.ships.filter((s) => s.tenant === id);
  return {
    id,
    stack: architecture.stack,
    quota,
    podSecurity: isolation.podSecurity,
    kubernetes: versions.kubernetes ?? cluster?.existing?.kubernetes ?? null,
    networkPolicies: isolation.networkPolicies,
    internalCidrs: network === null || network.vpcId !== null ? [] : [network.cidr],
    apiServer: apiServer(architecture),
    edgeNamespace: hasEdge(architecture) ? EDGE.namespace : null,
    monitoringNamespace: monitoring.enabled ? MONITORING_NAMESPACE : null,
    httpPorts: aboard.length > 0 ? unique(aboard.map((s) => s.httpPort)) : undefined,
    loom: Math.max(31, ...aboard.map((s) => s.loom)),
    images: [image.repository, ...(versions.images?.kubectl ? [versions.images.kubectl.repository] : [])],
    storageClass: cluster?.storageClass || null,
    runtimeClass: runtimeClass ?? null,
  };
}

const unique = (ports: number[]): number[] => [...new Set(ports)].sort((a, b) => a - b);

/** RFC 1918: where the API of a cluster may answer that Roadstead did not lay out. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/** Where ships ask for their claims. A public endpoint is covered by what ships may reach on the Internet. */
function apiServer({ mode, network, cluster }: Architecture): ApiServerAddress {
  const ownNetwork = network !== null && network.vpcId === null;
  if (mode === "eks" && ownNetwork) {
    const service = SERVICE_CIDR.replace(/0\/\d+$/, "1/32");
    // The service's address, and the control plane's interfaces in the private subnets.
    return { cidrs: [service, network.cidr], ports: [443] };
  }
  // DigitalOcean's control plane is reached through a proxy on each node, on 443 or 16443.
  if (mode === "doks") return { cidrs: PRIVATE, ports: [443, 6443, 16443], asCiliumEntity: true };
  const cilium = cluster?.existing?.networkPolicies.by === "cilium";
  return { cidrs: PRIVATE, ports: [443, 6443], ...(cilium ? { asCiliumEntity: true } : {}) };
}

/** The name of what `pulumi destroy` meets first in a stack. */
export const guardName = (stack: string): string => `${stack}-destroy-guard`;

/** Kept in the state, for whoever reads it there. */
export const GUARD_SAYS =
  "Stops pulumi destroy before anything is taken. Whoever means it runs: pulumi state unprotect on this, and on what is to go.";
