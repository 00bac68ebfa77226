// Runs one suite in a copy and says whether it noticed. Every run has a limit; what is over it is ended with all it started.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";

const MINUTE = 60_000;
const here = dirname(fileURLToPath(import.meta.url));
const REPORTER = join(here, "first-failures.cjs");
const SAME_SEED = join(here, "same-seed.cjs");
const TIED = join(here, "tied.cjs");

/** The whole of `npm test`, which every fault meets before an engine or a control plane is started for it. */
export const NPM_TEST = "npm test";

const KINDS = {
  jest: { limit: 20 * MINUTE },
  engine: { limit: 30 * MINUTE, command: "tests/engine/run.mjs" },
  cluster: { limit: 30 * MINUTE, command: "tests/cluster/run.mjs" },
  judges: { limit: 10 * MINUTE, command: "tests/judges/run.mjs" },
};

export const pathOf = (suite) => (typeof suite === "string" ? suite : suite.path);

export function kindOf(suite) {
  const [, kind] = /^tests\/(engine|cluster|judges)\//.exec(pathOf(suite)) ?? [];
  return kind ?? "jest";
}

export function titleOf(suite) {
  const env = Object.entries(suite.env ?? {}).map(([name, value]) => `${name}=${value} `);
  return env.join("") + pathOf(suite);
}

/** Listed paths of `npm test` first, then all of it, then what needs an engine or a control plane. */
export function suitesOf(fault) {
  const cheap = fault.suites.filter((s) => kindOf(s) === "jest");
  const dear = fault.suites.filter((s) => kindOf(s) !== "jest");
  return [...cheap, NPM_TEST, ...dear];
}

const running = new Set();

/** Ends every suite that runs: first politely, since suites end their own engines and control planes. */
export function endAll(signal = "SIGTERM") {
  for (const child of running) endGroup(child, signal);
}

function endGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/**
 * One run. `verdict`: passed; failed, with who noticed; slow, when all that failed ran out of time, which says nothing
 * about a fault; broke, when nothing was judged at all.
 */
export async function run(suite, { dir, cache, workers }) {
  const kind = kindOf(suite);
  const result = join(dir, "..", `result-${process.hrtime.bigint()}.json`);
  const log = join(dir, "..", `output-${process.hrtime.bigint()}.log`);
  const began = Date.now();
  const ended = await start(commandOf(suite, kind, { dir, cache, workers }), {
    dir,
    log,
    limit: KINDS[kind].limit,
    env: { ...process.env, ...suite.env, ROADSTEAD_MUTATION_RESULT: result },
  });
  const seen = readResult(result);
  const said = readFileSync(log, "utf8").slice(-3_000);
  for (const file of [result, log]) rmSync(file, { force: true });
  const seconds = Math.round((Date.now() - began) / 1000);
  const at = (failure) => ({ file: relative(dir, failure.path), test: failure.test, message: failure.message });
  const telling = seen.failures.filter((f) => !f.slow);
  if (ended.late) return { verdict: "slow", seconds, why: `over its limit of ${KINDS[kind].limit / MINUTE} minutes` };
  if (ended.code === 0 && seen.failures.length === 0 && seen.passed > 0)
    return { verdict: "passed", seconds, passed: seen.passed };
  if (telling.length > 0) return { verdict: "failed", seconds, by: at(telling[0]), also: telling.length - 1 };
  if (seen.failures.length > 0) return { verdict: "slow", seconds, why: `${seen.failures[0].test} ran out of time` };
  return { verdict: "broke", seconds, why: said };
}

function commandOf(suite, kind, { dir, cache, workers }) {
  const common = ["--ci", "--bail", "--reporters=default", `--reporters=${REPORTER}`];
  // The path first: Jest's lists take every word that follows them.
  if (kind !== "jest") return [join(dir, KINDS[kind].command), pathOf(suite), ...common];
  return [
    join(dir, "node_modules/jest/bin/jest.js"),
    ...(suite === NPM_TEST ? [] : [pathOf(suite)]),
    ...common,
    `--cacheDirectory=${cache}`,
    `--maxWorkers=${workers}`,
    `--setupFiles=${SAME_SEED}`,
    // What checks that faults can be applied would notice every fault.
    "--testPathIgnorePatterns",
    "/tests/(engine|cluster|host|browser|bench|judges|mutations)/",
  ];
}

function start(args, { dir, log, limit, env }) {
  const out = openSync(log, "w");
  // A group of its own: a suite is a runner, Jest, its workers, and what these start.
  const child = spawn(process.execPath, ["--require", TIED, ...args], {
    cwd: dir,
    env,
    detached: true,
    stdio: ["pipe", out, out],
  });
  child.stdin.on("error", () => undefined);
  running.add(child);
  return new Promise((resolve) => {
    let late = false;
    let kill;
    const timer = setTimeout(() => {
      late = true;
      endGroup(child, "SIGTERM");
      kill = setTimeout(() => endGroup(child, "SIGKILL"), 15_000);
    }, limit);
    const end = (code) => {
      clearTimeout(timer);
      clearTimeout(kill);
      closeSync(out);
      // Whoever of the group outlived its leader.
      endGroup(child, "SIGKILL");
      running.delete(child);
      resolve({ code, late });
    };
    child.on("error", () => end(1));
    child.on("exit", end);
  });
}

function readResult(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failures: [] };
  }
}
