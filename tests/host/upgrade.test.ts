// A newer vere for one ship at a time, work on piers that is cut off, and a reboot that waits for ships: under the real systemd.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rendered, samples } from "./hosts";
import { Machine, stopAll } from "./machine/machine";

const ID = "sampel-palnet";
const LIB = "/usr/local/lib/roadstead";
const KEY = "0wAAAAA.BBBBB.CCCCC.DDDDD.EEEEE.FFFFF.GGGGG.HHHHH.IIIII.JJJJJ.KKKKK";
const stub = readFileSync(join(__dirname, "machine/urbit.py"), "utf8");
const { files } = rendered(samples["bare metal"]);
let machine: Machine;

const release = (version: string) => [
  { path: `${LIB}/vere/${version}/urbit`, mode: "0755", content: stub },
  { path: `${LIB}/vere/${version}/sum`, content: `${createHash("sha256").update(stub).digest("hex")}  urbit\n` },
  { path: `${LIB}/vere/${version}/archive`, content: "a\n" },
];

beforeAll(async () => {
  const wanted = files.filter((f) =>
    /ship|first-boot|\/(maintain|upgrade|reboot)$|roadstead-(pack|roll|prep|reboot)/.test(f.path),
  );
  machine = await Machine.start({ root: "installed", files: [...wanted, ...release("4.6")] });
  machine.get(`ln -s ${LIB}/vere/4.6/urbit /usr/local/bin/urbit
    useradd --system --user-group --no-create-home --shell /usr/sbin/nologin urbit
    install -d -m 1771 -o root -g urbit /srv/ships && install -d -m 0700 /srv/ships/.roadstead && mkdir -p /opt/test
    systemctl enable -q roadstead-ship@${ID} roadstead-ship@zod`);
}, 300_000);
afterAll(stopAll);

const behave = (how: string) => machine.write([{ path: "/opt/test/behaviour", content: `${how}\n` }]);
const record = (id = ID) => machine.get(`${LIB}/ship vere ${id}`);
const status = (id = ID) => machine.get(`${LIB}/ship status ${id}`);
const answers = (id = ID) => machine.get(`${LIB}/ship wait ${id} 60`);
/** Three starts an hour are all that a ship has of its own. */
const restart = () =>
  machine.get(`systemctl reset-failed roadstead-ship@${ID}; systemctl restart roadstead-ship@${ID}`, {
    limit: 240_000,
  });
const upgrade = (id: string, ...more: string[]) => {
  const done = machine.run([`${LIB}/upgrade`, id, "4.7", ...more], {
    limit: 240_000,
    env: { ROADSTEAD_SETTLE: "1" },
  });
  return { code: done.code, said: done.out + done.err };
};

/** Two ships that have booted, run and answer with 4.6, beside which there is 4.7. */
beforeEach(async () => {
  behave("well");
  machine.sh(
    `systemctl stop 'roadstead-*boot@*' roadstead-ship@${ID} roadstead-ship@zod; systemctl reset-failed
    rm -rf /srv/ships/${ID} /srv/ships/zod /srv/ships/.roadstead/* /var/lib/roadstead/ships /run/roadstead ${LIB}/vere/4.7`,
    { limit: 120_000 },
  );
  machine.get(`ln -sfn ${LIB}/vere/4.6/urbit /usr/local/bin/urbit`);
  machine.write(release("4.7"));
  expect(machine.run([`${LIB}/ship`, "key", ID], { input: `${KEY}\n` }).code).toBe(0);
  machine.get("systemctl start roadstead-first-boot@zod");
  for (const id of [ID, "zod"]) {
    await machine.until(id, `systemctl is-active -q roadstead-ship@${id}`);
    answers(id);
  }
}, 180_000);

it("goes through its gates, ship by ship, and ends with the new version for new ships", () => {
  expect(record()).toMatch(/^4\.6 \d+$/);
  expect(upgrade(ID)).toEqual({ code: 77, said: expect.stringContaining("--backup-taken") });
  const done = upgrade(ID, "--backup-taken");
  expect(done).toEqual({ code: 0, said: expect.stringContaining("runs vere 4.7") });
  expect(record()).toMatch(/^4\.7 \d+$/);
  expect(machine.get(`cat /srv/ships/${ID}/.urb/maintained; cat /srv/ships/${ID}/.urb/log/0i0/vere.txt`)).toBe(
    "prep\n4.7",
  );
  const pid = machine.get(`systemctl show -p MainPID --value roadstead-ship@${ID}`);
  expect(machine.get(`tr '\\0' ' ' </proc/${pid}/cmdline; readlink -f /run/roadstead/vere/${ID}`)).toMatch(
    /vere\/4\.7\/urbit$/,
  );
  expect(upgrade("zod", "--backup-taken")).toEqual({ code: 77, said: expect.stringContaining("has not run 24 hours") });
  expect(record("zod")).toMatch(/^4\.6 /);
  expect(machine.get("readlink /usr/local/bin/urbit")).toBe(`${LIB}/vere/4.6/urbit`);
  expect(upgrade("zod", "--backup-taken", "--now").code).toBe(0);
  expect(machine.get("readlink /usr/local/bin/urbit")).toBe(`${LIB}/vere/4.7/urbit`);
  restart();
  answers();
  expect(status()).toMatch(/quarantine:$/);
}, 240_000);

it("goes back to the old one when the new one fails before it wrote anything", () => {
  behave("new-fails");
  expect(upgrade(ID, "--backup-taken")).toEqual({ code: 73, said: expect.stringContaining("had written nothing") });
  expect(record()).toMatch(/^4\.6 /);
  answers();
  expect(status()).toMatch(/quarantine:$/);
}, 240_000);

it("does not go back once the new one has written: the ship stays down, also after a reboot", async () => {
  behave("new-breaks");
  expect(upgrade(ID, "--backup-taken")).toEqual({ code: 70, said: expect.stringContaining("has written to its pier") });
  expect(record()).toBe("4.7 unproven");
  behave("well");
  await machine.reboot();
  await machine.until("the other ship", `${LIB}/ship wait zod 5`, 90);
  expect(machine.sh(`systemctl is-active roadstead-ship@${ID}`).out.trim()).toBe("inactive");
  expect(status()).toMatch(/quarantine: vere 4\.7 did not come up/);
}, 300_000);

it("goes on to its end when whoever asked for it is gone", async () => {
  behave("slow-stop");
  restart();
  answers();
  machine.get(
    `setsid sh -c 'echo $$ >/opt/test/pid; ROADSTEAD_SETTLE=1 exec ${LIB}/upgrade ${ID} 4.7 --backup-taken' >/dev/null 2>&1 </dev/null & sleep 1; kill -HUP $(cat /opt/test/pid); kill -KILL $(cat /opt/test/pid) || true`,
  );
  await machine.until("the new version", `${LIB}/ship vere ${ID} | grep -q '^4.7 [0-9]'`, 120);
  answers();
}, 240_000);

it("that is ended while the ship stops starts it again with its old vere, and says so", async () => {
  behave("slow-stop");
  restart();
  answers();
  machine.get(
    `setsid sh -c 'echo $$ >/opt/test/pid; ROADSTEAD_APART=1 exec ${LIB}/upgrade ${ID} 4.7 --backup-taken' >/opt/test/said 2>&1 </dev/null &`,
  );
  await machine.until(
    "the stop",
    `[ -e /run/roadstead/stopped/${ID} ] && ! systemctl is-active -q roadstead-ship@${ID}`,
  );
  machine.get("kill -TERM $(cat /opt/test/pid)");
  await machine.until("its end", "! kill -0 $(cat /opt/test/pid)", 60);
  expect(machine.get("cat /opt/test/said")).toMatch(/It has vere 4\.6 and is active$/);
  expect(record()).toMatch(/^4\.6 /);
  expect(machine.sh("ls /run/roadstead/stopped").out).toBe("");
  answers();
  expect(status()).toMatch(/quarantine:$/);
}, 240_000);

it("a pier on a host that has not its vere is not run by another one", () => {
  expect(upgrade(ID, "--backup-taken").code).toBe(0);
  // The volume comes to a new host, which was set up with the older version.
  machine.get(`systemctl stop roadstead-ship@${ID}; rm -r ${LIB}/vere/4.7 /var/lib/roadstead/ships/${ID}`);
  machine.sh(`systemctl start roadstead-ship@${ID}`);
  expect(machine.sh(`systemctl is-active roadstead-ship@${ID}`).out.trim()).toBe("inactive");
  expect(machine.get(`journalctl --no-pager -o cat -u roadstead-ship@${ID} | tail -n 5`)).toContain(
    "was last run by vere 4.7, which is not on this host",
  );
  machine.write(release("4.7"));
  machine.get(`systemctl start roadstead-ship@${ID}`);
  answers();
}, 240_000);

describe("maintenance", () => {
  it.each(["prep", "pack", "roll-chop"])(
    "%s takes the ships one after the other, and each answers before the next one stops",
    async (task) => {
      machine.get(`systemctl start roadstead-${task}.service`, { limit: 120_000 });
      const said = machine
        .get(
          `journalctl --no-pager -o short-monotonic -u 'roadstead-ship@*' | grep -oE '(sampel-palnet|zod): stopped cleanly|Started.*@(sampel-palnet|zod)' | tail -n 4`,
        )
        .split("\n");
      const id = (line: string) => /sampel-palnet|zod/.exec(line)![0];
      expect(said.map(id)).toEqual([id(said[0]!), id(said[0]!), id(said[2]!), id(said[2]!)]);
      expect(new Set(said.map(id)).size).toBe(2);
      answers();
      answers("zod");
    },
  );

  it("that is cut off by a stop of its unit, or killed, leaves no ship down", async () => {
    for (const how of ["systemctl stop roadstead-pack", "systemctl kill -s KILL roadstead-pack"]) {
      behave("slow-stop");
      restart();
      answers();
      machine.get("systemctl start --no-block roadstead-pack");
      await machine.until(
        "the stop",
        `[ -e /run/roadstead/stopped/${ID} ] && ! systemctl is-active -q roadstead-ship@${ID}`,
      );
      machine.sh(how, { limit: 120_000 });
      await machine.until(
        "the end of its unit",
        `case $(systemctl show -p ActiveState --value roadstead-pack) in inactive | failed) ;; *) false ;; esac`,
        120,
      );
      answers();
      expect(machine.sh("ls /run/roadstead/stopped").out).toBe("");
    }
  }, 240_000);

  it("may come often: its starts are not those of a ship that keeps falling", () => {
    for (let n = 0; n < 4; n++) machine.get("systemctl start roadstead-pack.service", { limit: 120_000 });
    answers();
  }, 240_000);
});

it("a reboot that does not come about, or is killed before it, leaves no ship stopped", async () => {
  const ended = () =>
    machine.until(
      "the end of its unit",
      `case $(systemctl show -p ActiveState --value roadstead-reboot) in inactive | failed) ;; *) false ;; esac`,
      120,
    );
  machine.get("systemctl mask -q --runtime reboot.target && touch /run/reboot-required");
  machine.sh("systemctl start roadstead-reboot.service", { limit: 120_000 });
  await ended();
  for (const id of [ID, "zod"]) answers(id);
  expect(machine.get(`cat /srv/ships/${ID}/.urb/stopped-cleanly`)).toMatch(/x$/);
  behave("slow-stop");
  for (const id of [ID, "zod"]) machine.get(`systemctl restart roadstead-ship@${id}`);
  for (const id of [ID, "zod"]) answers(id);
  machine.sh("systemctl start --no-block roadstead-reboot.service");
  // The first of them is stopped, and the second is about to.
  await machine.until("the second stop", `[ $(ls /run/roadstead/stopped | wc -l) = 2 ]`);
  machine.get("systemctl kill -s KILL roadstead-reboot");
  await ended();
  for (const id of [ID, "zod"]) answers(id);
  expect(machine.sh("ls /run/roadstead/stopped").out).toBe("");
  machine.get("rm /run/reboot-required; systemctl unmask -q --runtime reboot.target");
}, 300_000);

it("a reboot that upgrades ask for waits for a ship that takes longer to stop than systemd would", async () => {
  behave("very-slow-stop");
  restart();
  answers();
  behave("well");
  machine.get("touch /run/reboot-required");
  machine.sh("systemctl start --no-block roadstead-reboot.service");
  const deadline = Date.now() + 300_000;
  // In between there is no machine to ask.
  for (let up = false; !up;) {
    if (Date.now() > deadline) throw new Error(`no reboot: ${machine.journal()}`);
    await sleep(500);
    try {
      up =
        machine.sh("[ ! -e /run/reboot-required ] && systemctl is-system-running | grep -qE 'running|degraded'")
          .code === 0;
    } catch {
      up = false;
    }
  }
  await machine.until("the ship", `${LIB}/ship wait ${ID} 5`, 90);
  expect(machine.get(`cat /srv/ships/${ID}/.urb/stopped-cleanly`)).toMatch(/x$/);
  expect(machine.sh(`ls /srv/ships/${ID}/.urb/worker-was-signalled`).code).not.toBe(0);
  expect(status()).toMatch(/quarantine:$/);
}, 600_000);
