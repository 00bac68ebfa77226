// The commands that speak of one ship: whose word is taken, what is taken for a pier, what a drill leaves behind.
const part = "cli";
const importing = ["tests/cli/ship/import.test.ts", "tests/cli/ship"];
const script = ["tests/cli/ship/import-script.test.ts"];
const drill = ["tests/cli/ship/drill.test.ts"];
const pier = ["tests/planner/ships/pier.test.ts", "tests/cli/ship"];

module.exports = [
  {
    id: "import-without-a-word",
    part,
    title: "a pier is imported although nobody says that its source is stopped for good",
    file: "cli/ship/import.ts",
    find: "if (!sourceStoppedForGood)",
    replace: "if (sourceStoppedForGood === false)",
    suites: importing,
  },
  {
    id: "import-of-another-ship",
    part,
    title: "another ship's pier is imported under this one's name",
    file: "cli/ship/import.ts",
    find: "return ship === name",
    replace: "return ship !== ''",
    suites: importing,
  },
  {
    id: "import-of-a-running-ship",
    part: "planner",
    title: "a pier with the lock of a running ship is imported",
    file: "planner/ships/pier.ts",
    find: '[".vere.lock", ".http.ports"].filter(inside)',
    replace: '[".http.ports"].filter(inside)',
    suites: pier,
  },
  {
    id: "import-leads-out",
    part: "planner",
    title: "an archive whose names lead out of it is unpacked",
    file: "planner/ships/pier.ts",
    find: 'isPlain(path) && !parts.includes("..") &&',
    replace: "isPlain(path) &&",
    suites: pier,
  },
  {
    id: "import-of-another-event-on-a-cluster",
    part,
    title: "the steps of an import put a pier of another event into place, on a cluster",
    file: "cli/ship/import-script.ts",
    find: '[ "$event" -eq ${atEvent} ] || stop',
    replace: '[ "$event" -gt 0 ] || stop',
    suites: script,
  },
  {
    id: "import-of-another-event-on-a-host",
    part,
    title: "the steps of an import put a pier of another event into place, on a host",
    file: "cli/ship/import-script.ts",
    find: '[ "$event" -eq ${atEvent} ] || no',
    replace: '[ "$event" -gt 0 ] || no',
    suites: script,
  },
  {
    id: "held-ship-added",
    part: "planner",
    title: "a ship that another stack holds is added",
    file: "planner/ships/standing.ts",
    find: "...heldProblems(fleet.ships, previous, stack)]",
    replace: "...heldProblems(fleet.ships, previous, stack).slice(1)]",
    suites: ["tests/cli/ship/add-remove-list.test.ts", "tests/cli/ship"],
  },
  {
    id: "drill-stays",
    part,
    title: "a drill leaves its namespace, and with it a copy of a pier",
    file: "cli/ship/drill-run.ts",
    find: "await kubectl.remove(namespace!.kind, namespace!.name);",
    replace: "await kubectl.get(namespace!.kind, namespace!.name);",
    suites: drill,
  },
  {
    id: "drill-unknown-is-yes",
    part,
    title: "a drill that could not know passes",
    file: "cli/ship/drill.ts",
    find: "inconclusive: EXIT.refused,",
    replace: "inconclusive: EXIT.done,",
    suites: drill,
  },
];
