import * as pulumi from "@pulumi/pulumi";
import { MonitoringStack, type MonitoringStackArgs } from "../../../components/monitoring";

interface Made {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}
let made: Made[] = [];
const CANARY = "canary-b1946ac92492d2347c6235b4d2611184";

function mocks(preview: boolean) {
  made = [];
  return pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        made.push({ type: args.type, name: args.name, inputs: args.inputs });
        return { id: `${args.name}-id`, state: { ...args.inputs, result: `${CANARY}-password` } };
      },
      call: () => ({}),
    },
    "project",
    "stack",
    preview,
  );
}

const charts = {
  kubePrometheusStack: { version: "1.1.1" },
  blackboxExporter: { version: "2.2.2" },
  loki: { version: "18.0.0" },
  alloy: { version: "4.4.4" },
};
const ships = [
  { id: "zod", namespace: "t-0123456789" },
  { id: "nec", namespace: "t-abcdef0123" },
];
const promise = <T>(o: pulumi.Output<T>) => new Promise<T>((resolve) => o.apply(resolve));

async function build(args: Partial<MonitoringStackArgs> = {}, preview = false) {
  await mocks(preview);
  const stack = new MonitoringStack("prod", {
    platform: "eks",
    storageClass: "gp3",
    charts,
    domain: "fleet.example.com",
    ships,
    sla: 99.9,
    routing: { pagerDutyRoutingKey: pulumi.secret(`${CANARY}-pd`), slackWebhookUrl: pulumi.secret(`${CANARY}-slack`) },
    ...args,
  });
  if (!preview) await promise(stack.ready);
  await new Promise((r) => setTimeout(r, 50));
  return stack;
}
const keys = () => made.map((m) => `${m.type} ${m.name}`).sort();

describe("MonitoringStack", () => {
  test("makes exactly this, and nothing else", async () => {
    await build();
    expect(keys()).toEqual(
      [
        "roadstead:index:MonitoringStack prod",
        "roadstead:index:ShipProbes prod-probes",
        "kubernetes:core/v1:Namespace prod-namespace",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy prod-ingress",
        "random:index/randomPassword:RandomPassword prod-grafana-password",
        "kubernetes:core/v1:Secret prod-grafana-admin",
        "kubernetes:core/v1:Secret prod-alertmanager",
        "kubernetes:core/v1:Secret prod-alert-keys",
        "kubernetes:core/v1:ConfigMap prod-log-rules",
        "kubernetes:core/v1:ConfigMap prod-dashboard-fleet-overview",
        "kubernetes:core/v1:ConfigMap prod-dashboard-ship",
        "kubernetes:core/v1:ConfigMap prod-dashboard-cost",
        "kubernetes:core/v1:ConfigMap prod-dashboard-alerts",
        "kubernetes:helm.sh/v4:Chart prod-prometheus",
        "kubernetes:helm.sh/v4:Chart prod-blackbox",
        "kubernetes:helm.sh/v4:Chart prod-loki",
        "kubernetes:helm.sh/v4:Chart prod-alloy",
        "kubernetes:monitoring.coreos.com/v1:PrometheusRule prod-rules",
        "kubernetes:monitoring.coreos.com/v1:Probe prod-probes-t-0123456789",
        "kubernetes:monitoring.coreos.com/v1:Probe prod-probes-t-abcdef0123",
      ].sort(),
    );
  });

  test("a preview registers the same resources as an up", async () => {
    await build();
    const up = keys();
    await build({}, true);
    expect(keys()).toEqual(up);
  });

  test("every resource has the component as its parent", async () => {
    const seen: { name: string; parent: string | undefined }[] = [];
    await mocks(false);
    await pulumi.runtime.runInPulumiStack(async () => {
      pulumi.runtime.registerStackTransformation((r) => {
        seen.push({ name: r.name, parent: (r.opts.parent as { __name?: string } | undefined)?.__name });
        return undefined;
      });
      const stack = new MonitoringStack("prod", {
        platform: "eks",
        storageClass: "gp3",
        charts,
        domain: "a.example",
        ships,
      });
      await promise(stack.ready);
    });
    const below = seen.filter((s) => s.name !== "prod" && s.name !== "project-stack");
    expect(below.length).toBeGreaterThan(15);
    for (const s of below) expect(s.parent).toBe(s.name.startsWith("prod-probes-") ? "prod-probes" : "prod");
  });

  test("no key and no password is anywhere but in a Secret", async () => {
    const stack = await build();
    const outside = made.filter((m) => m.type !== "kubernetes:core/v1:Secret");
    expect(JSON.stringify(outside)).not.toContain(CANARY);
    const config = made.find((m) => m.name === "prod-alertmanager")!;
    expect(JSON.stringify(config)).not.toContain(CANARY);
    const holders = made.filter((m) => JSON.stringify(m.inputs).includes(CANARY));
    expect(holders.map((m) => m.name).sort()).toEqual(["prod-alert-keys", "prod-grafana-admin"]);
    // Pulumi marks a secret in what it sends; a plain value would be stored in the clear.
    for (const h of holders)
      for (const value of Object.values(h.inputs.stringData as Record<string, unknown>))
        if (JSON.stringify(value).includes(CANARY))
          expect(JSON.stringify(h.inputs)).toContain("1b47061264138c4ac30d75fd1eb44270");
    for (const out of [stack.namespace, stack.grafanaSecretName, stack.scrape, stack.warnings])
      expect(JSON.stringify(await promise(out as pulumi.Output<unknown>))).not.toContain(CANARY);
  });

  test("charts have the recorded version, and rules wait for the charts", async () => {
    await build();
    const versions = made.filter((m) => m.type.endsWith(":Chart")).map((m) => m.inputs.version);
    expect(versions.sort()).toEqual(["1.1.1", "18.0.0", "2.2.2", "4.4.4"]);
    const order = made.map((m) => m.name);
    for (const chart of ["prometheus", "blackbox", "loki", "alloy"])
      expect(order.indexOf("prod-rules")).toBeGreaterThan(order.indexOf(`prod-${chart}`));
  });

  test("every missing chart version is named at once", async () => {
    await expect(build({ charts: { loki: { version: "18.0.0" } } })).rejects.toMatchObject({
      message: expect.stringMatching(/charts\.kubePrometheusStack.*\n.*charts\.blackboxExporter.*\n.*charts\.alloy/),
      errors: [
        expect.objectContaining({ propertyPath: "charts.kubePrometheusStack" }),
        expect.objectContaining({ propertyPath: "charts.blackboxExporter" }),
        expect.objectContaining({ propertyPath: "charts.alloy" }),
      ],
    });
    expect(made.filter((m) => m.type !== "roadstead:index:MonitoringStack")).toEqual([]);
  });

  test("a preview marks missing versions with one that no repository has", async () => {
    const stack = await build({ charts: {}, missingVersions: "mark" });
    const versions = made.filter((m) => m.type.endsWith(":Chart")).map((m) => m.inputs.version);
    expect(versions).toEqual(Array(4).fill("0.0.0-not-recorded"));
    const warnings = await promise(stack.warnings);
    expect(warnings.filter((w) => w.startsWith("charts."))).toHaveLength(4);
  });

  test("bad arguments are refused together, before anything is made", async () => {
    await expect(
      build({ sla: 100, storageGiB: 0.5, storageClass: "", ships: [ships[0]!, ships[0]!], shipNamespaces: "(" }),
    ).rejects.toMatchObject({
      errors: ["sla", "storageClass", "shipNamespaces", "ships[1].id", "storageGiB"].map((propertyPath) =>
        expect.objectContaining({ propertyPath }),
      ),
    });
  });

  test.each(["prometheus", "datadog", "newrelic"] as const)(
    "beside an existing %s it makes nothing, and says what to scrape",
    async (existing) => {
      const stack = await build({ existing, charts: {} });
      expect(keys()).toEqual(["roadstead:index:MonitoringStack prod"]);
      const scrape = await promise(stack.scrape);
      expect(scrape.join("\n")).toMatch(/kube_statefulset_replicas[\s\S]*fleet\.example\.com/);
      expect(await promise(stack.namespace)).toBe("");
    },
  );

  test("alerts that reach nobody are said", async () => {
    const stack = await build({ routing: {} });
    expect((await promise(stack.warnings)).join("\n")).toMatch(/alerts reach nobody[\s\S]*silence is not noticed/);
    expect(keys()).not.toContain("kubernetes:core/v1:Secret prod-alert-keys");
  });

  test("the component itself passes nothing into state", async () => {
    await build();
    for (const m of made.filter((m) => m.type.startsWith("roadstead:"))) expect(m.inputs).toEqual({});
  });
});
