// `npm run test:cluster`: what a killed run left behind is ended, then the suites run one by one, each on a control plane of
// its own. The last line is `N passed, N failed`.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";
import { program } from "../../tools/programs.mjs";
import runs from "./control-plane/runs.cjs";

/** The whole suite; nothing in it waits that long. */
const LIMIT_MS = 25 * 60_000;

const missing = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kubectl"].flatMap(
  lacking,
);
if (missing.length > 0) {
  console.error(missing.join("\n"));
  console.log("0 passed, 1 failed");
  process.exit(1);
}

const here = dirname(fileURLToPath(import.meta.url));
const jest = createRequire(join(here, "../../package.json")).resolve("jest/bin/jest");
const scratch = mkdtempSync(join(tmpdir(), "roadstead-cluster-result-"));
const result = join(scratch, "result.json");

for (const line of runs.clearStaleRuns()) console.error(line);
const began = Date.now();
const args = [
  jest,
  "--config",
  join(here, "jest.config.cjs"),
  "--json",
  "--outputFile",
  result,
  ...process.argv.slice(2),
];
// Its own report goes to stderr already; the JSON it prints as well would bury the last line.
const tied = ["--require", join(here, "control-plane/tied.cjs")];
const child = spawn(process.execPath, [...tied, ...args], { stdio: ["pipe", "ignore", "inherit"] });
child.stdin.on("error", () => undefined);
const limit = setTimeout(() => {
  console.error(`stopped: the suite took longer than ${LIMIT_MS / 60_000} minutes`);
  child.kill("SIGKILL");
}, LIMIT_MS);
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    child.kill(signal);
    setTimeout(() => child.kill("SIGKILL"), 10_000).unref();
  });

child.on("exit", (code, signal) => {
  clearTimeout(limit);
  const { passed, failed } = counts(result, signal);
  rmSync(scratch, { recursive: true, force: true });
  console.log(`${Math.round((Date.now() - began) / 1000)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || code !== 0 ? 1 : 0;
});

/** What to do about a program that is not there. */
function lacking(name) {
  try {
    program(name);
    return [];
  } catch (error) {
    return [error.message];
  }
}

/** A suite that does not even load, or a run that was stopped, is a failure too. */
function counts(file, signal) {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests } = JSON.parse(
      readFileSync(file, "utf8"),
    );
    return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites + numPendingTests };
  } catch {
    console.error(`no result was written${signal ? `: ended by ${signal}` : ""}`);
    return { passed: 0, failed: 1 };
  }
}
