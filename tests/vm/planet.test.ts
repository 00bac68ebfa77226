// A planet's host at DigitalOcean from an empty disk, with Debian's own kernel, through everything that happens to its
// volume. Only vere and the provider are stand-ins.
import { INSIDE, OUTSIDE, OUTSIDE_V6, VERSIONS } from "../host/downloads";
import { listener, TCP, UDP } from "../host/listener";
import { rendered } from "../host/hosts";
import { planet } from "../components/host/sample";
import type { Architecture } from "../../planner/architecture/schema";
import { blankVolume, devicePath, holds, publicKey, stopAll, sum, Vm, write } from "./machine/vm";
import { answers } from "./machine/world";

const CANARY = "0wCANARY.canar.yCANA.RYcan.aryCA.NARYc.anary.CANAR.Ycana.ryCAN.ARYca";
const PIER_MARK = "what only a pier holds: 8f0c1d6b";
const ID = "sampel-palnet";
const SHIP = "/usr/local/lib/roadstead/ship";
const VOLUME = "/usr/local/lib/roadstead/volume";
const KEYFILE = "/etc/roadstead/volume.key";
const SERVES = "curl -fsS -o /dev/null http://127.0.0.1:8081/~_~/healthz";
/** Emulated, on a busy machine. */
const SET_UP = 2400;

const sample = planet();
const { userData } = rendered({
  host: sample.host,
  lock: {
    ...sample.lock,
    versions: VERSIONS as Architecture["versions"],
    access: { ...sample.lock.access, sshPublicKeys: [publicKey] },
  },
});
const pier = blankVolume(ID);
const home = new Vm("home", userData);
/** Of the encrypted volume: changes when it is formatted, and at nothing else. */
const header = (): string => sum(pier, 16);
let formatted: string;

const status = (vm: Vm) => vm.get(`${SHIP} status ${ID}`);
const failed = (vm: Vm) => vm.get("systemctl list-units --state=failed --plain --no-legend | awk '{ print $1 }'");
/** Its size and the cipher under it: what is swapped out of a ship is not in the clear on the root disk. */
const swap = (vm: Vm) =>
  vm.get(
    "[ /dev/mapper/roadstead-swap -ef $(swapon --show=NAME --noheadings) ] && echo $(swapon --show=SIZE --noheadings) $(dmsetup table roadstead-swap)",
  );
const lastStop = (vm: Vm) => vm.get(`journalctl -b -1 -o cat -u roadstead-ship@${ID} -u roadstead-volume`);

afterAll(stopAll);

// The tests are one story, in order.
describe("the first boot of a host", () => {
  beforeAll(async () => {
    await home.boot([pier]);
    await home.until("the set-up", "[ -e /var/lib/roadstead/bootstrap.done ]", SET_UP);
    await home.until("the end of the boot", "systemctl is-system-running | grep -E 'running|degraded'");
  });

  it("ends in a running system with no unit failed", async () => {
    expect(await failed(home)).toBe("");
    expect((await home.sh("cloud-init status --long")).out).toMatch(/^status: done/);
    expect(await home.get("systemctl is-system-running")).toBe("running");
  });

  it("has swap, audit, AppArmor and the kernel's settings, which only a kernel of its own can show", async () => {
    expect(await swap(home)).toMatch(/^2G 0 \d+ crypt aes-xts-plain64 /);
    expect(await home.get("auditctl -l")).toContain("-w /etc/roadstead");
    await home.get("touch /etc/roadstead/watched && rm /etc/roadstead/watched");
    expect(await home.get("ausearch --input-logs -k roadstead --format text | tail -n 5")).toContain("watched");
    expect(await home.get("cat /sys/module/apparmor/parameters/enabled")).toBe("Y");
    for (const [path, value] of [
      ["vm/max_map_count", "1048576"],
      ["kernel/dmesg_restrict", "1"],
      ["kernel/kptr_restrict", "2"],
      ["kernel/unprivileged_bpf_disabled", "1"],
      ["dev/tty/ldisc_autoload", "0"],
      ["kernel/yama/ptrace_scope", "1"],
      ["net/ipv4/conf/eth0/accept_redirects", "0"],
      ["net/ipv4/conf/eth0/send_redirects", "0"],
      ["net/ipv6/conf/eth0/accept_redirects", "0"],
    ])
      expect([path, await home.get(`cat /proc/sys/${path}`)]).toEqual([path, value]);
  });

  it("encrypts the blank volume and mounts it, its key with root alone", async () => {
    formatted = header();
    expect(await home.get(`blkid -p -s TYPE -o value ${devicePath(pier)}`)).toBe("crypto_LUKS");
    expect(await home.get("findmnt -no SOURCE,FSTYPE,OPTIONS /srv/ships")).toMatch(
      /^\/dev\/mapper\/roadstead +ext4 .*nosuid.*nodev.*noatime/,
    );
    expect(await home.get(`stat -c %U:%a ${KEYFILE}`)).toBe("root:400");
    expect(await home.get("ls /etc/roadstead/volume.preparing 2>/dev/null || echo none")).toBe("none");
  });

  it("boots the ship once its key comes over SSH, and runs it", async () => {
    expect(await status(home)).toMatch(/^first boot: never;.*quarantine:$/);
    const done = await home.sh(`${SHIP} key ${ID}`, { input: `${CANARY}\n` });
    expect(done).toMatchObject({ code: 0, out: "" });
    expect(done.err).not.toContain(CANARY);
    await home.until("the ship", SERVES);
    expect(await status(home)).toMatch(/^first boot: done; last clean stop at event: 42; quarantine:$/);
    // Not as an argument: sudo has what it is called with in the journal.
    await home.get(`cat >/srv/ships/${ID}/.urb/mark && sync`, { input: PIER_MARK });
  });

  it("answers to the world on the web and Ames, to the administrator on SSH too, and to nobody else on anything", async () => {
    await home.get(`cat >/opt/test/listen.py && systemd-run -q --unit=listen python3 /opt/test/listen.py`, {
      input: listener([INSIDE.v4, INSIDE.v6]),
    });
    await home.until("the listener", "[ -e /run/listening ]");
    // QUIC does not answer to what is no QUIC.
    const udp = UDP.filter((p) => p !== 443);
    for (const [stranger, admin, target] of [
      [OUTSIDE.stranger, OUTSIDE.admin, INSIDE.v4],
      [OUTSIDE_V6.stranger, OUTSIDE_V6.admin, INSIDE.v6],
    ] as const) {
      expect(await answers(stranger, target, TCP, udp)).toBe("tcp/80 tcp/443 udp/34543");
      expect(await answers(admin, target, TCP, udp)).toBe("tcp/22 tcp/80 tcp/443 udp/34543");
    }
    // It is the firewall that is silent.
    await home.get("nft delete table inet roadstead");
    expect(await answers(OUTSIDE.stranger, INSIDE.v4, [22, 9090], [34344])).toBe("tcp/22 tcp/9090 udp/34344");
    await home.get("systemctl restart roadstead-firewall && systemctl stop listen");
  });

  it("raises an alarm while a disk still has room, and takes it back", async () => {
    expect(await home.get("systemctl is-active roadstead-disk.timer")).toBe("active");
    await home.get("fallocate -l $(($(df -k --output=avail /srv/ships | tail -n 1) * 9 / 10))K /srv/ships/.filler");
    expect((await home.sh("systemctl start roadstead-disk")).code).toBe(1);
    expect(await home.get("cat /run/motd.d/50-roadstead-disk")).toMatch(/^roadstead: \/srv\/ships is \d\d % full/);
    expect(await failed(home)).toBe("roadstead-disk.service");
    await home.get("rm /srv/ships/.filler && systemctl start roadstead-disk");
    expect(await failed(home)).toBe("");
  });

  it("powers off only when the ship has stopped by itself and the volume is closed", async () => {
    await home.powerOff();
    expect(home.consoleAll()).not.toMatch(/Failed (unmounting|to unmount|deactivating)|target is busy/);
  });

  it("has kept the boot key nowhere on its disk, swap and logs included, nor anything of the pier in the clear", () => {
    // What is looked for is found where it is.
    const unit = "roadstead-first-boot@.service";
    expect(home.holds([CANARY, PIER_MARK, unit])).toEqual([unit]);
    expect(holds(pier.file, [CANARY, PIER_MARK])).toEqual([]);
    expect(userData).not.toContain(CANARY);
  });
});

describe("the second boot", () => {
  it("opens the volume and runs the ship by itself, its first boot behind it", async () => {
    await home.boot([pier]);
    await home.until("the ship", SERVES);
    await home.until("the end of the boot", "systemctl is-system-running | grep -E 'running|degraded'");
    expect(await failed(home)).toBe("");
    expect(await status(home)).toMatch(/^first boot: done; last clean stop at event: 43; quarantine:$/);
    expect(await lastStop(home)).toContain(`${ID}: stopped cleanly at event 43`);
    expect(await home.get(`journalctl -b -q -o cat -u roadstead-first-boot@${ID}`)).toBe("");
    expect(await home.get("systemctl show -p ConditionResult --value roadstead-bootstrap")).toBe("no");
    expect((await home.sh(`ls /srv/ships/${ID}/.urb/worker-was-signalled`)).code).not.toBe(0);
    expect(await home.get(`cat /srv/ships/${ID}/.urb/mark`)).toBe(PIER_MARK);
    expect(header()).toBe(formatted);
  });

  it("finds its firewall, swap and audit rules again", async () => {
    expect(await home.get("nft list table inet roadstead")).toContain("policy drop");
    expect(await swap(home)).toMatch(/^2G 0 \d+ crypt aes-xts-plain64 /);
    expect(await home.get("auditctl -l")).toContain("-w /etc/roadstead");
  });

  it("a volume that is closed, detached and attached again is opened with its pier for the ship's next start", async () => {
    await home.get("systemctl stop roadstead-volume", { limit: 600 });
    expect(await home.get(`systemctl is-active roadstead-ship@${ID} || true`)).toBe("inactive");
    await home.detach(pier);
    await home.attach(pier);
    await home.get(`systemctl start roadstead-ship@${ID}`, { limit: 900 });
    await home.until("the ship", SERVES);
    expect(await home.get(`cat /srv/ships/${ID}/.urb/mark`)).toBe(PIER_MARK);
    expect(await status(home)).toMatch(/last clean stop at event: 44; quarantine:$/);
    expect(header()).toBe(formatted);
  });
});

describe("a boot with the wrong key", () => {
  it("runs no ship, formats nothing, and says why", async () => {
    await home.get(`cp ${KEYFILE} ${KEYFILE}.kept && head -c 64 /dev/urandom >${KEYFILE}`);
    await home.powerOff();
    await home.boot([pier]);
    await home.until("the end of the boot", "systemctl is-system-running | grep -E 'running|degraded'");
    expect(await failed(home)).toBe("roadstead-volume.service");
    expect(await home.get(`systemctl is-active roadstead-ship@${ID} || true`)).toBe("inactive");
    expect(await home.get("journalctl -b -o cat -u roadstead-volume")).toMatch(
      /roadstead: volume: the key on this host does not open \/dev\/sd.: bring it with: ssh/,
    );
    expect(await home.get(`ls -A /srv/ships`)).toBe("");
    expect(header()).toBe(formatted);
  });

  it("goes on where it was when the right key is put back, as the page says", async () => {
    await home.get(`${VOLUME} key <${KEYFILE}.kept`, { limit: 900 });
    await home.until("the ship", SERVES);
    expect(await status(home)).toMatch(/^first boot: done; last clean stop at event: 45; quarantine:$/);
    expect(await home.get(`cat /srv/ships/${ID}/.urb/mark`)).toBe(PIER_MARK);
  });
});

describe("a new host for the same ship", () => {
  const foreign = blankVolume(ID);
  const next = new Vm("next", userData);
  let key: string;
  let untouched: string;

  beforeAll(async () => {
    key = await home.get(`base64 -w 0 ${KEYFILE}`);
    await home.powerOff();
  });

  it("refuses a volume with somebody's data, and leaves it byte for byte", async () => {
    write(foreign, "a database of its own", 700_000);
    untouched = sum(foreign);
    await next.boot([foreign]);
    await next.until("the refusal", "[ -e /var/lib/roadstead/bootstrap.failed ]", SET_UP);
    expect(await next.get("cat /var/lib/roadstead/bootstrap.failed")).toBe("volume");
    expect(await next.get("journalctl -o cat -u roadstead-bootstrap")).toContain("left alone");
    expect(await next.get(`systemctl is-enabled roadstead-ship@${ID} 2>/dev/null || true`)).not.toBe("enabled");
    expect((await next.sh(`ls ${KEYFILE}`)).code).not.toBe(0);
    expect(sum(foreign)).toBe(untouched);
  });

  it("waits for the key of a volume that holds a pier, and formats nothing", async () => {
    await next.detach(foreign);
    await next.attach(pier);
    await next.until(
      "the reason",
      `journalctl -o cat -u roadstead-bootstrap | grep -q 'its key is not on this host'`,
      600,
    );
    expect(header()).toBe(formatted);
    expect(sum(foreign)).toBe(untouched);
  });

  it("opens it once the key comes, and runs the ship without a first boot", async () => {
    await next.get(`base64 -d | ${VOLUME} key`, { input: key });
    await next.until("the set-up", "[ -e /var/lib/roadstead/bootstrap.done ]", SET_UP);
    await next.until("the ship", SERVES);
    expect(await status(next)).toMatch(/^first boot: done; last clean stop at event: 46; quarantine:$/);
    expect(await next.get(`cat /srv/ships/${ID}/.urb/mark`)).toBe(PIER_MARK);
    expect(await failed(next)).toBe("");
    expect(header()).toBe(formatted);
    const again = await next.sh(`${SHIP} key ${ID}`, { input: `${CANARY}\n` });
    expect(again.code).toBe(77);
    expect(again.err).toContain("has had its first boot");
  });
});
