// The reference model (`profile: reference`): the documented formulas for comparing ways to host, priced in
// us-east-1. It leaves out what the components really add; the default profile prices that.
import { type Catalog, priceOf } from "../catalog/catalog";
import { LIMITS } from "../catalog/limits";
import { nodeCapacity } from "./capacity";
import { NodeMix, spread } from "./node-mix";

const HOURS = 730;
const REGION = "us-east-1";

export interface ReferenceOptions {
  ships: number;
  memoryGiB: number;
  /** Share of the droplet's price a backup adds: 0, .2 weekly, .3 daily. */
  backup?: number;
  families?: string[];
  nat?: number;
  headroom?: number;
  zones?: number;
}

export interface ReferenceLine {
  item: string;
  kind: "fixed" | "per-ship" | "usage";
  quantity: number;
  unit: string;
  price: number;
  /** The catalog item the price comes from. */
  from: { provider: "aws" | "digitalocean"; item: string };
}

export interface ReferenceResult {
  lines: ReferenceLine[];
  monthly: number;
  machines: { type: string; count: number; ships: number }[];
}

const total = (lines: ReferenceLine[]): number => lines.reduce((sum, l) => sum + l.quantity * l.price, 0);

/** VPS(N) = N · droplet · (1 + backup) */
export function referenceVps(catalog: Catalog, o: ReferenceOptions): ReferenceResult {
  const droplet = catalog.droplets
    .filter((d) => d.memoryGiB >= o.memoryGiB)
    .map((d) => ({ d, usd: priceOf(catalog, "digitalocean", `droplet:${d.slug}`, "*").value! }))
    .reduce((a, b) => (b.usd < a.usd ? b : a));
  const from = (item: string) => ({ provider: "digitalocean" as const, item });
  const lines: ReferenceLine[] = [
    {
      item: `droplet ${droplet.d.slug}`,
      kind: "per-ship",
      quantity: o.ships,
      unit: "month",
      price: droplet.usd,
      from: from(`droplet:${droplet.d.slug}`),
    },
  ];
  if (o.backup)
    lines.push({
      item: "droplet backups",
      kind: "per-ship",
      quantity: o.ships,
      unit: "month",
      price: droplet.usd * o.backup,
      from: from("backupsWeekly"),
    });
  return { lines, monthly: total(lines), machines: [{ type: droplet.d.slug, count: o.ships, ships: 1 }] };
}

/** GS(N) = cheapest mix of hosts { k = ⌊(GB − 1.5)/ram⌋; droplet + max(0, 20k + 20 − disk) · .10 } + Spaces 5 + max(0, 8N − 250) · .02 */
export function referenceGroundseg(catalog: Catalog, o: ReferenceOptions): ReferenceResult {
  const usd = (item: string) => priceOf(catalog, "digitalocean", item, "*").value!;
  const volume = usd("volume");
  const extraDisk = (ships: number, disk: number) => Math.max(0, 20 * ships + 20 - disk);
  const hosts = catalog.droplets.map((d) => ({ ...d, ships: Math.floor((d.memoryGiB - 1.5) / o.memoryGiB) }));
  const mix = new NodeMix(
    hosts.map((h) => ({
      name: h.slug,
      ships: Math.max(0, h.ships),
      monthly: usd(`droplet:${h.slug}`) + extraDisk(h.ships, h.diskGiB) * volume,
    })),
  ).cover(o.ships)!;
  const machines = grouped(mix.machines).map(([slug, count]) => ({
    slug,
    count,
    host: hosts.find((h) => h.slug === slug)!,
  }));
  const from = (item: string) => ({ provider: "digitalocean" as const, item });
  const lines: ReferenceLine[] = machines.flatMap(({ slug, count, host }): ReferenceLine[] => [
    {
      item: `host ${slug} (${host.ships} ships)`,
      kind: "fixed",
      quantity: count,
      unit: "month",
      price: usd(`droplet:${slug}`),
      from: from(`droplet:${slug}`),
    },
    {
      item: `volume of ${slug}`,
      kind: "per-ship",
      quantity: count * extraDisk(host.ships, host.diskGiB),
      unit: "GiB-month",
      price: volume,
      from: from("volume"),
    },
  ]);
  lines.push(
    { item: "Spaces", kind: "fixed", quantity: 1, unit: "month", price: usd("spaces"), from: from("spaces") },
    {
      item: "Spaces above 250 GiB",
      kind: "usage",
      quantity: Math.max(0, 8 * o.ships - 250),
      unit: "GiB-month",
      price: usd("spacesExtraGiB"),
      from: from("spacesExtraGiB"),
    },
  );
  return {
    lines: lines.filter((l) => l.quantity > 0),
    monthly: total(lines),
    machines: machines.map((m) => ({ type: m.slug, count: m.count, ships: m.host.ships })),
  };
}

/** EKS(N): control plane, cheapest node mix per zone, system nodes, NAT, storage, snapshots, load balancer, logs, egress. */
export function referenceEks(catalog: Catalog, o: ReferenceOptions): ReferenceResult {
  const usd = (item: string) => priceOf(catalog, "aws", item, REGION).value!;
  const families = o.families ?? ["r6g"];
  const nat = o.nat ?? 3;
  const zones = o.zones ?? 3;
  const types = catalog.instanceTypes.filter((t) => families.includes(t.family));
  const mix = new NodeMix(
    types.map((t) => ({
      name: t.name,
      ships: nodeCapacity(t, o.memoryGiB * 1024, null).ships,
      monthly: usd(`ec2:${t.name}`) * HOURS,
    })),
  );
  const planned = Math.ceil(o.ships * (1 + (o.headroom ?? 0)) - 1e-9);
  const names = spread(planned, zones).flatMap((n) => mix.cover(n)!.machines);
  const system =
    o.ships <= 20
      ? { type: "t4g.large", count: 2 }
      : o.ships <= 200
        ? { type: "m6g.large", count: 2 }
        : { type: "m6g.xlarge", count: 3 };
  const nodes = names.length + system.count;
  const N = o.ships;
  const line = (
    item: string,
    kind: ReferenceLine["kind"],
    quantity: number,
    unit: string,
    price: number,
    from: string,
  ): ReferenceLine => ({
    item,
    kind,
    quantity,
    unit,
    price,
    from: { provider: "aws", item: from },
  });
  const lines: ReferenceLine[] = [
    line("EKS control plane", "fixed", HOURS, "hour", usd("eksControlPlaneStandard"), "eksControlPlaneStandard"),
    ...grouped(names).map(([type, count]) =>
      line(`ship nodes ${type}`, "per-ship", count * HOURS, "hour", usd(`ec2:${type}`), `ec2:${type}`),
    ),
    line(
      `system nodes ${system.type}`,
      "fixed",
      system.count * HOURS,
      "hour",
      usd(`ec2:${system.type}`),
      `ec2:${system.type}`,
    ),
    line("NAT gateways", "fixed", nat * HOURS, "hour", usd("natGatewayHour"), "natGatewayHour"),
    line("NAT data", "usage", 2 * N, "GB", usd("natGatewayGb"), "natGatewayGb"),
    line("public IPv4 addresses", "fixed", (nat + 3) * HOURS, "hour", usd("publicIpv4"), "publicIpv4"),
    line("pier volumes gp3", "per-ship", 20 * N, "GB-month", usd("gp3Storage"), "gp3Storage"),
    line("node root volumes gp3", "fixed", 30 * nodes, "GB-month", usd("gp3Storage"), "gp3Storage"),
    line("snapshots", "per-ship", 10.8 * N, "GB-month", usd("ebsSnapshot"), "ebsSnapshot"),
    line("network load balancer", "fixed", HOURS, "hour", usd("nlbHour"), "nlbHour"),
    line("load balancer capacity", "usage", HOURS, "NLCU-hour", usd("nlbLcu"), "nlbLcu"),
    line(
      "logs, ingested and stored",
      "usage",
      10 + 0.1 * N,
      "GB",
      usd("cloudwatchLogsIngest") + usd("cloudwatchLogsStore"),
      "cloudwatchLogsIngest",
    ),
    line("Prometheus disk", "fixed", 100, "GB-month", usd("gp3Storage"), "gp3Storage"),
    line("KMS key", "fixed", 1, "month", usd("kmsKey"), "kmsKey"),
    line("Route 53 zone", "fixed", 1, "month", usd("route53Zone"), "route53Zone"),
    line("off-site copies S3-IA", "per-ship", 5 * N, "GB-month", usd("s3StandardIa"), "s3StandardIa"),
    line(
      "internet egress above 100 GB",
      "usage",
      Math.max(0, 5 * N - 100),
      "GB",
      usd("egressInternetFirst10TB"),
      "egressInternetFirst10TB",
    ),
    line("traffic between zones", "usage", 2 * N, "GB", usd("interAz"), "interAz"),
  ];
  return {
    lines: lines.filter((l) => l.quantity > 0),
    monthly: total(lines),
    machines: grouped(names).map(([type, count]) => ({
      type,
      count,
      ships: nodeCapacity(
        types.find((t) => t.name === type)!,
        o.memoryGiB * 1024,
        null,
      ).ships,
    })),
  };
}

/** Ames(N): one UDP listener a ship, 50 a load balancer, each with an address in three zones. */
export function referenceAmes(catalog: Catalog, ships: number): number {
  const usd = (item: string) => priceOf(catalog, "aws", item, REGION).value!;
  return (
    Math.ceil(ships / LIMITS.nlbListeners.value) * HOURS * (usd("nlbHour") + usd("nlbLcu") + 3 * usd("publicIpv4"))
  );
}

/** DOKS(N) = 40 HA + ⌈N/k⌉ · 168 + 48 system + 12 LB + 2N + .48N, k = 6 at 4 GiB (assumed in the source) */
export function referenceDoks(catalog: Catalog, o: ReferenceOptions): ReferenceResult {
  const usd = (item: string) => priceOf(catalog, "digitalocean", item, "*").value!;
  const k = Math.min(LIMITS.doVolumesPerDroplet.value, Math.floor(24 / o.memoryGiB));
  const nodes = Math.ceil(o.ships / k);
  const line = (
    item: string,
    kind: ReferenceLine["kind"],
    quantity: number,
    unit: string,
    price: number,
    from: string,
  ): ReferenceLine => ({
    item,
    kind,
    quantity,
    unit,
    price,
    from: { provider: "digitalocean", item: from },
  });
  const lines = [
    line("DOKS control plane, high availability", "fixed", 1, "month", usd("doksControlPlaneHa"), "doksControlPlaneHa"),
    line("ship nodes m-4vcpu-32gb", "per-ship", nodes, "month", usd("droplet:m-4vcpu-32gb"), "droplet:m-4vcpu-32gb"),
    line("system nodes s-2vcpu-4gb", "fixed", 2, "month", usd("droplet:s-2vcpu-4gb"), "droplet:s-2vcpu-4gb"),
    line("load balancer", "fixed", 1, "month", usd("loadBalancerRegional"), "loadBalancerRegional"),
    line("pier volumes", "per-ship", 20 * o.ships, "GiB-month", usd("volume"), "volume"),
    line("snapshots", "per-ship", 8 * o.ships, "GB-month", usd("snapshot"), "snapshot"),
  ];
  return { lines, monthly: total(lines), machines: [{ type: "m-4vcpu-32gb", count: nodes, ships: k }] };
}

export function grouped(names: string[]): [name: string, count: number][] {
  const counts = new Map<string, number>();
  for (const n of names) counts.set(n, (counts.get(n) ?? 0) + 1);
  return [...counts];
}
