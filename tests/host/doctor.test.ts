// `roadstead doctor HOST` against a live host: the command itself, as a process in the Internet outside of the machine, logs in with
// the real ssh at the real sshd. Then one thing after the other is broken, and each has to be found and named.
import { readFileSync, writeFileSync } from "node:fs";
import { hostQuestions } from "../../cli/doctor/host/script";
import { of, Owner } from "./doctor-outside";
import { INSIDE, internet, seed, VERSIONS } from "./downloads";
import { rendered } from "./hosts";
import { Machine, stopAll } from "./machine/machine";
import { changes, tree } from "./tree";

const CANARY = "0wCANARY.doctr.yCANA.RYdoc.tryCA.NARYd.octry.CANAR.Ydoct.ryCAN.ARYdo";
const [KEYED, FAKE] = ["sampel-palnet", "zod"];
const owner = new Owner();
const { key, known } = owner;
const doctor = (...args: string[]) => owner.doctor(...args);
const findings = (...args: string[]) => owner.findings(...args);
let machine: Machine;

afterAll(async () => {
  await stopAll();
  owner.leaves();
});

const REQUIREMENTS = `ships:
  named:
    - { name: ~${KEYED}, key: { secret: palnetKey } }
    - { name: ~${FAKE}, fake: true }
environment: dev
platform: bare-metal
existing: { hosts: [{ name: attic, memoryGiB: 16, diskGiB: 500, arch: x86_64, monthly: 12 }] }
versions: ${JSON.stringify({ vere: VERSIONS.vere })}
`;

beforeAll(async () => {
  const lock = await owner.records(REQUIREMENTS);
  const { userData } = rendered({ host: lock.hosts[0]!, lock });
  machine = await Machine.start({ files: [...internet, ...seed(userData)] });
  await machine.until("the bootstrap", "[ -e /var/lib/roadstead/bootstrap.done ]", 300);
  machine.run(["/usr/local/lib/roadstead/ship", "key", KEYED], { input: `${CANARY}\n` });
  for (const port of [8081, 8082])
    await machine.until("the ships", `curl -fsS -o /dev/null http://127.0.0.1:${port}/~_~/healthz`, 120);
  owner.knows(machine, "attic");
}, 600_000);

it("asks in a shell that shellcheck finds nothing to say about", async () => {
  const judge = await Machine.start({ root: "installed", boots: false });
  const script = hostQuestions({ mark: "mark", paths: ["/etc/hosts"], units: ["ssh.service"] });
  // 2016: what is quoted is for the inner shell or awk.
  expect(judge.run(["shellcheck", "-s", "sh", "-e", "SC2016", "-"], { input: script })).toMatchObject({
    code: 0,
    out: "",
  });
  await judge.stop();
});

it("is fine: nothing blocks, and it changed nothing on the host", () => {
  const before = tree(machine);
  const { code, found } = findings();
  expect(of(found, "blocks")).toEqual([]);
  expect(code).toBe(0);
  expect(changes(before, tree(machine))).toEqual([]);
});

describe("broken things are found and named", () => {
  const put = (path: string, content: string, mode = "0644") => machine.write([{ path, content, mode }]);
  const SHIP = "/usr/local/lib/roadstead/ship";
  interface Fault {
    breaks: () => void;
    finds: string;
    says: RegExp;
    mends: () => void;
  }

  /** Worth a look, and no more. */
  const slight: Record<string, Fault> = {
    "a file of the set-up edited": {
      breaks: () =>
        machine.get("cp -a /etc/sysctl.d/zz-roadstead.conf /root/ && echo '# mine' >>/etc/sysctl.d/zz-roadstead.conf"),
      finds: "file/etc/sysctl.d/zz-roadstead.conf",
      says: /is not what dev renders now.*host render dev --script --host attic \|/,
      mends: () => machine.get("cp -a /root/zz-roadstead.conf /etc/sysctl.d/"),
    },
    "a unit of somebody's that failed": {
      breaks: () => {
        put("/etc/systemd/system/broken.service", "[Service]\nExecStart=/bin/false\n");
        machine.sh("systemctl daemon-reload; systemctl start broken; sleep 1");
      },
      finds: "failed/broken.service",
      says: /broken\.service has failed.*journalctl/,
      mends: () =>
        machine.get("systemctl reset-failed broken; rm /etc/systemd/system/broken.service; systemctl daemon-reload"),
    },
    "a reboot asked for": {
      breaks: () => put("/run/reboot-required", ""),
      finds: "reboot",
      says: /asked for a reboot/,
      mends: () => machine.get("rm /run/reboot-required"),
    },
  };

  /** To be settled. */
  const grave: Record<string, Fault> = {
    "fail2ban stopped": {
      breaks: () => machine.get("systemctl stop fail2ban"),
      finds: "unit/fail2ban.service",
      says: /does not run.*systemctl enable --now fail2ban/,
      mends: () => machine.get("systemctl start fail2ban"),
    },
    "the guard of the ships writable for others": {
      breaks: () => machine.get(`chmod 0777 ${SHIP}`),
      finds: `file${SHIP}`,
      says: /another owner or mode/,
      mends: () => machine.get(`chmod 0755 ${SHIP}`),
    },
    "a file of the set-up gone": {
      breaks: () => machine.get("mv /etc/audit/rules.d/10-roadstead.rules /root/"),
      finds: "file/etc/audit/rules.d/10-roadstead.rules",
      says: /is not on the host/,
      mends: () => machine.get("mv /root/10-roadstead.rules /etc/audit/rules.d/"),
    },
    "a port opened by hand": {
      breaks: () => machine.get("nft add rule inet roadstead input tcp dport 8081 accept"),
      finds: "firewall",
      says: /is not the one in its file/,
      mends: () => machine.get("systemctl restart roadstead-firewall"),
    },
    "passwords and root let in by sshd": {
      breaks: () => put("/etc/ssh/sshd_config.d/00-mine.conf", "PasswordAuthentication yes\nPermitRootLogin yes\n"),
      finds: "sshd",
      says: /permitrootlogin yes, passwordauthentication yes/,
      mends: () => machine.get("rm /etc/ssh/sshd_config.d/00-mine.conf"),
    },
    "updates masked": {
      breaks: () => machine.get("systemctl mask -q --now unattended-upgrades"),
      finds: "unit/unattended-upgrades.service",
      says: /masked.*unmask unattended-upgrades\.service/,
      mends: () => machine.get("systemctl unmask -q unattended-upgrades && systemctl start unattended-upgrades"),
    },
    "a timer stopped": {
      breaks: () => machine.get("systemctl stop roadstead-disk.timer"),
      finds: "unit/roadstead-disk.timer",
      says: /does not run/,
      mends: () => machine.get("systemctl start roadstead-disk.timer"),
    },
    "a boot key left behind": {
      breaks: () => put(`/run/roadstead/keys/${KEYED}`, `${CANARY}\n`, "0400"),
      finds: `ship/${KEYED}/key`,
      says: /its boot key lies on the host.*ship burn sampel-palnet/,
      mends: () => machine.get(`${SHIP} burn ${KEYED}`),
    },
    "a ship stopped": {
      breaks: () => machine.get(`systemctl stop roadstead-ship@${FAKE}`),
      finds: `ship/${FAKE}/unit`,
      says: /zod does not run.*systemctl start roadstead-ship@zod/,
      mends: () => machine.get(`systemctl start roadstead-ship@${FAKE}`),
    },
    "a ship that would not start after a reboot": {
      breaks: () => machine.get(`systemctl disable -q roadstead-ship@${FAKE}`),
      finds: `ship/${FAKE}/enabled`,
      says: /would not start after a reboot/,
      mends: () => machine.get(`systemctl enable -q roadstead-ship@${FAKE}`),
    },
    "the set-up stopped on its way": {
      breaks: () => put("/var/lib/roadstead/bootstrap.failed", "vere\n"),
      finds: "set-up",
      says: /stopped at its step vere/,
      mends: () => machine.get("rm /var/lib/roadstead/bootstrap.failed"),
    },
    "a ship that the lock does not place here, running": {
      breaks: () =>
        machine.get(
          `sed 's/^HTTP_PORT=.*/HTTP_PORT=8099/; s/^AMES_PORT=.*/AMES_PORT=34399/; s/~zod/~nec/' /etc/roadstead/ships/${FAKE}.env >/etc/roadstead/ships/nec.env
            systemctl start --no-block roadstead-first-boot@nec
            for i in $(seq 80); do systemctl is-active -q roadstead-ship@nec && exit; sleep 1; done; exit 1`,
          { limit: 120_000 },
        ),
      finds: "ship/nec/stranger",
      says: /nec runs here, and dev does not place it on this host/,
      mends: () =>
        machine.get(
          "systemctl stop roadstead-ship@nec; rm -r /etc/roadstead/ships/nec.env /srv/ships/nec /var/lib/roadstead/ships/nec /srv/ships/.roadstead/nec",
        ),
    },
  };

  describe.each([
    ["worth a look, and the host is fine", slight, "look", 0],
    ["to be settled", grave, "blocks", 5],
  ] as const)("%s", (_how, faults, level, code) => {
    let seen: ReturnType<typeof findings>;
    beforeAll(() => {
      Object.values(faults).forEach((f) => f.breaks());
      seen = findings();
    }, 300_000);
    afterAll(() => Object.values(faults).forEach((f) => f.mends()), 300_000);

    it("by its exit code", () => expect(seen.code).toBe(code));
    it.each(Object.keys(faults))("%s", (name) => {
      const { finds, says } = faults[name]!;
      const hit = seen.found.find((f) => f.id === finds && f.level === level);
      expect(hit && `${hit.what} ${hit.fix}`).toMatch(says);
    });
  });

  it("the firewall's table taken away", () => {
    machine.get("nft delete table inet roadstead");
    const { found, code } = findings();
    machine.get("systemctl restart roadstead-firewall");
    expect(found.find((f) => f.id === "firewall")).toMatchObject({
      level: "blocks",
      what: expect.stringContaining("is not loaded"),
      fix: expect.stringContaining("systemctl restart roadstead-firewall"),
    });
    expect(code).toBe(5);
  });

  it("mended, it is fine again", async () => {
    await machine.until("the ship", "curl -fsS -o /dev/null http://127.0.0.1:8082/~_~/healthz");
    const { code, found } = findings();
    expect(of(found, "blocks")).toEqual([]);
    expect(code).toBe(0);
  });
});

it("prints no secret, and the reader's terminal stays theirs, whatever lies on the host", () => {
  machine.write([
    { path: `/run/roadstead/keys/${KEYED}`, content: `${CANARY}\n`, mode: "0400" },
    { path: "/etc/roadstead/volume.key", content: CANARY, mode: "0400" },
    { path: `/srv/ships/.roadstead/.backup/rclone.conf`, content: `secret_access_key = ${CANARY}\n`, mode: "0600" },
    {
      path: `/srv/ships/.roadstead/${KEYED}/quarantine`,
      content: `\u001b[2J\u001b]0;owned\u0007","level":"ok"}]}}\u202e'; rm -rf / #\n`,
    },
  ]);
  const said = [doctor(...owner.here), doctor(...owner.here, "--json")];
  for (const { code, out, err } of said) {
    expect(code).toBe(12);
    expect(out + err).not.toContain(CANARY.slice(0, 12));
    // eslint-disable-next-line no-control-regex -- what must not be there
    expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
  const [first, because] = said[0]!.out.split("\n");
  expect(first).toMatch(
    /^attic, do this first: leave it stopped|^attic, do this first: ssh .*systemctl stop roadstead-ship@sampel-palnet/,
  );
  expect(because).toMatch(/sampel-palnet is in quarantine: .*IT RUNS ALL THE SAME/);
  expect((JSON.parse(said[1]!.out) as { next: string[] }).next.join("\n")).not.toContain("rm -rf");
  machine.get(
    `rm -r /run/roadstead/keys/${KEYED} /etc/roadstead/volume.key /srv/ships/.roadstead/.backup /srv/ships/.roadstead/${KEYED}/quarantine`,
  );
});

it("names a quarantined ship first, with its reason, and ends with 12", () => {
  machine.sh(`systemctl stop roadstead-ship@${KEYED}; systemctl start roadstead-first-boot@${KEYED}; sleep 1`, {
    limit: 120_000,
  });
  const { out, code } = doctor(...owner.here);
  expect(code).toBe(12);
  expect(out.split("\n")[0]).toMatch(/^attic, do this first: leave it stopped\..*HostShipQuarantined\.md/);
  expect(out.split("\n")[1]).toBe("Because sampel-palnet is in quarantine: a first boot was started before.");
});

describe("a host that does not answer as it should", () => {
  it("with another key than is known is not logged in to: 13", () => {
    const right = readFileSync(known, "utf8");
    writeFileSync(known, `${INSIDE.v4} ${readFileSync(`${key}.pub`, "utf8")}`);
    const { code, out } = doctor(...owner.here);
    writeFileSync(known, "");
    const unknown = doctor(...owner.here);
    writeFileSync(known, right);
    expect([code, unknown.code]).toEqual([13, 13]);
    expect(out).toMatch(/^attic, do this first: never log in past this/);
    expect(unknown.out).toMatch(/did not prove that it is the one you know/);
  });

  it("for a user who may not log in: 13", () => {
    const { code, out } = doctor(`root@${INSIDE.v4}`);
    expect(code).toBe(13);
    expect(out).toMatch(/root@203\.0\.113\.10 was not let in/);
  });

  it("where nobody is: 1, and it says that no second host is to be started", () => {
    const { code, out } = doctor("keeper@203.0.113.99", "--ssh-option", "ConnectTimeout=4");
    expect(code).toBe(1);
    expect(out).toMatch(/cannot be reached over SSH[^]*Start no second host/);
  });

  it("without a stack is looked at all the same, and what was not compared is said", () => {
    const { found } = findings(`keeper@${INSIDE.v4}`);
    expect(found.find((f) => f.id === "files")).toMatchObject({
      level: "look",
      what: expect.stringMatching(/not compared/),
    });
    expect(found.find((f) => f.id === "firewall")).toMatchObject({ level: "ok" });
  });
});
