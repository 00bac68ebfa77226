// The steps `roadstead ship import` prints for a host, carried out on a Debian with its own tar, runuser and systemd, and a stub of
// vere. The wire is missing: the script runs on the host itself, its ssh and sudo are a shell.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hostScript } from "../../cli/ship/import-script";
import { bareMetal } from "../components/host/sample";
import { rendered } from "./hosts";
import { Machine, stopAll } from "./machine/machine";
import { VERSIONS } from "./downloads";
import type { Architecture } from "../../planner/architecture/schema";

const ID = "sampel-palnet";
const EVENT = 42;
let machine: Machine;

const sample = bareMetal();
const ships = sample.lock.ships.map((s) =>
  s.id === ID
    ? { ...s, key: null, imported: true, attestation: { sourceStoppedForGood: true as const, atEvent: EVENT } }
    : s,
);
const { files } = rendered({
  host: sample.host,
  lock: { ...sample.lock, ships, versions: VERSIONS as Architecture["versions"] },
});

beforeAll(async () => {
  machine = await Machine.start({
    files: [
      ...files.filter((f) => /ship|first-boot/.test(f.path)),
      {
        path: "/usr/local/bin/urbit",
        mode: "0755",
        content: readFileSync(join(__dirname, "machine/urbit.py"), "utf8"),
      },
      { path: "/opt/test/bin/ssh", mode: "0755", content: '#!/bin/sh\nshift\nexec sh -c "$*"\n' },
      { path: "/opt/test/bin/sudo", mode: "0755", content: '#!/bin/sh\nexec "$@"\n' },
    ],
  });
  machine.get(`useradd --system --user-group --no-create-home --shell /usr/sbin/nologin urbit
    install -d -m 1771 -o root -g urbit /srv/ships && install -d -m 0700 /srv/ships/.roadstead && mkdir -p /opt/test`);
}, 300_000);
afterAll(stopAll);

/** A pier as somebody brings it: its user's, with a link, a hard link, and a mode of its own. */
function pierAt(event: number): void {
  machine.get(`rm -rf /root/old && mkdir -p /root/old/${ID}/.urb/log/0i0 /root/old/${ID}/.urb/chk /root/old/${ID}/.bin && cd /root/old/${ID}
    echo ${event} >.urb/event && echo x >.urb/chk/image.bin && echo vere >.bin/vere && ln .bin/vere .run && ln -s image.bin .urb/chk/link
    chown -R 4711:4711 . && chmod 0500 .bin && tar -C /root/old -czf /root/old.tar.gz .`);
}
const bring = (format: "tar.gz" | "directory") => {
  const path = format === "directory" ? "/root/old" : "/root/old.tar.gz";
  const script = hostScript({ id: ID, name: `~${ID}`, tenant: "", loom: 31 }, EVENT, {
    path,
    format,
    root: ID,
    bytes: 10,
  });
  machine.write([{ path: "/root/bring.sh", content: script }]);
  return machine.run(["sh", "/root/bring.sh", "keeper@203.0.113.7"], {
    limit: 120_000,
    env: { PATH: "/opt/test/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
  });
};
const active = (): string => machine.sh(`systemctl is-active roadstead-ship@${ID}`).out.trim();

test("a pier of another event is not let in, and the ship does not start", () => {
  pierAt(EVENT - 1);
  const done = bring("tar.gz");
  expect(done.err).toMatch(/the pier is at event 41, and what was attested is a stop at event 42/);
  expect(done.code).toBe(1);
  expect(machine.sh(`ls -d /srv/ships/${ID}`).code).not.toBe(0);
  expect(active()).not.toBe("active");
});

test("the attested pier comes in as the ship's own user's, runs, and is never taken in again", async () => {
  machine.sh(`systemctl start roadstead-ship@${ID}`);
  expect(active()).not.toBe("active");
  pierAt(EVENT);
  expect(bring("tar.gz")).toMatchObject({ code: 0 });
  await machine.until(
    "the ship",
    `systemctl is-active -q roadstead-ship@${ID} && bash -c ': </dev/tcp/127.0.0.1/8081'`,
  );
  expect(machine.get(`find /srv/ships/${ID} ! -user urbit`)).toBe("");
  expect(machine.get(`readlink /srv/ships/${ID}/.urb/chk/link && ls -A /srv/ships`)).toBe(
    `image.bin\n.roadstead\n${ID}`,
  );
  expect(machine.get(`/usr/local/lib/roadstead/ship status ${ID}`)).toMatch(
    /^first boot: done; last clean stop at event: 42;/,
  );
  const again = bring("directory");
  expect(again.code).toBe(1);
  expect(again.err).toMatch(/has run here/);
  machine.get(`systemctl stop roadstead-ship@${ID}`);
}, 120_000);
