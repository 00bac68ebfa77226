// `npm run test:engine`: the compiled program under the real Pulumi engine. The last line is `N passed, N failed`.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";
import { program } from "../../tools/programs.mjs";

/** The whole suite; no test in it waits that long. */
const LIMIT_MS = 30 * 60_000;

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
/** Whose it is stands in the name of a run's folder. */
const SCRATCH = /^roadstead-engine-run-(\d+)-/;
removeRemains();
const scratch = mkdtempSync(join(tmpdir(), `roadstead-engine-run-${process.pid}-`));

process.exitCode = await main().catch((error) => {
  console.error(error.message);
  return 1;
});
rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });

async function main() {
  let pulumi;
  try {
    pulumi = program("pulumi");
  } catch (error) {
    console.error(error.message);
    console.log("0 passed, 1 failed");
    return 1;
  }
  const built = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (built.status !== 0) {
    console.error("the program these tests run could not be built");
    console.log("0 passed, 1 failed");
    return 1;
  }
  const began = Date.now();
  const result = join(scratch, "result.json");
  const jest = createRequire(join(root, "package.json")).resolve("jest/bin/jest");
  const args = ["--config", join(here, "jest.config.cjs"), "--json", "--outputFile", result, ...process.argv.slice(2)];
  // Jest, and each of its workers, ends when whoever started it is gone; engines end with the worker (engine/parent.cjs).
  const tied = ["--require", join(here, "../cluster/control-plane/tied.cjs")];
  const child = spawn(process.execPath, [...tied, jest, ...args], {
    cwd: root,
    stdio: ["pipe", "ignore", "inherit"],
    env: { ...process.env, ROADSTEAD_PULUMI: pulumi, ROADSTEAD_SCRATCH: scratch },
  });
  child.stdin.on("error", () => undefined);
  const end = (signal) => {
    child.kill(signal);
    setTimeout(() => child.kill("SIGKILL"), 10_000).unref();
  };
  const limit = setTimeout(() => {
    console.error(`stopped: the suite took longer than ${LIMIT_MS / 60_000} minutes`);
    end("SIGTERM");
  }, LIMIT_MS);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => end(signal));
  const code = await new Promise((resolve) => child.on("exit", resolve));
  clearTimeout(limit);
  const { passed, failed } = counts(result);
  console.log(`${Math.round((Date.now() - began) / 1000)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || code !== 0 ? 1 : 0;
}

/** A suite that does not even load, or a run that was stopped, is a failure too; so is a skipped test. */
function counts(file) {
  try {
    const r = JSON.parse(readFileSync(file, "utf8"));
    return { passed: r.numPassedTests, failed: r.numFailedTests + r.numRuntimeErrorTestSuites + r.numPendingTests };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

/** What a killed run left behind. One that still runs, in another terminal, keeps its folder. */
function removeRemains() {
  for (const name of readdirSync(tmpdir()).filter((f) => SCRATCH.test(f))) {
    if (isRunning(Number(SCRATCH.exec(name)[1]))) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    console.error(`removed the files of a run that had ended: ${join(tmpdir(), name)}`);
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}
