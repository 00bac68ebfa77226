// What the doctor says of a host, from facts alone: each fault is named, and what is not known is not passed.
import { DAY, healthy, NAME, NOW, SHIP, shipFacts } from "./host-states";
import { done, judged, record, replaced, type Row, shipUnit, wrong } from "./judged";

test("a healthy host has nothing to do, and every check says what it saw", () => {
  const { findings, exit, next } = judged(() => undefined);
  expect(wrong(findings)).toEqual([]);
  expect({ exit, next }).toEqual({ exit: 0, next: [] });
  expect(findings.map((f) => f.id)).toEqual(
    expect.arrayContaining([
      ...[
        "login",
        "set-up",
        `ship/${SHIP}`,
        "volume",
        "volume/key",
        "disk/",
        "disk/srv/ships",
        "firewall",
        "sshd",
        "fail2ban",
      ],
      ...[
        "units",
        "files",
        "memory",
        "updates",
        "clock",
        "audit",
        "maintenance",
        "vere",
        `backup/${SHIP}`,
        `certificate/${NAME}`,
      ],
      ...["ports", `site/${NAME}`, "outside/limits"],
    ]),
  );
});

const SHIPS: Row[] = [
  [
    "a failed unit",
    (f) => (f[`ship/${SHIP}/units`] = shipUnit({ ActiveState: "failed", Result: "exit-code", ExecMainStatus: 1 })),
    `ship/${SHIP}/unit`,
    "blocks",
    /failed \(exit-code, exit 1\).*did not end with a clean stop/,
  ],
  [
    "a stopped one",
    (f) => (f[`ship/${SHIP}/units`] = shipUnit({ ActiveState: "inactive" })),
    `ship/${SHIP}/unit`,
    "blocks",
    /does not run/,
  ],
  [
    "one at work on its pier",
    (f) => (
      (f[`ship/${SHIP}/units`] = shipUnit({ ActiveState: "inactive" })),
      (f.jobs = done("roadstead-pack.service"))
    ),
    `ship/${SHIP}/unit`,
    "look",
    /while roadstead-pack\.service works/,
  ],
  [
    "one that work on its pier left behind",
    (f) => (
      (f[`ship/${SHIP}/units`] = shipUnit({ ActiveState: "inactive" })),
      (f[`ship/${SHIP}/has`] = done("pier\nstopped"))
    ),
    `ship/${SHIP}/unit`,
    "blocks",
    /was stopped for work/,
  ],
  [
    "one that is not enabled",
    (f) => (f[`ship/${SHIP}/units`] = shipUnit({ UnitFileState: "disabled" })),
    `ship/${SHIP}/enabled`,
    "blocks",
    /would not start after a reboot/,
  ],
  [
    "one that crashed",
    (f) => (f[`ship/${SHIP}/units`] = shipUnit({ NRestarts: 2 })),
    `ship/${SHIP}/restarts`,
    "look",
    /2 times/,
  ],
  [
    "no health page",
    (f) => (f[`ship/${SHIP}/health`] = done("000", 7)),
    `ship/${SHIP}/health`,
    "blocks",
    /runs for 3 days.*does not answer/,
  ],
  [
    "another answer",
    (f) => (f[`ship/${SHIP}/health`] = done("502")),
    `ship/${SHIP}/health`,
    "blocks",
    /says 502, not 204 or 429/,
  ],
  [
    "health that could not be asked",
    (f) => (f[`ship/${SHIP}/health`] = done("", 127)),
    `ship/${SHIP}/health`,
    "blocks",
    /could not be asked/,
  ],
  ["a closed Ames port", (f) => (f.udp = done("0.0.0.0:68")), `ship/${SHIP}/ames`, "blocks", /34543\/udp/],
  ["another loom", (f) => (f[`ship/${SHIP}/loom`] = done("32")), `ship/${SHIP}/loom`, "look", /runs with loom 32/],
  [
    "another port than the lock opens",
    (f) => replaced(f, `ship/${SHIP}/env`, "34543", "34600"),
    `ship/${SHIP}/ports`,
    "blocks",
    /34600.*34543/,
  ],
  [
    "a key that was left",
    (f) => (f[`ship/${SHIP}/has`] = done("pier\nkey")),
    `ship/${SHIP}/key`,
    "blocks",
    /boot key lies on the host/,
  ],
  [
    "a first boot cut off",
    (f) => record(f, (t) => t.replaceAll("first-boot done", "first-boot started")),
    `ship/${SHIP}/first-boot`,
    "blocks",
    /started and did not finish/,
  ],
  [
    "an empty volume",
    (f) => (f[`ship/${SHIP}/has`] = done("")),
    `ship/${SHIP}/first-boot`,
    "blocks",
    /its pier is not there/,
  ],
  [
    "a pier without a record",
    (f) => record(f, () => ""),
    `ship/${SHIP}/first-boot`,
    "blocks",
    /no record of its first boot/,
  ],
  [
    "records that differ",
    (f) => record(f, (t) => t.replace("/srv/ships/.roadstead first-boot done", "")),
    `ship/${SHIP}/record`,
    "look",
    /two records differ/,
  ],
  [
    "a record that is not read",
    (f) => delete f[`ship/${SHIP}/record`],
    `ship/${SHIP}/record`,
    "blocks",
    /could not be read/,
  ],
  [
    "a ship the host does not know",
    (f) => delete f[`ship/${SHIP}/env`],
    `ship/${SHIP}/files`,
    "blocks",
    /does not know it/,
  ],
  [
    "one that waits for its key",
    (f) => (
      (f[`ship/${SHIP}/units`] = shipUnit({ ActiveState: "inactive" })),
      record(f, () => ""),
      (f[`ship/${SHIP}/has`] = done(""))
    ),
    `ship/${SHIP}/first-boot`,
    "look",
    /waits for its key.*pulumi config get palnetKey/,
  ],
  [
    "one of somebody else's, running",
    (f) => Object.assign(f, shipFacts("nec")),
    "ship/nec/stranger",
    "blocks",
    /if it runs elsewhere too, both must breach/,
  ],
  [
    "another runtime than the lock's",
    (f) => record(f, (t) => t.replaceAll("vere 4.6", "vere 4.5")),
    `vere/${SHIP}`,
    "look",
    /has vere 4\.5, and the lock says 4\.6/,
  ],
  [
    "an upgrade that was cut off",
    (f) => record(f, (t) => t.replaceAll("4.6 1790000000", "4.6 unproven")),
    `vere/${SHIP}/unproven`,
    "look",
    /cut off, or never answered/,
  ],
];

const ACCESS: Row[] = [
  ["no firewall", (f) => (f.firewall = done("", 1)), "firewall", "blocks", /not loaded/],
  [
    "another firewall than the file's",
    (f) => replaced(f, "firewall", "policy drop", "policy accept"),
    "firewall",
    "blocks",
    /not the one in its file/,
  ],
  [
    "a firewall that lets all through",
    (f) => (
      replaced(f, "firewall", "policy drop", "policy accept"),
      replaced(f, "firewall-file", "policy drop", "policy accept")
    ),
    "firewall",
    "blocks",
    /lets through/,
  ],
  [
    "passwords",
    (f) => replaced(f, "sshd", "passwordauthentication no", "passwordauthentication yes"),
    "sshd",
    "blocks",
    /passwordauthentication yes/,
  ],
  [
    "root",
    (f) => replaced(f, "sshd", "permitrootlogin no", "permitrootlogin without-password"),
    "sshd",
    "blocks",
    /permitrootlogin without-password/,
  ],
  ["no jail", (f) => (f.fail2ban = done("", 255)), "fail2ban", "look", /does not run/],
  [
    "an expired certificate",
    (f) => (f.certificates = done(`${NAME} ${NOW - DAY}`)),
    `certificate/${NAME}`,
    "blocks",
    /expired 1 day ago/,
  ],
  [
    "a certificate that is not renewed",
    (f) => (f.certificates = done(`${NAME} ${NOW + 10 * DAY}`)),
    `certificate/${NAME}`,
    "look",
    /10 days more and was not renewed/,
  ],
];

describe.each([
  ["ships", SHIPS],
  ["access", ACCESS],
])("%s", (_part, rows) => {
  test.each(rows)("%s is found and named", (_what, change, id, level, says) => {
    const { findings, exit } = judged(change);
    const hit = findings.find((f) => f.id === id && f.level !== "ok");
    expect(hit && `${hit.what} → ${hit.fix}`).toMatch(says);
    expect(hit!.level).toBe(level);
    expect(exit).toBe(wrong(findings).some((f) => f.level === "blocks") ? 5 : 0);
  });
});

test("a quarantine comes first, tells the reason, and is its own exit code", () => {
  const { findings, exit } = judged((f) => {
    record(
      f,
      (t) =>
        `${t}\n/srv/ships/.roadstead quarantine its pier is at event 5, older than the recorded event 9: an old copy`,
    );
    f[`ship/${SHIP}/units`] = shipUnit({ ActiveState: "inactive" });
    f.firewall = done("", 1);
  });
  expect(exit).toBe(12);
  expect(findings[0]).toMatchObject({ id: `ship/${SHIP}/quarantine`, level: "blocks" });
  expect(findings[0]!.what).toContain("event 5, older than the recorded event 9");
  // Nothing tells to start it.
  expect(findings.map((f) => f.fix).join("\n")).not.toContain(`start roadstead-ship@${SHIP}`);
});

test("while the volume is away no ship is said to have lost its pier, and the volume is what to see to first", () => {
  const { findings, exit } = judged((f) => {
    replaced(f, "mounts", /\n.*/, "");
    record(f, (t) => t.replace(/^\/srv\/.*$/gm, ""));
    f[`ship/${SHIP}/has`] = done("");
    f[`ship/${SHIP}/units`] = shipUnit({ ActiveState: "inactive" });
  });
  expect(exit).toBe(5);
  expect(findings[0]).toMatchObject({ id: "volume", level: "blocks" });
  expect(findings.filter((f) => f.id.startsWith("ship/"))).toEqual([
    expect.objectContaining({ id: `ship/${SHIP}/volume`, level: "look" }),
  ]);
});

test("nothing that could not be read is passed: each fact that is missing is a finding", () => {
  // The system's name is only shown; without the rest of these something else is a finding, or nothing is claimed.
  const optional = ["os", "jobs", "groundseg", `ship/${SHIP}/loom`];
  for (const name of Object.keys(healthy()).filter((n) => !optional.includes(n))) {
    const { findings } = judged((f) => delete f[name]);
    expect([name, wrong(findings).length]).not.toEqual([name, 0]);
    const failing = judged((f) => (f[name] = done("", 124)));
    expect([name, wrong(failing.findings).length]).not.toEqual([name, 0]);
  }
});
