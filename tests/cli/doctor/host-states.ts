// What a healthy host answers: a planet's droplet, with its volume, its domain and its copies, as the doctor's script would print it.
import { expectedOf, type Expected } from "../../../cli/doctor/host/expected";
import { type Answer, hostFacts, type HostFacts } from "../../../cli/doctor/host/facts";
import type { Outside } from "../../../cli/doctor/host/outside";
import type { Subject } from "../../../cli/doctor/host/subject";
import type { Architecture, LockedHost } from "../../../planner/architecture/schema";
import { groundseg, planet } from "../../components/host/sample";

export const NOW = 1_795_000_000;
export const DAY = 86_400;
export const SHIP = "sampel-palnet";
export const NAME = `${SHIP}.fleet.example.com`;
export const ADDRESS = "203.0.113.10";

const offHost = {
  bucket: "piers",
  region: "us-east-1",
  recipients: ["age1y68ks4cadszx3kvd9hwneqee8wt7g4n29vrkpv6qml4pjxehte7sa6yu9d"],
  credentials: { secret: "bucketKey" },
  every: "weekly" as const,
};

export interface Sample {
  host: LockedHost;
  lock: Architecture;
}

const withBackups = ({ host, lock }: Sample): Sample => ({ host, lock: { ...lock, backup: { offHost } } as never });
export const PLANET = withBackups(planet());
export const GROUNDSEG: Sample = groundseg();

const RULES =
  "table inet roadstead {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n\t}\n}";

const at = (seconds: number): string =>
  `Sat ${new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19)} UTC`;
export const unit = (id: string, over: Record<string, string | number> = {}): string =>
  Object.entries({
    Id: id,
    LoadState: "loaded",
    ActiveState: "active",
    SubState: "running",
    Result: "success",
    UnitFileState: "enabled",
    NRestarts: 0,
    ExecMainStatus: 0,
    ActiveEnterTimestamp: at(NOW - 3 * DAY),
    ExecMainExitTimestamp: "",
    ...over,
  })
    .map(([k, v]) => `${k}=${v}`)
    .join("\n");

const done = (out: string, code = 0) => ({ code, out });
const filesOf = (e: Expected): string => e.files.map((f) => `${f.mode} root ${f.sha256} ${f.path}`).join("\n");

/** Facts as the host prints them; a test changes one. */
export function healthy(sample: Sample = PLANET): Record<string, { code: number; out: string }> {
  const expected = expectedOf(sample.host, sample.lock, null);
  const mount = expected.mount!;
  const { ships } = expected.settings;
  const isGroundseg = expected.settings.kind === "groundseg";
  return {
    now: done(`${NOW}`),
    os: done("debian 12\n6.1.0 x86_64"),
    bootstrap: done(`bootstrap.done ${NOW - 30 * DAY} `),
    files: done(filesOf(expected)),
    units: done([...expected.units].map((u) => unit(u)).join("\n\n")),
    failed: done(""),
    jobs: done(""),
    udp: done(ships.map((s) => `0.0.0.0:${s.amesPort}`).join("\n")),
    volume: done(`DEVICE=/dev/disk/by-id/x\nLUKS=1\nMOUNT=${mount}\nOPTIONS=noatime\nKEY=basic`),
    "volume-files": done(
      "644 root 120 /etc/roadstead/volume.env\n400 root 64 /etc/roadstead/volume.key\n600 root 16777216 /etc/roadstead/volume.header.1700000000",
    ),
    mounts: done(`/ /dev/vda1 ext4 rw\n${mount} /dev/mapper/roadstead ext4 rw,noatime`),
    crypt: done(`${mount} crypt disk`),
    disks: done(
      `Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda1 80000000 8000000 72000000 10% /\n/dev/mapper/roadstead 20000000 6000000 14000000 30% ${mount}`,
    ),
    inodes: done(
      `Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/vda1 1000000 50000 950000 5% /\n/dev/mapper/roadstead 1000000 1000 999000 1% ${mount}`,
    ),
    memory: done("MemTotal: 4000000 kB\nMemAvailable: 2000000 kB\nSwapTotal: 20000000 kB\nSwapFree: 20000000 kB"),
    maps: done("1048576"),
    killed: done(""),
    firewall: done(RULES),
    "firewall-file": done(RULES),
    sshd: done(
      "permitrootlogin no\npasswordauthentication no\nkbdinteractiveauthentication no\npermitemptypasswords no\npubkeyauthentication yes",
    ),
    fail2ban: done("Status for the jail: sshd"),
    upgrades: done(`${NOW - DAY / 2} unattended-upgrades-stamp`),
    reboot: done(""),
    pending: done(""),
    clock: done("yes"),
    certificates: done(`${NAME} ${NOW + 60 * DAY}`),
    audit: done("enabled 1\nfailure 1\n11"),
    maintenance: done(`pack ${NOW - 3 * DAY}\nroll-chop ${NOW - 20 * DAY}\nprep ${NOW - 10 * DAY}`),
    backup: done(
      `credentials\n${SHIP} time=${new Date((NOW - 2 * DAY) * 1000).toISOString()} event=990 size=5 object=x`,
    ),
    runtimes: done("4.6\ndefault /usr/local/lib/roadstead/vere/4.6/urbit"),
    groundseg: done(isGroundseg ? JSON.stringify(groundsegStatus()) : ""),
    ...(isGroundseg ? {} : shipFacts()),
  };
}

export const shipFacts = (id = SHIP) => ({
  [`ship/${id}/env`]: done(
    `SHIP_NAME='~${id}'\nFIRST_BOOT=key\nLOOM=31\nAMES_PORT=34543\nHTTP_PORT=8081\nSEALED=0\nIMPORTED=0`,
  ),
  [`ship/${id}/record`]: done(
    ["/var/lib/roadstead/ships", "/srv/ships/.roadstead"]
      .flatMap((d) => [`${d} first-boot done`, `${d} event 1000`, `${d} loom 31 running`, `${d} vere 4.6 1790000000`])
      .join("\n"),
  ),
  [`ship/${id}/has`]: done("pier"),
  [`ship/${id}/health`]: done("204"),
  [`ship/${id}/units`]: done(
    `${unit(`roadstead-ship@${id}.service`)}\n\n${unit(`roadstead-first-boot@${id}.service`, { ActiveState: "inactive", UnitFileState: "static" })}`,
  ),
  [`ship/${id}/loom`]: done("31"),
});

export function groundsegStatus() {
  const { ships } = GROUNDSEG.lock;
  const rules = { closed: true, udp: [34344, 34345], other: 0, reached: true };
  return {
    volume: true,
    dockerData: true,
    settings: { there: true, ready: true, setup: "complete", mode: "700", sessionKeyMode: "600" },
    unit: "active",
    version: { pinned: "2.8.6", said: "v2.8.6", checksumIsPinned: true, updateMode: "manual" },
    listening: [{ port: 8000, address: "*" }],
    ships: ships.map((s) => ({
      id: s.id,
      http: s.httpPort,
      ames: s.ames.port,
      given: { http: s.httpPort, ames: s.ames.port, network: "none", boot: "boot" },
    })),
    otherShips: [] as string[],
    dockerUser: { ipv4: rules, ipv6: { ...rules, reached: false }, expected: [34344, 34345] },
    swap: { setting: -1, ownFile: false, active: [] },
    startram: { registered: false, on: false },
  };
}

export const seenFromOutside = (over: Partial<Outside> = {}): Outside => ({
  address: ADDRESS,
  notChecked: null,
  ports: {
    22: "open",
    80: "open",
    443: "open",
    3000: "silent",
    8000: "silent",
    8080: "silent",
    8081: "silent",
    12321: "silent",
    19999: "closed",
  },
  names: {
    [NAME]: {
      addresses: [ADDRESS],
      page: { status: 404, distrust: null, certificateEnds: NOW + 60 * DAY },
    },
  },
  ...over,
});

export function subject(answer: Answer, over: Partial<Subject> = {}, sample: Sample = PLANET): Subject {
  const facts: HostFacts = hostFacts(answer);
  return {
    name: sample.host.name,
    login: `keeper@${ADDRESS}`,
    options: [],
    stack: "prod",
    expected: expectedOf(sample.host, sample.lock, facts.volume),
    answer: { facts },
    outside: seenFromOutside(),
    unrendered: null,
    now: NOW,
    ...over,
  };
}
