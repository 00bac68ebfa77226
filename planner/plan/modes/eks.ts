// A fleet on EKS: control plane, the cheapest ship nodes of each zone, and everything billed beside them.
import type { InstanceType } from "../../catalog/catalog";
import { zonesOf } from "../../catalog/regions";
import { amesBalancers } from "../../architecture/ames";
import { cellCount } from "../../architecture/cells";
import { nodeCapacity } from "../capacity";
import { Bill, type Context, type Draft, HOURS_PER_MONTH, MINUTES, unitPrice } from "../draft";
import { spread } from "../node-mix";
import { grouped } from "../reference";
import type { PlannedNode, Rejection } from "../schema";
import { ACCESS_LOG_GB, type HostSize, hostSizes, largestMemory, SNAPSHOT_GB_PER_SHIP, totalDisk } from "./machines";
import { recoveryOnAws } from "../recovery";
import { secondRegionLines } from "./second-region";
import { capacityOf, cheapestNodes, MONITORING_GIB, NODE_ROOT_GIB, nodeChoice, systemNodes } from "./nodes";

export function natGateways(context: Pick<Context, "requirements">): "per-zone" | "single" {
  return context.requirements.cluster.nat ?? (context.requirements.sla >= 99.9 ? "per-zone" : "single");
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
  const { ships, cluster } = requirements;
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
  secondRegionLines(context, bill);

  const minutesToDeploy = MINUTES.cluster + MINUTES.monitoring + MINUTES.perCell * cellCount(N);
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
    minutesToDeploy,
    recovery: recoveryOnAws(
      context.requirements,
      { rtoHours: 4, note: "a lost node costs minutes and no data, a lost volume a breach" },
      minutesToDeploy,
    ),
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

/** What components/eks/endpoints.ts makes when asked, in each zone. */
const INTERFACE_ENDPOINTS = 3;

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
    .add(
      "interface endpoints: ECR twice, STS",
      "fixed",
      ownVpc && requirements.cluster.interfaceEndpoints === true ? INTERFACE_ENDPOINTS * zones * hours : 0,
      "hour",
      "vpcInterfaceEndpoint",
      { resources: ["aws:ec2/vpcEndpoint:VpcEndpoint"] },
    )
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
    .add("access logs of the backup bucket", "usage", ACCESS_LOG_GB, "GB-month", "s3Standard", {
      low: 0,
      high: 10 * ACCESS_LOG_GB,
      driver: "how often the bucket is asked",
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
      resources: ["kubernetes:helm.sh/v3:Release"],
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
  const balancers = amesBalancers(requirements);
  const ofAmes = { resources: ["aws:lb/loadBalancer:LoadBalancer"] };
  bill
    .add("Ames load balancers, one a cell", "per-ship", balancers * hours, "hour", "nlbHour", ofAmes)
    .add("Ames load balancer capacity", "usage", balancers * hours, "NLCU-hour", "nlbLcu", ofAmes)
    .add("public IPv4 addresses for Ames", "per-ship", balancers * zones * hours, "hour", "publicIpv4", ofAmes);
}
