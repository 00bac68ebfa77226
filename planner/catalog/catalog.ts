// Prices and hardware as data: each price a line with value, unit, source, date and basis.
// `prices.json` is read from stored sources (it names them); what follows only puts it into one shape.
import raw from "./prices.json";
import type { Architecture } from "../requirements/schema";
import type { BASES, Provider } from "../plan/schema";
import { jurisdiction } from "./regions";

export type Basis = (typeof BASES)[number];

export interface Price {
  /** Null: known to exist, price not found. Never 0 for an unknown. */
  value: number | null;
  currency: string;
  unit: string;
  source: string;
  date: string;
  basis: Basis;
  /** Where the source gives a range. */
  low?: number;
  high?: number;
}

export interface InstanceType {
  name: string;
  family: string;
  vcpu: number;
  memoryGiB: number;
  arch: Architecture;
  eniCount: number;
  ipv4PerEni: number;
  /** EBS slots: shared with network interfaces, or dedicated to volumes. */
  volumeSlots: "shared" | "dedicated";
  burstable: boolean;
}

export interface Droplet {
  slug: string;
  vcpu: number;
  memoryGiB: number;
  diskGiB: number;
}

export interface HetznerServer {
  name: string;
  memoryGiB: number;
  arch: Architecture;
}

export interface Catalog {
  /** The day the data was stored; the age of undated prices counts from here. */
  storedOn: string;
  instanceTypes: InstanceType[];
  droplets: Droplet[];
  hetznerServers: HetznerServer[];
  prices: ReadonlyMap<string, Price>;
  /** Provider → why its prices may not be ranked on. */
  stale: Partial<Record<Provider, string>>;
}

/** `provider/item/region`, region `*` where one price holds everywhere. */
const key = (provider: Provider, item: string, region: string): string => `${provider}/${item}/${region}`;

/** A price, or a line that says it was not found. */
export function priceOf(catalog: Catalog, provider: Provider, item: string, region: string): Price {
  return (
    catalog.prices.get(key(provider, item, region)) ??
    catalog.prices.get(key(provider, item, "*")) ?? {
      value: null,
      currency: "USD",
      unit: "unknown",
      source: "not found in the catalog",
      date: catalog.storedOn,
      basis: "unverified",
    }
  );
}

const STORED_ON = raw.undatedStoredOn;

/** Date of each named source; a source without one counts from the day it was stored. */
const SOURCE_DATES: [pattern: RegExp, date: string][] = [
  [/^karpenter/, "2026-07-20"],
  [/eks_cluster_test|s3Standard/, "2025-07-07"],
  [/^aws blog \+ doit/, "2024-07-01"],
  [/^infracost/, "2024-07-01"],
  [/^opencost/, "2026-01-31"],
  [/colinwilson|banagale/, "2022-07-31"],
];
const dated = (source: string): string => SOURCE_DATES.find(([p]) => p.test(source))?.[1] ?? STORED_ON;

function basisOf(text: string): Basis {
  if (text === "read" || text.startsWith("read ") || text.startsWith("karpenter")) return "read";
  if (text === "secondary") return "secondary";
  if (/^(scaled|derived|assumed)/.test(text)) return "derived";
  return "unverified";
}

// Services whose price is the same in every AWS region we plan for; the rest is regional.
const GLOBAL_SERVICES = new Set([
  "eksControlPlaneStandard",
  "eksControlPlaneExtended",
  "publicIpv4",
  "kmsKey",
  "kmsRequests10k",
  "route53Zone",
  "route53Queries1M",
  "egressInternetFirst10TB",
  "egressNext40TB",
  "egressNext100TB",
  "interAz",
  "interRegionFromUsEast1",
]);
const PRICED_REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"];

type RawService = {
  value: number | null;
  unit?: string;
  source?: string;
  basis?: string;
  golden?: string;
  note?: string;
};

function awsPrices(put: (item: string, region: string, price: Price) => void): void {
  for (const type of raw.aws.onDemandLinux)
    for (const [region, value] of Object.entries(type.usdPerHour)) {
      const from = (type.priceBasis as Record<string, string>)[region]!;
      const karpenter = region === "us-east-1" || region === "us-west-2";
      put(`ec2:${type.type}`, region, {
        value,
        currency: "USD",
        unit: "hour",
        source: karpenter
          ? `karpenter zz_generated.pricing_aws.go; ${from}`
          : `skypilot-catalog v9 aws/vms.csv; ${from}`,
        date: karpenter ? "2026-07-20" : STORED_ON,
        basis: basisOf(from),
      });
    }
  const services = raw.aws.services as unknown as Record<string, RawService>;
  for (const [item, s] of Object.entries(services)) {
    if (typeof s.value !== "number") continue;
    const base: Price = {
      value: s.value,
      currency: (s.unit ?? "").startsWith("EUR") ? "EUR" : "USD",
      unit: s.unit ?? "",
      source: s.source === "recall" ? "recalled, no stored source" : `${s.source}${s.golden ? ` (${s.golden})` : ""}`,
      date: /EKS|eks_cluster|^s3/.test(`${item} ${s.golden ?? ""}`) ? "2025-07-07" : dated(s.source ?? ""),
      basis: basisOf(s.basis ?? "unverified"),
    };
    if (GLOBAL_SERVICES.has(item)) put(item, "*", base);
    else for (const region of PRICED_REGIONS) put(item, region, regional(item, region, base));
  }
}

// Medium of r5, m6g and r6a ratios to us-east-1 (facts/planner.md §1.2); the band spans the ratios read.
const EU_RATIO: Record<string, { mid: number; low: number; high: number }> = {
  "eu-west-1": { mid: 1.12, low: 1.0, high: 1.2 },
  "eu-central-1": { mid: 1.2, low: 1.0, high: 1.3 },
};

/** The us-east-1 price read, carried to another region: equal in us-west-2, by the EC2 ratio in the EU. */
function regional(item: string, region: string, base: Price): Price {
  if (region === "us-east-1") return base;
  if (region === "us-west-2")
    return {
      ...base,
      basis: "derived",
      source: `${base.source}; us-west-2 taken as us-east-1 (equal in all 11 EC2 families read)`,
    };
  const own = (raw.aws.services.gp3Storage_eu as Record<string, RawService>)[region];
  if (item === "gp3Storage" && own?.value != null)
    return { ...base, value: own.value, source: "recalled, no stored source", date: STORED_ON, basis: "unverified" };
  if (item === "natGatewayHour" || item === "natGatewayGb") {
    const [low, high] = raw.aws.services.natGateway_eu.value as [number, number];
    return {
      ...base,
      value: (low + high) / 2,
      low,
      high,
      source: raw.aws.services.natGateway_eu.source,
      date: STORED_ON,
      basis: "secondary",
    };
  }
  const ratio = EU_RATIO[region]!;
  return {
    ...base,
    value: base.value! * ratio.mid,
    low: base.value! * ratio.low,
    high: base.value! * ratio.high,
    source: `${base.source}; ${region} by the EC2 price ratio ${ratio.mid}`,
    basis: "derived",
  };
}

function otherPrices(put: (provider: Provider, item: string, price: Price) => void): void {
  for (const d of raw.digitalocean.droplets)
    put("digitalocean", `droplet:${d.slug}`, {
      value: d.usdPerMonth,
      currency: "USD",
      unit: "month",
      source: d.source === "linear" ? "linear from the smaller sizes of the class" : d.source,
      date: dated(d.source),
      basis: basisOf(d.basis),
    });
  const services = raw.digitalocean.services as unknown as Record<string, RawService & { extraGiB?: number }>;
  for (const [item, s] of Object.entries(services)) {
    const price: Price = {
      value: s.value,
      currency: "USD",
      unit: s.unit ?? "",
      source: s.source === "recall" ? "recalled, no stored source" : (s.source ?? ""),
      date: STORED_ON,
      basis: basisOf(s.basis ?? "unverified"),
    };
    put("digitalocean", item, price);
    if (s.extraGiB !== undefined)
      put("digitalocean", `${item}ExtraGiB`, { ...price, value: s.extraGiB, unit: "USD/GiB-month" });
  }
  const hetzner = { currency: "EUR", source: raw.hetzner.source, date: "2026-01-31", basis: "read" as const };
  for (const [name, value] of Object.entries(raw.hetzner.eurPerHour))
    put("hetzner", `server:${name}`, { ...hetzner, value, unit: "hour" });
  put("hetzner", "volume", { ...hetzner, value: raw.hetzner.volumeEurPerGbMonth, unit: "EUR/GB-month" });
  const { gkeControlPlane: gke, aksControlPlane: aks } = raw.comparison;
  put("gcp", "controlPlane", {
    value: gke.value,
    currency: "USD",
    unit: gke.unit,
    source: gke.source,
    date: STORED_ON,
    basis: "read",
  });
  put("azure", "controlPlane", {
    value: aks.standard.value,
    currency: "USD",
    unit: aks.standard.unit,
    source: "recalled, no stored source",
    date: STORED_ON,
    basis: "unverified",
  });
}

export function defaultCatalog(): Catalog {
  const prices = new Map<string, Price>();
  awsPrices((item, region, price) => prices.set(key("aws", item, region), price));
  otherPrices((provider, item, price) => prices.set(key(provider, item, "*"), price));
  const ram = raw.hetzner.ramGiB_recall as Record<string, number>;
  return {
    storedOn: STORED_ON,
    prices,
    instanceTypes: raw.aws.onDemandLinux.map((t) => ({
      name: t.type,
      family: t.type.split(".")[0]!,
      vcpu: t.vcpu,
      memoryGiB: t.memoryGiB,
      arch: t.arch as Architecture,
      eniCount: t.eniCount,
      ipv4PerEni: t.ipv4PerEni,
      volumeSlots: t.ebsAttach.kind as "shared" | "dedicated",
      burstable: t.type.startsWith("t"),
    })),
    droplets: raw.digitalocean.droplets.map((d) => ({
      slug: d.slug,
      vcpu: d.vcpu,
      memoryGiB: d.memoryGiB,
      diskGiB: d.diskGiB,
    })),
    hetznerServers: Object.entries(ram).map(([name, memoryGiB]) => ({
      name,
      memoryGiB,
      arch: name.startsWith("cax") ? "arm64" : "x86_64",
    })),
    // prices.json tells the whole story under hetzner.staleReason.
    stale: { hetzner: "read in January 2026, and Hetzner has changed its prices four times since" },
  };
}

/** Regions EC2 prices are known for. */
export function pricedRegions(catalog: Catalog): string[] {
  const regions = [...catalog.prices.keys()].flatMap((k) =>
    k.startsWith("aws/ec2:") ? [k.slice(k.lastIndexOf("/") + 1)] : [],
  );
  return [...new Set(regions)].filter((r) => jurisdiction("aws", r) !== null);
}

export { key as priceKey };
