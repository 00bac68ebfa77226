// What is in a zip archive, by its directory: names, kinds, links, and the first bytes of event logs.
import type { FileHandle } from "node:fs/promises";
import { createInflateRaw } from "node:zlib";
import { HEAD_BYTES, isEventLog, type PierEntry } from "../../planner/ships/pier";
import { Damaged, MAX_ENTRIES } from "./tar";

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const MAX_DIRECTORY = 256 * 1024 * 1024;

export async function zipEntries(file: FileHandle): Promise<PierEntry[]> {
  const { size } = await file.stat();
  const read = async (at: number, length: number): Promise<Buffer> => {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, at);
    if (bytesRead < length) throw new Damaged("it was cut off");
    return buffer;
  };
  const { at, length, count } = await directoryOf(size, read);
  if (length > MAX_DIRECTORY || count > MAX_ENTRIES) throw new Damaged("it has too many entries");
  const directory = await read(at, length);
  const entries: PierEntry[] = [];
  let from = 0;
  for (let i = 0; i < count; i++) {
    if (from + 46 > length || directory.readUInt32LE(from) !== ENTRY) throw new Damaged("its directory is damaged");
    const entry = readEntry(directory, from);
    from = entry.next;
    if (entry.encrypted) throw new Damaged("it is encrypted");
    const content = (bytes: number) => contentOf(entry, read, bytes, size);
    entries.push({
      path: entry.path,
      kind: entry.kind,
      bytes: entry.kind === "file" ? entry.bytes : 0,
      ...(entry.kind === "symlink" ? { target: (await content(4096)).toString("utf8") } : {}),
      ...(entry.kind === "file" && isEventLog(entry.path) ? { head: await content(HEAD_BYTES) } : {}),
    });
  }
  return entries;
}

type Read = (at: number, length: number) => Promise<Buffer>;

async function directoryOf(size: number, read: Read): Promise<{ at: number; length: number; count: number }> {
  // A comment of up to 64 KiB may stand behind the end mark.
  const tail = await read(Math.max(0, size - 65_557), Math.min(size, 65_557));
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== END) end -= 1;
  if (end < 0) throw new Damaged("it ends without a directory: it was cut off");
  const small = {
    at: tail.readUInt32LE(end + 16),
    length: tail.readUInt32LE(end + 12),
    count: tail.readUInt16LE(end + 10),
  };
  if (small.at !== 0xffffffff && small.length !== 0xffffffff && small.count !== 0xffff) return small;
  if (end < 20 || tail.readUInt32LE(end - 20) !== LOCATOR_64) return small;
  const record = await read(Number(tail.readBigUInt64LE(end - 12)), 56);
  if (record.readUInt32LE(0) !== END_64) throw new Damaged("its directory is damaged");
  return {
    at: Number(record.readBigUInt64LE(48)),
    length: Number(record.readBigUInt64LE(40)),
    count: Number(record.readBigUInt64LE(32)),
  };
}

interface ZipEntry {
  path: string;
  kind: PierEntry["kind"];
  bytes: number;
  packed: number;
  method: number;
  local: number;
  encrypted: boolean;
  next: number;
}

function readEntry(d: Buffer, at: number): ZipEntry {
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) => d.readUInt16LE(at + o)) as [
    number,
    number,
    number,
  ];
  const path = d.toString("utf8", at + 46, at + 46 + nameLength);
  const extra = d.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
  const wide = wideNumbers(extra);
  const number = (offset: number): number => {
    const value = d.readUInt32LE(at + offset);
    return value === 0xffffffff ? (wide.shift() ?? value) : value;
  };
  // In the order in which the wide ones follow each other.
  const bytes = number(24);
  const packed = number(20);
  const local = number(42);
  const mode = d.readUInt32LE(at + 38) >>> 16;
  const type = mode & 0o170000;
  const kind =
    type === 0o120000
      ? "symlink"
      : path.endsWith("/") || type === 0o040000
        ? "directory"
        : type === 0 || type === 0o100000
          ? "file"
          : "other";
  return {
    path,
    kind,
    bytes,
    packed,
    local,
    method: d.readUInt16LE(at + 10),
    encrypted: (d.readUInt16LE(at + 8) & 1) === 1,
    next: at + 46 + nameLength + extraLength + commentLength,
  };
}

function wideNumbers(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) {
      const field = extra.subarray(at + 4, at + 4 + length);
      return Array.from({ length: Math.floor(field.length / 8) }, (_, i) => Number(field.readBigUInt64LE(i * 8)));
    }
    at += 4 + length;
  }
  return [];
}

/** The first bytes of an entry. */
async function contentOf(entry: ZipEntry, read: Read, limit: number, size: number): Promise<Buffer> {
  const header = await read(entry.local, 30);
  if (header.readUInt32LE(0) !== LOCAL) throw new Damaged("its directory is damaged");
  const from = entry.local + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (from + entry.packed > size) throw new Damaged("it was cut off");
  const packed = await read(from, Math.min(entry.packed, limit + 65_536));
  if (entry.method === 0) return packed.subarray(0, limit);
  if (entry.method !== 8) throw new Damaged(`it is packed by a method that is not read here (${entry.method})`);
  return inflated(packed, limit);
}

function inflated(packed: Buffer, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const stream = createInflateRaw();
    const done = () => resolve(Buffer.concat(parts).subarray(0, limit));
    stream.on("data", (part: Buffer) => {
      parts.push(part);
      length += part.length;
      if (length >= limit) stream.destroy();
    });
    stream.on("close", done);
    // Only its beginning was given: that it ends too early is no fault of it.
    stream.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "Z_BUF_ERROR" ? done() : reject(new Damaged("it is damaged")),
    );
    stream.end(packed);
  });
}
