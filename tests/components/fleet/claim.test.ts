// The two containers of a ship's pod that have a token, run by a real shell against a registry that only pretends:
// tests/cluster/first-boot.test.ts runs them against a real one.
import {
  at,
  type Claim,
  endPod,
  exists,
  exitOf,
  lines,
  makePod,
  outputOf,
  pier,
  put,
  read,
  registry,
  remove,
  run,
  start,
  tool,
  until,
  verdict,
} from "./pod";

beforeEach(makePod);
afterEach(endPod);

const claim = (more: Record<string, string> = {}) => run("claim.sh", more).status;

describe("the claim", () => {
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

describe("a moon's first boot", () => {
  const MOON = { ROADSTEAD_PARENT: "doznec" };

  test("waits until its parent has had its own, and nothing is noted before", async () => {
    registry({ parent: "started" });
    const child = start(MOON, "claim.sh");
    const out = outputOf(child);
    await until(() => out().includes("waits for the first boot of its parent doznec"));
    expect([child.exitCode, read("first-boot"), exists("run/verdict")]).toEqual([null, "never", false]);
    put("parent-boot", "done");
    expect(await exitOf(child)).toBe(0);
    expect([read("run/verdict"), read("first-boot")]).toEqual(["boot\n", "started"]);
  });

  test("ends its wait when the pod does", async () => {
    registry({ parent: "never" });
    const child = start(MOON, "claim.sh");
    const out = outputOf(child);
    await until(() => out().includes("waits"));
    child.kill("SIGTERM");
    expect(await exitOf(child)).toBe(1);
    expect(read("first-boot")).toBe("never");
  });

  test("is the only start that waits: one that has booted runs whatever its parent does", () => {
    registry({ firstBoot: "done", parent: "never" });
    pier();
    expect(claim(MOON)).toBe(0);
    expect(read("run/verdict")).toBe("run none\n");
  });
});

describe("what is noted on the claim", () => {
  /** The sidecar of a ship that has booted; told to stop, it ends when everything is noted. */
  async function keeper(claimed: Claim, before: () => void, meanwhile?: () => Promise<void>): Promise<number | null> {
    registry(claimed);
    pier();
    before();
    const child = start({}, "keep.sh");
    const out = outputOf(child);
    await until(() => out().includes("kept while the ship runs"));
    await meanwhile?.();
    child.kill("SIGTERM");
    return exitOf(child);
  }
  const answers = () => put("run/up", "");
  const stopsAt = (event: string) => put("run/stopped", `${event}\n`);
  const patches = () => lines("patches");

  test("that the first boot is over once the ship has answered, while it runs on", async () => {
    const status = await keeper(
      { firstBoot: "started" },
      () => undefined,
      async () => {
        await new Promise((r) => setTimeout(r, 300));
        expect(patches()).toEqual([]);
        answers();
        await until(() => patches().length > 0);
      },
    );
    expect([status, patches()]).toEqual([0, ["first-boot done"]]);
  });

  test("the event of a clean stop, the last thing before the pod is gone", async () => {
    const status = await keeper({ firstBoot: "done" }, answers, async () => {
      await new Promise((r) => setTimeout(r, 300));
      stopsAt("4711");
    });
    expect([status, patches(), read("last-event")]).toEqual([0, ["last-event 4711"], "4711"]);
  });

  test.each([
    ["none", "500", "500"],
    ["499", "500", "500"],
    ["500", "500", "500"],
    ["501", "500", "501"],
    ["9", "10", "10"],
  ])("recorded %s, stopped at %s: %s, since the number only grows", async (lastEvent, stopped, becomes) => {
    expect(await keeper({ firstBoot: "done", lastEvent }, () => stopsAt(stopped))).toBe(0);
    expect(read("last-event")).toBe(becomes);
  });

  test.each(["", "12x", "-3"])("nothing when what was left is no number: %p", async (left) => {
    expect(await keeper({ firstBoot: "done" }, () => stopsAt(left))).toBe(0);
    expect(patches()).toEqual([]);
  });

  test("nothing on a claim that another stack holds, or whose first boot is not under way", async () => {
    const both = () => {
      answers();
      stopsAt("7");
    };
    expect(await keeper({ holder: "other/t-2", firstBoot: "started" }, both)).toBe(0);
    expect(patches()).toEqual([]);
    remove("run/stopped");
    expect(await keeper({ firstBoot: "never" }, answers)).toBe(0);
    expect(patches()).toEqual([]);
  });

  test("after a while when the registry could not be asked at first", async () => {
    const status = await keeper(
      { firstBoot: "done" },
      () => {
        put("down", "");
        stopsAt("7");
      },
      async () => {
        await new Promise((r) => setTimeout(r, 300));
        remove("down");
        await until(() => patches().length > 0);
      },
    );
    expect([status, read("last-event")]).toEqual([0, "7"]);
  });

  test("not at all when it never can: the pod ends, and says that the record is older than the ship", async () => {
    registry({ firstBoot: "done", down: true });
    stopsAt("7");
    const child = start({ ROADSTEAD_KEEP_SECONDS: "0.01" }, "keep.sh");
    const out = outputOf(child);
    await until(() => out().includes("kept while the ship runs"));
    child.kill("SIGTERM");
    expect(await exitOf(child)).toBe(1);
    expect(out()).toMatch(/stays older than the ship/);
    expect(read("last-event")).toBe("none");
  });

  test("without the runtime, the key or the volume's contents being touched", async () => {
    tool("urbit", `: > ${at("ran")}`);
    expect(await keeper({ firstBoot: "started" }, answers, () => until(() => patches().length > 0))).toBe(0);
    expect(exists("ran")).toBe(false);
    expect(exists("volume/roadstead-loom")).toBe(false);
  });
});
