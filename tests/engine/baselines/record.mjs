// Records what a version built, so that a later one can be brought onto it (upgrade.test.ts):
//
//     node tests/engine/baselines/record.mjs [--from COMMIT] [--force]
//
// Without --from, HEAD. It is built and run in a worktree of its own, so nothing uncommitted gets into a baseline. Never
// overwrites a recorded one without --force: what a version built does not change afterwards.
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { program } from "../../../tools/programs.mjs";

/** The whole recording. */
const LIMIT_MS = 30 * 60_000;

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const { values } = parseArgs({
  options: { from: { type: "string", default: "HEAD" }, force: { type: "boolean", default: false } },
});
const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();

process.exitCode = main();

function main() {
  const pulumi = program("pulumi");
  const commit = git("rev-parse", `${values.from}^{commit}`);
  const date = git("show", "-s", "--format=%cI", commit);
  const { version } = JSON.parse(git("show", `${commit}:package.json`));
  const folder = join(here, version);
  if (existsSync(folder) && !values.force) {
    const { commit: known } = JSON.parse(readFileSync(join(folder, "recorded.json"), "utf8"));
    console.error(
      `${version} is recorded already, from commit ${known}. Replace it with --force, or raise the version first.`,
    );
    return 1;
  }
  const scratch = mkdtempSync(join(tmpdir(), "roadstead-baseline-"));
  const tree = join(scratch, "tree");
  try {
    git("worktree", "add", "--detach", "--quiet", tree, commit);
    symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
    const require = createRequire(join(root, "package.json"));
    const run = (script, args, env = {}) => {
      const done = spawnSync(process.execPath, [require.resolve(script), ...args], {
        cwd: tree,
        stdio: ["ignore", "inherit", "inherit"],
        timeout: LIMIT_MS,
        env: { ...process.env, ...env },
      });
      if (done.status !== 0) throw new Error(`${script} ended with ${done.status ?? done.signal}`);
    };
    run("typescript/bin/tsc", ["-p", "tsconfig.build.json"]);
    // The version's own harness and examples, this checkout's way of recording them.
    mkdirSync(join(tree, "tests/engine/baselines"), { recursive: true });
    for (const file of ["record.ts", "baseline.ts"])
      copyFileSync(join(here, file), join(tree, "tests/engine/baselines", file));
    const out = join(scratch, "out");
    run(
      "jest/bin/jest",
      ["--config", "tests/engine/jest.config.cjs", "--testMatch", "**/baselines/record.ts", "--verbose"],
      { ROADSTEAD_PULUMI: pulumi, ROADSTEAD_BASELINE_OUT: out },
    );
    writeFileSync(join(out, "recorded.json"), `${JSON.stringify({ version, commit, date }, null, 2)}\n`);
    rmSync(folder, { recursive: true, force: true });
    moved(out, folder);
    console.log(`recorded ${version} from ${commit} of ${date}`);
    return 0;
  } catch (error) {
    console.error(error.message);
    return 1;
  } finally {
    // By its path alone: other worktrees of this repository are not ours.
    spawnSync("git", ["worktree", "remove", "--force", tree], { cwd: root });
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The temporary directory may be another file system. */
function moved(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (error.code !== "EXDEV") throw error;
    execFileSync("cp", ["-R", from, to]);
  }
}
