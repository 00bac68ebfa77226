import {
  decisionDigest,
  diffArchitectures,
  diffPlans,
  diffText,
  missingVersions,
  planWrite,
} from "../../../planner/architecture";
import { build, candidateFor, codes, named, planet, planFor, type Shape, wish, write } from "./fixtures";

const fleet = (ids: number[], more: Record<string, unknown> = {}) => wish({ ships: { named: named(ids) }, ...more });

describe("--write", () => {
  const before = write(fleet([1, 2, 3]), "eks");

  test("writes one file a cell and only those that change", () => {
    const ids = Array.from({ length: 30 }, (_, i) => i);
    const many = write(fleet(ids), "eks");
    expect(many.writes.map((w) => w.fileName)).toEqual(["Pulumi.prod.yaml", "Pulumi.prod-c2.yaml"]);
    expect(write(fleet(ids), "eks", many.after).writes).toEqual([]);
  });

  test("growth, fewer ships and new versions are the same decision", () => {
    for (const r of [fleet([1, 2, 3, 4]), fleet([1, 2]), fleet([1, 2, 3], { versions: { kubernetes: "1.34" } })])
      expect(write(r, "eks", before.after)).toMatchObject({ exit: 0, problems: [] });
  });

  test("other hosts and another mode need --force", () => {
    const vps = write(fleet([1, 2]), "multi-vps");
    const larger = candidateFor("multi-vps", fleet([1, 2]));
    larger.nodes = larger.nodes.map((n) => ({ ...n, type: "s-4vcpu-8gb" }));
    const resized = planWrite({
      requirements: fleet([1, 2]),
      plan: planFor(fleet([1, 2]), larger),
      candidateId: null,
      stack: "prod",
      files: vps.after,
    });
    expect(codes(resized)).toEqual(["different-decision"]);
    expect(resized.problems[0]!.fix).toMatch(/stopped and started again/);

    const counted = write(wish({ ships: { count: 3 } }), "eks");
    expect(codes(write(wish({ ships: { count: 3 } }), "doks", counted.after))).toEqual(["different-decision"]);
    expect(write(wish({ ships: { count: 3 } }), "doks", counted.after, { force: true }).exit).toBe(0);
  });

  test("a refused write still says what would change", () => {
    const result = write(wish({ ships: { count: 3 } }), "doks", write(wish({ ships: { count: 3 } }), "eks").after);
    expect(result.writes).toEqual([]);
    expect(diffText(result.diff[0]!.entries)).toContain("~ mode: eks → doks");
  });

  test("a plan of other requirements is stale, a plan without a choice writes nothing", () => {
    const r = fleet([1]);
    const plan = planFor(fleet([1, 2]), candidateFor("eks", r));
    expect(planWrite({ requirements: r, plan, candidateId: null, stack: "prod", files: new Map() })).toMatchObject({
      exit: 7,
      writes: [],
    });
    const none = { ...planFor(r, candidateFor("eks", r)), chosen: null };
    expect(
      planWrite({ requirements: r, plan: none, candidateId: null, stack: "prod", files: new Map() }),
    ).toMatchObject({ exit: 3, writes: [] });
  });

  test("a further cell that held ships planned by count only is given up when it is empty", () => {
    const many = write(wish({ ships: { count: 60 } }), "eks");
    const few = write(wish({ ships: { count: 4 } }), "eks", many.after);
    expect(few.problems).toEqual([]);
    for (const f of ["Pulumi.prod-c2.yaml", "Pulumi.prod-c3.yaml"])
      expect(few.after.get(f)).not.toContain("roadstead:architecture");
    expect(few.stacks[0]!.architecture.cells.map((c) => c.id)).toEqual(["c1"]);
  });

  test("reasons and prices do not make another decision", () => {
    const a = before.stacks[0]!.architecture;
    expect(decisionDigest({ ...a, cost: { ...a.cost, mid: 99 }, decision: { ...a.decision, why: ["because"] } })).toBe(
      decisionDigest(a),
    );
    expect(decisionDigest({ ...a, region: "us-east-1" })).not.toBe(decisionDigest(a));
  });
});

describe("diffs", () => {
  test("a new ship is one entry by its name, not a shift of all that follow", () => {
    const a = build(fleet([1, 2, 3]), "eks").stacks[0]!.architecture;
    const b = build(fleet([1, 2, 3, 4]), "eks", write(fleet([1, 2, 3]), "eks").after).stacks[0]!.architecture;
    const ships = diffArchitectures(a, b).filter((e) => e.path.startsWith("ships."));
    expect(ships.map((e) => [e.kind, e.path])).toEqual([["added", `ships.${planet(4).slice(1)}`]]);
    expect(diffArchitectures(a, a)).toEqual([]);
    expect(diffArchitectures(b, a).map((e) => e.kind)).toContain("removed");
  });

  test("plans are compared by choice, cost and rank", () => {
    const r = fleet([1]);
    const before = planFor(r, candidateFor("eks", r));
    const after = {
      ...before,
      chosen: null,
      candidates: [{ ...before.candidates[0]!, rank: 2, monthly: { ...before.candidates[0]!.monthly, mid: 9 } }],
    };
    expect(diffPlans(before, after).map((e) => [e.path, e.before, e.after])).toEqual([
      ["chosen", "eks/aws/us-west-2", null],
      ["candidates.eks/aws/us-west-2.rank", 1, 2],
      ["candidates.eks/aws/us-west-2.monthly.mid", 2, 9],
    ]);
  });
});

describe("what `up` still lacks", () => {
  const sha = "a".repeat(64);
  const image = { repository: "r", digest: `sha256:${sha}`, architectures: ["x86_64"] };
  const complete = {
    versions: {
      kubernetes: "1.34",
      vere: { version: "4.5", sha256: { x86_64: sha } },
      groundseg: { version: "2.8.6", sha256: { x86_64: sha } },
      hostImage: { digitalocean: "debian-12-x64", aws: "ami-0123456789abcdef0" },
      addons: Object.fromEntries(
        ["vpcCni", "kubeProxy", "coredns", "ebsCsi", "podIdentityAgent", "snapshotController", "metricsServer"].map(
          (k) => [k, "v1"],
        ),
      ),
      charts: Object.fromEntries(
        ["kubePrometheusStack", "blackboxExporter", "loki", "alloy", "envoyGateway", "awsLoadBalancerController"].map(
          (k) => [k, { version: "1.0.0" }],
        ),
      ),
      images: { kubectl: image },
    },
    access: {
      sshPublicKeys: [`ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)}`],
      adminCidrs: ["203.0.113.7/32"],
      clusterAdmins: ["arn:aws:iam::111122223333:role/admin"],
    },
    existing: {
      kubeconfigSecret: "kubeconfig",
      storageClass: "retain",
      hosts: [{ name: "attic", memoryGiB: 64, diskGiB: 500 }],
    },
    domain: "fleet.example.com",
  };
  const lack = (
    shape: Shape,
    more: Record<string, unknown>,
    ships: Record<string, unknown> = { named: named([1]), image },
  ): string[] => missingVersions(build(wish({ ships, ...more }), shape).stacks[0]!.architecture).map((m) => m.path);

  test.each(["eks", "doks", "existing-cluster", "multi-vps", "vps-aws", "groundseg", "bare-metal"] as Shape[])(
    "%s lacks nothing once everything is given",
    (shape) => {
      expect(lack(shape, complete)).toEqual([]);
    },
  );

  test.each([
    [
      "eks",
      [
        "versions.kubernetes",
        "versions.addons.vpcCni",
        "access.clusterAdmins",
        "ships.image.digest",
        "versions.images.kubectl",
        "versions.charts.loki",
      ],
    ],
    ["doks", ["versions.kubernetes", "ships.image.digest", "versions.images.kubectl"]],
    ["existing-cluster", ["existing.kubeconfigSecret", "existing.storageClass", "ships.image.digest"]],
    ["multi-vps", ["versions.vere", "versions.hostImage.digitalocean", "access.sshPublicKeys", "access.adminCidrs"]],
    ["vps-aws", ["versions.vere", "versions.hostImage.aws"]],
    ["groundseg", ["versions.groundseg", "versions.hostImage.digitalocean"]],
  ] as [Shape, string[]][])("%s says each fact it lacks, why, and how to find it", (shape, expected) => {
    const lock = build(fleet([1]), shape).stacks[0]!.architecture;
    const facts = missingVersions(lock);
    expect(facts.map((f) => f.path)).toEqual(expect.arrayContaining(expected));
    for (const f of facts) for (const text of [f.what, f.why, f.how]) expect(text.length).toBeGreaterThan(8);
    expect(facts.find((f) => f.path === "versions.charts.envoyGateway")).toBeUndefined();
  });

  test("a rented host that its administrators could not reach lacks a network; one of their own does not", () => {
    for (const cidr of ["2001:db8::/64", "192.168.1.0/24"]) {
      const wishes = { ...complete, access: { ...complete.access, adminCidrs: [cidr] } };
      expect(lack("multi-vps", wishes)).toEqual(["access.adminCidrs"]);
      expect(lack("vps-aws", wishes)).toEqual(["access.adminCidrs"]);
      expect(lack("bare-metal", wishes)).toEqual([]);
    }
  });

  test("names and keys are asked for, except where none is needed", () => {
    expect(lack("eks", complete, { count: 40, image })).toEqual(["ships.named"]);
    const ships = [
      { name: planet(1) },
      { name: planet(2), imported: { sourceStoppedForGood: true } },
      { name: planet(3), fake: true },
      { nickname: "halley" },
    ];
    expect(lack("eks", complete, { named: ships, image })).toEqual([`ships.named.${planet(1)}.key`]);
    expect(lack("eks", complete, { named: [{ name: planet(2), imported: true }], image })).toEqual([
      "ships.named[].imported",
    ]);
    const keyless = Array.from({ length: 8 }, (_, i) => ({ name: planet(i) }));
    expect(lack("eks", complete, { named: keyless, image })).toEqual(["ships.named[].key"]);
  });
});
