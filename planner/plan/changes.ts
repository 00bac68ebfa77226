// When nothing fits: which single change would, in the order of least harm. Each is tried for real.
import type { Requirements } from "../requirements/schema";
import { type Context, money } from "./draft";
import { KUBERNETES } from "./filter";
import type { Candidate, Change } from "./schema";

export type SetValues = Record<string, unknown>;
/** Plans again; with `only`, for one mode and provider alone. */
export type Evaluate = (
  requirements: Requirements,
  only?: Pick<Candidate, "mode" | "provider">,
) => { candidates: Candidate[]; chosen: Candidate | null };

/** The least memory vere is documented to run with, GiB, given swap (docs.urbit.org cloud-hosting). */
const LEAST_MEMORY_GIB = 2;
const MOST_CHANGES = 6;

interface Idea {
  text: string;
  set: SetValues;
}

export function changesThatFit(context: Context, before: Candidate[], evaluate: Evaluate): Change[] {
  const r = context.requirements;
  const found: Change[] = [];
  const tryOut = (idea: Idea | null): boolean => {
    if (idea === null || found.length >= MOST_CHANGES) return false;
    const { chosen } = evaluate(withSet(r, idea.set));
    if (chosen?.monthly.mid == null) return false;
    const same = before.find((c) => c.id === chosen.id)?.monthly.mid;
    const saves = same == null ? null : Math.round((same - chosen.monthly.mid) * 100) / 100;
    found.push({
      text: `${idea.text}: ${chosen.id} at ${money(chosen.monthly.mid, context.currency)} a month`,
      set: idea.set,
      candidate: chosen.id,
      monthly: chosen.monthly.mid,
      saves,
    });
    return true;
  };

  const singles = singleIdeas(r, before);
  for (const idea of singles) tryOut(idea);
  const memory = singles.find((i) => "ships.memoryGiB" in i.set) ?? null;
  tryOut(fewerShips(r, {}, evaluate));
  if (memory !== null) tryOut(joined(memory, fewerShips(r, memory.set, evaluate)));
  tryOut(largerBudget(r, {}, evaluate));
  if (memory !== null) tryOut(joined(memory, largerBudget(r, memory.set, evaluate)));
  // Two wishes may stand in each other's way: then the nearest change is a pair.
  if (found.length === 0)
    for (const [i, a] of singles.entries())
      for (const b of singles.slice(i + 1)) if (found.length < 3) tryOut(joined(a, b));
  return found;
}

const joined = (a: Idea, b: Idea | null): Idea | null =>
  b === null ? null : { text: `${a.text}, and ${b.text}`, set: { ...a.set, ...b.set } };

/** One change at a time, least harm first. */
function singleIdeas(r: Requirements, before: Candidate[]): Idea[] {
  const ideas: Idea[] = [];
  const add = (text: string, set: SetValues, when: boolean) => {
    if (when) ideas.push({ text, set });
  };
  const codes = new Set(before.flatMap((c) => c.rejections.map((x) => x.code)));
  const kubernetes = r.platform === "auto" || KUBERNETES.has(r.platform);
  const clusterSavings = codes.has("budget") && kubernetes;

  add("let the planner choose the platform", { platform: "auto" }, r.platform !== "auto");
  add("share one NAT gateway", { "cluster.nat": "single" }, clusterSavings && r.cluster.nat !== "single");
  add("keep no spare nodes", { "cluster.headroomPercent": 0 }, clusterSavings && r.cluster.headroomPercent > 0);
  add(
    "request 2 GiB a ship, with swap and a measured need",
    { "ships.memoryGiB": LEAST_MEMORY_GIB },
    codes.has("budget") && r.ships.memoryGiB > LEAST_MEMORY_GIB,
  );
  add("use two zones", { "cluster.zones": 2 }, clusterSavings && r.cluster.zones > 2);
  add("have somebody who runs Kubernetes", { experience: "intermediate" }, codes.has("experience"));
  add(
    "keep the data in the EU",
    { "regions.residency": "eu", ...(r.regions.allowed === undefined ? {} : { "regions.allowed": null }) },
    r.compliance.includes("gdpr") && codes.has("compliance") && r.regions.residency !== "eu",
  );
  for (const { region, provider } of otherRegions(r, before))
    add(`allow ${region} of ${provider}`, { "regions.allowed": [...(r.regions.allowed ?? []), region] }, true);
  add("reach ships through their sponsor", { "ships.amesInbound": "relayed" }, r.ships.amesInbound !== "relayed");
  add("do without the second region", { "regions.dr": null }, r.regions.dr !== undefined);
  for (const field of ["rpoHours", "rtoHours"] as const) {
    const offers = before.flatMap((c) => c.recovery[field] ?? []).filter((h) => h > (r.recovery[field] ?? Infinity));
    if (offers.length > 0)
      add(
        `accept ${Math.min(...offers)} hours of ${field === "rpoHours" ? "data loss" : "recovery"}`,
        { [`recovery.${field}`]: Math.min(...offers) },
        true,
      );
    add(
      `leave recovery.${field} out`,
      { [`recovery.${field}`]: null },
      codes.has("recovery") && r.recovery[field] !== undefined,
    );
  }
  for (const sla of [99.9, 99] as const) add(`accept ${sla} % availability`, { sla }, r.sla > sla);
  if (r.ships.types.comet > 0 && r.ships.named.length === 0 && r.ships.count > r.ships.types.comet)
    add(
      "leave the comets out",
      { "ships.types.comet": 0, "ships.count": r.ships.count - r.ships.types.comet },
      codes.has("ship-type"),
    );
  // A law is not a wish to give up: HIPAA and GDPR are never offered for sale.
  for (const framework of r.compliance.filter((c) => c !== "hipaa" && c !== "gdpr"))
    add(
      `do without ${framework} evidence`,
      { compliance: r.compliance.filter((c) => c !== framework) },
      codes.has("compliance"),
    );
  return ideas;
}

/** Regions candidates were refused for, one a provider. */
function otherRegions(r: Requirements, before: Candidate[]): { region: string; provider: string }[] {
  if (r.regions.allowed === undefined) return [];
  const refused = before.filter((c) => c.rejections.some((x) => x.code === "region"));
  return [...new Map(refused.map((c) => [c.provider, { region: c.region, provider: c.provider }])).values()];
}

/** The most ships that fit; named ships are never dropped by a suggestion. */
function fewerShips(r: Requirements, with_: SetValues, evaluate: Evaluate): Idea | null {
  const least = Math.max(1, r.ships.count - r.ships.types.planet, r.ships.named.length);
  const idea = (n: number): Idea => ({
    text: `host ${n} of the ${r.ships.count} ships`,
    set: {
      "ships.count": n,
      ...(r.given.includes("ships.types") ? { "ships.types.planet": r.ships.types.planet - (r.ships.count - n) } : {}),
    },
  });
  const fits = (n: number) => evaluate(withSet(r, { ...with_, ...idea(n).set })).chosen !== null;
  let low = least - 1;
  let high = r.ships.count;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low < least ? null : idea(low);
}

function largerBudget(r: Requirements, with_: SetValues, evaluate: Evaluate): Idea | null {
  if (r.budget === undefined) return null;
  const { chosen } = evaluate(withSet(r, { ...with_, "budget.monthly": Number.MAX_SAFE_INTEGER }));
  // Dearer ones may rank first once the budget is out of the way: the cheapest is what is asked for.
  const affordable =
    chosen === null
      ? null
      : evaluate({ ...withSet(r, { ...with_, "budget.monthly": Number.MAX_SAFE_INTEGER }), priorities: "lowest-cost" })
          .chosen;
  if (affordable?.monthly.mid == null) return null;
  const monthly = Math.ceil(affordable.monthly.mid);
  return { text: `raise the budget to ${money(monthly, r.budget.currency)}`, set: { "budget.monthly": monthly } };
}

/** Requirements with values set by path, as `--set` would on the file. Null takes a wish back. */
export function withSet(r: Requirements, set: SetValues): Requirements {
  const next = structuredClone(r) as Requirements;
  for (const [path, value] of Object.entries(set)) {
    const keys = path.split(".");
    const last = keys.pop()!;
    const target = keys.reduce<Record<string, unknown>>(
      (o, k) => o[k] as Record<string, unknown>,
      next as unknown as Record<string, unknown>,
    );
    if (value === null) delete target[last];
    else target[last] = value;
    if (!next.given.includes(path)) next.given.push(path);
  }
  if ("ships.count" in set)
    next.ships.types.planet =
      r.ships.types.planet -
      (r.ships.count - (set["ships.count"] as number)) +
      ("ships.types.comet" in set ? r.ships.types.comet : 0);
  // Named ships that gave no memory of their own follow the fleet's.
  if ("ships.memoryGiB" in set)
    next.ships.named.forEach((ship, i) => {
      if (!r.given.includes(`ships.named[${i}].memoryGiB`) && !r.given.includes(`ships[${i}].memoryGiB`))
        ship.memoryGiB = set["ships.memoryGiB"] as number;
    });
  return next;
}
