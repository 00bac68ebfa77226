// What a fleet takes of an AWS account's quotas: counted once, for the plan's requests, for growth, for what is rejected and
// for doctor. That the counts are those of what is built is tested against the previewed graph (tests/planner/quotas.test.ts).
import { amesBalancers, shipsBehindBalancers } from "../architecture/ames";
import type { Catalog } from "../catalog/catalog";
import { type Limit, LIMITS } from "../catalog/limits";
import type { Requirements } from "../requirements/schema";
import { HOURS_PER_MONTH } from "./draft";
import { snapshotsKept } from "./recovery";
import type { CostLine, PlannedNode } from "./schema";

/** Nodes of one kind in one zone: a managed node group on a cluster, hosts of one size elsewhere. */
export interface Machines {
  vcpu: number;
  count: number;
}

/** Everything about a fleet that counts. */
export interface AwsFleet {
  cluster: boolean;
  region: string;
  /** Where it would be built anew, and where copies of its snapshots lie; null without. */
  secondRegion: string | null;
  machines: Machines[];
  elasticIps: number;
  volumesGiB: number;
  snapshots: number;
  /** One load balancer for HTTPS. */
  edge: boolean;
  /** Ships with a listener of their own. */
  listeners: number;
  /** Load balancers of cells with such ships. */
  balancers: number;
  /** Networks that may administer it: each is a rule of a host's security group. */
  adminNetworks: number;
}

/** One quota and what of it the fleet takes. */
export interface Demand {
  limit: Limit;
  need: number;
  region: string;
  /** Where to ask for more; what the number holds beside what runs. */
  ask: string;
  /** Which setting under `existing.quotas` states the account's own. */
  stated?: "onDemandVcpu" | "elasticIps";
}

/**
 * Nodes a group may have beside its own while it is rotated: twice its zones, and each of ours has one
 * (docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html). All groups may rotate at once.
 */
export const ROTATING_NODES = 2;

/** Rules of a host's group for everybody: HTTP, HTTPS, Ames and one to spare. */
const PUBLIC_RULES = 4;

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

/** Everything the fleet takes, whether or not it is more than a new account has. */
export function awsDemands(fleet: AwsFleet): Demand[] {
  const { cluster, region, machines, secondRegion } = fleet;
  const rotating = cluster ? ROTATING_NODES : 0;
  const vcpu = sum(machines.map((m) => m.vcpu * (m.count + rotating)));
  const vcpuAsk = `Service Quotas → EC2 → Running On-Demand Standard instances (L-1216C47A)${
    cluster ? `; ${ROTATING_NODES} nodes more for each node group while it is rotated` : ""
  }; ask early, it takes days`;
  const addressAsk = "Service Quotas → EC2 → EC2-VPC Elastic IPs";
  const storage = Math.ceil(fleet.volumesGiB / 1024);
  const storageAsk = "Service Quotas → EBS → Storage for gp3 volumes";
  const snapshotAsk = "Service Quotas → EBS → Snapshots per Region";
  const demands: Demand[] = [
    { limit: LIMITS.onDemandVcpu, need: vcpu, region, ask: vcpuAsk, stated: "onDemandVcpu" },
    { limit: LIMITS.elasticIps, need: fleet.elasticIps, region, ask: addressAsk, stated: "elasticIps" },
    { limit: LIMITS.gp3TiBPerRegion, need: storage, region, ask: storageAsk },
    { limit: LIMITS.snapshotsPerRegion, need: fleet.snapshots, region, ask: snapshotAsk },
  ];
  if (cluster) demands.push(...clusterDemands(fleet));
  else
    demands.push({
      limit: LIMITS.securityGroupRules,
      need: fleet.adminNetworks + PUBLIC_RULES,
      region,
      ask: "Service Quotas → VPC → Inbound or outbound rules per security group; or name fewer, larger networks under access.adminCidrs",
    });
  if (secondRegion !== null) {
    // Cold, and of no use if it cannot be built on the day it is needed.
    const later = (ask: string) => `${ask}; for the day the fleet is built anew there`;
    demands.push(
      { limit: LIMITS.onDemandVcpu, need: vcpu, region: secondRegion, ask: later(vcpuAsk) },
      { limit: LIMITS.elasticIps, need: fleet.elasticIps, region: secondRegion, ask: later(addressAsk) },
      { limit: LIMITS.gp3TiBPerRegion, need: storage, region: secondRegion, ask: later(storageAsk) },
      { limit: LIMITS.snapshotsPerRegion, need: fleet.snapshots, region: secondRegion, ask: snapshotAsk },
    );
  }
  return demands;
}

function clusterDemands({ machines, region, edge, listeners, balancers }: AwsFleet): Demand[] {
  return [
    {
      limit: LIMITS.nodeGroups,
      need: machines.length,
      region,
      ask: "Service Quotas → EKS → Managed node groups per cluster",
    },
    {
      limit: LIMITS.nlbPerRegion,
      need: balancers + (edge ? 1 : 0),
      region,
      ask: "Service Quotas → Elastic Load Balancing → Network Load Balancers per Region",
    },
    {
      limit: LIMITS.targetGroups,
      // HTTP and HTTPS of the edge.
      need: listeners + (edge ? 2 : 0),
      region,
      ask: "Service Quotas → Elastic Load Balancing → Target Groups per Region",
    },
  ];
}

/** Demands above what a new account has. */
export const aboveDefault = (demands: Demand[]): Demand[] => demands.filter((d) => d.need > d.limit.value);

/** What a candidate, chosen or not, would take; null off AWS. */
export function awsFleet(
  r: Requirements,
  c: { mode: string; provider: string; region: string; nodes: PlannedNode[]; lines: CostLine[] },
  catalog: Catalog,
): AwsFleet | null {
  if (c.provider !== "aws") return null;
  const vcpuOf = new Map(catalog.instanceTypes.map((t) => [t.name, t.vcpu]));
  const groups = new Map<string, Machines>();
  for (const n of c.nodes) {
    const vcpu = vcpuOf.get(n.type);
    // Another cloud's part of a hybrid, or the owner's.
    if (vcpu === undefined) continue;
    const key = `${n.zone}/${n.type}/${n.role}`;
    groups.set(key, { vcpu, count: (groups.get(key)?.count ?? 0) + n.count });
  }
  const quantity = (named: (l: CostLine) => boolean) => sum(c.lines.filter(named).map((l) => l.quantity));
  return {
    cluster: c.mode === "eks",
    region: c.region,
    secondRegion: r.regions.dr ?? null,
    machines: [...groups.values()],
    elasticIps: Math.round(quantity((l) => l.resources.includes("aws:ec2/eip:Eip")) / HOURS_PER_MONTH),
    volumesGiB: quantity((l) => VOLUMES.test(l.item)),
    snapshots: snapshotsKept(r),
    edge: r.domain !== undefined,
    listeners: shipsBehindBalancers(r),
    balancers: amesBalancers(r),
    adminNetworks: r.access.adminCidrs?.length ?? 0,
  };
}

/** The cost lines of disks, in GiB. */
const VOLUMES = /^(pier|node root|root|monitoring) volumes/;

/** Ships of the customer with most of them: they share a namespace. */
export function largestCustomer({ ships, customers }: Requirements): number {
  const own = new Map<string, number>();
  let nobodys = 0;
  for (const { customer } of ships.named)
    if (customer === null) nobodys += 1;
    else own.set(customer, (own.get(customer) ?? 0) + 1);
  const named = own.size;
  const rest = customers - named;
  // Who is not named shares the ships that are not; all of them when every customer is named.
  const shared = Math.ceil((ships.count - ships.named.length) / Math.max(1, rest > 0 ? rest : named)) + nobodys;
  const most = Math.max(0, ...own.values());
  return rest > 0 || named === 0 ? Math.max(most, shared) : most + shared;
}
