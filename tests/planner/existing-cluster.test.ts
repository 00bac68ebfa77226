// A cluster Roadstead did not build: what is missing, or not known, keeps ships off it, with the way out.
import { type ClusterFacts, checkRequirements, plan, type Rejection } from "../../planner";
import { clusterProblems, type ClusterUse, shipsHeld, storageClassProblems } from "../../planner/existing-cluster";
import { FACTS, facts, PIERS, withClass } from "./existing-facts";

const use = (over: Partial<ClusterUse> = {}): ClusterUse => ({
  storageClass: "piers",
  customers: 2,
  runtimeClass: null,
  architectures: ["x86_64"],
  ...over,
});

function candidate(existing: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const read = checkRequirements(
    {
      ships: { count: 6 },
      platform: "existing-cluster",
      existing: { kubeconfigSecret: "kubeconfig", storageClass: "piers", clusterMonthly: 100, ...existing },
      ...more,
    },
    "wish.yaml",
  );
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return plan(read.requirements).candidates.find((c) => c.mode === "existing-cluster")!;
}
const said = (rejections: Rejection[]): string[] => rejections.map((r) => `${r.code} ${r.limit}`);

test("a cluster that can do all of it takes ships of several customers", () => {
  expect(clusterProblems(FACTS, use())).toEqual([]);
  const taken = candidate({ cluster: FACTS }, { customers: 3 });
  expect(taken.rejections).toEqual([]);
  expect(taken.capacity).toEqual({ ships: 18, boundBy: "memory" });
});

describe("is refused, with what to do", () => {
  const cases: [string, ClusterFacts, Partial<ClusterUse>, string, RegExp][] = [
    ["Kubernetes before 1.30", facts({ kubernetes: "1.29" }), {}, "kubernetes-too-old", /upgrade the cluster/],
    ["no such class", FACTS, { storageClass: "other" }, "unknown-storage-class", /doctor --cluster/],
    [
      "no ReadWriteOncePod",
      withClass({ readWriteOncePod: "no" }),
      {},
      "no-read-write-once-pod",
      /install a CSI driver/,
    ],
    ["ReadWriteOncePod unknown", withClass({ readWriteOncePod: "unknown" }), {}, "no-read-write-once-pod", /two pods/],
    ["volumes deleted", withClass({ reclaimPolicy: "Delete" }), {}, "deletes-volumes", /reclaimPolicy Retain/],
    ["reclaim unknown", withClass({ reclaimPolicy: "unknown" }), {}, "deletes-volumes", /reclaimPolicy Retain/],
    ["bound at once", withClass({ bindingMode: "Immediate" }), {}, "binds-at-once", /WaitForFirstConsumer/],
    ["policies not enforced", facts({ networkPolicies: { enforced: "no" } }), {}, "no-isolation", /Cilium or Calico/],
    ["policies unknown", facts({ networkPolicies: { enforced: "unknown" } }), {}, "no-isolation", /two pods/],
    [
      "a customer nobody trusts, alone, without enforced policies",
      facts({ networkPolicies: { enforced: "unknown" } }),
      { customers: 1, runtimeClass: "gvisor" },
      "no-isolation",
      /two pods/,
    ],
    ["no such runtime class", FACTS, { runtimeClass: "kata" }, "no-runtime-class", /install it/],
    [
      "runtime classes unknown",
      facts({ runtimeClasses: undefined }),
      { runtimeClass: "kata" },
      "no-runtime-class",
      /./,
    ],
    ["nodes of another architecture", FACTS, { architectures: ["arm64"] }, "architecture", /ships\.image/],
  ];
  test.each(cases)("%s", (_what, cluster, more, code, fix) => {
    const problems = clusterProblems(cluster, use(more));
    expect(problems.map((p) => p.code)).toEqual([code]);
    expect(problems[0]!.fix).toMatch(fix);
  });

  test("all at once, in the plan too", () => {
    const bad = { ...withClass({ reclaimPolicy: "Delete", bindingMode: "Immediate" }), kubernetes: "1.28" };
    const refused = candidate({ cluster: { ...bad, networkPolicies: {} } }, { customers: 2 });
    expect(refused.feasible).toBe(false);
    expect(said(refused.rejections)).toEqual([
      "existing existing.cluster.kubernetes",
      "existing existing.cluster.storageClasses[0].reclaimPolicy",
      "existing existing.cluster.storageClasses[0].bindingMode",
      "existing existing.cluster.networkPolicies.enforced",
    ]);
  });

  test("a cluster of which nothing is known, even for one customer", () => {
    const refused = candidate({});
    expect(said(refused.rejections)).toEqual(["existing what the cluster can do"]);
    expect(refused.rejections[0]!.fix).toContain("roadstead doctor --cluster");
  });

  test("what is left out of the facts is unknown, and unknown is not yes", () => {
    const cluster = {
      kubernetes: "1.34",
      storageClasses: [{ name: "piers", provisioner: "example.com/disks" }],
      nodes: FACTS.nodes,
    };
    const { rejections } = candidate({ cluster }, { customers: 2 });
    expect(rejections.map((r) => r.limit.split(".").at(-1))).toEqual([
      "readWriteOncePod",
      "reclaimPolicy",
      "bindingMode",
      "enforced",
    ]);
  });
});

test("one customer alone may do without enforced policies, and the plan says what that means", () => {
  const alone = candidate({ cluster: facts({ networkPolicies: { enforced: "no", by: "flannel" } }) });
  expect(alone.rejections).toEqual([]);
  expect(alone.why.join("\n")).toMatch(/whatever else runs in the cluster reaches the ships/);
  expect(alone.security.present).not.toContain("one customer cannot reach another's ships");
});

test("customers counted by their ships are customers too", () => {
  const named = ["~sampel-palnet", "~wicdev-wisryt"].map((name, i) => ({ name, customer: `c${i}` }));
  const { rejections } = candidate(
    { cluster: facts({ networkPolicies: { enforced: "unknown" } }) },
    { ships: { named } },
  );
  expect(said(rejections)).toEqual(["existing existing.cluster.networkPolicies.enforced"]);
});

test("an enforcing plugin nobody has tried is called that", () => {
  expect(candidate({ cluster: FACTS }).why.join("\n")).toMatch(/nobody has let two pods try/);
  const tested = facts({ networkPolicies: { enforced: "yes", by: "cilium", basis: "tested" } });
  expect(candidate({ cluster: tested }).why.join("\n")).not.toMatch(/two pods/);
});

test("security counts what is known only", () => {
  const isolated = "one customer cannot reach another's ships";
  expect(candidate({ cluster: FACTS }).security.present).toEqual(
    expect.arrayContaining([isolated, "encrypted pier volume"]),
  );
  const unknown = { ...withClass({ encrypted: "unknown" }), networkPolicies: { enforced: "unknown" as const } };
  const { present } = candidate({ cluster: unknown }).security;
  expect(present).not.toContain(isolated);
  expect(present).not.toContain("encrypted pier volume");
});

describe("the ships it holds", () => {
  const ship = { memoryGiB: 4, cpu: 0.25, architectures: ["x86_64"] as const };
  test("node by node, by the scarcest of memory, CPU and volumes", () => {
    const node = FACTS.nodes[0]!;
    expect(shipsHeld({ nodes: [node] }, ship)).toEqual({ ships: 18, boundBy: "memory" });
    expect(shipsHeld({ nodes: [{ ...node, volumes: 2 }] }, ship)).toEqual({ ships: 6, boundBy: "volumes" });
    expect(shipsHeld({ nodes: [{ ...node, cpu: 1 }] }, ship)).toEqual({ ships: 12, boundBy: "cpu" });
  });

  test("memory left on two nodes is not memory for one ship", () => {
    const nodes = [{ count: 4, arch: "x86_64" as const, memoryGiB: 3 }];
    expect(shipsHeld({ nodes }, ship).ships).toBe(0);
  });

  test("only nodes of the image's architecture count", () => {
    const nodes = [
      { count: 1, arch: "x86_64" as const, memoryGiB: 8 },
      { count: 9, arch: "arm64" as const, memoryGiB: 64 },
    ];
    expect(shipsHeld({ nodes }, ship).ships).toBe(2);
  });

  test("more ships than volumes attach are refused, with the fix for volumes", () => {
    const cluster = facts({ nodes: [{ count: 2, arch: "x86_64", memoryGiB: 64, volumes: 2 }] });
    const { rejections } = candidate({ cluster });
    expect(said(rejections)).toEqual(["capacity ships the cluster holds, by volumes"]);
    expect(rejections[0]).toMatchObject({ have: 4, need: 6, fix: expect.stringMatching(/attaches only so many/) });
  });

  test("memory given for all of them bounds what nodes would hold", () => {
    expect(candidate({ cluster: FACTS, clusterAllocatableGiB: 32 }).capacity).toEqual({
      ships: 8,
      boundBy: "memory you gave",
    });
  });
});

test("a class that was not read is not judged, one that was read wrong is", () => {
  expect(storageClassProblems({ name: "piers" }, "storageClass")).toEqual([]);
  expect(storageClassProblems({ ...PIERS, bindingMode: "Immediate" }, "storageClass")).toMatchObject([
    { code: "binds-at-once", path: "storageClass.bindingMode" },
  ]);
});

test("what the plan says of backups is what the cluster's snapshot classes are known to be", () => {
  const note = (over: Partial<ClusterFacts>): string => candidate({ cluster: facts(over) }).recovery.note ?? "";
  expect(note({ snapshotClasses: undefined })).toMatch(/unknown/);
  expect(note({ snapshotClasses: [] })).toMatch(/no volume snapshot class/);
  expect(note({ snapshotClasses: [{ name: "disks", driver: "x" }] })).toMatch(
    /Roadstead does not make; it can snapshot volumes \(disks\)/,
  );
});

test("a wish for backups is refused: none are made there", () => {
  const { rejections } = candidate({ cluster: FACTS }, { recovery: { rpoHours: 24 } });
  expect(rejections.map((r) => r.code)).toEqual(["recovery"]);
});
