// What the guard script refuses before the runtime starts, and what it makes of a runtime that refuses.
import { booted, ID, KEY, PLANET, Sandbox } from "./ship-sandbox";

describe("refused before the runtime starts, with the reason and no claim used up:", () => {
  it.each([
    ["Ames port", "udp", 34543],
    ["HTTP port", "tcp", 8081],
  ])("a taken %s, and who holds it", (_, protocol, port) => {
    const s = new Sandbox();
    s.run("key", { input: `${KEY}\n` });
    s.write("held", `--${protocol} sport = :${port}`);
    const reason = `its ${protocol} port ${port} is held already, by "nc",pid=7,fd=3`;
    expect(s.run("claim")).toMatchObject({ code: 78, err: expect.stringContaining(reason) });
    expect([s.quarantine, s.state]).toEqual(["", ""]);
    s.remove("held");
    expect(s.firstBoot()).toBe(0);
    s.write("held", `--${protocol} sport = :${port}`);
    expect(s.run("check")).toMatchObject({ code: 78, err: expect.stringContaining(reason) });
    expect(s.quarantine).toBe("");
    s.write("stubs/ss", "#!/bin/sh\nexit 1\n", "0755");
    expect(s.run("check").code).toBe(78);
  });

  it("less memory and swap than the looms that are mapped, with the numbers", () => {
    const s = new Sandbox({ ...PLANET, loom: 32 });
    s.write("meminfo", "MemTotal: 2000000 kB\nSwapTotal: 2000000 kB\n");
    s.run("key", { input: `${KEY}\n` });
    const done = s.run("claim");
    expect(done).toMatchObject({
      code: 78,
      err: expect.stringContaining("4096 MiB of memory at once, and this host has 3906 MiB"),
    });
    expect(s.state).toBe("");
    s.write("meminfo", "MemTotal: 2100000 kB\nSwapTotal: 2200000 kB\n");
    expect(s.firstBoot()).toBe(0);
    // Swap with a key of its own is there a little after the boot.
    s.write("stubs/sleep", '#!/bin/sh\necho "SwapTotal: 2200000 kB" >>"$ROADSTEAD_MEMINFO"\n', "0755");
    s.write("meminfo", "MemTotal: 2100000 kB\n");
    expect(s.run("check").code).toBe(0);
    s.remove("stubs/sleep");
    // A smaller loom saves nothing: the other process maps 2 GiB whatever the ship's is.
    const small = booted({ ...PLANET, loom: 30 });
    small.write("meminfo", "MemTotal: 2000000 kB\nSwapTotal: 0 kB\n");
    expect(small.run("check")).toMatchObject({ code: 78, err: expect.stringContaining("maps 2048 MiB") });
  });

  it("a disk without room for a first boot, with the numbers", () => {
    const s = new Sandbox();
    s.run("key", { input: `${KEY}\n` });
    const done = s.run("claim", { env: { FREE: "1048576" } });
    expect(done).toMatchObject({
      code: 78,
      err: expect.stringContaining("needs 2048 MiB for its pier, and there are 1024 free"),
    });
    expect(s.state).toBe("");
  });

  it("a pier last run by a vere that is not on this host: an older one never runs it, and a newer one only through the upgrade", () => {
    const s = booted();
    expect(s.run("check").code).toBe(0);
    s.write(`srv/ships/.roadstead/${ID}/vere`, "4.7 1700000000\n");
    expect(s.run("check")).toMatchObject({
      code: 78,
      err: expect.stringContaining("was last run by vere 4.7, which is not on this host"),
    });
    expect(s.read("calls")).not.toContain("4.7");
  });
});

describe("a runtime that refuses", () => {
  const ends = (s: Sandbox, said: string, env = { SERVICE_RESULT: "exit-code", EXIT_STATUS: "1" }) => {
    s.write("journal", `${said}\n`);
    return s.run("after", { env });
  };

  it.each([
    ["pier: locked by PID 12", /parked: another process has its pier open/],
    ["stale snapshot, downgrade runtime to replay", /parked: its snapshot is behind its log/],
  ])("with `%s` parks the ship and says what to look at", (said, reason) => {
    const s = booted();
    expect(ends(s, said)).toMatchObject({ code: 0, err: expect.stringMatching(reason) });
    expect(s.quarantine).toBe("");
  });

  it("with a snapshot from the future of its log has the ship quarantined: that log is an old copy", () => {
    const s = booted();
    expect(ends(s, "mars: corrupt pier, snapshot (9) from future (log=7)").code).toBe(77);
    expect(s.quarantine).toBe("the runtime refused it: its event log is older than its snapshot");
    expect(s.run("check").code).toBe(77);
  });

  it("tells the alarm of a quarantine, and quarantines all the same when that fails", () => {
    const s = booted();
    s.write("etc/roadstead/alarm", `#!/bin/sh\necho "$1" >>"$ROADSTEAD_ROOT/told"\nexit 1\n`, "0755");
    ends(s, "double-boot detected");
    expect(s.read("told")).toMatch(/sampel-palnet is quarantined: the runtime refused it: double-boot detected$/m);
    expect(s.quarantine).not.toBe("");
  });

  it("for want of a galaxy's answer does not stop the ship, and status says so", () => {
    const s = booted();
    s.write("journal", "boot: peer-state unvailable on czar, cannot protect from double-boot\n");
    s.write(`var/lib/roadstead/backup/${ID}`, "time=2026-11-21T00:00:00Z\nevent=42\n");
    const { out, err } = s.script("ship", ["status", ID]);
    expect(err).toContain("could not ask its galaxy");
    expect(err).toContain("last copy: time=2026-11-21T00:00:00Z event=42");
    // Scripts read it to its end.
    expect(out).toBe("first boot: done; last clean stop at event: 42; quarantine: \n");
  });

  it.each(["dawn: mismatch between -w sampel-palnet and -K ~zod", "dawn: invalid private keys (not shown)"])(
    "its key (%s) never reached the network, so that a person can give it another without a breach",
    (said) => {
      const s = new Sandbox();
      s.write("boot-fails", "");
      s.write("journal", `${said}\n`);
      s.run("key", { input: `${KEY}\n` });
      s.firstBoot();
      expect(s.quarantine).toMatch(/^its key was refused before anything reached the network/);
      expect(s.run("release", { args: ["--key-refused"] }).code).toBe(0);
      s.remove("boot-fails");
      s.write("journal", "");
      expect(s.run("key", { input: `${KEY}\n` }).code).toBe(0);
      expect(s.firstBoot()).toBe(0);
      expect([s.state, s.quarantine]).toEqual(["done", ""]);
    },
  );

  it("is not taken for one that refused the key when anything else was wrong", () => {
    const s = new Sandbox();
    s.write("boot-fails", "");
    s.run("key", { input: `${KEY}\n` });
    s.firstBoot();
    s.run("check");
    expect(s.quarantine).toBe("its first boot was started and did not finish");
    expect(s.run("release", { args: ["--key-refused"] }).code).toBe(77);
    // A pier is there: whatever was said, it may have been on the network.
    const other = new Sandbox();
    other.run("key", { input: `${KEY}\n` });
    other.run("claim");
    other.write(`srv/ships/${ID}/.urb/event`, "3");
    other.write("journal", "dawn: mismatch\n");
    other.run("burn", { env: { SERVICE_RESULT: "exit-code" } });
    expect(other.quarantine).toBe("");
    expect(other.run("release", { args: ["--key-refused"] }).code).toBe(77);
  });
});
