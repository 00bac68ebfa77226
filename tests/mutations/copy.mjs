// A copy of the checkout to break: never the checkout itself, which somebody may be working in.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The process that made a folder is in its name, so that what a killed run left behind is known as such. */
const PREFIX = "roadstead-mutations-";

export const newFolder = () => mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));

/** Removes folders whose run is gone. */
export function clearStaleFolders() {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !alive(Number(pid))) removeFolder(join(tmpdir(), name));
  }
}

export const removeFolder = (dir) => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** The files git knows and those it would add, as they are in the working tree; or one commit. */
export function copyCheckout(root, into, commit) {
  mkdirSync(into, { recursive: true });
  if (commit !== undefined) {
    const tar = execFileSync("git", ["archive", "--format=tar", commit], { cwd: root, maxBuffer: 1 << 29 });
    execFileSync("tar", ["-x", "-C", into], { input: tar });
  } else {
    const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    for (const file of new Set(listed.split("\0").filter(Boolean))) {
      const from = join(root, file);
      // Deleted in the working tree, not yet in the index.
      if (!existsSync(from) || !lstatSync(from).isFile()) continue;
      mkdirSync(dirname(join(into, file)), { recursive: true });
      copyFileSync(from, join(into, file));
    }
  }
  // Tests of the house ask git for the list of files; a repository of its own keeps them away from the user's.
  execFileSync("git", ["init", "--quiet"], { cwd: into });
  execFileSync("git", ["add", "--all"], { cwd: into });
  linkModules(root, into);
  return into;
}

/**
 * One link a package. The folder itself is not linked: the build writes into `node_modules/.bin`, and what it writes there
 * belongs to the copy.
 */
function linkModules(root, into) {
  const from = join(root, "node_modules");
  const to = join(into, "node_modules");
  mkdirSync(to);
  for (const name of readdirSync(from)) if (!name.startsWith(".")) symlinkSync(join(from, name), join(to, name));
  cpSync(join(from, ".bin"), join(to, ".bin"), { recursive: true, verbatimSymlinks: true });
}

/** Where a fault stands in its file; an error when the source has moved. */
export function broken(text, fault) {
  const found = text.split(fault.find).length - 1;
  if (found !== 1) throw new Error(`${fault.id}: ${fault.file} holds the text to replace ${found} times, not once`);
  // A function, or `$` in the replacement would be read as a pattern.
  return text.replace(fault.find, () => fault.replace);
}

/** Breaks the copy for the time of `work`, and mends it whatever happens. */
export async function withFault(dir, fault, work) {
  const file = join(dir, fault.file);
  const before = readFileSync(file, "utf8");
  writeFileSync(file, broken(before, fault));
  try {
    return await work();
  } finally {
    writeFileSync(file, before);
  }
}
