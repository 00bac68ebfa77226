// One machine of the host tests: Debian 12 with its own processes, mounts, network and cgroup, its disk in memory over the cached
// root. It ends with the test run, however that ends, and leaves nothing.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Set by run.mjs, which builds it. */
const CACHE = process.env.ROADSTEAD_HOST_ROOT ?? "";

export interface Done {
  code: number | null;
  out: string;
  err: string;
}

export interface File {
  path: string;
  mode?: string;
  content: string | Buffer;
}

export interface MachineOptions {
  /** As a cloud image brings it, or with everything the bootstrap installs. Default image. */
  root?: "image" | "installed";
  /** Written to its disk before it boots. */
  files?: File[];
  /** Boots systemd; otherwise it only holds still. Default true. */
  boots?: boolean;
}

/** A boot takes seconds alone; a first one includes the set-up, and machines are shared. */
const UP_LIMIT_MS = 300_000;
const SYSTEMD = ["/lib/systemd/systemd"];
const STILL = ["/bin/sleep", "infinity"];

export class Machine {
  private constructor(
    private readonly holder: ChildProcess,
    private readonly cgroup: string,
    private readonly log: () => string,
  ) {}

  static async start(options: MachineOptions = {}): Promise<Machine> {
    if (!CACHE) throw new Error("run these tests with npm run test:host: it builds the root they need");
    const layers = options.root === "installed" ? `${CACHE}/installed:${CACHE}/base` : `${CACHE}/base`;
    const boots = options.boots ?? true;
    const cgroup = newCgroup();
    const holder = spawn(
      "sh",
      // In its cgroup before anything else, so that no process of it can be outside.
      [
        "-c",
        'echo $$ >"$0/cgroup.procs" && exec setpriv --pdeathsig KILL unshare --mount --propagation private "$@"',
        cgroup,
        join(__dirname, "hold.sh"),
        layers,
        `${CACHE}/mount`,
        options.files ? "stdin" : "-",
        ...(boots ? SYSTEMD : STILL),
      ],
      { stdio: ["pipe", "pipe", "pipe"] },
    );
    let log = "";
    for (const stream of [holder.stdout, holder.stderr])
      stream.on("data", (data: Buffer) => (log = (log + data.toString()).slice(-20_000)));
    holder.stdin.on("error", () => undefined);
    holder.stdin.end(options.files ? archive(options.files) : undefined);
    const machine = new Machine(holder, cgroup, () => log);
    started.add(machine);
    await machine.up(boots);
    return machine;
  }

  /** Waits until its first process answers, and systemd has started what it starts. */
  private async up(boots: boolean): Promise<void> {
    const probe = boots ? ["systemctl", "is-system-running"] : ["true"];
    const deadline = Date.now() + UP_LIMIT_MS;
    for (;;) {
      if (this.holder.exitCode !== null)
        throw new Error(`the machine ended with ${this.holder.exitCode}:\n${this.log()}`);
      const done = this.pid() ? this.attempt(probe) : undefined;
      if (done && (boots ? /^(running|degraded)/.test(done.out) : done.code === 0)) return;
      if (Date.now() > deadline)
        throw new Error(
          `the machine is not up after five minutes: ${done?.out}${this.sh("systemctl list-jobs --no-pager").out}${this.journal()}${this.log()}`,
        );
      await sleep(200);
    }
  }

  /** Its first process, as the real machine counts. */
  private pid(): string | undefined {
    const children = (pid: string | number): string[] => {
      try {
        return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
      } catch {
        return [];
      }
    };
    const unshare = children(this.holder.pid!).find((p) => children(p).length > 0);
    const first = unshare && children(unshare)[0];
    if (!first) return undefined;
    try {
      // Until it has its own root it is still a script of ours.
      return /boot\.sh|umount -l/.test(readFileSync(`/proc/${first}/cmdline`, "utf8")) ? undefined : first;
    } catch {
      return undefined;
    }
  }

  /** While it boots, its first process may not be there yet, or not any more. */
  private attempt(command: string[]): Done | undefined {
    try {
      return this.run(command);
    } catch {
      return undefined;
    }
  }

  /** Runs a command in the machine; over the limit it is ended and has no code. */
  run(
    command: string[],
    options: { input?: string | Buffer; limit?: number; env?: Record<string, string> } = {},
  ): Done {
    const env = {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      LC_ALL: "C.UTF-8",
      ...options.env,
    };
    const pairs = Object.entries(env).map(([k, v]) => `${k}=${v}`);
    const pid = this.pid();
    if (!pid) throw new Error(`the machine is not there:\n${this.log()}`);
    const done = spawnSync("nsenter", ["--target", pid, "--all", "env", "-i", ...pairs, ...command], {
      input: options.input ?? "",
      encoding: "utf8",
      timeout: options.limit ?? 60_000,
      killSignal: "SIGKILL",
      maxBuffer: 64 << 20,
    });
    return { code: done.status, out: done.stdout ?? "", err: done.stderr ?? "" };
  }

  sh(script: string, options: { input?: string; limit?: number; env?: Record<string, string> } = {}): Done {
    return this.run(["sh", "-c", script], options);
  }

  /** What a command prints; it must succeed. */
  get(script: string, options: { limit?: number } = {}): string {
    const done = this.sh(script, options);
    if (done.code !== 0) throw new Error(`${script}: ${done.code}\n${done.out}${done.err}`);
    return done.out.trimEnd();
  }

  write(files: File[]): void {
    const done = this.run(["tar", "-x", "-C", "/", "-f", "-"], { input: archive(files) });
    if (done.code !== 0) throw new Error(done.err);
  }

  read = (path: string): string => this.get(`cat '${path}'`);

  async until(what: string, script: string, limitSeconds = 60): Promise<void> {
    const deadline = Date.now() + limitSeconds * 1000;
    while (this.sh(script).code !== 0) {
      if (Date.now() > deadline)
        throw new Error(`${what}: not after ${limitSeconds} s\n${this.sh(script).err}${this.journal()}`);
      await sleep(250);
    }
  }

  /** The end of the log, for whoever reads a failure. */
  journal = (): string =>
    this.sh(
      "journalctl -b --no-pager -o short-monotonic -u 'roadstead*' | tail -n 40; journalctl -b --no-pager -p warning | tail -n 20; cloud-init status --long",
    ).out;

  /** A real reboot: units stop in order, the disk stays. */
  async reboot(): Promise<void> {
    const before = this.pid();
    this.sh("systemctl reboot");
    const deadline = Date.now() + 120_000;
    for (let now = before; now === undefined || now === before; now = this.pid()) {
      if (this.holder.exitCode !== null || Date.now() > deadline) throw new Error(`did not reboot:\n${this.log()}`);
      await sleep(200);
    }
    await this.up(true);
  }

  async stop(): Promise<void> {
    started.delete(this);
    const ended = new Promise((resolve) => this.holder.once("exit", resolve));
    if (this.holder.exitCode === null && this.holder.signalCode === null) {
      this.holder.kill("SIGKILL");
      await ended;
    }
    const deadline = Date.now() + 20_000;
    while (!removeCgroup(this.cgroup)) {
      if (Date.now() > deadline) throw new Error(`${this.cgroup} still holds processes`);
      await sleep(100);
    }
  }
}

const started = new Set<Machine>();
/** Every machine that is still there; for afterAll. */
export const stopAll = (): Promise<unknown> => Promise.all([...started].map((m) => m.stop()));

/** A tar of exactly these files; folders that are missing get the usual mode. */
function archive(files: File[]): Buffer {
  const dir = mkdtempSync(join(tmpdir(), "roadstead-host-files-"));
  try {
    const names = files.map((f) => f.path.replace(/^\//, ""));
    files.forEach((f, i) => {
      const path = join(dir, names[i]!);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, f.content);
      chmodSync(path, parseInt(f.mode ?? "0644", 8));
    });
    const done = spawnSync("tar", ["-c", "--owner=0", "--group=0", "-C", dir, ...names], { maxBuffer: 64 << 20 });
    if (done.status !== 0) throw new Error(done.stderr.toString());
    return done.stdout;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const PREFIX = "roadstead-host-";

function cgroups(): string {
  const found = spawnSync("findmnt", ["-t", "cgroup2", "-n", "-o", "TARGET"], { encoding: "utf8" }).stdout.split(
    "\n",
  )[0];
  if (!found) throw new Error("no cgroup2 file system is mounted: systemd needs one");
  return found;
}

let made = 0;
function newCgroup(): string {
  const parent = cgroups();
  // A run that was killed leaves empty groups, and nothing else.
  for (const name of readdirSync(parent))
    if (name.startsWith(PREFIX) && !existsSync(`/proc/${name.slice(PREFIX.length).split("-")[0]}`))
      removeCgroup(join(parent, name));
  const path = join(parent, `${PREFIX}${process.pid}-${made++}`);
  mkdirSync(path);
  return path;
}

/** False while a process is in it. */
function removeCgroup(path: string): boolean {
  if (!existsSync(path)) return true;
  try {
    writeFileSync(join(path, "cgroup.kill"), "1");
  } catch {
    // Kernels before 5.14 have no such file.
  }
  try {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory() && !removeCgroup(join(path, entry.name))) return false;
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
