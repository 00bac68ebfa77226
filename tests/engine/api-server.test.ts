// The compiled program under the real engine on a real Kubernetes API server: what admission, defaults, server-side apply
// and garbage collection make of it. The kubernetes provider is a stand-in that asks as the real one does.
import * as fs from "node:fs";
import { ANNOTATION, LABEL, pierName, REGISTRY_NAMESPACE } from "../../components/fleet/render/names";
import { CLAIM_POLICY } from "../../components/fleet/render/registry";
import { customerGroup } from "../../components/isolation/render/tenant";
import { eventually, type KubeObject } from "../cluster/control-plane/api";
import { type Pod, readyShips, SHIP_PODS } from "../cluster/fleet/deploy";
import { type Example, examples, prepare } from "./engine/examples";
import { expectDone, expectUnchanged } from "./engine/expectations";
import { type JournalEntry, Project, type StateResource } from "./engine/project";
import { kubectl, onCluster, ownObjects, type RealCluster, realCluster, rule } from "./engine/real-cluster";

const ships = examples["existing-cluster"].ships as [string, string];
const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${REGISTRY_NAMESPACE}/leases`;

let cluster: RealCluster;
let example: Example;
let project: Project;
let stack: string;
let tenant: string;

beforeAll(async () => {
  cluster = await realCluster("retained");
  example = onCluster(examples["existing-cluster"], cluster);
  project = new Project();
  [stack] = (await prepare(project, example)) as [string];
});
afterAll(async () => {
  const left = project?.left();
  project?.remove();
  await cluster?.stop();
  expect(left).toEqual([]);
});

const journal = (from = 0): JournalEntry[] => project.cloud.journal().slice(from);
/** The pod's own script does it with kubectl. */
const asPod = (ship: string): string => `${LEASES}/${ship}?fieldManager=kubectl-patch`;
const statefulSet = (ship: string): string => `/apis/apps/v1/namespaces/${tenant}/statefulsets/${ship}`;
const spec = async <T>(path: string): Promise<T> => (await cluster.api.get<KubeObject & { spec: T }>(path)).body.spec;

describe("a stack on a cluster", () => {
  test("what the server would not admit fails the preview", async () => {
    const lift = await rule(cluster.api, "no-tenants", ["", "namespaces"], ["CREATE"], "object.metadata.name == 'x'");
    const refused = await project.preview(stack);
    await lift();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/was not successfully created by the Kubernetes API server: .*not by no-tenants/);
    expect(journal().filter((e) => e.urn !== "")).toEqual([]);
  });

  test("is made, each thing once, and every ship's pod becomes ready", async () => {
    expectDone(await project.pulumi(["up", "--yes", "--stack", stack]));
    const made = journal().filter((e) => e.urn !== "");
    expect(made.filter((e) => e.op !== "create")).toEqual([]);
    expect(new Set(made.map((e) => e.urn)).size).toBe(made.length);
    const pods = await readyShips(cluster.api, ships.length, 60_000);
    expect(pods.map((p) => p.metadata.name).sort()).toEqual(ships.map((s) => `${s}-0`).sort());
    tenant = pods[0]!.metadata.namespace!;
  });

  test("changes nothing when it is brought up again: what the server filled in is not undone", async () => {
    const before = journal().length;
    expectUnchanged(await project.pulumi(["up", "--yes", "--stack", stack]));
    expect(journal(before)).toEqual([]);
  });

  test("finds nothing changed on refresh", async () => {
    expectUnchanged(await project.refresh(stack));
  });
});

describe("ships that have booted", () => {
  const runState = (ship: string) => ({
    [ANNOTATION.firstBoot]: "done",
    [ANNOTATION.lastEvent]: ship === ships[0] ? "41" : "none",
  });

  test("keep their run state, and stopped ones stay stopped, through an up that changes every workload", async () => {
    for (const ship of ships)
      for (const firstBoot of ["started", "done"]) {
        const annotations = { ...runState(ship), [ANNOTATION.firstBoot]: firstBoot };
        expect((await cluster.api.merge(asPod(ship), { metadata: { annotations } })).message).toBe("");
      }
    const stopped = { spec: { replicas: 0 } };
    expect((await cluster.api.merge(`${statefulSet(ships[1])}/scale`, stopped)).message).toBe("");
    const podBefore = (await cluster.api.get<Pod>(`/api/v1/namespaces/${tenant}/pods/${ships[0]}-0`)).body.metadata.uid;

    const before = await spec<Workload>(statefulSet(ships[1]));
    await project.record(withMemory(6));
    const from = journal().length;
    expectDone(await project.pulumi(["up", "--yes", "--stack", stack]));
    const changed = journal(from);
    expect(changed.filter((e) => e.op !== "update")).toEqual([]);
    const kinds = new Set(changed.map((e) => e.type.split(":").pop()));
    expect([...kinds]).toEqual(expect.arrayContaining(["StatefulSet", "ResourceQuota"]));
    expect([...kinds].filter((kind) => /PersistentVolumeClaim|Lease|Namespace/.test(kind!))).toEqual([]);

    const after = await spec<Workload>(statefulSet(ships[1]));
    expect(after.replicas).toBe(0);
    expect(memoryMiB(after) - memoryMiB(before)).toBe(2 * 1024);
    const podAfter = (await cluster.api.get<Pod>(`/api/v1/namespaces/${tenant}/pods/${ships[0]}-0`)).body.metadata.uid;
    expect(podAfter).toBe(podBefore);
    for (const ship of ships)
      expect((await cluster.api.get(`${LEASES}/${ship}`)).body.metadata.annotations).toEqual(runState(ship));
  });

  test("after it every field is managed by one manager of the object's own, and by whoever else wrote one", async () => {
    const { managedFields } = (await cluster.api.get(statefulSet(ships[0]))).body.metadata as unknown as {
      managedFields: { manager: string; operation: string }[];
    };
    const own = managedFields.filter((f) => f.manager.startsWith("pulumi-kubernetes-"));
    expect(own.map((f) => f.operation)).toEqual(["Apply"]);
  });

  test("keep it, too, when a release has something to say about claims that older ones had not said", async () => {
    // As an older release made them, and as the engine last saw them: not booted yet.
    await asOlderRelease("coordination.k8s.io/v1:Lease", LABEL.cell);
    for (const ship of ships)
      await cluster.api.merge(`${LEASES}/${ship}`, { metadata: { labels: { [LABEL.cell]: null } } });
    const from = journal().length;
    expectDone(await project.up(stack));
    expect(
      journal(from)
        .map((e) => `${e.op} ${e.id}`)
        .sort(),
    ).toEqual(ships.map((s) => `update ${REGISTRY_NAMESPACE}/${s}`).sort());
    for (const ship of ships) {
      const { annotations, labels } = (await cluster.api.get(`${LEASES}/${ship}`)).body.metadata;
      expect([annotations, labels![LABEL.cell]]).toEqual([runState(ship), "c1"]);
    }
  });

  test("an update that the server would not admit fails the preview, and nothing is touched", async () => {
    const lift = await rule(cluster.api, "small-ships", ["apps", "statefulsets"], ["UPDATE"], "false");
    await project.record(withMemory(8));
    const from = journal().length;
    const refused = await project.preview(stack);
    await lift();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/not by small-ships/);
    expect(journal(from)).toEqual([]);
    await project.record(withMemory(6));
  });

  test("refresh takes over what pods and the rollout moved on, and up leaves it there", async () => {
    expectDone(await project.refresh(stack));
    expectUnchanged(await project.up(stack));
    for (const ship of ships)
      expect((await cluster.api.get(`${LEASES}/${ship}`)).body.metadata.annotations).toEqual(runState(ship));
  });
});

describe("somebody changes things with kubectl", () => {
  test("a policy that was opened and a label that was taken are seen by refresh and put back by up", async () => {
    const policy = `/apis/networking.k8s.io/v1/namespaces/${tenant}/networkpolicies/default-deny`;
    const namespace = `/api/v1/namespaces/${tenant}`;
    const before = { policy: await spec(policy), labels: (await cluster.api.get(namespace)).body.metadata.labels };
    const open = JSON.stringify({ spec: { ingress: [{}], policyTypes: ["Ingress"] } });
    expectSaid(kubectl(cluster, "patch", "networkpolicy", "default-deny", "-n", tenant, "--type=merge", "-p", open), 0);
    expectSaid(
      kubectl(cluster, "label", "namespace", tenant, "pod-security.kubernetes.io/enforce=privileged", "--overwrite"),
      0,
    );

    expect((await project.refresh(stack)).changes).toMatchObject({ update: 2 });
    const from = journal().length;
    expect((await project.pulumi(["up", "--yes", "--stack", stack])).changes).toMatchObject({ update: 2 });
    expect(
      journal(from)
        .map((e) => [e.op, e.type.split(":").pop()])
        .sort(),
    ).toEqual([
      ["update", "Namespace"],
      ["update", "NetworkPolicy"],
    ]);
    expect((await cluster.api.get(namespace)).body.metadata.labels).toEqual(before.labels);
    expect(await spec(policy)).toEqual(before.policy);
    expectUnchanged(await project.refresh(stack));
  });

  test("a Service that was deleted is made again, and nothing else", async () => {
    expectSaid(kubectl(cluster, "delete", "service", ships[0], "-n", tenant), 0);
    expectDone(await project.refresh(stack));
    const from = journal().length;
    expectDone(await project.up(stack));
    expect(journal(from).map((e) => [e.op, e.type.split(":").pop(), e.id])).toEqual([
      ["create", "Service", `${tenant}/${ships[0]}`],
    ]);
  });
});

describe("who may do what", () => {
  test.each([
    ["get", "secrets"],
    ["create", "pods"],
    ["create", "pods/exec"],
    ["delete", "persistentvolumeclaims"],
    ["patch", "statefulsets.apps"],
    ["update", "leases.coordination.k8s.io"],
  ])("a customer is told no by kubectl auth can-i %s %s", (verb, resource) => {
    const as = ["--as", "alice@customer.example", "--as-group", customerGroup(tenant)];
    for (const namespace of [tenant, REGISTRY_NAMESPACE, "default"])
      expectSaid(kubectl(cluster, "auth", "can-i", verb, resource, "-n", namespace, ...as), 1, /^no/);
    expectSaid(kubectl(cluster, "auth", "can-i", "get", "pods", "-n", tenant, ...as), 0, /^yes/);
  });

  test("not even an administrator lets go of a claim, gives it to another, or takes the registry away", () => {
    const lease = ["lease", ships[0], "-n", REGISTRY_NAMESPACE];
    expectSaid(kubectl(cluster, "delete", ...lease), 1, /a claim is never deleted/);
    const other = JSON.stringify({ spec: { holderIdentity: "another/stack" } });
    expectSaid(
      kubectl(cluster, "patch", ...lease, "--type=merge", "-p", other),
      1,
      /the holder of a claim never changes/,
    );
    const again = JSON.stringify({ metadata: { annotations: { [ANNOTATION.firstBoot]: "never" } } });
    expectSaid(kubectl(cluster, "patch", ...lease, "--type=merge", "-p", again), 1, /a first boot happens once/);
    expectSaid(kubectl(cluster, "delete", "namespace", REGISTRY_NAMESPACE), 1, /a claim is never deleted/);
  });
});

describe("at the end", () => {
  test("destroy is refused while ships exist, and takes nothing away", async () => {
    const from = journal().length;
    const before = await names();
    const refused = await project.destroy(stack);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/protect/);
    expect(journal(from)).toEqual([]);
    expect(await names()).toEqual(before);
  });

  test("destroy waits for a ship that is still ending, and leaves it what it ends with", async () => {
    const held = ["pod", `${ships[0]}-0`, "-n", tenant, "--type=merge"];
    const finalizers = (list: string[]): string => JSON.stringify({ metadata: { finalizers: list } });
    expectSaid(kubectl(cluster, "patch", ...held, "-p", finalizers(["tests.roadstead.dev/still-writing"])), 0);
    await project.must(["state", "unprotect", "--all", "--yes", "--stack", stack]);
    const destroyed = project.destroy(stack);
    await eventually("the ship is told to end", 90_000, async () => {
      const { metadata } = (await cluster.api.get<Pod>(`/api/v1/namespaces/${tenant}/pods/${ships[0]}-0`)).body;
      return metadata.deletionTimestamp ? { done: true, value: null } : { done: false, seen: "it runs" };
    });
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const there = await names();
    expect(there).toEqual(expect.arrayContaining([`StatefulSet ${tenant}/${ships[0]}`]));
    for (const kind of ["ServiceAccount", "Role", "RoleBinding", "ConfigMap"])
      expect(there.filter((n) => n.startsWith(`${kind} `)).join()).toMatch(/ship-|claim-/);
    expectSaid(kubectl(cluster, "patch", ...held, "-p", finalizers([])), 0);
    expectDone(await destroyed);
  });

  test("after it claims, what guards them, piers and namespaces are left, and nothing hangs in Terminating", async () => {
    const left = await names();
    expect(left).toEqual(
      [
        `Namespace ${REGISTRY_NAMESPACE}`,
        `ValidatingAdmissionPolicy ${CLAIM_POLICY}`,
        `ValidatingAdmissionPolicyBinding ${CLAIM_POLICY}`,
        `Namespace ${tenant}`,
        ...ships.map((s) => `Lease ${REGISTRY_NAMESPACE}/${s}`),
        ...ships.map((s) => `PersistentVolumeClaim ${tenant}/${pierName(s)}`),
      ].sort(),
    );
    expect(await cluster.api.list<Pod>(SHIP_PODS)).toEqual([]);
    const volumes = await cluster.api.list<Bound>("/api/v1/persistentvolumes");
    expect(volumes.map((v) => [v.spec.claimRef.name, v.status.phase]).sort()).toEqual(
      ships.map((s) => [pierName(s), "Bound"]).sort(),
    );
    const everything = [...(await ownObjects(cluster.api)), ...volumes];
    expect(everything.filter((o) => o.metadata.deletionTimestamp !== undefined)).toEqual([]);
    const namespaces = await cluster.api.list<KubeObject & { status: { phase: string } }>("/api/v1/namespaces");
    expect(namespaces.filter((n) => n.status.phase !== "Active")).toEqual([]);
  });

  test("the claims that are left are as final as before", () => {
    expectSaid(kubectl(cluster, "delete", "lease", ships[0], "-n", REGISTRY_NAMESPACE), 1, /a claim is never deleted/);
  });
});

interface Workload {
  replicas: number;
  template: { spec: { containers: { name: string; resources: { requests: { memory: string } } }[] } };
}

/** What the ship's own container requests. */
function memoryMiB({ template }: Workload): number {
  const { memory } = template.spec.containers.find((c) => c.name === "ship")!.resources.requests;
  return Number.parseInt(memory) * (memory.endsWith("Gi") ? 1024 : 1);
}
type Bound = KubeObject & { spec: { claimRef: { name: string } }; status: { phase: string } };

const names = async (): Promise<string[]> =>
  (await ownObjects(cluster.api))
    .map(({ kind, metadata: m }) => `${kind} ${m.namespace ? `${m.namespace}/` : ""}${m.name}`)
    .sort();

/** The state as if these objects had been made without that label. */
async function asOlderRelease(type: string, label: string): Promise<void> {
  const file = project.path("older.json");
  await project.must(["stack", "export", "--stack", stack, "--file", file]);
  const exported = JSON.parse(fs.readFileSync(file, "utf8")) as { deployment: { resources: StateResource[] } };
  for (const { inputs, outputs } of exported.deployment.resources.filter((r) => r.type === `kubernetes:${type}`))
    for (const said of [inputs, outputs, outputs?.__inputs] as unknown as KubeObject[])
      delete said.metadata.labels![label];
  fs.writeFileSync(file, JSON.stringify(exported));
  await project.must(["stack", "import", "--stack", stack, "--file", file]);
}

const withMemory = (memoryGiB: number): Record<string, unknown> => ({
  ...example.requirements,
  ships: { ...(example.requirements.ships as object), memoryGiB },
});

function expectSaid({ code, said }: { code: number | null; said: string }, wanted: number, words = /(?:)/): void {
  expect(said).toMatch(words);
  expect(code).toBe(wanted);
}
