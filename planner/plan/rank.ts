// From priced drafts to ranked candidates. Scores never look at the budget, so more budget never makes a choice worse.
import type { Mode, Requirements } from "../requirements/schema";
import { type Context, type Draft, money, round, sumLines } from "./draft";
import { KUBERNETES, rejectionsOf } from "./filter";
import type { Candidate } from "./schema";
import { securityOf } from "./security";

/** What the usual rule of thumb says for a fleet of this size (facts: mission, "choosing a way to host"). */
export function usualChoice(r: Requirements): { modes: ReadonlySet<Mode>; rule: string } | null {
  const N = r.ships.count;
  if (r.priorities === "fastest")
    return { modes: new Set<Mode>(["vps", "multi-vps"]), rule: "the fastest way is a VPS" };
  if (r.priorities === "most-secure")
    return {
      modes: new Set<Mode>(N < 20 ? ["vps", "multi-vps", "bare-metal", "eks"] : ["eks"]),
      rule: "most secure is an own host or an encrypted fleet",
    };
  if (N === 1) return { modes: new Set<Mode>(["vps", "bare-metal"]), rule: "one planet takes a single host" };
  if (N >= 5 && N <= 20) return { modes: new Set<Mode>(["groundseg"]), rule: "5 to 20 ships take GroundSeg" };
  if (N >= 100) return { modes: KUBERNETES, rule: "100 ships and more take a Kubernetes fleet" };
  return null;
}

/** Weights of a balanced choice: Roadstead's own, see docs/choosing.md. */
const BALANCED = { cost: 0.4, usual: 0.3, security: 0.15, speed: 0.15 };

export function rankCandidates(context: Context, drafts: Draft[]): Candidate[] {
  const { requirements: r, currency } = context;
  const usual = usualChoice(r);
  const priced = drafts.map((draft) => {
    const monthly = sumLines(draft.lines, currency);
    const rejections = rejectionsOf(context, draft, monthly);
    return { draft, monthly, rejections, security: securityOf(r, draft) };
  });
  const cheapest = Math.min(
    ...priced.flatMap((p) => (p.monthly.mid !== null && !p.monthly.incomplete ? [p.monthly.mid] : [])),
  );
  const fastest = Math.min(...priced.flatMap((p) => p.draft.minutesToDeploy ?? []));

  const scored = priced.map((p): Candidate => {
    const share = (best: number, own: number | null) =>
      own === null || !Number.isFinite(best) ? 0 : own <= 0 ? 100 : Math.min(100, (100 * best) / own);
    const parts = {
      cost: p.monthly.incomplete ? 0 : share(cheapest, p.monthly.mid),
      speed: share(fastest, p.draft.minutesToDeploy),
      security: p.security.score,
      usual: usual === null ? 50 : usual.modes.has(p.draft.mode) ? 100 : 0,
    };
    const { draft } = p;
    return {
      id: draft.id,
      mode: draft.mode,
      provider: draft.provider,
      region: draft.region,
      zones: draft.zones,
      feasible: p.rejections.length === 0,
      score: round(scoreOf(r, parts), 2),
      rank: 0,
      why: explain(context, p, usual),
      rejections: p.rejections,
      monthly: p.monthly,
      lines: draft.lines,
      nodes: draft.nodes,
      capacity: draft.capacity,
      minutesToDeploy: draft.minutesToDeploy,
      recovery: draft.recovery,
      security: p.security,
      stale: context.catalog.stale[draft.provider] !== undefined,
    };
  });
  scored.sort(better(r));
  return scored.map((c, i) => ({ ...c, rank: i + 1 }));
}

type Parts = { cost: number; speed: number; security: number; usual: number };

function scoreOf(r: Requirements, parts: Parts): number {
  switch (r.priorities) {
    case "lowest-cost":
      return parts.cost;
    case "fastest":
      return parts.speed;
    case "most-secure":
      return parts.security;
    case "balanced":
      return Object.entries(BALANCED).reduce((sum, [part, weight]) => sum + weight * parts[part as keyof Parts], 0);
  }
}

/** Feasible ones first, then the wished platform, then the score; ties by cost, then by name. */
function better(r: Requirements): (a: Candidate, b: Candidate) => number {
  const wished = (c: Candidate) => r.platform === "auto" || c.mode === r.platform;
  const cost = (c: Candidate) => (c.monthly.incomplete ? Infinity : (c.monthly.mid ?? Infinity));
  return (a, b) =>
    Number(b.feasible) - Number(a.feasible) ||
    Number(wished(b)) - Number(wished(a)) ||
    (a.feasible ? 0 : a.rejections.length - b.rejections.length) ||
    b.score - a.score ||
    (cost(a) === cost(b) ? 0 : cost(a) - cost(b)) ||
    (a.id < b.id ? -1 : 1);
}

/** The first feasible candidate of the wished platform. */
export function choose(r: Requirements, candidates: Candidate[]): Candidate | null {
  return candidates.find((c) => c.feasible && (r.platform === "auto" || c.mode === r.platform)) ?? null;
}

/** The planner's best explanation of a size: which of its limits came first. */
const boundBy = (term: string): string =>
  /one (ship|VPS)/.test(term) ? `: ${term}` : `; ${term} decides how many ships one holds`;

interface Priced {
  draft: Draft;
  monthly: Candidate["monthly"];
  security: Candidate["security"];
}

function explain(
  context: Context,
  { draft, monthly, security }: Priced,
  usual: ReturnType<typeof usualChoice>,
): string[] {
  const { requirements: r, currency } = context;
  const why: string[] = [];
  const machines = draft.nodes.filter((n) => n.role !== "system");
  if (monthly.mid !== null) {
    const perShip = money(monthly.mid / r.ships.count, currency);
    why.push(
      `${money(monthly.mid, currency)} a month${monthly.incomplete ? " for the part with known prices" : `, ${perShip} a ship`}`,
    );
  } else why.push("no price is known");
  if (machines.length > 0) {
    const counts = new Map<string, number>();
    for (const m of machines) counts.set(m.type, (counts.get(m.type) ?? 0) + m.count);
    why.push(
      `${[...counts].map(([type, n]) => `${n} × ${type.replace(/^own:/, "")}`).join(", ")}${boundBy(draft.capacity.boundBy)}`,
    );
  }
  if (r.platform !== "auto" && draft.mode !== r.platform) why.push(`you asked for ${r.platform}`);
  if (usual !== null) why.push(usual.modes.has(draft.mode) ? usual.rule : `against the usual rule: ${usual.rule}`);
  if (draft.mode === "managed" && r.ships.count <= 3 && r.purpose !== "production")
    why.push(
      "for a first ship a hosting service may be the honest answer: nothing to run, but the service holds your keys' use and your data",
    );
  if (r.priorities === "fastest" && security.absent.length > 0)
    why.push(`left out for speed: ${security.absent.join(", ")}`);
  if (r.priorities === "most-secure") why.push(`present: ${security.present.join(", ") || "nothing"}`);
  return [...why, ...draft.notes];
}
