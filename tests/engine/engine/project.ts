// A project the way a user has one: stack files written by `roadstead plan --write`, the compiled stack program, the real
// Pulumi CLI on a file backend. Only the language host and the providers are stand-ins (see docs/testing.md).
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse, stringify } from "yaml";

const checkout = path.join(__dirname, "../../..");
const { Cloud } = createRequire(__filename)("../cloud/store.cjs") as { Cloud: new (dir: string) => CloudStore };

export interface CloudObject {
  scope: string;
  type: string;
  id: string;
  urn: string;
  inputs: Record<string, unknown>;
  outs: Record<string, unknown>;
}
export interface JournalEntry {
  op: "create" | "update" | "delete" | "cascade" | "release" | "refuse";
  scope: string;
  type: string;
  id: string;
  urn: string;
  reason?: string;
}
interface CloudStore {
  all(): CloudObject[];
  journal(): JournalEntry[];
  create(object: CloudObject, taken: string | null): CloudObject;
  update(object: CloudObject): void;
  remove(object: CloudObject, taken: string | null): void;
}

export interface Fault {
  on: "create" | "update" | "delete";
  type?: string;
  nth?: number;
  what: "fail" | "slow" | "hang" | "kill-before" | "kill-after";
  ms?: number;
}

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  timedOut: boolean;
  output: string;
  /** By operation: create, update, same, delete, replace… Empty when the engine was killed. */
  changes: Record<string, number>;
  /** Every line of the engine's event log. */
  events: string;
}

const PASSPHRASE = "only-for-tests";
/** No operation of these suites takes that long; a hanging one is ended with everything it started. */
const LIMIT_MS = 180_000;

const running = new Set<ChildProcess>();
process.on("exit", () => running.forEach(endGroup));

function endGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, "SIGKILL");
  } catch {
    return; // Gone already.
  }
}

export class Project {
  readonly root = fs.mkdtempSync(path.join(process.env.ROADSTEAD_SCRATCH || os.tmpdir(), "roadstead-engine-"));
  readonly cloud: CloudStore;
  private count = 0;

  /** `shareWith`: another project whose cloud this one works in. */
  constructor(shareWith?: Project) {
    for (const folder of ["home", "backend", "stacks", "bin"]) fs.mkdirSync(this.path(folder));
    for (const shared of ["dist", "node_modules", "policies"])
      fs.symlinkSync(path.join(checkout, shared), this.path(shared));
    this.script("bin/pulumi-language-nodejs", path.join(__dirname, "language-host.cjs"));
    const providers = ["aws", "command", "digitalocean", "kubernetes", "random"].map((name) => {
      fs.mkdirSync(this.path(`plugins/${name}`), { recursive: true });
      this.script(`plugins/${name}/pulumi-resource-${name}`, path.join(__dirname, "../cloud/provider.cjs"), name);
      return { name, path: `plugins/${name}` };
    });
    const shipped = parse(fs.readFileSync(path.join(checkout, "Pulumi.yaml"), "utf8")) as object;
    fs.writeFileSync(this.path("Pulumi.yaml"), stringify({ ...shipped, plugins: { providers } }));
    this.cloudFolder = shareWith?.cloudFolder ?? this.path("cloud");
    this.cloud = new Cloud(this.cloudFolder);
  }
  private readonly cloudFolder: string;

  path(...parts: string[]): string {
    return path.join(this.root, ...parts);
  }

  /** Plans, records, and creates the stacks. Returns the names of the recorded stacks, the platform first. */
  async record(requirements: object, options: string[] = [], stack = "prod"): Promise<string[]> {
    const known = new Set(this.stacks());
    fs.writeFileSync(this.path("roadstead.yaml"), stringify(requirements));
    const main = path.join(checkout, "dist/cli/main.js");
    const made = spawnSync(
      process.execPath,
      [main, "plan", "roadstead.yaml", "--stack", stack, "--write", ...options],
      { cwd: this.root, encoding: "utf8", timeout: 60_000 },
    );
    if (made.status !== 0) throw new Error(`roadstead plan --write: exit ${made.status}\n${made.stdout}${made.stderr}`);
    const stacks = this.stacks();
    for (const name of stacks.filter((s) => !known.has(s))) await this.must(["stack", "init", name]);
    return stacks;
  }

  stacks(): string[] {
    return fs
      .readdirSync(this.path("stacks"))
      .map((f) => /^Pulumi\.(.+)\.yaml$/.exec(f)?.[1] ?? "")
      .filter(Boolean)
      .sort();
  }

  async secrets(stack: string, values: Record<string, string>): Promise<void> {
    const given = Object.entries(values).flatMap(([key, value]) => ["--secret", `${key}=${value}`]);
    if (given.length > 0) await this.must(["config", "set-all", "--stack", stack, ...given]);
  }

  up(stack: string, options: string[] = [], faults: Fault[] = []): Promise<Outcome> {
    return this.pulumi(["up", "--yes", "--skip-preview", "--stack", stack, ...options], faults);
  }

  preview(stack: string, options: string[] = []): Promise<Outcome> {
    return this.pulumi(["preview", "--stack", stack, ...options]);
  }

  refresh(stack: string): Promise<Outcome> {
    return this.pulumi(["refresh", "--yes", "--skip-preview", "--stack", stack]);
  }

  /** With the preview that the CLI does by itself: it is where protected resources stop everything else. */
  destroy(stack: string, options: string[] = [], faults: Fault[] = []): Promise<Outcome> {
    return this.pulumi(["destroy", "--yes", "--stack", stack, ...options], faults);
  }

  /** Creations the engine began and did not see the end of. */
  pendingCreates(stack: string): string[] {
    const state = JSON.parse(this.checkpoint(stack)) as {
      checkpoint: { latest?: { pending_operations?: { type: string; resource: { urn: string } }[] } };
    };
    const pending = state.checkpoint.latest?.pending_operations ?? [];
    return pending.filter((p) => p.type === "creating").map((p) => p.resource.urn);
  }

  /** `roadstead doctor STACK --repair`, as a person runs it; `yes` does what it shows. */
  repair(stack: string, words: string[] = [], yes = true): Repair {
    const main = path.join(checkout, "dist/cli/main.js");
    const args = [main, "doctor", stack, "--repair", "--json", ...(yes ? ["--yes"] : []), ...words];
    const done = spawnSync(process.execPath, args, {
      cwd: this.root,
      encoding: "utf8",
      timeout: LIMIT_MS,
      env: this.environment(),
    });
    const answer = (done.stdout === "" ? {} : JSON.parse(done.stdout)) as Partial<Repair>;
    return {
      notes: [],
      steps: [],
      next: [],
      backup: null,
      ...answer,
      exit: done.status ?? -1,
      output: done.stdout + done.stderr,
    };
  }

  /**
   * The way on after a killed engine. What the repair cannot find by itself, whoever runs it looks up in their account: here
   * the object that this project's creation left there, if it left one.
   */
  recover(stack: string): Repair {
    // Once for what has to be looked for, once more for what turns out to carry no holder.
    let repair = this.repair(stack);
    for (let round = 0; repair.exit === 5 && round < 2; round += 1) {
      const open = repair.steps.filter((s) => s.outcome === "unsettled" || s.action === "look");
      const words = open.flatMap(({ urn }) => {
        const there = this.cloud.all().find((o) => o.urn === urn);
        return there ? ["--found", `${urn}=${importId(there)}`] : ["--forget", urn];
      });
      repair = this.repair(stack, words);
    }
    return repair;
  }

  /** Commands that were run on the hosts of this project's cloud, in order. */
  runs(): HostRun[] {
    const file = path.join(this.cloudFolder, "host/runs.jsonl");
    if (!fs.existsSync(file)) return [];
    const lines = fs.readFileSync(file, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line) as HostRun);
  }

  /** What those hosts answer from now on: shell, in place of `sudo`. */
  hostsAnswer(shell: string): void {
    fs.mkdirSync(path.join(this.cloudFolder, "host"), { recursive: true });
    fs.writeFileSync(path.join(this.cloudFolder, "host/answer"), shell);
  }

  /** What the engine knows of a stack, as it lies on disk. */
  checkpoint(stack: string): string {
    return fs.readFileSync(this.stateFile(stack), "utf8");
  }

  resources(stack: string): StateResource[] {
    const state = JSON.parse(this.checkpoint(stack)) as { checkpoint: { latest?: { resources?: StateResource[] } } };
    return state.checkpoint.latest?.resources ?? [];
  }

  /** The resource a creation that was cut off was to make. */
  pendingResource(stack: string, urn: string): StateResource {
    const state = JSON.parse(this.checkpoint(stack)) as {
      checkpoint: { latest: { pending_operations: { resource: StateResource }[] } };
    };
    return state.checkpoint.latest.pending_operations.find((p) => p.resource.urn === urn)!.resource;
  }

  /** For a test that goes on with a killed engine's state without the repair: what is not whole beside it is put right. */
  wholeState(stack: string): void {
    const file = this.stateFile(stack);
    const isWhole = (name: string): boolean => {
      try {
        JSON.parse(fs.readFileSync(name, "utf8"));
        return true;
      } catch {
        return false;
      }
    };
    if (!isWhole(`${file}.attrs`)) fs.rmSync(`${file}.attrs`, { force: true });
    if (!isWhole(file)) fs.copyFileSync(`${file}.bak`, file);
  }

  /** A lock as an update takes it that still runs, and the process that stands for that update. */
  lockOfRunning(stack: string): [string, ChildProcess] {
    const alive = spawn("sh", ["-c", "sleep 600 # pulumi up"], { stdio: "ignore" });
    running.add(alive);
    const lock = this.path(`backend/.pulumi/locks/organization/roadstead/${stack}/running.json`);
    fs.mkdirSync(path.dirname(lock), { recursive: true });
    const content = { pid: alive.pid, username: "somebody", hostname: os.hostname(), timestamp: new Date() };
    fs.writeFileSync(lock, JSON.stringify(content));
    return [lock, alive];
  }

  /** What `roadstead preview` says the stack is made of. */
  previewed(stack: string): { type: string; custom: boolean }[] {
    const main = path.join(checkout, "dist/cli/main.js");
    const out = this.path("previewed");
    const done = spawnSync(process.execPath, [main, "preview", stack, "--out", out], {
      cwd: this.root,
      encoding: "utf8",
      timeout: 60_000,
    });
    if (done.status !== 0) throw new Error(`roadstead preview: exit ${done.status}\n${done.stdout}${done.stderr}`);
    const graph = JSON.parse(fs.readFileSync(path.join(out, "graph.json"), "utf8")) as {
      resources: { stack: string; type: string; custom: boolean }[];
    };
    return graph.resources.filter((r) => r.stack === stack);
  }

  /** The state's file of the file backend. */
  stateFile(stack: string): string {
    return this.path(`backend/.pulumi/stacks/roadstead/${stack}.json`);
  }

  async must(args: string[]): Promise<Outcome> {
    const outcome = await this.pulumi(args);
    if (outcome.code !== 0) throw new Error(`pulumi ${args.join(" ")}: exit ${outcome.code}\n${outcome.output}`);
    return outcome;
  }

  async pulumi(args: string[], faults: Fault[] = [], limitMs = LIMIT_MS): Promise<Outcome> {
    const log = this.path(`events-${(this.count += 1)}.jsonl`);
    const faultFile = this.path(`faults-${this.count}.json`);
    fs.writeFileSync(faultFile, JSON.stringify(faults));
    const operation = ["up", "preview", "refresh", "destroy"].includes(args[0]!);
    const child = spawn(
      pulumiProgram(),
      [...args, "--non-interactive", "--color", "never", ...(operation ? ["--event-log", log] : [])],
      {
        cwd: this.root,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...this.environment(), ROADSTEAD_FAULTS: faultFile },
      },
    );
    running.add(child);
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (output += data.toString()));
    let timedOut = false;
    const limit = setTimeout(() => {
      timedOut = true;
      endGroup(child);
    }, limitMs);
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (...ended) => resolve(ended));
    });
    clearTimeout(limit);
    endGroup(child);
    running.delete(child);
    // Plugins are groups of their own and end themselves when their engine is gone.
    if (code === null) await this.gone();
    const events = fs.existsSync(log) ? fs.readFileSync(log, "utf8") : "";
    return { code, signal, timedOut, output, changes: changesIn(events), events };
  }

  private environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PATH: [this.path("bin"), path.dirname(pulumiProgram()), process.env.PATH].join(path.delimiter),
      PULUMI_HOME: this.path("home"),
      PULUMI_BACKEND_URL: `file://${this.path("backend")}`,
      PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
      PULUMI_SKIP_UPDATE_CHECK: "1",
      // The event log is an option of developers.
      PULUMI_DEBUG_COMMANDS: "1",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      ROADSTEAD_CLOUD: this.cloudFolder,
      // Whoever ends, its engines end with it (parent.cjs).
      ROADSTEAD_OWNER: String(process.pid),
    };
  }

  /** What still runs some seconds after the engine was killed. */
  async gone(limitMs = 5_000): Promise<string[]> {
    for (const until = Date.now() + limitMs; this.left().length > 0 && Date.now() < until;)
      await new Promise((resolve) => setTimeout(resolve, 100));
    return this.left();
  }

  /** Processes that still run on behalf of this project. Linux only; none are seen elsewhere. */
  left(): string[] {
    if (!fs.existsSync("/proc/self")) return [];
    return fs.readdirSync("/proc").flatMap((pid) => {
      try {
        const environment = /^\d+$/.test(pid) ? fs.readFileSync(`/proc/${pid}/environ`, "utf8") : "";
        return environment.includes(`ROADSTEAD_CLOUD=${this.cloudFolder}`)
          ? [fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")]
          : [];
      } catch {
        return [];
      }
    });
  }

  remove(): void {
    fs.rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  private script(file: string, ...program: string[]): void {
    const words = [process.execPath, ...program].map((w) => `'${w}'`).join(" ");
    fs.writeFileSync(this.path(file), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  }
}

export interface HostRun {
  urn: string;
  connection: { host: string; user: string; hostKey: string };
  command: string;
  stdin: string;
  code: number;
}

/** What `roadstead doctor --repair --json` says, and how it ended. */
export interface Repair {
  notes: string[];
  steps: { urn: string; type: string; was: string; action?: string; outcome?: string; why: string; search?: string }[];
  next: string[];
  backup: string | null;
  exit: number;
  output: string;
}

/** As a person would give it: the region belongs to it on AWS. */
const importId = ({ type, id, inputs }: CloudObject): string =>
  type === "digitalocean:index/dnsRecord:DnsRecord"
    ? `${String(inputs.domain)},${id}`
    : type.startsWith("aws:") && typeof inputs.region === "string"
      ? `${id}@${inputs.region}`
      : id;

export interface StateResource {
  urn: string;
  type: string;
  custom?: boolean;
  id?: string;
  protect?: boolean;
  retainOnDelete?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

let found: string | undefined;
function pulumiProgram(): string {
  found ??= process.env.ROADSTEAD_PULUMI;
  if (found === undefined) throw new Error("run these tests with npm run test:engine, which finds pulumi");
  return found;
}

function changesIn(events: string): Record<string, number> {
  for (const line of events.split("\n").filter(Boolean).reverse()) {
    const { summaryEvent } = JSON.parse(line) as { summaryEvent?: { resourceChanges?: Record<string, number> } };
    if (summaryEvent) return summaryEvent.resourceChanges ?? {};
  }
  return {};
}
