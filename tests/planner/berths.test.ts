// Ships on hosts that hold several: nobody beyond their room, one customer's ships apart from each other, nobody moved.
import fc from "fast-check";
import { type Berth, moor, type Mooring } from "../../planner/plan/berths";

const GIB = 1024;
const berth = fc.record({
  domain: fc.constantFrom("a", "b", "c"),
  memoryMiB: fc.integer({ min: 1, max: 40 }).map((n) => n * GIB),
  diskGiB: fc.integer({ min: 10, max: 400 }),
  ships: fc.integer({ min: 1, max: 12 }),
});
const berths = fc
  .array(berth, { minLength: 1, maxLength: 6 })
  .map((list) => list.map((b, i) => ({ ...b, name: `h${i}` })));
const fleet = (one: { memoryMiB: fc.Arbitrary<number>; diskGiB: fc.Arbitrary<number> }) =>
  fc
    .array(fc.record({ customer: fc.constantFrom("acme", "beta", "gamma"), ...one }), { maxLength: 40 })
    .map((list) => list.map((s, i) => ({ ...s, id: `s${i}` })));
const mixed = fleet({
  memoryMiB: fc.constantFrom(1, 2, 4, 8).map((n) => n * GIB),
  diskGiB: fc.constantFrom(10, 20, 80),
});
const alike = fleet({ memoryMiB: fc.constant(4 * GIB), diskGiB: fc.constant(20) });

const total = (ships: readonly Mooring[], of: (s: Mooring) => number) => ships.reduce((sum, s) => sum + of(s), 0);
const holds = (b: Berth, ships: readonly Mooring[]) =>
  ships.length <= b.ships &&
  total(ships, (s) => s.memoryMiB) <= b.memoryMiB &&
  total(ships, (s) => s.diskGiB) <= b.diskGiB;
const on = (name: string, ships: readonly Mooring[], places: ReadonlyMap<string, string>) =>
  ships.filter((s) => places.get(s.id) === name);

test("no host takes more than its memory, its disk or its number of ships, and nobody is left whom one has room for", () => {
  fc.assert(
    fc.property(mixed, berths, (ships, hosts) => {
      const { places, left } = moor(ships, hosts);
      expect(places.size + left.length).toBe(ships.length);
      for (const h of hosts) expect(holds(h, on(h.name, ships, places))).toBe(true);
      for (const s of left) for (const h of hosts) expect(holds(h, [...on(h.name, ships, places), s])).toBe(false);
    }),
  );
});

test("who is aboard stays aboard, and the room they fill is nobody else's", () => {
  fc.assert(
    fc.property(mixed, mixed, berths, (first, then, hosts) => {
      const before = moor(first, hosts).places;
      const aboard = first.flatMap((ship) => (before.has(ship.id) ? [{ ship, host: before.get(ship.id)! }] : []));
      const fresh = then.map((s) => ({ ...s, id: `new-${s.id}` }));
      const { places } = moor(fresh, hosts, aboard);
      expect([...places.keys()].every((id) => id.startsWith("new-"))).toBe(true);
      for (const h of hosts) expect(holds(h, [...on(h.name, first, before), ...on(h.name, fresh, places)])).toBe(true);
    }),
  );
});

test("a customer's ships differ between two domains by more than one only where the emptier one is full", () => {
  fc.assert(
    fc.property(alike, berths, (ships, hosts) => {
      const { places } = moor(ships, hosts);
      const full = (domain: string) =>
        hosts
          .filter((h) => h.domain === domain)
          .every((h) => !holds(h, [...on(h.name, ships, places), { ...ships[0]!, id: "one more" }]));
      const domains = [...new Set(hosts.map((h) => h.domain))];
      for (const customer of new Set(ships.map((s) => s.customer))) {
        const mine = ships.filter((s) => s.customer === customer);
        const count = (domain: string) =>
          mine.filter((s) => hosts.find((h) => h.name === places.get(s.id))?.domain === domain).length;
        for (const a of domains)
          for (const b of domains) if (count(a) > count(b) + 1) expect([b, full(b)]).toEqual([b, true]);
      }
    }),
  );
});

test("in one domain the host with the most memory left in proportion is taken, by each ship's own memory", () => {
  const hosts = [
    { name: "small", domain: "rack", memoryMiB: 16 * GIB, diskGiB: 1000, ships: 20 },
    { name: "large", domain: "rack", memoryMiB: 32 * GIB, diskGiB: 1000, ships: 20 },
  ];
  const ships = [8, 8, 8, 2, 2, 2].map((gib, i) => ({
    id: `${i}`,
    customer: "acme",
    memoryMiB: gib * GIB,
    diskGiB: 20,
  }));
  const { places } = moor(ships, hosts);
  const memory = (name: string) => total(on(name, ships, places), (s) => s.memoryMiB) / GIB;
  expect([memory("small"), memory("large")]).toEqual([10, 20]);
});

test("where only tight stowing leaves room for all of them, they are stowed tightly", () => {
  const room = { memoryMiB: 8 * GIB, diskGiB: 1000, ships: 20 };
  const hosts = [
    { name: "one", domain: "a", ...room },
    { name: "two", domain: "b", ...room },
  ];
  const ships = [4, 4, 3, 3, 2].map((gib, i) => ({ id: `${i}`, customer: "acme", memoryMiB: gib * GIB, diskGiB: 20 }));
  const { places, left } = moor(ships, hosts);
  expect(left).toEqual([]);
  expect(on("one", ships, places).map((s) => s.memoryMiB / GIB)).toEqual([4, 4]);
});

test("the same ships and hosts give the same places", () => {
  fc.assert(
    fc.property(mixed, berths, (ships, hosts) => {
      expect([...moor(ships, hosts).places]).toEqual([...moor(structuredClone(ships), structuredClone(hosts)).places]);
    }),
  );
});
