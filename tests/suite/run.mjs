// Runs the suite of a folder under Jest and ends with one line, `N passed, N failed`: what `.ci/run` adds up.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const MINUTE = 60_000;

/** How long a suite that was told to end may take to end what it started. */
const GRACE_MS = 10_000;

/**
 * `folder` holds the suite and its jest.config.cjs; nothing in it waits as long as `limitMinutes`. `within` is a command that
 * Jest runs inside. What follows on the command line is Jest's. Jest ends when this process is gone, be it by kill -9: its
 * standard input closes.
 */
export async function runSuites({ folder, limitMinutes, env = {}, within = [] }) {
  const scratch = mkdtempSync(join(tmpdir(), "roadstead-suite-"));
  const result = join(scratch, "result.json");
  const jest = createRequire(join(here, "../../package.json")).resolve("jest/bin/jest");
  const [program, ...args] = [
    ...within,
    ...[process.execPath, "--require", join(here, "tied.cjs"), jest],
    ...["--config", join(folder, "jest.config.cjs"), "--json", "--outputFile", result],
    ...process.argv.slice(2),
  ];
  const began = Date.now();
  const child = spawn(program, args, {
    cwd: join(here, "../.."),
    // Its own report goes to stderr already; the JSON it prints as well would bury the last line.
    stdio: ["pipe", "ignore", "inherit"],
    env: { ...process.env, ...env },
  });
  child.stdin.on("error", () => undefined);
  const end = (signal) => {
    child.kill(signal);
    setTimeout(() => child.kill("SIGKILL"), GRACE_MS).unref();
  };
  const limit = setTimeout(() => {
    console.error(`stopped: the suite took longer than ${limitMinutes} minutes`);
    end("SIGTERM");
  }, limitMinutes * MINUTE);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => end(signal));
  const { code, signal } = await new Promise((resolve) => {
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
  clearTimeout(limit);
  const { passed, failed } = counts(result, signal);
  rmSync(scratch, { recursive: true, force: true });
  console.log(`${Math.round((Date.now() - began) / 1000)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || code !== 0 ? 1 : 0;
}

/** A suite that cannot begin has failed, too. */
export function fail(...reasons) {
  for (const reason of reasons) console.error(reason);
  console.log("0 passed, 1 failed");
  process.exit(1);
}

/** The values, or the messages of all that throw. */
export function allOf(asked) {
  const values = [];
  const missing = [];
  for (const ask of asked)
    try {
      values.push(ask());
    } catch (error) {
      missing.push(error.message);
    }
  if (missing.length > 0) fail(...missing);
  return values;
}

/** A file that does not even load, or a run that was stopped, is a failure; so is a test that was skipped or only noted. */
function counts(file, signal) {
  try {
    const read = JSON.parse(readFileSync(file, "utf8"));
    const { numFailedTests, numRuntimeErrorTestSuites, numPendingTests, numTodoTests } = read;
    return {
      passed: read.numPassedTests,
      failed: numFailedTests + numRuntimeErrorTestSuites + numPendingTests + numTodoTests,
    };
  } catch {
    console.error(`no result was written${signal ? `: ended by ${signal}` : ""}`);
    return { passed: 0, failed: 1 };
  }
}
