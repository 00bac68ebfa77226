// Reading what a user points at, and writing all files of a command or none of them.
// The default import, so that a test can make one of its functions fail.
import fs from "node:fs";
import * as path from "node:path";
import { usage } from "./exit";
import type { Io } from "./io";

/** A requirements file is a page; one with thousands of named ships is a few hundred KiB. */
export const MAX_INPUT_BYTES = 1024 * 1024;

/** The text of an input file. Size and kind are checked before a byte is parsed. */
export function readInput(io: Io, file: string, accepted: string, maxBytes = MAX_INPUT_BYTES): string {
  const full = path.resolve(io.cwd, file);
  let stat: fs.Stats;
  try {
    stat = fs.statSync(full);
  } catch (error) {
    throw usage(`${file}: ${readFault(error)}; accepted: ${accepted}. Check the path`);
  }
  if (stat.isDirectory()) throw usage(`${file}: is a directory; accepted: ${accepted}. Give the file inside it`);
  if (!stat.isFile()) throw usage(`${file}: is not a regular file; accepted: ${accepted}. Save it to a file first`);
  if (stat.size > maxBytes)
    throw usage(
      `${file}: ${(stat.size / 1048576).toFixed(1)} MiB; accepted: ${accepted} of at most ${maxBytes / 1048576} MiB. Is this the right file?`,
    );
  let bytes: Buffer;
  try {
    bytes = fs.readFileSync(full);
  } catch (error) {
    throw usage(`${file}: ${readFault(error)}; accepted: ${accepted}. Check its permissions`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw usage(`${file}: is not UTF-8 text; accepted: ${accepted}. Save it as UTF-8`);
  }
}

function readFault(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const words: Record<string, string> = {
    ENOENT: "no such file",
    ENOTDIR: "no such file (a part of the path is a file)",
    EACCES: "no permission to read it",
    ELOOP: "too many symbolic links",
    ENAMETOOLONG: "the name is too long",
  };
  return words[code ?? ""] ?? `cannot be read (${code ?? String(error)})`;
}

export interface FileToWrite {
  /** The directory the file may not leave, not even through a symbolic link. */
  root: string;
  /** Relative to the root, or absolute inside it. */
  path: string;
  text: string;
}

/**
 * Writes every file or none: all are staged beside their targets, then renamed into place; a failing rename
 * puts back what was there. Nothing is written through a symbolic link that leads out of a file's root.
 */
export function writeAll(files: readonly FileToWrite[]): void {
  const targets = files.map((f) => ({ text: f.text, target: targetInside(f.root, f.path) }));
  const staged: { temp: string; target: string; backup: string | null; done: boolean }[] = [];
  const made: string[] = [];
  try {
    for (const { text, target } of targets) {
      const first = fs.mkdirSync(path.dirname(target), { recursive: true });
      if (first !== undefined) made.push(first);
      const old = fs.statSync(target, { throwIfNoEntry: false });
      if (old?.isDirectory()) throw usage(`${target}: is a directory; accepted: a file to write. Choose another name`);
      const temp = besideOf(target, "new");
      staged.push({ temp, target, backup: null, done: false });
      const fd = fs.openSync(temp, "wx", old ? old.mode & 0o777 : 0o644);
      try {
        fs.writeFileSync(fd, text);
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    }
    for (const s of staged) {
      if (fs.existsSync(s.target)) {
        const backup = besideOf(s.target, "old");
        fs.copyFileSync(s.target, backup, fs.constants.COPYFILE_EXCL);
        s.backup = backup;
      }
      fs.renameSync(s.temp, s.target);
      s.done = true;
    }
  } catch (error) {
    for (const s of staged.reverse()) {
      fs.rmSync(s.temp, { force: true });
      if (s.done && s.backup === null) fs.rmSync(s.target, { force: true });
      else if (s.backup !== null) fs.renameSync(s.backup, s.target);
      s.backup = null;
    }
    for (const dir of made.reverse()) removeEmpty(dir);
    throw asStop(error);
  } finally {
    for (const s of staged) if (s.backup !== null) fs.rmSync(s.backup, { force: true });
  }
}

/** The directory writes to an explicitly named output may not leave: the working directory, or the output's own. */
export function rootOfOutput(io: Io, output: string): string {
  const full = path.resolve(io.cwd, output);
  return isInside(path.resolve(io.cwd), full) ? io.cwd : path.dirname(full);
}

function targetInside(root: string, file: string): string {
  const realRoot = realPlace(path.resolve(root));
  const wanted = path.resolve(root, file);
  const refuse = () =>
    usage(`${file}: leads out of ${root}; accepted: a path inside it. Nothing was written; remove the symbolic link`);
  if (!isInside(path.resolve(root), wanted)) throw refuse();
  // A link is followed only when all of it stays inside; a dangling one points nowhere we could check.
  const link = fs.lstatSync(wanted, { throwIfNoEntry: false });
  if (link?.isSymbolicLink()) {
    let real: string;
    try {
      real = fs.realpathSync(wanted);
    } catch {
      throw refuse();
    }
    if (!isInside(realRoot, real)) throw refuse();
    return real;
  }
  const real = realPlace(wanted);
  if (!isInside(realRoot, real)) throw refuse();
  return real;
}

/** Where a path would really end up, the part of it that does not exist yet included. */
export function realPlace(file: string): string {
  let at = file;
  while (fs.lstatSync(at, { throwIfNoEntry: false }) === undefined && path.dirname(at) !== at) at = path.dirname(at);
  return path.join(fs.realpathSync(at), path.relative(at, file));
}

export function isInside(root: string, file: string): boolean {
  const relative = path.relative(root, file);
  return relative === "" || (relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
}

function besideOf(target: string, what: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.${what}`);
}

function removeEmpty(dir: string): void {
  // Only directories this call made, and only while nothing else was put into them.
  for (const child of fs.existsSync(dir) ? fs.readdirSync(dir) : []) {
    const full = path.join(dir, child);
    if (fs.lstatSync(full).isDirectory()) removeEmpty(full);
  }
  if (fs.existsSync(dir) && fs.readdirSync(dir).length === 0) fs.rmdirSync(dir);
}

function asStop(error: unknown): unknown {
  const { code, path: at } = error as NodeJS.ErrnoException;
  const words: Record<string, string> = {
    EACCES: "no permission to write there",
    EPERM: "no permission to write there",
    EROFS: "the file system is read-only",
    ENOSPC: "the disk is full",
    ENOTDIR: "a part of the path is a file",
    EEXIST: "another run is writing it, or a part of the path is a file",
    EISDIR: "is a directory",
  };
  return code !== undefined && words[code] !== undefined
    ? usage(`${at ?? "output"}: ${words[code]}; nothing was written`)
    : error;
}
