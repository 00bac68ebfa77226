// A plan as a person reads it on a terminal: the decision and why first, then everything it was weighed against.
import type { Candidate, Change, Plan, Rejection } from "../../planner";
import { money } from "../../planner";
import type { Paint } from "../io";
import { setArguments } from "../planning";
import { bullets, columns, wrap } from "./text";

export interface PlanView {
  paint: Paint;
  /** Line length to keep to. */
  width: number;
  /** The candidate to show as chosen, when the user took another than the planner's. */
  chosen?: string;
  /** Every way that lost with its figures and fix, even when something fits. Default false. */
  all?: boolean;
}

/** The decision in one sentence. */
export function headline(plan: Plan, chosenId: string | null = plan.chosen): string {
  const chosen = plan.candidates.find((c) => c.id === chosenId);
  if (chosen !== undefined)
    return `${chosen.id}: ${priceWithBand(chosen)} a month, because ${because(chosen) || "it is the best that fits"}.`;
  const nearest = plan.cheapestChangeThatFits[0];
  return nearest === undefined
    ? "Nothing fits, and no single change would make it fit."
    : `Nothing fits. The nearest change that does: ${nearest.text}.`;
}

export function renderPlan(plan: Plan, view: PlanView): string {
  const chosenId = view.chosen ?? plan.chosen;
  const chosen = plan.candidates.find((c) => c.id === chosenId);
  const { paint } = view;
  const width = Math.max(60, Math.min(view.width, 140));
  const title = (text: string) => ["", paint("bold", text)];
  const blocks: string[][] = [
    wrap(headline(plan, chosenId), width).map((l) => paint(chosen ? "green" : "yellow", l)),
    [
      ...title("Ways to host them, the best first"),
      ...ways(plan, chosenId, paint, width, view.all === true || !chosen),
    ],
  ];
  if (chosen) blocks.push([...title(`What ${chosen.id} costs a month`), ...costs(chosen, width)]);
  if (chosen) blocks.push([...title("What you get"), ...bullets(facts(chosen), width)]);
  if (plan.cheapestChangeThatFits.length > 0)
    blocks.push([...title("The cheapest changes that fit"), ...changes(plan.cheapestChangeThatFits, width)]);
  if (plan.sensitivity.length > 0)
    blocks.push([...title("What moves the price most"), ...sensitivity(plan, currencyOf(plan))]);
  const now = plan.growth[0];
  const grown = (g: Plan["growth"][number]) => g.ships !== now?.ships && (g.month === 6 || g.month === 12);
  const limits = plan.growth.filter((g) => g.limitsHit.length > 0 || grown(g));
  if (limits.length > 0)
    blocks.push([...title("As it grows"), ...limits.flatMap((g) => growth(g, currencyOf(plan), width))]);
  if (plan.quotaRequests.length > 0)
    blocks.push([
      ...title("Ask for these quotas before the first `up`"),
      ...bullets(plan.quotaRequests.map(quotaText), width),
    ]);
  if (plan.warnings.length > 0)
    blocks.push([...title("Warnings"), ...bullets(plan.warnings, width).map((l) => paint("yellow", l))]);
  if (plan.clarify.length > 0)
    blocks.push([
      ...title("Assumed, since the file does not say"),
      ...bullets(
        plan.clarify.map((q) => `${q.question} (${q.path}) Assumed: ${q.assumed}; ${q.why}.`),
        width,
      ),
    ]);
  return `${[...blocks.flat(), "", `Prices as of ${plan.pricedOn}; each line's source and date: --json or --html.`].join("\n")}\n`;
}

function because(c: Candidate): string {
  // The price opens every list of reasons, and stands in the sentence already.
  return c.why.filter((w) => !/ a month\b/.test(w)).join("; ");
}

function priceWithBand(c: Candidate): string {
  const { low, mid, high, currency, incomplete } = c.monthly;
  if (mid === null) return "price unknown";
  const edges =
    low !== null && high !== null && low !== high ? ` (${money(low, currency)} to ${money(high, currency)})` : "";
  return `${money(mid, currency)}${edges}${incomplete ? ", some prices unknown" : ""}`;
}

function ways(plan: Plan, chosenId: string | null, paint: Paint, width: number, everything: boolean): string[] {
  const fits = plan.candidates.filter((c) => c.feasible).sort((a, b) => a.rank - b.rank);
  const lost = plan.candidates.filter((c) => !c.feasible).sort((a, b) => a.rank - b.rank);
  const all = everything ? [...fits, ...lost] : fits;
  const rows = all.map((c) => {
    const { low, mid, high, currency, incomplete } = c.monthly;
    return [
      c.id === chosenId ? "*" : c.feasible ? "+" : "-",
      c.id,
      mid === null ? "unknown" : `${money(mid, currency)}${incomplete ? "+?" : ""}`,
      low === null || high === null ? "" : `${money(low, currency)} to ${money(high, currency)}`,
      c.capacity.ships === null ? "" : String(c.capacity.ships),
      c.feasible ? c.score.toFixed(0) : "",
      c.minutesToDeploy === null ? "" : String(c.minutesToDeploy),
    ];
  });
  const [head, ...lines] = columns(
    [
      { title: "" },
      { title: "way" },
      { title: "a month", right: true },
      { title: "low to high", right: true },
      { title: "room for", right: true },
      { title: "score", right: true },
      { title: "minutes", right: true },
    ],
    rows,
    0,
  );
  return [
    paint("dim", head!),
    ...all.flatMap((c, i) => {
      if (c.id === chosenId) return [paint("green", lines[i]!)];
      if (c.feasible) return [lines[i]!];
      return [lines[i]!, ...why(c, width).map((l) => paint("dim", l))];
    }),
    ...(everything ? [] : modesLost(lost, new Set(fits.map((c) => c.mode)), width).map((l) => paint("dim", l))),
    paint(
      "dim",
      everything
        ? "* chosen   + fits   - does not fit, with its first reason and what would change it"
        : "* chosen   + fits   - does not fit; --all shows every way that lost, and what would change it",
    ),
  ];
}

/** One line for each mode none of whose ways fits: what fits is what is read. */
function modesLost(lost: readonly Candidate[], fitting: ReadonlySet<string>, width: number): string[] {
  const first = new Map<string, Candidate>();
  for (const c of lost) if (!fitting.has(c.mode) && !first.has(c.mode)) first.set(c.mode, c);
  const longest = Math.max(0, ...[...first.keys()].map((m) => m.length));
  return [...first.values()].map((c) => {
    const [r] = c.rejections;
    const reason = r === undefined ? "" : `${r.code}: ${r.limit}: have ${figure(r.have)}, need ${figure(r.need)}`;
    const line = `-  ${c.mode.padEnd(longest)}  ${reason}`;
    return line.length > width ? `${line.slice(0, width - 1)}…` : line;
  });
}

/** The decisive reason with its figures and fix; how many more there are. */
function why(c: Candidate, width: number): string[] {
  const [first, ...rest] = c.rejections;
  if (first === undefined) return [];
  const more = rest.length === 0 ? "" : ` Also: ${[...new Set(rest.map((r) => r.code))].join(", ")}.`;
  return wrap(`${rejectionText(first)}${more}`, width, "     ");
}

export function rejectionText(r: Rejection): string {
  return `${r.code}: ${r.limit}: have ${figure(r.have)}, need ${figure(r.need)}. ${r.fix[0]!.toUpperCase()}${r.fix.slice(1)}.`;
}

const figure = (v: string | number | null): string =>
  v === null ? "none" : typeof v === "number" ? v.toLocaleString("en-US", { maximumFractionDigits: 2 }) : v;

function costs(c: Candidate, width: number): string[] {
  const { currency } = c.monthly;
  const sorted = [...c.lines].sort((a, b) => (b.monthly ?? Infinity) - (a.monthly ?? Infinity));
  const rows = sorted.map((l) => [
    l.item,
    `${l.quantity.toLocaleString("en-US", { maximumFractionDigits: 1 })} ${l.unit}`,
    l.monthly === null ? "unknown" : money(l.monthly, currency),
    l.low === null || l.high === null || l.low === l.high
      ? ""
      : `${money(l.low, currency)} to ${money(l.high, currency)}`,
    `${l.basis} ${l.date}`,
  ]);
  rows.push([
    "total",
    "",
    money(c.monthly.mid, currency),
    c.monthly.low === null ? "" : `${money(c.monthly.low, currency)} to ${money(c.monthly.high, currency)}`,
    c.monthly.incomplete ? "incomplete" : "",
  ]);
  const widest = sorted
    .filter((l) => l.driver !== null && l.low !== null && l.high !== null)
    .sort((a, b) => b.high! - b.low! - (a.high! - a.low!))[0];
  return [
    ...columns(
      [
        { title: "item" },
        { title: "quantity", right: true },
        { title: "a month", right: true },
        { title: "low to high", right: true },
        { title: "price" },
      ],
      rows,
    ),
    ...(widest ? wrap(`The band is moved most by ${widest.item}: ${widest.driver}.`, width, "  ") : []),
  ];
}

function facts(c: Candidate): string[] {
  const nodes = new Map<string, number>();
  for (const n of c.nodes) nodes.set(`${n.type} (${n.role})`, (nodes.get(`${n.type} (${n.role})`) ?? 0) + n.count);
  const { rpoHours, rtoHours, note } = c.recovery;
  const promise =
    rpoHours === null && rtoHours === null
      ? "no promise"
      : `loses at most ${rpoHours ?? "?"} h, back within ${rtoHours ?? "?"} h`;
  return [
    ...(nodes.size > 0 ? [`machines: ${[...nodes].map(([t, n]) => `${n} × ${t}`).join(", ")}`] : []),
    ...(c.capacity.ships === null
      ? []
      : [`room for ${c.capacity.ships} ${c.capacity.ships === 1 ? "ship" : "ships"}, bound by ${c.capacity.boundBy}`]),
    ...(c.minutesToDeploy === null ? [] : [`about ${c.minutesToDeploy} minutes to deploy`]),
    `recovery: ${promise}; ${note}`,
    `security ${c.security.score}/100${c.security.absent.length > 0 ? `; left out: ${c.security.absent.join(", ")}` : ""}`,
  ];
}

function changes(list: readonly Change[], width: number): string[] {
  return list.flatMap((c, i) => {
    return [...wrap(c.text, width, `  ${i + 1}. `), `     ${setArguments(c.set)}`];
  });
}

function sensitivity(plan: Plan, currency: string): string[] {
  const shown = (v: number | null) => (v === null ? "unknown" : money(v, currency));
  return columns(
    [{ title: "input" }, { title: "from", right: true }, { title: "to", right: true }],
    plan.sensitivity.map((s) => [s.input, shown(s.low), shown(s.high)]),
  );
}

function growth(g: Plan["growth"][number], currency: string, width: number): string[] {
  const when = g.month === 0 ? "now" : `month ${g.month}`;
  const limits = g.limitsHit.length > 0 ? `: ${g.limitsHit.join("; ")}` : "";
  return wrap(
    `${when}: ${g.ships} ${g.ships === 1 ? "ship" : "ships"}, ${money(g.monthly, currency)}${limits}`,
    width,
    "  - ",
  );
}

export function quotaText(q: Plan["quotaRequests"][number]): string {
  return `${q.provider}: ${q.quota}: have ${q.have ?? "unknown"}, need ${q.need}. ${q.ask}`;
}

function currencyOf(plan: Plan): string {
  return plan.candidates[0]?.monthly.currency ?? "USD";
}
