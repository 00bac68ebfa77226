// What `pulumi up` has run on a host, as its components make it: the same commands and the same standard input, by a real ssh from
// outside at the real sshd, also while the first set-up is still at work. Only Pulumi's provider, which is an ssh of its own, is not there.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostKeyProblem, plannedDeliveries } from "../../components/host/render/delivery";
import { hostSettings } from "../../components/host/render/settings";
import { INSIDE, internet, OUTSIDE, seed } from "./downloads";
import { attic, rendered, type Sample } from "./hosts";
import { Machine, stopAll } from "./machine/machine";
import { ship } from "../components/host/sample";
import { changes, tree } from "./tree";

const CANARY = "0wCANARY.deliv.eryCA.NARYd.elive.ryCAN.ARYde.liver.yCANA.RYdel.ivery";
const [KEYED, SECOND] = ["sampel-palnet", "ravmel-ropdyl"];
const dir = mkdtempSync(join(tmpdir(), "roadstead-delivery-"));
const [identity, known, strangers] = ["id", "known_hosts", "strangers"].map((f) => join(dir, f)) as [
  string,
  string,
  string,
];
let machine: Machine;

spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", identity]);
spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", strangers]);
const home = (...more: string[]): Sample => {
  const { host, lock } = attic();
  const access = {
    sshPublicKeys: [readFileSync(`${identity}.pub`, "utf8").trim()],
    adminCidrs: [`${OUTSIDE.admin}/32`, ...more],
  };
  const second = ship(SECOND!, {
    host: "attic",
    key: { secret: "other" },
    httpPort: 8083,
    ames: { inbound: "direct", port: 34545 },
  });
  return { host, lock: { ...lock, access, ships: [...lock.ships, second] } };
};

interface Done {
  code: number | null;
  out: string;
}

/** One of the host's Commands, run as the provider runs it. `said` is called with everything it has printed so far. */
function run(name: string, { of = home(), stdin, knownHosts = known, said, again }: Run = {}): Promise<Done> {
  const settings = hostSettings(of.host, of.lock);
  const secrets = new Set(["palnetKey", "other"]);
  const command = plannedDeliveries(settings, rendered(of).script, { secrets }).find(
    (r) => r.name === `attic-${name}`,
  )!;
  const pid = (machine as unknown as { pid(): string }).pid();
  const options = [
    ...[
      "BatchMode=yes",
      "StrictHostKeyChecking=yes",
      "HostKeyAlgorithms=ssh-ed25519",
      `UserKnownHostsFile=${knownHosts}`,
    ],
    ...[
      "GlobalKnownHostsFile=/dev/null",
      "IdentitiesOnly=yes",
      `IdentityFile=${identity}`,
      `BindAddress=${OUTSIDE.admin}`,
    ],
  ];
  const child = spawn("nsenter", [
    `--net=/proc/${pid}/root/run/netns/internet`,
    ...[
      "ssh",
      "-F",
      "none",
      ...options.flatMap((o) => ["-o", o]),
      `keeper@${INSIDE.v4}`,
      (again ? command.inputs.update : command.inputs.create) as string,
    ],
  ]);
  let out = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => {
      out += data.toString();
      said?.(out);
    });
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin ?? (typeof command.inputs.stdin === "string" ? command.inputs.stdin : CANARY));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, out })));
}
interface Run {
  of?: Sample;
  stdin?: string;
  knownHosts?: string;
  said?: (out: string) => void;
  /** As the provider does it where the command has ended well before. */
  again?: boolean;
}

const SET_UP = "set-up";
const KEY = `deliver-key-${KEYED}`;
const pidOf = (unit: string): string => machine.get(`systemctl show -p MainPID --value ${unit}`);

beforeAll(async () => {
  machine = await Machine.start({
    files: [
      ...internet,
      ...seed(rendered(home()).userData),
      // The set-up stands still where it looks at the firewall, while the test holds it.
      {
        path: "/usr/local/sbin/nft",
        mode: "0755",
        content: '#!/bin/sh\nwhile [ -e /opt/test/hold ]; do sleep 1; done\nexec /usr/sbin/nft "$@"\n',
      },
    ],
  });
  await machine.until("the first set-up", "[ -e /var/lib/roadstead/bootstrap.done ]", 300);
  const pub = machine.read("/etc/ssh/ssh_host_ed25519_key.pub");
  expect(hostKeyProblem(pub)).toBeNull();
  writeFileSync(known, `${INSIDE.v4} ${pub}\n`);
  writeFileSync(strangers, `${INSIDE.v4} ${readFileSync(`${strangers}.pub`, "utf8")}`);
}, 450_000);
afterAll(async () => {
  await stopAll();
  rmSync(dir, { recursive: true });
});

// The tests are one story, in order.
test("a host with another key than the recorded one is given nothing", async () => {
  const done = await run(KEY, { knownHosts: strangers });
  expect(done.code).toBe(255);
  expect(done.out).toMatch(/Host key verification failed/);
  expect(machine.sh("ls -A /run/roadstead/keys").out).toBe("");
}, 60_000);

test("the set-up waits for the one that cloud-init started, says so, and then finds nothing to do", async () => {
  machine.get(`touch /opt/test/hold; rm /var/lib/roadstead/bootstrap.done
    systemctl start --no-block roadstead-bootstrap`);
  await machine.until("the other set-up", "pgrep -f 'usr/local/sbin/nf[t]'");
  let waited = false;
  const done = await run(SET_UP, {
    said: (out) => {
      if (waited || !out.includes("another set-up of this host runs, waiting for it")) return;
      waited = true;
      expect(machine.sh("pgrep -fc 'roadstead/bootstra[p]$'").out.trim()).toBe("1");
      machine.get("rm /opt/test/hold");
    },
  });
  expect(done).toMatchObject({ code: 0 });
  expect(waited).toBe(true);
  expect(machine.get("systemctl show -p Result --value roadstead-bootstrap")).toBe("success");
  expect(machine.get("ls /var/lib/roadstead")).toContain("bootstrap.done");
}, 300_000);

test("run again it changes nothing", async () => {
  const before = tree(machine);
  expect(await run(SET_UP)).toMatchObject({ code: 0 });
  expect(changes(before, tree(machine))).toEqual([]);
}, 120_000);

test("a script that did not arrive whole is not run", async () => {
  const before = tree(machine);
  const { script } = rendered(home("198.51.100.0/24"));
  const done = await run(SET_UP, { stdin: script.slice(0, script.length / 2) });
  expect(done.code).toBe(1);
  expect(done.out).toContain("did not arrive whole, so none of it was run");
  expect(changes(before, tree(machine))).toEqual([]);
}, 60_000);

test("a key is used for the first boot, which is followed to its end", async () => {
  const done = await run(KEY);
  expect(done.out).toContain(`${KEYED} has had its first boot`);
  expect(done.code).toBe(0);
  expect(machine.get(`/usr/local/lib/roadstead/ship status ${KEYED}`)).toMatch(/^first boot: done;/);
  expect(done.out).not.toContain("CANARY");
}, 180_000);

test("the second time the key is not read, and that is fine", async () => {
  const done = await run(KEY);
  expect(done).toEqual({ code: 0, out: `roadstead: ${KEYED} has had its first boot; its key was not read\n` });
}, 60_000);

test("where it was delivered before it is not delivered again: a ship that has booted is fine, a host without a record of it is not", async () => {
  expect(await run(KEY, { again: true })).toMatchObject({ code: 0 });
  const made = tree(machine);
  const anew = await run(`deliver-key-${SECOND}`, { again: true });
  expect(anew.code).toBe(77);
  expect(anew.out).toMatch(/this host has no record of that, so its key is not delivered again/);
  expect(machine.get(`/usr/local/lib/roadstead/ship status ${SECOND}`)).toMatch(/^first boot: never;/);
  expect(machine.sh("ls -A /run/roadstead/keys").out).toBe("");
  expect(changes(made, tree(machine))).toEqual([]);
}, 120_000);

test("a first boot that fails is said, and so it is the next time", async () => {
  machine.write([{ path: "/opt/test/behaviour", content: "boot-fails\n" }]);
  const [first, again] = [await run(`deliver-key-${SECOND}`), await run(`deliver-key-${SECOND}`)];
  expect(first.code).toBe(77);
  expect(first.out).toMatch(/its first boot (failed|was started and did not finish)|quarantined/);
  expect(again.code).toBe(77);
  machine.write([{ path: "/opt/test/behaviour", content: "well\n" }]);
}, 240_000);

test("a quarantined ship is given no key, and the reason is said", async () => {
  machine.get(`systemctl stop roadstead-ship@${KEYED}; mv /srv/ships/${KEYED} /srv/ships/aside`);
  machine.sh(`systemctl start roadstead-ship@${KEYED}`);
  const done = await run(KEY);
  expect(done.code).toBe(77);
  expect(done.out).toMatch(/quarantined: it has had its first boot, but its volume is empty/);
  machine.get(`mv /srv/ships/aside /srv/ships/${KEYED}
    /usr/local/lib/roadstead/ship release ${KEYED} --no-other-copy-ran; systemctl start roadstead-ship@${KEYED}`);
}, 120_000);

test("a change of a file is applied, and no ship is stopped for it", async () => {
  const before = pidOf(`roadstead-ship@${KEYED}`);
  expect(before).not.toBe("0");
  expect(await run(SET_UP, { of: home("198.51.100.0/24") })).toMatchObject({ code: 0 });
  expect(machine.get("nft list table inet roadstead")).toContain("198.51.100.0/24");
  expect(pidOf(`roadstead-ship@${KEYED}`)).toBe(before);
}, 120_000);

test("no key is in a file that others can read, or in a log", () => {
  const seen = machine.sh("journalctl --sync; journalctl --no-pager -o cat | grep -c CANARY").out.trim();
  expect(seen).toBe("0");
  expect(machine.sh("grep -rl CANARY /etc /var /srv /run /root /home /tmp 2>/dev/null").out).toBe("");
}, 60_000);
