// The guard script, run by sh against a stub of vere: what may boot and what may not.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { booted, ID, KEY, PLANET, Sandbox } from "./ship-sandbox";

describe("first boot", () => {
  it("uses the key once, records it before and after, and burns it", () => {
    const s = booted();
    expect(s.state).toBe("done");
    expect(s.has(`run/roadstead/keys/${ID}`)).toBe(false);
    const boots = s
      .read("calls")
      .split("\n")
      .filter((l) => l.includes(" -k "));
    expect(boots).toEqual([
      `urbit -t -x --loom 31 -p 34543 -w sampel-palnet -k ${s.root}/run/roadstead/keys/${ID} -c ${s.root}/srv/ships/${ID}`,
    ]);
    expect(s.run("check").code).toBe(0);
  });

  it("never shows the key: not in arguments, not in output, not in any file left behind", () => {
    const s = new Sandbox();
    const key = s.run("key", { input: `${KEY}\n` });
    expect(key.err).not.toContain(KEY);
    s.firstBoot();
    expect(spawnSync("grep", ["-rlF", KEY, s.root], { encoding: "utf8" }).stdout).toBe("");
  });

  it("waits without harm while there is no key", () => {
    const s = new Sandbox();
    expect(s.firstBoot()).toBe(78);
    expect(s.run("check").code).toBe(78);
    expect(s.state).toBe("");
    expect(s.quarantine).toBe("");
  });

  it("records that it started before vere sees the key", () => {
    const s = new Sandbox();
    s.run("key", { input: `${KEY}\n` });
    expect(s.run("claim").code).toBe(0);
    expect(s.state).toBe("started");
    expect(s.read(`srv/ships/.roadstead/${ID}/first-boot`).trim()).toBe("started");
    expect(s.read("calls")).not.toContain("-k");
  });

  it("that failed is not tried again by itself", () => {
    const s = new Sandbox();
    s.write("boot-fails", "");
    s.run("key", { input: `${KEY}\n` });
    s.firstBoot();
    expect(s.has(`run/roadstead/keys/${ID}`)).toBe(false);
    expect(s.run("check").code).toBe(77);
    expect(s.quarantine).toBe("its first boot was started and did not finish");
  });

  it.each([
    ["with the key still there", PLANET],
    ["of a comet, which needs no key", { ...PLANET, name: undefined, class: "comet" as const, keySecret: undefined }],
  ])("that broke off does not start again: %s", (_, ship) => {
    const s = new Sandbox(ship);
    s.run("key", { input: `${KEY}\n` });
    // The host lost its power right after: nothing was burned, and no pier was made.
    expect(s.run("claim").code).toBe(0);
    expect(s.run("claim").code).toBe(77);
    expect(s.quarantine).toBe("a first boot was started before");
    expect(s.has(`run/roadstead/keys/${ID}`)).toBe(false);
  });

  it("does not happen a second time, whoever delivers the key again", () => {
    const s = booted();
    expect(s.run("key", { input: `${KEY}\n` }).code).toBe(77);
    expect(s.run("claim").code).toBe(77);
    expect(s.quarantine).toBe("a first boot was started before");
  });

  it("does not happen for a ship that the lock calls sealed", () => {
    const s = new Sandbox({ ...PLANET, sealed: true });
    s.run("key", { input: `${KEY}\n` });
    expect(s.run("claim").code).toBe(77);
    expect(s.quarantine).toMatch(/^the lock says that this ship has booted for good/);
  });

  it.each([
    ["a pier archive", "PK\u0003\u0004 not a key"],
    ["nothing", ""],
    ["two keys", `${KEY}\n${KEY}\n`],
    ["a key below a line without an end of its own", `my key\n${KEY}`],
    ["a key with something behind it", `${KEY} ; rm -rf /\n`],
  ])("refuses %s where a key is expected", (_, input) => {
    const s = new Sandbox();
    expect(s.run("key", { input }).code).toBe(65);
    expect(s.has(`run/roadstead/keys/${ID}`)).toBe(false);
    expect(s.state).toBe("");
  });

  it("puts nothing into the log of a key that the runtime cannot read, however many lines it has", () => {
    const s = new Sandbox();
    s.write(
      "usr/local/bin/urbit",
      "#!/bin/sh\nprintf 'one\\ndawn: invalid private keys: 0wcan\\nary\\n\\n0wcanary\\r\\n'\nexit 1\n",
      "0755",
    );
    const log = join(s.root, "log");
    const unit = `sh ${join(s.root, "usr/local/lib/roadstead/ship")} boot ${ID} >${log} 2>&1; sleep 0.5`;
    execFileSync("sh", ["-c", unit], { env: s.env });
    expect(s.read("log")).toBe("one\ndawn: invalid private keys (not shown)\n");
  });

  it("of a comet and of a fake ship needs no key", () => {
    const comet = new Sandbox({ ...PLANET, name: undefined, class: "comet", keySecret: undefined });
    expect(comet.firstBoot()).toBe(0);
    expect(comet.read("calls")).toContain(`-p 34543 -c ${comet.root}/srv/ships/${ID}`);
    const fake = new Sandbox({ ...PLANET, fake: true });
    expect(fake.firstBoot()).toBe(0);
    expect(fake.read("calls")).toContain("-F sampel-palnet -c");
  });
});

describe("later runs", () => {
  it("use another command line, with fixed ports on loopback", () => {
    const s = booted();
    expect(s.run("check").code).toBe(0);
    s.run("run");
    expect(s.read("calls").trim().split("\n").at(-1)).toBe(
      `urbit -t --loom 31 -p 34543 --http-port 8081 -b 127.0.0.1 ${s.root}/srv/ships/${ID}`,
    );
  });

  it("quarantine an empty volume after the first boot", () => {
    const s = booted();
    s.wipePier();
    expect(s.run("check").code).toBe(77);
    expect(s.quarantine).toBe("it has had its first boot, but its volume is empty");
  });

  it("quarantine an empty volume though the new host knows nothing, when the lock says sealed", () => {
    const s = new Sandbox({ ...PLANET, sealed: true });
    expect(s.run("check").code).toBe(77);
    expect(s.quarantine).toMatch(/its volume is empty$/);
  });

  it("quarantine a volume put in its place, since the root disk remembers", () => {
    const s = booted();
    rmSync(join(s.root, "srv/ships"), { recursive: true });
    mkdirSync(join(s.root, "srv/ships"));
    expect(s.run("check").code).toBe(77);
  });

  it("go on with the volume on a new host, since the volume remembers", () => {
    const s = booted();
    rmSync(join(s.root, "var/lib/roadstead"), { recursive: true });
    expect(s.run("check").code).toBe(0);
  });

  it("quarantine a pier older than the last clean stop", () => {
    const s = booted();
    s.setEvent(100);
    expect(s.cleanStop().err).toContain("stopped cleanly at event 100");
    s.setEvent(99);
    expect(s.run("check").code).toBe(77);
    expect(s.quarantine).toBe("its pier is at event 99, older than the recorded event 100: an old copy");
  });

  it("accept a pier at or after the last clean stop, compared as numbers", () => {
    const s = booted();
    s.setEvent(99);
    s.cleanStop();
    s.setEvent(100);
    expect(s.run("check").code).toBe(0);
  });

  it("do not start a pier whose event cannot be read once one is recorded", () => {
    const s = booted();
    rmSync(join(s.root, "srv/ships", ID, ".urb/event"));
    expect(s.run("check").code).toBe(77);
  });

  it("record nothing after a stop that was not clean", () => {
    const s = booted();
    s.setEvent(500);
    s.run("after", { env: { SERVICE_RESULT: "timeout", EXIT_CODE: "killed", EXIT_STATUS: "KILL" } });
    expect(s.read(`var/lib/roadstead/ships/${ID}/event`).trim()).toBe("42");
  });

  it("are parked after double-boot detected, and stay parked", () => {
    const s = booted();
    s.write("journal", "boot: failed: double-boot detected, refusing to boot ~sampel-palnet\n");
    expect(s.run("after", { env: { SERVICE_RESULT: "exit-code", EXIT_STATUS: "1" } }).code).toBe(77);
    s.write("journal", "");
    expect(s.run("check").code).toBe(77);
    expect(s.quarantine).toBe("the runtime refused it: double-boot detected");
  });

  it("are not parked by a peer who has such words printed: a ship that was refused does not stop cleanly", () => {
    const s = booted();
    const ended = (said: string, SERVICE_RESULT: string, EXIT_STATUS: string) => {
      s.write("journal", said);
      return s.run("after", { env: { SERVICE_RESULT, EXIT_STATUS } }).code;
    };
    const refusal = "boot: failed: double-boot detected, refusing to boot ~sampel-palnet\n";
    const peers = `< ~ravmel-ropdyl: ${refusal}`;
    expect(ended(peers, "success", "0")).toBe(0);
    expect(s.run("check").code).toBe(0);
    for (const said of [peers, refusal])
      for (const [result, status] of [
        ["oom-kill", "KILL"],
        ["core-dump", "SEGV"],
        ["signal", "KILL"],
        ["timeout", "TERM"],
      ])
        expect([result, ended(said, result!, status!)]).toEqual([result, 0]);
    // A code of its own, but not its own words, or not its last.
    expect(ended(`${peers}from future\n`, "exit-code", "1")).toBe(0);
    expect(ended(refusal + "later\n".repeat(20), "exit-code", "1")).toBe(0);
    expect([s.quarantine, s.run("check").code]).toEqual(["", 0]);
    // What the runtime prints behind it, and bytes that are no text, hide no refusal.
    s.write("journal", "");
    expect(
      ended(
        `\xff\0\n\r${refusal}this is an old version of the ship\npier: serf shutdown unexpected\n`,
        "exit-code",
        "1",
      ),
    ).toBe(77);
  });

  it("are not parked by the runtime's note that it could not check", () => {
    const s = booted();
    s.write("journal", "boot: peer-state unvailable on czar, cannot protect from double-boot\n");
    expect(s.cleanStop().code).toBe(0);
    expect(s.run("check").code).toBe(0);
  });

  it("refuse a pier of unknown origin, and take an imported one", () => {
    const found = new Sandbox();
    found.setEvent(7);
    expect(found.run("check").code).toBe(77);
    const imported = new Sandbox({ ...PLANET, imported: true });
    imported.setEvent(7);
    expect(imported.run("check").code).toBe(0);
    expect(imported.state).toBe("done");
  });

  it("take an imported pier from the event on at which its owner says it stopped, and no older one", () => {
    const older = new Sandbox({ ...PLANET, imported: true, importedAtEvent: 8 });
    older.setEvent(7);
    expect(older.run("check").code).toBe(77);
    expect(older.quarantine).toMatch(/at event 7, older than the recorded event 8: an old copy/);
    const same = new Sandbox({ ...PLANET, imported: true, importedAtEvent: 8 });
    same.setEvent(8);
    expect(same.run("check").code).toBe(0);
    same.setEvent(9);
    expect([same.cleanStop().code, same.run("check").code]).toEqual([0, 0]);
  });

  it("take the same imported pier once: not again on a host that knows nothing, when the lock says sealed", () => {
    const s = new Sandbox({ ...PLANET, imported: true, importedAtEvent: 42, sealed: true });
    mkdirSync(join(s.root, `srv/ships/${ID}/.urb`), { recursive: true });
    s.setEvent(42);
    expect(s.run("check").code).toBe(77);
    expect(s.quarantine).toBe("there is a pier, and no record of its first boot");
  });

  it("never boot an imported ship from a key, not even while its pier is not there", () => {
    const s = new Sandbox({ ...PLANET, imported: true });
    expect(s.run("key", { input: `${KEY}\n` }).code).toBe(64);
    expect(s.has(`run/roadstead/keys/${ID}`)).toBe(false);
    expect(s.run("claim").code).toBe(78);
    expect([s.state, s.quarantine]).toEqual(["", ""]);
  });

  it("try again later, without quarantine, while the volume is not mounted", () => {
    const s = new Sandbox({ ...PLANET, sealed: true }, "/dev/disk/by-id/x");
    expect(s.run("check").code).toBe(75);
    expect(s.quarantine).toBe("");
    s.write("mounted", "");
    expect(s.run("check").code).toBe(77);
  });
});

describe("release from quarantine", () => {
  it("needs a reason, and keeps a pier only on the word that no other copy ran", () => {
    const s = booted();
    s.setEvent(1);
    expect(s.run("check").code).toBe(77);
    expect(s.run("release").code).toBe(64);
    expect(s.run("check").code).toBe(77);
    expect(s.run("release", { args: ["--no-other-copy-ran"] }).code).toBe(0);
    expect(s.run("check").code).toBe(0);
  });

  it("after a breach demands that the old pier is gone", () => {
    const s = booted();
    s.run("claim");
    expect(s.run("release", { args: ["--after-breach"] }).code).toBe(77);
    s.wipePier();
    expect(s.run("release", { args: ["--after-breach"] }).code).toBe(0);
    expect(s.run("key", { input: `${KEY}\n` }).code).toBe(0);
    expect(s.firstBoot()).toBe(0);
  });
});

it.each([
  ["sealed", { ...PLANET, sealed: true }],
  ["imported", { ...PLANET, imported: true, importedAtEvent: 42 }],
  ["sealed and imported", { ...PLANET, sealed: true, imported: true, importedAtEvent: 42 }],
])("after a breach a ship that the lock calls %s boots once with its new key, and not once more", (_, ship) => {
  const s = new Sandbox(ship);
  expect(s.run("release", { args: ["--after-breach"] }).code).toBe(0);
  // The host boots before the key is there.
  expect(s.run("check").code).toBe(78);
  expect(s.run("key", { input: `${KEY}\n` }).code).toBe(0);
  expect(s.firstBoot()).toBe(0);
  expect(s.state).toBe("done");
  expect(s.run("check").code).toBe(0);
  s.wipePier();
  expect(s.run("check").code).toBe(77);
  const other = new Sandbox(ship);
  expect(other.run("key", { input: `${KEY}\n` }).code === 0 ? other.run("claim").code : 77).toBe(77);
});

describe("a disk that takes no write", () => {
  const HERE = `var/lib/roadstead/ships/${ID}`;
  const THERE = `srv/ships/.roadstead/${ID}`;
  const full = (s: Sandbox, dir: string, name: string) => symlinkSync("/dev/full", join(s.root, dir, `.${name}`));
  const refused = (s: Sandbox) => {
    s.write("journal", "double-boot detected\n");
    s.write("etc/roadstead/alarm", '#!/bin/sh\necho "$*" >>"$ROADSTEAD_ROOT/told"\n', "0755");
    return s.run("after", { env: { SERVICE_RESULT: "exit-code", EXIT_STATUS: "1" } });
  };

  it.each([[[HERE]], [[THERE]], [[HERE, THERE]]])("swallows no quarantine, and somebody is told: %j", (dirs) => {
    const s = booted();
    for (const dir of dirs) full(s, dir, "quarantine");
    expect(refused(s).code).toBe(77);
    expect(s.read("told")).toContain("double-boot detected");
    expect(s.run("check").code).toBe(77);
    // Each of the two is enough for a start, so both have it.
    expect(s.has(`${HERE}/quarantine`) && s.has(`${THERE}/quarantine`)).toBe(true);
    const status = s.script("ship", ["status", ID]).out;
    expect(status).toMatch(/; quarantine: \S/);
    expect(s.run("release", { args: ["--no-other-copy-ran"] }).code).toBe(0);
    expect(s.run("check").code).toBe(0);
  });

  it("leaves a clean stop's event to the other one, so that an older pier does not pass", () => {
    const s = booted();
    s.setEvent(900);
    full(s, HERE, "event");
    expect(s.cleanStop().code).not.toBe(0);
    expect(s.read(`${THERE}/event`).trim()).toBe("900");
    s.setEvent(899);
    expect(s.run("check").code).toBe(77);
  });

  it("begins no first boot of which one of the two would know nothing", () => {
    const s = new Sandbox();
    s.run("key", { input: `${KEY}\n` });
    mkdirSync(join(s.root, THERE), { recursive: true });
    full(s, THERE, "first-boot");
    expect(s.run("claim").code).toBe(1);
    expect(s.read("calls")).not.toContain("-k");
  });
});

it("an empty record of a quarantine is one", () => {
  const s = booted();
  s.write(`srv/ships/.roadstead/${ID}/quarantine`, "");
  expect(s.run("check").code).toBe(77);
  expect(s.script("ship", ["status", ID]).out).toContain("quarantine: unknown");
});

it("the scripts are what sh and bash both read", () => {
  const s = new Sandbox();
  for (const path of ["ship", "maintain", "upgrade"])
    for (const shell of ["sh", "bash"]) execFileSync(shell, ["-n", join(s.root, "usr/local/lib/roadstead", path)]);
});
