import { codes, type Files, homeOf, named, planet, ship, wish, withRunState, write, build } from "./fixtures";
import { parseStackFile, writeStackFile } from "../../../planner/architecture";

const fleet = (ids: number[], more: Record<string, unknown> = {}) => wish({ ships: { named: named(ids) }, ...more });
const idOf = (n: number): string => planet(n).slice(1);

describe("a claimed ship moves by `ship move` only, whatever flag is given", () => {
  const before = write(fleet([1, 2, 3]), "eks").after;

  test.each(["doks", "multi-vps", "vps-aws", "existing-cluster"] as const)("not to %s, not with --force", (shape) => {
    const result = write(fleet([1, 2, 3]), shape, before, { force: true });
    expect(codes(result)).toEqual(["claimed"]);
    expect(result.writes).toEqual([]);
    for (const p of result.problems) expect(p.fix).toContain("roadstead ship move");
  });

  test("a ship without run state counts as claimed: unknown is not no", () => {
    expect(codes(write(fleet([1]), "doks", write(fleet([1]), "eks").after, { force: true }))).toEqual(["claimed"]);
  });

  test("a ship recorded as unclaimed may be placed anew with --force", () => {
    const free = withRunState(
      before,
      "Pulumi.prod.yaml",
      Object.fromEntries([1, 2, 3].map((n) => [idOf(n), { claim: "unclaimed", firstBoot: "never" }])),
    );
    expect(codes(write(fleet([1, 2, 3]), "doks", free, { force: true }))).toEqual([]);
    expect(codes(write(fleet([1, 2, 3]), "doks", free))).toEqual(["different-decision"]);
  });

  test("a ship whose first boot was started is claimed, whatever its claim says", () => {
    const started = withRunState(
      before,
      "Pulumi.prod.yaml",
      Object.fromEntries(
        [1, 2, 3].map((n) => [idOf(n), { claim: "unclaimed", firstBoot: n === 2 ? "started" : "never" }]),
      ),
    );
    const { problems } = write(fleet([1, 2, 3]), "doks", started, { force: true });
    expect(new Set(problems.map((p) => p.path.split(".")[0]))).toEqual(new Set([planet(2)]));
  });

  test("its volume never shrinks, its fake flag and its namespace never change", () => {
    const small = wish({ ships: { named: named([1, 2, 3]), diskGiB: 10 } });
    expect(
      write(small, "eks", before, { force: true })
        .problems.map((p) => p.path)
        .sort(),
    ).toEqual([1, 2, 3].map((n) => `${planet(n)}.diskGiB`).sort());
    const fake = wish({ ships: { named: [1, 2, 3].map((n) => ({ name: planet(n), fake: true })) } });
    expect(codes(write(fake, "eks", before, { force: true }))).toEqual(["claimed"]);
    const sold = wish({ ships: { named: named([1, 2, 3], { customer: "someone-else" }) } });
    expect(codes(write(sold, "eks", before, { force: true }))).toEqual(["claimed"]);
    expect(codes(write(wish({ ships: { named: named([1, 2, 3]), diskGiB: 40 } }), "eks", before))).toEqual([]);
  });

  test("its loom never shrinks, not even after it left and came back; it may grow", () => {
    const loom = (n: number) => wish({ ships: { named: named([1, 2]), loom: n } });
    const large = write(loom(32), "eks").after;
    const paths = (files: Files) => write(loom(31), "eks", files, { force: true }).problems.map((p) => p.path);
    expect(paths(large).sort()).toEqual([1, 2].map((n) => `${planet(n)}.loom`).sort());
    expect(write(loom(33), "eks", large).problems).toEqual([]);
    const left = write(wish({ ships: { named: named([1]), loom: 32 } }), "eks", large).after;
    const stopped = withRunState(left, "Pulumi.prod.yaml", { [idOf(2)]: { cleanStopEvent: 7 } });
    expect(paths(stopped)).toContain(`${planet(2)}.loom`);
  });

  test("one that may have booted here is not imported: the pier here may be newer; nor is its key taken away first", () => {
    const word = { sourceStoppedForGood: true, atEvent: 100, by: "Ada" };
    const bringing = (more: Record<string, unknown>) => wish({ ships: { named: [{ name: planet(1), ...more }] } });
    const keyed = write(fleet([1]), "eks").after;
    for (const [more, path] of [
      [{ imported: word }, "imported"],
      [{}, "key"],
    ] as const) {
      const result = write(bringing(more), "eks", keyed, { force: true });
      expect(result.problems.map((p) => p.path)).toEqual([`${planet(1)}.${path}`]);
      expect(result.writes).toEqual([]);
      expect(codes(write(bringing(more), "eks", keyed, { neverDeployed: true }))).toEqual([]);
    }
    // Without a key it was never started: `up` refuses it.
    const keyless = write(bringing({}), "eks").after;
    expect(codes(write(bringing({ imported: word }), "eks", keyless))).toEqual([]);
  });

  test("ships planned by count are never claimed", () => {
    const counted = write(wish({ ships: { count: 20 } }), "eks").after;
    expect(codes(write(wish({ ships: { count: 20 } }), "doks", counted, { force: true }))).toEqual([]);
  });
});

describe("the attestation that nothing was ever deployed", () => {
  const before = write(fleet([1, 2]), "eks").after;

  test("frees ships nothing is known of", () => {
    expect(codes(write(fleet([1, 2]), "doks", before, { force: true, neverDeployed: true }))).toEqual([]);
    expect(write(fleet([1]), "eks", before, { neverDeployed: true }).stacks[0]!.architecture.tombstones).toEqual([]);
  });

  test("is refused where a ship is recorded as claimed, sealed or imported", () => {
    const claimed = withRunState(before, "Pulumi.prod.yaml", { [idOf(1)]: {} });
    expect(codes(write(fleet([1, 2]), "doks", claimed, { force: true, neverDeployed: true }))).toEqual([
      "attestation",
      "claimed",
    ]);
    const imported = write(wish({ ships: { named: [{ name: planet(1), imported: true }] } }), "eks").after;
    expect(codes(write(fleet([1]), "eks", imported, { neverDeployed: true }))).toContain("attestation");
  });
});

describe("a ship that leaves", () => {
  const before = write(fleet([1, 2, 3]), "eks").after;
  const was = ship(build(fleet([1, 2, 3]), "eks"), planet(2))!;
  const left = write(fleet([1, 3]), "eks", before);

  test("leaves a tombstone with the place of its volume", () => {
    expect(left.problems).toEqual([]);
    expect(left.stacks[0]!.architecture.tombstones).toEqual([
      {
        id: was.id,
        name: planet(2),
        cell: "c1",
        zone: was.zone,
        host: null,
        tenant: was.tenant,
        diskGiB: 20,
        loom: 31,
        cleanStopEvent: null,
        claim: "unknown",
      },
    ]);
  });

  test("blocks its name in the same stack until a clean stop is recorded, and returns to its volume sealed", () => {
    expect(codes(write(fleet([1, 2, 3]), "eks", left.after, { force: true }))).toEqual(["held"]);
    const stopped = withRunState(left.after, "Pulumi.prod.yaml", { [was.id]: { cleanStopEvent: 4711 } });
    const back = write(fleet([1, 2, 3]), "eks", stopped);
    expect(back.problems).toEqual([]);
    const now = ship(back, planet(2))!;
    expect(homeOf(now)).toEqual(homeOf(was));
    expect([now.sealed, now.key, back.stacks[0]!.architecture.tombstones]).toEqual([true, null, []]);
  });

  test("blocks its name in every other environment too", () => {
    const elsewhere = wish({ environment: "staging", ships: { named: named([2]) } });
    expect(codes(write(elsewhere, "eks", left.after, { force: true }))).toEqual(["held"]);
  });

  test("comes back to its own volume as it was: no smaller disk, no other customer", () => {
    const stopped = withRunState(left.after, "Pulumi.prod.yaml", { [was.id]: { cleanStopEvent: 4711 } });
    for (const [change, path] of [
      [{ diskGiB: 10 }, "diskGiB"],
      [{ customer: "someone-else" }, "customer"],
    ] as const) {
      const back = wish({ ships: { named: [...named([1, 3]), ...named([2], change)] } });
      expect(write(back, "eks", stopped, { force: true }).problems.map((p) => p.path)).toEqual([
        `${planet(2)}.${path}`,
      ]);
    }
    const hosted = write(fleet([1, 2, 3]), "vps-aws").after;
    const gone = withRunState(write(fleet([1, 3]), "vps-aws", hosted).after, "Pulumi.prod.yaml", {
      [was.id]: { cleanStopEvent: 4711 },
    });
    expect(write(fleet([1, 2, 3]), "vps-aws", gone).problems).toEqual([]);
  });

  test("its volume still counts in its customer's quota, and its namespace stays", () => {
    const gone = write(
      wish({ ships: { named: named([3], { customer: "b" }) } }),
      "eks",
      write(
        wish({ ships: { named: [...named([1], { customer: "a" }), ...named([3], { customer: "b" })] }, customers: 2 }),
        "eks",
      ).after,
    );
    const tenants = gone.stacks[0]!.architecture.tenants;
    expect(tenants.map((t) => [t.customer, t.quota.ships, t.quota.storageGiB]).sort()).toEqual([
      ["a", 0, 20],
      ["b", 1, 20],
    ]);
  });

  test("a ship planned by count leaves nothing", () => {
    const counted = write(wish({ ships: { count: 9 } }), "eks").after;
    expect(write(wish({ ships: { count: 4 } }), "eks", counted).stacks[0]!.architecture.tombstones).toEqual([]);
  });
});

describe("a ship that was stopped in one stack and goes on in another", () => {
  const id = idOf(2);
  const left = write(fleet([1]), "eks", write(fleet([1, 2]), "eks").after).after;
  const stopped = withRunState(left, "Pulumi.prod.yaml", { [id]: { cleanStopEvent: 4711 } });
  const elsewhere = (environment: string, ships: Record<string, unknown>[]) =>
    wish({ environment, ships: { named: ships } });
  const pier = { name: planet(2), imported: true };

  test("never boots with its key again: only its pier, declared as imported, may", () => {
    for (const ships of [named([2]), [{ name: planet(2) }]]) {
      const result = write(elsewhere("dev", ships), "eks", stopped, { force: true });
      expect([codes(result), result.writes]).toEqual([["held"], []]);
      expect(result.problems[0]!.fix).toContain("imported: true");
    }
    expect(write(elsewhere("dev", [pier]), "eks", stopped).problems).toEqual([]);
  });

  test("is attested at the event of that stop or a later one", () => {
    const at = (atEvent: number) => [{ name: planet(2), imported: { sourceStoppedForGood: true, atEvent } }];
    const older = write(elsewhere("dev", at(4710)), "eks", stopped, { force: true });
    expect([codes(older), older.writes]).toEqual([["held"], []]);
    expect(older.problems[0]!.received).toContain("event 4711");
    expect(write(elsewhere("dev", at(4711)), "eks", stopped).problems).toEqual([]);
  });

  test("never comes back to the older volume it left, whether it lives elsewhere, left, or was stopped there", () => {
    const there = write(elsewhere("dev", [pier]), "eks", stopped).after;
    const removed = write(elsewhere("dev", named([9])), "eks", there).after;
    const stoppedThere = withRunState(removed, "Pulumi.dev.yaml", { [id]: { cleanStopEvent: 9000 } });
    for (const files of [there, removed, stoppedThere])
      for (const ships of [named([1, 2]), [...named([1]), pier]])
        expect(write(wish({ ships: { named: ships } }), "eks", files, { force: true })).toMatchObject({
          writes: [],
          problems: [{ code: "held" }],
        });
    expect(write(fleet([1, 2]), "eks", stoppedThere).problems[0]!.fix).toContain("roadstead ship move");
    // A third environment may take the pier of the last stop.
    expect(write(elsewhere("staging", [pier]), "eks", stoppedThere).problems).toEqual([]);
    // Not one between the two stops, in whatever order the locks are read.
    const between = { name: planet(2), imported: { sourceStoppedForGood: true, atEvent: 5000 } };
    for (const files of [stoppedThere, new Map([...stoppedThere].reverse())]) {
      const older = write(elsewhere("staging", [between]), "eks", files);
      expect(older).toMatchObject({ writes: [], problems: [{ code: "held" }] });
      expect(older.problems[0]!.received).toContain("event 9000");
    }
  });

  test("stays where it went: later plans there keep it", () => {
    const there = write(elsewhere("dev", [pier]), "eks", stopped).after;
    expect(write(elsewhere("dev", [pier, ...named([9])]), "eks", there).problems).toEqual([]);
  });
});

describe("a @p belongs to one stack", () => {
  const prod = write(fleet([1, 2]), "eks").after;

  test("another environment's lock that holds it refuses it, in any of its cells", () => {
    const many = write(fleet(Array.from({ length: 30 }, (_, i) => i)), "eks").after;
    for (const n of [0, 29]) {
      const result = write(wish({ environment: "staging", ships: { named: named([n]) } }), "multi-vps", many, {
        force: true,
      });
      expect(codes(result)).toEqual(["held"]);
      expect(result.problems[0]!.message).toContain(planet(n));
    }
  });

  test("a fake ship is no second copy", () => {
    const dev = wish({ environment: "dev", ships: { named: [{ name: planet(1), fake: true }] } });
    expect(codes(write(dev, "eks", prod))).toEqual([]);
  });

  test("a lock that cannot be read may hold it, so nothing is written", () => {
    const broken = new Map(prod).set(
      "Pulumi.prod.yaml",
      prod.get("Pulumi.prod.yaml")!.replace('mode: "eks"', 'mode: "moon"'),
    );
    const result = write(wish({ environment: "staging", ships: { named: named([9]) } }), "eks", broken);
    expect(codes(result)).toEqual(["invalid"]);
  });

  test("a cell's lock that is missing is asked for, not planned around", () => {
    const many = write(fleet(Array.from({ length: 30 }, (_, i) => i)), "eks").after;
    many.delete("Pulumi.prod-c2.yaml");
    const result = write(fleet([1]), "eks", many, { force: true });
    expect(result.problems.map((p) => [p.code, p.file])).toContainEqual(["invalid", "Pulumi.prod-c2.yaml"]);
  });
});

test("what was attested of an imported ship survives a re-plan that only says that it is imported", () => {
  const attestation = { sourceStoppedForGood: true, atEvent: 4711, by: "the owner of ~zod" };
  const recorded = write(wish({ ships: { named: [{ name: planet(1), imported: attestation }] } }), "eks").after;
  const again = write(wish({ ships: { named: [{ name: planet(1), imported: true }] } }), "eks", recorded);
  expect(ship(again, planet(1))).toMatchObject({ imported: true, attestation });
});

test("sealed and imported survive a re-plan, and a sealed ship's key is no longer declared", () => {
  const wished = wish({ ships: { named: [...named([1, 2]), { name: planet(3), imported: true }] } });
  const first = write(wished, "eks").after;
  const lock = parseStackFile("Pulumi.prod.yaml", first.get("Pulumi.prod.yaml")!);
  for (const s of lock.architecture!.ships) if (s.name === planet(1)) Object.assign(s, { sealed: true, key: null });
  const sealed = new Map(first).set(
    "Pulumi.prod.yaml",
    writeStackFile(first.get("Pulumi.prod.yaml")!, {
      architecture: lock.architecture!,
      requirementsDigest: lock.requirementsDigest!,
    }),
  );
  const forgotten = wish({ ships: { named: [...named([1, 2]), { name: planet(3), key: { secret: "k" } }] } });
  const result = write(forgotten, "eks", sealed);
  expect(result.problems).toEqual([]);
  expect([1, 2, 3].map((n) => ship(result, planet(n))!).map((s) => [s.sealed, s.imported, s.key])).toEqual([
    [true, false, null],
    [false, false, { secret: "key-2" }],
    [false, true, { secret: "k" }],
  ]);
});
