// Why a candidate cannot be chosen. A rejected candidate stays in the plan with its reasons.
import { unbuiltInbound } from "../architecture/ames";
import { backupRejections } from "../backups";
import { CLOUDS, jurisdiction } from "../catalog/regions";
import { LIMITS } from "../catalog/limits";
import type { Compliance, Mode, Requirements } from "../requirements/schema";
import { type Context, type Draft, type Monthly, money } from "./draft";
import { hostWishRejections } from "./host-wishes";
import { awsDemands, awsFleet, largestCustomer } from "./quotas";
import type { Provider, Rejection } from "./schema";

/** Best availability a mode can be planned for, per ship. Roadstead's own judgment: a ship has one writer in one zone, so no mode shows 99.99. */
const SLA_CEILING: Record<Mode, number> = {
  managed: 99,
  "bare-metal": 99,
  vps: 99,
  "multi-vps": 99,
  groundseg: 99,
  hybrid: 99,
  eks: 99.9,
  doks: 99.9,
  gke: 99.9,
  aks: 99.9,
  "existing-cluster": 99.9,
};
const SINGLE_HOST: ReadonlySet<Mode> = new Set<Mode>(["bare-metal", "vps", "multi-vps", "groundseg", "hybrid"]);
export const KUBERNETES: ReadonlySet<Mode> = new Set<Mode>(["eks", "doks", "gke", "aks", "existing-cluster"]);

/** What can be shown for a provider. Absent is unknown, and unknown refuses (facts read 2026-11-21). */
const BAA: ReadonlySet<Provider> = new Set<Provider>(["aws"]);
/** Frameworks that ask for a provider's own report; AWS publishes them in Artifact, no stored source shows the others'. */
const REPORTS: ReadonlySet<Provider> = new Set<Provider>(["aws"]);

export function rejectionsOf(context: Context, draft: Draft, monthly: Monthly): Rejection[] {
  const r = context.requirements;
  return [
    ...draft.rejections,
    ...buildable(r, draft),
    ...backupRejections(r, draft),
    ...placement(r, draft),
    ...compliance(r, draft),
    ...service(r, draft),
    ...people(r, draft),
    ...shipTypes(r, draft),
    ...quotas(context, draft),
    ...price(context, draft, monthly),
  ];
}

function buildable(r: Requirements, d: Draft): Rejection[] {
  const not = (what: string, fix: string): Rejection => ({
    code: "not-buildable",
    limit: what,
    have: "compared only",
    need: "built by Roadstead",
    fix,
  });
  if (d.mode === "managed")
    return [
      not("a managed host", "order it from a hosting service such as Tlon; nothing is left for Roadstead to build"),
    ];
  if (d.mode === "gke" || d.mode === "aks")
    return [
      not(
        `${d.mode === "gke" ? "a GKE" : "an AKS"} cluster`,
        "create the cluster yourself and use it as existing-cluster",
      ),
    ];
  const hetzner =
    d.provider === "hetzner" ? [not("hosts at Hetzner", "rent them yourself and list them under existing.hosts")] : [];
  return [...hetzner, ...(KUBERNETES.has(d.mode) ? inbound(r, d) : []), ...hostWishRejections(r, d)];
}

/** One ship that wishes it is enough: what it asks for would be recorded, and never be there. */
function inbound(r: Requirements, d: Draft): Rejection[] {
  const ways = new Set([r.ships.amesInbound, ...r.ships.named.map((s) => s.amesInbound)]);
  return [...ways].flatMap((way): Rejection[] => {
    const unbuilt = unbuiltInbound(way, { mode: d.mode, existing: r.existing });
    if (unbuilt === null) return [];
    const limit = `Ames inbound by ${way} on a cluster`;
    return [{ code: "not-buildable", limit, have: unbuilt.why, need: "built by Roadstead", fix: unbuilt.fix }];
  });
}

function placement(r: Requirements, d: Draft): Rejection[] {
  const { allowed, residency = "none", dr } = r.regions;
  const found: Rejection[] = [];
  const { sandbox } = r.existing;
  if (sandbox !== undefined && d.mode !== "existing-cluster")
    found.push({
      code: "existing",
      limit: "a sandbox for customers nobody trusts",
      have: d.mode,
      need: `a cluster of yours with the runtime class ${sandbox.runtimeClass}`,
      fix: "take platform: existing-cluster, or leave existing.sandbox out",
    });
  const cloud = (CLOUDS as string[]).includes(d.provider);
  if (cloud && allowed !== undefined && !allowed.includes(d.region))
    found.push({
      code: "region",
      limit: "allowed regions",
      have: allowed.join(", "),
      need: `a region of ${d.provider}`,
      fix: `add one, such as ${d.region}, to regions.allowed`,
    });
  if (residency !== "none") {
    const at = cloud
      ? jurisdiction(d.provider, d.region)
      : d.mode === "managed"
        ? null
        : (r.existing.residency ?? null);
    if (at !== residency)
      found.push({
        code: "residency",
        limit: "where the data lies",
        have: at ?? "not shown",
        need: residency,
        fix: cloud
          ? `allow a region in the ${residency.toUpperCase()}`
          : d.mode === "managed"
            ? "ask the service where it stores piers"
            : `set existing.residency if you can show it`,
      });
    if (dr !== undefined && cloud && jurisdiction(d.provider, dr) !== residency)
      found.push({
        code: "residency",
        limit: "where the copies lie",
        have: jurisdiction(d.provider, dr) ?? `no region of ${d.provider}`,
        need: residency,
        fix: `take a DR region in the ${residency.toUpperCase()}`,
      });
  }
  if (d.mode === "hybrid" && residency !== "none" && r.existing.residency !== residency)
    found.push({
      code: "residency",
      limit: "where your own hosts stand",
      have: r.existing.residency ?? "not shown",
      need: residency,
      fix: "set existing.residency if you can show it",
    });
  return found;
}

function compliance(r: Requirements, d: Draft): Rejection[] {
  const own = new Set<Compliance>(r.existing.compliance ?? []);
  const ownPart = d.provider === "own" || d.mode === "hybrid";
  return r.compliance.flatMap((framework): Rejection[] => {
    if (d.mode === "managed")
      return [
        refused(
          framework,
          "nothing can be shown for a hosting service",
          `ask the service for its ${framework} evidence`,
        ),
      ];
    if (ownPart && !own.has(framework) && framework !== "pci")
      return [
        refused(
          framework,
          "nothing can be shown for your own hosts",
          `list ${framework} under existing.compliance once you hold the evidence`,
        ),
      ];
    const cloud = d.provider !== "own";
    switch (framework) {
      case "hipaa":
        if (cloud && !BAA.has(d.provider))
          return [
            refused(
              framework,
              `no business associate agreement of ${d.provider} can be shown`,
              "take AWS, which signs one for eligible services",
            ),
          ];
        return KUBERNETES.has(d.mode)
          ? []
          : [refused(framework, "no audit log of access to the hosts", "take a cluster with audit logs, such as eks")];
      case "gdpr": {
        const at = cloud ? jurisdiction(d.provider, d.region) : r.existing.residency;
        return at === "eu"
          ? []
          : [refused(framework, "residency in the EU cannot be shown", "allow a region in the EU")];
      }
      case "soc2":
      case "iso27001":
        if (cloud && !REPORTS.has(d.provider))
          return [
            refused(
              framework,
              `no ${framework} report of ${d.provider} is known to Roadstead`,
              "take AWS, or get the report and run your own cluster",
            ),
          ];
        return KUBERNETES.has(d.mode)
          ? []
          : [refused(framework, "no audit log and no separation of duties on a host", "take a cluster, such as eks")];
      case "pci":
        // A ship holds no card data: out of scope by design, said in the warnings.
        return [];
    }
  });
}

const refused = (framework: Compliance, have: string, fix: string): Rejection => ({
  code: "compliance",
  limit: framework,
  have,
  need: `evidence for ${framework}`,
  fix,
});

function service(r: Requirements, d: Draft): Rejection[] {
  const found: Rejection[] = [];
  const ceiling = SLA_CEILING[d.mode];
  if (r.sla > ceiling)
    found.push({
      code: SINGLE_HOST.has(d.mode) ? "single-host" : "sla",
      limit: "availability of a ship, per cent",
      have: ceiling,
      need: r.sla,
      fix:
        r.sla === 99.99
          ? "lower sla: a ship has one writer in one zone, no way to host shows 99.99"
          : `lower sla to ${ceiling}, or take a cluster`,
    });
  const { rpoHours, rtoHours } = r.recovery;
  const worse = (have: number | null, wish: number | undefined) => wish !== undefined && (have === null || have > wish);
  if (worse(d.recovery.rpoHours, rpoHours))
    found.push({
      code: "recovery",
      limit: "data lost at most, hours",
      have: d.recovery.rpoHours,
      need: rpoHours!,
      fix:
        d.recovery.rpoHours === null
          ? "give backups for copies off the host, or take a way to host with snapshots, such as eks, or leave recovery.rpoHours out"
          : `raise recovery.rpoHours to ${d.recovery.rpoHours}`,
    });
  if (worse(d.recovery.rtoHours, rtoHours))
    found.push({
      code: "recovery",
      limit: "recovery takes at most, hours",
      have: d.recovery.rtoHours,
      need: rtoHours!,
      fix:
        d.recovery.rtoHours === null
          ? "give backups for copies off the host, or take a way to host with snapshots, such as eks, or leave recovery.rtoHours out"
          : `raise recovery.rtoHours to ${d.recovery.rtoHours}`,
    });
  if (r.regions.dr !== undefined && d.mode !== "managed") {
    const copies = d.mode === "eks" || (d.provider === "aws" && d.mode !== "hybrid");
    if (!copies)
      found.push({
        code: "recovery",
        limit: "copies in a second region",
        have: "none",
        need: r.regions.dr,
        fix: "take AWS, whose snapshots are copied across regions, or leave regions.dr out",
      });
    else if (jurisdiction(d.provider, r.regions.dr) === null)
      found.push({
        code: "recovery",
        limit: "DR region of the same provider",
        have: r.regions.dr,
        need: `a region of ${d.provider}`,
        fix: `name a region of ${d.provider} as regions.dr`,
      });
    else if (r.regions.dr === d.region)
      found.push({
        code: "recovery",
        limit: "DR region",
        have: r.regions.dr,
        need: "another region than the ships'",
        fix: "name another regions.dr",
      });
  }
  return found;
}

function people(r: Requirements, d: Draft): Rejection[] {
  if (r.experience !== "beginner" || !KUBERNETES.has(d.mode)) return [];
  return [
    {
      code: "experience",
      limit: "who operates it",
      have: "beginner",
      need: "intermediate",
      fix: "set experience to intermediate once somebody runs Kubernetes, or take hosts",
    },
  ];
}

function shipTypes(r: Requirements, d: Draft): Rejection[] {
  const found: Rejection[] = [];
  const { types, named } = r.ships;
  if (d.mode === "groundseg" && types.comet > 0)
    found.push({
      code: "ship-type",
      limit: "comets on GroundSeg",
      have: types.comet,
      need: 0,
      fix: "GroundSeg does not support comets: host them another way",
    });
  // A fake galaxy has no network, so nobody needs to find it; a load balancer has an address that DNS can name.
  const hidden = (s: { fake?: boolean; amesInbound: string }): boolean => !s.fake && s.amesInbound !== "nlb";
  const rulers = named.filter((s) => s.class === "galaxy");
  const unnamed = hidden(r.ships) ? types.galaxy - rulers.length : 0;
  const galaxies = unnamed + rulers.filter(hidden).length;
  if (galaxies > 0 && KUBERNETES.has(d.mode))
    found.push({
      code: "ship-type",
      limit: "galaxies behind a cluster's NAT",
      have: galaxies,
      need: 0,
      fix: "a galaxy needs an address that DNS can name: take a VPS for it, or EKS with amesInbound: nlb, which nobody has run",
    });
  if (d.mode === "groundseg" && named.some((s) => s.fake))
    found.push({
      code: "ship-type",
      limit: "fake ships on GroundSeg",
      have: named.filter((s) => s.fake).length,
      need: 0,
      fix: "host fake ships on a VPS or a cluster",
    });
  return found;
}

function quotas(context: Context, d: Draft): Rejection[] {
  const r = context.requirements;
  const found: Rejection[] = [];
  const N = r.ships.count;
  const above = (limit: string, have: number, need: number, fix: string) => {
    if (need > have) found.push({ code: "quota", limit, have, need, fix });
  };
  const nodes = d.nodes.reduce((n, p) => n + p.count, 0);
  if (KUBERNETES.has(d.mode)) {
    const { clusterServices, clusterNodes, namespaceServices } = LIMITS;
    const split = "split the fleet over two environments";
    above(`${clusterServices.what}, less 100 for what is not a ship`, clusterServices.value - 100, N, split);
    above(clusterNodes.what, clusterNodes.value, nodes, split);
    above(
      `${namespaceServices.what}: a customer's ships share one`,
      namespaceServices.value,
      largestCustomer(r),
      "divide the customer's ships among several under ships.named, or raise customers",
    );
  }
  if (d.mode === "eks") {
    const largest = Math.max(0, ...d.nodes.map((n) => n.count));
    const { value, what } = LIMITS.nodesPerGroup;
    above(what, value, largest, "allow larger types or more families under cluster.families, or split the fleet");
  }
  const fleet = awsFleet(r, d, context.catalog);
  // What an account has is a fact; a default that nobody looked up is only asked for.
  for (const { limit, need, region, stated } of fleet === null ? [] : awsDemands(fleet)) {
    const have = stated === undefined || region !== fleet!.region ? undefined : r.existing.quotas?.[stated];
    if (have !== undefined)
      above(
        limit.what,
        have,
        need,
        `ask AWS for more, then raise existing.quotas.${stated}; without it the plan lists what to ask for`,
      );
  }
  const droplets = r.existing.quotas?.droplets;
  if (d.provider === "digitalocean" && droplets !== undefined)
    above("droplets of the account", droplets, nodes, "ask DigitalOcean for more, then raise existing.quotas.droplets");
  return found;
}

function whereItIsGiven({ mode }: Draft, unknown: readonly string[]): string {
  if (mode === "existing-cluster") return "give its monthly price: existing.clusterMonthly";
  return unknown.some((item) => /^(own )?host /.test(item))
    ? "give each host's monthly price: existing.hosts[].monthly"
    : "give the missing prices with --prices FILE";
}

function price(context: Context, d: Draft, monthly: Monthly): Rejection[] {
  const found: Rejection[] = [];
  const stale = context.catalog.stale[d.provider];
  const unknown = d.lines.filter((l) => l.priceNotFound).map((l) => l.item);
  if (stale !== undefined)
    found.push({
      code: "price-unknown",
      limit: "age of the prices",
      have: "out of date",
      need: "current prices",
      fix: "give today's prices with --prices FILE",
    });
  else if (monthly.incomplete)
    found.push({
      code: "price-unknown",
      limit: "prices known",
      have: monthly.mid,
      need: unknown.length > 0 ? `a price of ${unknown.join(", ")}` : "a price",
      fix: whereItIsGiven(d, unknown),
    });
  const budget = context.requirements.budget;
  if (budget !== undefined && monthly.mid !== null && monthly.mid > budget.monthly)
    found.push({
      code: "budget",
      limit: `budget a month, ${budget.currency}`,
      have: budget.monthly,
      need: monthly.mid,
      fix: `raise the budget to ${money(Math.ceil(monthly.mid), budget.currency)}, or plan for less`,
    });
  return found;
}
