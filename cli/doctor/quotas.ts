// Account quotas a recorded architecture needs, against what a new account has. Pure; nobody is asked.
import { defaultCatalog, LIMITS } from "../../planner";
import type { Architecture } from "../../planner/architecture/schema";

export interface QuotaNeed {
  quota: string;
  need: number;
  /** What a new account has; null where no stored source says it. */
  default: number | null;
  source: string;
  ask: string;
}

/** Only those above the default: what has to be asked for, days before the first `up`. */
export function quotaNeeds(architecture: Architecture): QuotaNeed[] {
  return needs(architecture).filter((q) => q.default === null || q.need > q.default);
}

function needs(a: Architecture): QuotaNeed[] {
  const rented = a.hosts.filter((h) => h.provider === a.provider && h.provider !== "own");
  if (a.provider === "aws") {
    const vcpuOf = new Map(defaultCatalog().instanceTypes.map((t) => [t.name, t.vcpu]));
    const pools = a.nodePools.reduce((n, p) => n + p.count * (vcpuOf.get(p.type) ?? 0), 0);
    const hosts = rented.reduce((n, h) => n + (h.vcpu ?? vcpuOf.get(h.size) ?? 0), 0);
    const nats =
      a.network === null || a.network.vpcId !== null
        ? 0
        : { "per-zone": a.zones.length, single: 1, none: 0 }[a.network.nat];
    const piers = a.ships.reduce((n, s) => n + s.diskGiB, 0) + a.tombstones.reduce((n, t) => n + t.diskGiB, 0);
    const volumes = a.hosts.length > 0 ? rented.reduce((n, h) => n + (h.volumeGiB ?? 0), 0) : piers;
    return [
      {
        quota: `${LIMITS.onDemandVcpu.what}, in ${a.region}`,
        need: pools + hosts,
        default: LIMITS.onDemandVcpu.value,
        source: LIMITS.onDemandVcpu.source,
        ask: "Service Quotas → EC2 → Running On-Demand Standard instances (L-1216C47A); it can take days",
      },
      {
        quota: `${LIMITS.elasticIps.what} (${a.region})`,
        need: nats + rented.length,
        default: LIMITS.elasticIps.value,
        source: LIMITS.elasticIps.source,
        ask: "Service Quotas → EC2 → EC2-VPC Elastic IPs",
      },
      {
        quota: `${LIMITS.gp3TiBPerRegion.what} (${a.region})`,
        need: Math.ceil(volumes / 1024),
        default: LIMITS.gp3TiBPerRegion.value,
        source: LIMITS.gp3TiBPerRegion.source,
        ask: "Service Quotas → EBS → Storage for gp3 volumes",
      },
      {
        quota: LIMITS.nodeGroups.what,
        need: a.nodePools.length,
        default: LIMITS.nodeGroups.value,
        source: LIMITS.nodeGroups.source,
        ask: "Service Quotas → EKS → Managed node groups per cluster",
      },
    ];
  }
  if (a.provider === "digitalocean") {
    const droplets = rented.length + a.nodePools.reduce((n, p) => n + p.count, 0);
    return [
      {
        quota: "droplets of the account",
        // Accounts differ, and the default is in no stored source: worth a look only for more than a few.
        need: droplets > LIMITS.dropletsAtOnce.value ? droplets : 0,
        default: droplets > LIMITS.dropletsAtOnce.value ? null : 0,
        source: "shown in the account's settings",
        ask: "DigitalOcean → Settings → Team → limits: request an increase",
      },
    ];
  }
  return [];
}
