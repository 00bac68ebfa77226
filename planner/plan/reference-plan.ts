// `profile: reference` as a plan: the reference model's figures in the plan's shape.
import { requirementsDigest } from "../architecture/digest";
import type { Mode } from "../requirements/schema";
import { Bill, type Context, type Draft } from "./draft";
import { choose, rankCandidates } from "./rank";
import { referenceDoks, referenceEks, referenceGroundseg, type ReferenceResult, referenceVps } from "./reference";
import type { Plan, Provider } from "./schema";
import { priceOf } from "../catalog/catalog";

export function referencePlan(context: Context): Plan {
  const { requirements: r, catalog } = context;
  const options = {
    ships: r.ships.count,
    memoryGiB: r.ships.memoryGiB,
    families: r.cluster.families,
    headroom: r.given.includes("cluster.headroomPercent") ? r.cluster.headroomPercent / 100 : 0,
    zones: r.cluster.zones,
    nat: r.cluster.nat === "single" ? 1 : r.cluster.zones,
  };
  const drafts: Draft[] = [
    draft(context, r.ships.count === 1 ? "vps" : "multi-vps", "digitalocean", "nyc3", referenceVps(catalog, options)),
    draft(context, "groundseg", "digitalocean", "nyc3", referenceGroundseg(catalog, options)),
    draft(context, "eks", "aws", "us-east-1", referenceEks(catalog, options)),
    draft(context, "doks", "digitalocean", "nyc3", referenceDoks(catalog, options)),
  ];
  const candidates = rankCandidates(context, drafts);
  return {
    schema: "roadstead/plan/1",
    requirementsDigest: requirementsDigest(r),
    pricedOn: context.pricedOn,
    chosen: choose(r, candidates)?.id ?? null,
    candidates,
    cheapestChangeThatFits: [],
    growth: [],
    sensitivity: [],
    quotaRequests: [],
    warnings: [
      "profile reference prices the documented comparison model, not what the components build: leave profile out to plan for real",
    ],
    clarify: [],
  };
}

function draft(context: Context, mode: Mode, provider: Provider, region: string, result: ReferenceResult): Draft {
  const bill = new Bill(context, provider, region);
  for (const l of result.lines) {
    const source = priceOf(context.catalog, l.from.provider, l.from.item, provider === "aws" ? region : "*");
    bill.addPrice(l.item, l.kind, l.quantity, l.unit, { ...source, value: l.price, unit: l.unit });
  }
  return {
    id: `${mode}/${provider}/${region}`,
    mode,
    provider,
    region,
    zones: [],
    rejections: [],
    lines: bill.lines,
    nodes: result.machines.map((m) => ({
      type: m.type,
      count: m.count,
      zone: region,
      role: mode === "eks" || mode === "doks" ? "ships" : "host",
      arch: /^(.+g)\./.test(m.type) ? "arm64" : "x86_64",
      ships: m.ships,
      boundBy: "reference model",
    })),
    capacity: { ships: result.machines.reduce((n, m) => n + m.count * m.ships, 0), boundBy: "reference model" },
    minutesToDeploy: null,
    recovery: { rpoHours: null, rtoHours: null, note: "not part of the reference model" },
    notes: [],
  };
}
