// A newer vere, given to one ship at a time: each gate refuses with its reason and leaves everything as it was.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { booted, ID, PLANET, STUB, type Sandbox } from "./ship-sandbox";

const sum = createHash("sha256").update(STUB).digest("hex");
const zod = { ...PLANET, id: "zod", name: "~zod", fake: true, amesPort: 34544, httpPort: 8082 };
const day = 24 * 3600;
const now = () => Math.floor(Date.now() / 1000);

function install(s: Sandbox, version: string): void {
  s.write(`usr/local/lib/roadstead/vere/${version}/urbit`, STUB, "0755");
  s.write(`usr/local/lib/roadstead/vere/${version}/sum`, `${sum}  urbit\n`);
  s.write(`usr/local/lib/roadstead/vere/${version}/archive`, "a\n");
}

/** A ship that runs what the host was set up with, and 4.7 beside it. */
function running(): Sandbox {
  const s = booted();
  s.write("stubs/du", "#!/bin/sh\nprintf '1000\\tx\\n'\n", "0755");
  s.write(`srv/ships/${ID}/.urb/log/0i0/vere.txt`, "4.6");
  install(s, "4.7");
  s.script("ship", ["start", ID]);
  s.calls();
  return s;
}

const upgrade = (s: Sandbox, args = [ID, "4.7", "--backup-taken"], env: Record<string, string> = {}) => {
  const done = s.script("upgrade", args, { ROADSTEAD_MINUTE: "1", ROADSTEAD_APART: "1", ...env });
  // One after the other, however they were written.
  return { code: done.code, said: done.out + done.err };
};
const record = (s: Sandbox, id = ID) => s.read(`srv/ships/.roadstead/${id}/vere`).trim();
const runs = (s: Sandbox) => s.run("check").code === 0 && s.calls().some((l) => l.includes("info"));

it("stops the ship cleanly, has its own vere prepare the pier, starts the new one, and records it once the ship answers", () => {
  const s = running();
  // As a person calls it: apart from the connection it was asked for over.
  const done = upgrade(s, undefined, { ROADSTEAD_APART: "" });
  expect(done).toEqual({ code: 0, said: expect.stringContaining("runs vere 4.7") });
  const calls = s.calls().filter((l) => !/ -R|info/.test(l));
  expect(calls).toEqual([
    `systemctl stop roadstead-ship@${ID}.service`,
    `urbit prep --loom 31 /srv/ships/${ID}`,
    `systemctl start roadstead-ship@${ID}.service`,
    `urbit -t --loom 31 -p 34543 --http-port 8081 -b 127.0.0.1 /srv/ships/${ID}`,
  ]);
  expect(record(s)).toMatch(/^4\.7 \d{10}$/);
  expect(s.script("ship", ["binary", ID]).out).toBe(`${s.root}/usr/local/lib/roadstead/vere/4.7/urbit\n`);
  expect(upgrade(s)).toEqual({ code: 0, said: expect.stringContaining("runs vere 4.7 already") });
  expect(runs(s)).toBe(true);
});

describe("refuses, and changes nothing,", () => {
  const cases: [string, (s: Sandbox) => void, RegExp, string[]?, Record<string, string>?][] = [
    [
      "a version that is not on the host",
      () => undefined,
      /vere 4\.8 is not here as it was fetched/,
      [ID, "4.8", "--backup-taken"],
    ],
    [
      "a program that is not what was fetched",
      (s) => s.write("usr/local/lib/roadstead/vere/4.7/urbit", `${STUB}# other\n`, "0755"),
      /vere 4\.7 is not here as it was fetched/,
    ],
    ["an older version", (s) => install(s, "4.5"), /older than its 4\.6/, [ID, "4.5", "--backup-taken"]],
    [
      "4.10 as if it were older than 4.9, but not the other way",
      (s) => install(s, "4.9"),
      /older than its 4\.10/,
      [ID, "4.9", "--backup-taken"],
      { OLD: "4.10" },
    ],
    [
      "while nobody knows what runs now",
      () => undefined,
      /which vere it runs now cannot be read/,
      undefined,
      { OLD: "?" },
    ],
    [
      "without a backup since the last start",
      () => undefined,
      /take a snapshot of its volume, then say --backup-taken/,
      [ID, "4.7"],
    ],
    [
      "on a disk without room for two copies of the snapshot",
      () => undefined,
      /needs 1050576 KiB free and there are 1050575/,
      undefined,
      { FREE: "1050575" },
    ],
    ...["du", "df"].map((tool): [string, (s: Sandbox) => void, RegExp] => [
      `when ${tool} tells nothing`,
      (s) => s.write(`stubs/${tool}`, "#!/bin/sh\nexit 1\n", "0755"),
      /could not be told/,
    ]),
    ["a quarantined ship", (s) => s.run("park", { args: ["for a test"] }), /it is quarantined/],
    ["a ship that does not answer", (s) => s.write("deaf", ""), /an upgrade is no repair/],
    ["a ship that does not run", (s) => s.script("ship", ["stop", ID]), /an upgrade is no repair/],
  ];
  it.each(cases.map(([what, ...rest]) => [what, rest] as const))("%s", (_, [prepare, reason, args, env]) => {
    const s = running();
    prepare(s);
    s.calls();
    const before = s.has(`active/${ID}`);
    expect(upgrade(s, args, env)).toEqual({ code: 77, said: expect.stringMatching(reason) });
    expect(s.calls().filter((l) => / stop| start| prep|-t /.test(l))).toEqual([]);
    expect([record(s), s.has(`active/${ID}`)]).toEqual(["", before]);
  });

  it("while other maintenance runs", () => {
    const s = running();
    s.write(
      "usr/local/lib/roadstead/held",
      `#!/bin/sh\nexec 9>"$ROADSTEAD_ROOT/var/lib/roadstead/maintain.lock"\nflock 9\n"$ROADSTEAD_ROOT/usr/local/lib/roadstead/upgrade" ${ID} 4.7 --backup-taken 9>&-\n`,
      "0755",
    );
    expect(s.script("held", [])).toMatchObject({ code: 75 });
    expect(record(s)).toBe("");
  });

  it.each([
    [["--backup-taken"]],
    [[ID]],
    [[ID, "../4.7", "--backup-taken"]],
    [[ID, "4.7", "--force"]],
    [["../x", "4.7"]],
  ])("a command line such as %j", (args) => {
    const s = running();
    expect(upgrade(s, args).code).toBe(64);
    expect(s.calls()).toEqual([]);
  });

  it("takes a backup for one only if it was made for the last start, and not in times to come", () => {
    const s = running();
    const made = (secondsAgo: number) =>
      s.write(
        `var/lib/roadstead/backup/${ID}`,
        `time=${new Date(Date.now() - secondsAgo * 1000).toISOString()}\nevent=42\n`,
      );
    made(-3600);
    expect(upgrade(s, [ID, "4.7"]).code).toBe(77);
    made(3600);
    expect(upgrade(s, [ID, "4.7"]).code).toBe(77);
    made(60);
    expect(upgrade(s, [ID, "4.7"]).code).toBe(0);
  });
});

describe("goes on with the old one", () => {
  const same = (s: Sandbox) => {
    expect([record(s), s.has(`active/${ID}`), s.quarantine]).toEqual(["", true, ""]);
    expect(s.has(`run/roadstead/stopped/${ID}`)).toBe(false);
  };

  it.each([
    ["after a stop that was not clean", "unclean", /did not stop cleanly/],
    ["when prep fails", "fails", /prep failed/],
    ["when the snapshot is not at the log's event", "snapshot", /its snapshot is at event 7 and its log at event 42/],
  ])("%s", (_, file, reason) => {
    const s = running();
    s.write(file, { fails: "prep", snapshot: "7" }[file] ?? "");
    const done = upgrade(s);
    expect(done).toEqual({ code: 73, said: expect.stringMatching(reason) });
    same(s);
    expect(s.calls().join()).not.toContain("vere/4.7");
  });

  it("when the events cannot be read after the stop", () => {
    const s = running();
    // Its own vere says nothing any more, so it cannot be started either: that is for a person.
    s.write(
      "usr/local/bin/urbit",
      STUB.replace("  printf", "  [ ! -e $ROADSTEAD_ROOT/mute ] && printf").replace(
        "prep) exit 0",
        'prep) touch "$ROADSTEAD_ROOT/mute"; exit 0',
      ),
      "0755",
    );
    const done = upgrade(s);
    expect(done).toEqual({
      code: 73,
      said: expect.stringMatching(/its snapshot is at event unknown and its log at event unknown/),
    });
    expect(record(s)).toBe("");
    expect(s.quarantine).toMatch(/its event number cannot be read/);
  });

  it("when the new one does not come up and has written nothing to the pier", () => {
    const s = running();
    s.write("broken-4.7", "");
    const done = upgrade(s);
    expect(done).toEqual({
      code: 73,
      said: expect.stringMatching(/vere 4\.7 did not come up, and had written nothing\. It has vere 4\.6 as before/),
    });
    same(s);
  });
});

describe("an upgrade that ends before it should", () => {
  const marks = (s: Sandbox) => readdirSync(join(s.root, "run/roadstead/stopped"));
  const here = (s: Sandbox) => s.read(`var/lib/roadstead/ships/${ID}/vere`).trim();
  /** The ship's own vere, of which `prep` does something more. */
  const inPrep = (s: Sandbox, what: string) =>
    s.write("usr/local/bin/urbit", STUB.replace("case $1 in\ninfo)", `case $1 in prep) ${what} ;; esac\n$&`), "0755");
  const full = (place: string) => `ln -s /dev/full "$ROADSTEAD_ROOT/${place}/${ID}/.vere"`;

  it.each([
    ["the volume", "srv/ships/.roadstead"],
    ["the root disk", "var/lib/roadstead/ships"],
  ])("since %s takes no record has the ship run by its old vere again, and says so", (_, place) => {
    const s = running();
    inPrep(s, full(place));
    expect(upgrade(s)).toEqual({ code: 71, said: expect.stringContaining("It has vere 4.6 and is active") });
    expect([record(s), s.has(`active/${ID}`), marks(s), s.quarantine]).toEqual(["", true, [], ""]);
    expect(s.script("ship", ["binary", ID]).out).toBe(`${s.root}/usr/local/bin/urbit\n`);
  });

  it("stops no ship whose record cannot be written", () => {
    const s = running();
    symlinkSync("/dev/full", join(s.root, `srv/ships/.roadstead/${ID}/.vere`));
    expect(upgrade(s)).toEqual({ code: 77, said: expect.stringContaining("its record cannot be written") });
    expect(s.calls().filter((l) => / stop| start| prep|-t /.test(l))).toEqual([]);
  });

  it.each(["TERM", "HUP", "INT"])("by %s while its old vere prepares the pier leaves the ship running", (signal) => {
    const s = running();
    inPrep(s, `kill -${signal} $PPID; sleep 0.2`);
    expect(upgrade(s)).toEqual({ code: 71, said: expect.stringContaining("It has vere 4.6 and is active") });
    expect([record(s), s.has(`active/${ID}`), marks(s)]).toEqual(["", true, []]);
  });

  it("by KILL is made good by whoever asked for it, while that is there", () => {
    const s = running();
    inPrep(s, "kill -KILL $PPID");
    expect(upgrade(s, undefined, { ROADSTEAD_APART: "" }).code).toBe(137);
    expect([record(s), s.has(`active/${ID}`), marks(s)]).toEqual(["", true, []]);
  });

  it("by KILL is made good by the same command, which then goes on", () => {
    const s = running();
    inPrep(s, `[ -e "$ROADSTEAD_ROOT/once" ] || { : >"$ROADSTEAD_ROOT/once"; kill -KILL $PPID; }`);
    expect(upgrade(s).code).not.toBe(73);
    expect([s.has(`active/${ID}`), marks(s)]).toEqual([false, [ID]]);
    expect(upgrade(s)).toEqual({ code: 0, said: expect.stringMatching(/was left stopped[^]*runs vere 4\.7/) });
    expect(marks(s)).toEqual([]);
  });

  it("once the new one was started leaves it and its record as they are: an old one never runs what it may have written", () => {
    const s = running();
    s.write("migrates-4.7", "");
    s.write(
      "stubs/sleep",
      `#!/bin/sh\n[ "$1" != 20 ] || [ -e "$ROADSTEAD_ROOT/once" ] || { : >"$ROADSTEAD_ROOT/once"; kill -TERM $PPID; }\n`,
      "0755",
    );
    const settle = { ROADSTEAD_SETTLE: "20" };
    expect(upgrade(s, undefined, settle)).toEqual({
      code: 71,
      said: expect.stringContaining("It has vere 4.7 and is active"),
    });
    expect([record(s), here(s), s.has(`active/${ID}`)]).toEqual(["4.7 unproven", "4.7 unproven", true]);
    expect(upgrade(s, undefined, settle).code).toBe(0);
  });

  it("since the ship's record cannot be made good starts it with what the record says, and calls nothing its old version", () => {
    const s = running();
    s.write("broken-4.7", "");
    // 4.7 ends at once, has written nothing, and from then on the volume takes no record.
    const broken = STUB.replace("] || exit 1 ;;", `] || { ${full("srv/ships/.roadstead")} 2>/dev/null; exit 1; } ;;`);
    s.write("usr/local/lib/roadstead/vere/4.7/urbit", broken, "0755");
    const sum = createHash("sha256").update(broken).digest("hex");
    s.write("usr/local/lib/roadstead/vere/4.7/sum", `${sum}  urbit\n`);
    expect(upgrade(s)).toEqual({ code: 71, said: expect.stringContaining("It has vere 4.7 and is inactive") });
    expect([record(s), s.quarantine, marks(s)]).toEqual(["4.7 unproven", "", []]);
  });
});

describe("once the new one has written to the pier there is no way back:", () => {
  it("a ship that does not come up is quarantined with the new version, and no version runs it by itself", () => {
    const s = running();
    s.write("broken-4.7", "");
    s.write("migrates-4.7", "");
    expect(upgrade(s).code).toBe(70);
    expect(record(s)).toBe("4.7 unproven");
    expect(s.quarantine).toMatch(/^vere 4\.7 did not come up and has written to its pier/);
    expect(s.run("check").code).toBe(77);
  });

  it("a ship that answered once and is down at the second look is not proven", () => {
    const s = running();
    s.write("stubs/sleep", `#!/bin/sh\n[ "$1" != 20 ] || rm -f "$ROADSTEAD_ROOT/active/${ID}"\n`, "0755");
    s.write("migrates-4.7", "");
    expect(upgrade(s, undefined, { ROADSTEAD_SETTLE: "20" })).toEqual({
      code: 70,
      said: expect.not.stringContaining("runs vere 4.7"),
    });
    expect([record(s), s.quarantine]).toEqual(["4.7 unproven", expect.stringMatching(/^vere 4\.7 did not come up/)]);
  });

  it("a ship that does not answer yet is left to start, and asked again by the same command", () => {
    const s = running();
    s.write(
      "stubs/curl",
      `#!/bin/sh\nset -- "$(cat "$ROADSTEAD_ROOT/srv/ships/.roadstead/${ID}/vere" 2>/dev/null)"\n[ ! -e "$ROADSTEAD_ROOT/migrated" ] && [ "$1" = "4.7 unproven" ] && echo 000 || echo 204\n`,
      "0755",
    );
    install(s, "4.7");
    expect(upgrade(s, undefined, { ROADSTEAD_MINUTE: "0" })).toEqual({
      code: 69,
      said: expect.stringContaining("It is left to start"),
    });
    expect([record(s), s.has(`active/${ID}`)]).toEqual(["4.7 unproven", true]);
    s.write("migrated", "");
    expect(upgrade(s).code).toBe(0);
    expect(record(s)).toMatch(/^4\.7 \d{10}$/);
  });
});

describe("a second ship of the host", () => {
  const two = (): Sandbox => {
    const s = running();
    s.add(zod);
    expect(s.firstBoot("zod")).toBe(0);
    s.write(`srv/ships/zod/.urb/log/0i0/vere.txt`, "4.6");
    s.script("ship", ["start", "zod"]);
    expect(upgrade(s, ["zod", "4.7", "--backup-taken"]).code).toBe(0);
    return s;
  };
  const pilotSince = (s: Sandbox, what: string) => s.write("srv/ships/.roadstead/zod/vere", `4.7 ${what}\n`);

  it("waits until the first has run a day with the version, unless it is told not to", () => {
    const s = two();
    expect(upgrade(s)).toEqual({ code: 77, said: expect.stringContaining("has not run 24 hours with it") });
    pilotSince(s, String(now() - day + 60));
    expect(upgrade(s).code).toBe(77);
    pilotSince(s, String(now() - day));
    expect(upgrade(s).code).toBe(0);
    const other = two();
    expect(upgrade(other, [ID, "4.7", "--backup-taken", "--now"]).code).toBe(0);
  });

  it("gets nothing, not even when told, while the first is not well with it", () => {
    const s = two();
    const ask = () => upgrade(s, [ID, "4.7", "--backup-taken", "--now"]);
    pilotSince(s, "unproven");
    expect(ask()).toEqual({ code: 77, said: expect.stringContaining("is not well with it") });
    pilotSince(s, String(now() - 2 * day));
    s.script("ship", ["stop", "zod"]);
    expect(ask()).toEqual({ code: 77, said: expect.stringContaining("is not well with it") });
    expect(record(s)).toBe("");
  });

  it("makes the version that of new ships once every ship has it, and not before", () => {
    const s = two();
    const def = () => s.script("ship", ["vere", ID]).code === 0 && s.read("usr/local/bin/urbit") === STUB;
    s.write("usr/local/bin/urbit", `${STUB}# old\n`, "0755");
    expect(def()).toBe(false);
    expect(upgrade(s, [ID, "4.7", "--backup-taken", "--now"]).code).toBe(0);
    expect(def()).toBe(true);
  });
});

it("installs a release beside the others by its checksum, and none whose checksum differs", () => {
  const s = running();
  const fetch = (version: string, sha: string) => s.script("upgrade", ["install", version, sha]);
  expect(fetch("4.7", "a")).toMatchObject({ code: 0 });
  expect(fetch("4.7", "b")).toMatchObject({ code: 1, err: expect.stringContaining("a release does not change") });
  s.write("stubs/curl", '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho x >"$2"\n', "0755");
  expect(fetch("4.8", "0".repeat(64)).code).not.toBe(0);
  expect(s.has("usr/local/lib/roadstead/vere/4.8")).toBe(false);
});

it("leaves nothing behind of a release whose checksum differs, however often it is tried", () => {
  const s = running();
  s.write("stubs/curl", '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho x >"$2"\n', "0755");
  const TMPDIR = join(s.root, "tmp");
  mkdirSync(TMPDIR);
  for (let n = 0; n < 2; n++)
    expect(s.script("upgrade", ["install", "4.8", "0".repeat(64)], { TMPDIR }).code).not.toBe(0);
  expect(readdirSync(TMPDIR)).toEqual([]);
});
