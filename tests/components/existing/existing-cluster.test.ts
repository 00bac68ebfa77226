import type { ArgumentsRefused } from "../../../components/refusal";
import { ExistingCluster, type ExistingClusterArgs } from "../../../components/existing";
import { reclaimProblems } from "../../../components/existing/existing-cluster";
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

  test("refuses a storage class that deletes volumes, and judges none it could not read", () => {
    expect(reclaimProblems("piers", "Retain")).toEqual([]);
    expect(reclaimProblems("piers", undefined)).toEqual([]);
    expect(reclaimProblems("piers", "Delete")).toEqual([
      {
        path: "storageClass",
        received: '"piers", whose reclaimPolicy is Delete',
        accepted: "a storage class with reclaimPolicy Retain",
        fix: "make a class like it with reclaimPolicy Retain, and name that one",
      },
    ]);
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
