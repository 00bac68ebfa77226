// `npm run test:mutations`: deliberate faults, one at a time, in a copy of the checkout; who of the suites notices?
// The last line is `N caught, N missed`. See docs/mutations.md.
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { refusedByCompiler } from "./compiles.mjs";
import { clearStaleFolders, copyCheckout, newFolder, removeFolder, withFault } from "./copy.mjs";
import { endAll, kindOf, NPM_TEST, run, suitesOf, titleOf } from "./suites.mjs";

/** Of the faults that could be applied, as many must be noticed: 19 of 20. */
const SHARE = 0.95;

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const faults = createRequire(import.meta.url)("./faults/index.cjs");

const USAGE = `npm run test:mutations -- [--only ID]… [--jobs N] [--commit REF] [--near] [--json] [--list]
  --only ID      this fault (again for more); default all
  --jobs N       copies worked on side by side; default 1
  --commit REF   break this commit; default the working tree, with what is not committed
  --near         only the suites a fault names, without the rest of npm test: quick, and no proof that nobody notices
  --json         one object on standard output
  --list         the faults, and nothing is run`;

const options = readOptions();
let stopped = false;
let folder;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string", multiple: true, default: [] },
        jobs: { type: "string", default: "1" },
        commit: { type: "string" },
        near: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
      },
    });
    const unknown = values.only.filter((id) => !faults.some((f) => f.id === id));
    if (unknown.length > 0) throw new Error(`no fault ${unknown.join(", ")}; see --list`);
    if (!/^[1-9]\d?$/.test(values.jobs)) throw new Error(`--jobs ${values.jobs}: give a whole number from 1 to 99`);
    return { ...values, jobs: Number(values.jobs) };
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

async function main() {
  const chosen = options.only.length === 0 ? faults : faults.filter((f) => options.only.includes(f.id));
  if (options.list) {
    for (const { id, part, title } of chosen) console.log(`${id.padEnd(36)} ${part.padEnd(11)} ${title}`);
    return 0;
  }
  stopOnSignal();
  clearStaleFolders();
  folder = newFolder();
  try {
    return await check(chosen);
  } finally {
    removeFolder(folder);
  }
}

/** The first Ctrl-C ends what runs, says what is known and leaves nothing behind; the second does not wait for anybody. */
function stopOnSignal() {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => {
      if (stopped) {
        endAll("SIGKILL");
        removeFolder(folder);
        process.exit(130);
      }
      stopped = true;
      say("stopping; once more to stop without waiting");
      endAll();
    });
}

const say = (text) => void process.stderr.write(`${text}\n`);

async function check(chosen) {
  const began = Date.now();
  const copies = await Promise.all(
    Array.from({ length: Math.min(options.jobs, chosen.length) }, (_, i) =>
      copyCheckout(root, join(folder, `copy-${i}`, "checkout"), options.commit),
    ),
  );
  say(`${chosen.length} faults, ${options.commit ?? "working tree"}`);
  const refused = refusedByCompiler(copies[0], chosen);
  for (const [id, why] of refused) say(`${id}: the compiler refuses it, which shows nothing: ${why}`);
  if (refused.size > 0) return 1;

  const judge = new Judge(Math.max(1, Math.floor(availableParallelism() / copies.length)));
  // Everybody's first suite. Dear ones are run without a fault before the first fault that gets as far.
  if (options.only.length === 0 && !options.near) await judge.baseline(NPM_TEST, copies[0]);
  const queue = [...chosen];
  const results = [];
  await Promise.all(
    copies.map(async (dir) => {
      while (queue.length > 0 && !stopped && judge.unsound === null) {
        const fault = queue.shift();
        const result = await judge.judge(fault, dir);
        if (stopped || judge.unsound !== null) return;
        results.push(result);
        say(`[${results.length}/${chosen.length}] ${lineOf(result)}`);
      }
    }),
  );
  return report(chosen, results, judge.unsound, Math.round((Date.now() - began) / 1000));
}

class Judge {
  /** Why no verdict counts: the suites fail without any fault. */
  unsound = null;
  #sound = new Map();
  /** Engines and control planes clear up after each other: one at a time. */
  #turn = Promise.resolve();

  constructor(workers) {
    this.workers = workers;
  }

  /** What a suite says of the copy as it is. A fault that a failing suite "notices" counts for nothing. */
  baseline(suite, dir) {
    const covered = kindOf(suite) === "jest" && this.#sound.has(titleOf(NPM_TEST)) ? NPM_TEST : suite;
    const title = titleOf(covered);
    if (!this.#sound.has(title))
      this.#sound.set(
        title,
        this.#twiceIfSlow(() => this.#run(covered, dir)).then((done) => {
          if (stopped) return;
          say(`without a fault: ${title}: ${done.verdict} (${done.seconds} s)`);
          if (done.verdict !== "passed")
            this.unsound = `${title} fails without any fault: ${done.by ? `${done.by.file}: ${done.by.test}\n${done.by.message}` : done.why}`;
        }),
      );
    return this.#sound.get(title);
  }

  async judge(fault, dir) {
    const passed = [];
    for (const suite of suitesOf(fault)) {
      if (options.near && suite === NPM_TEST) continue;
      await this.baseline(suite, dir);
      if (stopped || this.unsound !== null) break;
      const done = await this.#twiceIfSlow(() => withFault(dir, fault, () => this.#run(suite, dir)));
      if (stopped) break;
      if (done.verdict === "failed") return { fault, caught: true, suite, passed, ...done };
      passed.push({ suite: titleOf(suite), verdict: done.verdict, why: done.why });
    }
    return { fault, caught: false, passed };
  }

  /** On a busy machine tests run out of time with and without a fault. */
  async #twiceIfSlow(attempt) {
    const done = await attempt();
    return done.verdict === "slow" && !stopped ? attempt() : done;
  }

  #run(suite, dir) {
    const work = () => (stopped ? { verdict: "broke", why: "stopped" } : run(suite, this.#place(dir)));
    if (kindOf(suite) === "jest") return Promise.resolve(work());
    this.#turn = this.#turn.then(work, work);
    return this.#turn;
  }

  #place(dir) {
    return { dir, cache: join(dir, "../cache"), workers: this.workers };
  }
}

const byOf = ({ suite, by }) =>
  `${titleOf(kindOf(suite) === "jest" ? by.file : { ...suite, path: by.file })}: ${by.test}`;

function lineOf(result) {
  const { fault, caught, passed } = result;
  if (caught) return `${fault.id}: caught by ${byOf(result)} (${result.seconds} s)`;
  const odd = passed.filter((p) => p.verdict !== "passed").map((p) => `; ${p.suite}: ${p.verdict}: ${p.why}`);
  return `${fault.id}: MISSED${odd.join("")}`;
}

function report(chosen, results, unsound, seconds) {
  const order = new Map(chosen.map((f, i) => [f.id, i]));
  results.sort((a, b) => order.get(a.fault.id) - order.get(b.fault.id));
  const caught = results.filter((r) => r.caught).length;
  const missed = chosen.length - caught;
  const enough = unsound === null && !stopped && caught >= Math.ceil(chosen.length * SHARE);
  if (options.json) {
    const rows = results.map((r) => ({
      id: r.fault.id,
      part: r.fault.part,
      title: r.fault.title,
      caught: r.caught,
      by: r.caught ? { suite: titleOf(r.suite), ...r.by } : null,
      passed: r.passed,
    }));
    console.log(JSON.stringify({ faults: rows, caught, missed, unsound, stopped, enough, seconds }, null, 2));
  } else {
    console.log("| id | part | fault | caught by |\n| --- | --- | --- | --- |");
    for (const r of results)
      console.log(
        `| ${r.fault.id} | ${r.fault.part} | ${r.fault.title} | ${r.caught ? cell(byOf(r)) : "**nobody**"} |`,
      );
    if (unsound !== null) console.log(`\nNo verdict counts: ${unsound}`);
    if (stopped) console.log(`\nstopped: ${chosen.length - results.length} of ${chosen.length} faults were not judged`);
    console.log(`\n${seconds} s`);
    console.log(`${caught} caught, ${missed} missed`);
  }
  if (stopped) return 130;
  return enough ? 0 : 1;
}

const cell = (text) => text.replaceAll("|", "\\|");

process.exitCode = await main().catch((error) => {
  console.error(error.message);
  return 1;
});
