// The machines of these tests leave nothing: no process, no mount, no cgroup, also when they are killed.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Machine, stopAll } from "./machine";

const output = (...command: string[]): string => spawnSync(command[0]!, command.slice(1), { encoding: "utf8" }).stdout;
const groups = (): string[] =>
  output(
    "find",
    output("findmnt", "-t", "cgroup2", "-n", "-o", "TARGET").split("\n")[0]!,
    "-maxdepth",
    "1",
    "-name",
    "roadstead-host-*",
  )
    .split("\n")
    .filter(Boolean);
const mounts = (): string => readFileSync("/proc/self/mounts", "utf8");
/** Processes of a cgroup, as this machine counts. */
const processes = (group: string): string[] =>
  output("find", group, "-name", "cgroup.procs", "-exec", "cat", "{}", "+").split("\n").filter(Boolean);
afterAll(stopAll);

it("nothing of a machine is seen outside of it, and it is gone when it is stopped", async () => {
  const [before, other] = [mounts(), groups()];
  const machine = await Machine.start({ boots: false, files: [{ path: "/opt/test/x", content: "x" }] });
  expect(mounts()).toBe(before);
  expect(existsSync("/opt/test/x")).toBe(false);
  expect(machine.get("cat /opt/test/x; ls /dev/vda 2>/dev/null || echo no disk")).toBe("xno disk");
  expect(machine.get("ip -o link | wc -l")).toBe("1");
  const group = groups().find((g) => !other.includes(g))!;
  expect(processes(group).length).toBeGreaterThan(0);
  await machine.stop();
  expect(groups()).toEqual(other);
});

it("a machine whose test run was killed is gone, and its empty cgroup goes with the next run", async () => {
  const parent = output("findmnt", "-t", "cgroup2", "-n", "-o", "TARGET").split("\n")[0]!;
  // A run of its own: a process that holds a machine as the tests do, then killed.
  const group = join(parent, "roadstead-host-4194303-0");
  mkdirSync(group);
  const root = process.env["ROADSTEAD_HOST_ROOT"]!;
  const held = `echo $$ >${group}/cgroup.procs; setpriv --pdeathsig KILL unshare --mount --propagation private ${join(__dirname, "hold.sh")} ${root}/base ${root}/mount - /bin/sleep infinity & wait`;
  const run = spawn("sh", ["-c", held], { stdio: "ignore" });
  const until = async (check: () => boolean) => {
    for (let i = 0; i < 150 && !check(); i++) await new Promise((r) => setTimeout(r, 100));
    expect(check()).toBe(true);
  };
  await until(() =>
    output("pgrep", "-f", "sleep infinity")
      .split("\n")
      .some((p) => processes(group).includes(p)),
  );
  run.kill("SIGKILL");
  await until(() => processes(group).length === 0);
  const next = await Machine.start({ boots: false });
  expect(existsSync(group)).toBe(false);
  await next.stop();
});
