import { isSecret } from "@pulumi/pulumi";
import { DoksCluster, type DoksClusterArgs } from "../../../components/doks";
import { wildcardIn } from "../../../components/doks/render/edge";
import { ArgumentsRefused } from "../../../components/refusal";
import { asUp, preview, strays, up } from "../eks/record";

const ARGS: DoksClusterArgs = {
  region: "nyc3",
  version: "1.34",
  vpcCidr: "10.40.0.0/16",
  adminCidrs: ["203.0.113.0/24"],
  pools: [
    { name: "ships-m-4vcpu-32gb", role: "ships", type: "m-4vcpu-32gb", count: 3, shipsPerNode: 6 },
    { name: "system-b", role: "system", type: "s-2vcpu-4gb", count: 1, shipsPerNode: 0 },
    { name: "system-a", role: "system", type: "s-2vcpu-4gb", count: 2, shipsPerNode: 0 },
  ],
};
const build =
  (overrides: Partial<DoksClusterArgs> = {}) =>
  () =>
    new DoksCluster("prod", { ...ARGS, ...overrides });

describe("DoksCluster", () => {
  test("makes exactly this", async () => {
    const made = await preview(build());
    expect(made.set).toEqual(
      [
        "roadstead:index:DoksCluster prod",
        "digitalocean:index/vpc:Vpc prod",
        "digitalocean:index/kubernetesCluster:KubernetesCluster prod",
        "digitalocean:index/kubernetesNodePool:KubernetesNodePool prod-ships-m-4vcpu-32gb",
        "digitalocean:index/kubernetesNodePool:KubernetesNodePool prod-system-b",
        "pulumi:providers:kubernetes prod-kubernetes",
        "kubernetes:storage.k8s.io/v1:StorageClass prod-roadstead-block",
      ].sort(),
    );
    expect(strays(made, made.one("roadstead:index:DoksCluster"))).toEqual([]);
    expect(made.one("roadstead:index:DoksCluster").inputs).toEqual({});
  });

  test("registers the same at preview and at up", async () => {
    expect(await up(build())).toEqual((await preview(build())).set);
  });

  test("keeps the same pool for its own whatever the order of the list", async () => {
    for (const pools of [ARGS.pools, [...ARGS.pools].reverse()]) {
      const cluster = (await preview(build({ pools }))).one("digitalocean:index/kubernetesCluster:KubernetesCluster");
      expect(cluster.inputs.nodePool).toMatchObject({ name: "system-a", size: "s-2vcpu-4gb", nodeCount: 2 });
    }
  });

  test("never takes volumes with it, and never upgrades by itself", async () => {
    const cluster = (await preview(build())).one("digitalocean:index/kubernetesCluster:KubernetesCluster");
    expect(cluster.inputs).toMatchObject({ destroyAllAssociatedResources: false, autoUpgrade: false, ha: true });
    expect(cluster.options.ignoreChanges).toEqual(["version", "nodePool.size"]);
    expect((await preview(build())).one("kubernetes:storage.k8s.io/v1:StorageClass").inputs).toMatchObject({
      provisioner: "dobs.csi.digitalocean.com",
      reclaimPolicy: "Retain",
    });
  });

  test("keeps what is not a ship off ship nodes", async () => {
    const made = await preview(build());
    const pool = (name: string) => made.one("digitalocean:index/kubernetesNodePool:KubernetesNodePool", name).inputs;
    expect(pool("prod-ships-m-4vcpu-32gb")).toMatchObject({
      labels: { "roadstead.dev/role": "ships", "roadstead.dev/pool": "ships-m-4vcpu-32gb" },
      taints: [{ key: "roadstead.dev/ships", value: "true", effect: "NoSchedule" }],
    });
    expect(pool("prod-system-b").taints).toEqual([]);
  });

  test("narrows the API to the named networks, and warns when none are named", async () => {
    const firewall = async (adminCidrs: string[]) => {
      const made = await preview(build({ adminCidrs }));
      const cluster = made.one("digitalocean:index/kubernetesCluster:KubernetesCluster");
      return { firewall: cluster.inputs.controlPlaneFirewall, warnings: made.warnings };
    };
    expect(await firewall(["203.0.113.0/24"])).toEqual({
      firewall: { enabled: true, allowedAddresses: ["203.0.113.0/24"] },
      warnings: [],
    });
    expect((await firewall([])).warnings.join()).toContain("open to anyone with a token");
  });

  test("is deleted after its storage class, and its pools after what runs on them", async () => {
    const made = await preview(build());
    const storage = made.one("kubernetes:storage.k8s.io/v1:StorageClass");
    const provider = made.one("pulumi:providers:kubernetes");
    const pool = made.one("digitalocean:index/kubernetesNodePool:KubernetesNodePool", "prod-system-b");
    expect(storage.provider).toBe(provider.urn);
    expect(made.waits(provider, pool)).toBe(true);
    expect(made.waits(pool, made.one("digitalocean:index/kubernetesCluster:KubernetesCluster"))).toBe(true);
  });

  test("with a domain, makes the way in: load balancer, certificate, the gateway ships name, and the wildcard", async () => {
    const edge = { domain: "fleet.example.com", envoyGatewayVersion: "1.10.0" };
    const without = (await preview(build())).set;
    const made = await preview(build(edge));
    expect(made.set.filter((entry) => !without.includes(entry))).toEqual(
      [
        "roadstead:index:DoksEdge prod",
        "digitalocean:index/domain:Domain prod",
        "digitalocean:index/certificate:Certificate prod",
        "digitalocean:index/dnsRecord:DnsRecord prod-wildcard",
        "kubernetes:core/v1:Namespace prod-edge",
        "roadstead:index:Chart prod-envoy-gateway",
        "kubernetes:helm.sh/v3:Release prod-envoy-gateway",
        "kubernetes:gateway.envoyproxy.io/v1alpha1:EnvoyProxy prod-proxy",
        "kubernetes:gateway.networking.k8s.io/v1:GatewayClass prod-class",
        "kubernetes:gateway.networking.k8s.io/v1:Gateway prod-gateway",
        "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute prod-redirect",
        "kubernetes:core/v1:Service prod-edge",
      ].sort(),
    );
    expect(await up(build(edge))).toEqual(made.set);
    const service = made.one("kubernetes:core/v1:Service");
    expect(made.waits(service, made.one("kubernetes:gateway.networking.k8s.io/v1:Gateway"))).toBe(true);
    expect(made.waits(made.one("digitalocean:index/dnsRecord:DnsRecord"), service)).toBe(true);
    expect(made.waits(service, made.one("digitalocean:index/domain:Domain"))).toBe(true);
  });

  test("writes the wildcard into the zone it adopts, and refuses a zone that cannot hold it", async () => {
    const record = async (zoneId: string) =>
      (await preview(build({ domain: "fleet.example.com", envoyGatewayVersion: "1.10.0", zoneId }))).one(
        "digitalocean:index/dnsRecord:DnsRecord",
      ).inputs;
    expect(await record("example.com")).toMatchObject({ domain: "example.com", name: "*.fleet" });
    expect(await record("fleet.example.com")).toMatchObject({ domain: "fleet.example.com", name: "*" });
    expect(wildcardIn("ample.com", "fleet.example.com")).toBeNull();
    expect(wildcardIn("other.org", "fleet.example.com")).toBeNull();
  });

  test("hands out its kubeconfig as a secret only", async () => {
    const kubeconfigs: DoksCluster["kubeconfig"][] = [];
    await up(() => kubeconfigs.push(build()().kubeconfig));
    expect(await isSecret(kubeconfigs[0]!)).toBe(true);
  });

  test("takes fifteen ships a node and no more, and no more nodes than a cluster may have", async () => {
    await asUp();
    const refused = (pool: Partial<DoksClusterArgs["pools"][number]>): string[] => {
      try {
        build({ version: null, pools: [ARGS.pools[1]!, { ...ARGS.pools[0]!, ...pool }] })();
      } catch (error) {
        return (error as ArgumentsRefused).problems.map((p) => p.path).filter((p) => p !== "version");
      }
      throw new Error("was not refused for its missing version");
    };
    expect(refused({ shipsPerNode: 15 })).toEqual([]);
    expect(refused({ shipsPerNode: 16 })).toEqual(["pools[1].shipsPerNode"]);
    expect(refused({ count: 512 })).toEqual(["pools"]);
  });

  test("refuses all that is wrong at once", async () => {
    await asUp();
    const pool = { name: "ships", role: "ships", type: "m-4vcpu-32gb", count: 0, shipsPerNode: 16 } as const;
    const make = build({
      version: null,
      domain: "fleet.example.com",
      tags: ["a b"],
      adminCidrs: ["0.0.0.0/0"],
      pools: [pool, pool],
    });
    let error: unknown;
    try {
      make();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ArgumentsRefused);
    expect((error as ArgumentsRefused).problems.map((p) => p.path)).toEqual([
      "version",
      "envoyGatewayVersion",
      "pools",
      "pools[0].count",
      "pools[0].shipsPerNode",
      "pools[1].name",
      "pools[1].count",
      "pools[1].shipsPerNode",
      "adminCidrs[0]",
      "tags[0]",
    ]);
  });
});
