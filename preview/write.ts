// Writes a preview into a directory: everything beside it first, then file by file into place. Only a directory that a
// preview made, or an empty one, is written to, and nothing is removed there that a preview did not write.
import * as fs from "node:fs";
import * as path from "node:path";
import type { Preview } from "./result";
import { manifestFiles, manifestText } from "./manifests";
import { wayBack } from "./way-back";
import { mermaid } from "./mermaid";

/** Says that a preview wrote the directory, and which files. */
const MARKER = ".roadstead-preview.json";

/** Why the directory is not written to, in words. */
export class OutputRefused extends Error {}

/** Writes all files and returns their paths, relative to the directory. */
export function writePreview(dir: string, preview: Preview): string[] {
  const before = filesOfBefore(dir);
  fs.mkdirSync(dir, { recursive: true });
  const staging = fs.mkdtempSync(path.join(dir, ".roadstead-preview-"));
  try {
    const written: string[] = [];
    for (const { file, chunks } of contents(preview)) {
      refuseLinks(dir, file);
      writeChunks(path.join(staging, file), chunks);
      written.push(file);
    }
    written.sort();
    for (const file of written) {
      fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
      fs.renameSync(path.join(staging, file), path.join(dir, file));
    }
    removeStale(
      dir,
      before.filter((file) => !written.includes(file)),
    );
    const marker = path.join(staging, MARKER);
    fs.writeFileSync(marker, `${JSON.stringify({ schema: "roadstead/preview-output/1", files: written }, null, 2)}\n`);
    fs.renameSync(marker, path.join(dir, MARKER));
    return written;
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
  }
}

/** What an earlier preview wrote here; throws when something else did. */
function filesOfBefore(dir: string): string[] {
  const stat = fs.lstatSync(dir, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isSymbolicLink())
    throw new OutputRefused(`${dir}: is a symbolic link; give the directory itself. Nothing was written`);
  if (!stat.isDirectory()) throw new OutputRefused(`${dir}: is a file; accepted: a new or empty directory`);
  const marker = path.join(dir, MARKER);
  if (!fs.existsSync(marker)) {
    if (fs.readdirSync(dir).length === 0) return [];
    throw new OutputRefused(
      `${dir}: holds files no preview wrote; accepted: a new or empty directory, or one an earlier preview wrote. Nothing was written`,
    );
  }
  try {
    const { files } = JSON.parse(fs.readFileSync(marker, "utf8")) as { files?: unknown };
    return Array.isArray(files) ? files.filter((f): f is string => typeof f === "string" && isPlain(f)) : [];
  } catch {
    throw new OutputRefused(`${marker}: cannot be read; remove the directory or choose another. Nothing was written`);
  }
}

/** A path that stays inside: what a marker lists is input like any other. */
function isPlain(file: string): boolean {
  return !path.isAbsolute(file) && !file.split(/[\\/]/).includes("..") && file !== MARKER;
}

function* contents(preview: Preview): Generator<{ file: string; chunks: Iterable<string> }> {
  yield { file: "graph.json", chunks: graphJson(preview) };
  yield { file: "graph.mmd", chunks: [mermaid(preview.graph)] };
  yield { file: "cost.json", chunks: [`${JSON.stringify(preview.costs, null, 2)}\n`] };
  for (const stack of new Set(preview.graph.resources.map((r) => r.stack))) {
    const file = wayBack(preview.graph.resources, stack);
    if (file !== null) yield { file: `way-back/${stack}.json`, chunks: [`${JSON.stringify(file, null, 2)}\n`] };
  }
  for (const file of manifestFiles(preview.graph)) yield { file: file.path, chunks: manifestText(file) };
  for (const { host, userData, script } of preview.hosts) {
    if (userData !== null) yield { file: `hosts/${host}/user-data`, chunks: [userData] };
    yield { file: `hosts/${host}/script.sh`, chunks: [script] };
  }
}

/** One resource a line: a large graph is never held as one string, and differs line by line. */
function* graphJson(preview: Preview): Generator<string> {
  const { schema, resources } = preview.graph;
  yield `{"schema":${JSON.stringify(schema)},"resources":[`;
  for (let i = 0; i < resources.length; i++) yield `${i === 0 ? "\n" : ",\n"}${JSON.stringify(resources[i])}`;
  yield "\n]}\n";
}

const BUFFER = 1 << 16;

function writeChunks(file: string, chunks: Iterable<string>): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const fd = fs.openSync(file, "wx");
  try {
    let buffer = "";
    for (const chunk of chunks) {
      buffer += chunk;
      if (buffer.length < BUFFER) continue;
      fs.writeFileSync(fd, buffer);
      buffer = "";
    }
    if (buffer !== "") fs.writeFileSync(fd, buffer);
  } finally {
    fs.closeSync(fd);
  }
}

/** A link inside the directory could lead what is written out of it. */
function refuseLinks(dir: string, file: string): void {
  let at = dir;
  for (const part of file.split("/").slice(0, -1)) {
    at = path.join(at, part);
    if (fs.lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink())
      throw new OutputRefused(`${at}: is a symbolic link; remove it or choose another directory. Nothing was written`);
  }
}

function removeStale(dir: string, files: string[]): void {
  for (const file of files) {
    refuseLinks(dir, file);
    fs.rmSync(path.join(dir, file), { force: true });
    // Directories only while they are empty: somebody may have put something in.
    for (let at = path.dirname(file); at !== "."; at = path.dirname(at)) {
      const full = path.join(dir, at);
      if (!fs.existsSync(full) || fs.readdirSync(full).length > 0) break;
      fs.rmdirSync(full);
    }
  }
}
