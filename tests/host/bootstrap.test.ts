// A host from nothing: Debian's own cloud-init, systemd and packages bring it up; only vere is a stub.
import { internet, seed } from "./downloads";
import { attic, rendered } from "./hosts";
import { Machine, stopAll } from "./machine/machine";
import { changes, tree, type Tree } from "./tree";

const CANARY = "0wCANARY.canar.yCANA.RYcan.aryCA.NARYc.anary.CANAR.Ycana.ryCAN.ARYca";
const KEYED = "sampel-palnet";
const FAKE = "zod";

const host = attic();
host.lock = { ...host.lock, dns: { domain: "fleet.example.com", zoneId: null } };
const { userData, script } = rendered(host);
let machine: Machine;

const SHIP = "/usr/local/lib/roadstead/ship";
/** The kernel lends a machine like this no audit subsystem. */
const NOT_HERE = ["auditd.service"];
const failed = (): string[] =>
  machine
    .get("systemctl list-units --state=failed --plain --no-legend | awk '{ print $1 }'")
    .split("\n")
    .filter((u) => u && !NOT_HERE.includes(u));
const active = (unit: string): string => machine.sh(`systemctl is-active ${unit}`).out.trim();

beforeAll(async () => {
  machine = await Machine.start({ files: [...internet, ...seed(userData)] });
  await machine.until("the bootstrap", "[ -e /var/lib/roadstead/bootstrap.done ]", 300);
}, 450_000);
afterAll(stopAll);

// The tests are one story, in order.
describe("the first boot of a host", () => {
  it("ends with cloud-init content, the bootstrap done and no unit failed", () => {
    expect(machine.sh("cloud-init status --long").out).toMatch(/^status: done/);
    expect(machine.get("systemctl show -p Result --value roadstead-bootstrap")).toBe("success");
    expect(machine.sh("cat /var/lib/roadstead/bootstrap.failed").out).toBe("");
    expect(failed()).toEqual([]);
  });

  it.each([
    "ssh",
    "roadstead-firewall",
    "fail2ban",
    "caddy",
    "unattended-upgrades",
    "roadstead-pack.timer",
    "roadstead-roll-chop.timer",
    "roadstead-reboot.timer",
    "roadstead-disk.timer",
  ])("%s runs and is started again at the next boot", (unit) => {
    expect(active(unit)).toBe("active");
    expect(machine.sh(`systemctl is-enabled ${unit}`).out.trim()).toBe("enabled");
  });

  it("has the programs obey what the files say", () => {
    const sshd = machine.get("sshd -T -C user=keeper,host=h,addr=203.0.113.7");
    for (const line of [
      "permitrootlogin no",
      "passwordauthentication no",
      "kbdinteractiveauthentication no",
      "allowtcpforwarding local",
    ])
      expect(sshd.split("\n")).toContain(line);
    expect(machine.get("fail2ban-client status")).toMatch(/Jail list:\s+sshd/);
    expect(machine.get("fail2ban-client get sshd actions")).toContain("nftables");
    expect(machine.get("cat /proc/sys/vm/max_map_count")).toBe("1048576");
    // Every interface, the one included that was there before the file.
    for (const what of ["ipv4/conf/*/accept_redirects", "ipv4/conf/*/send_redirects", "ipv6/conf/*/accept_redirects"])
      expect([what, machine.get(`cat /proc/sys/net/${what} | sort -u`)]).toEqual([what, "0"]);
    expect(machine.get("nft list table inet roadstead")).toContain("policy drop");
    expect(machine.get("unattended-upgrade --dry-run -d 2>&1 | grep -i 'Allowed origins'")).toMatch(/Debian-Security/);
    expect(machine.get("id -nG keeper")).not.toContain("docker");
    expect(machine.sh("su -s /bin/sh -c 'sudo -n id -u' keeper").out.trim()).toBe("0");
  });

  it("lets a ship without a key wait, unharmed, and boots a fake one", async () => {
    expect(machine.get(`${SHIP} status ${KEYED}`)).toMatch(/^first boot: never;.*quarantine:$/);
    expect(active(`roadstead-ship@${KEYED}`)).toBe("inactive");
    await machine.until("the fake ship", `curl -fsS -o /dev/null http://127.0.0.1:8082/~_~/healthz`);
    expect(machine.get(`${SHIP} status ${FAKE}`)).toMatch(/^first boot: done;/);
  });

  it("boots a ship once its key comes, and runs it", async () => {
    const done = machine.run([SHIP, "key", KEYED], { input: `${CANARY}\n` });
    expect(done).toMatchObject({ code: 0, out: "" });
    expect(done.err).not.toContain(CANARY);
    await machine.until("the ship", "curl -fsS -o /dev/null http://127.0.0.1:8081/~_~/healthz");
    expect(machine.get(`${SHIP} status ${KEYED}`)).toMatch(/^first boot: done; last clean stop at event: 42;/);
    expect(machine.get(`stat -c %U:%a /srv/ships/${KEYED}`)).toBe("urbit:700");
  });

  it("keeps the key nowhere: no file, no log, no memory of a unit", () => {
    expect(
      machine.sh(`grep -rlF ${CANARY} / --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev 2>/dev/null`, {
        limit: 120_000,
      }).out,
    ).toBe("");
    expect(machine.get("journalctl --no-pager")).not.toContain(CANARY);
    expect(
      machine
        .sh("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c '0w[C]ANARY'")
        .out.trim(),
    ).toBe("0");
    expect(userData + script).not.toContain(CANARY);
  });

  it("leaves no file of its own that others may write", () => {
    expect(
      machine.sh(
        "find /etc /usr/local /srv/ships /var/lib/roadstead -xdev \\( -type f -o -type d \\) -perm /022 ! -path /srv/ships",
      ).out,
    ).toBe("");
  });
});

describe("afterwards", () => {
  const piers = ["/srv/ships"];
  let before: Tree;

  it("running the bootstrap, or the script of the other delivery, changes nothing", () => {
    before = tree(machine);
    expect(machine.run(["/usr/local/lib/roadstead/bootstrap"], { limit: 120_000 })).toMatchObject({ code: 0 });
    expect(changes(before, tree(machine))).toEqual([]);
    expect(machine.run(["sh", "-s"], { input: script, limit: 120_000 })).toMatchObject({ code: 0 });
    expect(changes(before, tree(machine))).toEqual([]);
  }, 300_000);

  it("a reboot stops the ships cleanly and starts them again, and changes nothing else", async () => {
    const clean = `wc -c </srv/ships/${KEYED}/.urb/stopped-cleanly`;
    expect(machine.sh(clean).code).not.toBe(0);
    await machine.reboot();
    await machine.until("the ship", "curl -fsS -o /dev/null http://127.0.0.1:8081/~_~/healthz");
    await machine.until("the fake ship", "curl -fsS -o /dev/null http://127.0.0.1:8082/~_~/healthz");
    expect(machine.get(clean)).toBe("1");
    expect(machine.sh(`ls /srv/ships/${KEYED}/.urb/worker-was-signalled`).code).not.toBe(0);
    expect(machine.get(`${SHIP} status ${KEYED}`)).toMatch(/last clean stop at event: 43; quarantine:$/);
    expect(failed()).toEqual([]);
    const records = ["/var/lib/roadstead/ships", "/etc/ssh/ssh_host"];
    const found = changes(before, tree(machine, piers)).filter(
      (c) => ![...piers, ...records].some((p) => c.startsWith(p)),
    );
    expect(found).toEqual([]);
  }, 300_000);

  it("cloud-init running again as on a new instance changes no file, no user and no pier", async () => {
    before = tree(machine, piers);
    machine.get("cloud-init clean --logs");
    machine.write(seed(userData, "i-2"));
    await machine.reboot();
    await machine.until("cloud-init", "cloud-init status | grep -q done");
    await machine.until("the ship", "curl -fsS -o /dev/null http://127.0.0.1:8081/~_~/healthz");
    const ours = (c: string) =>
      !/^\/(etc\/ssh\/ssh_host|var\/lib\/roadstead\/ships|etc\/machine-id|etc\/(passwd|shadow|group|gshadow|subuid|subgid)-)/.test(
        c,
      );
    expect(changes(before, tree(machine, piers), { times: false }).filter(ours)).toEqual([]);
    expect(machine.get(`${SHIP} status ${KEYED}`)).toMatch(
      /^first boot: done; last clean stop at event: 44; quarantine:$/,
    );
    expect(failed()).toEqual([]);
  }, 300_000);
});
