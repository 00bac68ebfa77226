import fc from "fast-check";
import { NodeMix, spread } from "../../planner/plan/node-mix";

/** Every multiset of machines up to n of each, tried. */
function bruteForce(options: { ships: number; monthly: number }[], n: number): number {
  const search = (i: number, left: number): number => {
    if (left <= 0) return 0;
    if (i === options.length) return Infinity;
    const { ships, monthly } = options[i]!;
    let best = Infinity;
    const most = ships > 0 ? Math.ceil(left / ships) : 0;
    for (let k = 0; k <= most; k++) best = Math.min(best, k * monthly + search(i + 1, left - k * ships));
    return best;
  };
  return search(0, n);
}

const option = fc.record({ ships: fc.integer({ min: 0, max: 9 }), cents: fc.integer({ min: 1, max: 900 }) });

test("the mix costs what trying every combination finds, on any small case", () => {
  fc.assert(
    fc.property(fc.array(option, { minLength: 1, maxLength: 5 }), fc.integer({ min: 0, max: 18 }), (raw, n) => {
      const options = raw.map((o, i) => ({ name: `t${i}`, ships: o.ships, monthly: o.cents / 100 }));
      const mix = new NodeMix(options).cover(n);
      const expected = bruteForce(options, n);
      if (mix === null) return expected === Infinity;
      const held = mix.machines.reduce((sum, name) => sum + options.find((o) => o.name === name)!.ships, 0);
      const paid = mix.machines.reduce((sum, name) => sum + options.find((o) => o.name === name)!.monthly, 0);
      expect(mix.cost).toBeCloseTo(expected, 6);
      expect(paid).toBeCloseTo(mix.cost, 6);
      expect(held).toBeGreaterThanOrEqual(n);
      return true;
    }),
    { numRuns: 500 },
  );
});

test("one solver asked in any order answers as fresh ones do", () => {
  const options = [
    { name: "a", ships: 3, monthly: 2 },
    { name: "b", ships: 7, monthly: 4.1 },
  ];
  const shared = new NodeMix(options);
  for (const n of [40, 3, 17, 0, 41]) expect(shared.cover(n)).toEqual(new NodeMix(options).cover(n));
});

test("no option that holds a ship means no mix", () => {
  expect(new NodeMix([{ name: "tiny", ships: 0, monthly: 1 }]).cover(1)).toBeNull();
});

test("ships spread over zones differ by one at most and lose none", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 6 }), (n, zones) => {
      const parts = spread(n, zones);
      expect(parts.reduce((a, b) => a + b, 0)).toBe(n);
      expect(Math.max(...parts) - Math.min(...parts)).toBeLessThanOrEqual(1);
    }),
  );
});
