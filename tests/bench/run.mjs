// Speed and memory as ratios taken in one run, so that a slow or busy machine changes both sides: `npm run bench`.
// Every measured thing is a process of its own, started as a user starts it. Exits 1 when a target is missed.
// `npm run bench -- --fleet` is the long part alone: `up` of 1,000 ships, which needs `npm run tools -- pulumi`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { program } from "../../tools/programs.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const cli = join(root, "dist/cli/main.js");
if (!existsSync(cli)) {
  console.error("dist/ is missing: run npm run build first");
  process.exit(1);
}

const asked = process.argv.slice(2);
if (asked.some((a) => a !== "--fleet")) {
  console.error(
    `unknown: ${asked.filter((a) => a !== "--fleet").join(" ")}; accepted: --fleet, or nothing for everything`,
  );
  process.exit(2);
}

const RUNS = 5;
const dir = mkdtempSync(join(tmpdir(), "roadstead-bench-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
// What is started ends with this process: an engine has its exit handler, too.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(8));

const rows = [];
const notes = [];
const check = (what, value, limit, unit) => rows.push({ what, value, limit, unit, ok: value <= limit });

/** Wall time in ms and peak memory in MB of one process; the preload writes the peak when it ends. */
function once(args, accepted = [0]) {
  const peak = join(dir, "peak");
  const started = process.hrtime.bigint();
  const done = spawnSync(process.execPath, ["--require", join(here, "peak.cjs"), ...args], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ROADSTEAD_BENCH_PEAK: peak },
  });
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  if (!accepted.includes(done.status)) throw new Error(`${args.join(" ")} ended with ${done.status}\n${done.stderr}`);
  return { ms, mb: Number(readFileSync(peak, "utf8")) / 1024 };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Both sides by turns, so that whatever slows the machine slows both. */
function compare(...sides) {
  const taken = sides.map(() => []);
  for (let i = 0; i < RUNS; i++) sides.forEach((side, n) => taken[n].push(side()));
  return taken.map((runs) => ({ ms: median(runs.map((r) => r.ms)), mb: Math.max(...runs.map((r) => r.mb)) }));
}

const fleet = (ships) => {
  const file = join(dir, `fleet-${ships}.yaml`);
  writeFileSync(
    file,
    `environment: prod\nships: { count: ${ships} }\ncustomers: ${Math.max(1, ships / 10)}\nplatform: eks\nsla: 99.9\n` +
      "experience: expert\ndomain: fleet.example.com\nregions: { allowed: [us-west-2] }\n",
  );
  return file;
};
const thousand = existsSync(join(root, "examples/fleet-1000.yaml")) ? "examples/fleet-1000.yaml" : fleet(1000);

/** Objects of a preview: what the yardstick has to make, too. */
function objectsOf(file) {
  const done = spawnSync(process.execPath, [cli, "preview", file, "--json"], { cwd: root, maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`preview ${file} ended with ${done.status}\n${done.stderr}`);
  return JSON.parse(done.stdout).graph.resources.length;
}

function planAndPreview() {
  const [bare, plan] = compare(
    () => once(["-e", "0"]),
    () => once([cli, "plan", thousand, "--json"]),
  );
  check("plan of 1,000 ships against node -e 0", plan.ms / bare.ms, 5, "×");
  check("plan of 1,000 ships, peak memory", plan.mb, 200, "MB");

  const objects = objectsOf(thousand);
  const [synth, preview, written] = compare(
    () => once([join(here, "synth.mjs"), join(dir, "synth"), String(objects)]),
    () => once([cli, "preview", thousand]),
    () => once([cli, "preview", thousand, "--out", join(dir, "out")]),
  );
  check(`preview of 1,000 ships against cdk8s with ${objects} objects`, preview.ms / synth.ms, 3.5, "×");
  check("preview of 1,000 ships, peak memory", preview.mb, 300, "MB");

  // Linear: ten times the ships cost at most ten times what ships cost, above what every preview costs.
  const [one, hundred, all] = compare(
    () => once([cli, "preview", fleet(1)]),
    () => once([cli, "preview", fleet(100)]),
    () => once([cli, "preview", fleet(1000)]),
  );
  const perShip = { hundred: (hundred.ms - one.ms) / 99, thousand: (all.ms - one.ms) / 999 };
  // A hundred ships cost hardly more than one: below 1 ms a ship the clock's noise would decide.
  check(
    "preview, cost of a ship among 1,000 against one among 100",
    perShip.thousand / Math.max(perShip.hundred, 1),
    1.5,
    "×",
  );
  notes.push(
    `medians of ${RUNS}, in ms: node ${bare.ms.toFixed(0)}, plan ${plan.ms.toFixed(0)}, cdk8s ${synth.ms.toFixed(0)}, preview ${preview.ms.toFixed(0)}, ` +
      `preview --out ${written.ms.toFixed(0)} (${(written.ms / synth.ms).toFixed(2)} × cdk8s, ${written.mb.toFixed(0)} MB), ` +
      `1 / 100 / 1,000 ships ${one.ms.toFixed(0)} / ${hundred.ms.toFixed(0)} / ${all.ms.toFixed(0)}`,
  );
}

async function fleetUp() {
  process.env.ROADSTEAD_PULUMI = program("pulumi");
  const require = createRequire(import.meta.url);
  require("./typescript.cjs");
  const { upOfFleet } = require("./fleet.ts");
  const { platform, cells, perShip, cpuPerShip, others, peaks } = await upOfFleet((line) => console.error(line));
  check("up of 1,000 ships, time of a ship against the first 200", perShip.all / perShip.first, 1.15, "×");
  check(
    "up of 1,000 ships, processor time of a ship against the first 200",
    cpuPerShip.all / cpuPerShip.first,
    1.15,
    "×",
  );
  const [largest, mb] = Object.entries(peaks).sort(([, a], [, b]) => b - a)[0];
  check(`up of 1,000 ships, peak memory of the largest process (${largest})`, mb, 1500, "MB");
  const bySpeed = cells.toSorted((a, b) => a.seconds - b.seconds);
  const secondsOf = ({ stack, seconds }) => `${stack} ${seconds.toFixed(1)} s`;
  const percent = (share) => `${(100 * share).toFixed(0)} %`;
  notes.push(
    `platform with ${platform.ships} ships: ${platform.resources} resources, ${platform.seconds.toFixed(1)} s; ${cells.length} cells: ` +
      `fastest ${secondsOf(bySpeed[0])}, slowest ${secondsOf(bySpeed.at(-1))}, ${cells[0].resources} resources in the first`,
    `a ship of the first 200 / of all: ${perShip.first.toFixed(2)} / ${perShip.all.toFixed(2)} s, ` +
      `${cpuPerShip.first.toFixed(2)} / ${cpuPerShip.all.toFixed(2)} s of processor; ` +
      `other programs used ${percent(others.first)} / ${percent(others.all)} of the processors meanwhile`,
    `peak memory in MB: ${Object.entries(peaks)
      .map(([what, peak]) => `${what} ${peak.toFixed(0)}`)
      .join(", ")}`,
  );
}

if (!asked.includes("--fleet")) planAndPreview();
try {
  await fleetUp();
} catch (error) {
  rows.push({ what: "up of 1,000 ships", why: error.message, ok: false });
}

for (const r of rows)
  console.log(
    `${r.ok ? "ok  " : "MISS"} ${r.what}: ${r.why ?? `${r.value.toFixed(2)} ${r.unit} (at most ${r.limit} ${r.unit})`}`,
  );
for (const note of notes) console.log(`     ${note}`);
process.exitCode = rows.every((r) => r.ok) ? 0 : 1;
