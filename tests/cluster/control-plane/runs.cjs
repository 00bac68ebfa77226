// Where control planes of this suite keep their files, and how what a killed run left behind is ended. A run is known by
// its folder: every one of its processes has that path on its command line, so a pid that was given to another program
// in the meantime is never touched.
const { execFileSync } = require("node:child_process");
const { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } = require("node:fs");
const { tmpdir, userInfo } = require("node:os");
const { join } = require("node:path");

/** A folder of the user's own: other users' runs are not ours to end. */
const RUNS = join(tmpdir(), `roadstead-cluster-${userInfo().username}`);

/** A keeper writes its own pid at once; a folder without one that is older than this lost its keeper. */
const YOUNG_MS = 60_000;

function newRun() {
  mkdirSync(RUNS, { recursive: true, mode: 0o700 });
  return mkdtempSync(join(RUNS, "run-"));
}

function notePid(dir, name, pid) {
  writeFileSync(join(dir, `${name}.pid`), `${pid}\n`);
}

/** The pids noted in a run's folder that still are processes of this run, the keeper's first. */
function living(dir) {
  return pidFiles(dir).filter(({ pid }) => isOf(dir, pid));
}

function pidFiles(dir) {
  const named = readdirSync(dir).filter((f) => f.endsWith(".pid"));
  named.sort((a, b) => Number(b === "keeper.pid") - Number(a === "keeper.pid"));
  return named.flatMap((file) => {
    const pid = Number(readFileSync(join(dir, file), "utf8").trim());
    return Number.isInteger(pid) && pid > 1 ? [{ name: file.slice(0, -4), pid }] : [];
  });
}

function isOf(dir, pid) {
  return commandOf(pid).includes(dir);
}

/** The command line of a process; empty when there is none. A zombie has none. */
function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    try {
      return execFileSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8", stdio: "pipe" });
    } catch {
      return "";
    }
  }
}

/** Ends what runs without a keeper left behind, removes their folders, and says what it did. */
function clearStaleRuns() {
  const said = [];
  let dirs;
  try {
    dirs = readdirSync(RUNS).map((name) => join(RUNS, name));
  } catch {
    return said;
  }
  for (const dir of dirs) {
    let left;
    try {
      left = living(dir);
      const keeperKnown = readdirSync(dir).includes("keeper.pid");
      if (left.some(({ name }) => name === "keeper")) continue;
      if (!keeperKnown && Date.now() - statSync(dir).mtimeMs < YOUNG_MS) continue;
    } catch {
      continue; // Another run is clearing the same folder.
    }
    // Nobody waits for these to end in order: their data goes with the folder.
    for (const { pid } of left) endNow(pid);
    rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    said.push(
      left.length === 0
        ? `removed the files of a run that had ended: ${dir}`
        : `ended ${left.map((p) => p.name).join(", ")}, left behind by a killed run: ${dir}`,
    );
  }
  return said;
}

function endNow(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // Gone already.
  }
}

module.exports = { RUNS, newRun, notePid, living, clearStaleRuns };
