// The volume's script with the real blkid, wipefs, cryptsetup and mkfs on a block device of the test's own.
import { DEVICE, disk } from "./disk";
import { rendered, samples } from "./hosts";
import { Machine, stopAll } from "./machine/machine";

const VOLUME = "/usr/local/lib/roadstead/volume";
const script = rendered(samples["planet at DigitalOcean"]).files.find((f) => f.path === VOLUME)!;
let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start({
    root: "installed",
    boots: false,
    files: [
      script,
      ...disk,
      {
        path: "/etc/roadstead/volume.env",
        content: `DEVICE=${DEVICE}\nLUKS=0\nMOUNT=/srv/ships\nOPTIONS=noatime,nosuid,nodev\n`,
      },
    ],
  });
  machine.get("setsid /opt/test/disk-holder >/run/hold.log 2>&1 </dev/null &");
  await machine.until("the device", `[ -b ${DEVICE} ]`);
}, 300_000);
afterAll(stopAll);

const volume = (command: string) => machine.run([VOLUME, command]);
const uuid = () => machine.get(`blkid -p -s UUID -o value ${DEVICE}`);
const sum = () => machine.get(`sha256sum <${DEVICE}`);

beforeEach(() => {
  machine.sh(
    `umount /srv/ships; rm -rf /etc/roadstead/volume.preparing /srv/ships; dd if=/dev/zero of=${DEVICE} bs=1M conv=fsync 2>/dev/null`,
  );
  machine.get(`sed -i 's/^LUKS=.*/LUKS=0/' /etc/roadstead/volume.env; blockdev --flushbufs ${DEVICE}`);
});

it("a blank volume is prepared and mounted, and never formatted again", () => {
  expect(volume("prepare")).toMatchObject({ code: 0 });
  expect(machine.get("findmnt -no OPTIONS /srv/ships")).toMatch(/nosuid.*nodev.*noatime/);
  machine.get("mkdir -p /srv/ships/a/.urb && echo pier >/srv/ships/a/.urb/x");
  const first = uuid();
  for (const command of ["prepare", "close", "open", "close", "prepare"])
    expect({ command, ...volume(command) }).toMatchObject({ code: 0 });
  expect(uuid()).toBe(first);
  expect(machine.get("cat /srv/ships/a/.urb/x")).toBe("pier");
});

it.each([
  ["a file system without our label", `mkfs.ext4 -q ${DEVICE}`],
  ["a swap area", `mkswap -q ${DEVICE}`],
  ["a partition table", `printf 'label: gpt\\n,\\n' | sfdisk -q --no-reread --no-tell-kernel ${DEVICE}`],
  [
    "data that no program knows",
    `printf 'a database of its own' | dd of=${DEVICE} bs=1 seek=700000 conv=notrunc 2>/dev/null`,
  ],
])("a volume with %s is refused and left as it is", (_, fill) => {
  machine.get(fill);
  const before = sum();
  const done = volume("prepare");
  expect(done.code).toBe(1);
  expect(done.err).toContain("left alone");
  expect(sum()).toBe(before);
});

it("somebody's LUKS is refused, with LUKS and without, and left as it is", () => {
  machine.get(
    `echo secret | cryptsetup luksFormat --batch-mode --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --type luks1 ${DEVICE} - || printf 'LUKS\\272\\276\\000\\001' | dd of=${DEVICE} conv=notrunc 2>/dev/null`,
  );
  const before = sum();
  for (const luks of [0, 1]) {
    machine.get(`sed -i 's/^LUKS=.*/LUKS=${luks}/' /etc/roadstead/volume.env`);
    expect(volume("prepare").err).toContain("left alone");
    expect(sum()).toBe(before);
  }
});

it("a preparation that was cut off is finished; a pier that was attached instead is kept", () => {
  machine.get("echo plain >/etc/roadstead/volume.preparing");
  expect(volume("prepare").code).toBe(0);
  expect(machine.sh("ls /etc/roadstead/volume.preparing").code).not.toBe(0);
  machine.get("echo pier >/srv/ships/x; umount /srv/ships; echo plain >/etc/roadstead/volume.preparing");
  expect(volume("prepare").code).toBe(0);
  expect(machine.get("cat /srv/ships/x")).toBe("pier");
});

it("a boot opens what is there and formats nothing", () => {
  expect(volume("open").code).toBe(1);
  expect(machine.sh(`blkid -p ${DEVICE}`).code).toBe(2);
});
