// What a suite on machines of its own needs before it runs (tests/suite): its programs and a cached root.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CACHE } from "../../tools/programs.mjs";
import { fail } from "../suite/run.mjs";

export { fail, runSuites } from "../suite/run.mjs";

/** A root is built in two to three minutes, a disk of it in one more. */
const BUILD_LIMIT_MS = 15 * 60_000;

const here = dirname(fileURLToPath(import.meta.url));

/** Installs what the suite needs of the machine it runs on; everything else it brings along. */
export function findPrograms(needed) {
  const absent = () => Object.keys(needed).filter((p) => spawnSync("sh", ["-c", `command -v ${p}`]).status !== 0);
  const packages = [...new Set(absent().map((p) => needed[p]))];
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
    fail(`missing: ${still.join(", ")}. On Debian: apt-get install ${still.map((p) => needed[p]).join(" ")}`);
}

/** A folder of the cache, made by a script once; a change of what makes it makes another one. */
export function cached({ name, script, sources = [], args = [], proof, saying }) {
  const hash = createHash("sha256");
  for (const source of [...sources, script]) hash.update(readFileSync(source));
  const dir = join(CACHE, `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(join(dir, proof))) return dir;
  console.error(saying);
  const done = spawnSync(script, [...args, dir], { stdio: ["ignore", "inherit", "inherit"], timeout: BUILD_LIMIT_MS });
  if (done.status !== 0)
    fail(
      `${basename(dir)} could not be built: it needs a Debian mirror (ROADSTEAD_DEBIAN_MIRROR, ROADSTEAD_DEBIAN_SECURITY)`,
    );
  for (const other of readdirSync(CACHE))
    if (new RegExp(`^${name}-[0-9a-f]{16}$`).test(other) && join(CACHE, other) !== dir)
      rmSync(join(CACHE, other), { recursive: true, force: true });
  return dir;
}

export const ROOT_SCRIPT = join(here, "machine/build-root.sh");

/** The root of a Debian 12 that every machine is made from. */
export const hostRoot = () =>
  cached({
    name: "host-root",
    script: ROOT_SCRIPT,
    proof: "installed",
    saying: "building the root of a Debian 12, once, two to three minutes",
  });
