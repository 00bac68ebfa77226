// Where a command may write what the user names: never over a file that is not its own to replace.
import * as fs from "node:fs";
import * as path from "node:path";
import { usage } from "./exit";
import { isInside, realPlace } from "./files";
import type { Io } from "./io";

/** In the head of every report page; planner/report writes it there. */
const REPORT_MARK = /<meta name="generator" content="roadstead">/;

/**
 * The path of a report page. A new file, or a report made before: everything else holds work that nobody could bring
 * back, above all a stack file with its salt and secrets.
 */
export function reportPath(io: Io, option: string, file: string, inputs: readonly (string | undefined)[]): string {
  const full = path.resolve(io.cwd, file);
  const refuse = (what: string) =>
    usage(
      `${option} ${file}: ${what}; accepted: a new file, or a Roadstead report to replace. Nothing was written; choose another name`,
    );
  if (/^Pulumi(\..*)?\.ya?ml$/i.test(path.basename(full)))
    throw refuse("is the name of a Pulumi project or stack file");
  const stat = fs.statSync(full, { throwIfNoEntry: false });
  if (stat === undefined) return full;
  const same = (input: string | undefined) => {
    if (input === undefined) return false;
    const other = fs.statSync(path.resolve(io.cwd, input), { throwIfNoEntry: false });
    return other !== undefined && other.ino === stat.ino && other.dev === stat.dev;
  };
  if (inputs.some(same)) throw refuse("is an input of this command");
  if (!stat.isFile()) throw refuse(stat.isDirectory() ? "is a directory" : "is not a regular file");
  if (!REPORT_MARK.test(beginning(full))) throw refuse("exists and is not a Roadstead report");
  return full;
}

/** A directory to write a preview into: not through a symbolic link that leads elsewhere. */
export function outputDirectory(io: Io, dir: string): string {
  const full = path.resolve(io.cwd, dir);
  const cwd = path.resolve(io.cwd);
  const refuse = () =>
    usage(
      `--out ${dir}: leads through a symbolic link to another directory; accepted: a directory, new or made by a preview. ` +
        "Nothing was written; give the directory itself",
    );
  if (fs.lstatSync(full, { throwIfNoEntry: false })?.isSymbolicLink()) throw refuse();
  if (isInside(cwd, full) && !isInside(realPlace(cwd), realPlace(full))) throw refuse();
  return full;
}

/** A report says what it is in its head; nothing is read of a large file but that. */
function beginning(file: string): string {
  const fd = fs.openSync(file, "r");
  try {
    const buffer = Buffer.alloc(2048);
    return buffer.toString("utf8", 0, fs.readSync(fd, buffer, 0, buffer.length, 0));
  } finally {
    fs.closeSync(fd);
  }
}
