// What the doctor says of the machine under the ships.
import { DAY, NOW, SHIP, unit } from "./host-states";
import { done, judged, replaced, type Row, wrong } from "./judged";

const MACHINE: Row[] = [
  [
    "a set-up that stopped",
    (f) => (f.bootstrap = done(`bootstrap.failed ${NOW} vere`)),
    "set-up",
    "blocks",
    /step vere/,
  ],
  [
    "one that is at work",
    (f) => ((f.bootstrap = done("")), (f.jobs = done("roadstead-bootstrap.service"))),
    "set-up",
    "look",
    /at work/,
  ],
  ["one that never ended", (f) => (f.bootstrap = done("")), "set-up", "blocks", /never set up to the end/],
  [
    "an edited file",
    (f) => replaced(f, "files", /[0-9a-f]{64} \/etc\/caddy\/Caddyfile/, `${"0".repeat(64)} /etc/caddy/Caddyfile`),
    "file/etc/caddy/Caddyfile",
    "look",
    /is not what prod renders now.*host render prod --script --host home \| ssh keeper@203\.0\.113\.10 'sudo sh -s'/,
  ],
  [
    "a file that is gone",
    (f) => replaced(f, "files", /^.*\/etc\/roadstead\/firewall\.nft$/m, ""),
    "file/etc/roadstead/firewall.nft",
    "blocks",
    /is not on the host/,
  ],
  [
    "a file of somebody else's",
    (f) => replaced(f, "files", /^(\d+) root (.*\/etc\/sudoers.d\/10-roadstead)$/m, "$1 keeper $2"),
    "file/etc/sudoers.d/10-roadstead",
    "blocks",
    /another owner or mode/,
  ],
  [
    "a masked timer",
    (f) =>
      replaced(
        f,
        "units",
        unit("roadstead-pack.timer"),
        unit("roadstead-pack.timer", { LoadState: "masked", ActiveState: "inactive", UnitFileState: "masked" }),
      ),
    "unit/roadstead-pack.timer",
    "blocks",
    /masked/,
  ],
  [
    "a timer that is not there",
    (f) =>
      replaced(
        f,
        "units",
        unit("roadstead-disk.timer"),
        unit("roadstead-disk.timer", { LoadState: "not-found", ActiveState: "inactive" }),
      ),
    "unit/roadstead-disk.timer",
    "blocks",
    /not on the host/,
  ],
  [
    "a service that is not enabled",
    (f) => replaced(f, "units", unit("caddy.service"), unit("caddy.service", { UnitFileState: "disabled" })),
    "unit/caddy.service",
    "blocks",
    /would not after a reboot/,
  ],
  [
    "a unit of ours that failed",
    (f) => (f.failed = done("roadstead-pack.service")),
    "failed/roadstead-pack.service",
    "blocks",
    /has failed/,
  ],
  ["the disk alarm", (f) => (f.failed = done("roadstead-disk.service")), "alarm", "look", /alarm is on/],
  [
    "a volume that is not mounted",
    (f) => replaced(f, "mounts", /\n.*/, ""),
    "volume",
    "blocks",
    /not mounted.*Never format it/,
  ],
  ["a volume that is not encrypted", (f) => (f.crypt = done("/srv/ships disk")), "volume", "blocks", /not encrypted/],
  [
    "a volume's key that is gone",
    (f) => replaced(f, "volume-files", /^.*volume\.key\n/m, ""),
    "volume/key",
    "blocks",
    /next boot cannot open it/,
  ],
  [
    "a volume's key that others may read",
    (f) => replaced(f, "volume-files", "400 root 64", "444 root 64"),
    "volume/modes",
    "blocks",
    /others than root/,
  ],
  [
    "no copy of the header",
    (f) => replaced(f, "volume-files", /\n.*header.*/, ""),
    "volume/header",
    "look",
    /no copy of the volume's LUKS header/,
  ],
  [
    "a key that stays where it must not",
    (f) => replaced(f, "volume", "KEY=basic", "KEY=operator"),
    "volume/key",
    "blocks",
    /lies on the host/,
  ],
  ["a disk that fills", (f) => replaced(f, "disks", "30%", "83%"), "disk/srv/ships", "look", /83 % full/],
  ["a full disk", (f) => replaced(f, "disks", "30%", "93%"), "disk/srv/ships", "blocks", /93 % full/],
  ["no inodes", (f) => replaced(f, "inodes", "1% /srv", "99% /srv"), "disk/srv/ships", "blocks", /of inodes/],
  ["a root disk nobody counted", (f) => replaced(f, "disks", /\n.* \/$/m, ""), "disk/", "blocks", /could not be read/],
  [
    "a pier volume nobody counted",
    (f) => replaced(f, "disks", /\n.* \/srv\/ships$/m, ""),
    "disk/srv/ships",
    "blocks",
    /could not be read/,
  ],
  ["space that has no figure", (f) => replaced(f, "disks", "10%", "-"), "disk/", "blocks", /could not be read/],
  [
    "inodes nobody counted",
    (f) => replaced(f, "inodes", /\n.* \/srv\/ships$/m, ""),
    "disk/srv/ships",
    "blocks",
    /of inodes could not be read.*df -i/,
  ],
  ["inodes that have no figure", (f) => replaced(f, "inodes", " 5%", " -"), "disk/", "blocks", /of inodes/],
  [
    "missing swap",
    (f) => replaced(f, "memory", "SwapTotal: 20000000", "SwapTotal: 0"),
    "swap",
    "look",
    /2 GiB of swap, and 0\.0/,
  ],
  [
    "killed for memory",
    (f) => (f.killed = done("Out of memory: Killed process 12 (urbit)")),
    "memory/killed",
    "look",
    /Killed process 12/,
  ],
  [
    "little memory",
    (f) => replaced(f, "memory", "MemAvailable: 2000000", "MemAvailable: 90000"),
    "memory",
    "look",
    /0\.1 of 3\.8 GiB/,
  ],
  ["the kernel's default of mappings", (f) => (f.maps = done("65530")), "maps", "blocks", /65530/],
  [
    "updates that do not run",
    (f) => (f.upgrades = done(`${NOW - 9 * DAY} unattended-upgrades-stamp`)),
    "updates",
    "look",
    /9 days ago/,
  ],
  [
    "updates that wait",
    (f) => (f.pending = done("openssl\nlibssl3")),
    "updates/pending",
    "look",
    /2 security updates wait: openssl, libssl3/,
  ],
  ["a reboot", (f) => (f.reboot = done(`${NOW - 2 * DAY}`)), "reboot", "look", /2 days ago/],
  ["a clock nobody keeps", (f) => (f.clock = done("no")), "clock", "look", /not kept/],
  ["a clock that is wrong", (f) => (f.now = done(`${NOW - 4000}`)), "clock", "look", /differ by 1 hour/],
  ["no audit", (f) => (f.audit = done("enabled 0\n0")), "audit", "look", /no audit rules/],
  [
    "maintenance that does not come",
    (f) => (f.maintenance = done(`pack ${NOW - 20 * DAY}\nroll-chop ${NOW - 20 * DAY}\nprep ${NOW - 10 * DAY}`)),
    "maintenance/pack",
    "look",
    /20 days ago/,
  ],
  [
    "copies without credentials",
    (f) => replaced(f, "backup", "credentials\n", ""),
    "backup",
    "blocks",
    /credentials.*have not come.*pulumi config get bucketKey/,
  ],
  [
    "an old copy",
    (f) => replaced(f, "backup", /time=\S+/, `time=${new Date((NOW - 15 * DAY) * 1000).toISOString()}`),
    `backup/${SHIP}`,
    "blocks",
    /15 days old/,
  ],
  [
    "a copy of the future",
    (f) => replaced(f, "backup", /time=\S+/, `time=${new Date((NOW + 2 * DAY) * 1000).toISOString()}`),
    `backup/${SHIP}`,
    "blocks",
    /made in 2 days.*timedatectl.*clock is right/,
  ],
  [
    "the record of a copy that is empty",
    (f) => replaced(f, "backup", / time=.*/, " "),
    `backup/${SHIP}`,
    "blocks",
    /cannot be read/,
  ],
  ...["time=soon", "time=5", "event=990"].map((said): Row => [
    `the record of a copy that says ${said}`,
    (f) => replaced(f, "backup", /time=\S+ event=990/, said),
    `backup/${SHIP}`,
    "blocks",
    /cannot be read/,
  ]),
  ["no copy at all", (f) => (f.backup = done("credentials")), `backup/${SHIP}`, "blocks", /no copy has left this host/],
];

test.each(MACHINE)("%s is found and named", (_what, change, id, level, says) => {
  const { findings, exit } = judged(change);
  const hit = findings.find((f) => f.id === id && f.level !== "ok");
  expect(hit && `${hit.what} → ${hit.fix}`).toMatch(says);
  expect(hit!.level).toBe(level);
  expect(exit).toBe(wrong(findings).some((f) => f.level === "blocks") ? 5 : 0);
});

test("what a newer Roadstead would add is worth a look on a host of an older one, and no fault", () => {
  const { findings, exit } = judged((f) => {
    replaced(
      f,
      "files",
      /[0-9a-f]{64} \/usr\/local\/lib\/roadstead\/bootstrap/,
      `${"1".repeat(64)} /usr/local/lib/roadstead/bootstrap`,
    );
    replaced(f, "files", /^.*roadstead-disk\.timer$/m, "");
    replaced(
      f,
      "units",
      unit("roadstead-disk.timer"),
      unit("roadstead-disk.timer", { LoadState: "not-found", ActiveState: "inactive" }),
    );
  });
  expect(wrong(findings).map((f) => [f.id, f.level])).toEqual([
    ["unit/roadstead-disk.timer", "look"],
    ["file/etc/systemd/system/roadstead-disk.timer", "look"],
    ["file/usr/local/lib/roadstead/bootstrap", "look"],
  ]);
  expect(exit).toBe(0);
});

test("a file system that makes inodes as it needs them is not full of them", () => {
  const { findings } = judged((f) => replaced(f, "inodes", "1000000 50000 950000 5% /", "0 0 0 - /"));
  expect(wrong(findings)).toEqual([]);
});

test("the record of a copy that cannot be read is no fresh host's, and a clock that is off by minutes no fault", () => {
  const fresh = (change: Parameters<typeof judged>[0]) =>
    judged((f) => {
      f.bootstrap = done(`bootstrap.done ${NOW - 3600} `);
      change(f);
    }).findings.find((f) => f.id === `backup/${SHIP}`);
  expect(fresh((f) => (f.backup = done("credentials")))).toMatchObject({ level: "look" });
  expect(fresh((f) => (f.backup = done(`credentials\n${SHIP} `)))).toMatchObject({ level: "blocks" });
  const soon = `time=${new Date((NOW + 600) * 1000).toISOString()}`;
  expect(fresh((f) => replaced(f, "backup", /time=\S+/, soon))).toMatchObject({ level: "ok" });
});
