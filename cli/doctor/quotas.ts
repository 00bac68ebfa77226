// Account quotas a recorded architecture needs, against what a new account has. Pure; nobody is asked.
import { defaultCatalog, LIMITS } from "../../planner";
import type { Architecture, LockedHost } from "../../planner/architecture/schema";
import { type AwsFleet, awsDemands } from "../../planner/plan/quotas";
import { MONITORING_GIB, NODE_ROOT_GIB } from "../../planner/plan/modes/nodes";

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
  if (a.provider === "aws")
    return awsDemands(fleetOf(a, rented)).map(({ limit, need, region, ask }) => ({
      quota: `${limit.what} (${region})`,
      need,
      default: limit.value,
      source: limit.source,
      ask,
    }));
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

/** A lock holds its own cell's ships and counts the others: those are taken to be as large as the largest here. */
function fleetOf(a: Architecture, rented: LockedHost[]): AwsFleet {
  const vcpuOf = new Map(defaultCatalog().instanceTypes.map((t) => [t.name, t.vcpu]));
  const pools = a.nodePools.map((p) => ({ vcpu: vcpuOf.get(p.type) ?? 0, count: p.count }));
  const hosts = rented.map((h) => ({ vcpu: h.vcpu ?? vcpuOf.get(h.size) ?? 0, count: 1 }));
  const nats =
    a.network === null || a.network.vpcId !== null
      ? 0
      : { "per-zone": a.zones.length, single: 1, none: 0 }[a.network.nat];
  const elsewhere = a.cells.filter((c) => c.id !== a.cell).reduce((n, c) => n + c.ships, 0);
  const disks = [...a.ships, ...a.tombstones].map((s) => s.diskGiB);
  const piers = disks.reduce((n, d) => n + d, 0) + elsewhere * Math.max(0, ...disks);
  const nodes = pools.reduce((n, p) => n + p.count, 0);
  const roots = nodes * NODE_ROOT_GIB + rented.reduce((n, h) => n + (h.rootDiskGiB ?? 0), 0);
  const { everyHours, retentionDays, drRegion } = a.backup;
  const balanced = a.cluster?.amesLoadBalancers !== undefined;
  return {
    cluster: a.cluster !== null,
    region: a.region,
    secondRegion: drRegion,
    machines: [...pools, ...hosts],
    elasticIps: nats + rented.length,
    volumesGiB: piers + roots + (a.cluster !== null && a.monitoring.enabled ? MONITORING_GIB : 0),
    snapshots: (a.ships.length + elsewhere) * Math.ceil((retentionDays * 24) / everyHours),
    edge: a.dns.domain !== null,
    // Where any ship has a listener, the other cells' are taken to have one, too.
    listeners: balanced ? a.ships.filter((s) => s.ames.inbound === "nlb").length + elsewhere : 0,
    balancers: balanced ? a.cells.length : 0,
    adminNetworks: a.access.adminCidrs.length,
  };
}
