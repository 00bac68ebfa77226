// What is decided, and what it costs.
const part = "planner";

module.exports = [
  {
    id: "unknown-price-is-free",
    part,
    title: "an unknown price counts as 0",
    file: "planner/plan/draft.ts",
    find: "const value = price.value === null || factor === null ? null : price.value * factor;",
    replace: "const value: number | null = (price.value ?? 0) * (factor ?? 1);",
    suites: ["tests/planner/plan.test.ts", "tests/planner"],
  },
  {
    id: "node-one-ship-too-many",
    part,
    title: "a node is planned for the ship that does not fit any more",
    file: "planner/plan/capacity.ts",
    find: "memory: Math.floor(allocatableMiB / shipMiB),\n      volumes: slots,",
    replace: "memory: Math.ceil(allocatableMiB / shipMiB),\n      volumes: slots,",
    suites: ["tests/planner/reference.test.ts", "tests/planner", { path: "tests/cluster/capacity.test.ts" }],
  },
  {
    id: "same-name-twice-accepted",
    part,
    title: "two ships of one @p are accepted when their object names differ",
    file: "planner/predicates.ts",
    find: "const first = sameId ?? sameName;",
    replace: "const first = sameId;",
    suites: ["tests/planner/predicates.test.ts", "tests/planner/architecture"],
  },
  {
    id: "removed-ship-returns",
    part,
    title: "a removed ship may come back without a recorded clean stop",
    file: "planner/predicates.ts",
    find: "const blocked = tombstones.filter((t) => t.cleanStopEvent === null);",
    replace: "const blocked = tombstones.filter((t) => t.cleanStopEvent === 0);",
    suites: ["tests/planner/predicates.test.ts", "tests/planner/architecture"],
  },
  {
    id: "claimed-ship-changes-zone",
    part,
    title: "planning again moves a claimed ship, and its volume, to another zone",
    file: "planner/architecture/place.ts",
    find: "if (stays) settle(ship, ship.seat.cell, ship.seat.zone);",
    replace: "if (stays) settle(ship, ship.seat.cell, zones.at(-1) ?? null);",
    suites: ["tests/planner/architecture/stability.test.ts", "tests/planner/architecture"],
  },
  {
    id: "over-budget-chosen",
    part,
    title: "the cheap estimate is compared with the budget",
    file: "planner/plan/filter.ts",
    find: "monthly.mid !== null && monthly.mid > budget.monthly)",
    replace: "monthly.mid !== null && (monthly.low ?? 0) > budget.monthly)",
    suites: ["tests/planner/plan.test.ts", "tests/planner"],
  },
];
