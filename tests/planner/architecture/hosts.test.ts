// Hosts of a lock: ships spread by memory and failure domain, and what of a host never changes by planning again.
import fc from "fast-check";
import { architectureDigest } from "../../../planner/architecture";
import { HOST_OVERHEAD_GIB } from "../../../planner/plan/modes/machines";
import { plan } from "../../../planner/plan/plan";
import {
  build,
  buildPlanned,
  codes,
  homeOf,
  named,
  planet,
  type Shape,
  ship,
  shipsOf,
  wish,
  write,
  ZONES,
} from "./fixtures";

const host = (name: string, memoryGiB: number, failureDomain?: string, more = {}) => ({
  name,
  memoryGiB,
  diskGiB: 2000,
  monthly: 10,
  ...(failureDomain ? { failureDomain } : {}),
  ...more,
});
const RACKS = [host("r1-a", 32, "rack 1"), host("r1-b", 32, "rack 1"), host("r2-a", 32, "rack 2")];
const of = (ids: number[], customer: string, memoryGiB = 4) => named(ids, { customer, memoryGiB });
const count = <T>(items: readonly T[], key: (item: T) => string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const i of items) counts[key(i)] = (counts[key(i)] ?? 0) + 1;
  return counts;
};

describe("own hosts", () => {
  test("a customer's ships are in both racks as evenly as whole ships allow, and within a rack on both hosts", () => {
    const ships = { named: [...of([1, 2, 3, 4, 5, 6], "acme"), ...of([7, 8, 9], "beta")] };
    const result = build(wish({ ships, customers: 2, existing: { hosts: RACKS } }), "bare-metal");
    const rack = (name: string | null) => RACKS.find((h) => h.name === name)!.failureDomain;
    const placed = shipsOf(result);
    expect(count(placed, (s) => `${s.customer} in ${rack(s.host)}`)).toEqual({
      "acme in rack 1": 3,
      "acme in rack 2": 3,
      "beta in rack 1": 2,
      "beta in rack 2": 1,
    });
    expect(count(placed, (s) => s.host!)).toEqual({ "r1-a": 3, "r1-b": 2, "r2-a": 4 });
  });

  test("without a word on domains each host is its own", () => {
    const hosts = [host("one", 64), host("two", 64)];
    const result = build(wish({ ships: { count: 6 }, existing: { hosts } }), "bare-metal");
    expect(count(shipsOf(result), (s) => s.host!)).toEqual({ one: 3, two: 3 });
  });

  test("who is recorded stays where they are; new ships go where there is most room", () => {
    const hosts = [host("one", 32), host("two", 32)];
    const first = write(
      wish({ ships: { named: named([1, 2]) }, existing: { hosts: hosts.slice(0, 1) } }),
      "bare-metal",
    );
    const then = build(wish({ ships: { named: named([1, 2, 3, 4]) }, existing: { hosts } }), "bare-metal", first.after);
    expect(then.problems).toEqual([]);
    expect([1, 2, 3, 4].map((n) => ship(then, planet(n))!.host)).toEqual(["one", "one", "two", "two"]);
  });

  test("the ships' own memories count: two of 8 GiB and five of 2 GiB fill a host of 28 GiB, and a third large one does not fit", () => {
    const hosts = [host("one", 28)];
    const fleet = (large: number[]) => ({
      ships: { named: [...of(large, "acme", 8), ...of([11, 12, 13, 14, 15], "acme", 2)] },
      platform: "bare-metal",
      existing: { hosts },
    });
    const fits = plan(wish(fleet([1, 2])));
    expect(fits.chosen).toBe("bare-metal/own/own");
    expect(build(wish(fleet([1, 2])), "bare-metal").problems).toEqual([]);
    const rejected = plan(wish(fleet([1, 2, 3]))).candidates.find((c) => c.mode === "bare-metal")!;
    expect(rejected.rejections.map((r) => [r.code, r.have, r.need])).toEqual([["capacity", 4, 8]]);
    expect(codes(build(wish(fleet([1, 2, 3])), "bare-metal"))).toEqual(["capacity"]);
  });

  test.each([
    ["bare-metal", "memory", { memoryGiB: 8 }],
    ["bare-metal", "disk", { diskGiB: 60 }],
    ["hybrid", "memory", { memoryGiB: 8 }],
  ] as [Shape, string, object][])(
    "%s: a machine with less %s than the ships it holds ask for is refused",
    (shape, _, less) => {
      const existing = { hosts: [host("one", 32)] };
      const held = { ships: { named: named(shape === "hybrid" ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1, 2, 3]) }, existing };
      const first = write(wish(held), shape);
      expect(first.problems).toEqual([]);
      expect(codes(build(wish(held), shape, first.after))).toEqual([]);
      for (const force of [false, true]) {
        const shrunk = wish({ ...held, existing: { hosts: [host("one", 32, undefined, less)] } });
        const then = build(shrunk, shape, first.after, { force });
        expect(then.problems.map((p) => [p.code, p.path])).toContainEqual(["capacity", "hosts.one"]);
        expect(then.problems.find((p) => p.path === "hosts.one")!.fix).toMatch(/^Say what the machine has/);
      }
    },
  );

  test("each ship's own disk counts", () => {
    const hosts = [host("one", 64, undefined, { diskGiB: 120 })];
    const fleet = (diskGiB: number) =>
      wish({
        ships: { named: [{ name: planet(1), key: { secret: "k" }, diskGiB }, ...named([2])] },
        existing: { hosts },
      });
    expect(codes(build(fleet(80), "bare-metal"))).toEqual([]);
    expect(codes(build(fleet(90), "bare-metal"))).toEqual(["capacity"]);
  });
});

describe("what a plan counts on, its lock holds", () => {
  const memory = fc.constantFrom(1, 2, 4, 8);
  const customer = fc.constantFrom("acme", "beta");
  const fleet = fc.array(fc.record({ memory, customer }), { minLength: 2, maxLength: 30 });

  test.each(["groundseg", "bare-metal", "hybrid"])(
    "%s, for any mix of memories: no host beyond its memory",
    (platform) => {
      fc.assert(
        fc.property(fleet, (ships) => {
          const hosts = [host("one", 16, "a"), host("two", 24, "b"), host("three", 32, "b")];
          const requirements = wish({
            ships: { named: ships.flatMap((s, i) => of([i + 1], s.customer, s.memory)) },
            customers: 2,
            platform,
            existing: { hosts },
          });
          const planned = plan(requirements);
          if (planned.chosen === null) return;
          const built = buildPlanned(requirements, planned);
          expect(built.problems).toEqual([]);
          const all = shipsOf(built);
          expect(all).toHaveLength(ships.length);
          for (const { architecture } of built.stacks)
            for (const h of architecture.hosts) {
              const aboard = all.filter((s) => s.host === h.name);
              const room = h.kind === "vps" ? h.memoryGiB : h.memoryGiB - HOST_OVERHEAD_GIB;
              expect(aboard.reduce((sum, s) => sum + s.memoryMiB, 0)).toBeLessThanOrEqual(room * 1024);
              if (h.kind === "groundseg") expect(aboard.length).toBeLessThanOrEqual(20);
            }
          const hired = built.stacks.flatMap((s) => s.architecture.hosts).filter((h) => h.provider !== "own");
          const priced = planned.candidates
            .find((c) => c.id === planned.chosen)!
            .nodes.filter((n) => !n.type.startsWith("own:"));
          expect(count(hired, (h) => h.size)).toEqual(
            Object.fromEntries(
              priced.reduce((sizes, n) => sizes.set(n.type, (sizes.get(n.type) ?? 0) + n.count), new Map()),
            ),
          );
        }),
        { numRuns: 25 },
      );
    },
    60_000,
  );

  test("a mix of memories rents less than as many of the largest would", () => {
    const price = (large: number) => {
      const ships = [...of([1, 2], "acme", 8), ...of([3, 4, 5, 6, 7, 8, 9, 10], "acme", large)];
      return plan(
        wish({ ships: { named: ships }, platform: "groundseg", regions: { allowed: ["nyc3"] } }),
      ).candidates.find((c) => c.mode === "groundseg")!.monthly.mid!;
    };
    expect(price(2)).toBeLessThan(price(8));
  });
});

describe("hosts on AWS", () => {
  test("GroundSeg: each customer's ships stand in every zone that has a host", () => {
    const ships = [1, 2, 3].flatMap((c) =>
      of(
        Array.from({ length: 12 }, (_, i) => 100 * c + i),
        `customer ${c}`,
      ),
    );
    const requirements = wish({
      ships: { named: ships },
      customers: 3,
      platform: "groundseg",
      regions: { allowed: ["us-west-2"] },
    });
    const planned = plan(requirements);
    const built = buildPlanned(requirements, planned);
    const hosts = built.stacks.flatMap((s) => s.architecture.hosts);
    const zone = new Map(hosts.map((h) => [h.name, h.zone!]));
    const zones = [...new Set(zone.values())];
    expect(zones.length).toBeGreaterThan(1);
    for (const customer of new Set(shipsOf(built).map((s) => s.customer))) {
      const mine = shipsOf(built).filter((s) => s.customer === customer);
      const counts = zones.map((z) => mine.filter((s) => zone.get(s.host!) === z).length);
      expect([customer, Math.min(...counts) > 0]).toEqual([customer, true]);
    }
  });

  test("one VPS a ship: each customer's are spread over the zones to within one, whatever their order", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("acme", "beta", "gamma"), { minLength: 2, maxLength: 24 }), (owners) => {
        const ships = owners.flatMap((customer, i) => of([i + 1], customer));
        const result = build(wish({ ships: { named: ships }, customers: 3 }), "vps-aws");
        const zones = new Map(result.stacks.flatMap((s) => s.architecture.hosts).map((h) => [h.name, h.zone]));
        for (const customer of new Set(owners)) {
          const mine = shipsOf(result).filter((s) => s.customer === customer);
          const counts = ZONES.map((z) => mine.filter((s) => zones.get(s.host!) === z).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("the key of a volume, and where it is", () => {
  const DISK = "/dev/disk/by-id/nvme-eui.01";
  const TANG = [
    { url: "http://tang-1.example.com", thumbprint: "a".repeat(43) },
    { url: "http://tang-2.example.org", thumbprint: "b".repeat(43) },
  ];
  const attic = (more = {}) => host("attic", 32, undefined, more);
  const home = (hosts: object | undefined, own = {}) =>
    wish({ ships: { named: named([1]) }, ...(hosts ? { hosts } : {}), existing: { hosts: [attic(own)] } });
  const only = (result: ReturnType<typeof build>) => result.stacks[0]!.architecture.hosts[0]!;

  test("is recorded host by host, with its servers, its disk, its address and its domain", () => {
    const own = { dataDevice: DISK, address: "192.168.1.20", failureDomain: "cellar" };
    expect(only(build(home({ volumeKey: "tang", tang: TANG }, own), "bare-metal"))).toMatchObject({
      volumeKey: "tang",
      tang: TANG,
      ...own,
    });
    const rented = build(wish({ ships: { named: named([1, 2]) }, hosts: { volumeKey: "operator" } }), "multi-vps");
    expect(rented.stacks[0]!.architecture.hosts.map((h) => h.volumeKey)).toEqual(["operator", "operator"]);
  });

  test("leaves a lock that asks for none of it as it was, digest and all", () => {
    const without = build(home(undefined), "bare-metal").stacks[0]!.architecture;
    const basic = build(home({ volumeKey: "basic" }), "bare-metal").stacks[0]!.architecture;
    for (const key of ["volumeKey", "tang", "dataDevice", "address", "failureDomain"])
      expect(Object.keys(without.hosts[0]!)).not.toContain(key);
    expect(architectureDigest(basic)).toBe(architectureDigest(without));
  });

  test.each([
    ["another keeper", { volumeKey: "operator" }, {}, { volumeKey: "basic" }, {}, "hosts.attic.volumeKey"],
    [
      "the default where one was recorded",
      { volumeKey: "basic" },
      {},
      { volumeKey: "operator" },
      {},
      "hosts.attic.volumeKey",
    ],
    [
      "other servers",
      { volumeKey: "tang", tang: TANG.slice(1) },
      {},
      { volumeKey: "tang", tang: TANG },
      {},
      "hosts.attic.tang",
    ],
    ["another disk", undefined, { dataDevice: `${DISK}-b` }, undefined, {}, "hosts.attic.dataDevice"],
    ["no disk any more", undefined, { dataDevice: undefined }, undefined, {}, "hosts.attic.dataDevice"],
  ] as const)("%s is refused for a host that may have been made", (_, hosts, own, before, past, path) => {
    const first = write(home(before, { dataDevice: DISK, ...past }), "bare-metal");
    const then = build(home(hosts, { dataDevice: DISK, ...own }), "bare-metal", first.after);
    expect(then.problems.map((p) => [p.code, p.path])).toEqual([["claimed", path]]);
    expect(only(then)).toMatchObject({ dataDevice: DISK, ...(before?.volumeKey === "basic" ? {} : before) });
    const attested = build(home(hosts, { dataDevice: DISK, ...own }), "bare-metal", first.after, {
      neverDeployed: true,
    });
    expect(attested.problems).toEqual([]);
  });

  test("of a machine of one's own the file decides with --force, since only its owner knows that a disk is gone", () => {
    const first = write(home({ volumeKey: "operator" }, { dataDevice: DISK }), "bare-metal");
    const wishes = home({ volumeKey: "basic" }, { dataDevice: `${DISK}-b` });
    const then = build(wishes, "bare-metal", first.after, { force: true });
    expect(then.problems).toEqual([]);
    expect(only(then)).toMatchObject({ dataDevice: `${DISK}-b` });
    expect(only(then).volumeKey).toBeUndefined();
    const ships = { named: named([1, 2]) };
    const rented = write(wish({ ships, hosts: { volumeKey: "operator" } }), "multi-vps");
    const forced = build(wish({ ships, hosts: { volumeKey: "basic" } }), "multi-vps", rented.after, { force: true });
    expect(codes(forced)).toEqual(["claimed"]);
  });

  test("a wish that is left out later changes nothing; address and domain follow the file", () => {
    const first = write(home({ volumeKey: "operator" }, { dataDevice: DISK, address: "a.lan" }), "bare-metal");
    const then = build(home(undefined, { dataDevice: DISK, address: "b.lan" }), "bare-metal", first.after);
    expect(then.problems).toEqual([]);
    expect(only(then)).toMatchObject({ volumeKey: "operator", address: "b.lan" });
    expect(homeOf(ship(then, planet(1))!)).toEqual(
      homeOf(ship(build(home(undefined, { dataDevice: DISK }), "bare-metal", first.after), planet(1))!),
    );
  });

  test("is not to be had on AWS, nor for piers on a root disk: the candidate says so", () => {
    const rejected = (platform: string, more = {}) =>
      plan(wish({ ships: { named: named([1]) }, platform, hosts: { volumeKey: "operator" }, ...more }))
        .candidates.filter((c) => c.rejections.some((r) => r.limit === "a volume's key with operator"))
        .map((c) => c.id);
    expect(rejected("vps", { regions: { allowed: ["us-west-2", "nyc3"] } })).toEqual(
      expect.arrayContaining(["vps/aws/us-west-2"]),
    );
    expect(rejected("vps", { regions: { allowed: ["us-west-2", "nyc3"] } })).not.toContain("vps/digitalocean/nyc3");
    expect(rejected("bare-metal", { existing: { hosts: [attic()] } })).toContain("bare-metal/own/own");
    expect(rejected("bare-metal", { existing: { hosts: [attic({ dataDevice: DISK })] } })).not.toContain(
      "bare-metal/own/own",
    );
  });

  test("a machine that the file lists no more, and that ships live on, stays as it was recorded", () => {
    const own = { dataDevice: DISK, address: "a.lan", failureDomain: "cellar" };
    const first = write(home({ volumeKey: "operator" }, own), "bare-metal");
    const ships = { named: named([1]) };
    const then = build(wish({ ships, existing: { hosts: [host("other", 32)] } }), "bare-metal", first.after);
    expect(then.problems).toEqual([]);
    expect(only(then)).toMatchObject({ name: "attic", volumeKey: "operator", ...own });
  });

  test.each(["left the file", "was renamed in it"])(
    "--force takes no disk and no key from a machine that %s",
    (how) => {
      const own = { dataDevice: DISK, address: "a.lan", failureDomain: "cellar" };
      const first = write(home({ volumeKey: "operator" }, own), "bare-metal");
      const left = how === "left the file" ? host("other", 32) : host("loft", 32, undefined, own);
      const wishes = { ships: { named: named([1]) }, existing: { hosts: [left] } };
      const then = build(wish({ ...wishes, hosts: { volumeKey: "operator" } }), "bare-metal", first.after, {
        force: true,
      });
      expect(then.problems).toEqual([]);
      expect(only(then)).toMatchObject({ name: "attic", volumeKey: "operator", ...own });
      const other = build(wish({ ...wishes, hosts: { volumeKey: "basic" } }), "bare-metal", first.after, {
        force: true,
      });
      expect(other.problems.map((p) => [p.code, p.path])).toEqual([["claimed", "hosts.attic.volumeKey"]]);
      expect(other.problems[0]!.fix).toContain("Name attic under existing.hosts again");
    },
  );

  test("a refusal of another key for a machine of one's own says that --force takes it, and one for a rented host does not", () => {
    const first = write(home({ volumeKey: "operator" }, { dataDevice: DISK }), "bare-metal");
    const own = build(home({ volumeKey: "basic" }, { dataDevice: DISK }), "bare-metal", first.after);
    expect(own.problems[0]!.fix).toContain("--force records it");
    const ships = { named: named([1]) };
    const rented = write(wish({ ships, hosts: { volumeKey: "operator" } }), "multi-vps");
    const then = build(wish({ ships, hosts: { volumeKey: "basic" } }), "multi-vps", rented.after);
    expect(then.problems[0]!.fix).not.toContain("--force");
  });

  test("what stays for ships that were there before, and no plan priced, leaves the recorded total incomplete", () => {
    const cost = (result: ReturnType<typeof build>) => {
      const { architecture } = result.stacks[0]!;
      return [architecture.cost.incomplete, architecture.decision.why.slice(1), result.warnings];
    };
    const two = { ships: { named: named([1, 2]) } };
    const both = { hosts: [host("one", 32), host("two", 32)] };
    const own = write(wish({ ...two, existing: both }), "bare-metal");
    expect(cost(build(wish({ ...two, existing: both }), "bare-metal", own.after))).toEqual([false, [], []]);
    const kept = ["kept host two: not in the file, not priced by the plan"];
    for (const force of [false, true])
      expect(
        cost(build(wish({ ...two, existing: { hosts: [host("one", 32)] } }), "bare-metal", own.after, { force })),
      ).toEqual([true, kept, kept]);
    // A pier that stays on a disk of one's own costs nothing more.
    const fewer = build(wish({ ships: { named: named([1]) }, existing: both }), "bare-metal", own.after);
    expect(fewer.stacks[0]!.architecture.tombstones).toHaveLength(1);
    expect(cost(fewer)).toEqual([false, [], []]);

    const rented = write(wish(two), "multi-vps");
    expect(cost(build(wish(two), "multi-vps", rented.after))).toEqual([false, [], []]);
    const volume = [expect.stringMatching(/^kept volumes of 1 removed ship, \d+ GiB: not priced by the plan$/)];
    expect(cost(build(wish({ ships: { named: named([1]) } }), "multi-vps", rented.after))).toEqual([
      true,
      volume,
      volume,
    ]);
  });

  test("the region of the claims is fixed, the provider's backups follow the file", () => {
    const ships = { named: named([1, 2]) };
    const first = write(wish({ ships, hosts: { claimRegion: "sfo3", providerBackups: "weekly" } }), "multi-vps");
    const hosts = (more: object) => build(wish({ ships, hosts: more }), "multi-vps", first.after);
    expect(hosts({}).problems).toEqual([]);
    expect(only(hosts({}))).toMatchObject({ claimRegion: "sfo3", providerBackups: "weekly" });
    expect(only(hosts({ providerBackups: "none" })).providerBackups).toBe("none");
    expect(hosts({ claimRegion: "nyc3" }).problems.map((p) => p.path)).toEqual(
      [1, 2].map((n) => `hosts.${planet(n).slice(1)}.claimRegion`),
    );
  });

  test("is asked for where safety was asked for, and decided by nobody else", () => {
    const asked = (more: object) =>
      plan(wish({ ships: { named: named([1]) }, platform: "vps", regions: { allowed: ["nyc3"] }, ...more }))
        .clarify.map((q) => [q.path, q.assumed])
        .filter(([path]) => path === "hosts.volumeKey");
    expect(asked({ priorities: "most-secure" })).toEqual([["hosts.volumeKey", "basic"]]);
    expect(asked({})).toEqual([]);
    expect(asked({ priorities: "most-secure", hosts: { volumeKey: "basic" } })).toEqual([]);
  });
});

const shapes: Shape[] = ["groundseg", "bare-metal"];
test.each(shapes)("%s: planning the same again moves nobody", (shape) => {
  const requirements = wish({ ships: { named: named([1, 2, 3, 4, 5, 6, 7, 8, 9]) }, existing: { hosts: RACKS } });
  const first = write(requirements, shape);
  const again = build(requirements, shape, first.after);
  expect(again.problems).toEqual([]);
  expect(shipsOf(again).map((s) => [s.id, homeOf(s)])).toEqual(
    shipsOf(build(requirements, shape)).map((s) => [s.id, homeOf(s)]),
  );
});
