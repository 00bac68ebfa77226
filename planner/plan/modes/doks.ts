// A fleet on DigitalOcean Kubernetes.
import { cellCount } from "../../architecture/cells";
import { DOKS_LIMITS, doksNodesProblem } from "../../doks";
import { doksCapacity } from "../capacity";
import { Bill, type Context, type Draft, MINUTES } from "../draft";
import { grouped } from "../reference";
import type { PlannedNode, Rejection } from "../schema";
import { hostSizes, largestMemory, totalDisk } from "./machines";
import { capacityOf, cheapestNodes, MONITORING_GIB, nodeChoice, systemNodes } from "./nodes";

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
      resources: ["kubernetes:helm.sh/v3:Release"],
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
  const nodesInAll = planned.reduce((n, p) => n + p.count, 0);
  const tooMany = doksNodesProblem(nodesInAll, "nodes");
  if (tooMany !== null)
    rejections.push({
      code: "quota",
      limit: DOKS_LIMITS.nodes.what,
      have: DOKS_LIMITS.nodes.value,
      need: nodesInAll,
      fix: tooMany.fix,
    });
  if (N > DOKS_LIMITS.volumes.value)
    rejections.push({
      code: "quota",
      limit: DOKS_LIMITS.volumes.what,
      have: DOKS_LIMITS.volumes.value,
      need: N,
      fix: "split the fleet over two accounts",
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
    minutesToDeploy: MINUTES.cluster + MINUTES.monitoring + MINUTES.perCell * cellCount(N),
    recovery: {
      rpoHours: null,
      rtoHours: null,
      note: "DigitalOcean has no scheduled volume snapshots: a lost volume means a breach with the owner's keys",
    },
    notes: ["what daemon sets take of a node's memory, 1 GiB, is Roadstead's own judgment: nobody has measured it"],
  };
}
