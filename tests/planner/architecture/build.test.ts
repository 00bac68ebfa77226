import { architectureSchema, buildArchitectures, shipId } from "../../../planner/architecture";
import { build, candidateFor, codes, galaxy, named, planFor, type Shape, ship, shipsOf, wish, ZONES } from "./fixtures";

const count = (n: number, more = {}) => wish({ ships: { count: n }, ...more });
const sizes = (n: number, shape: Shape, more = {}): number[] =>
  build(count(n, more), shape).stacks.map((s) => s.architecture.ships.length);

describe("cells", () => {
  test.each([
    ["eks", 1, [1]],
    ["eks", 10, [10]],
    ["eks", 11, [5, 6]],
    ["eks", 60, [5, 50, 5]],
    ["eks", 99, [5, 50, 44]],
    ["eks", 100, [10, 50, 40]],
    ["existing-cluster", 20, [5, 15]],
    ["multi-vps", 10, [10]],
    ["multi-vps", 12, [5, 7]],
    ["multi-vps", 120, [5, 50, 50, 15]],
    ["groundseg", 7, [7]],
    ["groundseg", 12, [6, 6]],
    ["groundseg", 63, [7, 49, 7]],
  ] as [Shape, number, number[]][])("%s with %i ships are cut into %j", (shape, n, expected) => {
    expect(sizes(n, shape)).toEqual(expected);
  });

  test("own machines that fit one cell stay in one stack", () => {
    const hosts = [1, 2, 3].map((i) => ({ name: `box-${i}`, memoryGiB: 64, diskGiB: 2000 }));
    expect(sizes(40, "bare-metal", { existing: { hosts } })).toEqual([40]);
  });

  test("cells above ten ships are created parked, smaller ones start", () => {
    expect(
      build(count(60), "eks").stacks.map((s) => s.architecture.cells.find((c) => c.id === s.architecture.cell)!.parked),
    ).toEqual([false, true, false]);
  });

  test("nothing is parked on hosts, which start a ship when its key arrives", () => {
    for (const mode of ["multi-vps", "groundseg"] as const)
      expect(
        build(count(40), mode)
          .stacks.flatMap((s) => s.architecture.cells)
          .filter((c) => c.parked),
      ).toEqual([]);
  });

  test("each stack holds its own cell only, the platform lists all and alone builds the platform", () => {
    const { stacks } = build(count(60), "eks");
    expect(stacks.map((s) => s.name)).toEqual(["prod", "prod-c2", "prod-c3"]);
    expect(stacks.map((s) => s.architecture.role)).toEqual(["platform", "cell", "cell"]);
    expect(stacks[0]!.architecture.cells.map((c) => [c.id, c.pilot])).toEqual([
      ["c1", true],
      ["c2", false],
      ["c3", false],
    ]);
    for (const { name, architecture } of stacks.slice(1)) {
      expect(architecture.cells.map((c) => c.stack)).toEqual([name]);
      expect([architecture.nodePools, architecture.network]).toEqual([[], null]);
    }
    for (const { architecture } of stacks) expect(architectureSchema.parse(architecture)).toEqual(architecture);
  });
});

describe("places", () => {
  test("ships are spread evenly over zones inside each cell and over the environment", () => {
    const result = build(count(210), "eks");
    const tally = (ships: { zone: string | null }[]): number[] =>
      ZONES.map((z) => ships.filter((s) => s.zone === z).length);
    for (const { architecture } of result.stacks)
      expect(Math.max(...tally(architecture.ships)) - Math.min(...tally(architecture.ships))).toBeLessThanOrEqual(1);
    expect(tally(shipsOf(result))).toEqual([70, 70, 70]);
  });

  test("node pools are named by role, zone and type, never by an index", () => {
    const [platform] = build(count(20), "eks").stacks;
    expect(platform!.architecture.nodePools.map((p) => p.name)).toEqual([
      "ships-us-west-2a-r6i-xlarge",
      "ships-us-west-2b-r6i-xlarge",
      "ships-us-west-2c-r6i-xlarge",
      "system-us-west-2a-m6i-large",
    ]);
    expect(build(count(20), "doks").stacks[0]!.architecture.nodePools.map((p) => [p.name, p.zone])).toEqual([
      ["ships-m-4vcpu-32gb", null],
    ]);
  });

  test("a VPS is named by its ship; ports on shared hosts count up above GroundSeg's own", () => {
    const vps = build(wish({ ships: { named: named([1, 2]) } }), "multi-vps");
    expect(shipsOf(vps).map((s) => [s.host, s.ames.port, s.httpPort])).toEqual(
      shipsOf(vps).map((s) => [s.id, 34344, 8081]),
    );
    const shared = build(count(3), "groundseg");
    expect(shipsOf(shared).map((s) => [s.host, s.ames.inbound, s.ames.port, s.httpPort])).toEqual([
      ["groundseg-1", "direct", 34344, 8081],
      ["groundseg-1", "direct", 34345, 8082],
      ["groundseg-1", "direct", 34346, 8083],
    ]);
  });

  test("relayed ships share a port on a cluster, ships behind a load balancer have one each, a galaxy has its own", () => {
    expect(new Set(shipsOf(build(count(12), "eks")).map((s) => s.ames.port))).toEqual(new Set([34343]));
    const nlb = shipsOf(build(wish({ ships: { count: 12, amesInbound: "nlb" } }), "eks")).map((s) => s.ames.port);
    expect(new Set(nlb).size).toBe(12);
    const ruler = build(wish({ ships: { named: [{ name: galaxy(42), key: { secret: "k" } }] } }), "multi-vps");
    expect(shipsOf(ruler)[0]!.ames.port).toBe(13337 + 42);
  });

  test("hybrid fills own machines first and rents a host for each of the rest", () => {
    const hosts = [{ name: "attic", memoryGiB: 18, diskGiB: 500 }];
    const result = build(wish({ ships: { count: 6 }, existing: { hosts } }), "hybrid");
    expect(result.problems).toEqual([]);
    expect(shipsOf(result).filter((s) => s.host === "attic")).toHaveLength(4);
    expect(
      result.stacks
        .flatMap((s) => s.architecture.hosts)
        .map((h) => h.kind)
        .sort(),
    ).toEqual(["bare-metal", "vps", "vps"]);
  });

  test("a parent is placed no later than its moons", () => {
    const moon = "~doznec-sampel-palnet";
    const result = build(
      wish({
        ships: {
          named: [
            { name: moon, key: { secret: "m" } },
            ...named([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
            { name: "~sampel-palnet", key: { secret: "p" } },
          ],
        },
      }),
      "eks",
    );
    expect(Number(ship(result, "~sampel-palnet")!.cell.slice(1))).toBeLessThanOrEqual(
      Number(ship(result, moon)!.cell.slice(1)),
    );
  });
});

describe("names", () => {
  test("an @p loses its sig, a comet goes by its nickname, a long name gets a stable tail", () => {
    expect(shipId({ name: "~sampel-palnet", nickname: null })).toBe("sampel-palnet");
    expect(shipId({ name: null, nickname: "halley" })).toBe("halley");
    const comet = "~racmus-mollen-fallyt-linpex--watres-sibbur-modlux-rinmex";
    const id = shipId({ name: comet, nickname: null });
    expect(id).toMatch(/^[a-z][a-z0-9-]{0,50}[a-z0-9]$/);
    expect(id).toBe(shipId({ name: comet, nickname: null }));
    expect(id).not.toBe(shipId({ name: comet.replace("rinmex", "rinmep"), nickname: null }));
  });

  test("a nickname that stands for ships without a name is refused", () => {
    expect(codes(build(wish({ ships: { named: [{ nickname: "unnamed-0001" }] } }), "eks"))).toEqual(["duplicate"]);
  });
});

describe("tenants", () => {
  test("unnamed ships are shared evenly among customers, each with an opaque, stable namespace and a derived quota", () => {
    const result = build(count(20, { customers: 4 }), "eks");
    const again = build(count(20, { customers: 4 }), "eks");
    const tenants = new Map(result.stacks.flatMap((s) => s.architecture.tenants).map((t) => [t.id, t]));
    expect([...tenants.values()].map((t) => t.customer).sort()).toEqual([
      "customer-1",
      "customer-2",
      "customer-3",
      "customer-4",
    ]);
    expect([...tenants.keys()].every((id) => /^t-[0-9a-f]{10}$/.test(id))).toBe(true);
    expect(again).toEqual(result);
    for (const t of tenants.values())
      expect(t.quota).toEqual({ ships: 5, memoryMiB: Math.ceil(5 * 4096 * 1.1), cpuMilli: 1375, storageGiB: 100 });
  });

  test("a customer with ships in two cells has one namespace, made by one stack, counted over both", () => {
    const result = build(count(12, { customers: 1 }), "eks");
    expect(result.stacks.map((s) => s.architecture.tenants.map((t) => [t.customer, t.madeBy, t.quota.ships]))).toEqual([
      [["customer-1", undefined, 12]],
      [["customer-1", "prod", 12]],
    ]);
  });

  test("the only customer owns ships that name none", () => {
    const r = wish({ ships: { named: [...named([1], { customer: "acme" }), ...named([2])] } });
    expect(shipsOf(build(r, "eks")).map((s) => s.customer)).toEqual(["acme", "acme"]);
  });
});

describe("refusals", () => {
  test.each([
    ["another environment's stack", "staging"],
    ["a further cell", "prod-c2"],
  ])("%s is not written", (_what, stack) => {
    expect(codes(build(count(3), "eks", new Map(), { stack }))).toEqual(["environment"]);
  });

  test("an unknown, infeasible or unbuildable candidate is refused with what is accepted", () => {
    const r = count(3);
    const good = candidateFor("eks", r);
    const bad = {
      ...candidateFor("doks", r),
      feasible: false,
      rejections: [{ code: "budget" as const, limit: "", have: 1, need: 2, fix: "" }],
    };
    const gke = { ...good, id: "gke/gcp/x", mode: "gke" as const };
    const plan = { ...planFor(r, good), candidates: [good, bad, gke] };
    const of = (candidateId: string) =>
      buildArchitectures({ requirements: r, plan, candidateId, stack: "prod", previous: new Map() });
    for (const id of ["nowhere", bad.id, gke.id]) expect(codes(of(id))).toEqual(["candidate"]);
    expect(of(bad.id).problems[0]!.message).toContain(good.id);
    expect(codes(of(good.id))).toEqual([]);
  });

  test("taking another candidate than the planner's is recorded with its reason", () => {
    const r = count(3);
    const [a, b] = [candidateFor("eks", r), candidateFor("doks", r)];
    const plan = { ...planFor(r, a), candidates: [a, b] };
    const lock = (override?: string) =>
      buildArchitectures({ requirements: r, plan, candidateId: b.id, override, stack: "prod", previous: new Map() })
        .stacks[0]!.architecture;
    expect(lock("we know DOKS").decision.override).toBe("we know DOKS");
    expect(lock().decision.override).toContain(a.id);
  });

  test("a Kubernetes version EKS has ended is refused, on EKS only", () => {
    const ended = count(3, { versions: { kubernetes: "1.29" } });
    expect(build(ended, "eks").problems).toMatchObject([
      { code: "version", path: "versions.kubernetes", received: '"1.29"', accepted: expect.stringContaining("1.34") },
    ]);
    expect(build(ended, "doks").problems).toEqual([]);
  });

  test("ships that do not fit the candidate's hosts are refused, not stacked", () => {
    const r = count(12);
    const candidate = candidateFor("groundseg", wish({ ships: { count: 5 } }));
    const result = buildArchitectures({
      requirements: r,
      plan: planFor(r, candidate),
      candidateId: candidate.id,
      stack: "prod",
      previous: new Map(),
    });
    expect(codes(result)).toEqual(["capacity"]);
  });
});

test("nothing is invented: versions and digests that were not given stay absent", () => {
  const lock = build(count(3), "eks").stacks[0]!.architecture;
  expect([lock.versions, lock.image.digest]).toEqual([{}, null]);
});
