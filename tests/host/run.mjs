// `npm run test:host`: builds the root of a Debian 12 once, then runs the suites on machines made from it.
// The last line is `N passed, N failed`.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";

/** The root is built in two to three minutes; the suites take less than ten. */
const BUILD_LIMIT_MS = 15 * 60_000;
const LIMIT_MS = 25 * 60_000;

const here = dirname(fileURLToPath(import.meta.url));
const jest = createRequire(join(here, "../../package.json")).resolve("jest/bin/jest");
const began = Date.now();

/** What the suites need of the machine they run on. Everything else they bring along. */
const NEEDED = {
  debootstrap: "debootstrap",
  unshare: "util-linux",
  setpriv: "util-linux",
  nsenter: "util-linux",
  findmnt: "util-linux",
  tar: "tar",
};

function fail(...lines) {
  for (const line of lines) console.error(line);
  console.log("0 passed, 1 failed");
  process.exit(1);
}

function findPrograms() {
  const absent = () => Object.keys(NEEDED).filter((p) => spawnSync("sh", ["-c", `command -v ${p}`]).status !== 0);
  const packages = [...new Set(absent().map((p) => NEEDED[p]))];
  if (packages.length === 0) return;
  console.error(`installing ${packages.join(" ")}`);
  const apt = (...args) =>
    spawnSync("apt-get", ["-q", "-y", ...args], {
      stdio: ["ignore", "ignore", "inherit"],
      timeout: BUILD_LIMIT_MS,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  if (apt("install", "--no-install-recommends", ...packages).status !== 0) {
    apt("update");
    apt("install", "--no-install-recommends", ...packages);
  }
  const still = absent();
  if (still.length > 0)
    fail(`missing: ${still.join(", ")}. On Debian: apt-get install ${still.map((p) => NEEDED[p]).join(" ")}`);
}

/** The cached root; a change of what builds it makes another one. */
function buildRoot() {
  const script = join(here, "machine/build-root.sh");
  const hash = createHash("sha256").update(readFileSync(script)).digest("hex").slice(0, 16);
  const cache = process.env.ROADSTEAD_TOOLS_CACHE ?? join(homedir(), ".cache/roadstead");
  const root = join(cache, `host-root-${hash}`);
  if (existsSync(join(root, "installed"))) return root;
  console.error("building the root of a Debian 12, once, two to three minutes");
  const done = spawnSync(script, [root], { stdio: ["ignore", "inherit", "inherit"], timeout: BUILD_LIMIT_MS });
  if (done.status !== 0)
    fail("the root could not be built: it needs a Debian mirror (ROADSTEAD_DEBIAN_MIRROR, ROADSTEAD_DEBIAN_SECURITY)");
  for (const other of readdirSync(cache))
    if (/^host-root-[0-9a-f]{16}$/.test(other) && join(cache, other) !== root)
      rmSync(join(cache, other), { recursive: true, force: true });
  return root;
}

if (process.platform !== "linux" || process.getuid() !== 0)
  fail("test:host needs Linux and root: it makes namespaces and mounts of its own");
findPrograms();
const root = buildRoot();

const scratch = mkdtempSync(join(tmpdir(), "roadstead-host-result-"));
const result = join(scratch, "result.json");
const tied = ["--require", join(here, "machine/tied.cjs")];
const child = spawn(
  process.execPath,
  [
    ...tied,
    jest,
    "--config",
    join(here, "jest.config.cjs"),
    "--json",
    "--outputFile",
    result,
    ...process.argv.slice(2),
  ],
  // Its own report goes to stderr already; the JSON it prints as well would bury the last line.
  { stdio: ["pipe", "ignore", "inherit"], env: { ...process.env, ROADSTEAD_HOST_ROOT: root } },
);
child.stdin.on("error", () => undefined);
const limit = setTimeout(() => {
  console.error(`stopped: the suite took longer than ${LIMIT_MS / 60_000} minutes`);
  child.kill("SIGKILL");
}, LIMIT_MS);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill("SIGKILL"));

child.on("exit", (code, signal) => {
  clearTimeout(limit);
  const { passed, failed } = counts(result, signal);
  rmSync(scratch, { recursive: true, force: true });
  console.log(`${Math.round((Date.now() - began) / 1000)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || code !== 0 ? 1 : 0;
});

/** A suite that does not even load, or a run that was stopped, is a failure too; so is a test that was skipped. */
function counts(file, signal) {
  try {
    const read = JSON.parse(readFileSync(file, "utf8"));
    return {
      passed: read.numPassedTests,
      failed: read.numFailedTests + read.numRuntimeErrorTestSuites + read.numPendingTests + read.numTodoTests,
    };
  } catch {
    console.error(`no result was written${signal ? `: ended by ${signal}` : ""}`);
    return { passed: 0, failed: 1 };
  }
}
