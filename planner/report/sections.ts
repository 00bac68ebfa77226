// The page's sections, each from the plan alone: what was decided, how it looks, what it was compared with, what it costs.
import { money } from "../plan/draft";
import type { Candidate, Change, Plan, Rejection } from "../plan/schema";
import type { Requirements } from "../requirements/schema";
import { budgetBar, costChart, growthChart, KINDS, tornado } from "./charts";
import { diagram } from "./diagram";
import type { Picture } from "./picture";
import { responsive } from "./svg";
import { candidateName, esc, modeName, placeOf, plural, providerName, ratio, sentence, worded } from "./text";

export interface Report {
  requirements: Requirements;
  plan: Plan;
  /** What the figures are about: the chosen candidate, or the nearest one. */
  subject: Candidate | null;
  chosen: Candidate | null;
  currency: string;
  budget: number | null;
}

const section = (id: string, title: string, body: string): string =>
  body
    ? `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${esc(title)}</h2>${body}</section>`
    : "";
const p = (text: string, className = "") => `<p${className ? ` class="${className}"` : ""}>${esc(text)}</p>`;
const list = (items: string[], className = "") =>
  items.length > 0
    ? `<ul class="plain ${className}">${items.map((i) => `<li>${esc(worded(i))}</li>`).join("")}</ul>`
    : "";
const perShip = (r: Report, c: Candidate) =>
  c.monthly.mid === null || r.requirements.ships.count === 0 ? null : c.monthly.mid / r.requirements.ships.count;
const minutes = (m: number | null) =>
  m === null
    ? "unknown"
    : m < 120
      ? `${Math.round(m)} min`
      : `${(m / 60).toLocaleString("en-US", { maximumFractionDigits: 1 })} h`;
const hours = (h: number | null) => (h === null ? "none promised" : `${h.toLocaleString("en-US")} h`);

/** The verdict first: what to do and what it costs, or that nothing fits. */
export function headline(r: Report): string {
  const ships = plural(r.requirements.ships.count, "ship");
  const { chosen, subject, budget } = r;
  if (!chosen) {
    const over =
      subject && subject.monthly.mid !== null
        ? ` The nearest is ${candidateName(subject)} at ${money(subject.monthly.mid, r.currency)} a month${
            budget !== null && subject.monthly.mid > budget
              ? `, ${money(subject.monthly.mid - budget, r.currency)} over the budget of ${money(budget, r.currency)}`
              : ""
          }.`
        : "";
    return (
      `<section id="decision"><span class="verdict no">Nothing was chosen</span><h1>Nothing fits these wishes together</h1>` +
      p(
        `None of ${plural(r.plan.candidates.length, "way", "ways")} to host ${ships} meets everything that was asked.${over}`,
        "lead",
      ) +
      (subject && budget !== null ? budgetFigure(r, subject) : "") +
      `</section>`
    );
  }
  const { low, mid, high, incomplete } = chosen.monthly;
  const band =
    low !== null && high !== null
      ? ` a month, likely ${money(low, r.currency)} to ${money(high, r.currency)}`
      : " a month";
  return (
    `<section id="decision"><span class="verdict">Recommended</span><h1>${esc(modeName(chosen.mode))} for ${esc(ships)}</h1>` +
    p(placeOf(chosen), "lead") +
    `<div class="price"><b>${esc(money(mid, r.currency))}</b><span>${esc(band)}${incomplete ? ", some prices unknown" : ""}</span></div>` +
    (budget !== null ? budgetFigure(r, chosen) : "") +
    facts(r, chosen) +
    `<h2 class="minor">Why this one</h2>${list(chosen.why)}</section>`
  );
}

function budgetFigure(r: Report, c: Candidate): string {
  const { low, mid, high } = c.monthly;
  if (low === null || mid === null || high === null || r.budget === null) return "";
  const bounds = { low, mid, high };
  return `<figure>${responsive((w) => budgetBar(bounds, r.budget!, r.currency, w))}</figure>`;
}

function facts(r: Report, c: Candidate): string {
  const each = perShip(r, c);
  const cells: [string, string, string?][] = [
    ["Each ship", money(each, r.currency), "a month"],
    [
      "Room for",
      c.capacity.ships === null ? "unknown" : plural(c.capacity.ships, "ship"),
      `${c.capacity.boundBy} decides`,
    ],
    ["Ready in", minutes(c.minutesToDeploy), "from the first command"],
    ["Data lost at most", hours(c.recovery.rpoHours), "configured, not yet measured"],
    ["Back after", hours(c.recovery.rtoHours), "configured, not yet measured"],
  ];
  if (r.budget !== null && c.monthly.mid !== null)
    cells.splice(1, 0, ["Of the budget", ratio(c.monthly.mid / r.budget), `of ${money(r.budget, r.currency)}`]);
  return `<dl class="facts">${cells
    .map(([k, v, s]) => `<div><dt>${esc(k)}</dt><dd>${esc(v)}${s ? `<small>${esc(s)}</small>` : ""}</dd></div>`)
    .join("")}</dl>`;
}

/** What would fit, as commands. */
export function changes(r: Report): string {
  const wishes = r.plan.cheapestChangeThatFits;
  if (r.chosen || wishes.length === 0) return "";
  // The planner names the way by its id; a reader wants its name.
  const readable = (c: Change) => {
    const way = r.plan.candidates.find((x) => x.id === c.candidate);
    return sentence(way ? c.text.replace(c.candidate, candidateName(way)) : c.text);
  };
  const item = (c: Change, i: number) =>
    `<li><b>${esc(readable(c))}</b><br><span class="note">Plan again with</span> <code>${esc(setFlags(c))}</code>` +
    `${i === 0 ? ` <span class="note">or preview it with</span> <code>--change 1</code>` : ""}</li>`;
  return section(
    "changes",
    "What would fit",
    `${p("Each of these changes alone is enough. The first costs least to accept.")}<ol class="steps">${wishes.map(item).join("")}</ol>`,
  );
}

const setFlags = (c: Change) =>
  Object.entries(c.set)
    .map(([k, v]) => `--set ${k}=${typeof v === "object" ? JSON.stringify(v) : String(v)}`)
    .join(" ");

export function architecture(r: Report, picture: Picture | null): string {
  if (!picture) return "";
  const note = r.chosen ? "" : p("Drawn for the nearest way, which was not chosen.", "note");
  return section(
    "architecture",
    "How it is built",
    `${note}<figure>${responsive((w) => diagram(picture, w))}</figure>` +
      p("A dot is room for one ship. A ship runs once, in one zone, on one volume.", "note"),
  );
}

/** Every way there is, in order of rank, with what speaks for it and what rules it out. */
export function candidates(r: Report): string {
  const rows = [...r.plan.candidates].sort((a, b) => a.rank - b.rank);
  const fits = rows.filter((c) => c.feasible).length;
  const intro = `${plural(rows.length, "way was", "ways were")} compared; ${fits === 0 ? "none fits" : `${fits} ${fits === 1 ? "fits" : "fit"}`}. Ranked for ${r.requirements.priorities.replace("-", " ")}.`;
  const body = rows.map((c) => {
    const { low, mid, high, incomplete } = c.monthly;
    const each = perShip(r, c);
    const band =
      low !== null && high !== null && low !== high
        ? `<small>${esc(money(low, r.currency))} to ${esc(money(high, r.currency))}</small>`
        : "";
    const known = mid === null ? "unknown" : `${incomplete ? "over " : ""}${money(mid, r.currency)}`;
    return (
      `<tr${c.id === r.plan.chosen ? ' class="chosen"' : ""}><th scope="row" class="full"><span class="rank">${c.rank}.</span> ${esc(modeName(c.mode))}<small>${esc(placeOf(c))}</small></th>` +
      `<td class="n" data-label="A month">${esc(known)}${band}</td>` +
      `<td class="n" data-label="A ship">${incomplete || each === null ? "unknown" : esc(money(each, r.currency))}</td>` +
      `<td class="n" data-label="Ready in">${esc(minutes(c.minutesToDeploy))}</td>` +
      `<td class="full">${verdict(r, c)}</td></tr>`
    );
  });
  return section(
    "candidates",
    r.chosen ? "What it was compared with" : "Why every way lost",
    `${p(intro)}<table class="cards"><thead><tr><th>Way to host</th><th class="n">A month</th><th class="n">A ship</th><th class="n">Ready in</th><th>Verdict</th></tr></thead><tbody>${body.join("")}</tbody></table>`,
  );
}

function verdict(r: Report, c: Candidate): string {
  const tags = [
    c.id === r.plan.chosen
      ? '<span class="badge good">chosen</span>'
      : c.feasible
        ? '<span class="badge good">fits</span>'
        : [...new Set(c.rejections.map((x) => x.code))]
            .map((code) => `<span class="badge bad">${esc(code.replace("-", " "))}</span>`)
            .join(" "),
    c.stale ? '<span class="badge warn">prices out of date</span>' : "",
  ].filter(Boolean);
  if (c.feasible)
    return `${tags.join(" ")}<ul class="reasons">${c.why
      .slice(0, 3)
      .map((w) => `<li>${esc(worded(w))}</li>`)
      .join("")}</ul>`;
  const [first, ...rest] = c.rejections;
  const more =
    rest.length > 0
      ? `<details><summary>${plural(rest.length, "more reason")}</summary><ul class="reasons">${rest.map(rejection).join("")}</ul></details>`
      : "";
  return `${tags.join(" ")}<ul class="reasons">${first ? rejection(first) : ""}</ul>${more}`;
}

function rejection(x: Rejection): string {
  const value = (v: Rejection["have"]) =>
    v === null
      ? "none"
      : typeof v === "number"
        ? v.toLocaleString("en-US", { maximumFractionDigits: v >= 100 ? 0 : 2 })
        : v;
  const words = `${x.limit}: ${value(x.have)}; needed: ${value(x.need)}`;
  return `<li>${esc(sentence(words))} <span class="fix">${esc(sentence(x.fix))}</span></li>`;
}

export function costs(r: Report): string {
  const c = r.subject;
  if (!c || c.lines.length === 0) return "";
  const known = c.lines.filter((l) => l.monthly !== null && l.monthly > 0);
  const kinds = KINDS.filter(({ kind }) => known.some((l) => l.kind === kind));
  const legend =
    `<ul class="legend">${kinds.map((k) => `<li><i class="k-${k.kind}"></i>${esc(k.name)}</li>`).join("")}` +
    `<li><i class="band"></i>likely range</li></ul>`;
  const rows = [...c.lines]
    .sort((a, b) => (b.monthly ?? -1) - (a.monthly ?? -1))
    .map((l) => {
      const price =
        l.price === null
          ? "price unknown"
          : `${l.quantity.toLocaleString("en-US", { maximumFractionDigits: 1 })} ${l.unit} × ${unitPrice(l.price, r.currency)}`;
      const range =
        l.low !== null && l.high !== null && l.low !== l.high
          ? `<small>${esc(money(l.low, r.currency))} to ${esc(money(l.high, r.currency))}</small>`
          : "";
      return (
        `<tr><th scope="row" class="full">${esc(l.item)}<small>${esc(price)}</small></th>` +
        `<td class="n" data-label="A month">${esc(l.monthly === null ? "unknown" : money(l.monthly, r.currency))}${range}</td>` +
        `<td data-label="What moves it">${esc(l.driver ?? "")}</td>` +
        `<td class="full" data-label="Price from">${esc(l.source)}<small>${esc(l.date)}, ${esc(l.basis)}</small></td></tr>`
      );
    });
  const unknown = c.lines.filter((l) => l.priceNotFound).length;
  return section(
    "costs",
    c.monthly.mid === null ? "What it costs" : `Where ${money(c.monthly.mid, r.currency)} a month goes`,
    (r.chosen ? "" : p(`For the nearest way, ${candidateName(c)}.`, "note")) +
      (unknown > 0
        ? p(`${plural(unknown, "price")} could not be found: the total is incomplete, never taken as nothing.`)
        : "") +
      (known.length > 0 ? `<figure>${responsive((w) => costChart(c.lines, r.currency, w))}</figure>${legend}` : "") +
      `<details><summary>Every line, with the source and date of its price</summary><table class="cards"><thead><tr><th>Line</th><th class="n">A month</th><th>What moves it</th><th>Price from</th></tr></thead><tbody>${rows.join("")}</tbody></table></details>`,
  );
}

/** Unit prices are often fractions of a cent. */
const unitPrice = (v: number, currency: string) =>
  v >= 100 || Number.isInteger(v)
    ? money(v, currency)
    : money(1, currency).replace("1", String(Number(v.toPrecision(4))));

export function growth(r: Report): string {
  const points = r.plan.growth.filter((g) => g.monthly !== null);
  if (points.length < 2) return "";
  const hits = r.plan.growth.filter((g) => g.monthly !== null && g.limitsHit.length > 0);
  const grows = points.some((g) => g.ships !== points[0]!.ships);
  return section(
    "growth",
    "As the fleet grows",
    p(
      grows
        ? `From ${plural(points[0]!.ships, "ship")} now to ${points[points.length - 1]!.ships.toLocaleString("en-US")} in ${plural(points[points.length - 1]!.month, "month")}, planned anew for each month.`
        : "No growth was given, so the fleet stays as it is. Say how many ships you expect and this curve will mean more.",
    ) +
      `<figure>${responsive((w) => growthChart(r.plan, r.currency, r.budget, w))}</figure>` +
      (hits.length > 0
        ? `<h3>Limits met on the way</h3><ol class="steps limits">${hits
            .map(
              (g) =>
                `<li><b>${g.month === 0 ? "Now" : `Month ${g.month}`}, ${plural(g.ships, "ship")}</b><br>${g.limitsHit.map((l) => esc(sentence(l))).join(" ")}</li>`,
            )
            .join("")}</ol>`
        : ""),
  );
}

export function sensitivity(r: Report): string {
  const base = r.subject?.monthly.mid ?? null;
  if (base === null || !r.plan.sensitivity.some((s) => s.low !== null && s.high !== null)) return "";
  return section(
    "sensitivity",
    "What moves the cost most",
    p("The cost a month when one wish alone changes and everything is planned anew.") +
      `<figure>${responsive((w) => tornado(r.plan, base, r.currency, w))}</figure>` +
      `<ul class="legend"><li><i class="less"></i>cheaper</li><li><i class="more"></i>dearer</li></ul>`,
  );
}

export function todo(r: Report): string {
  const quotas = r.plan.quotaRequests.map(
    (q) =>
      `<tr><th scope="row" class="full">${esc(q.quota)}<small>${esc(q.provider in { aws: 1, digitalocean: 1, hetzner: 1, gcp: 1, azure: 1, own: 1 } ? providerName(q.provider as Candidate["provider"]) : q.provider)}</small></th>` +
      `<td class="n" data-label="Usual">${q.have === null ? "unknown" : esc(q.have.toLocaleString("en-US"))}</td><td class="n" data-label="Needed">${esc(q.need.toLocaleString("en-US"))}</td>` +
      `<td class="full">${esc(q.ask)}<small>${esc(q.source)}</small></td></tr>`,
  );
  const questions = r.plan.clarify.map(
    (q) =>
      `<li><b>${esc(q.question)}</b><br>Why it matters: ${esc(q.why)}. Assumed until then: ${esc(q.assumed)}. <code>${esc(q.path)}</code></li>`,
  );
  return (
    section(
      "quotas",
      "To ask the provider for first",
      quotas.length > 0
        ? `<table class="cards"><thead><tr><th>Quota</th><th class="n">Usual</th><th class="n">Needed</th><th>How</th></tr></thead><tbody>${quotas.join("")}</tbody></table>`
        : "",
    ) +
    section("questions", "Open questions", questions.length > 0 ? `<ol class="steps">${questions.join("")}</ol>` : "") +
    section("warnings", "Know before you decide", list(r.plan.warnings.map(sentence), "warn"))
  );
}

export function security(r: Report): string {
  const c = r.chosen;
  if (!c) return "";
  const column = (title: string, items: string[], cls = "") =>
    items.length > 0 ? `<div><h3>${esc(title)}</h3>${list(items, cls)}</div>` : "";
  const note = c.recovery.note ? p(sentence(c.recovery.note), "note") : "";
  const there = c.recovery.secondRegion;
  const region = there
    ? `<h3>If the region is gone</h3>${p(`Data lost at most ${hours(there.rpoHours)}, ships can boot in ${there.region} after ${hours(there.rtoHours)}. Configured, not yet measured.`)}` +
      `<div class="columns">${column(`There at all times in ${there.region}`, there.warm)}${column("Built only then", there.cold)}</div>${list(there.reasons.map(sentence))}`
    : "";
  return section(
    "security",
    "Security and recovery",
    `<div class="columns">${column("In place", c.security.present)}${column("Not in place", c.security.absent, "warn")}</div>${note}${region}`,
  );
}
