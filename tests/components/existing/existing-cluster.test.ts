import type { ArgumentsRefused } from "../../../components/refusal";
import { ExistingCluster, type ExistingClusterArgs } from "../../../components/existing";
import { foundProblems } from "../../../components/existing/existing-cluster";
import { FACTS, facts, withClass } from "../../planner/existing-facts";
import { asUp, preview, strays, up } from "../eks/record";

const CANARY = "canary-5f2d8a41c9";
const build =
  (overrides: Partial<ExistingClusterArgs> = {}) =>
  () =>
    new ExistingCluster("home", { kubeconfig: `token: ${CANARY}`, storageClass: "piers", ...overrides });

describe("ExistingCluster", () => {
  test("makes a provider, reads the storage class, and nothing else", async () => {
    const made = await preview(build());
    expect(made.set).toEqual([
      "kubernetes:storage.k8s.io/v1:StorageClass home-piers",
      "pulumi:providers:kubernetes home-kubernetes",
      "roadstead:index:ExistingCluster home",
    ]);
    expect(strays(made, made.one("roadstead:index:ExistingCluster"))).toEqual([]);
    expect(await up(build())).toEqual(made.set);
  });

  test("keeps the kubeconfig out of everything but its own secret", async () => {
    const made = await preview(build());
    expect(made.one("pulumi:providers:kubernetes").inputs.kubeconfig).toBe("[secret]");
    expect(JSON.stringify(made)).not.toContain(CANARY);
  });

  test("is another cluster only when it is called another one", async () => {
    const identity = async (overrides: Partial<ExistingClusterArgs>) =>
      (await preview(build(overrides))).one("pulumi:providers:kubernetes").inputs.clusterIdentifier;
    expect(await identity({})).toBe("home");
    expect(await identity({ kubeconfig: "a new token" })).toBe("home");
    expect(await identity({ clusterIdentifier: "office" })).toBe("office");
  });

  test("gives out the storage class only with the name that was read", async () => {
    const names: string[] = [];
    await up(() => void build()().storageClass.apply((name) => names.push(name)));
    expect(names).toEqual(["piers"]);
  });

  test("refuses a storage class that is not fit for piers once it was read, and judges none it could not read", () => {
    const fit = { name: "piers", reclaimPolicy: "Retain", bindingMode: "WaitForFirstConsumer" };
    expect(foundProblems(fit)).toEqual([]);
    expect(foundProblems({ name: "piers" }, FACTS)).toEqual([]);
    const paths = (read: Parameters<typeof foundProblems>[0]) => foundProblems(read, FACTS).map((p) => p.path);
    expect(paths({ ...fit, reclaimPolicy: "Delete" })).toEqual(["storageClass.reclaimPolicy"]);
    expect(paths({ ...fit, bindingMode: "Immediate" })).toEqual(["storageClass.bindingMode"]);
    expect(paths({ ...fit, provisioner: "rancher.io/local-path" })).toEqual(["storageClass.provisioner"]);
    expect(foundProblems({ ...fit, reclaimPolicy: "Delete" })[0]).toMatchObject({
      received: '"piers", whose reclaimPolicy is Delete',
      fix: expect.stringContaining("reclaimPolicy Retain"),
    });
  });

  test("takes several customers into a cluster that is known to keep them apart", async () => {
    expect(await up(build({ facts: FACTS, customers: 5, runtimeClass: "gvisor" }))).toHaveLength(3);
  });

  test("refuses what the planner refuses, before anything is made", async () => {
    await asUp();
    const refused = (overrides: Partial<ExistingClusterArgs>): string[] => {
      try {
        build(overrides)();
      } catch (thrown) {
        return (thrown as ArgumentsRefused).problems.map((p) => p.path);
      }
      return [];
    };
    expect(refused({ facts: facts({ networkPolicies: { enforced: "unknown" } }), customers: 2 })).toEqual([
      "facts.networkPolicies.enforced",
    ]);
    expect(refused({ facts: withClass({ readWriteOncePod: "no" }) })).toEqual([
      "facts.storageClasses[0].readWriteOncePod",
    ]);
    expect(refused({ facts: FACTS, architectures: ["arm64"], runtimeClass: "kata" })).toEqual([
      "facts.runtimeClasses",
      "facts.nodes",
    ]);
    // Of a cluster nobody said anything about, nothing is known that keeps two customers apart.
    expect(refused({ customers: 2 })).toEqual(["facts"]);
  });

  test("refuses an empty kubeconfig and a missing storage class, both at once", async () => {
    await asUp();
    let error: unknown;
    try {
      build({ kubeconfig: " ", storageClass: "" })();
    } catch (thrown) {
      error = thrown;
    }
    expect((error as ArgumentsRefused).problems.map((p) => p.path)).toEqual(["kubeconfig", "storageClass"]);
  });
});
