// `roadstead doctor STACK --repair`: the way on after an update that was cut off. Shows what it would do; does it with --yes.
import * as fs from "node:fs";
import * as path from "node:path";
import { EXIT, type ExitCode, Stop, usage } from "../exit";
import { type Io, painter, type Style } from "../io";
import { POLICY_PACK, upCommand } from "../next-steps";
import { type Project, projectOf, readStackFile } from "../project";
import { wrap } from "../render/text";
import { backendUrl, machineProbe, type Probe } from "./probe";
import { backendFolder, checkpointOf, mend, setAside, stateBefore, stateIn } from "./repair/checkpoint";
import { type Lock, locksOf } from "./repair/lock";
import {
  type Outcome,
  planRepair,
  type RepairPlan,
  settle,
  stagedState,
  type Step,
  withRemembered,
  type Words,
} from "./repair/plan";
import { machinePulumi, must, type Pulumi } from "./repair/pulumi";
import { parseState, type PendingOperation, pendingOf, type StackState } from "./repair/state";

export interface RepairOptions {
  json?: boolean;
  yes?: boolean;
  liftLock?: boolean;
  /** Urns. */
  forget?: string[];
  /** urn=id. */
  found?: string[];
}

/** A read or write of the state, a lifted lock; and a refresh, which asks providers about every object. */
const SHORT_MS = 2 * 60_000;
const REFRESH_MS = 20 * 60_000;

interface Report {
  /** What stands in the backend's way, and what is done about it. */
  notes: string[];
  steps: (Step | Outcome)[];
  done: boolean;
  backup: string | null;
  next: string[];
  exit: ExitCode;
}

export async function repairCommand(
  stack: string,
  options: RepairOptions,
  io: Io,
  probe: Probe = machineProbe(io),
  pulumi: Pulumi = machinePulumi(io),
): Promise<ExitCode> {
  const project = projectOf(io);
  readStackFile(io, project, stack);
  const words = wordsOf(options);
  if (probe.run("pulumi", ["version"]) === null)
    throw usage("the pulumi CLI is not on the PATH; install it: https://www.pulumi.com/docs/install/");
  const run = new Repair(stack, options, words, io, project, pulumi, backendUrl(io, probe, project), probe.home);
  const report = options.yes ? await run.carryOut() : await run.show();
  io.out(
    options.json
      ? `${JSON.stringify({ schema: "roadstead/repair/1", stack, ...report }, null, 2)}\n`
      : render(report, stack, io),
  );
  return report.exit;
}

function wordsOf({ forget = [], found = [] }: RepairOptions): Words {
  const pairs = found.map((text) => {
    // A urn holds no `=`; an id may.
    const [, urn, id] = /^(urn:[^=]+)=(.+)$/.exec(text) ?? [];
    if (urn === undefined || id === undefined)
      throw usage(`--found ${text}: accepted: URN=ID, the id as the provider shows it`);
    return [urn, id] as const;
  });
  return { forget, found: Object.fromEntries(pairs) };
}

class Repair {
  private readonly stamp = new Date().toISOString().replace(/[:.]/g, "-");
  private readonly folder: string | null;
  private readonly notes: string[] = [];

  constructor(
    private readonly stack: string,
    private readonly options: RepairOptions,
    private readonly words: Words,
    private readonly io: Io,
    private readonly project: Project,
    private readonly pulumi: Pulumi,
    url: string | null,
    home: string,
  ) {
    this.folder = url === null ? null : backendFolder(url, io.cwd, home);
  }

  /** Reads only. */
  async show(): Promise<Report> {
    const locks = this.locks();
    if (locks.length > 0)
      this.note(
        `locked by ${owners(locks)}; ${this.mayLift(locks) ? "the lock would be lifted" : "add --lift-lock if nobody runs it"}`,
      );
    const checkpoint = this.folder === null ? null : checkpointOf(this.folder, this.project.name, this.stack);
    let state: StackState;
    if (checkpoint?.broken) {
      state = stateBefore(checkpoint);
      this.note(
        `${checkpoint.file} ${checkpoint.broken}; the state before it, ${checkpoint.file}.bak, would take its place`,
      );
    } else if (checkpoint?.brokenAttributes) {
      state = stateIn(checkpoint.file);
      this.note(`${checkpoint.brokenAttributes} is not whole and would be set aside`);
    } else state = await this.exported();
    state = withRemembered(state, this.remembered());
    const { steps } = planRepair(state, this.words);
    const idle = steps.length === 0 && this.notes.length === 0;
    const again = `roadstead doctor ${this.stack} --repair --yes${this.liftOption(locks)}${this.wordOptions()}`;
    return {
      notes: this.notes,
      steps,
      done: false,
      backup: null,
      next: idle ? [upCommand(this.stack, POLICY_PACK)] : [again],
      exit: idle ? EXIT.done : EXIT.approval,
    };
  }

  async carryOut(): Promise<Report> {
    const lift = this.locksToLift();
    // Before the lock is lifted, which reads the state, and after nobody is known to hold it.
    this.mendCheckpoint();
    if (lift) must(await this.pulumi(["cancel", "--yes", "--stack", this.stack], SHORT_MS), "pulumi cancel");
    const before = withRemembered(await this.exported(), this.remembered());
    const plan = planRepair(before, this.words);
    if (plan.steps.length === 0) return this.report([], null);
    const look = plan.steps.filter((s) => s.action === "look");
    // Importing a state forgets what is pending in it, and of these nothing else would remind anybody.
    if (look.length > 0)
      return {
        notes: this.notes,
        steps: plan.steps,
        done: false,
        backup: null,
        next: this.nextAfter([], look),
        exit: EXIT.refused,
      };
    const backup = this.keep(before);
    const outcomes = await this.settle(before, plan);
    return this.report(outcomes, backup);
  }

  private async settle(before: StackState, plan: RepairPlan): Promise<Outcome[]> {
    if (plan.targets.length === 0) {
      const { state, outcomes } = settle(before, plan, before, this.stack);
      await this.write(state);
      this.remember([]);
      return outcomes;
    }
    this.remember(pendingOf(before).filter((p) => p.type === "creating"));
    await this.write(stagedState(before, plan));
    this.say(`asking the providers about ${plan.targets.length} resource${plan.targets.length === 1 ? "" : "s"}`);
    const targets = plan.targets.flatMap((urn) => ["--target", urn]);
    const args = ["refresh", "--yes", "--skip-preview", "--stack", this.stack, ...targets];
    try {
      must(merged(await this.pulumi(args, REFRESH_MS)), "pulumi refresh");
    } catch (error) {
      // What is staged is owned by nobody and remembered: the same command goes on from there.
      this.say("the providers gave no answer; nothing is settled, and the same command asks again");
      throw error;
    }
    const { state, outcomes } = settle(await this.exported(), plan, before, this.stack);
    await this.write(state);
    this.remember(pendingOf(state));
    return outcomes;
  }

  private report(outcomes: Outcome[], backup: string | null): Report {
    const foreign = outcomes.filter((o) => o.outcome === "foreign");
    const open = outcomes.filter((o) => o.outcome === "unsettled");
    return {
      notes: this.notes,
      steps: outcomes,
      done: true,
      backup,
      next: this.nextAfter(foreign, open),
      exit: foreign.length > 0 ? EXIT.quarantine : open.length > 0 ? EXIT.refused : EXIT.done,
    };
  }

  private nextAfter(foreign: Outcome[], open: (Step | Outcome)[]): string[] {
    if (foreign.length + open.length === 0) return [upCommand(this.stack, POLICY_PACK)];
    const search = [...new Set([...foreign, ...open].flatMap((o) => o.search ?? []))];
    if (open.length === 0) return search;
    const found = open.map((o) => ` --found '${o.urn}=${o.id ?? "ID"}'`).join("");
    return [
      ...search,
      "# ID as the provider shows it; for what is not there, --forget 'URN' in the place of --found 'URN=ID':",
      `roadstead doctor ${this.stack} --repair --yes${found}`,
    ];
  }

  private locks(): Lock[] {
    return this.folder === null ? [] : locksOf(this.folder, this.project.name, this.stack);
  }

  private mayLift(locks: Lock[]): boolean {
    return locks.every((l) => l.holder === "gone" || (l.holder === "elsewhere" && this.options.liftLock === true));
  }

  private liftOption(locks: Lock[]): string {
    return locks.some((l) => l.holder === "elsewhere") ? " --lift-lock" : "";
  }

  private wordOptions(): string {
    const { forget, found } = this.words;
    return [
      ...forget.map((urn) => ` --forget '${urn}'`),
      ...Object.entries(found).map(([urn, id]) => ` --found '${urn}=${id}'`),
    ].join("");
  }

  /** Refuses where somebody may still be at work. */
  private locksToLift(): boolean {
    const locks = this.locks();
    // Of another backend's locks nothing is known before it refuses.
    const lift = locks.length > 0 || (this.folder === null && this.options.liftLock === true);
    if (!lift) return false;
    const alive = locks.filter((l) => l.holder === "alive");
    if (alive.length > 0)
      throw new Stop(
        EXIT.locked,
        `another update is running: ${owners(alive)}. Wait for its end, or stop it. Nothing was changed`,
      );
    if (!this.mayLift(locks))
      throw new Stop(
        EXIT.locked,
        `locked from another machine: ${owners(locks)}. If you know that it runs no more: roadstead doctor ${this.stack} --repair --yes --lift-lock. Nothing was changed`,
      );
    this.note(locks.length > 0 ? `lifts the lock of ${owners(locks)}` : "cancels what holds the stack");
    return true;
  }

  private mendCheckpoint(): void {
    const checkpoint = this.folder === null ? null : checkpointOf(this.folder, this.project.name, this.stack);
    if (checkpoint?.brokenAttributes) {
      const aside = setAside(checkpoint.brokenAttributes, this.stamp);
      this.note(`${checkpoint.brokenAttributes} was not whole and is now ${aside}`);
    }
    if (!checkpoint?.broken) return;
    // Read first: what is put in its place must be whole.
    stateBefore(checkpoint);
    const aside = mend(checkpoint, this.stamp);
    this.note(
      `${checkpoint.file} ${checkpoint.broken}: the state before it is back in its place, the broken file is ${aside}`,
    );
  }

  /** Secrets stay encrypted. */
  private async exported(): Promise<StackState> {
    const { stdout } = must(
      await this.pulumi(["stack", "export", "--stack", this.stack], SHORT_MS),
      "pulumi stack export",
    );
    return parseState(stdout, `the state of ${this.stack}`);
  }

  private async write(state: StackState): Promise<void> {
    const file = path.join(this.place(), `${this.stack}-${this.stamp}-next.json`);
    fs.writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
    try {
      must(
        await this.pulumi(["stack", "import", "--stack", this.stack, "--file", file], SHORT_MS),
        "pulumi stack import",
      );
    } finally {
      fs.rmSync(file, { force: true });
    }
  }

  /** The state as it was, for whoever wants it back. */
  private keep(state: StackState): string {
    const file = path.join(this.place(), `${this.stack}-${this.stamp}.json`);
    fs.writeFileSync(file, JSON.stringify(state, null, 1), { mode: 0o600, flag: "wx" });
    this.say(`the state as it was: ${file}`);
    return file;
  }

  /** Creations that a repair before this one asked about and did not settle. */
  private remembered(): PendingOperation[] {
    const file = this.memory();
    return fs.existsSync(file) ? pendingOf(parseState(fs.readFileSync(file, "utf8"), file)) : [];
  }

  private remember(pending: PendingOperation[]): void {
    if (pending.length === 0) {
      fs.rmSync(this.memory(), { force: true });
      return;
    }
    const state: StackState = { version: 3, deployment: { pending_operations: pending } };
    const next = path.join(this.place(), `${this.stack}-open.json.new`);
    fs.writeFileSync(next, JSON.stringify(state), { mode: 0o600 });
    fs.renameSync(next, this.memory());
  }

  private memory(): string {
    return path.join(this.project.root, ".roadstead", "repair", `${this.stack}-open.json`);
  }

  private place(): string {
    const dir = path.join(this.project.root, ".roadstead", "repair");
    fs.mkdirSync(dir, { recursive: true });
    return dir;
  }

  private note(text: string): void {
    this.notes.push(text);
  }

  private say(text: string): void {
    this.io.err(`roadstead: ${text}\n`);
  }
}

const owners = (locks: Lock[]): string => locks.map((l) => l.owner).join("; ");

/** An engine's errors are on its standard output. */
const merged = (a: { code: number | null; stdout: string; stderr: string }) => ({
  ...a,
  stderr: `${a.stderr}${a.code === 0 ? "" : a.stdout}`,
});

const LOOK: Record<Step["action"] | Outcome["outcome"], { mark: string; style: Style; words: string }> = {
  ask: { mark: "?", style: "cyan", words: "asked for" },
  refresh: { mark: "?", style: "cyan", words: "refreshed" },
  drop: { mark: "-", style: "dim", words: "forgotten" },
  look: { mark: "!", style: "yellow", words: "look for it yourself" },
  "taken over": { mark: "✓", style: "green", words: "taken over" },
  refreshed: { mark: "✓", style: "green", words: "refreshed" },
  "not there": { mark: "-", style: "dim", words: "not there" },
  dropped: { mark: "-", style: "dim", words: "forgotten" },
  unsettled: { mark: "!", style: "yellow", words: "not settled: look for it yourself" },
  foreign: { mark: "✗", style: "red", words: "another's, left alone" },
};

function render({ notes, steps, done, backup, next, exit }: Report, stack: string, io: Io): string {
  const paint = painter(io);
  const width = Math.max(60, Math.min(io.columns, 140));
  const line = (s: Step | Outcome): string[] => {
    const look = LOOK["outcome" in s ? s.outcome : s.action];
    const [first = "", ...rest] = wrap(`${s.name} (${s.type}, ${s.was}): ${look.words}: ${s.why}`, width, "  X ");
    return [
      first.replace("X", paint(look.style, look.mark)),
      ...rest,
      ...(s.search !== undefined && /[!✗]/.test(look.mark) ? [`    → ${s.search}`] : []),
    ];
  };
  const title =
    steps.length === 0 && notes.length === 0
      ? `Nothing to repair in ${stack}.`
      : done
        ? `Repaired ${stack}:`
        : exit === EXIT.refused
          ? `${stack} is as it was: first look for what is marked !`
          : `What a repair of ${stack} would do (nothing was changed):`;
  return [
    paint("bold", title),
    ...notes.flatMap((n) => wrap(n, width, "  · ")),
    ...steps.flatMap(line),
    ...(backup === null ? [] : [`  The state as it was: ${backup}`]),
    "",
    paint("bold", "Then"),
    ...next.map((n) => `  ${n}`),
    "",
  ].join("\n");
}
