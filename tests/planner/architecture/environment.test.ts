import { environmentProblems } from "../../../planner/architecture";
import { codes, type Files, named, parsed, planet, shipsOf, tampered, wish, write } from "./fixtures";

const ids = Array.from({ length: 60 }, (_, i) => i);
const many = write(wish({ ships: { named: named(ids) } }), "eks");
const [PROD, C2, C3] = ["Pulumi.prod.yaml", "Pulumi.prod-c2.yaml", "Pulumi.prod-c3.yaml"] as const;
const without = (files: Files, file: string): Files => new Map([...files].filter(([f]) => f !== file));
const writes = {
  prod: (files: Files) => write(wish({ ships: { named: named(ids) } }), "eks", files, { force: true }),
  staging: (files: Files) =>
    write(wish({ environment: "staging", ships: { named: named([99]) } }), "multi-vps", files, { force: true }),
};

describe("locks of one environment that do not belong together block every write, of any environment", () => {
  const cases: [string, () => Files, string][] = [
    ["a cell's file is missing", () => without(many.after, C2), C2],
    ["a cell's file has no lock", () => new Map(many.after).set(C3, "config:\n  aws:region: us-west-2\n"), C3],
    ["the platform's file is missing", () => without(many.after, PROD), PROD],
    [
      "a cell's file is there that the platform does not list",
      () => {
        const few = write(wish({ ships: { named: named(ids.slice(0, 30)) } }), "eks").after;
        return new Map(few).set(C3, many.after.get(C3)!);
      },
      C3,
    ],
    [
      "the platform counts other ships in a cell than its file records",
      () => tampered(many.after, PROD, (a) => void (a.cells[1]!.ships -= 1)),
      PROD,
    ],
    [
      "two cells hold the same ship",
      () =>
        tampered(many.after, C3, (a) => {
          const twin = many.stacks[1]!.architecture.ships[0]!;
          a.ships[0] = { ...twin, cell: a.cell, tenant: a.ships[0]!.tenant };
        }),
      C3,
    ],
    [
      "a cell holds a ship that another's tombstone keeps a volume of",
      () =>
        tampered(many.after, C3, (a) => {
          const { id, name, zone, host, tenant, diskGiB } = many.stacks[1]!.architecture.ships[0]!;
          a.tombstones.push({ id, name, zone, host, tenant, diskGiB, cell: a.cell, cleanStopEvent: 7 });
        }),
      C3,
    ],
    [
      "a ship left two tombstones, of which one may be older",
      () =>
        tampered(many.after, C3, (a) => {
          const [name, tenant] = [planet(500), a.ships[0]!.tenant];
          for (const cleanStopEvent of [7, 8])
            a.tombstones.push({
              id: name.slice(1),
              name,
              cell: a.cell,
              zone: null,
              host: null,
              tenant,
              diskGiB: 1,
              cleanStopEvent,
            });
        }),
      C3,
    ],
  ];

  test.each(cases)("%s", (_what, files, file) => {
    for (const attempt of [writes.prod, writes.staging]) {
      const result = attempt(files());
      expect([result.writes, result.exit, codes(result)]).toEqual([[], 2, ["invalid"]]);
      expect(result.problems.map((p) => p.file)).toContain(file);
      expect(result.problems[0]!.fix).toContain("Restore");
    }
    expect(environmentProblems(parsed(files()).values()).map((p) => p.file)).toContain(file);
  });

  test("those that were written together do not", () => {
    expect(environmentProblems(parsed(many.after).values())).toEqual([]);
    expect([writes.prod(many.after).problems, writes.staging(many.after).problems]).toEqual([[], []]);
    expect(shipsOf(many)).toHaveLength(60);
  });

  test("a cell that holds nothing but tombstones is missed too", () => {
    const left = write(wish({ ships: { named: named(ids.slice(0, 30)) } }), "eks", many.after).after;
    const cell = parsed(left).get("prod-c3")!.architecture!;
    expect([cell.ships.length > 0, cell.tombstones.length > 0]).toEqual([false, true]);
    expect(writes.staging(without(left, C3)).problems.map((p) => p.file)).toEqual([C3]);
  });
});
