// Who may keep a volume's key beside the host itself, and how a volume is found on EC2: with a kernel that has dm-crypt,
// a tang server outside, and the volume's own script and unit on an otherwise bare Debian.
import { randomBytes } from "node:crypto";
import type { RenderHostOptions } from "../../components/host/render";
import { rendered, samples } from "../host/hosts";
import { blankVolume, devicePath, holds, publicKey, scratch, stopAll, sum, Vm } from "./machine/vm";
import { Tang } from "./machine/tang";

const VOLUME = "/usr/local/lib/roadstead/volume";
const KEY = randomBytes(48).toString("base64");
const userData = `#cloud-config
users:
  - name: keeper
    shell: /bin/bash
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    ssh_authorized_keys: ["${publicKey}"]
`;
/** In place of the set-up: the one step of it that is looked at. */
const SET_UP = `[Service]
Type=oneshot
ExecStart=${VOLUME} prepare
ExecStart=systemctl enable -q --now roadstead-volume
ExecStart=install -D /dev/null /var/lib/roadstead/bootstrap.done
`;

const host = new Vm("bench", userData);
const tang = new Tang(scratch, 7500);
const [first, second, ebs, other] = [
  blankVolume("sampel-palnet"),
  blankVolume("sampel-palnet"),
  { ...blankVolume("ebs"), nvme: true },
  { ...blankVolume("other"), nvme: true },
];
const header = () => sum(second, 16);
let formatted: string;

const put = (path: string, content: string, mode = "0644") =>
  host.get(`mkdir -p "$(dirname ${path})" && cat >${path} && chmod ${mode} ${path}`, { input: content });
/** The volume's files as a host with these options has them. */
async function settle(sample: keyof typeof samples, options: RenderHostOptions = {}): Promise<void> {
  for (const file of rendered(samples[sample], options).files)
    if (/\/volume(\.env)?$|roadstead-volume\.service$/.test(file.path)) await put(file.path, file.content, file.mode);
  await host.get("systemctl daemon-reload");
}
const volume = (command: string, input?: string) => host.sh(`${VOLUME} ${command}`, { input, limit: 900 });
const mounted = "mountpoint -q /srv/ships";
const keyFiles = () => host.get("ls -A /run/roadstead /etc/roadstead | grep -E 'volume\\.(key|recovery)' || echo none");

beforeAll(async () => {
  await host.boot([first]);
  await host.until("the end of the boot", "systemctl is-system-running | grep -E 'running|degraded'");
  await host.get(
    "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends cryptsetup clevis-luks",
    {
      limit: 1800,
    },
  );
  await put("/etc/systemd/system/roadstead-bootstrap.service", SET_UP);
  await put("/usr/local/lib/roadstead/bootstrap", "#!/bin/sh\n", "0755");
});
afterAll(async () => {
  tang.close();
  await stopAll();
});

// The tests are one story, in order.
describe("a volume whose key the operator keeps", () => {
  it("is not touched before its key comes", async () => {
    await settle("planet at DigitalOcean", { volumeKey: "operator" });
    const blank = sum(first);
    expect(await volume("prepare")).toMatchObject({
      code: 1,
      err: expect.stringContaining("waits for the key") as string,
    });
    expect((await volume("key", "short\n")).code).toBe(1);
    expect(sum(first)).toBe(blank);
  });

  it("is encrypted with it, and the key is nowhere on the host afterwards", async () => {
    expect(await volume("key", KEY)).toMatchObject({ code: 0 });
    await host.until("the volume", mounted);
    await host.until("the set-up", "[ -e /var/lib/roadstead/bootstrap.done ]");
    expect(await host.get(`blkid -p -s TYPE -o value ${devicePath(first)}`)).toBe("crypto_LUKS");
    expect(await keyFiles()).toBe("none");
    await host.get("echo pier >/srv/ships/mark");
  });

  it("stays closed until the key is brought again; another key changes nothing", async () => {
    await host.get("systemctl stop roadstead-volume");
    expect((await host.sh("systemctl start roadstead-volume", { limit: 900 })).code).toBe(1);
    expect(await host.get("journalctl -b -o cat -u roadstead-volume")).toContain("its key is not on this host");
    const before = sum(first);
    expect(await volume("key", randomBytes(48).toString("base64"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("does not open") as string,
    });
    expect(await keyFiles()).toBe("none");
    expect(sum(first)).toBe(before);
    expect(await volume("key", KEY)).toMatchObject({ code: 0 });
    expect(await host.get("cat /srv/ships/mark")).toBe("pier");
    expect(await keyFiles()).toBe("none");
  });
});

describe("a volume whose key tang servers help to find", () => {
  it("is prepared and bound, its own key left in memory for its owner", async () => {
    await host.get("systemctl stop roadstead-volume && rm /var/lib/roadstead/bootstrap.done");
    await host.detach(first);
    await host.attach(second);
    await tang.start();
    await settle("planet at DigitalOcean", { volumeKey: "tang", tang: [tang.server] });
    expect(await volume("prepare")).toMatchObject({ code: 0 });
    expect(await keyFiles()).toBe("volume.recovery");
    expect(await host.get(`clevis luks list -d ${devicePath(second)}`)).toContain('"t":1');
    formatted = header();
    await host.get("echo pier >/srv/ships/mark");
  });

  it("is opened by a boot without anybody", async () => {
    await host.get("touch /var/lib/roadstead/bootstrap.done");
    await host.powerOff();
    expect(host.holds([KEY])).toEqual([]);
    expect(holds(first.file, [KEY])).toEqual([]);
    await host.boot([second]);
    await host.until("the volume", mounted);
    expect(await host.get("cat /srv/ships/mark")).toBe("pier");
    expect(await keyFiles()).toBe("none");
  });

  it("waits while the servers are away, and is opened when they are back", async () => {
    await host.get("systemctl stop roadstead-volume");
    tang.stop();
    await host.get("systemctl start --no-block roadstead-volume");
    await host.until("the reason", "journalctl -b -o cat -u roadstead-volume | grep -q 'waiting for the tang servers'");
    expect((await host.sh(mounted)).code).not.toBe(0);
    await tang.start();
    await host.until("the volume", mounted);
    expect(header()).toBe(formatted);
  });
});

describe("the volume of a host on EC2", () => {
  it("is the one disk that does not carry the root file system, and is prepared without LUKS", async () => {
    await host.get("systemctl stop roadstead-volume");
    await host.detach(second);
    await settle("GroundSeg on AWS");
    await host.attach(ebs);
    expect(await volume("prepare")).toMatchObject({ code: 0 });
    expect(await host.get("findmnt -no SOURCE,FSTYPE /opt/nativeplanet")).toMatch(/^\/dev\/nvme0n1 +ext4$/);
  });

  it("is not guessed among several", async () => {
    expect(await volume("close")).toMatchObject({ code: 0 });
    const before = [sum(ebs), sum(other)];
    await host.attach(other);
    await host.until("the second disk", "[ -b /dev/nvme1n1 ]", 120);
    expect(await volume("prepare")).toMatchObject({
      code: 1,
      err: expect.stringContaining("more than one disk beside the root disk") as string,
    });
    expect([sum(ebs), sum(other)]).toEqual(before);
  });
});
