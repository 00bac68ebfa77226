// What a cluster needs before ships live in it: add-ons, volumes, DNS, a load balancer, and identities that are narrow.
import { Provider } from "@pulumi/kubernetes/provider";
import { ClusterAddons, EDGE, ExternalDns } from "../../../components/eks";
import { ADDON_VERSIONS, REGION, buildPlatform, buildPool } from "./fleet";
import { type Recorded, asUp, preview, refusal, up } from "./record";

let platform: Recorded;
beforeAll(async () => {
  platform = await preview(() => buildPlatform());
});

const WITH_DOMAIN = {
  domain: "fleet.example.com",
  vpcId: "vpc-0123456789abcdef0",
  envoyGatewayVersion: "1.10.0",
  loadBalancerControllerVersion: "1.11.0",
};

function buildAddons(overrides: Partial<ConstructorParameters<typeof ClusterAddons>[1]> = {}) {
  return new ClusterAddons("prod", {
    region: REGION,
    clusterName: "prod",
    kubernetes: new Provider("k", { kubeconfig: "{}" }),
    nodePools: overrides.nodePools ?? [buildPool()],
    versions: ADDON_VERSIONS,
    backupTag: "prod",
    ...overrides,
  });
}

describe("ClusterAddons", () => {
  const settings = (made: Recorded, name: string): unknown => {
    const { configurationValues } = made.one("aws:eks/addon:Addon", `prod-${name}`).inputs;
    return configurationValues === undefined ? undefined : JSON.parse(String(configurationValues));
  };

  test("turns network policies on, and keeps no spare network interface where piers need the slot", () => {
    expect(settings(platform, "vpc-cni")).toEqual({
      enableNetworkPolicy: "true",
      env: { MINIMUM_IP_TARGET: "10", WARM_IP_TARGET: "1" },
    });
    expect(platform.one("aws:eks/addon:Addon", "prod-vpc-cni").inputs.addonVersion).toBe(ADDON_VERSIONS.vpcCni);
  });

  test("lets DNS grow with the fleet, from three replicas", () => {
    expect(settings(platform, "coredns")).toEqual({ autoScaling: { enabled: true, minReplicas: 3, maxReplicas: 20 } });
  });

  test.each([
    [undefined, undefined],
    ["iptables", undefined],
    ["ipvs", { ipvs: { scheduler: "rr" }, mode: "ipvs" }],
    ["nftables", { mode: "nftables" }],
  ] as const)("routes services by %s", async (kubeProxyMode, expected) => {
    expect(settings(await preview(() => buildAddons({ kubeProxyMode })), "kube-proxy")).toEqual(expected);
  });

  test("reserves the attachment slots the plan counted on", async () => {
    expect(settings(platform, "aws-ebs-csi-driver")).toEqual({ node: { reservedVolumeAttachments: 2 } });
    const one = await preview(() => buildAddons({ reservedVolumeAttachments: 1 }));
    expect(settings(one, "aws-ebs-csi-driver")).toEqual({ node: { reservedVolumeAttachments: 1 } });
  });

  test("keeps piers: encrypted, retained, in the zone of their ship, found by the snapshot schedule", async () => {
    const made = platform;
    const storage = made.one("kubernetes:storage.k8s.io/v1:StorageClass");
    expect(storage.inputs).toMatchObject({
      metadata: { name: "roadstead-gp3" },
      provisioner: "ebs.csi.aws.com",
      reclaimPolicy: "Retain",
      volumeBindingMode: "WaitForFirstConsumer",
      allowVolumeExpansion: true,
      parameters: { type: "gp3", encrypted: "true", tagSpecification_1: "roadstead.dev/backup=prod" },
    });
  });

  test("gives only the volume driver an AWS identity, and only through Pod Identity", async () => {
    const made = platform;
    const withIdentity = made.all("aws:eks/addon:Addon").filter((a) => a.inputs.podIdentityAssociations !== undefined);
    expect(withIdentity.map((a) => a.name)).toEqual(["prod-aws-ebs-csi-driver"]);
    const trust = JSON.parse(String(made.one("aws:iam/role:Role", "prod-aws-ebs-csi-driver").inputs.assumeRolePolicy));
    expect(trust.Statement[0].Principal).toEqual({ Service: "pods.eks.amazonaws.com" });
  });

  test("serves ships over TLS 1.2 or better, and plain HTTP only a redirect", async () => {
    const made = platform;
    const gateway = made.one("kubernetes:gateway.networking.k8s.io/v1:Gateway").inputs;
    expect(gateway.metadata).toMatchObject({ name: EDGE.gateway, namespace: EDGE.namespace });
    const listeners = (
      gateway.spec as { listeners: { name: string; allowedRoutes: { namespaces: { from: string } } }[] }
    ).listeners;
    expect(Object.fromEntries(listeners.map((l) => [l.name, l.allowedRoutes.namespaces.from]))).toEqual({
      http: "Same",
      https: "Selector",
    });
    const certificate = made.one("aws:acm/certificate:Certificate").inputs;
    expect(certificate).toMatchObject({
      domainName: "fleet.example.com",
      subjectAlternativeNames: ["*.fleet.example.com"],
    });
    expect(made.one("aws:route53/record:Record", "prod-wildcard").inputs).toMatchObject({
      name: "*.fleet.example.com",
      type: "CNAME",
    });
  });

  test("adopts a zone instead of making one", async () => {
    const made = await preview(() => buildAddons({ ...WITH_DOMAIN, zoneId: "Z123" }));
    expect(made.all("aws:route53/zone:Zone")).toEqual([]);
    expect(made.one("aws:route53/record:Record", "prod-wildcard").inputs.zoneId).toBe("Z123");
  });

  test("marks missing versions in a preview and refuses every one of them in an up", async () => {
    const bad = {
      ...WITH_DOMAIN,
      vpcId: undefined,
      nodePools: [],
      versions: { coredns: "v1" },
      backupTag: "no spaces",
      envoyGatewayVersion: null,
      loadBalancerControllerVersion: null,
      reservedVolumeAttachments: 0,
    };
    await asUp();
    expect(refusal(() => buildAddons(bad)).problems.map((p) => p.path)).toEqual([
      "versions.vpcCni",
      "versions.kubeProxy",
      "versions.podIdentityAgent",
      "versions.ebsCsi",
      "versions.snapshotController",
      "versions.metricsServer",
      "envoyGatewayVersion",
      "loadBalancerControllerVersion",
      "vpcId",
      "reservedVolumeAttachments",
      "nodePools",
      "backupTag",
    ]);
    const made = await preview(() => buildAddons({ versions: {} }));
    expect(made.warnings.filter((w) => w.includes("versions.addons."))).toHaveLength(7);
    expect(made.all("aws:eks/addon:Addon").map((a) => a.inputs.addonVersion)).toEqual(Array(7).fill(undefined));
  });
});

describe("the load balancer of the edge", () => {
  const service = () => platform.one("kubernetes:core/v1:Service").inputs;

  test("is made by the AWS Load Balancer Controller, straight to the proxies, with no port open on the nodes", () => {
    expect(service().spec).toMatchObject({
      type: "LoadBalancer",
      loadBalancerClass: "service.k8s.aws/nlb",
      allocateLoadBalancerNodePorts: false,
    });
    const annotations = (service().metadata as { annotations: Record<string, string> }).annotations;
    expect(annotations["service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"]).toBe("ip");
    expect(annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"]).toBe("internet-facing");
  });

  test("goes before the controller, which would have to delete it", () => {
    const controller = platform.one("kubernetes:helm.sh/v4:Chart", "prod-load-balancers");
    expect(platform.waits(platform.one("kubernetes:core/v1:Service"), controller)).toBe(true);
    const agent = platform.one("aws:eks/addon:Addon", "prod-eks-pod-identity-agent");
    expect(platform.waits(controller, agent)).toBe(true);
    const identity = platform.one("aws:eks/podIdentityAssociation:PodIdentityAssociation", "prod-load-balancers");
    expect(platform.waits(controller, identity)).toBe(true);
  });

  test("its controller takes over no other Service, and keeps the certificate it has", () => {
    const values = platform.one("kubernetes:helm.sh/v4:Chart", "prod-load-balancers").inputs.values;
    expect(values).toMatchObject({
      enableServiceMutatorWebhook: false,
      createIngressClassResource: false,
      keepTLSSecret: true,
      region: REGION,
    });
  });
});

describe("ExternalDns", () => {
  const build = (overrides: Partial<ConstructorParameters<typeof ExternalDns>[1]> = {}) =>
    new ExternalDns("prod", {
      region: REGION,
      clusterName: "prod",
      owner: "prod",
      zoneIds: ["Z1", "Z2"],
      domains: ["customers.example.com"],
      version: "1.0.0",
      kubernetes: new Provider("k", { kubeconfig: "{}" }),
      ...overrides,
    });

  test("sends its changes in batches and deletes nothing, in its own zones alone", async () => {
    const made = await preview(() => build());
    const { values } = made.one("kubernetes:helm.sh/v4:Chart").inputs as { values: Record<string, unknown> };
    expect(values).toMatchObject({
      policy: "upsert-only",
      txtOwnerId: "prod",
      domainFilters: ["customers.example.com"],
    });
    expect(values.extraArgs).toEqual(expect.arrayContaining(["--aws-batch-change-size=1000"]));
    const { Statement } = JSON.parse(String(made.one("aws:iam/rolePolicy:RolePolicy").inputs.policy)) as {
      Statement: { Action: string | string[]; Resource: unknown }[];
    };
    expect(Statement.find((s) => s.Action.includes("route53:ChangeResourceRecordSets"))!.Resource).toEqual([
      "arn:aws:route53:::hostedzone/Z1",
      "arn:aws:route53:::hostedzone/Z2",
    ]);
    expect(await up(() => build())).toEqual(made.set);
  });

  test("refuses to look after everything in the account", async () => {
    await asUp();
    expect(refusal(() => build({ owner: "a b", zoneIds: [], domains: [] })).problems.map((p) => p.path)).toEqual([
      "owner",
      "zoneIds",
      "domains",
    ]);
  });
});
