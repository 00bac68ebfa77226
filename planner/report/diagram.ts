// The architecture as one SVG: who comes in, the region with its zones and machines, what surrounds them, where copies go.
import type { Box, Group, Picture } from "./picture";
import { circle, line, path, rect, svg, text } from "./svg";
import { fitted, plural, textWidth, wrapped } from "./text";

const BOX = { h: 52, gap: 10 };
const PAD = 16;
/** Boxes drawn per zone; the rest is counted. */
const MOST_BOXES = 7;

export function diagram(picture: Picture, width: number): string {
  const narrow = width < 600;
  const body: string[] = [];
  const inside = width - 2 * PAD;

  // Who comes in.
  const entryH = 44;
  const entryW = narrow ? (width - PAD) / 2 : 230;
  const entries = [
    { x: narrow ? 0 : width / 2 - entryW - 24, title: "People", how: picture.edge },
    { x: narrow ? entryW + PAD : width / 2 + 24, title: "Other ships", how: picture.ames },
  ];
  const top = entryH + 34;
  for (const e of entries) {
    body.push(rect(e.x, 0.5, entryW, entryH, "entry", 22));
    body.push(text(e.x + entryW / 2, 18, e.title, { anchor: "middle", weight: 600, size: 13 }));
    body.push(
      text(e.x + entryW / 2, 34, fitted(e.how, entryW - 20, 11), {
        anchor: "middle",
        size: 11,
        tone: "soft",
        full: e.how,
      }),
    );
    body.push(arrow(e.x + entryW / 2, entryH + 2, top - 2));
  }

  // The region.
  let y = top + 14;
  body.push(text(PAD, y + 10, fitted(picture.title, inside, 15), { size: 15, weight: 650, full: picture.title }));
  y += 24;
  const columns = Math.max(1, Math.min(picture.groups.length, Math.floor(inside / (narrow ? 280 : 200))));
  const columnW = (inside - (columns - 1) * PAD) / columns;
  for (let first = 0; first < picture.groups.length; first += columns) {
    const row = picture.groups.slice(first, first + columns);
    const height = Math.max(...row.map(groupHeight));
    row.forEach((group, i) => body.push(...zone(group, PAD + i * (columnW + PAD), y, columnW, height)));
    y += height + PAD;
  }
  if (picture.groups.length === 0) {
    const note = "No machine is planned here: somebody else runs them, or their prices and sizes are not known.";
    for (const l of wrapped(note, inside, 12, 3)) {
      body.push(text(PAD, y + 12, l, { size: 12, tone: "soft" }));
      y += 18;
    }
    y += PAD;
  }

  // What surrounds the ships.
  const perRow = narrow ? 1 : Math.min(4, Math.max(1, picture.services.length));
  const serviceW = (inside - (perRow - 1) * 12) / perRow;
  const serviceH = narrow ? 46 : 56;
  picture.services.forEach((s, i) => {
    const x = PAD + (i % perRow) * (serviceW + 12);
    const sy = y + Math.floor(i / perRow) * (serviceH + 10);
    body.push(rect(x, sy, serviceW, serviceH, "service", 6, `${s.name}: ${s.detail}`));
    body.push(text(x + 12, sy + 18, s.name, { size: 12, weight: 600 }));
    wrapped(s.detail, serviceW - 24, 11, narrow ? 1 : 2).forEach((l, k) =>
      body.push(text(x + 12, sy + 33 + k * 14, l, { size: 11, tone: "soft", full: s.detail })),
    );
  });
  y += Math.ceil(picture.services.length / perRow) * (serviceH + 10) + (picture.services.length > 0 ? 6 : 0);

  const region = rect(1, top, width - 2, y - top, "region", 12);
  let height = y + 2;

  // Where copies go.
  if (picture.dr) {
    const w = narrow ? width - 1 : 360;
    const x = (width - w) / 2;
    body.push(line(width / 2, y + 2, width / 2, y + 32, "flow dashed"), head(width / 2, y + 34));
    body.push(rect(x + 0.5, y + 36, w - 1, 42, "dr", 8));
    const label = `Copies in ${picture.dr}`;
    body.push(text(width / 2, y + 54, fitted(label, w - 24, 13), { anchor: "middle", weight: 600, full: label }));
    body.push(
      text(width / 2, y + 70, "recovery only: a copy of a ship is never started beside it", {
        anchor: "middle",
        size: narrow ? 10 : 11,
        tone: "soft",
      }),
    );
    height = y + 80;
  }
  return svg(width, height, describe(picture), [region, ...body], "diagram");
}

const shown = (group: Group) => group.boxes.slice(0, MOST_BOXES);
const groupHeight = (group: Group) =>
  34 + shown(group).length * (BOX.h + BOX.gap) + (group.boxes.length > MOST_BOXES ? 24 : 4);

function zone(group: Group, x: number, y: number, w: number, h: number): string[] {
  const capacity = group.boxes.reduce((sum, b) => sum + b.count * b.ships, 0);
  const room = capacity > 0 ? `room for ${capacity.toLocaleString("en-US")}` : "";
  const nameW = w - 24 - (room ? textWidth(room, 11) + 12 : 0);
  const out = [
    rect(x, y, w, h, "zone", 8),
    text(x + 12, y + 20, fitted(group.name, nameW, 12), { size: 12, weight: 600, full: group.name }),
  ];
  if (room) out.push(text(x + w - 12, y + 20, room, { size: 11, anchor: "end", tone: "soft" }));
  shown(group).forEach((box, i) => out.push(...machine(box, x + 10, y + 32 + i * (BOX.h + BOX.gap), w - 20)));
  const rest = group.boxes.length - MOST_BOXES;
  if (rest > 0) out.push(text(x + 12, y + h - 10, `and ${plural(rest, "more machine")}`, { size: 11, tone: "soft" }));
  return out;
}

function machine(box: Box, x: number, y: number, w: number): string[] {
  const out: string[] = [];
  // A second edge behind the box says that it stands for several.
  if (box.count > 1) out.push(rect(x + 4, y + 4, w, BOX.h, `node ${box.role} behind`, 6));
  out.push(rect(x, y, w, BOX.h, `node ${box.role}`, 6, `${box.title}: ${box.detail}`));
  const dots = Math.min(box.ships, 15);
  const dotW = dots > 0 ? Math.min(5, dots) * 11 + 4 : 0;
  const textW = w - 24 - dotW;
  out.push(text(x + 12, y + 22, fitted(box.title, textW, 13), { weight: 600, full: box.title }));
  out.push(text(x + 12, y + 39, fitted(box.detail, textW, 11), { size: 11, tone: "soft", full: box.detail }));
  const rows = Math.ceil(dots / 5);
  for (let i = 0; i < dots; i++)
    out.push(
      circle(
        x + w - 12 - (Math.min(5, dots) - 1 - (i % 5)) * 11,
        y + BOX.h / 2 + (Math.floor(i / 5) - (rows - 1) / 2) * 11,
        3.6,
        "ship",
      ),
    );
  return out;
}

const head = (x: number, y: number) => path(`M${x - 4.5} ${y - 7} L${x} ${y} L${x + 4.5} ${y - 7}`, "flow");
const arrow = (x: number, from: number, to: number) => line(x, from, x, to, "flow") + head(x, to);

function describe(p: Picture): string {
  const zones = p.groups
    .map((g) => `${g.name}: ${g.boxes.map((b) => `${b.title}, ${b.detail}`).join("; ")}`)
    .join(". ");
  return `${p.title}. ${zones}. ${p.services.map((s) => `${s.name}: ${s.detail}`).join(". ")}${p.dr ? `. Copies in ${p.dr}` : ""}`;
}
