// The charts: cost by line, growth, sensitivity, budget. Each is drawn for a given width, so that text keeps its size.
import { money } from "../plan/draft";
import type { CostLine, Plan } from "../plan/schema";
import { circle, line, path, rect, svg, text } from "./svg";
import { fitted, textWidth, ticks, wrapped } from "./text";

export const KINDS: { kind: CostLine["kind"]; name: string }[] = [
  { kind: "per-ship", name: "grows with ships" },
  { kind: "fixed", name: "fixed" },
  { kind: "usage", name: "by use" },
];

/** A scale that leaves out of nothing: 0 always at the left. */
const scale = (top: number, from: number, to: number) => (v: number) => from + (v / top) * (to - from);

/** Cost by line, largest first, with the band of each as a whisker. */
export function costChart(lines: CostLine[], currency: string, width: number): string {
  const narrow = width < 600;
  const known = lines.filter((l) => l.monthly !== null && l.monthly > 0).sort((a, b) => b.monthly! - a.monthly!);
  const head = known.slice(0, 14);
  const tail = known.slice(14);
  const rows = head.map((l) => ({ label: l.item, kind: l.kind as string, mid: l.monthly!, low: l.low, high: l.high }));
  if (tail.length > 0) {
    const sum = (pick: (l: CostLine) => number | null) => tail.reduce((t, l) => t + (pick(l) ?? l.monthly!), 0);
    rows.push({
      label: `${tail.length} smaller lines`,
      kind: "rest",
      mid: sum((l) => l.monthly),
      low: sum((l) => l.low),
      high: sum((l) => l.high),
    });
  }
  const rowH = narrow ? 40 : 26;
  const labelW = narrow ? 0 : 250;
  const valueW = Math.max(...rows.map((r) => textWidth(money(r.mid, currency), 12)), 40) + 14;
  const top = Math.max(...rows.map((r) => Math.max(r.mid, r.high ?? 0)), 1);
  const x = scale(top, labelW, width - valueW);
  const axisY = rows.length * rowH + 6;
  const body: string[] = [];
  for (const tick of ticks(top, narrow ? 3 : 5).filter((t) => t <= top)) {
    body.push(line(x(tick), 0, x(tick), axisY, "grid"));
    const label = money(tick, currency);
    body.push(
      text(x(tick), axisY + 16, label, { size: 11, tone: "soft", anchor: tick === 0 && narrow ? "start" : "middle" }),
    );
  }
  rows.forEach((row, i) => {
    const y = i * rowH;
    const barY = narrow ? y + 19 : y + 5;
    const barH = narrow ? 14 : 16;
    const name = fitted(row.label, narrow ? width : labelW - 12, 12);
    body.push(
      narrow
        ? text(0, y + 13, name, { size: 12, full: row.label })
        : text(labelW - 12, y + 17, name, { size: 12, anchor: "end", full: row.label }),
    );
    const band = `${row.label}: ${money(row.mid, currency)} a month, between ${money(row.low, currency)} and ${money(row.high, currency)}`;
    body.push(rect(x(0), barY, Math.max(1.5, x(row.mid) - x(0)), barH, `bar k-${row.kind}`, 2, band));
    const reach = Math.max(row.mid, row.high ?? 0);
    if (row.low !== null && row.high !== null && x(row.high) - x(row.low) > 3) {
      const mid = barY + barH / 2;
      body.push(line(x(row.low), mid, x(row.high), mid, "whisker"));
      for (const end of [row.low, row.high]) body.push(line(x(end), mid - 4, x(end), mid + 4, "whisker"));
    }
    body.push(text(x(reach) + 8, barY + barH / 2 + 4, money(row.mid, currency), { size: 12, weight: 600 }));
  });
  const total = rows.map((r) => `${r.label} ${money(r.mid, currency)}`).join(", ");
  return svg(width, axisY + 22, `Cost a month by line: ${total}`, body, "chart");
}

/** Cost by month, with the budget, the fleet's size below, and the months at which limits are hit. */
export function growthChart(plan: Plan, currency: string, budget: number | null, width: number): string {
  const narrow = width < 600;
  const points = plan.growth.filter((g): g is typeof g & { monthly: number } => g.monthly !== null);
  const first = points[0]!;
  const last = points[points.length - 1]!;
  const top = Math.max(...points.map((p) => p.monthly), budget ?? 0) * 1.08;
  const marks = ticks(top, 4);
  const ceiling = marks[marks.length - 1]!;
  const left = Math.max(...marks.map((t) => textWidth(money(t, currency), 11))) + 12;
  const right = width - (narrow ? 16 : 26);
  const plotTop = 26;
  const plotBottom = narrow ? 210 : 270;
  const span = Math.max(1, last.month - first.month);
  const x = (month: number) => left + ((month - first.month) / span) * (right - left);
  const y = (v: number) => plotBottom - (v / ceiling) * (plotBottom - plotTop);
  const body: string[] = [];
  for (const tick of marks) {
    body.push(line(left, y(tick), right, y(tick), "grid"));
    body.push(text(left - 8, y(tick) + 4, money(tick, currency), { size: 11, tone: "soft", anchor: "end" }));
  }
  const every = narrow ? 6 : points.length > 7 ? 2 : 1;
  for (const p of points.filter((p) => (p.month - first.month) % every === 0)) {
    const labels = [
      p.month === 0 ? "now" : `month ${p.month}`,
      `${p.ships.toLocaleString("en-US")} ${p.ships === 1 ? "ship" : "ships"}`,
    ];
    const half = Math.max(...labels.map((l) => textWidth(l, 11))) / 2;
    const at = Math.min(width - half, Math.max(half, x(p.month)));
    labels.forEach((l, i) =>
      body.push(text(at, plotBottom + 18 + i * 16, l, { size: 11, tone: i === 0 ? "soft" : "ink", anchor: "middle" })),
    );
  }
  const curve = points
    .map((p, i) => `${i === 0 ? "M" : "L"}${x(p.month).toFixed(1)} ${y(p.monthly).toFixed(1)}`)
    .join(" ");
  body.push(
    path(`${curve} L${x(last.month).toFixed(1)} ${plotBottom} L${x(first.month).toFixed(1)} ${plotBottom} Z`, "area"),
  );
  if (budget !== null) {
    body.push(line(left, y(budget), right, y(budget), "budget"));
    const label = `budget ${money(budget, currency)}`;
    // Where the curve is farthest away, on the side of the line it is not on.
    const spots = [points[0]!, points[Math.floor(points.length / 2)]!, last];
    const gap = (p: typeof first) => y(p.monthly) - y(budget);
    const spot = spots.reduce((best, p) => (Math.abs(gap(p)) > Math.abs(gap(best)) ? p : best));
    const anchor = spot === first ? "start" : spot === last ? "end" : "middle";
    body.push(
      text(x(spot.month), y(budget) + (gap(spot) >= 0 ? -7 : 16), label, {
        size: 11,
        tone: "bad",
        weight: 600,
        anchor,
      }),
    );
  }
  body.push(path(curve, "curve"));
  let number = 0;
  for (const p of points) {
    const hit = p.limitsHit.length > 0;
    if (hit) number++;
    body.push(
      circle(
        x(p.month),
        y(p.monthly),
        hit ? 8 : 3,
        hit ? "hit" : "dot",
        `month ${p.month}: ${p.ships} ships, ${money(p.monthly, currency)}${hit ? `; ${p.limitsHit.join("; ")}` : ""}`,
      ),
    );
    if (hit)
      body.push(
        text(x(p.month), y(p.monthly) + 4, String(number), { size: 11, anchor: "middle", weight: 700, tone: "onfill" }),
      );
  }
  // The last label above its point; the first below it, clear of the budget, unless there is no room.
  const above = y(first.monthly) + 26 > plotBottom;
  const flat = points.every((p) => p.monthly === first.monthly);
  body.push(
    text(right + (narrow ? 14 : 20), y(last.monthly) - 13, money(last.monthly, currency), {
      size: 13,
      weight: 700,
      anchor: "end",
    }),
    ...(flat
      ? []
      : [
          text(
            x(first.month) + (narrow ? 2 : 4),
            y(first.monthly) + (above ? -13 : 24),
            money(first.monthly, currency),
            {
              size: 13,
              weight: 700,
            },
          ),
        ]),
  );
  const said = points.map((p) => `month ${p.month}: ${p.ships} ships, ${money(p.monthly, currency)}`).join("; ");
  return svg(width, plotBottom + 42, `Cost a month as the fleet grows. ${said}`, body, "chart");
}

/** Tornado: what the cost becomes at the ends of each input, widest first, around the planned cost. */
export function tornado(plan: Plan, base: number, currency: string, width: number): string {
  const narrow = width < 600;
  const rows = plan.sensitivity
    .filter((s): s is { input: string; low: number; high: number } => s.low !== null && s.high !== null)
    .map((s) => ({ input: s.input, from: Math.min(s.low, s.high), to: Math.max(s.low, s.high) }))
    .sort((a, b) => b.to - b.from - (a.to - a.from));
  const labelW = narrow ? 0 : 290;
  const endW = Math.max(...rows.flatMap((r) => [r.from, r.to]).map((v) => textWidth(money(v, currency), 12))) + 10;
  const low = Math.min(base, ...rows.map((r) => r.from));
  const high = Math.max(base, ...rows.map((r) => r.to));
  const from = labelW + endW;
  const to = width - endW;
  const x = (v: number) => (high === low ? (from + to) / 2 : from + ((v - low) / (high - low)) * (to - from));
  const rowH = narrow ? 50 : 34;
  const topH = 26;
  const height = topH + rows.length * rowH;
  const caption = `planned ${money(base, currency)}`;
  const half = textWidth(caption, 12, true) / 2;
  const captionX = Math.min(width - half, Math.max(half, x(base)));
  const body = [
    // On narrow screens labels stand above the bars, so the axis is drawn beside the bars only.
    ...(narrow ? [] : [line(x(base), topH - 6, x(base), height, "axis")]),
    text(captionX, 13, caption, { size: 12, weight: 600, anchor: "middle" }),
  ];
  rows.forEach((row, i) => {
    const y = topH + i * rowH;
    const barY = narrow ? y + 22 : y + 6;
    if (narrow) body.push(text(0, y + 14, fitted(row.input, width, 12), { size: 12, full: row.input }));
    else {
      const lines = wrapped(row.input, labelW - 14, 12, 2);
      lines.forEach((l, k) =>
        body.push(text(0, y + (lines.length === 1 ? 20 : 13) + k * 14, l, { size: 12, full: row.input })),
      );
    }
    if (narrow) body.push(line(x(base), barY - 2, x(base), barY + 22, "axis"));
    const title = `${row.input}: ${money(row.from, currency)} to ${money(row.to, currency)}`;
    if (row.from < base) body.push(rect(x(row.from), barY, x(base) - x(row.from), 20, "less", 2, title));
    if (row.to > base) body.push(rect(x(base), barY, x(row.to) - x(base), 20, "more", 2, title));
    // A side where nothing changes says nothing.
    if (row.from < base - 0.005)
      body.push(text(x(row.from) - 6, barY + 14, money(row.from, currency), { size: 12, anchor: "end" }));
    if (row.to > base + 0.005) body.push(text(x(row.to) + 6, barY + 14, money(row.to, currency), { size: 12 }));
  });
  const said = rows.map((r) => `${r.input}: ${money(r.from, currency)} to ${money(r.to, currency)}`).join("; ");
  return svg(width, height + 2, `What moves the cost, around ${caption}. ${said}`, body, "chart");
}

/** The band of the cost against the budget, on one line. */
export function budgetBar(
  cost: { low: number; mid: number; high: number },
  budget: number,
  currency: string,
  width: number,
): string {
  const top = Math.max(cost.high, budget) * 1.04;
  const x = scale(top, 0, width);
  const over = cost.mid > budget;
  const at = (value: number, label: string) => {
    const half = textWidth(label, 12, true) / 2 + 2;
    return Math.min(width - half, Math.max(half, x(value)));
  };
  const planned = `planned ${money(cost.mid, currency)}`;
  const allowed = `budget ${money(budget, currency)}`;
  const body = [
    rect(0, 24, width, 16, "track", 8),
    rect(0, 24, x(cost.mid), 16, over ? "bar over" : "bar k-per-ship", 8),
    // What the budget covers keeps its colour: the red part is what is over.
    ...(over ? [rect(0, 24, x(budget), 16, "bar k-per-ship", 8)] : []),
    line(x(cost.low), 32, x(cost.high), 32, "whisker"),
    line(x(cost.low), 27, x(cost.low), 37, "whisker"),
    line(x(cost.high), 27, x(cost.high), 37, "whisker"),
    line(x(budget), 18, x(budget), 46, "budget"),
    text(at(cost.mid, planned), 14, planned, { size: 12, weight: 600, anchor: "middle" }),
    text(at(budget, allowed), 60, allowed, { size: 12, weight: 600, anchor: "middle", tone: "bad" }),
  ];
  return svg(
    width,
    66,
    `${planned} a month, between ${money(cost.low, currency)} and ${money(cost.high, currency)}; ${allowed}`,
    body,
    "chart",
  );
}
