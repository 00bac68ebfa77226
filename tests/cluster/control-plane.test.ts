// What can go wrong around the programs: each ends in a clear message or a way on, and never in a process left behind.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { NAMES, programs, type Programs } from "./control-plane/programs";
import * as runs from "./control-plane/runs.cjs";
import { startControlPlane } from "./control-plane/start";

let scratch: string;
beforeAll(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "roadstead-programs-"));
});
afterAll(() => fs.rmSync(scratch, { recursive: true }));

/** Programs that are all the same shell script. */
function scripted(name: string, body: string): Programs {
  const file = path.join(scratch, name);
  fs.writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return Object.fromEntries(NAMES.map((n) => [n, file])) as Programs;
}

const processesOf = (dir: string): string[] =>
  execFileSync("ps", ["-eww", "-o", "pid=,command="], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(dir));

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 15_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what}: not within 15 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("missing programs are named, with the command that builds them", () => {
  expect(() => programs(path.join(scratch, "cache"))).toThrow(
    /^etcd 3\.6\.5 is not built .*npm run tools -- etcd\nkube-apiserver 1\.36\.3 is not built .*npm run tools -- kubernetes/,
  );
});

test("a program that ends is reported with its last lines, and the others are ended", async () => {
  const broken = {
    ...scripted("sleeper", "exec sleep 300"),
    etcd: scripted("broken", "echo disk on fire; exit 3").etcd,
  };
  await expect(startControlPlane({ programs: broken })).rejects.toThrow(
    /etcd ended by itself \(exit code 3\)[^]*disk on fire/,
  );
  await until("all have ended", () => processesOf(runs.RUNS).filter((l) => l.includes("sleeper")).length === 0);
});

test("an API server that never gets ready is given up on", async () => {
  const silent = scripted("silent", "exec sleep 300");
  await expect(startControlPlane({ programs: silent, limitMs: 1_500 })).rejects.toThrow(/not ready within 1.5 s/);
});

test("a busy port is answered by trying others", async () => {
  const holder = net.createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as net.AddressInfo;
  try {
    const plane = await startControlPlane({ ports: [port] });
    try {
      expect((await plane.api.get("/version")).ok).toBe(true);
    } finally {
      await plane.stop();
    }
  } finally {
    holder.close();
  }
});

test("stopping leaves no process and no file", async () => {
  const plane = await startControlPlane();
  expect(runs.living(plane.dir).map((p) => p.name)).toEqual(expect.arrayContaining(["keeper", "etcd", "kwok"]));
  await plane.stop();
  expect(processesOf(plane.dir)).toEqual([]);
  expect(fs.existsSync(plane.dir)).toBe(false);
});

/** A run as another process has it: its keeper, and two children that only sleep. */
async function foreignRun(): Promise<{ dir: string; owner: ChildProcess }> {
  const dir = runs.newRun();
  const sleeper = path.join(dir, "sleeper");
  // The folder is on its command line, as it is on the real programs'.
  fs.writeFileSync(sleeper, "#!/bin/sh\nwhile :; do sleep 1; done\n", { mode: 0o755 });
  const all = Object.fromEntries(NAMES.map((n) => [n, sleeper]));
  const keeper = [path.join(__dirname, "control-plane/keeper.cjs"), dir];
  const config = `${JSON.stringify({ programs: all, limitMs: 60_000, stages: "" })}\n`;
  const script = `const { keeper, config } = JSON.parse(process.env.RUN);
    const child = require("node:child_process").spawn(process.execPath, keeper, { stdio: ["pipe", "ignore", "ignore"], detached: true });
    child.stdin.write(config);
    setInterval(() => {}, 1000);`;
  const env = { ...process.env, RUN: JSON.stringify({ keeper, config }) };
  const owner = spawn(process.execPath, ["-e", script], { stdio: "ignore", env });
  await until("the run has started", () => runs.living(dir).length >= 3);
  return { dir, owner };
}

test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
  "an owner ended by %s leaves no process behind",
  async (signal) => {
    const { dir, owner } = await foreignRun();
    owner.kill(signal);
    await until("everything has ended", () => processesOf(dir).length === 0);
  },
);

test("a run whose keeper was killed is ended by the next one; one that is alive is left alone", async () => {
  const killed = await foreignRun();
  const alive = await foreignRun();
  try {
    const keeper = runs.living(killed.dir).find((p) => p.name === "keeper")!;
    process.kill(keeper.pid, "SIGKILL");
    await until("the keeper has ended", () => !runs.living(killed.dir).some((p) => p.name === "keeper"));
    const said = runs.clearStaleRuns();
    expect(said.join("\n")).toContain(`left behind by a killed run: ${killed.dir}`);
    expect(processesOf(killed.dir)).toEqual([]);
    expect(fs.existsSync(killed.dir)).toBe(false);
    expect(runs.living(alive.dir).length).toBeGreaterThanOrEqual(3);
  } finally {
    killed.owner.kill("SIGKILL");
    alive.owner.kill("SIGKILL");
    await until("everything has ended", () => processesOf(alive.dir).length === 0);
    runs.clearStaleRuns();
  }
});

test("a stale pid file is not believed: the pid may be another program's now", async () => {
  const dir = runs.newRun();
  const bystander = spawn("sleep", ["300"]);
  try {
    fs.writeFileSync(path.join(dir, "keeper.pid"), `${bystander.pid}\n`);
    fs.writeFileSync(path.join(dir, "etcd.pid"), `${bystander.pid}\n`);
    expect(runs.clearStaleRuns().join("\n")).toContain(`removed the files of a run that had ended: ${dir}`);
    expect(bystander.exitCode).toBeNull();
    expect(() => process.kill(bystander.pid!, 0)).not.toThrow();
  } finally {
    bystander.kill("SIGKILL");
  }
});
