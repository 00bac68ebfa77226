// `npm run tools [-- MODULE…]` builds what is missing. A folder in the cache appears whole, by one rename, or not at all.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "node:timers";
import { CACHE, MODULES, builtFolder, sourceFolder } from "./programs.mjs";

/** No build takes that long, even cold on a busy machine; a Go proxy that never answers would. */
const LIMIT_MS = Number(process.env.ROADSTEAD_TOOLS_LIMIT_MS || 45 * 60_000);
const GO = process.env.ROADSTEAD_GO || "go";
/** Of these, `go.mod` asks for 1.26. */
const GO_VERSION = [1, 26];
/** `.building-MODULE-PID-…`: whose it is must be known from the moment it is there. */
const UNFINISHED = /^\.building-(\w+)-(\d+)-/;
const LOOK_EVERY_MS = Number(process.env.ROADSTEAD_TOOLS_LOOK_MS || 1_000);
/** Runs a program that ends when its fourth stream is closed: also when this process was killed and can end nothing. */
const TIED = '{ cat <&3; kill -KILL 0; } >/dev/null 2>&1 & exec "$@" 3<&-';

const FULL = "the disk is full: about 5 GB are needed for the Go caches. Free some and run npm run tools again";

class Refused extends Error {}

let child = null;
let unfinished = null;
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    endBuild();
    if (unfinished) rmSync(unfinished, { recursive: true, force: true });
    process.exit(8);
  });

async function main(asked) {
  const unknown = asked.filter((name) => !(name in MODULES));
  if (unknown.length > 0)
    throw new Refused(`unknown: ${unknown.join(", ")}; accepted: ${Object.keys(MODULES).join(", ")}`);
  const names = asked.length > 0 ? asked : Object.keys(MODULES);
  const missing = names.filter((name) => !isBuilt(name));
  for (const name of names.filter((n) => !missing.includes(n)))
    console.log(`${name} ${MODULES[name].version} is there: ${builtFolder(name)}`);
  if (missing.length === 0) return;
  checkGo();
  makeCache();
  removeUnfinished();
  for (const name of missing) {
    await othersBuild(name);
    if (isBuilt(name)) console.log(`${name} ${MODULES[name].version} is there now: ${builtFolder(name)}`);
    else await build(name);
  }
}

const isBuilt = (name) => Object.keys(MODULES[name].builds).every((file) => existsSync(join(builtFolder(name), file)));

function checkGo() {
  const { error, stdout } = spawnSync(GO, ["env", "GOVERSION"], { encoding: "utf8", env: goEnv() });
  const wanted = GO_VERSION.join(".");
  if (error || !stdout)
    throw new Refused(
      `Go was not found (${GO}). Install Go ${wanted} or later from https://go.dev/dl and run npm run tools again`,
    );
  const [major = 0, minor = 0] = stdout.trim().replace(/^go/, "").split(".").map(Number);
  if (major < GO_VERSION[0] || (major === GO_VERSION[0] && minor < GO_VERSION[1]))
    throw new Refused(
      `Go ${wanted} or later is needed, this is ${stdout.trim()}. Install one from https://go.dev/dl and run npm run tools again`,
    );
}

function makeCache() {
  try {
    mkdirSync(CACHE, { recursive: true });
  } catch (error) {
    throw new Refused(cannotWrite(error));
  }
}

const cannotWrite = ({ code, message }) =>
  code === "ENOSPC"
    ? FULL
    : `${CACHE} cannot be written: ${message}. Mend that, or name another folder in ROADSTEAD_TOOLS_CACHE`;

/** What a killed build left behind. One that still runs, in another terminal, keeps its folder. */
function removeUnfinished() {
  for (const { folder } of unfinishedBuilds().filter(({ pid }) => !isBuild(pid))) {
    console.log(`removing ${folder}, left behind by a build that did not finish`);
    rmSync(join(CACHE, folder), { recursive: true, force: true });
  }
}

const unfinishedBuilds = () =>
  readdirSync(CACHE).flatMap((folder) => {
    const [, module, pid] = UNFINISHED.exec(folder) ?? [];
    return module === undefined ? [] : [{ folder, module, pid: Number(pid) }];
  });

/** Whether a pid is that of a build: it may have been given to another program since. */
function isBuild(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("build.mjs");
  } catch {
    const asked = spawnSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" });
    return asked.stdout?.includes("build.mjs") ?? false;
  }
}

/** Two builds of one module would only slow each other. Both that begin at the same moment build, and both end well. */
async function othersBuild(name) {
  const until = Date.now() + LIMIT_MS;
  for (let said = false; ; said = true) {
    const other = unfinishedBuilds().find(({ module, pid }) => module === name && isBuild(pid));
    if (other === undefined) return;
    if (Date.now() > until)
      throw new Refused(
        `${name}: process ${other.pid} has not built it within ${Math.round(LIMIT_MS / 60_000)} minutes`,
      );
    if (!said) console.log(`${name}: process ${other.pid} builds it already, waiting`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function build(name) {
  const { builds, ldflags, minutes, version } = MODULES[name];
  const began = Date.now();
  console.log(
    `${name} ${version}: building ${Object.keys(builds).join(", ")} (about ${minutes} minutes when nothing of it was built before)`,
  );
  try {
    unfinished = mkdtempSync(join(CACHE, `.building-${name}-${process.pid}-`));
  } catch (error) {
    throw new Refused(cannotWrite(error));
  }
  const out = join(unfinished, "out");
  mkdirSync(out);
  for (const [file, pkg] of Object.entries(builds))
    await go(name, ["build", "-mod=readonly", "-ldflags", ["-s -w", ...ldflags].join(" "), "-o", join(out, file), pkg]);
  publish(name, out, builtFolder(name));
  rmSync(unfinished, { recursive: true, force: true });
  unfinished = null;
  console.log(`${name} ${version}: built in ${Math.round((Date.now() - began) / 1000)} s: ${builtFolder(name)}`);
}

function publish(name, from, to) {
  if (isBuilt(name)) return; // Another terminal was faster, with the same sources; it may be in use.
  rmSync(to, { recursive: true, force: true }); // Programs were deleted from it.
  try {
    renameSync(from, to);
  } catch (error) {
    if (!isBuilt(name)) throw new Refused(`${name}: ${cannotWrite(error)}`);
  }
}

/** The toolchain that is there: a test suite downloads no compiler. Suites of others share these cores, so builds are nice. */
const goEnv = () => ({ ...process.env, GOTOOLCHAIN: "local", GOWORK: "off", GOFLAGS: "-buildvcs=false" });

async function go(name, args) {
  const nice = spawnSync("nice", ["true"]).status === 0;
  const command = nice ? ["nice", "-n", "10", GO] : [GO];
  child = spawn("sh", ["-c", TIED, "sh", ...command, ...args], {
    cwd: sourceFolder(name),
    env: goEnv(),
    stdio: ["ignore", "inherit", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  let timedOut = false;
  child.stderr.on("data", (data) => {
    said += data;
    process.stderr.write(data);
  });
  const limit = setTimeout(() => {
    timedOut = true;
    endBuild();
  }, LIMIT_MS);
  const started = Date.now();
  const progress = setInterval(() => console.log(`${name}: ${Math.round((Date.now() - started) / 1000)} s`), 30_000);
  const code = await new Promise((resolve) => {
    child.on("error", () => resolve(1));
    child.on("exit", () => child.stdio[3].destroy());
    child.on("close", resolve);
  });
  clearTimeout(limit);
  clearInterval(progress);
  child = null;
  if (code === 0) return;
  rmSync(unfinished, { recursive: true, force: true });
  unfinished = null;
  throw new Refused(`${name}: ${timedOut ? `not built within ${Math.round(LIMIT_MS / 60_000)} minutes` : wayOn(said)}`);
}

/** The compilers that `go` started end with it. */
function endBuild() {
  if (!child?.pid) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    return; // Gone already.
  }
}

function wayOn(said) {
  if (
    /dial tcp|no such host|i\/o timeout|connection refused|TLS handshake|proxyconnect|module lookup disabled|context deadline/.test(
      said,
    )
  )
    return "the Go module proxy cannot be reached. Check the network and GOPROXY, then run npm run tools again: what was downloaded is kept";
  if (/checksum mismatch|SECURITY ERROR/.test(said))
    return "a download differs from go.sum. Nothing was built; compare GOPROXY with the one the sums were taken from";
  if (/no space left/.test(said)) return FULL;
  return "the build failed, see above. Run npm run tools again once it is mended: what was compiled is kept";
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
