// What is in a tar archive, without unpacking it: names, kinds, links, and the first bytes of event logs. Reads on through
// everything, so that a cut-off archive is noticed before its pier is sent anywhere.
import { HEAD_BYTES, isEventLog, type PierEntry } from "../../planner/ships/pier";

const BLOCK = 512;
/** A pier has hundreds of files, and whoever mounted desks some thousands. */
export const MAX_ENTRIES = 1_000_000;
/** Names are short; what is longer is no name. */
const MAX_NAME = 64 * 1024;

export class Damaged extends Error {}

const KINDS: Record<string, PierEntry["kind"]> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  S: "file",
  "5": "directory",
  "2": "symlink",
  "1": "hardlink",
};

export async function tarEntries(chunks: AsyncIterable<Uint8Array>): Promise<PierEntry[]> {
  const source = new Blocks(chunks);
  const entries: PierEntry[] = [];
  let next: Record<string, string> = {};
  for (;;) {
    const header = await source.take(BLOCK);
    if (header === null) throw new Damaged("it ends without an end mark: it was cut off");
    if (header.every((b) => b === 0)) break;
    const h = readHeader(header);
    if (h.type === "x" || h.type === "L" || h.type === "K" || h.type === "g") {
      const more = h.size > MAX_NAME && h.type !== "g" ? null : await source.data(h.size);
      if (more === null) throw new Damaged("one of its names is too long, or cut off");
      if (h.type === "x") next = { ...next, ...pax(more) };
      else if (h.type !== "g") next[h.type === "L" ? "path" : "linkpath"] = text(more);
      continue;
    }
    if (h.type === "S") await source.sparseMap(header);
    const path = next["GNU.sparse.name"] ?? next.path ?? h.path;
    const size = Number(next.size ?? h.size);
    const kind = KINDS[h.type] ?? "other";
    const real = Number(next["GNU.sparse.realsize"] ?? size);
    const target = next.linkpath ?? h.target;
    const head = isEventLog(path) && kind === "file" ? await source.head(size) : undefined;
    if (head === undefined) await source.skip(size);
    entries.push({
      path,
      kind: kind === "file" && path.endsWith("/") ? "directory" : kind,
      bytes: kind === "file" ? real : 0,
      ...(kind === "symlink" || kind === "hardlink" ? { target } : {}),
      ...(head === undefined ? {} : { head }),
    });
    if (entries.length > MAX_ENTRIES) throw new Damaged(`it has more than ${MAX_ENTRIES} entries`);
    next = {};
  }
  await source.rest();
  return entries;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8").replace(/\0.*$/s, "");

function readHeader(block: Uint8Array): { path: string; type: string; size: number; target: string } {
  const field = (from: number, length: number) => block.subarray(from, from + length);
  const number = (bytes: Uint8Array): number => {
    // Above 8 GiB the number is written in bytes, its first bit set.
    if ((bytes[0]! & 0x80) !== 0) return [...bytes.subarray(1)].reduce((n, b) => n * 256 + b, bytes[0]! & 0x7f);
    return parseInt(text(bytes).trim() || "0", 8);
  };
  const stated = number(field(148, 8));
  const actual = block.reduce((sum, b, i) => sum + (i >= 148 && i < 156 ? 32 : b), 0);
  if (stated !== actual) throw new Damaged("one of its headers is damaged, or it is no tar archive");
  const size = number(field(124, 12));
  if (!Number.isSafeInteger(size) || size < 0) throw new Damaged("one of its headers names an impossible size");
  const type = String.fromCharCode(block[156]!);
  // GNU's own headers have other things where ustar has the prefix.
  const prefix = text(field(257, 8)).startsWith("ustar") && block[263] === 0x30 ? text(field(345, 155)) : "";
  const name = text(field(0, 100));
  const hasData = type === "0" || type === "\0" || type === "7" || type === "S" || /[xgLK]/.test(type);
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    type,
    size: hasData ? size : 0,
    target: text(field(157, 100)),
  };
}

/** `LENGTH KEY=VALUE\n`, the length counting itself. */
function pax(bytes: Uint8Array): Record<string, string> {
  const found: Record<string, string> = {};
  let rest = Buffer.from(bytes);
  while (rest.length > 0 && rest[0] !== 0) {
    const length = parseInt(rest.toString("latin1", 0, 20), 10);
    const record = /^\d+ ([^=]+)=([^]*)\n$/.exec(rest.toString("utf8", 0, length));
    if (record === null) throw new Damaged("one of its long names is damaged");
    found[record[1]!] = record[2]!;
    rest = rest.subarray(length);
  }
  return found;
}

/** A stream, taken by the piece. */
class Blocks {
  private readonly source: AsyncIterator<Uint8Array>;
  private held: Uint8Array[] = [];
  private size = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.source = chunks[Symbol.asyncIterator]();
  }

  private async more(): Promise<boolean> {
    const { done, value } = await this.source.next();
    if (done) return false;
    this.held.push(value);
    this.size += value.length;
    return true;
  }

  /** Null at the end; short is damaged. */
  async take(length: number): Promise<Uint8Array | null> {
    while (this.size < length)
      if (!(await this.more())) {
        if (this.size === 0) return null;
        throw new Damaged("it was cut off");
      }
    const all = this.held.length === 1 ? this.held[0]! : Buffer.concat(this.held);
    this.held = all.length > length ? [all.subarray(length)] : [];
    this.size = all.length - length;
    return all.subarray(0, length);
  }

  async data(size: number): Promise<Uint8Array | null> {
    const padded = Math.ceil(size / BLOCK) * BLOCK;
    if (padded > 16 * MAX_NAME) throw new Damaged("one of its headers is too long");
    return (await this.take(padded))?.subarray(0, size) ?? null;
  }

  async skip(size: number): Promise<void> {
    let left = Math.ceil(size / BLOCK) * BLOCK;
    while (left > 0) {
      if (this.size === 0 && !(await this.more())) throw new Damaged("it was cut off");
      const now = Math.min(left, this.size);
      await this.take(now);
      left -= now;
    }
  }

  async head(size: number): Promise<Uint8Array> {
    const first = Math.min(size, HEAD_BYTES);
    const bytes = first === 0 ? new Uint8Array() : await this.take(first);
    if (bytes === null) throw new Damaged("it was cut off");
    const copy = Uint8Array.from(bytes);
    const left = Math.ceil(size / BLOCK) * BLOCK - first;
    // What is left of the last block is no block of its own.
    const odd = left % BLOCK;
    if (odd > 0) await this.take(odd);
    await this.skip(left - odd);
    return copy;
  }

  /** Of GNU's older sparse files: more of the map follows while each block says so. */
  async sparseMap(header: Uint8Array): Promise<void> {
    for (let more = header[482] === 1; more;) {
      const block = await this.take(BLOCK);
      if (block === null) throw new Damaged("it was cut off");
      more = block[504] === 1;
    }
  }

  /** To the end, so that whoever packs or unpacks it can say that it is damaged. */
  async rest(): Promise<void> {
    this.held = [];
    this.size = 0;
    while (await this.more()) {
      this.held = [];
      this.size = 0;
    }
  }
}
