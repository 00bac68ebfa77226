// `roadstead doctor --cluster`: what a cluster shows becomes facts for the requirements, and what it does not show stays unknown.
import { parse } from "yaml";
import { clusterCommand } from "../../cli/doctor/cluster";
import { derive } from "../../cli/doctor/cluster/derive";
import type { Answer, Ask } from "../../cli/doctor/cluster/kubectl";
import { quantity } from "../../cli/quantity";
import { look } from "../../cli/doctor/cluster/seen";
import { checkRequirements, type ClusterFacts } from "../../planner";
import { clusterProblems } from "../../planner/existing-cluster";
import { answersOf, refused } from "./clusters/answers";
import * as clusters from "./clusters/look-alikes";
import { fakeIo, filesIn, roadstead, workspace } from "./fake-io";

const TOKEN = "canary-token-4c1d9";
const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{ name: there, cluster: { server: "https://cluster.example.com:6443" } }]
users: [{ name: there, user: { token: ${TOKEN} } }]
contexts: []
`;
const { gke, aks, aksWithoutPolicies, doks, k3s, k3sWithoutPolicies, flannel } = clusters;

const factsOf = (cluster: clusters.LookAlike, instead?: (args: string[]) => Answer | null): ClusterFacts =>
  derive(look(answersOf(cluster, instead))).facts;
const refusals = (facts: ClusterFacts, storageClass = "piers", customers = 2): string[] =>
  clusterProblems(facts, { storageClass, customers, runtimeClass: null, architectures: ["x86_64"] }).map((p) => p.code);

function run(ask: Ask, stack?: string, dir = workspace({ "kube.yaml": KUBECONFIG }), json = false) {
  const io = fakeIo(dir);
  const exit = clusterCommand(stack, { cluster: "kube.yaml", json }, io, () => ask);
  return { exit, stdout: io.stdout, dir };
}

describe("what each maker's cluster is known to do", () => {
  test.each([
    ["GKE with Dataplane V2", gke, "gke", "1.34", "yes", []],
    ["AKS with Cilium", aks, "aks", "1.33", "yes", []],
    ["AKS as it comes", aksWithoutPolicies, "aks", "1.33", "unknown", ["no-isolation"]],
    ["DOKS", doks, "doks", "1.34", "yes", []],
    ["k3s with Longhorn", k3s, "k3s", "1.34", "yes", ["no-read-write-once-pod"]],
    [
      "k3s without its policy controller",
      k3sWithoutPolicies,
      "k3s",
      "1.34",
      "unknown",
      ["no-read-write-once-pod", "no-isolation"],
    ],
    ["flannel alone", flannel, "other", "1.34", "no", ["no-isolation"]],
  ] as const)("%s", (_what, cluster, distribution, kubernetes, enforced, codes) => {
    const facts = factsOf(cluster);
    expect(facts).toMatchObject({ distribution, kubernetes });
    expect(facts.networkPolicies.enforced).toBe(enforced);
    expect(refusals(facts)).toEqual(codes);
  });

  test("classes that come with a cluster are refused for what they do", () => {
    expect(refusals(factsOf(gke), "standard-rwo")).toEqual(["deletes-volumes"]);
    expect(refusals(factsOf(doks), "do-block-storage")).toEqual(["deletes-volumes", "binds-at-once"]);
    expect(refusals(factsOf(doks), "do-block-storage-retain")).toEqual(["binds-at-once"]);
    expect(refusals(factsOf(k3s), "local-path", 1)).toEqual(["no-read-write-once-pod", "deletes-volumes"]);
  });

  test("volumes are encrypted where the maker says so, or the class does", () => {
    const encrypted = (c: clusters.LookAlike) => factsOf(c).storageClasses.map((s) => [s.name, s.encrypted]);
    expect(encrypted(gke)).toContainEqual(["piers", "yes"]);
    expect(encrypted(flannel)).toContainEqual(["piers", "yes"]);
    expect(encrypted(k3s)).toContainEqual(["piers", "unknown"]);
  });
});

describe("a name is no evidence by itself", () => {
  const without = (kind: string): clusters.Thing[] => gke.things.filter((t) => t.kind !== kind);
  const enforced = (things: clusters.Thing[]) => factsOf({ ...gke, things }).networkPolicies;

  test("a daemon set of that name with another image is nobody's", () => {
    expect(enforced([...without("DaemonSet"), clusters.daemonSet("cilium", "example.com/hello:1")])).toEqual({
      enforced: "unknown",
    });
  });

  test("one that is not ready, or not meant for every node, enforces on the others only", () => {
    const cilium = clusters.daemonSet("cilium", "quay.io/cilium/cilium:v1.17.4");
    for (const status of [
      { desiredNumberScheduled: 3, numberReady: 2 },
      { desiredNumberScheduled: 2, numberReady: 2 },
      {},
    ])
      expect(enforced([...without("DaemonSet"), { ...cilium, status }]).enforced).toBe("unknown");
  });

  test.each<Record<string, string>>([{ "enable-policy": "never" }, { "enable-k8s-networkpolicy": "false" }])(
    "Cilium that is told not to enforce does not: %p",
    (setting) => {
      const off = aks.things.map((t) => (t.kind === "ConfigMap" ? clusters.settings("cilium-config", setting) : t));
      expect(factsOf({ ...aks, things: off }).networkPolicies.enforced).toBe("no");
    },
  );

  test("Cilium whose settings are not read, or are not where it is, is unknown", () => {
    const hidden = (args: string[]) => (args[1] === "configmap" ? refused("forbidden") : null);
    expect(factsOf(aks, hidden).networkPolicies.enforced).toBe("unknown");
    const without = aks.things.filter((t) => t.kind !== "ConfigMap" && t.kind !== "DaemonSet");
    const elsewhere = [...without, clusters.daemonSet("cilium", "quay.io/cilium/cilium:v1.17.4", "cilium")];
    const of = (...more: clusters.Thing[]) =>
      factsOf({ ...aks, things: [...elsewhere, ...more] }).networkPolicies.enforced;
    expect(of()).toBe("unknown");
    expect(of(clusters.settings("cilium-config", {}))).toBe("unknown");
    expect(of(clusters.settings("cilium-config", { "enable-policy": "never" }, "cilium"))).toBe("no");
    expect(of(clusters.settings("cilium-config", { "enable-policy": "default" }, "cilium"))).toBe("yes");
  });

  test("a label on one node makes no maker's cluster", () => {
    const [first, ...others] = gke.things.filter((t) => t.kind === "Node");
    const bare = others.map((n) => ({ ...n, metadata: { name: n.metadata.name } }));
    expect(factsOf({ ...gke, version: "v1.34.0", things: [first!, ...bare] }).distribution).toBe("other");
  });

  test("k3s servers that do not say how they run are unknown", () => {
    const silent = k3s.things.map((t) => (t.kind === "Node" ? clusters.node(t.metadata.name, {}) : t));
    expect(factsOf({ ...k3s, things: silent }).networkPolicies.enforced).toBe("unknown");
  });
});

describe("what cannot be read is unknown", () => {
  test.each([
    ["daemonsets.apps", (f: ClusterFacts) => f.networkPolicies.enforced, "unknown"],
    ["runtimeclasses.node.k8s.io", (f: ClusterFacts) => f.runtimeClasses, undefined],
    ["volumesnapshotclasses.snapshot.storage.k8s.io", (f: ClusterFacts) => f.snapshotClasses, undefined],
  ])("%s", (kind, of, expected) => {
    const { facts, evidence } = derive(
      look(answersOf(gke, (args) => (args[1] === kind ? refused("forbidden") : null))),
    );
    expect(of(facts)).toBe(expected);
    expect(evidence.join("\n")).toContain(`not read: ${kind}: forbidden`);
  });

  test("a kind the cluster does not have is none, which is known", () => {
    expect(factsOf(gke).snapshotClasses).toEqual([]);
  });

  test("a storage class of a driver nobody has written of is unknown, one of no driver at all is not fit", () => {
    const other = clusters.storageClass("other", "example.com/disks");
    const mode = (things: clusters.Thing[]) =>
      factsOf({ ...gke, things }).storageClasses.find((c) => c.name === "other")!.readWriteOncePod;
    expect(mode([...gke.things, other, clusters.csiDriver("example.com/disks")])).toBe("unknown");
    expect(mode([...gke.things, other])).toBe("no");
  });
});

describe("nodes", () => {
  test("count with what pods have left of them, by the half GiB", () => {
    const pods = (args: string[]): Answer | null =>
      args[1] === "pods" ? { ok: true, text: "gke-1\t3Gi,512Mi,\t250m,1,\n\t9Gi,\t9,\n" } : null;
    expect(factsOf(gke, pods).nodes).toEqual([
      { count: 1, arch: "x86_64", memoryGiB: 24.5, cpu: 6.2, volumes: 127 },
      { count: 2, arch: "x86_64", memoryGiB: 28, cpu: 7.5, volumes: 127 },
    ]);
  });

  test("count with the volumes they can still attach", () => {
    const attached = {
      apiVersion: "storage.k8s.io/v1",
      kind: "VolumeAttachment",
      metadata: { name: "a" },
      spec: { attacher: "dobs.csi.digitalocean.com", nodeName: "pool-2" },
    };
    const left = factsOf({ ...doks, things: [...doks.things, attached] }).nodes.map((n) => [n.count, n.volumes]);
    expect(left).toEqual([
      [2, 15],
      [1, 14],
    ]);
    expect(factsOf(k3s).nodes.every((n) => n.volumes === undefined)).toBe(true);
  });

  test("that are tainted, closed or not ready take no ship", () => {
    const tainted = clusters.node("gke-9", { taints: [{ key: "gpu", effect: "NoSchedule" }] });
    const closed = { ...clusters.node("gke-8", {}), spec: { unschedulable: true } };
    const { facts, evidence } = derive(look(answersOf({ ...gke, things: [...gke.things, tainted, closed] })));
    expect(facts.nodes.reduce((n, g) => n + g.count, 0)).toBe(3);
    expect(evidence.join("\n")).toContain("3 of 5 nodes take ships");
  });
});

describe("the command", () => {
  test("prints a block that the requirements take as it is, with what it rests on", () => {
    const { exit, stdout } = run(answersOf(gke));
    expect(exit).toBe(0);
    expect(stdout).toContain("evidence, not proof");
    expect(stdout).toContain("network policy is always on");
    const pasted = { ships: { count: 6 }, platform: "existing-cluster", ...(parse(stdout) as object) };
    const read = checkRequirements(pasted, "wish.yaml");
    expect(read.ok ? read.requirements.existing : read.problems).toMatchObject({
      storageClass: "piers",
      cluster: factsOf(gke),
    });
  });

  test("shows the class to make where none is fit", () => {
    const things = doks.things.filter((t) => t.metadata.name !== "piers");
    const { stdout } = run(answersOf({ ...doks, things }));
    expect(stdout).toMatch(/#\s+provisioner: dobs\.csi\.digitalocean\.com/);
    expect(stdout).toMatch(/#\s+reclaimPolicy: Retain/);
    expect((parse(stdout) as { existing: object }).existing).not.toHaveProperty("storageClass");
  });

  test("only reads, asks for no Secret, writes no file and shows no token", () => {
    const ask = answersOf(aks);
    const { stdout, dir } = run(ask);
    expect(ask.asked.every(([verb]) => verb === "get")).toBe(true);
    expect(ask.asked.flat().join(" ")).not.toMatch(/secret/i);
    // Of pods, requests only: what else they hold is none of its business.
    expect(ask.asked.find((a) => a[1] === "pods")!.join(" ")).toMatch(/jsonpath=.*requests/);
    expect(stdout).not.toContain(TOKEN);
    expect(Object.keys(filesIn(dir))).toEqual(["kube.yaml"]);
  });

  test("gives the same as JSON", () => {
    const { stdout } = run(answersOf(k3s), undefined, undefined, true);
    expect(JSON.parse(stdout)).toMatchObject({ schema: "roadstead/cluster-facts/1", facts: { distribution: "k3s" } });
  });

  test.each([
    [["doctor"], /name a stack/],
    [["doctor", "--cluster", "nothing.yaml"], /there is no nothing\.yaml/],
    [["doctor", "--cluster", "notes.txt"], /notes\.txt is no kubeconfig/],
    [["doctor", "prod", "--context", "x"], /--context goes with --cluster/],
    [["doctor", "prod", "--cluster", "kube.yaml", "--repair"], /give one of them/],
  ])("%j is refused", async (args, message) => {
    const dir = workspace({ "kube.yaml": KUBECONFIG, "notes.txt": "hello" });
    const { code, stderr } = await roadstead(dir, args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test("without kubectl it says what to install; without a sign-in, that it needs one", async () => {
    const dir = workspace({ "kube.yaml": KUBECONFIG });
    const missing = await roadstead(dir, ["doctor", "--cluster", "kube.yaml"], { env: { PATH: dir } });
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("kubectl is not on the PATH")]);
    const closed = workspace({ "kube.yaml": KUBECONFIG });
    expect(() => run(() => refused("unauthenticated"), undefined, closed)).toThrow(
      expect.objectContaining({ exit: 13 }) as Error,
    );
  });
});

describe("against a recorded stack", () => {
  async function recorded(cluster: ClusterFacts, customers: number): Promise<string> {
    const requirements = {
      environment: "prod",
      ships: { count: 4 },
      customers,
      platform: "existing-cluster",
      existing: { kubeconfigSecret: "kubeconfig", storageClass: "piers", clusterMonthly: 100, cluster },
    };
    const dir = workspace({ "kube.yaml": KUBECONFIG, "r.yaml": JSON.stringify(requirements) });
    const { code, stderr } = await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write"]);
    if (code !== 0) throw new Error(stderr);
    return dir;
  }

  test("a cluster that still is what was recorded is fit", async () => {
    const dir = await recorded(factsOf(doks), 2);
    const { exit, stdout } = run(answersOf(doks), "prod", dir);
    expect([exit, stdout]).toEqual([0, expect.stringContaining("fit for what prod records")]);
  });

  test("one that lost its enforcement, or whose class deletes volumes now, is not", async () => {
    const dir = await recorded(factsOf(aks), 2);
    const things = aksWithoutPolicies.things.map((t) =>
      t.metadata.name === "piers"
        ? clusters.storageClass("piers", "disk.csi.azure.com", { reclaimPolicy: "Delete" })
        : t,
    );
    const { exit, stdout } = run(answersOf({ ...aks, things }), "prod", dir);
    expect(exit).toBe(5);
    expect(stdout).toMatch(/reclaimPolicy is Delete/);
    expect(stdout).toMatch(/networkPolicies\.enforced: found unknown/);
  });

  test("what its owner declared or tried stands where the probe does not know, and falls where it knows better", async () => {
    const declared: ClusterFacts = {
      ...factsOf(aksWithoutPolicies),
      networkPolicies: { enforced: "yes", by: "a firewall of ours", basis: "tested" },
    };
    const dir = await recorded(declared, 2);
    expect(run(answersOf(aksWithoutPolicies), "prod", dir).exit).toBe(0);
    const never = [
      ...aksWithoutPolicies.things,
      clusters.daemonSet("cilium", "quay.io/cilium/cilium:v1.17.4"),
      clusters.settings("cilium-config", { "enable-policy": "never" }),
    ];
    expect(run(answersOf({ ...aks, things: never }), "prod", dir).exit).toBe(5);
  });
});

test("quantities are read as Kubernetes writes them", () => {
  expect(["1", "250m", "1Ki", "2Gi", "1.5Gi", "1e3", "3M", "7910412Ki"].map(quantity)).toEqual([
    1,
    0.25,
    1024,
    2147483648,
    1610612736,
    1000,
    3000000,
    7910412 * 1024,
  ]);
});
