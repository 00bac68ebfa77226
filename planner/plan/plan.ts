// requirements → plan. A pure function: the same input gives the same plan, on any day.
import { shipsBehindBalancers } from "../architecture/ames";
import { requirementsDigest } from "../architecture/digest";
import { backupWarnings } from "../backups";
import { type Catalog, defaultCatalog } from "../catalog/catalog";
import type { Rates } from "../requirements/load";
import { type Mode, MODES, type Requirements } from "../requirements/schema";
import { draftCandidates } from "./candidates";
import { changesThatFit, type Evaluate } from "./changes";
import type { Context } from "./draft";
import { money } from "./draft";
import { LIMITS } from "../catalog/limits";
import { KUBERNETES } from "./filter";
import { largestCustomer } from "./quotas";
import { growthOf, openQuestions, quotaRequests, sensitivityOf } from "./outlook";
import { choose, rankCandidates, usualChoice } from "./rank";
import { referencePlan } from "./reference-plan";
import type { Candidate, Plan } from "./schema";
import { volumeKeyQuestion, volumeKeyWarnings } from "../volume-key";

export interface PlanOptions {
  catalog?: Catalog;
  /** US dollars one unit of a currency costs, such as { EUR: 1.08 }. */
  rates?: Rates;
  /** Takes this candidate instead of the planner's, when it is feasible; what follows from the choice follows from it. */
  candidate?: string;
}

export function plan(requirements: Requirements, options: PlanOptions = {}): Plan {
  const catalog = options.catalog ?? defaultCatalog();
  const memo = new Map<string, unknown>();
  const contextOf = (r: Requirements): Context => ({
    requirements: r,
    catalog,
    rates: options.rates ?? {},
    currency: r.budget?.currency ?? "USD",
    pricedOn: catalog.storedOn,
    memo,
  });
  const context = contextOf(requirements);
  if (requirements.profile === "reference") return referencePlan(context);
  const evaluate: Evaluate = (r, only) => {
    const candidates = rankCandidates(contextOf(r), draftCandidates(contextOf(r), only));
    return { candidates, chosen: choose(r, candidates) };
  };

  const { candidates, chosen: best } = evaluate(requirements);
  const chosen = candidates.find((c) => c.id === options.candidate && c.feasible) ?? best;
  const subject = chosen ?? nearestMiss(candidates);
  return {
    schema: "roadstead/plan/1",
    requirementsDigest: requirementsDigest(requirements),
    pricedOn: context.pricedOn,
    chosen: chosen?.id ?? null,
    candidates,
    cheapestChangeThatFits: chosen === null ? changesThatFit(context, candidates, evaluate) : [],
    growth: subject === null ? [] : growthOf(requirements, subject, evaluate, catalog),
    sensitivity: subject === null ? [] : sensitivityOf(requirements, subject, evaluate),
    quotaRequests: chosen === null ? [] : quotaRequests(requirements, chosen, catalog),
    warnings: warningsOf(context, candidates, chosen),
    clarify: [...openQuestions(requirements), ...volumeKeyQuestion(requirements, chosen)],
  };
}

const yearBefore = (day: string): string => `${Number(day.slice(0, 4)) - 1}${day.slice(4)}`;

/** What growth and sensitivity are shown for when nothing was chosen: the cheapest that only the budget, or least else, rules out. */
function nearestMiss(candidates: Candidate[]): Candidate | null {
  const priced = candidates.filter((c) => !c.monthly.incomplete && !c.stale);
  const distance = (c: Candidate) => c.rejections.filter((x) => x.code !== "budget").length;
  return priced.sort((a, b) => distance(a) - distance(b) || a.monthly.mid! - b.monthly.mid!)[0] ?? null;
}

function warningsOf(context: Context, candidates: Candidate[], chosen: Candidate | null): string[] {
  const { requirements: r, catalog, currency } = context;
  const warnings: string[] = [];
  if (r.compliance.length > 0)
    warnings.push(
      "a passing check is evidence about configuration at one moment, not certification; most requirements of any framework are about people and process",
    );
  if (r.compliance.includes("pci"))
    warnings.push("pci: a ship holds no card data, so it is out of scope by design; keep it so");
  if (r.compliance.includes("gdpr"))
    warnings.push(
      "gdpr: region pins storage; Ames traffic is peer-to-peer and global, its residency cannot be promised",
    );
  if (r.ships.memoryGiB < 2)
    warnings.push("below 2 GiB a ship vere is outside what its documentation supports, even with swap");
  const moons = r.ships.named.filter((s) => s.parent !== null && !r.ships.named.some((p) => p.name === s.parent));
  if (moons.length > 0)
    warnings.push(
      `moons whose parent is not in this file (${moons
        .slice(0, 3)
        .map((m) => m.name)
        .join(", ")}) are reached only while the parent runs elsewhere`,
    );
  for (const [provider, why] of Object.entries(catalog.stale))
    warnings.push(`${provider} prices are out of date and never win: ${why}`);
  if (chosen?.mode === "eks" && shipsBehindBalancers(r) > 0)
    warnings.push(
      "Ames by load balancer: packets leave through NAT, and peers answer to where packets come from; only who is found by the load balancer's address, a galaxy in DNS, is reached through it, and this has not been run on AWS",
    );
  if (chosen !== null) {
    warnings.push(...volumeKeyWarnings(r, chosen), ...hostWarnings(r, chosen), ...backupWarnings(r));
    const usual = usualChoice(r);
    if (usual !== null && !usual.modes.has(chosen.mode as Mode) && r.platform === "auto")
      warnings.push(
        `the usual rule (${usual.rule}) does not hold here: ${whyNotUsual(candidates, chosen, usual.modes, r, currency)}`,
      );
    const crowded = largestCustomer(r);
    if (KUBERNETES.has(chosen.mode) && crowded > LIMITS.namespaceServicesAdvised.value)
      warnings.push(
        `one customer's ${crowded} ships make as many services in one namespace, more than the ${LIMITS.namespaceServicesAdvised.value} that EKS's guide advises: divide them among several customers`,
      );
    if (r.budget !== undefined && chosen.monthly.high !== null && chosen.monthly.high > r.budget.monthly)
      warnings.push(
        `at the high end of its band the chosen way costs ${money(chosen.monthly.high, currency)}, more than the budget; plan for 10 to 20 % more in the first month`,
      );
    const old = chosen.lines.filter((l) => l.date < yearBefore(context.pricedOn) && (l.monthly ?? 0) > 0);
    if (old.length > 0)
      warnings.push(
        `prices read more than a year before ${context.pricedOn}: ${old.map((l) => `${l.item} (${l.date})`).join(", ")}; --prices FILE takes newer ones`,
      );
    const unverified = chosen.lines.filter((l) => l.basis === "unverified" || l.basis === "secondary");
    if (unverified.length > 0)
      warnings.push(
        `prices from no first-hand source: ${unverified.map((l) => l.item).join(", ")}; confirm them before you promise the total`,
      );
    warnings.push("totals leave out tax and support");
  }
  return warnings;
}

/** What several ships on a host, and one host for them, mean. */
function hostWarnings(r: Requirements, chosen: Candidate): string[] {
  const hosts = chosen.nodes.filter((n) => n.role === "host");
  if (hosts.length === 0) return [];
  const alone = hosts.length === 1 && hosts[0]!.count === 1;
  const customers = new Set(r.ships.named.map((s) => s.customer)).size;
  const shared = hosts.some((n) => n.ships > 1) && (r.customers > 1 || customers > 1);
  return [
    `a lost host stops ${alone ? "every ship" : "each ship on it"} until it is replaced; \`roadstead preview\` says who stops with it, what stays and what to do (docs/runbooks/HostLost.md)`,
    ...(shared
      ? [
          chosen.mode === "groundseg"
            ? "customers share hosts here: their ships are apart by containers alone, and whoever has GroundSeg's page has all of them"
            : "customers share hosts here: their ships run as one system user; each sees its own pier alone, but one that is broken into can end another's process: customers of one machine trust each other that far",
        ]
      : []),
  ];
}

function whyNotUsual(
  candidates: Candidate[],
  chosen: Candidate,
  usual: ReadonlySet<Mode>,
  r: Requirements,
  currency: string,
): string {
  const best = candidates.find(
    (c) =>
      usual.has(c.mode as Mode) &&
      c.provider !== "hetzner" &&
      !["not-buildable", "existing"].includes(c.rejections[0]?.code ?? ""),
  );
  if (best === undefined) return `${chosen.id} is the best that fits`;
  if (best.feasible)
    return `${chosen.id} costs ${money(chosen.monthly.mid, currency)}, ${best.id} ${money(best.monthly.mid, currency)}, and ${r.priorities} decides`;
  const { code, limit, have, need } = best.rejections[0]!;
  return `${best.id} is out (${code}: ${limit}, ${have ?? "unknown"} against ${need ?? "unknown"})`;
}

/** Modes of a plan in the order of `platform`, for tests and tables. */
export const modesOf = (p: Plan): Mode[] => MODES.filter((m) => p.candidates.some((c) => c.mode === m));
