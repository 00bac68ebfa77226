// What must hold over any history of re-plans, not only over the ones somebody thought of.
import fc from "fast-check";
import { MAX_SHIPS_PER_CELL } from "../../../planner/predicates";
import { build, type Files, homeOf, named, planet, type Shape, shipsOf, wish, write, ZONES } from "./fixtures";
import { isPlaceholder, type LockedShip, parseStackFile } from "../../../planner/architecture";

const shapes: Shape[] = ["eks", "doks", "multi-vps", "vps-aws", "groundseg", "existing-cluster"];
const shape = fc.constantFrom(...shapes);

interface Step {
  named: number[];
  unnamed: number;
}
const step: fc.Arbitrary<Step> = fc
  .record({ named: fc.uniqueArray(fc.nat(40), { maxLength: 22 }), unnamed: fc.nat(15) })
  .filter((s) => s.named.length + s.unnamed > 0);

const wishOf = (s: Step, more: Record<string, unknown> = {}) =>
  wish({
    ships: { count: s.named.length + s.unnamed, ...(s.named.length > 0 ? { named: named(s.named) } : {}) },
    customers: 3,
    ...more,
  });

const locks = (files: Files): LockedShip[] =>
  [...files].flatMap(([f, text]) => parseStackFile(f, text).architecture?.ships ?? []);

test("over any history of adding, removing, renaming and re-ordering, ships keep their place and cells their bound", () => {
  fc.assert(
    fc.property(shape, fc.array(step, { minLength: 2, maxLength: 4 }), (mode, steps) => {
      let files: Files = new Map();
      const gone = new Set<number>();
      const seen = new Set<number>();
      for (const s of steps) {
        // A name that left is blocked until a clean stop is recorded, which no re-plan does.
        const now = { ...s, named: s.named.filter((n) => !gone.has(n)) };
        if (now.named.length + now.unnamed === 0) continue;
        for (const n of seen) if (!now.named.includes(n)) gone.add(n);
        now.named.forEach((n) => seen.add(n));
        const before = new Map(locks(files).map((l) => [l.id, l]));
        const result = write(wishOf(now), mode, files, { force: true });
        expect(result.problems).toEqual([]);
        const ships = shipsOf(result);
        expect(ships).toHaveLength(now.named.length + now.unnamed);
        expect(new Set(ships.map((l) => l.id)).size).toBe(ships.length);
        // A ship planned by count leaves a shared host that the plan has no use for any more: nothing of it exists.
        const keeps = (l: LockedShip) => before.has(l.id) && !(mode === "groundseg" && isPlaceholder(l.id));
        for (const l of ships.filter(keeps)) expect(homeOf(l)).toEqual(homeOf(before.get(l.id)!));
        for (const { architecture } of result.stacks)
          expect(architecture.ships.length).toBeLessThanOrEqual(MAX_SHIPS_PER_CELL);
        files = result.after;
        expect(new Set(locks(files).map((l) => l.id))).toEqual(new Set(ships.map((l) => l.id)));
        for (const [f, text] of files) expect(parseStackFile(f, text).problems).toEqual([]);
      }
    }),
    { numRuns: 15 },
  );
});

test("the order in which ships are written down moves nobody that has a place", () => {
  fc.assert(
    fc.property(shape, fc.uniqueArray(fc.nat(60), { minLength: 2, maxLength: 30 }), (mode, ids) => {
      const before = write(wishOf({ named: ids, unnamed: 0 }), mode);
      const after = build(wishOf({ named: [...ids].reverse(), unnamed: 0 }), mode, before.after);
      expect(shipsOf(after)).toEqual(shipsOf(before));
    }),
    { numRuns: 15 },
  );
});

test("the same input gives the same bytes, and writing again changes nothing", () => {
  fc.assert(
    fc.property(shape, step, (mode, s) => {
      const [a, b] = [write(wishOf(s), mode), write(wishOf(s), mode)];
      expect([...a.after]).toEqual([...b.after]);
      const again = write(wishOf(s), mode, a.after);
      expect([again.problems, again.writes, again.diff.flatMap((d) => d.entries)]).toEqual([[], [], []]);
    }),
    { numRuns: 15 },
  );
});

test("ships are balanced over the zones of every cell of a new fleet", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), (n) => {
      for (const { architecture } of build(wish({ ships: { count: n } }), "eks").stacks) {
        const tally = ZONES.map((z) => architecture.ships.filter((s) => s.zone === z).length);
        expect(Math.max(...tally) - Math.min(...tally)).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 15 },
  );
});

test("whatever mode is forced next, a ship that may have booted stays where it is or nothing is written", () => {
  fc.assert(
    fc.property(shape, shape, step, step, (from, to, first, next) => {
      const before = write(wishOf(first), from);
      const result = write(wishOf(next), to, before.after, { force: true });
      const was = new Map(
        shipsOf(before)
          .filter((s) => !isPlaceholder(s.id))
          .map((s) => [s.id, s]),
      );
      if (result.writes.length === 0) return;
      const lockOf = (r: typeof result) => [
        r.stacks[0]!.architecture.mode,
        r.stacks[0]!.architecture.provider,
        r.stacks[0]!.architecture.region,
      ];
      for (const s of shipsOf(result).filter((l) => was.has(l.id))) {
        expect(homeOf(s)).toEqual(homeOf(was.get(s.id)!));
        expect(lockOf(result)).toEqual(lockOf(before));
      }
      // Nor is one forgotten: it is there, or its tombstone is.
      const known = new Set(
        result.stacks.flatMap((s) => [...s.architecture.ships, ...s.architecture.tombstones]).map((x) => x.id),
      );
      for (const id of was.keys()) expect(known.has(id)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test("a ship that gets a name takes the place of one planned by count", () => {
  fc.assert(
    fc.property(shape, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), (mode, count, names) => {
      const k = Math.min(count, names);
      const before = write(wish({ ships: { count }, customers: 3 }), mode);
      const places = shipsOf(before).map((s) => JSON.stringify({ cell: s.cell, zone: s.zone, port: s.ames.port }));
      const after = build(
        wishOf({ named: Array.from({ length: k }, (_, i) => i), unnamed: count - k }),
        mode,
        before.after,
      );
      expect(after.problems).toEqual([]);
      expect(after.stacks.flatMap((s) => s.architecture.tombstones)).toEqual([]);
      expect(
        shipsOf(after)
          .map((s) => JSON.stringify({ cell: s.cell, zone: s.zone, port: s.ames.port }))
          .sort(),
      ).toEqual(places.sort());
      expect(
        shipsOf(after)
          .filter((s) => s.name !== null)
          .map((s) => s.name)
          .sort(),
      ).toEqual(Array.from({ length: k }, (_, i) => planet(i)).sort());
    }),
    { numRuns: 15 },
  );
});
