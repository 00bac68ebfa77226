// A tenant is closed, bounded and readable only; what the API server keeps; the root of a stack.
import { Environment, environmentInputs } from "../../../components/environment";
import { AdmissionPolicies, Tenant, tenantPlan, type TenantArgs } from "../../../components/isolation";
import { renderAdmission } from "../../../components/isolation/render/admission";
import { renderTenant } from "../../../components/isolation/render/tenant";
import type { RenderedResource } from "../../../components/fleet/render/resource";
import { limitMiB } from "../../../planner/predicates";
import { evaluate, fromGraph } from "../../../policies/rules";
import { record } from "../fleet/record";

const ID = "t-0123456789";
const full = (more: Partial<TenantArgs> = {}): TenantArgs => ({
  id: ID,
  stack: "prod",
  kubernetes: "1.34",
  internalCidrs: ["10.0.0.0/16", "34.1.0.0/16"],
  apiServer: { cidrs: ["172.20.0.1/32", "10.0.0.0/16"], ports: [443] },
  edgeNamespace: "roadstead-edge",
  monitoringNamespace: "roadstead-monitoring",
  ...more,
});
const short = (r: { type: string; name: string }) => `${r.type.split(":").pop()} ${r.name}`;
const rendered = (more: Partial<TenantArgs> = {}) => renderTenant("acme", tenantPlan(full(more)));
const find = (all: RenderedResource[], name: string) => all.find((r) => short(r) === name)!;
const spec = (all: RenderedResource[], name: string) => find(all, name).inputs.spec as Record<string, never>;
const POLICIES = [
  "default-deny",
  "allow-dns",
  "allow-edge",
  "allow-monitoring",
  "allow-internet",
  "allow-kubernetes-api",
];
const wait = 30_000;

test(
  "registers exactly these, in a preview too, each under the tenant and after its namespace",
  async () => {
    const expected = [
      "Tenant acme",
      "Namespace acme-namespace",
      ...POLICIES.map((p) => `NetworkPolicy acme-${p}`),
      "ResourceQuota acme-quota",
      "LimitRange acme-limits",
      "Role acme-reader",
      "RoleBinding acme-reader-binding",
    ].sort();
    const up = await record(() => new Tenant("acme", full()));
    const preview = await record(() => new Tenant("acme", full()), true);
    expect(up.registrations.map(short).sort()).toEqual(expected);
    expect(preview.registrations.map(short).sort()).toEqual(expected);
    for (const r of up.registrations.slice(1)) {
      expect(`${r.name}: ${r.parent}`).toBe(`${r.name}: acme`);
      if (r.name !== "acme-namespace") expect(r.dependsOn).toContain("acme-namespace");
    }
    expect(up.registrations.filter((r) => r.protect).map(short)).toEqual(["Namespace acme-namespace"]);
    expect(rendered().map(short).sort()).toEqual(expected);
    for (const r of rendered()) expect(up.registrations.find((u) => short(u) === short(r))!.inputs).toEqual(r.inputs);
  },
  wait,
);

test.each(["kube-system", "default", "roadstead-registry", "acme", "t-0123"])(
  "refuses a tenant called %s before anything is registered",
  async (id) => {
    let problems: { path: string }[] = [];
    const run = await record(() => {
      try {
        new Tenant("acme", full({ id }));
      } catch (error) {
        problems = (error as { problems: { path: string }[] }).problems;
      }
    });
    expect([problems.map((p) => p.path), run.registrations]).toEqual([["id"], []]);
  },
);

test("refuses a telling name, an open way to the API, and what is no network", async () => {
  const paths: string[] = [];
  await record(() => {
    try {
      new Tenant(
        "acme",
        full({
          id: "acme",
          images: ["vere@sha256:1", "a,b"],
          runtimeClass: "",
          storageClass: "No Class",
          internalCidrs: ["10.0.0.0"],
          apiServer: { cidrs: ["0.0.0.0/0"], ports: [443] },
        }),
      );
    } catch (error) {
      paths.push(...(error as { problems: { path: string }[] }).problems.map((p) => p.path));
    }
  });
  expect(paths).toEqual([
    "id",
    "images[0]",
    "images[1]",
    "runtimeClass",
    "storageClass",
    "internalCidrs[0]",
    "apiServer.cidrs[0]",
  ]);
});

test("asks for names over UDP and TCP, and of the cluster's DNS only", () => {
  const [rule] = spec(rendered(), "NetworkPolicy acme-allow-dns").egress as unknown as {
    ports: unknown[];
    to: unknown[];
  }[];
  expect(rule!.ports).toEqual([
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ]);
  expect(rule!.to).toHaveLength(1);
});

test("where Cilium takes the API server for a node, allows it by name, on its ports only", async () => {
  const apiServer = { cidrs: ["10.0.0.0/8"], ports: [443, 16443], asCiliumEntity: true };
  const name = "CiliumNetworkPolicy acme-allow-api-entity";
  expect(find(rendered({ apiServer }), name).inputs).toMatchObject({
    apiVersion: "cilium.io/v2",
    metadata: { namespace: ID },
    spec: {
      endpointSelector: {},
      egress: [
        {
          toEntities: ["kube-apiserver"],
          toPorts: [
            {
              ports: [
                { port: "443", protocol: "TCP" },
                { port: "16443", protocol: "TCP" },
              ],
            },
          ],
        },
      ],
    },
  });
  const made = await record(() => new Tenant("acme", full({ apiServer })));
  expect(made.registrations.map(short)).toContain(name);
  // A cluster without Cilium has no such kind.
  expect(rendered().map(short)).not.toContain(name);
  expect(rendered({ apiServer, networkPolicies: false }).map(short)).not.toContain(name);
});

test("lets nobody in when nobody was named: a ship that peers reach has a policy of its own", () => {
  const alone = rendered({ edgeNamespace: null, monitoringNamespace: null });
  const ingress = alone.filter((r) => (r.inputs.spec as { ingress?: unknown } | undefined)?.ingress);
  expect(ingress).toEqual([]);
});

test("gives a tenant without a plan 10 ships, 20 GiB and 10 processors, and no way in of its own", () => {
  expect(spec(rendered(), "ResourceQuota acme-quota").hard).toMatchObject({
    pods: "10",
    "requests.memory": "20480Mi",
    "requests.cpu": "10000m",
    "services.loadbalancers": "0",
    "services.nodeports": "0",
  });
});

test.each([31, 32, 33, 34])("never limits a container below a loom of %i", (loom) => {
  const [limit] = spec(rendered({ loom }), "LimitRange acme-limits").limits as unknown as {
    default: { memory: string };
    max?: unknown;
  }[];
  expect(parseInt(limit!.default.memory, 10)).toBe(limitMiB(1, loom));
  expect(limit!.max).toBeUndefined();
});

test("pins the pod security standard only to a version that is known", () => {
  const labels = (kubernetes: string | null) =>
    (find(rendered({ kubernetes }), "Namespace acme-namespace").inputs.metadata as { labels: Record<string, string> })
      .labels;
  expect(labels("1.34")).toMatchObject({
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "v1.34",
  });
  expect(Object.keys(labels(null)).filter((k) => k.endsWith("-version"))).toEqual([]);
});

test("says on its namespace what its pods and volumes may be made of, for the API server to hold them to", () => {
  const annotations = (more: Partial<TenantArgs>) =>
    (find(rendered(more), "Namespace acme-namespace").inputs.metadata as { annotations: Record<string, string> })
      .annotations;
  expect(annotations({})).toEqual({ "roadstead.dev/runtime-class": "", "roadstead.dev/stack": "prod" });
  const images = ["tloncorp/vere", "example.com/kubectl", "tloncorp/vere"];
  expect(annotations({ images, runtimeClass: "gvisor", storageClass: "roadstead-gp3" })).toEqual({
    "roadstead.dev/images": "example.com/kubectl,tloncorp/vere",
    "roadstead.dev/runtime-class": "gvisor",
    "roadstead.dev/stack": "prod",
    "roadstead.dev/storage-class": "roadstead-gp3",
  });
});

test("meets every rule of the policy pack", () => {
  const said = evaluate(fromGraph(rendered().map((r) => ({ ...r, urn: r.key }))));
  expect(said.filter((j) => j.verdict !== "pass")).toEqual([]);
  expect(new Set(said.map((j) => j.rule)).size).toBeGreaterThanOrEqual(6);
});

test(
  "admission policies come with their bindings, for tenants' namespaces only",
  async () => {
    const run = await record(() => new AdmissionPolicies("prod"));
    expect(run.registrations.map(short).sort()).toEqual(renderAdmission("prod").map(short).sort());
    const bindings = run.registrations.filter((r) => r.type.endsWith("Binding"));
    expect(bindings).toHaveLength(5);
    for (const b of bindings.filter((r) => r.name !== "prod-namespaces-binding")) {
      expect(b.inputs.spec).toMatchObject({
        validationActions: ["Deny"],
        matchResources: {
          namespaceSelector: { matchExpressions: [{ key: "roadstead.dev/tenant", operator: "Exists" }] },
        },
      });
    }
  },
  wait,
);

const digest = `sha256:${"a".repeat(64)}`;
const environment = {
  environment: "prod",
  stack: "prod",
  mode: "eks",
  provider: "aws",
  region: "us-west-2",
  cell: "c1",
  ships: 50,
  compliance: ["soc2"],
  residency: "us",
  requirementsDigest: digest,
  architectureDigest: digest,
  cost: { low: 400, mid: 510, high: 620, currency: "USD", incomplete: false, budget: 500 },
};

test(
  "an environment shows policies its cost and budget, as inputs and as outputs",
  async () => {
    const run = await record(() => new Environment("prod", environment));
    const [registered] = run.registrations;
    expect(registered!.inputs).toEqual(environmentInputs(environment));
    expect(run.outputs.find((o) => "cost" in o)).toMatchObject({ cost: environment.cost, architectureDigest: digest });
    const said = evaluate(fromGraph([{ ...registered!, urn: "u", parent: null, options: {}, dependsOn: [] }]));
    expect(said.map((j) => [j.rule, j.verdict])).toEqual([
      ["cost-within-budget", "fail"],
      ["decision-recorded", "pass"],
    ]);
  },
  wait,
);

test("an environment without a lock is refused", async () => {
  let message = "";
  await record(() => {
    try {
      new Environment("prod", { ...environment, architectureDigest: "" });
    } catch (error) {
      message = (error as Error).message;
    }
  });
  expect(message).toMatch(/architectureDigest: received nothing.*plan FILE --stack STACK --write/s);
});
