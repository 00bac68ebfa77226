// Load balancers for Ames in plan and lock: what is priced is what is recorded, and a port is a ship's for good.
import fc from "fast-check";
import { amesBalancers, shipsBehindBalancers } from "../../../planner/architecture/ames";
import { LIMITS } from "../../../planner/catalog/limits";
import { parseArchitecture } from "../../../planner/architecture";
import { build, type Files, galaxy, named, shipsOf, wish, write } from "./fixtures";

const behind = (more: Record<string, unknown> = {}) => ({ amesInbound: "nlb", ...more });

test("a cell's ships are fewer than a load balancer takes listeners, and than it takes targets across zones", () => {
  expect(LIMITS.cellShips.value).toBeLessThanOrEqual(LIMITS.nlbListeners.value);
  // A group for each, a rule for each port.
  expect(LIMITS.cellShips.value).toBeLessThanOrEqual(LIMITS.securityGroupRules.value);
});

test("as many load balancers are priced as cells have ships behind one", () => {
  const ship = fc.record({ n: fc.nat(200), balanced: fc.boolean() });
  fc.assert(
    fc.property(
      fc.uniqueArray(ship, { maxLength: 30, selector: (s) => s.n }),
      fc.nat(120),
      fc.boolean(),
      (ships, unnamed, all) => {
        fc.pre(ships.length + unnamed > 0);
        const of = ({ balanced }: { balanced: boolean }) => (balanced ? "nlb" : "relayed");
        const requirements = wish({
          ships: {
            count: ships.length + unnamed,
            amesInbound: of({ balanced: all }),
            ...(ships.length === 0 ? {} : { named: ships.map((s) => named([s.n], { amesInbound: of(s) })[0]) }),
          },
          customers: 2,
        });
        const { stacks } = build(requirements, "eks");
        const listeners = stacks.map((s) => s.architecture.ships.filter((l) => l.ames.inbound === "nlb").length);
        expect(amesBalancers(requirements)).toBe(listeners.filter((n) => n > 0).length);
        expect(shipsBehindBalancers(requirements)).toBe(listeners.reduce((a, b) => a + b, 0));
        for (const { architecture } of stacks)
          expect(architecture.cluster!.amesLoadBalancers !== undefined).toBe(listeners.some((n) => n > 0));
      },
    ),
    { numRuns: 25 },
  );
});

test("every lock records from where its load balancer asks, and nobody's does without a ship behind one", () => {
  const { stacks } = build(wish({ ships: { count: 60, named: named([1], behind()) } }), "eks");
  expect(stacks.length).toBeGreaterThan(1);
  const publicCidrs = ["10.0.128.0/24", "10.0.129.0/24", "10.0.130.0/24"];
  for (const { architecture } of stacks) expect(architecture.cluster!.amesLoadBalancers).toEqual({ publicCidrs });
  expect(build(wish({ ships: { count: 3 } }), "eks").stacks[0]!.architecture.cluster).not.toHaveProperty(
    "amesLoadBalancers",
  );
});

test("a ship keeps its port whoever joins, leaves or is named before it; a galaxy has its number's", () => {
  const ports = (files: Files, ids: number[]) => {
    const ships = [{ name: galaxy(42), key: { secret: "g" }, ...behind() }, ...named(ids, behind())];
    const result = write(wish({ ships: { named: ships }, customers: 1 }), "eks", files, { force: true });
    expect(result.problems).toEqual([]);
    return { after: result.after, of: new Map(shipsOf(result).map((s) => [s.id, s.ames.port])) };
  };
  const first = ports(new Map(), [1, 2, 3, 4]);
  expect([...first.of.values()].sort()).toEqual([13337 + 42, 34344, 34345, 34346, 34347]);
  const second = ports(first.after, [9, 4, 3, 8, 1]);
  for (const [id, port] of second.of) if (first.of.has(id)) expect(port).toBe(first.of.get(id));
  expect(new Set(second.of.values()).size).toBe(second.of.size);
});

test("what other cells' load balancers stand on stays when the last ship behind one is relayed", () => {
  const first = write(wish({ ships: { named: named([1], behind()) } }), "eks", new Map());
  const after = write(wish({ ships: { named: named([1]) } }), "eks", first.after, { force: true });
  expect(after.problems).toEqual([]);
  expect(shipsOf(after)[0]!.ames).toEqual({ inbound: "relayed", port: 34343 });
  expect(after.stacks[0]!.architecture.cluster!.amesLoadBalancers).toBeDefined();
});

test("a lock with two ships on one port of a load balancer, or with a way in that is not built, is refused", () => {
  const { architecture } = build(wish({ ships: { named: named([1, 2], behind()) } }), "eks").stacks[0]!;
  expect(parseArchitecture(architecture, null).problems).toEqual([]);
  const edited = (change: (a: typeof architecture) => void) => {
    const copy = structuredClone(architecture);
    change(copy);
    return parseArchitecture(copy, null).problems.map((p) => `${p.path}: ${p.received}`);
  };
  const [one, two] = architecture.ships;
  expect(edited((a) => (a.ships[1]!.ames.port = one!.ames.port))).toEqual([
    `ships: ${one!.ames.port}, which is ${one!.id}'s too`,
  ]);
  expect(edited((a) => (a.ships[1]!.ames.inbound = "hostport"))).toEqual(['ships[1].ames.inbound: "hostport"']);
  expect(edited((a) => delete a.cluster!.amesLoadBalancers)).toEqual([
    'ships[0].ames.inbound: "nlb"',
    'ships[1].ames.inbound: "nlb"',
  ]);
  expect(two!.ames.port).not.toBe(one!.ames.port);
});
