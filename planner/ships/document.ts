// One ship more, one less, or one that is brought in: edits of a requirements file that keep its comments, its order and
// everything else it says. Pure; what comes out is checked like any requirements file.
import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import type { Attestation, NamedShipInput, ShipClass } from "../requirements/schema";
import { readName } from "../requirements/ships";

export type Edited = { ok: true; text: string; notes: string[] } | { ok: false; message: string };

/** What the file says of one named ship; null when it names none like that. */
export function shipIn(text: string, name: string): NamedShipInput | null {
  const opened = open(text);
  if ("message" in opened) return null;
  const item = opened.named?.items.find((i) => nameOf(i, opened.doc) === name);
  if (item === undefined) return null;
  const plain = plainOf(item, opened.doc);
  return typeof plain === "string" ? { name: plain } : (plain as NamedShipInput);
}

/** Adds a ship under `ships.named`. It takes a place planned by count while there is one of its class, else there is one more. */
export function withShip(text: string, ship: NamedShipInput): Edited {
  return edit(text, (file) => {
    const name = ship.name ?? ship.nickname!;
    if (shipIn(text, name) !== null) return `${name} is there already; accepted: a ship it does not name`;
    const named = file.named ?? newList(file);
    const bare = named.items.length > 0 && named.items.every((i) => isScalar(i));
    const only = Object.keys(ship).length === 1 && ship.name !== undefined;
    const node = file.doc.createNode(only && bare ? ship.name : ship);
    if (isMap(node)) node.flow = true;
    named.items.push(node);
    return file.counts === null ? [] : counted(file, file.counts, classOf(name), +1);
  });
}

/** Takes a ship out, and out of what is counted: nobody unnamed comes in its place. */
export function withoutShip(text: string, name: string): Edited {
  return edit(text, (file) => {
    const at = file.named?.items.findIndex((i) => nameOf(i, file.doc) === name) ?? -1;
    if (at < 0) return `${name} is not among its ships${namesIn(file)}; accepted: a ship it names`;
    file.named!.items.splice(at, 1);
    if (file.counts === null)
      return file.named!.items.length === 0
        ? `${name} is the only ship; accepted: one of several. To end the environment use pulumi destroy`
        : [];
    const notes = counted(file, file.counts, classOf(name), -1);
    if (file.named!.items.length === 0) file.counts.delete("named");
    const { count, types } = countsOf(file);
    const left = types === null ? (count ?? file.named!.items.length) : sum(types);
    return left === 0
      ? `${name} is the only ship; accepted: one of several. To end the environment use pulumi destroy`
      : notes;
  });
}

/** Records that a ship's pier is brought in, and what its owner says of the place it comes from. */
export function withAttestation(text: string, name: string, imported: Attestation): Edited {
  return edit(text, (file) => {
    const list = file.named!;
    const at = list.items.findIndex((i) => nameOf(i, file.doc) === name);
    const item = list.items[at];
    if (isMap(item)) {
      const old = item.get("imported", true) as unknown;
      const node = file.doc.createNode(imported) as YAMLMap;
      node.flow = true;
      if (isScalar(old)) Object.assign(node, { comment: old.comment, commentBefore: old.commentBefore });
      item.set("imported", node);
    } else {
      const node = file.doc.createNode({ name, imported }) as YAMLMap;
      node.flow = true;
      if (isScalar(item)) Object.assign(node, { comment: item.comment, commentBefore: item.commentBefore });
      list.items[at] = node;
    }
    return [];
  });
}

interface File {
  doc: Document;
  /** The list of named ships; null when there is none yet. */
  named: YAMLSeq | null;
  /** The mapping that may hold `count` and `types`; null where the ships are a bare list. */
  counts: YAMLMap | null;
}

function open(text: string): File | { message: string } {
  const doc = parseDocument(text, { uniqueKeys: true });
  if (doc.errors.length > 0 || !isMap(doc.contents))
    return { message: "it is not a YAML or JSON mapping; accepted: a requirements file" };
  const ships = doc.get("ships", true) as unknown;
  if (isSeq(ships)) return { doc, named: ships, counts: null };
  if (!isMap(ships)) return { message: "it says nothing of ships; accepted: a requirements file with ships" };
  const named = ships.get("named", true) as unknown;
  if (named !== undefined && !isSeq(named) && !(isScalar(named) && named.value === null))
    return { message: "its ships.named is no list; accepted: a list of ships" };
  return { doc, named: isSeq(named) ? named : null, counts: ships };
}

function edit(text: string, change: (file: File) => string[] | string): Edited {
  const file = open(text);
  if ("message" in file) return { ok: false, message: file.message };
  const notes = unlessReferred(() => change(file));
  if (typeof notes === "string") return { ok: false, message: notes };
  const meant = valueOf(file.doc);
  if (notes === null || meant === null)
    return { ok: false, message: "other lines of it refer to that one (& and *); accepted: a line nothing refers to" };
  if (text.trimStart().startsWith("{"))
    return { ok: true, notes, text: `${JSON.stringify(JSON.parse(meant), null, 2)}\n` };
  const styles = [true, false]
    .map((indentSeq) => ({ before: render(parseDocument(text), indentSeq), after: render(file.doc, indentSeq) }))
    .sort((a, b) => alike(text, b.before) - alike(text, a.before));
  const kept = styles.map((s) => asWritten(text, s.before, s.after)).find((t) => valueOf(parseDocument(t)) === meant);
  // As the author has it, and in any case what is meant and nothing else.
  return { ok: true, notes, text: kept ?? styles[0]!.after };
}

/** Lists stand below their key, or under its first letter. */
const render = (doc: Document, indentSeq: boolean): string => doc.toString({ lineWidth: 0, indentSeq });

function alike(own: string, rendered: string): number {
  const lines = rendered.split("\n");
  return own.split("\n").filter((line, i) => line === lines[i]).length;
}

/** All it says, as text; null where it is no document. */
const valueOf = (doc: Document): string | null =>
  doc.errors.length > 0 ? null : unlessReferred(() => JSON.stringify(doc.toJS({ maxAliasCount: 50 })));

/** Null where a line is gone that another refers to: nothing can be read of either. */
function unlessReferred<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof ReferenceError) return null;
    throw error;
  }
}

/** What the edit left alone stays as its author wrote it, spaces included: rendered alike before and after, it is not rendered. */
function asWritten(text: string, before: string, after: string): string {
  const [own, old, now] = [text, before, after].map((t) => t.split("\n")) as [string[], string[], string[]];
  if (own.length !== old.length) return after;
  const most = Math.min(old.length, now.length);
  let head = 0;
  while (head < most && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < most - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  return [...own.slice(0, head), ...now.slice(head, now.length - tail), ...own.slice(own.length - tail)].join("\n");
}

function newList(file: File): YAMLSeq {
  const list = file.doc.createNode([]) as YAMLSeq;
  list.flow = false;
  file.counts!.set("named", list);
  file.named = list;
  return list;
}

const plainOf = (item: unknown, doc: Document): unknown =>
  (item as { toJS?(d: Document): unknown } | null)?.toJS?.(doc) ?? item;

function nameOf(item: unknown, doc: Document): string | null {
  const plain = plainOf(item, doc);
  if (typeof plain === "string") return plain;
  const { name, nickname } = (plain ?? {}) as NamedShipInput;
  return name ?? nickname ?? null;
}

function namesIn(file: File): string {
  const names = (file.named?.items ?? []).flatMap((i) => nameOf(i, file.doc) ?? []);
  return names.length === 0 ? "" : ` (${names.slice(0, 5).join(", ")}${names.length > 5 ? " …" : ""})`;
}

const classOf = (name: string): ShipClass => readName(name)?.shipClass ?? "comet";
const sum = (types: Record<string, number>): number => Object.values(types).reduce((a, b) => a + b, 0);

function countsOf({ doc, counts }: File): { count: number | null; types: Record<string, number> | null } {
  const plain = (plainOf(counts, doc) ?? {}) as { count?: number; types?: Record<string, number> };
  return { count: plain.count ?? null, types: plain.types ?? null };
}

/** Keeps `count` and `types` in step with the names. */
function counted(file: File, counts: YAMLMap, cls: ShipClass, by: 1 | -1): string[] {
  const { count, types } = countsOf(file);
  if (count === null && types === null) return [];
  const names = file.named!.items.flatMap((i) => nameOf(i, file.doc) ?? []);
  const room =
    types === null ? count! >= names.length : (types[cls] ?? 0) >= names.filter((n) => classOf(n) === cls).length;
  if (by === 1 && room) return ["takes a place that was planned by count"];
  // The scalar itself is changed, so that a comment behind it stays.
  const put = (path: string[], value: number): void => {
    const at = counts.getIn(path, true);
    if (isScalar(at)) at.value = value;
    else counts.setIn(path, value);
  };
  if (types !== null) put(["types", cls], (types[cls] ?? 0) + by);
  if (count !== null) put(["count"], count + by);
  const total = (types === null ? count! : sum(types)) + by;
  return [`${total} ${total === 1 ? "ship" : "ships"} in all now`];
}
