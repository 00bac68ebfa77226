// What the plan rests on: what was asked, what was assumed, and how old the prices are.
import { money } from "../plan/draft";
import type { Requirements } from "../requirements/schema";
import type { Report } from "./sections";
import { esc, plural, worded } from "./text";

export function assumptions(r: Report): string {
  const lines = r.subject?.lines ?? [];
  const sources = new Map<string, { source: string; date: string; basis: string; count: number }>();
  for (const l of lines) {
    const key = `${l.date}\u0000${l.source}\u0000${l.basis}`;
    const seen = sources.get(key);
    if (seen) seen.count++;
    else sources.set(key, { source: l.source, date: l.date, basis: l.basis, count: 1 });
  }
  const rows = [...sources.values()].sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : b.count - a.count));
  const table =
    rows.length > 0
      ? `<h3>Where the prices come from, oldest first</h3><table class="cards"><thead><tr><th>Date</th><th>Source</th><th>How sure</th><th class="n">Lines</th></tr></thead><tbody>${rows
          .map(
            (s) =>
              `<tr><td class="n" style="text-align:left" data-label="Date">${esc(s.date)}</td><td class="full">${esc(s.source)}</td><td data-label="How sure">${esc(s.basis)}</td><td class="n" data-label="Lines">${s.count}</td></tr>`,
          )
          .join("")}</tbody></table>`
      : "";
  const asked = wishes(r.requirements)
    .map(
      ([label, path, value]) =>
        `<dt>${esc(label)}</dt><dd>${esc(value)}${given(r.requirements, path) ? "" : ' <span class="assumed">assumed</span>'}</dd>`,
    )
    .join("");
  return (
    `<section id="assumptions" aria-labelledby="assumptions-title"><h2 id="assumptions-title">What this rests on</h2>` +
    `<p>Prices as known on ${esc(r.plan.pricedOn)}. They leave out tax and support. A likely range is given for each, since prices age and use differs.</p>` +
    `<h3>What was asked</h3><dl class="asked">${asked}</dl>${ships(r.requirements)}${table}</section>`
  );
}

const given = (r: Requirements, path: string) => r.given.some((g) => g === path || g.startsWith(`${path}.`));

/** Label, path in the requirements file, and the value in words. What was neither given nor has a default is left out. */
function wishes(r: Requirements): [string, string, string][] {
  const classes = Object.entries(r.ships.types).filter(([, n]) => n > 0);
  const all: [string, string, string | null][] = [
    ["Ships", "ships", `${r.ships.count.toLocaleString("en-US")}: ${classes.map(([k, n]) => plural(n, k)).join(", ")}`],
    ["Memory a ship", "ships.memoryGiB", `${r.ships.memoryGiB} GiB`],
    ["Disk a ship", "ships.diskGiB", `${r.ships.diskGiB} GiB`],
    ["CPU a ship", "ships.cpu", `${r.ships.cpu} vCPU`],
    ["Sent to the internet, a ship", "ships.egressGiB", `${r.ships.egressGiB} GiB a month`],
    ["How peers reach a ship", "ships.amesInbound", r.ships.amesInbound],
    ["Customers", "customers", r.customers.toLocaleString("en-US")],
    ["Budget", "budget", r.budget ? `${money(r.budget.monthly, r.budget.currency)} a month` : null],
    ["What matters most", "priorities", r.priorities.replace("-", " ")],
    ["Availability", "sla", `${r.sla} %`],
    ["Compliance", "compliance", r.compliance.length > 0 ? r.compliance.map(worded).join(", ") : null],
    ["Regions", "regions.allowed", r.regions.allowed?.join(", ") ?? null],
    ["Data stays in", "regions.residency", r.regions.residency ?? null],
    ["Second region", "regions.dr", r.regions.dr ?? null],
    ["Data lost at most", "recovery.rpoHours", r.recovery.rpoHours === undefined ? null : `${r.recovery.rpoHours} h`],
    ["Back after", "recovery.rtoHours", r.recovery.rtoHours === undefined ? null : `${r.recovery.rtoHours} h`],
    ["In 6 months", "growth.in6Months", r.growth.in6Months === undefined ? null : plural(r.growth.in6Months, "ship")],
    [
      "In 12 months",
      "growth.in12Months",
      r.growth.in12Months === undefined ? null : plural(r.growth.in12Months, "ship"),
    ],
    ["Experience", "experience", r.experience],
    ["Domain", "domain", r.domain ?? null],
    ["Existing monitoring", "existing.monitoring", r.existing.monitoring ?? null],
  ];
  return all.filter((w): w is [string, string, string] => w[2] !== null);
}

const MOST_NAMES = 60;

function ships(r: Requirements): string {
  if (r.ships.named.length === 0) return "";
  const rows = r.ships.named
    .slice(0, MOST_NAMES)
    .map(
      (s) =>
        `<tr><th scope="row">${esc(s.name ?? s.nickname ?? "to be mined")}</th><td>${esc(s.class)}</td><td>${esc(s.customer ?? "")}</td></tr>`,
    );
  const rest = r.ships.named.length - MOST_NAMES;
  return (
    `<details><summary>${plural(r.ships.named.length, "ship")} by name</summary><table><thead><tr><th>Ship</th><th>Class</th><th>Customer</th></tr></thead><tbody>${rows.join("")}</tbody></table>` +
    `${rest > 0 ? `<p class="note">and ${plural(rest, "more ship")}</p>` : ""}</details>`
  );
}
