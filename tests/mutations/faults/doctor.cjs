// The doctor of a live host: whom it believes, what it shows, and what it passes.
const part = "cli";
const command = ["tests/cli/doctor/host-command.test.ts"];
const judge = ["tests/cli/doctor/host-judge.test.ts"];
const outside = ["tests/cli/doctor/host-judge-outside.test.ts"];

const keys = ["tests/cli/doctor/host-judge-keys.test.ts"];

const machine = ["tests/cli/doctor/host-judge-machine.test.ts"];

module.exports = [
  {
    id: "doctor-no-answer-is-nothing",
    part,
    title: "an apt that fails is taken for no update that waits",
    file: "cli/doctor/host/script.ts",
    find: "Dir::Cache::srcpkgcache= upgrade) || exit;",
    replace: "Dir::Cache::srcpkgcache= upgrade);",
    suites: command,
  },
  {
    id: "doctor-passes-a-copy-of-the-future",
    part,
    title: "a record of a copy that nobody made yet passes as a young one",
    file: "cli/doctor/host/judge-copies.ts",
    find: "last.at - now > HOUR",
    replace: "last.at - now > Infinity",
    suites: machine,
  },
  {
    id: "doctor-shreds-the-only-key",
    part,
    title: "the doctor has a volume's key shredded before a copy of it opened the volume",
    file: "cli/doctor/host/judge-volume.ts",
    find: "${DEVICE} && sudo shred",
    replace: "${DEVICE}; sudo shred",
    suites: keys,
  },
  {
    id: "doctor-trusts-any-host",
    part,
    title: "the doctor logs in to a host whose key nobody knows",
    file: "cli/doctor/host/login.ts",
    find: '"StrictHostKeyChecking=yes"',
    replace: '"StrictHostKeyChecking=accept-new"',
    suites: command,
  },
  {
    id: "doctor-outvoted-by-options",
    part,
    title: "an option of the user's turns the doctor's check of host keys off",
    file: "cli/doctor/host/login.ts",
    find: "[...DECIDED, ...options, ...DEFAULTS]",
    replace: "[...options, ...DECIDED, ...DEFAULTS]",
    suites: command,
  },
  {
    id: "doctor-shows-what-a-host-prints",
    part,
    title: "a host's control characters reach the terminal of whoever asks the doctor",
    file: "cli/doctor/host/facts.ts",
    find: 'text.replace(/[^\\n\\x20-\\x7e]/g, "")',
    replace: 'text.replace(/[^\\n\\x07-\\uffff]/g, "")',
    suites: command,
  },
  {
    id: "doctor-passes-a-quarantine",
    part,
    title: "a host with a quarantined ship ends like any other fault",
    file: "cli/doctor/host/judge.ts",
    find: "? EXIT.quarantine",
    replace: "? EXIT.refused",
    suites: judge,
  },
  {
    id: "doctor-starts-the-quarantined",
    part,
    title: "the doctor proposes to start a ship that is in quarantine",
    file: "cli/doctor/host/judge-ships.ts",
    find: 'if (quarantineOf(ship) !== null || ship.firstBoot!.active === "activating") return [];',
    replace: 'if (ship.firstBoot!.active === "activating") return [];',
    suites: judge,
  },
  {
    id: "doctor-passes-another-firewall",
    part,
    title: "a firewall that is not what its file says passes",
    file: "cli/doctor/host/judge-access.ts",
    find: "if (loaded.trim() !== file.trim())",
    replace: 'if (file !== "" && !file.startsWith("table"))',
    suites: judge,
  },
  {
    id: "doctor-passes-a-second-copy",
    part,
    title: "a ship that runs on a host where the lock does not place it is judged as if it belonged there",
    file: "cli/doctor/host/judge-ships.ts",
    find: "expected !== null && !recorded.has(ship.id)",
    replace: "expected === null && !recorded.has(ship.id)",
    suites: judge,
  },
  {
    id: "doctor-passes-open-ports",
    part,
    title: "a ship's own page that answers the world is no finding",
    file: "cli/doctor/host/judge-access.ts",
    find: 'shut.filter((p) => ports[p] === "open")',
    replace: 'shut.filter((p) => ports[p] === "unknown")',
    suites: outside,
  },
];
