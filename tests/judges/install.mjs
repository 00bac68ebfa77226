// The judges, each pinned with everything it needs: kube-score by tools/, what PyPI has by the locks in python/. What is
// missing is fetched once, into the folder `npm run tools` builds into.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CACHE, program } from "../../tools/programs.mjs";

const here = dirname(fileURLToPath(import.meta.url));

/** checkov brings a hundred packages: a minute, and more on a slow line. */
const LIMIT_MS = 15 * 60_000;
/** The locks hold from here on. */
const PYTHON = [3, 11];

export function kubeScore() {
  try {
    return program("kube-score");
  } catch {
    const build = join(here, "../../tools/build.mjs");
    spawnSync(process.execPath, [build, "judges"], { stdio: ["ignore", "inherit", "inherit"] });
    return program("kube-score");
  }
}

/** A folder to put on PYTHONPATH. It appears whole, by one rename, or not at all. */
export function fromPyPI(name) {
  const lock = join(here, `python/${name}.txt`);
  const python = pythonFor(name);
  const hash = createHash("sha256").update(readFileSync(lock)).update(python).digest("hex").slice(0, 16);
  const folder = join(CACHE, `${name}-${hash}`);
  if (existsSync(folder)) return folder;
  console.error(`${name}: installing, once, a minute or two`);
  mkdirSync(CACHE, { recursive: true });
  removeRemains();
  const unfinished = mkdtempSync(join(CACHE, `.installing-${name}-${process.pid}-`));
  try {
    const pinned = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", lock];
    const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
    const done = spawnSync("python3", ["-m", "pip", "install", ...quiet, ...pinned, "--target", unfinished], {
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
      timeout: LIMIT_MS,
    });
    if (done.status !== 0)
      throw new Error(
        `${name} cannot be installed: ${lastLine(done.stderr) || `pip did not end within ${LIMIT_MS / 60_000} minutes`}. It needs python3 with pip, and PyPI, once`,
      );
    // Another run may have been faster, with the same lock.
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/** What a killed run left behind. One that still runs, in another terminal, keeps its folder. */
function removeRemains() {
  for (const folder of readdirSync(CACHE)) {
    const [, pid] = /^\.installing-.*-(\d+)-\w+$/.exec(folder) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(CACHE, folder), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function pythonFor(name) {
  const asked = spawnSync("python3", ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], { encoding: "utf8" });
  const version = asked.stdout?.trim() ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > PYTHON[0] || (major === PYTHON[0] && minor >= PYTHON[1])) return version;
  throw new Error(`${name}: Python ${PYTHON.join(".")} or later is needed, found ${version || "none"}`);
}

const lastLine = (text) => (text ?? "").trim().split("\n").at(-1);
