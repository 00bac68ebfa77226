// The program `pulumi up` runs.
const part = "stacks";

module.exports = [
  {
    id: "ships-before-registry",
    part,
    title: "ships do not wait for their registry",
    file: "stacks/compose.ts",
    find: "registry, ...admission]",
    replace: "...admission]",
    suites: ["tests/stacks/compose.test.ts"],
  },
  {
    id: "existing-objects-taken-over",
    part,
    title: "a cell takes over what exists, another stack's claim included",
    file: "stacks/cell.ts",
    find: "upsertExistingObjects: false,",
    replace: "upsertExistingObjects: true,",
    suites: ["tests/preview/parity.test.ts"],
  },
  {
    id: "stack-decides-again",
    part,
    title: "the program works out how many nodes there are instead of reading the lock",
    file: "stacks/clusters.ts",
    find: "          count: pool.count,",
    replace: "          count: Math.ceil(architecture.ships.length / 6),",
    suites: ["tests/stacks/decided.test.ts"],
  },
  {
    id: "edited-lock-accepted",
    part,
    title: "a lock that was edited after it was written is applied",
    file: "stacks/lock.ts",
    find: "if (expected !== actual)",
    replace: "if (expected === undefined)",
    suites: ["tests/stacks/lock.test.ts"],
  },
];
