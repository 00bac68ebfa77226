// `npm run test:engine`: the compiled program under the real Pulumi engine. The last line is `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { program } from "../../tools/programs.mjs";
import { allOf, fail, runSuites } from "../suite/run.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
/** Whose it is stands in the name of a run's folder. */
const SCRATCH = /^roadstead-engine-run-(\d+)-/;
removeRemains();

const [pulumi] = allOf([() => program("pulumi")]);
const built = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
if (built.status !== 0) fail("the program these tests run could not be built");
const scratch = mkdtempSync(join(tmpdir(), `roadstead-engine-run-${process.pid}-`));
// Engines end with the worker of Jest that started them (engine/parent.cjs).
await runSuites({ folder: here, limitMinutes: 45, env: { ROADSTEAD_PULUMI: pulumi, ROADSTEAD_SCRATCH: scratch } });
rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });

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
