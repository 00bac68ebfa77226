// The scripts of a ship's pod, run by a real shell against a runtime and a registry that only pretend.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLAIM_SCRIPT, ENTRYPOINT_SCRIPT, PROBE_SCRIPT } from "../../../components/fleet/render/entrypoint";

let dir: string;
let running: ChildProcess[] = [];
const at = (...parts: string[]) => join(dir, ...parts);
const read = (...parts: string[]) => (existsSync(at(...parts)) ? readFileSync(at(...parts), "utf8") : "");

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "roadstead-pod-"));
  for (const d of ["volume/lost+found", "run", "keys", "bin"]) mkdirSync(at(d), { recursive: true });
  writeFileSync(at("entrypoint.sh"), ENTRYPOINT_SCRIPT);
  writeFileSync(at("claim.sh"), CLAIM_SCRIPT);
  writeFileSync(at("probe.sh"), PROBE_SCRIPT);
});
afterEach(async () => {
  for (const child of running) {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await gone;
    }
  }
  running = [];
  rmSync(dir, { recursive: true, force: true });
});

function tool(name: string, script: string) {
  writeFileSync(at("bin", name), `#!/bin/sh\n${script}`);
  chmodSync(at("bin", name), 0o755);
}

/** A runtime that notes each command line, makes a pier at a first boot, and does what a test wants. */
function runtime(does = "exit 0", event = 500) {
  tool(
    "urbit",
    `if [ "$1" = info ]; then
  [ "$#" -eq 2 ] || { echo "invalid command"; exit 1; }
  printf '\\r\\nurbit: at event 3\\r\\n  disk: live=&, event=${event}\\r\\n' >&2; exit 0
fi
printf '%s\\n' "$*" >> ${at("calls")}
for a in "$@"; do last=$a; done
case " $* " in *" -c "*) mkdir -p ${at("volume/pier/.urb/log")} ;; esac
${does}
`,
  );
}

const environment = (more: Record<string, string> = {}) => ({
  PATH: `${at("bin")}:${process.env.PATH}`,
  ROADSTEAD_VOLUME: at("volume"),
  ROADSTEAD_RUN: at("run"),
  ROADSTEAD_KEYS: at("keys"),
  ROADSTEAD_TERMINATION: at("termination"),
  ROADSTEAD_MODE: "key",
  ROADSTEAD_NAME: "sampel-palnet",
  ROADSTEAD_HTTP_PORT: "8080",
  ROADSTEAD_AMES_PORT: "34543",
  ROADSTEAD_LOOM: "31",
  ROADSTEAD_SHIP: "sampel-palnet",
  ROADSTEAD_HOLDER: "prod/t-0000000001",
  ROADSTEAD_REGISTRY: "roadstead-registry",
  ROADSTEAD_SEALED: "false",
  ...more,
});

function start(more: Record<string, string> = {}): ChildProcess {
  const child = spawn("sh", [at("entrypoint.sh")], { env: environment(more), stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  return child;
}
const exitOf = (child: ChildProcess) =>
  new Promise<number | null>((done) => (child.exitCode !== null ? done(child.exitCode) : child.once("exit", done)));

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (what()) return;
    await new Promise((r) => setTimeout(r, 20));
  }
  throw new Error("it did not happen within 4 s");
}

/** Starts, waits for the quarantine, and returns its reason; fails when the container ended instead of parking. */
async function parked(more: Record<string, string> = {}): Promise<string> {
  const child = start(more);
  await until(() => existsSync(at("run/quarantine")) || child.exitCode !== null);
  await new Promise((r) => setTimeout(r, 50));
  expect(child.exitCode).toBeNull();
  expect(read("termination")).toBe(read("run/quarantine"));
  return read("run/quarantine");
}

const verdict = (text: string) => writeFileSync(at("run/verdict"), `${text}\n`);
const key = (name = "key") => writeFileSync(at("keys", name), "0wcanary");
const pier = () => mkdirSync(at("volume/pier/.urb/log"), { recursive: true });
const calls = () => read("calls").trim().split("\n").filter(Boolean);
const SETTINGS = "-t --http-port 8080 -p 34543 --loom 31";

describe("the ship's container", () => {
  test("boots once with the key, on a fresh volume with lost+found, and then runs the pier it made", async () => {
    runtime();
    verdict("boot");
    key();
    expect(await exitOf(start())).toBe(0);
    expect(await exitOf(start())).toBe(0);
    expect(calls()).toEqual([
      `${SETTINGS} -c ${at("volume/pier")} -w sampel-palnet -k ${at("keys/key")}`,
      `${SETTINGS} ${at("volume/pier")}`,
    ]);
  });

  test("never uses the key a second time when the first boot failed without a pier", async () => {
    runtime(`rm -rf ${at("volume/pier")}; exit 1`);
    verdict("boot");
    key();
    expect(await exitOf(start())).toBe(1);
    expect(await parked()).toMatch(/no pier/);
    expect(calls()).toHaveLength(1);
  });

  test("parks on two keys, on none, and on one that lies on the volume", async () => {
    runtime();
    verdict("boot");
    expect(await parked()).toMatch(/exactly one key, and there are 0/);
    writeFileSync(at("volume/sampel-palnet.key"), "0w");
    expect(await parked()).toMatch(/lies on the volume/);
    key();
    expect(await parked()).toMatch(/exactly one key, and there are 2/);
    expect(calls()).toEqual([]);
  });

  test.each([
    ["comet", {}, ""],
    ["fake", { ROADSTEAD_NAME: "zod" }, " -F zod"],
  ])("boots a %s without a key", async (mode, more, tail) => {
    runtime();
    verdict("boot");
    expect(await exitOf(start({ ROADSTEAD_MODE: mode, ...more }))).toBe(0);
    expect(calls()).toEqual([`${SETTINGS} -c ${at("volume/pier")}${tail}`]);
  });

  test("does not boot over a pier, nor an imported ship", async () => {
    runtime();
    verdict("boot");
    expect(await parked({ ROADSTEAD_MODE: "import" })).toMatch(/no first boot/);
    pier();
    key();
    expect(await parked()).toMatch(/although this is a first boot/);
    expect(calls()).toEqual([]);
  });

  test("parks when its claim was done and its volume is empty", async () => {
    runtime();
    verdict("run none");
    key();
    expect(await parked()).toMatch(/no pier/);
    expect(calls()).toEqual([]);
  });

  test.each([
    [499, 500, true],
    [500, 500, true],
    [501, 500, false],
  ])("recorded at event %i and found at %i: runs %s", async (recorded, found, runs) => {
    runtime("exit 0", found);
    verdict(`run ${recorded}`);
    pier();
    if (runs) expect(await exitOf(start())).toBe(0);
    else expect(await parked()).toMatch(/older than the recorded event 501: an old copy/);
    expect(calls()).toHaveLength(runs ? 1 : 0);
  });

  test("parks when the event number cannot be read", async () => {
    tool("urbit", `echo "invalid command"; exit 1`);
    verdict("run 7");
    pier();
    expect(await parked()).toMatch(/cannot be read/);
  });

  test("parks without a verdict, with an unknown one, and with the registry's refusal", async () => {
    runtime();
    pier();
    expect(await parked()).toMatch(/no verdict/);
    verdict("go");
    expect(await parked()).toMatch(/no verdict/);
    verdict("quarantine the claim belongs to 'other/t-2'");
    expect(await parked()).toBe("the claim belongs to 'other/t-2'\n");
    expect(calls()).toEqual([]);
  });

  test("parks at the runtime's refusal instead of exiting, and a new pod does not try again", async () => {
    runtime(`echo "boot: double-boot detected, refusing to boot"; exit 1`);
    verdict("run none");
    pier();
    expect(await parked()).toMatch(/double-boot detected/);
    rmSync(at("run/quarantine"));
    runtime("exit 0");
    expect(await parked()).toMatch(/refused it before/);
    expect(calls()).toHaveLength(1);
  });

  test("hands SIGTERM to the runtime and waits until it has saved", async () => {
    runtime(
      `trap 'sleep 0.3; echo saved > ${at("saved")}; exit 0' TERM; echo up > ${at("up")}; while :; do sleep 0.05; done`,
    );
    verdict("run none");
    pier();
    const child = start();
    await until(() => existsSync(at("up")));
    child.kill("SIGTERM");
    await exitOf(child);
    expect(read("saved")).toBe("saved\n");
  });

  test("a parked container ends at once when it is told to", async () => {
    const child = start();
    await until(() => existsSync(at("run/quarantine")));
    child.kill("SIGTERM");
    expect(await exitOf(child)).toBe(0);
  });

  test("passes on the runtime's exit code and its output, the line without an end included", async () => {
    runtime(`printf 'one\\ntwo'; exit 3`);
    verdict("run none");
    pier();
    const child = start();
    let out = "";
    child.stdout!.on("data", (d: Buffer) => (out += d.toString()));
    expect(await exitOf(child)).toBe(3);
    expect(out).toBe("one\ntwo\n");
  });
});

describe("the claim", () => {
  /** A registry with one Lease; its patch is a real compare-and-set. */
  function registry(lease: {
    holder?: string;
    firstBoot?: string;
    lastEvent?: string;
    raced?: boolean;
    down?: boolean;
  }) {
    writeFileSync(at("first-boot"), lease.firstBoot ?? "never");
    tool(
      "kubectl",
      `${lease.down ? "exit 1" : ""}
case "$*" in
  *" get lease sampel-palnet "*) printf '%s|%s|%s|' '${lease.holder ?? "prod/t-0000000001"}' "$(cat ${at("first-boot")})" '${lease.lastEvent ?? "none"}' ;;
  *" patch lease sampel-palnet --type=json "*)
    ${lease.raced ? "exit 1" : ""}
    from=$(printf '%s' "$*" | sed -n 's/.*"op":"test".*"value":"\\([a-z]*\\)".*/\\1/p')
    to=$(printf '%s' "$*" | sed -n 's/.*"op":"replace".*"value":"\\([a-z]*\\)".*/\\1/p')
    [ "$from" = "$(cat ${at("first-boot")})" ] || exit 1
    printf '%s' "$to" > ${at("first-boot")} ;;
  *) exit 64 ;;
esac
`,
    );
  }
  const claim = (more: Record<string, string> = {}) =>
    spawnSync("sh", [at("claim.sh")], { env: environment(more), encoding: "utf8" }).status;

  test.each([
    { was: "never", hasPier: false, mode: "key", says: "boot", becomes: "started" },
    { was: "never", hasPier: false, mode: "comet", says: "boot", becomes: "started" },
    { was: "never", hasPier: true, mode: "import", says: "run none", becomes: "done" },
    { was: "started", hasPier: true, mode: "key", says: "run none", becomes: "done" },
    { was: "done", hasPier: true, mode: "key", says: "run none", becomes: "done" },
    { was: "never", hasPier: true, mode: "key", says: "quarantine there is a pier", becomes: "never" },
    { was: "never", hasPier: false, mode: "import", says: "quarantine the ship is imported", becomes: "never" },
    { was: "started", hasPier: false, mode: "key", says: "quarantine its first boot was started", becomes: "started" },
    { was: "done", hasPier: false, mode: "key", says: "quarantine it has had its first boot", becomes: "done" },
    { was: "perhaps", hasPier: true, mode: "key", says: "quarantine the claim's first boot is", becomes: "perhaps" },
  ])("$was, pier $hasPier, $mode: $says", ({ was, hasPier, mode, says, becomes }) => {
    registry({ firstBoot: was });
    if (hasPier) pier();
    expect(claim({ ROADSTEAD_MODE: mode })).toBe(0);
    expect(read("run/verdict")).toMatch(new RegExp(`^${says}`));
    expect(read("first-boot")).toBe(becomes);
  });

  test("hands the recorded event to the ship's container", () => {
    registry({ firstBoot: "done", lastEvent: "4711" });
    pier();
    expect(claim()).toBe(0);
    expect(read("run/verdict")).toBe("run 4711\n");
  });

  test("quarantines a ship that another stack holds, a sealed one that never booted, and an event that is no number", () => {
    registry({ holder: "other/t-0000000002", firstBoot: "done" });
    claim();
    expect(read("run/verdict")).toMatch(/^quarantine the claim belongs to 'other\/t-0000000002'/);
    registry({});
    claim({ ROADSTEAD_SEALED: "true" });
    expect(read("run/verdict")).toMatch(/^quarantine the ship has booted for good/);
    registry({ firstBoot: "done", lastEvent: "12x" });
    claim();
    expect(read("run/verdict")).toMatch(/^quarantine the claim's last event/);
  });

  test("gives no verdict, not even an older one, when the registry cannot be asked or somebody else was first", () => {
    verdict("boot");
    registry({ down: true });
    expect(claim()).toBe(1);
    expect(read("run/verdict")).toBe("");
    registry({ raced: true });
    expect(claim()).toBe(1);
    expect(read("run/verdict")).toBe("");
  });
});

describe("the probes", () => {
  const probe = (kind: string) => spawnSync("sh", [at("probe.sh"), kind], { env: environment() }).status;

  test.each([
    ["204", 0],
    ["429", 0],
    ["502", 1],
    ["000", 1],
  ])("answer %s gives %i", (code, status) => {
    tool("curl", `printf ${code}`);
    expect([probe("startup"), probe("ready")]).toEqual([status, status]);
  });

  test("a parked container counts as started, so that it is not restarted, and is never ready", () => {
    tool("curl", "printf 204");
    writeFileSync(at("run/quarantine"), "reason\n");
    expect([probe("startup"), probe("ready")]).toEqual([0, 1]);
  });
});
