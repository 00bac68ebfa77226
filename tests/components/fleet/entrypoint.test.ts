// The ship's own container, run by a real shell against a runtime that only pretends: every way a start can go.
import {
  at,
  endPod,
  environment,
  exists,
  exitOf,
  key,
  lines,
  makePod,
  outputOf,
  parked,
  pier,
  put,
  read,
  remove,
  run,
  runtime,
  start,
  tool,
  until,
  verdict,
} from "./pod";

beforeEach(makePod);
afterEach(endPod);

const calls = () => lines("calls");
const settings = (loom = 31) => `-t --http-port 8080 -p 34543 --loom ${loom}`;
/** Runs until it is told to stop, and takes a moment to save. */
const STAYS = (name = "saved") =>
  `trap 'sleep 0.3; echo saved > ${at(name)}; exit 0' TERM; echo up > ${at("runs")}; while :; do sleep 0.05; done`;
/** What the runtime prints while it starts, the line before the last being the one that matters. */
const refuses = (line: string) =>
  `echo "boot: home is /urbit/pier"; echo "${line}"; echo "pier: serf unexpectedly shut down"; exit 1`;

describe("a first boot", () => {
  test("happens once with the key, on a fresh volume with lost+found; then the pier it made is run", async () => {
    runtime();
    verdict("boot");
    key();
    expect(await exitOf(start())).toBe(0);
    expect(await exitOf(start())).toBe(0);
    expect(calls()).toEqual([
      `${settings()} -c ${at("volume/pier")} -w sampel-palnet -k ${at("keys/key")}`,
      `${settings()} ${at("volume/pier")}`,
    ]);
  });

  test("leaves no key on the volume, in its output or in the place other containers read", async () => {
    runtime();
    verdict("boot");
    key();
    const child = start();
    const out = outputOf(child);
    await exitOf(child);
    expect(out()).not.toContain("0wcanary");
    for (const file of ["volume/roadstead-loom", "run/verdict", "run/stopped", "termination", "calls"])
      expect(`${file}: ${read(file)}`).not.toContain("0wcanary");
  });

  test.each([
    ["without a pier", "rm -rf PIER; exit 1"],
    ["with half a pier", "rm -rf PIER/.urb; mkdir -p PIER/.bin; exit 1"],
  ])("that failed %s never uses the key a second time", async (_how, does) => {
    runtime(does.replaceAll("PIER", at("volume/pier")));
    verdict("boot");
    key();
    expect(await exitOf(start())).toBe(1);
    expect(await parked()).toMatch(/no pier/);
    expect(calls()).toHaveLength(1);
  });

  test("that failed with a pier is continued from it, as a later run", async () => {
    runtime("exit 1");
    verdict("boot");
    key();
    expect(await exitOf(start())).toBe(1);
    runtime("exit 0");
    expect(await exitOf(start())).toBe(0);
    expect(calls()[1]).toBe(`${settings()} ${at("volume/pier")}`);
  });

  test("parks on two keys, on none, and on one that lies on the volume", async () => {
    runtime();
    verdict("boot");
    expect(await parked()).toMatch(/exactly one key, and there are 0/);
    put("volume/sampel-palnet.key", "0w");
    expect(await parked()).toMatch(/lies on the volume/);
    key();
    expect(await parked()).toMatch(/exactly one key, and there are 2/);
    remove("volume/sampel-palnet.key");
    key("second");
    expect(await parked()).toMatch(/exactly one key, and there are 2/);
    expect(calls()).toEqual([]);
  });

  test.each([
    ["comet", {}, ""],
    ["fake", { ROADSTEAD_NAME: "zod" }, " -F zod"],
  ])("of a %s needs no key", async (mode, more, tail) => {
    runtime();
    verdict("boot");
    expect(await exitOf(start({ ROADSTEAD_MODE: mode, ...more }))).toBe(0);
    expect(calls()).toEqual([`${settings()} -c ${at("volume/pier")}${tail}`]);
  });

  test("is never over a pier, nor of an imported ship", async () => {
    runtime();
    verdict("boot");
    expect(await parked({ ROADSTEAD_MODE: "import" })).toMatch(/no first boot/);
    pier();
    key();
    expect(await parked()).toMatch(/although this is a first boot/);
    expect(calls()).toEqual([]);
  });

  test("told to stop hands SIGTERM on, waits, and the next start continues its pier without the key", async () => {
    runtime(STAYS());
    verdict("boot");
    key();
    const child = start();
    await until(() => exists("runs"));
    child.kill("SIGTERM");
    expect(await exitOf(child)).toBe(0);
    expect(read("saved")).toBe("saved\n");
    runtime();
    expect(await exitOf(start())).toBe(0);
    expect(calls()[1]).toBe(`${settings()} ${at("volume/pier")}`);
  });

  test.each([
    ["dawn: mismatch between -w ~sampel-palnet and -K ~ravmel-ropdyl", /not this ship's.*~ravmel-ropdyl/],
    ["dawn: unable to cue keyfile", /not this ship's/],
  ])("parks when the runtime says: %s", async (line, reason) => {
    runtime(`rm -rf ${at("volume/pier")}; ${refuses(line)}`);
    verdict("boot");
    key();
    expect(await parked()).toMatch(reason);
    expect(calls()).toHaveLength(1);
  });

  test("shows no key that the runtime prints because it cannot read it", async () => {
    runtime(
      `rm -rf ${at("volume/pier")}; ${refuses("dawn: invalid private keys: a word before it\n0wcanary\n\n0wcanary-too")}`,
    );
    verdict("boot");
    key();
    const child = start();
    const out = outputOf(child);
    await until(() => read("termination") !== "");
    expect(read("termination")).toMatch(/cannot be read/);
    expect(out()).toMatch(/dawn: invalid private keys \(not shown\)/);
    expect(out() + read("termination") + read("run/quarantine") + read("run/refusal")).not.toContain("0wcanary");
  });
});

describe("a later run", () => {
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

  test("is not started when it is told to stop while its event log is looked at", async () => {
    tool(
      "urbit",
      `case $1 in info) : > ${at("looking")}; sleep 0.5; echo "  disk: live=&, event=9" ;; *) : > ${at("ran")} ;; esac`,
    );
    verdict("run 7");
    pier();
    const child = start();
    await until(() => exists("looking"));
    child.kill("SIGTERM");
    expect(await exitOf(child)).toBe(0);
    expect(exists("ran")).toBe(false);
  });

  test("hands SIGTERM to the runtime, waits until it has saved, and leaves the event it stopped at", async () => {
    runtime(STAYS(), 4711);
    verdict("run none");
    pier();
    const child = start();
    await until(() => exists("runs"));
    expect(exists("run/stopped")).toBe(false);
    child.kill("SIGTERM");
    expect(await exitOf(child)).toBe(0);
    expect(read("saved")).toBe("saved\n");
    expect(read("run/stopped")).toBe("4711\n");
  });

  test.each([
    ["a crash", "exit 3", 3],
    ["a kill", "kill -9 $$", 137],
  ])("leaves no event after %s, and passes its exit code on", async (_how, does, code) => {
    runtime(does);
    verdict("run none");
    pier();
    expect(await exitOf(start())).toBe(code);
    expect(exists("run/stopped")).toBe(false);
    expect(read("volume/roadstead-loom")).toBe("31 running\n");
  });

  test("leaves no event when the runtime cannot say it", async () => {
    tool("urbit", `[ "$1" != info ]`);
    verdict("run none");
    pier();
    expect(await exitOf(start())).toBe(0);
    expect(exists("run/stopped")).toBe(false);
  });

  test("passes on the runtime's output, the line without an end included", async () => {
    runtime(`printf 'one\\ntwo'; exit 3`);
    verdict("run none");
    pier();
    const child = start();
    const out = outputOf(child);
    expect(await exitOf(child)).toBe(3);
    expect(out()).toBe("one\ntwo\n");
  });
});

describe("a refusal of the runtime parks the container", () => {
  const DOUBLE = "boot: failed: double-boot detected, refusing to boot ~sampel-palnet";

  test("double boot: noted on the volume, so that a new pod does not try again", async () => {
    runtime(refuses(DOUBLE));
    verdict("run none");
    pier();
    expect(await parked()).toMatch(/double-boot detected/);
    remove("run/quarantine");
    remove("run/refusal");
    runtime("exit 0");
    expect(await parked()).toMatch(/refused it before/);
    expect(calls()).toHaveLength(1);
  });

  test.each([
    ["stale snapshot, downgrade runtime to replay", /start it with the image it ran on last/],
    ["boot: snapshot too big for loom", /does not fit into loom 31: record a larger loom/],
    ["mars: corrupt pier, snapshot (9) from future (log=7)", /corrupt/],
  ])("%s: until it is put right, since a later pod may have another image or loom", async (line, reason) => {
    runtime(refuses(line));
    verdict("run none");
    pier();
    expect(await parked()).toMatch(reason);
    runtime("exit 0");
    expect(await exitOf(start())).toBe(0);
    expect(calls()).toHaveLength(2);
  });

  test("also when it is told to end while the last words are still on their way", async () => {
    runtime(
      `( echo up > ${at("runs")}; sleep 1; echo "${DOUBLE}" ) & while [ ! -e ${at("runs")} ]; do sleep 0.05; done; exit 1`,
    );
    verdict("run none");
    pier();
    const child = start();
    await until(() => exists("runs"));
    await new Promise((r) => setTimeout(r, 400));
    child.kill("SIGTERM");
    await exitOf(child);
    expect(read("volume/roadstead-refused")).toMatch(/double-boot detected/);
  });

  test("not when a peer makes the ship print such words later on", async () => {
    tool("curl", "printf 204");
    runtime(`echo up > ${at("runs")}; while [ ! -e ${at("run/up")} ]; do sleep 0.05; done; echo "${DOUBLE}"; exit 0`);
    verdict("run none");
    pier();
    const child = start();
    await until(() => exists("runs"));
    expect(run("probe.sh", {}, ["ready"]).status).toBe(0);
    expect(await exitOf(child)).toBe(0);
    expect(exists("volume/roadstead-refused")).toBe(false);
  });

  test("and it ends at once when it is told to", async () => {
    const child = start();
    await until(() => exists("run/quarantine"));
    child.kill("SIGTERM");
    expect(await exitOf(child)).toBe(0);
  });
});

describe("the loom", () => {
  test.each(["30", "35", "2G", ""])("%p is no loom a ship runs with", async (loom) => {
    runtime();
    verdict("run none");
    pier();
    expect(await parked({ ROADSTEAD_LOOM: loom })).toMatch(/none a ship runs with/);
    expect([...calls(), ...lines("infos")]).toEqual([]);
  });

  test("never changes after a run that did not end cleanly; after one that did, it may", async () => {
    runtime("exit 1");
    verdict("run none");
    pier();
    expect(await exitOf(start())).toBe(1);
    runtime("exit 0");
    expect(await parked({ ROADSTEAD_LOOM: "32" })).toMatch(/its loom was 31 in a run that did not end cleanly/);
    expect(await exitOf(start())).toBe(0);
    expect(await exitOf(start({ ROADSTEAD_LOOM: "32" }))).toBe(0);
    expect(calls().map((c) => /--loom (\d+)/.exec(c)![1])).toEqual(["31", "31", "32"]);
  });

  test("goes along when the event log is looked at: with another one that could corrupt the snapshot", async () => {
    runtime();
    verdict("run 7");
    pier();
    expect(await exitOf(start({ ROADSTEAD_LOOM: "33" }))).toBe(0);
    expect(new Set(lines("infos"))).toEqual(new Set([`info --loom 33 ${at("volume/pier")}`]));
  });
});

describe("the probes", () => {
  const probe = (kind: string) => run("probe.sh", {}, [kind]);

  test.each([
    ["204", 0],
    ["429", 0],
    ["502", 1],
    ["000", 1],
  ])("answer %s gives %i", (code, status) => {
    tool("curl", `printf ${code}`);
    expect([probe("startup").status, probe("ready").status]).toEqual([status, status]);
    expect(exists("run/up")).toBe(status === 0);
  });

  test("a parked container counts as started, so that it is not restarted, is never ready, and says why", () => {
    tool("curl", "printf 204");
    put("run/quarantine", "an old copy\n");
    expect([probe("startup").status, probe("ready").status]).toEqual([0, 1]);
    expect(probe("ready").stdout).toBe("quarantine: an old copy\n");
    expect(exists("run/up")).toBe(false);
  });

  test("ask the runtime's own page, over HTTP and never over its control socket", () => {
    tool("curl", `printf '%s' "$*" > ${at("asked")}; printf 204`);
    probe("ready");
    expect(read("asked")).toContain(`http://127.0.0.1:${environment().ROADSTEAD_HTTP_PORT}/~_~/healthz`);
  });
});
