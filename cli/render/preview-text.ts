// A preview as a person reads it on a terminal: what is built, what happens to each ship, what the rules say, and
// what nobody looked at. A thousand ships take as many lines as ten.
import { money } from "../../planner";
import { domainLosses } from "../../planner/architecture/host-loss";
import type { Preview, ShipEntry } from "../../preview/result";
import { STACK_TYPE, treeOf, type TreeLine } from "../../preview/tree";
import type { Paint } from "../io";
import { bullets, columns, wrap } from "./text";

export interface PreviewView {
  paint: Paint;
  width: number;
}

/** Ships up to this many are listed one by one. */
const LISTED_SHIPS = 20;
/** Cell stacks up to this many get a tree of their own; more of them look alike. */
const LISTED_CELLS = 2;

export function renderPreview(preview: Preview, { paint, width: given }: PreviewView): string {
  const width = Math.max(60, Math.min(given, 140));
  const title = (text: string) => ["", paint("bold", text)];
  const blocks: string[][] = [
    [paint("bold", headline(preview))],
    ...trees(preview, paint),
    [...title("What it costs a month"), ...costs(preview, width)],
    [...title("Ships"), ...ships(preview)],
    ...(preview.hosts.length > 0 ? [[...title("If a host is lost"), ...losses(preview.hosts, width)]] : []),
    [...title("Policies"), ...policies(preview, paint, width)],
  ];
  const list = (name: string, texts: readonly string[], style?: "yellow") => {
    if (texts.length === 0) return;
    const lines = bullets(texts, width);
    blocks.push([...title(name), ...(style ? lines.map((l) => paint(style, l)) : lines)]);
  };
  list(
    "Missing: `up` refuses until the requirements have it",
    preview.missing.map((m) => `${m.path}: ${m.what}`),
    "yellow",
  );
  list("Warnings", preview.warnings, "yellow");
  list("Not inspected", preview.notInspected);
  return `${blocks.flat().join("\n")}\n`;
}

export function headline(preview: Preview): string {
  const resources = preview.graph.resources.filter((r) => r.type !== STACK_TYPE).length;
  const stacks = preview.stacks.length;
  const aboard = preview.ledger.ships.filter((s) => s.action !== "removed").length;
  return `${many(resources, "resource")} in ${many(stacks, "stack")} for ${many(aboard, "ship")}.`;
}

function trees(preview: Preview, paint: Paint): string[][] {
  const [first, ...cells] = preview.stacks;
  const shown = [first!, ...(cells.length <= LISTED_CELLS ? cells : cells.slice(0, 1))];
  const blocks = shown.map((stack) => [
    "",
    paint("bold", `Stack ${stack}`),
    ...treeOf(preview.graph, stack).map((line) => treeText(line, paint)),
  ]);
  const rest = preview.stacks.length - shown.length;
  if (rest > 0) {
    const hidden = new Set(preview.stacks.filter((s) => !shown.includes(s)));
    const resources = preview.graph.resources.filter((r) => hidden.has(r.stack) && r.type !== STACK_TYPE).length;
    const names = [...hidden];
    blocks.push([
      "",
      `${many(rest, "more cell stack")} like it: ${names[0]} to ${names.at(-1)}, ${many(resources, "resource")}`,
    ]);
  }
  return blocks;
}

function treeText(line: TreeLine, paint: Paint): string {
  const what = line.name === null ? `${line.type} × ${number(line.count)}` : `${line.type} ${paint("dim", line.name)}`;
  const inside =
    line.component && line.total > line.count ? paint("dim", `  (${number(line.total - line.count)} inside)`) : "";
  return `${"  ".repeat(line.depth + 1)}${line.component ? paint("cyan", what) : what}${inside}`;
}

function costs({ costs: c }: Preview, width: number): string[] {
  if (c.mid === null) return wrap("No price is known for any part of this.", width, "  ");
  const edges = c.low !== null && c.high !== null && c.low !== c.high;
  const band = edges ? ` (${money(c.low!, c.currency)} to ${money(c.high!, c.currency)})` : "";
  const budget = c.budget === null ? "" : `; budget ${money(c.budget, c.currency)}`;
  const incomplete = c.incomplete ? " Some prices are unknown: the total is a lower bound." : "";
  const whole = c.notes.filter((n) => n.startsWith("the cost of"));
  return wrap(
    `${money(c.mid, c.currency)}${band}${budget}. Prices as of ${c.pricedOn}.${incomplete}`,
    width,
    "  ",
  ).concat(whole.flatMap((n) => wrap(`It is ${n}.`, width, "  ")));
}

function ships({ ledger, hosts }: Preview): string[] {
  const c = ledger.counts;
  const parked = ledger.ships.filter((s) => s.parked && s.action === "first boot").length;
  const summary = `  first boot ${number(c["first boot"])}, kept ${number(c.kept)}, stopped ${number(c.stopped)}, removed ${number(c.removed)}`;
  const claims = tally(ledger.ships, (s) => s.claim);
  const keys = tally(ledger.ships, (s) => s.key);
  const lines = [summary, `  claims: ${claims}`, `  keys: ${keys || "none"}`];
  lines.push(...deliveries(hosts));
  if (parked > 0) lines.push(`  ${number(parked)} created stopped: see the next steps`);
  if (ledger.ships.length === 0 || ledger.ships.length > LISTED_SHIPS) return lines;
  const rows = ledger.ships.map((s) => [
    s.name ?? s.id,
    s.class ?? "-",
    s.cell,
    s.place ?? "-",
    s.parked && s.action === "first boot" ? "first boot, parked" : s.action,
    s.claim,
    s.key ?? "-",
    `${s.diskGiB}`,
  ]);
  const titles = ["ship", "class", "cell", "place", "happens", "claim", "key"].map((t) => ({ title: t }));
  return [...lines, "", ...columns([...titles, { title: "GiB", right: true }], rows)];
}

/** Who brings hosts the secrets they take after their set-up. */
function deliveries(hosts: Preview["hosts"]): string[] {
  const taking = hosts.filter((h) => h.takes.length > 0);
  const secrets = (of: Preview["hosts"]) =>
    many(
      of.reduce((sum, h) => sum + h.takes.length, 0),
      "secret",
    );
  const [over, byHand] = [taking.filter((h) => h.recognised), taking.filter((h) => !h.recognised)];
  return [
    ...(over.length > 0 ? [`  delivered over SSH: ${secrets(over)} to ${many(over.length, "host")}`] : []),
    ...(byHand.length > 0
      ? [
          `  delivered by hand: ${secrets(byHand)} to ${many(byHand.length, "host")} whose SSH key is not recorded (nextSteps of \`up\` say how)`,
        ]
      : []),
  ];
}

/** Hosts up to this many are listed for each way they are lost; more of them are counted. */
const LISTED_HOSTS = 12;

/** Who stops with each host; what stays, what is gone and what to do once for all hosts of which it is the same. */
function losses(hosts: Preview["hosts"], width: number): string[] {
  const aboard = hosts.reduce((sum, h) => sum + h.loss.ships.length, 0);
  const alike = new Map<string, Preview["hosts"]>();
  for (const h of hosts) {
    const { survives, lost, then } = h.loss;
    const text = `Stays: ${survives}. Gone: ${lost}. Then: ${then}.`;
    alike.set(text, [...(alike.get(text) ?? []), h]);
  }
  const lines = [...alike].flatMap(([text, mine]) => {
    const named = mine.slice(0, LISTED_HOSTS).flatMap(({ host, loss }) => {
      const ships = loss.ships.slice(0, LISTED_HOSTS).join(", ");
      const more = loss.ships.length > LISTED_HOSTS ? ` and ${loss.ships.length - LISTED_HOSTS} more` : "";
      const where = loss.domain === null ? "" : ` (${loss.domain})`;
      return wrap(`${host}${where} stops ${many(loss.ships.length, "ship")}: ${ships}${more}`, width, "  - ");
    });
    const rest = mine.slice(LISTED_HOSTS);
    const most = Math.max(0, ...rest.map((h) => h.loss.ships.length));
    if (rest.length > 0)
      named.push(`  - ${many(rest.length, "more host")} like these, ${many(most, "ship")} each at most`);
    return [...named, ...wrap(text, width, "    ")];
  });
  const domains = domainLosses(hosts).map(
    (d) => `${d.domain} as a whole (${d.hosts.length} hosts) stops ${number(d.ships)} of ${many(aboard, "ship")}`,
  );
  return [...lines, ...bullets(domains, width), "  Step by step: docs/runbooks/HostLost.md"];
}

function tally(ships: readonly ShipEntry[], of: (s: ShipEntry) => string | null): string {
  const counts = new Map<string, number>();
  for (const s of ships) {
    const value = of(s);
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].map(([value, n]) => `${value} ${number(n)}`).join(", ");
}

const LISTED_FINDINGS = 12;

function policies({ policies: p }: Preview, paint: Paint, width: number): string[] {
  const lines = [
    `  ${many(p.rules, "rule")}: pass ${number(p.pass)}, fail ${number(p.fail)}, undecided ${number(p.undecided)}`,
  ];
  for (const f of p.findings.slice(0, LISTED_FINDINGS)) {
    const where = f.resources.length === 1 ? nameOf(f.resources[0]!) : many(f.resources.length, "resource");
    const text = wrap(`${f.verdict} ${f.rule} (${f.level}): ${f.message} [${where}]`, width, "  - ");
    lines.push(...text.map((l) => paint(f.verdict === "fail" ? "red" : "yellow", l)));
  }
  const rest = p.findings.length - LISTED_FINDINGS;
  if (rest > 0) lines.push(`  ${many(rest, "more finding")}: see --json`);
  return lines;
}

const nameOf = (urn: string): string => urn.split("::").slice(2).join(" ").split("$").at(-1)!;
const number = (n: number): string => n.toLocaleString("en-US");
const many = (n: number, what: string): string => `${number(n)} ${what}${n === 1 ? "" : "s"}`;
