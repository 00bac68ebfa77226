// Copies of piers under the real systemd, with the real tar, zstd, age and rclone, into a bucket that may only be written to.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hostScript } from "../../cli/ship/import-script";
import type { Architecture } from "../../planner/architecture/schema";
import { bareMetal } from "../components/host/sample";
import { ACCESS_KEY, bucket, BUCKET, ENDPOINT } from "./bucket";
import { VERSIONS } from "./downloads";
import { rendered } from "./hosts";
import { Machine, stopAll } from "./machine/machine";

const ID = "sampel-palnet";
const SHIP = "/usr/local/lib/roadstead/ship";
const BACKUP = "/usr/local/lib/roadstead/backup";
const UNIT = `roadstead-ship@${ID}`;
const KEY = "0wAAAAA.BBBBB.CCCCC.DDDDD.EEEEE.FFFFF.GGGGG.HHHHH.IIIII.JJJJJ.KKKKK";
const SECRET = "canary/Secret+of/the+bucket=";
const INSIDE = "canary-of-the-pier";
const OBJECTS = `/opt/test/bucket/${BUCKET}/fleet/${ID}`;
const SPOOL = `/srv/ships/.roadstead/.backup/${ID}`;
let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start({ files: bucket });
  machine.get("apt-get -q update && apt-get -q -y install --no-install-recommends age zstd rclone curl", {
    limit: 300_000,
  });
  // The keys of three people; the third's is no recipient's.
  machine.get(
    "umask 077; mkdir -p /opt/keys /opt/test/bucket; for k in one two other; do age-keygen -o /opt/keys/$k 2>/dev/null; done",
  );
  const recipients = ["one", "two"].map((k) => machine.get(`age-keygen -y /opt/keys/${k}`));
  const { host, lock } = bareMetal();
  const backup = {
    offHost: {
      bucket: BUCKET,
      endpoint: ENDPOINT,
      prefix: "fleet",
      recipients,
      credentials: { secret: "b" },
      every: "weekly",
    },
  } as Architecture["backup"];
  const { files } = rendered({ host, lock: { ...lock, backup, versions: VERSIONS as Architecture["versions"] } });
  machine.write([
    ...files.filter((f) => /ship|first-boot|maintain|backup|roadstead-pack|upgrade/.test(f.path)),
    {
      path: "/usr/local/bin/urbit",
      mode: "0755",
      content: readFileSync(join(__dirname, "machine/urbit.py"), "utf8"),
    },
    { path: "/etc/roadstead/alarm", mode: "0755", content: '#!/bin/sh\necho "$1" >>/opt/test/told\n' },
    // A stop that takes longer than this is no clean one.
    { path: `/etc/systemd/system/${UNIT}.service.d/test.conf`, content: "[Service]\nTimeoutStopSec=2\n" },
  ]);
  machine.get(`useradd --system --user-group --no-create-home --shell /usr/sbin/nologin urbit
    install -d -m 1771 -o root -g urbit /srv/ships && install -d -m 0700 /srv/ships/.roadstead
    systemctl daemon-reload && systemctl start test-bucket`);
  await machine.until("the bucket", "bash -c ': </dev/tcp/127.0.0.1/9443'");
}, 600_000);
afterAll(stopAll);

const behave = (how: string) => machine.write([{ path: "/opt/test/behaviour", content: `${how}\n` }]);
const active = (unit = UNIT): string => machine.sh(`systemctl is-active ${unit}`).out.trim();
const up = () => machine.until("the ship", `systemctl is-active -q ${UNIT} && bash -c ': </dev/tcp/127.0.0.1/8081'`);
const cleanStops = (): number =>
  Number(machine.sh(`cat /srv/ships/${ID}/.urb/stopped-cleanly 2>/dev/null | wc -c`).out);
const lines = (command: string): string[] => machine.sh(command).out.split("\n").filter(Boolean);
const objects = (): string[] => lines(`ls ${OBJECTS} 2>/dev/null`);
const waiting = (): string[] => lines(`ls -A ${SPOOL} 2>/dev/null`);
const told = (): string[] => lines("cat /opt/test/told 2>/dev/null");
/** As the timer does. */
const night = () => machine.sh("systemctl start roadstead-backup", { limit: 180_000 }).code;
const now = (env: Record<string, string> = {}) => machine.run([BACKUP, "run", ID], { limit: 180_000, env });
const said = (): string =>
  machine.get("journalctl --sync; journalctl -o cat --no-pager -u roadstead-backup | tail -n 40");
/** A program in front of the real one. */
const instead = (program: string, body: string) =>
  machine.write([{ path: `/usr/local/sbin/${program}`, mode: "0755", content: `#!/bin/sh\n${body}\n` }]);

beforeEach(async () => {
  machine.sh(
    `systemctl stop ${UNIT}; systemctl reset-failed; rm -f /usr/local/sbin/* /opt/test/told /opt/test/bucket-* /run/roadstead-backup*
    rm -rf /srv/ships/${ID} /srv/ships/.roadstead/* /srv/ships/.roadstead/.backup /var/lib/roadstead /run/roadstead /opt/test/bucket/${BUCKET}
    systemctl restart test-bucket`,
    { limit: 120_000 },
  );
  behave("well");
  expect(machine.run([SHIP, "key", ID], { input: `${KEY}\n` }).code).toBe(0);
  await up();
  machine.get(`echo ${INSIDE} >/srv/ships/${ID}/.urb/chk/state && chown urbit: /srv/ships/${ID}/.urb/chk/state`);
  expect(machine.run([BACKUP, "credentials"], { input: `${ACCESS_KEY} ${SECRET}\n` })).toMatchObject({
    code: 0,
    out: "",
  });
  await machine.until("the bucket", "bash -c ': </dev/tcp/127.0.0.1/9443'");
}, 180_000);

/** What an operator does with an object, on a machine that has the key. */
const open = (object: string, key: string) =>
  machine.sh(
    `rm -rf /opt/opened && mkdir /opt/opened && age -d -i /opt/keys/${key} ${OBJECTS}/${object} | zstd -dq | tar -xf - -C /opt/opened --no-same-owner`,
  );

describe("a copy", () => {
  it("is made between one clean stop and one start, and opens with its recipients' keys alone to the pier at the event of its name", async () => {
    expect(night() === 0 ? "" : said()).toBe("");
    await up();
    expect(cleanStops()).toBe(1);
    expect(objects()).toEqual([expect.stringMatching(/^\d{8}T\d{6}Z\.event-43\.tar\.zst\.age$/)]);
    expect(waiting()).toEqual([]);
    const [object] = objects() as [string];
    expect(machine.sh(`grep -c ${INSIDE} ${OBJECTS}/${object}`).out.trim()).toBe("0");
    expect(open(object, "other").code).not.toBe(0);
    for (const key of ["one", "two"]) {
      expect(open(object, key).code).toBe(0);
      expect(machine.get(`cat /opt/opened/${ID}/.urb/chk/state`)).toBe(INSIDE);
      expect(machine.get(`urbit info --loom 31 /opt/opened/${ID} 2>&1`)).toMatch(/disk: live=&, event=43/);
    }
    const size = machine.get(`stat -c %s ${OBJECTS}/${object}`);
    expect(machine.get(`cat /var/lib/roadstead/backup/${ID}`)).toMatch(
      new RegExp(
        `^time=\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}Z\nevent=43\nsize=${size}\nobject=${BUCKET}/fleet/${ID}/${object}$`,
      ),
    );
    expect(told()).toEqual([]);
  });

  it("is not made again before it is due, and whenever a person asks", async () => {
    expect(night()).toBe(0);
    expect(night()).toBe(0);
    expect(cleanStops()).toBe(1);
    expect(now()).toMatchObject({ code: 0 });
    await up();
    expect([cleanStops(), objects().length]).toEqual([2, 2]);
    expect(machine.run([BACKUP, "run", "zod-of-nowhere"]).code).toBe(64);
  });

  it("larger than one request may be is sent in parts, and the bucket is never looked at", () => {
    machine.get(
      `head -c 12000000 /dev/urandom >/srv/ships/${ID}/.urb/chk/large && chown urbit: /srv/ships/${ID}/.urb/chk/large`,
    );
    const sum = machine.get(`sha256sum </srv/ships/${ID}/.urb/chk/large`);
    expect(now({ RCLONE_S3_UPLOAD_CUTOFF: "5Mi" })).toMatchObject({ code: 0 });
    expect(open(objects()[0]!, "one").code).toBe(0);
    expect(machine.get(`sha256sum </opt/opened/${ID}/.urb/chk/large`)).toBe(sum);
    const asked = lines("cut -d ' ' -f 1,3 /opt/test/bucket-log");
    expect(new Set(asked)).toEqual(new Set(["POST 200", "PUT 200"]));
    expect(asked.length).toBeGreaterThanOrEqual(5);
  });

  it("of a ship that ran on is let in nowhere: its guard quarantines it, and the steps of an import refuse it", async () => {
    expect(night()).toBe(0);
    await up();
    machine.get(`systemctl restart ${UNIT}`);
    await up();
    machine.get(`systemctl stop ${UNIT}`);
    expect(open(objects()[0]!, "one").code).toBe(0);
    const brought = hostScript({ id: ID, name: `~${ID}`, tenant: "", loom: 31 }, 45, {
      path: "/opt/opened",
      format: "directory",
      root: ID,
      bytes: 10,
    });
    machine.write([
      { path: "/opt/import/ssh", mode: "0755", content: '#!/bin/sh\nshift\nexec sh -c "$*"\n' },
      { path: "/opt/import/sudo", mode: "0755", content: '#!/bin/sh\nexec "$@"\n' },
      { path: "/opt/import/steps", content: brought },
    ]);
    const path = { PATH: "/opt/import:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
    const steps = () => machine.run(["sh", "/opt/import/steps", "keeper@here"], { env: path });
    expect(steps().code).not.toBe(0);
    // On a host that knows nothing of the ship but what its owner attests: the stop at event 45.
    machine.get(`rm -rf /srv/ships/${ID} /srv/ships/.roadstead/${ID} /var/lib/roadstead/ships/${ID}
      cp /etc/roadstead/ships/${ID}.env /opt/import/env && sed -i 's/^IMPORTED=.*/IMPORTED=1\\nSINCE=45/' /etc/roadstead/ships/${ID}.env`);
    try {
      expect(steps().err).toMatch(/the pier is at event 43, and what was attested is a stop at event 45/);
      expect(machine.sh(`ls -d /srv/ships/${ID}`).code).not.toBe(0);
      // Put into its place by hand all the same.
      machine.get(`cp -r /opt/opened/${ID} /srv/ships/${ID} && chown -R urbit: /srv/ships/${ID}`);
      machine.sh(`systemctl start ${UNIT}`);
      expect(active()).not.toBe("active");
      expect(machine.get(`${SHIP} status ${ID}`)).toMatch(
        /quarantine: its pier is at event 43, older than the recorded event 45: an old copy/,
      );
    } finally {
      machine.get(`cp /opt/import/env /etc/roadstead/ships/${ID}.env`);
    }
  });
});

describe("a ship", () => {
  it("that does not stop cleanly is not copied, is started again, and somebody is told", async () => {
    behave("slow-stop");
    machine.get(`systemctl restart ${UNIT}`);
    await up();
    expect(night()).not.toBe(0);
    await up();
    expect([objects(), waiting(), cleanStops()]).toEqual([[], [], 1]);
    expect(told()).toEqual([expect.stringContaining(`${ID}: no copy was made`)]);
  });

  it("is not stopped when there is no room for its copy", () => {
    instead("df", 'echo head; echo "dev 1 1 1000 1% /"');
    expect(night()).not.toBe(0);
    expect([active(), cleanStops(), objects()]).toEqual(["active", 0, []]);
    expect(said()).toMatch(/a copy needs \d+ KiB free and there are 1000/);
  });

  it("that was stopped cleanly is copied once and stays stopped", () => {
    machine.get(`systemctl stop ${UNIT}`);
    expect(night() === 0 ? "" : said()).toBe("");
    expect([active(), objects().length]).toEqual(["inactive", 1]);
    expect(now()).toMatchObject({ code: 0 });
    expect([active(), objects().length]).toEqual(["inactive", 1]);
  });

  it("that was stopped and crashed, or is quarantined, is left alone", () => {
    machine.get(`systemctl kill -s KILL ${UNIT}; systemctl stop ${UNIT}; systemctl reset-failed ${UNIT} || true`);
    expect(night()).not.toBe(0);
    expect([active(), objects()]).toEqual(["inactive", []]);
    machine.get(`${SHIP} park ${ID} because || true`);
    expect(night()).toBe(0);
    expect([active(), objects()]).toEqual(["inactive", []]);
  });

  it("that ran is not started by anybody while it is archived", async () => {
    instead("age", `systemctl start ${UNIT}; systemctl is-active ${UNIT} >/opt/test/meanwhile; exec /usr/bin/age "$@"`);
    expect(night() === 0 ? "" : said()).toBe("");
    expect(machine.get("cat /opt/test/meanwhile")).toBe("inactive");
    await up();
    expect(objects()).toHaveLength(1);
  });

  it("that was stopped and is started meanwhile has no copy of that time", async () => {
    machine.get(`systemctl stop ${UNIT}`);
    instead("age", `systemctl start ${UNIT}; exec /usr/bin/age "$@"`);
    expect(night()).not.toBe(0);
    await up();
    expect([objects(), waiting()]).toEqual([[], []]);
    expect(said()).toContain("started meanwhile");
  });

  it.each(["TERM", "KILL"])("runs again when its copying ends by SIG%s", async (signal) => {
    instead("age", "touch /opt/test/archiving; sleep 60");
    machine.get("rm -f /opt/test/archiving; systemctl start --no-block roadstead-backup");
    await machine.until("the archive", "[ -e /opt/test/archiving ]");
    expect(active()).toBe("inactive");
    machine.get(`systemctl kill -s ${signal} roadstead-backup`);
    await up();
    expect(objects()).toEqual([]);
    machine.get("rm /usr/local/sbin/age");
    await machine.until(
      "its end",
      '! systemctl is-active -q roadstead-backup && [ "$(systemctl show -p ActiveState --value roadstead-backup)" != deactivating ]',
    );
    expect(night() === 0 ? "" : said()).toBe("");
    expect(objects()).toHaveLength(1);
  });

  it("is not stopped while other maintenance is at work", async () => {
    machine.get("systemd-run --unit test-lock flock /var/lib/roadstead/maintain.lock sleep 8");
    await machine.until("the lock", "! flock -n /var/lib/roadstead/maintain.lock true");
    machine.get("systemctl start --no-block roadstead-backup; sleep 4");
    expect([active(), cleanStops()]).toEqual(["active", 0]);
    await machine.until("its end", `[ "$(ls ${OBJECTS} 2>/dev/null | wc -l)" = 1 ]`);
  });
});

describe("an upload that fails", () => {
  it("waits on the volume, fails the unit, tells once, and is made up for without another stop", async () => {
    machine.write([{ path: "/opt/test/bucket-says", content: "403" }]);
    expect(night()).not.toBe(0);
    await up();
    const kept = waiting();
    expect(kept).toEqual([expect.stringMatching(/event-43\.tar\.zst\.age$/)]);
    expect(machine.get("cat /run/motd.d/60-roadstead-backup")).toContain("did not reach the bucket");
    expect(night()).not.toBe(0);
    expect(told()).toHaveLength(1);
    machine.get("rm /opt/test/bucket-says");
    expect(night() === 0 ? "" : said()).toBe("");
    expect([objects(), waiting(), cleanStops()]).toEqual([kept, [], 1]);
    expect(told()[1]).toContain("copies are made again");
    expect(machine.sh("ls /run/motd.d/60-roadstead-backup").code).not.toBe(0);
  });

  it("gives its room back when the ship needs it", () => {
    machine.write([{ path: "/opt/test/bucket-says", content: "403" }]);
    expect(night()).not.toBe(0);
    instead("df", 'echo head; echo "dev 1 1 1000 1% /"');
    expect(night()).not.toBe(0);
    expect(waiting()).toEqual([]);
  });

  it("for two periods is said, whatever else", () => {
    expect(night()).toBe(0);
    machine.get(`sed -i 's/^time=.*/time=2026-01-01T00:00:00Z/' /var/lib/roadstead/backup/${ID}`);
    machine.write([{ path: "/opt/test/bucket-says", content: "403" }]);
    expect(now().err).toContain("has no copy younger than 336 hours");
  });
});

describe("the bucket's credentials", () => {
  it("are root's alone, and in no log, no argument and no file that others may read", () => {
    expect(machine.get("stat -c %a:%U /srv/ships/.roadstead/.backup/rclone.conf")).toBe("600:root");
    instead("rclone", 'echo "$0 $*" >/opt/test/arguments; exec /usr/bin/rclone "$@"');
    expect(night()).toBe(0);
    expect(machine.get("cat /opt/test/arguments")).toMatch(/copyto .*event-43/);
    expect(machine.get("cat /opt/test/arguments")).not.toContain(SECRET);
    expect(
      machine
        .sh(`grep -rlF '${SECRET}' / --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev 2>/dev/null`, {
          limit: 120_000,
        })
        .out.trim(),
    ).toBe("/srv/ships/.roadstead/.backup/rclone.conf");
    expect(machine.get("journalctl --no-pager")).not.toContain(SECRET);
  });

  it.each([
    ["one word", "AKID"],
    ["three words", "a b c"],
    ["a line of a configuration", "AKID secret\n[other]\ntype = local"],
    ["nothing", ""],
  ])("that are %s are refused, and those that were there stay", (_, input) => {
    const before = machine.get("cat /srv/ships/.roadstead/.backup/rclone.conf");
    expect(machine.run([BACKUP, "credentials"], { input }).code).toBe(65);
    expect(machine.get("cat /srv/ships/.roadstead/.backup/rclone.conf")).toBe(before);
  });

  it("that have not come fail the unit, and no ship is stopped", () => {
    machine.get("rm /srv/ships/.roadstead/.backup/rclone.conf");
    expect(night()).not.toBe(0);
    expect([active(), cleanStops()]).toEqual(["active", 0]);
    expect(told()).toEqual([expect.stringContaining("credentials have not come")]);
  });
});
