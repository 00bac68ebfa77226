// The state file of a file backend, and the attributes beside it. An engine killed while it wrote leaves attributes of no bytes,
// since only the state is renamed into its place (gocloud.dev/blob/fileblob), and then reads nothing: "failed to load
// checkpoint: EOF". A machine that went down may leave a part of a state, or nothing; the whole one before lies beside it
// (pkg/backend/diy/state.go, saveCheckpoint: it is copied to <stack>.json.bak before each write).
import fs from "node:fs";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { usage } from "../../exit";
import { parseState, type StackState } from "./state";

export interface Checkpoint {
  file: string;
  /** What is wrong with it; null when it is whole. */
  broken: string | null;
  /** Its attributes, when they are not whole. They say nothing that is needed. */
  brokenAttributes: string | null;
}

/** Where a file backend keeps things; null for every other one. */
export function backendFolder(url: string, cwd: string, home: string): string | null {
  if (!url.startsWith("file://")) return null;
  const place = url.slice("file://".length).replace(/\?.*$/, "").replace(/^~/, home);
  return path.join(path.resolve(cwd, place === "" ? home : place), ".pulumi");
}

/** The stack's file; null when there is none. */
export function checkpointOf(folder: string, project: string, stack: string): Checkpoint | null {
  const base = path.join(folder, "stacks", project, `${stack}.json`);
  const file = [base, `${base}.gz`].find((f) => fs.existsSync(f));
  return file === undefined ? null : { file, broken: faultOf(file), brokenAttributes: attributesOf(file) };
}

function attributesOf(file: string): string | null {
  const attributes = `${file}.attrs`;
  if (!fs.existsSync(attributes)) return null;
  try {
    JSON.parse(fs.readFileSync(attributes, "utf8"));
    return null;
  } catch {
    return attributes;
  }
}

/** Out of the way, and kept. */
export function setAside(file: string, stamp: string): string {
  const aside = `${file}.broken-${stamp}`;
  fs.renameSync(file, aside);
  return aside;
}

function faultOf(file: string): string | null {
  if (fs.statSync(file).size === 0) return "is empty";
  try {
    stateIn(file);
    return null;
  } catch {
    return "is not whole";
  }
}

/** The same state as `pulumi stack export` would give. */
export function stateIn(file: string): StackState {
  const bytes = fs.readFileSync(file);
  const { version, checkpoint } = JSON.parse(
    (file.endsWith(".gz") || file.endsWith(".gz.bak") ? gunzipSync(bytes) : bytes).toString("utf8"),
  ) as {
    version: number;
    checkpoint: { latest?: unknown };
  };
  return parseState(JSON.stringify({ version, deployment: checkpoint.latest ?? {} }), file);
}

/** The whole state before the one that was not written to its end. Only looks. */
export function stateBefore({ file, broken }: Checkpoint): StackState {
  const before = `${file}.bak`;
  try {
    return stateIn(before);
  } catch {
    throw usage(
      `${file} ${broken ?? "cannot be read"}, and ${before} is no whole state either. Nothing was changed. ` +
        `Older states: ${path.join(path.dirname(file), "../../backups")}. Do not run \`up\` with an empty state: claims would refuse it, other objects would be made twice`,
    );
  }
}

/** Puts the state before in its place. The broken file is kept beside it, the copy it came from stays. */
export function mend({ file }: Checkpoint, stamp: string): string {
  const aside = `${file}.broken-${stamp}`;
  fs.copyFileSync(file, aside, fs.constants.COPYFILE_EXCL);
  const next = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.new`);
  fs.copyFileSync(`${file}.bak`, next, fs.constants.COPYFILE_EXCL);
  const fd = fs.openSync(next, "r+");
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  fs.renameSync(next, file);
  return aside;
}
