// The examples of clusters that are there already: each is planned and previewed, and what their stacks are made of differs by
// nothing that the engine's suite would see, so that it brings up one of them (tests/engine/engine/example-files.ts).
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import type { Preview } from "../../preview";
import { roadstead, workspace } from "../cli/fake-io";

jest.setTimeout(120_000);

const root = path.join(__dirname, "../..");
const EXAMPLES = ["gke", "aks", "doks", "k3s"] as const;
const file = (maker: string): string => path.join(root, `examples/existing-${maker}.yaml`);

const previews = new Map<string, Preview>();
beforeAll(async () => {
  for (const maker of EXAMPLES) {
    const { code, stdout, stderr } = await roadstead(root, ["preview", file(maker), "--json"]);
    if (code !== 0) throw new Error(stderr);
    previews.set(maker, JSON.parse(stdout) as Preview);
  }
});

const types = (maker: string): string[] => [...new Set(previews.get(maker)!.graph.resources.map((r) => r.type))].sort();
const CILIUM = "kubernetes:cilium.io/v2:CiliumNetworkPolicy";

test.each(EXAMPLES)("%s: no mandatory policy fails but for digests nobody has given yet", (maker) => {
  const { findings } = previews.get(maker)!.policies;
  const failed = findings.filter((f) => f.verdict === "fail" && f.level === "mandatory").map((f) => f.rule);
  expect(failed.filter((rule) => rule !== "image-by-digest")).toEqual([]);
  expect(failed).not.toEqual([]);
  // Pinned to the version that was read of the cluster.
  expect(findings.map((f) => f.rule)).not.toContain("tenant-pod-security-pinned");
});

test("where Cilium enforces, ships reach the API server by its name; the rest of every stack is of one kind", () => {
  expect(types("aks")).toEqual(types("doks"));
  expect(types("gke")).toEqual(types("doks").filter((t) => t !== CILIUM));
  // Monitoring is there already: nothing more, something less.
  expect(types("k3s").filter((t) => !types("gke").includes(t))).toEqual([]);
  expect(types("k3s").filter((t) => /Helm|Chart/.test(t))).toEqual([]);
});

test.each(EXAMPLES)("%s: each customer has a closed namespace, and every pier the class of the example", (maker) => {
  const { existing, customers = 1 } = parse(fs.readFileSync(file(maker), "utf8")) as {
    existing: { storageClass: string };
    customers?: number;
  };
  const { resources } = previews.get(maker)!.graph;
  const of = (kind: string) => resources.filter((r) => r.type.endsWith(`:${kind}`));
  expect(of("Tenant")).toHaveLength(customers);
  const denied = of("NetworkPolicy").filter((r) => r.name.endsWith("default-deny"));
  expect(denied).toHaveLength(customers);
  const classes = of("PersistentVolumeClaim").map(
    (r) => r.inputs.spec as { storageClassName: string; accessModes: string[] },
  );
  expect(classes.length).toBeGreaterThan(0);
  for (const { storageClassName, accessModes } of classes)
    expect([storageClassName, accessModes]).toEqual([existing.storageClass, ["ReadWriteOncePod"]]);
});

test("without the fact that keeps customers apart the same files are refused, and say what to do", async () => {
  const text = fs.readFileSync(file("gke"), "utf8").replace("enforced: yes", "enforced: unknown");
  const dir = workspace({ "r.yaml": text });
  const { code, stdout } = await roadstead(dir, ["plan", "r.yaml"]);
  expect(code).toBe(3);
  expect(stdout).toMatch(/networkPolicies\.enforced/);
  expect((await roadstead(dir, ["preview", "r.yaml"])).code).toBe(3);
});
