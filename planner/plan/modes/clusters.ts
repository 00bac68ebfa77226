// Ships on Kubernetes: a fleet on EKS or DOKS, clusters Roadstead only compares (GKE, AKS), and one the user has.
import type { InstanceType } from "../../catalog/catalog";
import { LIMITS } from "../../catalog/limits";
import { zonesOf } from "../../catalog/regions";
import { doksCapacity, nodeCapacity, type NodeCapacity } from "../capacity";
import { Bill, type Context, type Draft, HOURS_PER_MONTH, MINUTES, once, unitPrice } from "../draft";
import { NodeMix, spread } from "../node-mix";
import { grouped } from "../reference";
import type { PlannedNode, Provider, Rejection } from "../schema";
import { type HostSize, hostSizes, largestMemory, snapshotHours, SNAPSHOT_GB_PER_SHIP, totalDisk } from "./hosts";

/** Root volume of a node, GiB (reference model). */
export const NODE_ROOT_GIB = 30;
/** Prometheus and Loki volumes of 50 GiB each (the mission), Alertmanager 1. */
export const MONITORING_GIB = 101;

/** Nodes for what is not a ship; charts' images are built for x86_64. Sizes from the reference model. */
export function systemNodes(ships: number): { memoryGiB: number; vcpu: number; count: number } {
  return ships <= 200 ? { memoryGiB: 8, vcpu: 2, count: 2 } : { memoryGiB: 16, vcpu: 4, count: 3 };
}

export function natGateways(context: Pick<Context, "requirements">): "per-zone" | "single" {
  return context.requirements.cluster.nat ?? (context.requirements.sla >= 99.9 ? "per-zone" : "single");
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
function nodeChoice<T extends { name: string }>(
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
function cheapestNodes(
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

/** EC2 types ship nodes may be: the image's architectures, the wished families, no burstable ones unless wished. */
export function shipNodeTypes(context: Context): InstanceType[] {
  const { ships, cluster } = context.requirements;
  return context.catalog.instanceTypes.filter(
    (t) =>
      ships.image.architectures.includes(t.arch) &&
      (cluster.families ? cluster.families.includes(t.family) : !t.burstable),
  );
}

export function eksDraft(context: Context, region: string): Draft {
  const { requirements } = context;
  const { ships, cluster, regions } = requirements;
  const zones = zonesOf("aws", region, cluster.zones);
  const N = ships.count;
  const root = NODE_ROOT_GIB * (unitPrice(context, "aws", "gp3Storage", region) ?? 0);
  const types = shipNodeTypes(context);
  const priced = types.filter((t) => unitPrice(context, "aws", `ec2:${t.name}`, region) !== null);
  const key = `eks/${region}/${ships.cpu}/${ships.image.architectures.join()}/${cluster.families?.join() ?? ""}`;
  const solve = (memoryGiB: number, headroom: number) =>
    cheapestNodes(
      nodeChoice(
        context,
        `${key}/${memoryGiB}`,
        priced,
        (t) => nodeCapacity(t, memoryGiB * 1024, ships.cpu),
        (t) => unitPrice(context, "aws", `ec2:${t.name}`, region)! * HOURS_PER_MONTH + root,
      ),
      N,
      zones,
      headroom,
    );
  const memory = largestMemory(context);
  const nodes = solve(memory, cluster.headroomPercent);

  const bill = new Bill(context, "aws", region);
  const planned: PlannedNode[] = [];
  bill.add("EKS control plane", "fixed", HOURS_PER_MONTH, "hour", "eksControlPlaneStandard", {
    resources: ["aws:eks/cluster:Cluster"],
  });
  if (nodes !== null) {
    const memoryGiven = requirements.given.includes("ships.memoryGiB");
    const low = solve(memoryGiven ? memory : Math.min(2, memory), 0)!.cost / nodes.cost;
    const high = solve(memory, cluster.headroomPercent + 20)!.cost / nodes.cost;
    for (const { zone, names } of nodes.perZone)
      for (const [type, count] of grouped(names)) {
        const { ships: held, boundBy } = nodes.capacity.get(type)!;
        planned.push({
          type,
          count,
          zone,
          role: "ships",
          arch: priced.find((t) => t.name === type)!.arch,
          ships: held,
          boundBy,
        });
      }
    for (const [type, count] of grouped(nodes.perZone.flatMap((z) => z.names)))
      bill.add(`ship nodes ${type}`, "per-ship", count * HOURS_PER_MONTH, "hour", `ec2:${type}`, {
        resources: ["aws:eks/nodeGroup:NodeGroup"],
        low: count * HOURS_PER_MONTH * Math.min(1, low),
        high: count * HOURS_PER_MONTH * Math.max(1, high),
        driver: memoryGiven
          ? "spare capacity, none to 20 points more"
          : "memory per ship from 2 GiB, spare capacity to 20 points more",
      });
  } else if (priced.length === 0)
    // No type of this region has a price: the line says so, and the candidate is incomplete.
    bill.add("ship nodes", "per-ship", N, "ship", "ec2:unpriced");
  const system = systemType(context, region);
  if (system !== null) {
    planned.push(
      ...spread(system.count, zones.length).flatMap((count, i): PlannedNode[] =>
        count === 0
          ? []
          : [
              {
                type: system.name,
                count,
                zone: zones[i]!,
                role: "system",
                arch: "x86_64",
                ships: 0,
                boundBy: "system",
              },
            ],
      ),
    );
    bill.add(`system nodes ${system.name}`, "fixed", system.count * HOURS_PER_MONTH, "hour", `ec2:${system.name}`, {
      resources: ["aws:eks/nodeGroup:NodeGroup"],
    });
  }
  eksLines(
    context,
    bill,
    zones.length,
    planned.reduce((n, p) => n + p.count, 0),
  );
  if (regions.dr !== undefined) drLines(context, bill);

  const rejections: Rejection[] = [];
  if (ships.image.architectures.length > 0 && types.length === 0)
    rejections.push({
      code: "image",
      limit: "node families the image runs on",
      have: (cluster.families ?? []).join(", ") || "none",
      need: ships.image.architectures.join(", "),
      fix: "take families of the image's architectures, or an image built for more",
    });
  else if (nodes === null && priced.length > 0)
    rejections.push({
      code: "capacity",
      limit: "memory of the largest node type, GiB",
      have: Math.max(...priced.map((t) => t.memoryGiB)),
      need: memory,
      fix: "lower ships.memoryGiB, or allow larger families",
    });
  return {
    id: `eks/aws/${region}`,
    mode: "eks",
    provider: "aws",
    region,
    zones,
    rejections,
    lines: bill.lines,
    nodes: planned,
    capacity: capacityOf(planned),
    minutesToDeploy: MINUTES.cluster + MINUTES.monitoring + MINUTES.perCell * cellsOf(N),
    recovery: {
      rpoHours: snapshotHours(context),
      rtoHours: 4,
      note: "configured, not measured by a drill; a lost node costs minutes and no data, a lost volume a snapshot and a breach",
    },
    notes: [],
  };
}

function systemType(context: Context, region: string): { name: string; count: number } | null {
  const wish = systemNodes(context.requirements.ships.count);
  const fits = (s: HostSize) =>
    s.monthly !== null &&
    !s.burstable &&
    s.arch === "x86_64" &&
    s.memoryGiB >= wish.memoryGiB &&
    (s.vcpu ?? 0) >= wish.vcpu;
  const best = hostSizes(context, "aws", region).find(fits);
  return best === undefined ? null : { name: best.name, count: wish.count };
}

/** What an EKS fleet bills beside its nodes. */
function eksLines(context: Context, bill: Bill, zones: number, nodes: number): void {
  const { requirements } = context;
  const { ships, domain, existing } = requirements;
  const N = ships.count;
  const ownVpc = existing.vpcId === undefined;
  const nat = ownVpc ? (natGateways(context) === "per-zone" ? zones : 1) : 0;
  const loadBalancers = domain === undefined ? 0 : 1;
  const hours = HOURS_PER_MONTH;
  bill
    .add("NAT gateways", "fixed", nat * hours, "hour", "natGatewayHour", {
      resources: ["aws:ec2/natGateway:NatGateway"],
    })
    .add("NAT data", "usage", ownVpc ? 2 * N : 0, "GB", "natGatewayGb", {
      low: ownVpc ? N : 0,
      high: ownVpc ? 10 * N : 0,
      driver: "traffic through NAT, 1 to 10 GB a ship",
      resources: ["aws:ec2/natGateway:NatGateway"],
    })
    .add("public IPv4 addresses of NAT", "fixed", nat * hours, "hour", "publicIpv4", { resources: ["aws:ec2/eip:Eip"] })
    .add("pier volumes gp3", "per-ship", totalDisk(context, N), "GB-month", "gp3Storage", {
      resources: ["kubernetes:core/v1:PersistentVolumeClaim"],
    })
    .add("node root volumes gp3", "fixed", NODE_ROOT_GIB * nodes, "GB-month", "gp3Storage", {
      resources: ["aws:ec2/launchTemplate:LaunchTemplate"],
    })
    .add("snapshots of pier volumes", "per-ship", SNAPSHOT_GB_PER_SHIP * N, "GB-month", "ebsSnapshot", {
      resources: ["aws:dlm/lifecyclePolicy:LifecyclePolicy"],
      low: 8 * N,
      high: ships.diskGiB * 1.35 * N,
      driver: "how much of the piers changes between snapshots",
    })
    .add("backup bucket", "per-ship", 5 * N, "GB-month", "s3StandardIa", {
      low: 0,
      high: 8 * N,
      driver: "exports kept, 0 to 8 GB a ship",
      resources: ["aws:s3/bucket:Bucket"],
    })
    .add("KMS keys: cluster secrets, backups, flow logs", "fixed", ownVpc ? 3 : 2, "month", "kmsKey", {
      resources: ["aws:kms/key:Key"],
    })
    .add("logs, ingested and stored", "usage", 10 + 0.1 * N, "GB", "cloudwatchLogsIngest", {
      low: 2,
      high: 4 * (10 + 0.1 * N),
      driver: "audit and flow log volume",
      resources: ["aws:cloudwatch/logGroup:LogGroup"],
    })
    .add("logs, stored", "usage", 10 + 0.1 * N, "GB-month", "cloudwatchLogsStore", {
      resources: ["aws:cloudwatch/logGroup:LogGroup"],
    })
    .add(
      "internet egress above 100 GB",
      "usage",
      Math.max(0, ships.egressGiB * N - 100),
      "GB",
      "egressInternetFirst10TB",
      { low: 0, high: Math.max(0, 20 * N - 100), driver: "egress of 1 to 20 GB a ship" },
    )
    .add("traffic between zones", "usage", zones > 1 ? 2 * N : 0, "GB", "interAz")
    .add("load balancer of the edge", "fixed", loadBalancers * hours, "hour", "nlbHour", {
      resources: ["kubernetes:helm.sh/v4:Chart"],
    })
    .add("load balancer capacity", "usage", loadBalancers * hours, "NLCU-hour", "nlbLcu")
    .add("public IPv4 addresses of the edge", "fixed", loadBalancers * zones * hours, "hour", "publicIpv4")
    .add("DNS zone", "fixed", domain !== undefined && existing.zoneId === undefined ? 1 : 0, "month", "route53Zone", {
      resources: ["aws:route53/zone:Zone"],
    });
  if (existing.monitoring === undefined)
    bill.add("monitoring volumes gp3", "fixed", MONITORING_GIB, "GB-month", "gp3Storage", {
      resources: ["kubernetes:helm.sh/v4:Chart"],
    });
  if (ships.amesInbound === "nlb") {
    const balancers = Math.ceil(N / LIMITS.nlbListeners.value);
    bill
      .add("Ames load balancers, 50 ships each", "per-ship", balancers * hours, "hour", "nlbHour")
      .add("Ames load balancer capacity", "usage", balancers * hours, "NLCU-hour", "nlbLcu")
      .add("public IPv4 addresses for Ames", "per-ship", balancers * zones * hours, "hour", "publicIpv4");
  }
}

/** A second region holds copies of snapshots and of the bucket. */
function drLines(context: Context, bill: Bill): void {
  const N = context.requirements.ships.count;
  const dr = context.requirements.regions.dr!;
  const there = new Bill(context, "aws", dr);
  there
    .add(`snapshot copies in ${dr}`, "per-ship", SNAPSHOT_GB_PER_SHIP * N, "GB-month", "ebsSnapshot", {
      low: 8 * N,
      high: 27 * N,
      driver: "how much of the piers changes between snapshots",
      resources: ["aws:dlm/lifecyclePolicy:LifecyclePolicy"],
    })
    .add(`bucket replica in ${dr}`, "per-ship", 5 * N, "GB-month", "s3StandardIa", {
      low: 0,
      high: 8 * N,
      driver: "exports kept, 0 to 8 GB a ship",
      resources: ["aws:s3/bucket:Bucket"],
    })
    .add(`KMS key in ${dr}`, "fixed", 1, "month", "kmsKey", { resources: ["aws:kms/key:Key"] });
  bill.lines.push(...there.lines);
  bill.add(`transfer to ${dr}`, "usage", 2.8 * N, "GB", "interRegionFromUsEast1", {
    low: N,
    high: 10 * N,
    driver: "changed data copied, 1 to 10 GB a ship",
  });
}

export function doksDraft(context: Context, region: string): Draft {
  const { ships, cluster, sla, domain } = context.requirements;
  const N = ships.count;
  const memory = largestMemory(context);
  const sizes = hostSizes(context, "digitalocean", region).filter((s) => s.monthly !== null && s.memoryGiB >= 4);
  const nodes = ships.image.architectures.includes("x86_64")
    ? cheapestNodes(
        nodeChoice(
          context,
          `doks/${region}/${ships.cpu}/${memory}`,
          sizes,
          (s) => doksCapacity({ vcpu: s.vcpu!, memoryGiB: s.memoryGiB }, memory * 1024, ships.cpu),
          (s) => s.monthly!,
        ),
        N,
        [region],
        cluster.headroomPercent,
      )
    : null;
  const ha = sla >= 99.9;
  const droplet = [
    "digitalocean:index/kubernetesCluster:KubernetesCluster",
    "digitalocean:index/kubernetesNodePool:KubernetesNodePool",
  ];
  const bill = new Bill(context, "digitalocean", region);
  bill.add(
    ha ? "DOKS control plane, high availability" : "DOKS control plane",
    "fixed",
    1,
    "month",
    ha ? "doksControlPlaneHa" : "doksControlPlane",
    { resources: [droplet[0]!] },
  );
  const planned: PlannedNode[] = [];
  for (const [type, count] of grouped(nodes?.perZone.flatMap((z) => z.names) ?? [])) {
    const { ships: held, boundBy } = nodes!.capacity.get(type)!;
    planned.push({ type, count, zone: region, role: "ships", arch: "x86_64", ships: held, boundBy });
    bill.add(`ship nodes ${type}`, "per-ship", count, "month", `droplet:${type}`, {
      resources: [droplet[1]!],
      driver: "allocatable memory assumed, an eighth either way",
      low: count * 0.875,
      high: count * 1.25,
    });
  }
  const system = systemNodes(N);
  const systemSize = sizes.find((s) => s.memoryGiB >= system.memoryGiB && (s.vcpu ?? 0) >= system.vcpu)!;
  planned.push({
    type: systemSize.name,
    count: system.count,
    zone: region,
    role: "system",
    arch: "x86_64",
    ships: 0,
    boundBy: "system",
  });
  bill
    .add(`system nodes ${systemSize.name}`, "fixed", system.count, "month", `droplet:${systemSize.name}`, {
      resources: droplet,
    })
    .add("pier volumes", "per-ship", totalDisk(context, N), "GiB-month", "volume", {
      resources: ["kubernetes:core/v1:PersistentVolumeClaim"],
    })
    .add("backup bucket (Spaces)", "fixed", 1, "month", "spaces", {
      resources: ["digitalocean:index/spacesBucket:SpacesBucket"],
    })
    .add("load balancer of the edge", "fixed", domain === undefined ? 0 : 1, "month", "loadBalancerRegional", {
      resources: ["kubernetes:helm.sh/v4:Chart"],
    });
  if (context.requirements.existing.monitoring === undefined)
    bill.add("monitoring volumes", "fixed", MONITORING_GIB, "GiB-month", "volume", {
      resources: ["kubernetes:helm.sh/v4:Chart"],
    });
  const rejections: Rejection[] = [];
  if (!ships.image.architectures.includes("x86_64"))
    rejections.push({
      code: "image",
      limit: "architecture of droplets",
      have: "x86_64",
      need: ships.image.architectures.join(", "),
      fix: "take an image built for x86_64",
    });
  else if (nodes === null)
    rejections.push({
      code: "capacity",
      limit: "memory of the largest droplet, GiB",
      have: Math.max(...sizes.map((s) => s.memoryGiB)),
      need: memory,
      fix: "lower ships.memoryGiB",
    });
  return {
    id: `doks/digitalocean/${region}`,
    mode: "doks",
    provider: "digitalocean",
    region,
    zones: [],
    rejections,
    lines: bill.lines,
    nodes: planned,
    capacity: capacityOf(planned),
    minutesToDeploy: MINUTES.cluster + MINUTES.monitoring + MINUTES.perCell * cellsOf(N),
    recovery: {
      rpoHours: null,
      rtoHours: null,
      note: "DigitalOcean has no scheduled volume snapshots: a lost volume means a breach with the owner's keys",
    },
    notes: ["node memory left for ships is an assumption: DigitalOcean's figures are in no stored source"],
  };
}

/** GKE and AKS are compared by their control planes; node prices are in no stored source, so the total is incomplete. */
export function comparedCluster(context: Context, mode: "gke" | "aks", region: string): Draft {
  const provider: Provider = mode === "gke" ? "gcp" : "azure";
  const bill = new Bill(context, provider, region)
    .add("control plane", "fixed", HOURS_PER_MONTH, "hour", "controlPlane")
    .add("ship nodes", "per-ship", context.requirements.ships.count, "ship", "nodes");
  return bareCluster(context, mode, provider, region, bill, { ships: null, boundBy: "node prices unknown" }, []);
}

export function existingClusterDraft(context: Context): Draft {
  const { existing, ships } = context.requirements;
  const bill = new Bill(context, "own", "own").given("your cluster", existing.clusterMonthly ?? null);
  const memory = largestMemory(context);
  const holds =
    existing.clusterAllocatableGiB === undefined ? null : Math.floor(existing.clusterAllocatableGiB / memory);
  const rejections: Rejection[] = [];
  if (existing.kubeconfigSecret === undefined)
    rejections.push({
      code: "existing",
      limit: "a cluster of your own",
      have: null,
      need: "existing.kubeconfigSecret",
      fix: "name the Pulumi config secret that holds its kubeconfig",
    });
  else if (holds === null)
    rejections.push({
      code: "capacity",
      limit: "memory the cluster can give, GiB",
      have: null,
      need: ships.count * memory,
      fix: "set existing.clusterAllocatableGiB: unknown is not yes",
    });
  else if (holds < ships.count)
    rejections.push({
      code: "capacity",
      limit: "ships the cluster holds",
      have: holds,
      need: ships.count,
      fix: "add nodes and raise existing.clusterAllocatableGiB, or lower ships.memoryGiB",
    });
  if (existing.kubeconfigSecret !== undefined && existing.storageClass === undefined)
    rejections.push({
      code: "existing",
      limit: "a storage class that keeps volumes",
      have: null,
      need: "existing.storageClass",
      fix: "name one with reclaimPolicy Retain",
    });
  return {
    ...bareCluster(
      context,
      "existing-cluster",
      "own",
      existing.residency ?? "own",
      bill,
      { ships: holds, boundBy: "memory you gave" },
      rejections,
    ),
  };
}

function bareCluster(
  context: Context,
  mode: Draft["mode"],
  provider: Provider,
  region: string,
  bill: Bill,
  capacity: Draft["capacity"],
  rejections: Rejection[],
): Draft {
  return {
    id: [mode, provider, region].join("/"),
    mode,
    provider,
    region,
    zones: [],
    rejections,
    lines: bill.lines,
    nodes: [],
    capacity,
    minutesToDeploy:
      mode === "existing-cluster"
        ? MINUTES.monitoring + MINUTES.perCell * cellsOf(context.requirements.ships.count)
        : null,
    recovery: {
      rpoHours: null,
      rtoHours: null,
      note: "depends on the cluster's own backups, which Roadstead does not make",
    },
    notes: [],
  };
}

/** Cells a cluster fleet is cut into: a pilot, then cells of at most 50. */
function cellsOf(ships: number): number {
  if (ships <= 10) return 1;
  return 1 + Math.ceil((ships - (ships < 100 ? 5 : 10)) / LIMITS.cellShips.value);
}

function capacityOf(nodes: PlannedNode[]): Draft["capacity"] {
  const ships = nodes.filter((n) => n.role === "ships");
  const most = ships.reduce<PlannedNode | undefined>(
    (a, b) => (a === undefined || b.count * b.ships > a.count * a.ships ? b : a),
    undefined,
  );
  return { ships: ships.reduce((n, p) => n + p.count * p.ships, 0), boundBy: most?.boundBy ?? "no nodes" };
}
