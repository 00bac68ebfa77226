// What somebody gives as a pier, looked at by its list of files: whether it is one, whether it was stopped, whose it is, and
// whether unpacking it could write anywhere else. Pure.
import type * as UrbitOb from "urbit-ob";
import { shipOfKey } from "../boot-key";

export interface PierEntry {
  /** As the archive says it, or relative to the given directory. */
  path: string;
  kind: "file" | "directory" | "symlink" | "hardlink" | "socket" | "other";
  bytes: number;
  /** Of a link. */
  target?: string;
  /** The first bytes of an event log, which name the ship. */
  head?: Uint8Array;
}

export interface PierLook {
  /** Where in the archive the pier is; empty when it is the top. Null when there is none, or more than one. */
  root: string | null;
  /** The @p its event log is of; null when it cannot be read. */
  ship: string | null;
  /** The @p its folder is called by; null when that is no ship's name. */
  folder: string | null;
  bytes: number;
  problems: PierProblem[];
}

export interface PierProblem {
  received: string;
  accepted: string;
  fix: string;
}

/** So much of an event log is looked at: the ship is noted before the first event. */
export const HEAD_BYTES = 1024 * 1024;
export const isEventLog = (path: string): boolean => /(^|\/)\.urb\/log\/(0i[0-9.]+\/)?data\.mdb$/.test(path);

export const FORMATS = ["directory", "tar", "tar.gz", "tar.zst", "zip"] as const;
export type Format = (typeof FORMATS)[number];

/** What a file is by its first bytes; a key is told apart, so that it is never taken for a pier nor shown. */
export function formatOf(head: Uint8Array): Exclude<Format, "directory"> | "key" | null {
  const starts = (...bytes: number[]) => bytes.every((b, i) => head[i] === b);
  if (starts(0x1f, 0x8b)) return "tar.gz";
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return "tar.zst";
  if (starts(0x50, 0x4b, 0x03, 0x04) || starts(0x50, 0x4b, 0x05, 0x06)) return "zip";
  if (latin(head.subarray(257, 262)) === "ustar") return "tar";
  return isKey(latin(head.subarray(0, 65_536))) ? "key" : null;
}

/** One line in Urbit's base 64: what a boot key looks like, whether or not it can be read. */
export const isKey = (text: string): boolean => /^\s*0w[0-9A-Za-z~.-]{8,}\s*$/.test(text) || shipOfKey(text) !== null;

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const SHOWN = 5;

export function lookAtPier(entries: readonly PierEntry[], folder: string): PierLook {
  const problems = [...unsafe(entries)];
  const roots = new Set(
    entries.flatMap(({ path, kind }) => {
      const found = /^(.*?)(^|\/)\.urb\/log(\/|$)/.exec(at(path));
      return found === null || (found[3] === "" && kind !== "directory") ? [] : [found[1]!];
    }),
  );
  const root = roots.size === 1 ? [...roots][0]! : null;
  if (roots.size === 0)
    problems.push({
      received: "no pier in it: nothing below .urb/log",
      accepted: "a ship's folder, as the runtime made it, or an archive of one",
      fix: "give the folder that holds .urb, or the archive of it",
    });
  if (roots.size > 1)
    problems.push({
      received: `several piers: ${list([...roots].map((r) => r || "(top)"))}`,
      accepted: "one pier",
      fix: "give each ship its own archive",
    });
  const below = root === null ? [] : entries.filter((e) => root === "" || at(e.path).startsWith(`${root}/`));
  if (root !== null) problems.push(...stillRunning(new Set(below.map((e) => at(e.path))), root));
  const name = (root ?? "").split("/").at(-1)! || folder;
  return {
    root,
    ship: shipOfLogs(below),
    folder: nameOfFolder(name),
    bytes: below.reduce((sum, e) => sum + e.bytes, 0),
    problems,
  };
}

/** What the runtime takes away when it ends well. */
function stillRunning(paths: ReadonlySet<string>, root: string): PierProblem[] {
  const inside = (file: string): boolean => paths.has(root === "" ? file : `${root}/${file}`);
  const left = [".vere.lock", ".http.ports"].filter(inside);
  if (left.length === 0) return [];
  return [
    {
      received: `${left.join(" and ")} in it: the ship runs, or was not stopped cleanly`,
      accepted: "a pier whose ship was stopped cleanly",
      fix: "stop it where it runs and wait until it has ended; after a crash start it there once more, stop it, and take the pier then",
    },
  ];
}

/** Names that would be written outside the folder an archive is unpacked into, and things that are no part of a pier. */
function unsafe(entries: readonly PierEntry[]): PierProblem[] {
  const links = new Set(entries.filter((e) => e.kind === "symlink").map((e) => at(e.path)));
  const bad = entries.filter((e) => !staysInside(e, links));
  if (bad.length === 0) return [];
  return [
    {
      received: `names that lead out of it, or are no files: ${list(bad.map((e) => JSON.stringify(e.path)))}`,
      accepted: "files and folders below one folder",
      fix: "do not unpack it; pack the pier again where it was stopped",
    },
  ];
}

function staysInside({ path, kind, target }: PierEntry, links: ReadonlySet<string>): boolean {
  if (kind === "other" || !liesBelow(path, links)) return false;
  if (kind === "hardlink") return target !== undefined && liesBelow(target, links);
  return kind !== "symlink" || (target !== undefined && pointsInside(target, partsOf(path).length - 1));
}

/** Through a link a harmless name is somewhere else, and no packer writes a way back up. */
function liesBelow(path: string, links: ReadonlySet<string>): boolean {
  const parts = partsOf(path);
  return isPlain(path) && !parts.includes("..") && !parts.some((_, i) => links.has(parts.slice(0, i).join("/")));
}

/** Up first and no higher than the top, then down: what lies behind another link is then inside as well. */
function pointsInside(target: string, depth: number): boolean {
  const parts = partsOf(target);
  const down = parts.slice(parts.findLastIndex((p) => p === "..") + 1);
  const up = parts.slice(0, parts.length - down.length);
  return isPlain(target) && up.length <= depth && up.every((p) => p === "..");
}

const isPlain = (path: string): boolean =>
  // eslint-disable-next-line no-control-regex -- a name with a control character is no runtime's
  path !== "" && !path.startsWith("/") && !/[\\\u0000-\u001f]/.test(path) && !/^[A-Za-z]:/.test(path);

/** As whoever unpacks it reads it: `a/./b` and `a//b` are `a/b`. */
const partsOf = (path: string): string[] => path.split("/").filter((p) => p !== "" && p !== ".");
const at = (path: string): string => partsOf(path).join("/");

const list = (names: readonly string[]): string =>
  `${names.slice(0, SHOWN).join(", ")}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ""}`;

/**
 * The ship an event log is of. The runtime notes it under `who` in a table of its own (vere, disk.c), little end first, zeros
 * above its highest byte not written; in LMDB's leaf a key stands behind the length of its value, its flags and its own length.
 */
function shipOfLogs(entries: readonly PierEntry[]): string | null {
  const found = new Set<string>();
  for (const { head } of entries) {
    if (head === undefined) continue;
    // eslint-disable-next-line no-control-regex -- bytes, not text
    for (const match of latin(head).matchAll(/([\x01-\x10])\x00\x00\x00\x00\x00\x03\x00who/g)) {
      const from = match.index + match[0].length;
      const bytes = head.subarray(from, from + match[1]!.charCodeAt(0));
      found.add(
        [...bytes]
          .reverse()
          .reduce((n, b) => n * 256n + BigInt(b), 0n)
          .toString(),
      );
    }
  }
  // Two that differ: one of them is something else's bytes.
  return found.size === 1 ? urbitOb().patp([...found][0]!) : null;
}

/** The runtime calls a pier's folder as its ship. */
function nameOfFolder(name: string): string | null {
  const plain = name.replace(/\.(tar(\.(gz|zst))?|tgz|zip)$/, "").replace(/^~/, "");
  return /^[a-z-]+$/.test(plain) && plain.includes("-") && urbitOb().isValidPatp(`~${plain}`) ? `~${plain}` : null;
}

function urbitOb(): typeof UrbitOb {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- only a command that is given a pier pays for it
  return require("urbit-ob") as typeof UrbitOb;
}
