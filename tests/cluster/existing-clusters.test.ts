// `roadstead doctor --cluster` with a real kubectl on a real API server: what a cluster of each maker shows there, and what is
// refused of it. Nodes are kwok's and daemon sets run no container, so nothing here shows that a packet is dropped.
import { derive, type Derived } from "../../cli/doctor/cluster/derive";
import { type Ask, kubectlAt } from "../../cli/doctor/cluster/kubectl";
import { look } from "../../cli/doctor/cluster/seen";
import type { Io } from "../../cli/io";
import type { ClusterFacts } from "../../planner";
import { clusterProblems, type ClusterUse } from "../../planner/existing-cluster";
import * as clusters from "../cli/clusters/look-alikes";
import { type Api, eventually, type KubeObject, pathOf } from "./control-plane/api";
import { type ControlPlane, startControlPlane } from "./control-plane/start";

let plane: ControlPlane;
let api: Api;
let ask: Ask;

beforeAll(async () => {
  plane = await startControlPlane();
  api = plane.api;
  const io = { cwd: plane.dir, env: { PATH: process.env.PATH, HOME: plane.dir } } as unknown as Io;
  ask = kubectlAt(io, plane.kubeconfig, undefined, plane.programs.kubectl);
}, 180_000);
afterAll(() => plane?.stop());

/** Brings a look-alike up, asks, and takes it away again. */
async function seenOf(things: readonly clusters.Thing[], asking: Ask = ask): Promise<Derived> {
  const objects = things as readonly KubeObject[];
  for (const object of objects) {
    const made = await api.create(object);
    if (!made.ok) throw new Error(`${pathOf(object)}: ${made.message}`);
  }
  const nodes = things.filter((t) => t.kind === "Node").length;
  try {
    await eventually("nodes are ready, daemon sets on all of them", 60_000, async () => {
      const listed = await api.list<KubeObject & { status: { conditions?: { type: string; status: string }[] } }>(
        "/api/v1/nodes",
      );
      const ready = listed.filter((n) => n.status.conditions?.some((c) => c.type === "Ready" && c.status === "True"));
      const sets = await api.list<KubeObject & { status: { numberReady?: number } }>("/apis/apps/v1/daemonsets");
      const on = sets.map((s) => s.status.numberReady ?? 0);
      return ready.length === nodes && on.every((n) => n === nodes)
        ? { done: true, value: null }
        : { done: false, seen: `${ready.length} of ${nodes} ready, daemon sets on ${on.join()}` };
    });
    return derive(look(asking));
  } finally {
    for (const object of [...objects].reverse()) await api.remove(pathOf(object));
    await eventually("everything is gone", 60_000, async () => {
      const left = await Promise.all(
        ["/api/v1/nodes", "/api/v1/pods", "/apis/apps/v1/daemonsets", "/apis/storage.k8s.io/v1/csinodes"].map((p) =>
          api.list(p),
        ),
      );
      const names = left.flat().map((o) => o.metadata.name);
      return names.length === 0 ? { done: true, value: null } : { done: false, seen: names.join() };
    });
  }
}

const use: ClusterUse = { storageClass: "piers", customers: 2, runtimeClass: null, architectures: ["x86_64"] };
const refusals = (facts: ClusterFacts, more: Partial<ClusterUse> = {}): string[] =>
  clusterProblems(facts, { ...use, ...more }).map((p) => p.code);

describe("a cluster that looks like one of", () => {
  const { gke, aks, aksWithoutPolicies, doks, k3s, k3sWithoutPolicies, flannel } = clusters;
  test.each([
    ["GKE", gke, "gke", "yes", []],
    ["AKS", aks, "aks", "yes", []],
    ["AKS without a policy engine", aksWithoutPolicies, "aks", "unknown", ["no-isolation"]],
    ["DOKS", doks, "doks", "yes", []],
    ["k3s", k3s, "k3s", "yes", ["no-read-write-once-pod"]],
    ["k3s without its policies", k3sWithoutPolicies, "k3s", "unknown", ["no-read-write-once-pod", "no-isolation"]],
    ["flannel alone", flannel, "other", "no", ["no-isolation"]],
  ] as const)("%s", async (_what, { things }, distribution, enforced, codes) => {
    const { facts } = await seenOf(things);
    expect(facts.distribution).toBe(distribution);
    expect(facts.kubernetes).toMatch(/^1\.\d\d$/);
    expect(facts.networkPolicies.enforced).toBe(enforced);
    expect(refusals(facts)).toEqual(codes);
    // One customer alone needs no policies, but a class that holds to one pod all the same.
    expect(refusals(facts, { customers: 1 })).toEqual(codes.filter((c) => c !== "no-isolation"));
  });
});

test("classes that come with DOKS are refused, and its nodes attach fifteen volumes", async () => {
  const { facts } = await seenOf(clusters.doks.things);
  expect(refusals(facts, { storageClass: "do-block-storage-retain" })).toEqual(["binds-at-once"]);
  expect(refusals(facts, { storageClass: "do-block-storage" })).toEqual(["deletes-volumes", "binds-at-once"]);
  expect(refusals(facts, { storageClass: "not-there" })).toEqual(["unknown-storage-class"]);
  expect(facts.nodes.map((n) => n.volumes)).toEqual([15]);
});

test("nodes count with what running pods, their sidecars too, have asked for", async () => {
  const asks = (name: string, memory: string, more: object = {}) => ({
    name,
    image: "example.com/any:1",
    resources: { requests: { memory, cpu: "500m" } },
    ...more,
  });
  const pod: clusters.Thing = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "neighbour", namespace: "default" },
    spec: {
      nodeName: "gke-1",
      containers: [asks("a", "3Gi"), asks("b", "1Gi")],
      initContainers: [asks("once", "20Gi"), asks("beside", "512Mi", { restartPolicy: "Always" })],
    },
  };
  const { facts } = await seenOf([...clusters.gke.things.filter((t) => t.kind !== "DaemonSet"), pod]);
  expect(facts.nodes).toEqual([
    { count: 1, arch: "x86_64", memoryGiB: 23.5, cpu: 6, volumes: 127 },
    { count: 2, arch: "x86_64", memoryGiB: 28, cpu: 7.5, volumes: 127 },
  ]);
});

test("a user who may not look is told what was not read, and nothing unread is taken for yes", async () => {
  const role = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "sees-little" },
    rules: [
      { apiGroups: [""], resources: ["nodes"], verbs: ["list"] },
      { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: ["list"] },
    ],
  };
  const binding = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "sees-little" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "sees-little" },
    subjects: [{ kind: "User", name: "somebody", apiGroup: "rbac.authorization.k8s.io" }],
  };
  const asSomebody: Ask = (...args) => ask("--as=somebody", ...args);
  for (const object of [role, binding]) expect((await api.create(object)).ok).toBe(true);
  await eventually("the right is granted", 30_000, async () => {
    const answer = asSomebody("get", "storageclasses", "-o", "json");
    return answer.ok ? { done: true, value: null } : { done: false, seen: answer.said };
  });
  const { facts, evidence } = await seenOf(clusters.aks.things, asSomebody);
  expect(facts.networkPolicies.enforced).toBe("unknown");
  expect(facts.runtimeClasses).toBeUndefined();
  // A kind the API server does not have is none, whoever asks.
  expect(facts.snapshotClasses).toEqual([]);
  expect(evidence.filter((e) => e.startsWith("not read:")).join("\n")).toMatch(/daemonsets\.apps: forbidden/);
  expect(refusals(facts)).toEqual(["no-isolation"]);
});
