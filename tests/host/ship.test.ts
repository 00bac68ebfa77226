// The ship's units under the real systemd, with a stub of vere that misbehaves in every way the host guards against.
import { rendered, samples } from "./hosts";
import { Machine, stopAll } from "./machine/machine";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ID = "sampel-palnet";
const SHIP = "/usr/local/lib/roadstead/ship";
const KEY = "0wAAAAA.BBBBB.CCCCC.DDDDD.EEEEE.FFFFF.GGGGG.HHHHH.IIIII.JJJJJ.KKKKK";
const { files } = rendered(samples["bare metal"]);
let machine: Machine;

beforeAll(async () => {
  const wanted = files.filter((f) => /ship|first-boot|\/maintain$|roadstead-(pack|roll|prep)/.test(f.path));
  machine = await Machine.start({
    root: "installed",
    files: [
      ...wanted,
      {
        path: "/usr/local/bin/urbit",
        mode: "0755",
        content: readFileSync(join(__dirname, "machine/urbit.py"), "utf8"),
      },
    ],
  });
  machine.get(`useradd --system --user-group --no-create-home --shell /usr/sbin/nologin urbit
    install -d -m 1771 -o root -g urbit /srv/ships && install -d -m 0700 /srv/ships/.roadstead && mkdir -p /opt/test`);
}, 300_000);
afterAll(stopAll);

const behave = (how: string) => machine.write([{ path: "/opt/test/behaviour", content: `${how}\n` }]);
const show = (unit: string, property: string) => machine.get(`systemctl show -p ${property} --value ${unit}`);
const status = () => machine.get(`${SHIP} status ${ID}`);
const up = () =>
  machine.until("the ship", `systemctl is-active -q roadstead-ship@${ID} && bash -c ': </dev/tcp/127.0.0.1/8081'`);
const settled = (unit: string) =>
  machine.until(
    unit,
    `case $(systemctl show -p ActiveState --value ${unit}) in inactive | failed) ;; *) false ;; esac`,
    90,
  );

beforeEach(() => {
  machine.sh(
    `systemctl stop roadstead-first-boot@${ID} roadstead-ship@${ID}; systemctl reset-failed
    rm -rf /srv/ships/${ID} /srv/ships/.roadstead/${ID} /var/lib/roadstead/ships/${ID} /run/roadstead`,
    { limit: 120_000 },
  );
  behave("well");
});

async function booted(): Promise<void> {
  expect(machine.run([SHIP, "key", ID], { input: `${KEY}\n` }).code).toBe(0);
  await up();
}

it("boots once, is followed by its later unit, and stops cleanly without its worker being signalled", async () => {
  await booted();
  expect(status()).toMatch(/^first boot: done; last clean stop at event: 42;/);
  expect(machine.sh("ls /run/roadstead/keys").out).toBe("");
  behave("slow-stop");
  machine.get(`systemctl restart roadstead-ship@${ID} && sleep 2 && systemctl stop roadstead-ship@${ID}`);
  expect(show(`roadstead-ship@${ID}`, "Result")).toBe("success");
  expect(status()).toMatch(/last clean stop at event: 44; quarantine:$/);
  expect(machine.sh(`ls /srv/ships/${ID}/.urb/worker-was-signalled`).code).not.toBe(0);
});

it("starts by itself after a first boot that found its later unit still stopping", async () => {
  const zod = ["roadstead-ship@zod", "roadstead-first-boot@zod"];
  machine.get(`systemctl start --no-block ${zod[0]}; systemctl start --no-block ${zod[1]}`);
  await machine.until("the fake ship", "bash -c ': </dev/tcp/127.0.0.1/8082'");
  expect(show(zod[0]!, "ActiveState")).toBe("active");
  machine.get(`systemctl stop ${zod[0]}`);
});

it("does not boot a second time, though somebody starts the first boot again", async () => {
  await booted();
  machine.sh(`systemctl start roadstead-first-boot@${ID}`);
  await settled(`roadstead-first-boot@${ID}`);
  expect(status()).toMatch(/quarantine: a first boot was started before$/);
  machine.sh(`systemctl start roadstead-ship@${ID}`);
  expect(machine.sh(`systemctl is-active roadstead-ship@${ID}`).out.trim()).toBe("inactive");
});

it("that failed its first boot is quarantined, its key burned", async () => {
  behave("boot-fails");
  machine.run([SHIP, "key", ID], { input: `${KEY}\n` });
  await settled(`roadstead-first-boot@${ID}`);
  expect(machine.sh("ls /run/roadstead/keys").out).toBe("");
  machine.sh(`systemctl start roadstead-ship@${ID}`);
  expect(status()).toMatch(/^first boot: started;.*quarantine: its first boot was started and did not finish$/);
});

it("whose key the runtime cannot read and prints: the key is in no log", async () => {
  behave("bad-key");
  machine.run([SHIP, "key", ID], { input: `${KEY}\n` });
  await settled(`roadstead-first-boot@${ID}`);
  const log = machine.get("journalctl --sync; journalctl --no-pager -o cat");
  expect(log).toContain("dawn: invalid private keys (not shown)");
  expect(log).not.toContain(KEY.slice(0, 12));
});

it("whose key is another ship's can be given the right one without a breach: the network saw nothing", async () => {
  behave("mismatch");
  machine.run([SHIP, "key", ID], { input: `${KEY}\n` });
  await settled(`roadstead-first-boot@${ID}`);
  expect(status()).toMatch(/quarantine: its key was refused before anything reached the network/);
  behave("well");
  machine.get(`${SHIP} release ${ID} --key-refused`);
  await booted();
});

it("whose port somebody holds is not started, its first boot not begun, and who it is is said", async () => {
  machine.get(
    "systemd-run -q --unit=squatter python3 -c 'import socket, time; s = socket.socket(2, 2); s.bind((\"\", 34543)); time.sleep(600)'",
  );
  await machine.until("the other program", "ss -Hlnu 'sport = :34543' | grep -q .");
  machine.run([SHIP, "key", ID], { input: `${KEY}\n` });
  await settled(`roadstead-first-boot@${ID}`);
  expect(status()).toMatch(/^first boot: never; .*quarantine:$/);
  const log = () => machine.get("journalctl --sync; journalctl --no-pager -o cat -n 30");
  expect(log()).toMatch(/its udp port 34543 is held already, by "python3",pid=\d+/);
  machine.get("systemctl stop squatter");
  await booted();
});

it("killed in the middle of its first boot is quarantined", async () => {
  behave("boot-hangs");
  machine.run([SHIP, "key", ID], { input: `${KEY}\n` });
  await machine.until("the boot", `[ -d /srv/ships/${ID}/.urb ]`);
  machine.get(`systemctl kill -s KILL roadstead-first-boot@${ID}`);
  await settled(`roadstead-first-boot@${ID}`);
  expect(machine.sh("ls /run/roadstead/keys").out).toBe("");
  machine.sh(`systemctl start roadstead-ship@${ID}`);
  expect(status()).toMatch(/quarantine: its first boot was started and did not finish$/);
});

it("that the runtime refuses for a double boot is quarantined and not started again", async () => {
  await booted();
  machine.get(`systemctl stop roadstead-ship@${ID}`);
  behave("double-boot");
  machine.sh(`systemctl start roadstead-ship@${ID}`);
  await settled(`roadstead-ship@${ID}`);
  expect(status()).toMatch(/quarantine: the runtime refused it: double-boot detected$/);
  behave("well");
  machine.sh(`systemctl start roadstead-ship@${ID}`);
  expect(machine.sh(`systemctl is-active roadstead-ship@${ID}`).out.trim()).not.toBe("active");
});

it("whose snapshot is from the future of its log is quarantined", async () => {
  await booted();
  machine.get(`systemctl stop roadstead-ship@${ID}`);
  behave("from-future");
  machine.sh(`systemctl start roadstead-ship@${ID}`);
  await settled(`roadstead-ship@${ID}`);
  expect(status()).toMatch(/quarantine: the runtime refused it: its event log is older than its snapshot$/);
});

it("that the runtime refuses for another reason is parked, not looped", async () => {
  await booted();
  machine.get(`systemctl stop roadstead-ship@${ID}`);
  behave("refuses");
  machine.sh(`systemctl start roadstead-ship@${ID}`);
  await settled(`roadstead-ship@${ID}`);
  expect(show(`roadstead-ship@${ID}`, "ActiveState")).toBe("failed");
  expect(show(`roadstead-ship@${ID}`, "NRestarts")).toBe("0");
});

it("that crashes is started again, after the check", async () => {
  await booted();
  machine.get(
    `mkdir -p /run/systemd/system/roadstead-ship@.service.d && printf '[Service]\\nRestartSec=1\\n' >/run/systemd/system/roadstead-ship@.service.d/test.conf && systemctl daemon-reload`,
  );
  const pid = show(`roadstead-ship@${ID}`, "MainPID");
  machine.get(`kill -SEGV ${pid}`);
  await machine.until(
    "another process",
    `p=$(systemctl show -p MainPID --value roadstead-ship@${ID}); [ "$p" != 0 ] && [ "$p" != ${pid} ]`,
  );
  await up();
});

it("whose volume is empty, or whose pier is older than the record, is quarantined", async () => {
  await booted();
  machine.get(`systemctl stop roadstead-ship@${ID}; mv /srv/ships/${ID} /srv/ships/aside`);
  machine.sh(`systemctl start roadstead-ship@${ID}`);
  expect(status()).toMatch(/quarantine: it has had its first boot, but its volume is empty$/);
  machine.get(
    `mv /srv/ships/aside /srv/ships/${ID}; ${SHIP} release ${ID} --no-other-copy-ran; systemctl start roadstead-ship@${ID}`,
  );
  await up();
  machine.get(`systemctl stop roadstead-ship@${ID}; echo 7 >/srv/ships/${ID}/.urb/event`);
  machine.sh(`systemctl start roadstead-ship@${ID}`);
  expect(status()).toMatch(/quarantine: its pier is at event 7, older than the recorded event \d+: an old copy$/);
});

it("cannot take away the record that guards it", async () => {
  await booted();
  const asShip = (command: string) => machine.run(["runuser", "-u", "urbit", "--", "sh", "-c", command]).code;
  expect(asShip("mv /srv/ships/.roadstead /srv/ships/x")).not.toBe(0);
  expect(asShip("ls /srv/ships/.roadstead")).not.toBe(0);
  expect(asShip(`echo 1 >/srv/ships/.roadstead/${ID}/event`)).not.toBe(0);
  expect(asShip("mkdir /srv/ships/another")).toBe(0);
  machine.get("rmdir /srv/ships/another");
});

it("sees nothing of the host but its own place", async () => {
  await booted();
  const pid = show(`roadstead-ship@${ID}`, "MainPID");
  const inside = (command: string) =>
    machine.run(["nsenter", "-t", pid, "-m", "--", "runuser", "-u", "urbit", "--", "sh", "-c", command]).code;
  expect(inside("echo x >/etc/x")).not.toBe(0);
  expect(inside("ls /home/*")).not.toBe(0);
  expect(inside("echo x >/var/lib/x")).not.toBe(0);
  expect(machine.get(`grep -E 'NoNewPrivs|CapEff|Seccomp:' /proc/${pid}/status | tr -s '\\t\\n' ' '`)).toBe(
    "CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2",
  );
});

it("gets at no other ship's pier or key, at its first boot or later: neither by path nor through the other's process", async () => {
  const zod = "/srv/ships/zod";
  machine.get(`systemctl reset-failed; rm -rf ${zod} /srv/ships/.roadstead/zod /var/lib/roadstead/ships/zod
    systemctl start roadstead-first-boot@zod`);
  await machine.until("the fake ship", "bash -c ': </dev/tcp/127.0.0.1/8082'");
  const key = "/run/roadstead/keys/other";
  machine.get(`install -d -m 0711 /run/roadstead /run/roadstead/keys
    echo secret >${key} && chown urbit: ${key} && chmod 0400 ${key}`);
  const process = `/proc/${show("roadstead-ship@zod", "MainPID")}/root`;
  const tries = [`${process}${zod}`, zod]
    .flatMap((pier) => [`cat ${pier}/.urb/event`, `mkdir ${pier}/.urb/x`, `mv ${pier} ${pier}.old`])
    .concat(`cat ${key}`, `cat ${process}${key}`, `cat /srv/ships/${ID}/.urb/event`);
  const script = tries.map((t, n) => `${t} >/dev/null 2>&1 && echo ${n}\n`).join("") + "true\n";
  machine.write([{ path: "/opt/test/spy", content: script }]);
  behave("spy");
  await booted();
  const own = `${tries.length - 1}`;
  expect(machine.get(`cat /srv/ships/${ID}/.urb/spied`).split("\n")).toEqual([own, own]);
  machine.get(`systemctl stop roadstead-ship@zod; rm ${key}`);
});

it("is packed, rolled and chopped, and prepared, only between a clean stop and a start", async () => {
  await booted();
  for (const task of ["pack", "roll-chop", "prep"]) {
    const done = machine.sh(`systemctl start roadstead-${task}.service`, { limit: 120_000 });
    expect(done.code === 0 ? "" : machine.journal()).toBe("");
    await up();
  }
  expect(machine.get(`cat /srv/ships/${ID}/.urb/maintained`)).toBe("pack\nroll\nchop\nprep");
  expect(machine.get(`cat /srv/ships/${ID}/.urb/stopped-cleanly`)).toBe("xxx");
  expect(status()).toMatch(/quarantine:$/);
});
