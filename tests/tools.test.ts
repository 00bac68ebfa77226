// What can go wrong around `npm run tools` and the suites that need it, with a Go that is a shell script.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

const root = path.join(__dirname, "..");
let scratch: string;
beforeEach(() => (scratch = fs.mkdtempSync(path.join(os.tmpdir(), "roadstead-tools-"))));
afterEach(() => fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

const cache = (): string => path.join(scratch, "cache");
const remains = (): string[] => fs.readdirSync(cache()).filter((f) => f.startsWith("."));
/** One line for every program the scripted Go was asked for. */
const asked = (): string[] => {
  const log = path.join(scratch, "asked");
  return fs.existsSync(log) ? fs.readFileSync(log, "utf8").trim().split("\n") : [];
};

/** A Go of that version whose builds do `body`; in it `$out` is the file to make. */
function fakeGo(body: string, version = "go1.26.8"): NodeJS.ProcessEnv {
  const bin = path.join(scratch, "bin");
  fs.mkdirSync(bin, { recursive: true });
  const script = `#!/bin/sh
if [ "$1" = env ]; then echo ${version}; exit 0; fi
for out; do if [ "$last" = -o ]; then break; fi; last=$out; done
echo "$out" >> ${scratch}/asked
${body}
`;
  fs.writeFileSync(path.join(bin, "go"), script, { mode: 0o755 });
  return environment(`${bin}:/usr/bin:/bin`);
}

const environment = (PATH: string): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH,
  ROADSTEAD_TOOLS_CACHE: cache(),
  ROADSTEAD_TOOLS_LOOK_MS: "50",
});

interface Ended {
  status: number | null;
  text: string;
}

function tools(args: string[], env: NodeJS.ProcessEnv): Ended {
  const done = spawnSync(process.execPath, ["tools/build.mjs", ...args], { cwd: root, env, encoding: "utf8" });
  return { status: done.status, text: done.stdout + done.stderr };
}

function start(args: string[], env: NodeJS.ProcessEnv): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ["tools/build.mjs", ...args], { cwd: root, env });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (text += String(data)));
  return { child, ended: new Promise((resolve) => child.on("close", (status) => resolve({ status, text }))) };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 25)))
    if (Date.now() > end) throw new Error(`${what}: not within 20 s`);
}

const MAKES_IT = 'echo program > "$out"';
/** Says its pid, then takes for ever. */
const HANGS = (): string => `echo $$ > ${scratch}/pid.new && mv ${scratch}/pid.new ${scratch}/pid\nsleep 300`;
const runs = (pid: number): boolean => {
  try {
    // A zombie has no command line.
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  } catch {
    return fs.existsSync("/proc/self") ? false : spawnSync("ps", ["-p", String(pid)]).status === 0;
  }
};

async function startHanging(): Promise<ReturnType<typeof start> & { go: number }> {
  const build = start(["kwok"], fakeGo(HANGS()));
  const file = path.join(scratch, "pid");
  await until("the build has begun", () => fs.existsSync(file));
  return { ...build, go: Number(fs.readFileSync(file, "utf8")) };
}

test("what is missing is built once; a second run finds it and asks no Go", () => {
  const env = fakeGo(MAKES_IT);
  expect(tools(["kwok", "etcd"], env)).toMatchObject({ status: 0, text: expect.stringContaining("kwok 0.8.0: built") });
  expect(asked()).toHaveLength(2);
  const again = tools(["kwok", "etcd"], environment(path.join(scratch, "nothing")));
  expect(again).toMatchObject({
    status: 0,
    text: expect.stringMatching(/kwok 0\.8\.0 is there[^]*etcd 3\.6\.5 is there/),
  });
  expect(remains()).toEqual([]);
});

test("a program that was deleted from a finished folder is built again", () => {
  const env = fakeGo(MAKES_IT);
  tools(["kwok"], env);
  const [folder] = fs.readdirSync(cache());
  fs.rmSync(path.join(cache(), folder!, "kwok"));
  expect(tools(["kwok"], env).status).toBe(0);
  expect(fs.existsSync(path.join(cache(), folder!, "kwok"))).toBe(true);
});

test("without Go it says what to install", () => {
  const done = tools(["kwok"], environment(path.join(scratch, "nothing")));
  expect(done).toMatchObject({
    status: 1,
    text: expect.stringMatching(/^Go was not found .*Install Go 1\.26 or later/),
  });
});

test("a Go that is too old is named, with what is needed", () => {
  const done = tools(["kwok"], fakeGo(MAKES_IT, "go1.19.8"));
  expect(done).toMatchObject({
    status: 1,
    text: expect.stringMatching(/^Go 1\.26 or later is needed, this is go1\.19\.8/),
  });
  expect(asked()).toEqual([]);
});

test("an unknown name is answered with the known ones", () => {
  const done = tools(["kwock"], fakeGo(MAKES_IT));
  expect(done).toEqual({ status: 1, text: "unknown: kwock; accepted: pulumi, kubernetes, etcd, kwok, judges\n" });
});

test.each([
  [
    "no network",
    "go: x@v1: module lookup disabled by GOPROXY=off",
    /proxy cannot be reached\. Check the network and GOPROXY/,
  ],
  ["a proxy that refuses", "dial tcp 127.0.0.1:9: connect: connection refused", /proxy cannot be reached/],
  ["a full disk", "write /root/.cache/x: no space left on device", /the disk is full: about 5 GB/],
  ["a changed download", "verifying x@v1: checksum mismatch", /differs from go\.sum\. Nothing was built/],
  ["anything else", "x.go:1: undefined: y", /the build failed, see above/],
])("%s: Go's own words, the way on, and nothing half built", (_, said, way) => {
  const done = tools(["kwok"], fakeGo(`echo '${said}' >&2; exit 1`));
  expect(done.status).toBe(1);
  expect(done.text).toContain(said);
  expect(done.text).toMatch(way);
  expect(fs.readdirSync(cache())).toEqual([]);
});

test("a cache that cannot be written is said, with the variable that names another", () => {
  fs.writeFileSync(cache(), "a file, not a folder");
  const done = tools(["kwok"], fakeGo(MAKES_IT));
  expect(done).toMatchObject({
    status: 1,
    text: expect.stringMatching(/cannot be written: .*ROADSTEAD_TOOLS_CACHE\n$/),
  });
});

test("two at once: one builds, the other waits for it, both end well", async () => {
  const env = fakeGo(`sleep 1; ${MAKES_IT}`);
  const first = start(["kwok"], env);
  await until("the first has begun", () => asked().length === 1);
  const second = await start(["kwok"], env).ended;
  expect(second).toMatchObject({
    status: 0,
    text: expect.stringMatching(/builds it already, waiting[^]*is there now/),
  });
  expect(await first.ended).toMatchObject({ status: 0 });
  expect(asked()).toHaveLength(1);
  expect(remains()).toEqual([]);
});

test("two in the same moment: both may build, both end well", async () => {
  const env = fakeGo(MAKES_IT);
  const both = await Promise.all([start(["kwok"], env).ended, start(["kwok"], env).ended]);
  expect(both.map((b) => b.status)).toEqual([0, 0]);
  expect(fs.readdirSync(cache())).toEqual([expect.stringMatching(/^kwok-/)]);
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends the compilers and leaves nothing", async (signal) => {
  const { child, ended, go } = await startHanging();
  child.kill(signal);
  expect(await ended).toMatchObject({ status: 8 });
  await until("Go has ended", () => !runs(go));
  expect(remains()).toEqual([]);
});

test("a killed build: its compilers end, and the next run removes its remains and builds", async () => {
  const { child, go } = await startHanging();
  child.kill("SIGKILL");
  await until("Go has ended", () => !runs(go));
  expect(remains()).toHaveLength(1);
  const next = tools(["kwok"], fakeGo(MAKES_IT));
  expect(next).toMatchObject({
    status: 0,
    text: expect.stringContaining("left behind by a build that did not finish"),
  });
  expect(remains()).toEqual([]);
});

test("a build that takes for ever is ended with its compilers", async () => {
  const env = { ...fakeGo(HANGS()), ROADSTEAD_TOOLS_LIMIT_MS: "1500" };
  const done = tools(["kwok"], env);
  expect(done).toMatchObject({ status: 1, text: expect.stringContaining("kwok: not built within") });
  const go = Number(fs.readFileSync(path.join(scratch, "pid"), "utf8"));
  await until("Go has ended", () => !runs(go));
  expect(remains()).toEqual([]);
});

test.each([
  ["tests/engine/run.mjs", "pulumi 3.250.0 is not built", "npm run tools -- pulumi"],
  ["tests/cluster/run.mjs", "kube-apiserver 1.36.3 is not built", "npm run tools -- kubernetes"],
])("%s without its tools names them and fails", (suite, missing, way) => {
  fs.mkdirSync(cache());
  const done = spawnSync(process.execPath, [suite], {
    cwd: root,
    env: environment(process.env.PATH!),
    encoding: "utf8",
  });
  expect(done.stderr).toContain(missing);
  expect(done.stderr).toContain(way);
  expect(done).toMatchObject({ status: 1, stdout: "0 passed, 1 failed\n" });
});

test("the judges without Go, and with a PyPI that does not answer, are named with what they need, and nothing half installed stays", () => {
  fs.mkdirSync(cache());
  const bin = path.join(scratch, "bin");
  fs.mkdirSync(bin);
  const python =
    '#!/bin/sh\nif [ "$1" = -c ]; then echo 3.11; exit 0; fi\necho "ERROR: no answer from PyPI" >&2; exit 1\n';
  fs.writeFileSync(path.join(bin, "python3"), python, { mode: 0o755 });
  const done = spawnSync(process.execPath, ["tests/judges/run.mjs"], {
    cwd: root,
    env: environment(bin),
    encoding: "utf8",
  });
  expect(done.stderr).toContain("Go was not found");
  expect(done.stderr).toContain("kube-score 1.20.0 is not built");
  for (const judge of ["checkov", "network-config-analyzer"])
    expect(done.stderr).toContain(
      `${judge} cannot be installed: ERROR: no answer from PyPI. It needs python3 with pip`,
    );
  expect(done).toMatchObject({ status: 1, stdout: "0 passed, 1 failed\n" });
  expect(remains()).toEqual([]);
});

test("the judges with a Python that is too old say which is needed", () => {
  fs.mkdirSync(cache());
  const bin = path.join(scratch, "bin");
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, "python3"), "#!/bin/sh\necho 3.9\n", { mode: 0o755 });
  const done = spawnSync(process.execPath, ["tests/judges/run.mjs"], {
    cwd: root,
    env: environment(bin),
    encoding: "utf8",
  });
  expect(done.stderr).toContain("checkov: Python 3.11 or later is needed, found 3.9");
  expect(done).toMatchObject({ status: 1, stdout: "0 passed, 1 failed\n" });
});
