// From a lock to a cluster that is there already, and the way of its ships to the API server.
import type { Architecture } from "../../planner/architecture/schema";
import { previewArchitectures } from "../../preview";
import { tenantsMade } from "../../stacks/cell-plan";
import { build, named, wish } from "../planner/architecture/fixtures";
import { facts } from "../planner/existing-facts";
import { stacksOf } from "../preview/architectures";

jest.setTimeout(60_000);

const ships = named([1, 2]).map((s, n) => ({ ...s, customer: n === 0 ? "acme" : "umbrella" }));
function lock(shape: "existing-cluster" | "doks" | "eks", cluster?: Record<string, unknown>): Architecture {
  const existing = { kubeconfigSecret: "kubeconfig", storageClass: "piers", ...(cluster ? { cluster } : {}) };
  return build(wish({ ships: { named: ships }, existing }), shape).stacks[0]!.architecture;
}
const entity = (a: Architecture): (boolean | undefined)[] => tenantsMade(a).map((t) => t.apiServer.asCiliumEntity);

test("the lock keeps what was known of the cluster, and the program holds the cluster to it", async () => {
  const known = lock("existing-cluster", facts());
  expect(known.cluster!.existing).toEqual(facts());
  const types = (await previewArchitectures(stacksOf([known]))).graph.resources.map((r) => r.type);
  expect(types).toContain("roadstead:index:ExistingCluster");
});

test.each([
  ["not enforced for two customers", facts({ networkPolicies: { enforced: "unknown" } }), /networkPolicies\.enforced/],
  ["too old", facts({ kubernetes: "1.28" }), /facts\.kubernetes/],
  ["of which nothing is known, for two customers", undefined, /facts: received nothing, with 2 customers/],
])("a lock of a cluster that is %s is refused before anything is made", async (_what, cluster, message) => {
  await expect(previewArchitectures(stacksOf([lock("existing-cluster", cluster)]))).rejects.toThrow(message);
});

test("nor is a customer whom the platform's own cell does not have let onto such a cluster by another cell", async () => {
  const cells = (cluster?: Record<string, unknown>) =>
    build(
      wish({
        ships: { count: 60 },
        customers: 2,
        existing: { kubeconfigSecret: "kubeconfig", storageClass: "piers", ...(cluster ? { cluster } : {}) },
      }),
      "existing-cluster",
    ).stacks.map((s) => s.architecture);
  const preview = async (a: Architecture) => previewArchitectures(stacksOf([a]));
  const [platform, second] = cells() as [Architecture, Architecture];
  expect(platform.tenants.map((t) => t.customer)).toEqual(["customer-1"]);
  await expect(preview(second)).rejects.toThrow(/facts: received nothing, with 2 customers/);
  const unknown = cells(facts({ networkPolicies: { enforced: "unknown" } }))[1]!;
  await expect(preview(unknown)).rejects.toThrow(/networkPolicies\.enforced/);
  await preview(cells(facts())[1]!);
});

test("ships reach the API server by Cilium's name for it where Cilium may take it for a node, and nowhere else", () => {
  expect(entity(lock("doks"))).toEqual([true, true]);
  const by = (name: string) => facts({ networkPolicies: { enforced: "yes", by: name, basis: "documented" } });
  expect(entity(lock("existing-cluster", by("cilium")))).toEqual([true, true]);
  expect(entity(lock("existing-cluster", by("GKE Dataplane V2")))).toEqual([undefined, undefined]);
  expect(entity(lock("eks"))).toEqual([undefined, undefined]);
  // The proxy to DigitalOcean's control plane answers on this port of every node.
  expect(tenantsMade(lock("doks"))[0]!.apiServer.ports).toContain(16443);
});

test("tenants' pod security is pinned to the version that was read", () => {
  expect(tenantsMade(lock("existing-cluster", facts({ kubernetes: "1.33" }))).map((t) => t.kubernetes)).toEqual([
    "1.33",
    "1.33",
  ]);
});
