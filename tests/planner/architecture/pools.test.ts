import type { PlannedNode } from "../../../planner/plan/schema";
import { type LockedNodePool, planWrite } from "../../../planner/architecture";
import { candidateFor, codes, type Files, named, planFor, wish, write, ZONES } from "./fixtures";

const ids = (n: number) => Array.from({ length: n }, (_, i) => i);
const fleet = (n: number, more: Record<string, unknown> = {}) => wish({ ships: { named: named(ids(n)), ...more } });
const [SMALL, LARGE] = ["ships-us-west-2a-r6i-xlarge", "ships-us-west-2a-r6i-2xlarge"];

/** A plan that takes another node type, `count` of them in each zone, each for `ships`. */
function replan(requirements: ReturnType<typeof wish>, files: Files, count: number, ships: number, force = false) {
  const candidate = candidateFor("eks", requirements);
  const other = (n: PlannedNode) => (n.role === "ships" ? { ...n, type: "r6i.2xlarge", count, ships } : n);
  candidate.nodes = candidate.nodes.map(other);
  const plan = planFor(requirements, candidate);
  return planWrite({ requirements, plan, candidateId: null, stack: "prod", files, force });
}
const poolsOf = (r: ReturnType<typeof replan>): LockedNodePool[] => r.stacks[0]!.architecture.nodePools;
const count = (r: ReturnType<typeof replan>, name: string) => poolsOf(r).find((p) => p.name === name)?.count ?? 0;
const applied = (files: Files, r: ReturnType<typeof replan>): Files =>
  new Map([...files, ...r.writes.map((w) => [w.fileName, w.text] as const)]);

describe("growth never evicts a running ship and needs no --force", () => {
  const before = write(fleet(21), "eks").after; // one r6i.xlarge a zone, each for 7 ships

  test("pools with ships stay as they are; the plan's new type takes the rest only", () => {
    const grown = replan(fleet(90), before, 2, 15);
    expect([grown.exit, grown.problems]).toEqual([0, []]);
    // 30 ships a zone: 7 on the kept node, 23 on two nodes for 15.
    expect([count(grown, SMALL), count(grown, LARGE)]).toEqual([1, 2]);
    const some = replan(fleet(45), before, 2, 15);
    expect([count(some, SMALL), count(some, LARGE)]).toEqual([1, 1]);
  });

  test("what the plan did not price is said, and its total is no longer complete", () => {
    const { architecture } = replan(fleet(45), before, 2, 15).stacks[0]!;
    const said = `kept pool ${SMALL}: 1 node, priced by the plan as none`;
    expect(replan(fleet(45), before, 2, 15).warnings).toContain(said);
    expect(architecture.decision.why).toContain(said);
    expect(architecture.decision.why).toContain(`pool ${LARGE}: 1 node, priced by the plan as 2 nodes`);
    expect(architecture.cost.incomplete).toBe(true);
    const same = write(fleet(21), "eks", before);
    expect([same.warnings, same.stacks[0]!.architecture.cost.incomplete]).toEqual([[], false]);
  });

  test("fewer ships, or another type for as many, changes no pool; --force takes the plan's", () => {
    for (const n of [21, 12, 1]) {
      const fewer = replan(fleet(n), before, 1, 15);
      expect(codes(fewer)).toEqual([]);
      expect([count(fewer, SMALL), count(fewer, LARGE)]).toEqual([1, 0]);
    }
    const forced = replan(fleet(21), before, 1, 15, true);
    expect([count(forced, SMALL), count(forced, LARGE), forced.warnings]).toEqual([0, 1, []]);
  });

  test("writing the same plan again changes nothing", () => {
    const files = applied(before, replan(fleet(90), before, 2, 15));
    expect(replan(fleet(90), files, 2, 15).writes).toEqual([]);
  });

  test("every zone holds its ships after any plan", () => {
    const files = applied(before, replan(fleet(60), before, 1, 15));
    for (const [result, n] of [
      [replan(fleet(60), before, 1, 15), 60],
      [replan(fleet(120), files, 1, 15), 120],
    ] as const)
      for (const zone of ZONES) {
        const ships = result.stacks.flatMap((s) => s.architecture.ships).filter((s) => s.zone === zone).length;
        const held = poolsOf(result).filter((p) => p.zone === zone && p.role === "ships");
        expect(held.reduce((sum, p) => sum + p.count * p.shipsPerNode, 0)).toBeGreaterThanOrEqual(ships);
        expect(ships).toBe(n / 3);
      }
  });

  test("larger ships are not counted on nodes planned for smaller ones", () => {
    const larger = replan(fleet(21, { memoryGiB: 8 }), before, 1, 7);
    expect([count(larger, SMALL), count(larger, LARGE)]).toEqual([1, 1]);
  });

  test("ships planned by count hold no pool: none of them has ever run", () => {
    const counted = write(wish({ ships: { count: 21 } }), "eks").after;
    const other = replan(wish({ ships: { count: 21 } }), counted, 1, 15);
    expect([other.problems, count(other, SMALL), count(other, LARGE)]).toEqual([[], 0, 1]);
  });
});
