// What the diagram shows, read from a plan's candidate or from the recorded architecture; drawn as SVG and as Mermaid.
import type { Architecture } from "../architecture/schema";
import type { Candidate, Plan, Provider } from "../plan/schema";
import { modeName, placeOf, plural } from "./text";

export interface Box {
  title: string;
  detail: string;
  /** How many machines the box stands for. */
  count: number;
  /** Ships one machine holds; 0 for machines without ships. */
  ships: number;
  role: "ships" | "system" | "host";
}
export interface Group {
  name: string;
  boxes: Box[];
}
export interface Picture {
  title: string;
  mode: string;
  provider: Provider;
  region: string;
  /** Zones, or one group where the provider has none. */
  groups: Group[];
  /** How people and peers get in. */
  edge: string;
  ames: string;
  /** What surrounds the ships: name and what it consists of. */
  services: { name: string; detail: string }[];
  /** Region of the copies. */
  dr: string | null;
  ships: number | null;
}

/** The candidate a report draws: the chosen one, else the cheapest that only the budget rules out, else the first. */
export function subjectOf(plan: Plan): Candidate | null {
  const chosen = plan.candidates.find((c) => c.id === plan.chosen);
  if (chosen) return chosen;
  const distance = (c: Candidate) => c.rejections.filter((r) => r.code !== "budget").length;
  const priced = plan.candidates.filter((c) => c.monthly.mid !== null && !c.monthly.incomplete && !c.stale);
  return (
    [...priced].sort((a, b) => distance(a) - distance(b) || a.monthly.mid! - b.monthly.mid!)[0] ??
    plan.candidates[0] ??
    null
  );
}

/** AWS bills by the hour of a 730-hour month. */
const HOURS_PER_MONTH = 730;

export function pictureOfCandidate(c: Candidate, ships: number | null): Picture {
  const lines = c.lines.filter((l) => l.quantity > 0);
  const items = lines.map((l) => l.item);
  const having = (pattern: RegExp) => items.filter((i) => pattern.test(i));
  const dr = /^(?:snapshot copies|bucket replica|KMS key|transfer) (?:in|to) (\S+)$/;
  const amount = (pattern: RegExp) => lines.filter((l) => pattern.test(l.item)).reduce((sum, l) => sum + l.quantity, 0);
  const when = (pattern: RegExp, words: string) => (having(pattern).some((i) => !dr.test(i)) ? [words] : []);
  const gateways = Math.max(1, Math.round(amount(/^NAT gateways/) / HOURS_PER_MONTH));
  const sealed = c.security.present.some((s) => /encrypted pier volume/.test(s));
  const piers = amount(/^pier volumes/);
  const services = [
    service("Way in", when(/load balancer/, "load balancer with TLS")),
    service("Network", when(/^NAT gateways/, `private nodes, ${plural(gateways, "NAT gateway")}`)),
    service(
      "Storage",
      piers > 0 ? [`${Math.round(piers).toLocaleString("en-US")} GB of ${sealed ? "encrypted " : ""}pier volumes`] : [],
    ),
    service("Backups", [
      ...when(/^snapshots/, "snapshots of each volume"),
      ...when(/bucket/, "versioned bucket"),
      ...when(/droplet backups/, "backups of the host, without its volumes"),
    ]),
    service("Monitoring", [...when(/monitor/, "metrics and alerts"), ...when(/logs/, "logs")]),
    service("Keys", when(/KMS/, "KMS, own keys")),
    service("Names", when(/DNS/, "DNS zone")),
  ].filter((s) => s.detail !== "");
  const cluster = ["eks", "doks", "gke", "aks", "existing-cluster"].includes(c.mode);
  return {
    title: `${modeName(c.mode)}, ${placeOf(c)}`,
    mode: c.mode,
    provider: c.provider,
    region: c.region,
    groups: groupsOf(
      c.nodes.map((n) => ({
        zone: n.zone,
        box: {
          title: machines(n.count, n.type),
          detail:
            n.role === "system"
              ? "system: monitoring, controllers"
              : `up to ${plural(n.ships, "ship")}${n.count > 1 ? " each" : ""}`,
          count: n.count,
          ships: n.role === "system" ? 0 : n.ships,
          role: n.role,
        },
      })),
    ),
    edge: cluster
      ? having(/load balancer of the edge/).length > 0
        ? "load balancer, TLS"
        : "cluster edge, TLS"
      : "TLS on each host",
    ames: amesText(cluster, having(/Ames load balancer/).length > 0),
    services,
    dr: items.map((i) => dr.exec(i)?.[1]).find((r) => r !== undefined) ?? null,
    ships,
  };
}

export function pictureOfArchitecture(a: Architecture): Picture {
  const pools = a.nodePools
    .filter((p) => p.count > 0)
    .map((p) => ({
      zone: p.zone ?? a.region,
      box: {
        title: machines(p.count, p.type),
        detail:
          p.role === "system"
            ? "system: monitoring, controllers"
            : `up to ${plural(p.shipsPerNode, "ship")}${p.count > 1 ? " each" : ""}`,
        count: p.count,
        ships: p.role === "system" ? 0 : p.shipsPerNode,
        role: p.role,
      },
    }));
  const hosts = a.hosts.map((h) => {
    const aboard = a.ships.filter((s) => s.host === h.name).length;
    return {
      zone: h.zone ?? (h.provider === "own" ? "your own place" : h.region),
      box: {
        title: h.name,
        detail: `${h.size}, ${plural(aboard, "ship")}`,
        count: 1,
        ships: aboard,
        role: "host" as const,
      },
    };
  });
  const shipTotal = a.cells.reduce((sum, c) => sum + c.ships, 0);
  const services = [
    service(
      "Cells",
      a.cells.length > 0 ? [`${plural(a.cells.length, "cell")}, ${plural(a.tenants.length, "tenant")}`] : [],
    ),
    service(
      "Network",
      a.network ? [a.network.vpcId ? "your own VPC" : `VPC ${a.network.cidr}, NAT ${a.network.nat}`] : [],
    ),
    service(
      "Backups",
      a.backup.enabled ? [`every ${a.backup.everyHours} h, kept ${plural(a.backup.retentionDays, "day")}`] : [],
    ),
    service(
      "Monitoring",
      a.monitoring.existing
        ? [`your ${a.monitoring.existing}`]
        : a.monitoring.enabled
          ? [`metrics and logs, ${plural(a.monitoring.retentionDays, "day")}`]
          : [],
    ),
    service("Names", a.dns.domain ? [a.dns.domain] : []),
  ].filter((s) => s.detail !== "");
  const inbound = new Set(a.ships.map((s) => s.ames.inbound));
  return {
    title: `${modeName(a.mode)}, ${placeOf(a)}`,
    mode: a.mode,
    provider: a.provider,
    region: a.region,
    groups: groupsOf([...pools, ...hosts]),
    edge: a.cluster ? "cluster edge, TLS" : "TLS on each host",
    ames: amesText(inbound.has("relayed"), inbound.has("nlb")),
    services,
    dr: a.backup.drRegion ?? a.drRegion,
    ships: shipTotal || a.ships.length || null,
  };
}

/** A load balancer is a way in and none out, so it is not called direct. */
const amesText = (relayed: boolean, balanced: boolean): string =>
  balanced ? "Ames, load balancers" : relayed ? "Ames, through sponsors" : "Ames, direct";

const machines = (count: number, type: string) => `${count.toLocaleString("en-US")} × ${type.replace(/^own:/, "")}`;
const service = (name: string, parts: string[]) => ({ name, detail: [...new Set(parts)].join(", ") });

function groupsOf(placed: { zone: string; box: Box }[]): Group[] {
  const names = [...new Set(placed.map((p) => p.zone))].sort();
  const rank = { ships: 0, host: 0, system: 1 };
  return names.map((name) => ({
    name: name === "own" ? "your own place" : name,
    boxes: placed
      .filter((p) => p.zone === name)
      .map((p) => p.box)
      .sort((a, b) => rank[a.role] - rank[b.role] || b.ships - a.ships || (a.title < b.title ? -1 : 1)),
  }));
}
