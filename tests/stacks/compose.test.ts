import type { Architecture } from "../../planner/architecture/schema";
import { previewArchitectures, type GraphResource } from "../../preview";
import { clusterArchitectures, hostArchitectures, stacksOf } from "../preview/architectures";

jest.setTimeout(60_000);

const resourcesOf = async (architectures: Architecture[]) =>
  (await previewArchitectures(stacksOf(architectures), { everyCellUnderRuntime: true })).graph.resources;

/** Everything a resource is deleted before: what it waits for, its parent, its provider, and theirs in turn. */
function foundationOf(resource: GraphResource, all: Map<string, GraphResource>): Set<string> {
  const seen = new Set<string>();
  const walk = (r: GraphResource | undefined): void => {
    for (const urn of r ? [...r.dependsOn, r.parent, r.provider] : [])
      if (urn !== null && !seen.has(urn)) {
        seen.add(urn);
        walk(all.get(urn));
      }
  };
  walk(resource);
  return seen;
}

/** How often Pulumi 3.250's TransitiveDependenciesOf comes by, at least: it visits what it has seen again. */
function pathsFrom(urn: string, all: Map<string, GraphResource>, known = new Map<string, number>()): number {
  const found = known.get(urn);
  if (found !== undefined) return found;
  const { dependsOn = [], provider = null } = all.get(urn) ?? {};
  const below = (next: string): number => pathsFrom(next, all, known);
  const visits = 1 + (provider === null ? 0 : below(provider)) + dependsOn.reduce((n, next) => n + below(next), 0);
  known.set(urn, visits);
  return visits;
}

describe("a cluster stack", () => {
  let resources: GraphResource[];
  let byUrn: Map<string, GraphResource>;
  const of = (type: string) => resources.filter((r) => r.type === type);
  beforeAll(async () => {
    resources = await resourcesOf(clusterArchitectures({ shipsPerCell: 3, domain: "fleet.example.com" }));
    byUrn = new Map(resources.map((r) => [r.urn, r]));
  });

  test("hangs everything under one Environment that shows the decision", () => {
    const roots = resources.filter((r) => r.parent === null && r.type !== "pulumi:pulumi:Stack");
    expect(roots.map((r) => r.type)).toEqual(["roadstead:index:Environment"]);
    expect(roots[0]!.inputs).toMatchObject({ mode: "eks", ships: 3, cost: { mid: 100, budget: 200 } });
  });

  test("is torn down from the ships down to the network, in that order", () => {
    const [ship] = of("kubernetes:apps/v1:StatefulSet");
    for (const type of [
      "kubernetes:core/v1:Namespace",
      "kubernetes:storage.k8s.io/v1:StorageClass",
      "aws:eks/addon:Addon",
      "aws:eks/nodeGroup:NodeGroup",
      "aws:eks/cluster:Cluster",
      "aws:ec2/natGateway:NatGateway",
      "aws:ec2/vpc:Vpc",
    ]) {
      const named = of(type).filter((r) => !r.name.includes("monitoring"));
      const foundation = foundationOf(ship!, byUrn);
      expect([type, named.filter((r) => !foundation.has(r.urn)).map((r) => r.name)]).toEqual([type, []]);
    }
  });

  test("claims ships in a registry that is there, and guarded, before them", () => {
    for (const lease of of("kubernetes:coordination.k8s.io/v1:Lease")) {
      const foundation = foundationOf(lease, byUrn);
      const guards = resources.filter((r) => r.parent?.includes("roadstead:index:Registry"));
      expect(guards.length).toBeGreaterThan(1);
      expect(guards.filter((r) => !foundation.has(r.urn))).toEqual([]);
    }
  });

  test("gives every object in the cluster to the cluster's own provider", () => {
    const [provider] = of("pulumi:providers:kubernetes");
    const objects = resources.filter((r) => r.custom && r.type.startsWith("kubernetes:"));
    expect(objects.filter((r) => r.provider !== provider!.urn).map((r) => r.name)).toEqual([]);
    expect(provider!.inputs).toMatchObject({ upsertExistingObjects: "false" });
  });

  test("keeps claims and piers, whatever happens to the stack", () => {
    const kept = [...of("kubernetes:coordination.k8s.io/v1:Lease"), ...of("kubernetes:core/v1:PersistentVolumeClaim")];
    expect(kept).toHaveLength(6);
    expect(kept.every((r) => r.options.protect && r.options.retainOnDelete)).toBe(true);
  });

  test("is guarded by one protected value that waits for everything else, so that destroy meets it first", () => {
    const [guard, ...more] = of("pulumi:index:Stash");
    expect(more).toEqual([]);
    expect(guard!.options).toEqual({ protect: true });
    const foundation = foundationOf(guard!, byUrn);
    const own = resources.filter((r) => r.custom && r.parent !== null && r !== guard);
    expect(own.length).toBeGreaterThan(50);
    expect(own.filter((r) => !foundation.has(r.urn)).map((r) => r.urn)).toEqual([]);
  });

  test("is a graph the engine can walk: it follows every path there is when a deletion is refused", () => {
    const [guard] = of("pulumi:index:Stash");
    expect(pathsFrom(guard!.urn, byUrn)).toBeLessThan(100_000);
  });

  test("has at most six custom resources a ship", () => {
    for (const ship of of("roadstead:index:Ship"))
      expect(resources.filter((r) => r.parent === ship.urn && r.custom).length).toBeLessThanOrEqual(6);
  });
});

describe("a cell stack", () => {
  test("builds no platform and reads the one there is", async () => {
    const [, cell] = clusterArchitectures({ cells: 2 });
    const resources = await resourcesOf([cell!]);
    expect(resources.filter((r) => r.type.startsWith("aws:"))).toEqual([]);
    expect(resources.find((r) => r.type === "pulumi:pulumi:StackReference")!.inputs.name).toBe(
      "organization/roadstead/prod",
    );
  });

  test("makes no namespace that another stack makes", async () => {
    const [, cell] = clusterArchitectures({ cells: 2 });
    cell!.tenants[0]!.madeBy = "prod";
    expect((await resourcesOf([cell!])).filter((r) => r.type === "roadstead:index:Tenant")).toEqual([]);
  });

  test("of hosts registers no SSH key twice in an account", async () => {
    const resources = await resourcesOf(hostArchitectures({ cells: 2 }));
    expect(resources.filter((r) => r.type.endsWith(":SshKey")).map((r) => r.stack)).toEqual(["prod"]);
  });
});

describe("each mode makes its own platform and ships on it", () => {
  const cluster = (change: Partial<Architecture>): Architecture => ({
    ...clusterArchitectures()[0]!,
    zones: [],
    ...change,
  });
  const pools = (["ships", "system"] as const).map((role) => ({
    name: `${role}-s-4vcpu-8gb`,
    role,
    type: "s-4vcpu-8gb",
    arch: "x86_64" as const,
    zone: null,
    count: 2,
    shipsPerNode: 2,
    maxPods: null,
  }));
  const existing = {
    kubeconfigSecret: "kubeconfig",
    storageClass: "retained",
    highAvailability: false,
    logRetentionDays: 90,
    adminArns: [],
  };
  const modes: [string, Architecture, string][] = [
    ["eks", clusterArchitectures()[0]!, "aws:eks/cluster:Cluster"],
    [
      "doks",
      cluster({
        mode: "doks",
        provider: "digitalocean",
        region: "nyc3",
        nodePools: pools,
        backup: { ...clusterArchitectures()[0]!.backup, enabled: false },
      }),
      "digitalocean:index/kubernetesCluster:KubernetesCluster",
    ],
    [
      "existing-cluster",
      cluster({
        mode: "existing-cluster",
        provider: "own",
        region: "own",
        network: null,
        nodePools: [],
        cluster: existing,
      }),
      "kubernetes:storage.k8s.io/v1:StorageClass",
    ],
    ["multi-vps", hostArchitectures()[0]!, "digitalocean:index/droplet:Droplet"],
  ];
  test.each(modes)("%s", async (_mode, architecture, platform) => {
    const types = (await resourcesOf([architecture])).map((r) => r.type);
    expect(types).toContain(platform);
    expect(types.some((t) => t === "roadstead:index:Ship" || t === "roadstead:index:VpsPlanet")).toBe(true);
    const other = architecture.provider === "aws" ? "digitalocean:" : "aws:";
    expect(types.filter((t) => t.startsWith(other))).toEqual([]);
  });
});
