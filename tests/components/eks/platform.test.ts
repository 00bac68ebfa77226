import { isSecret } from "@pulumi/pulumi";
import { Cluster, ClusterAddons, EDGE, NodePool, PoolRole } from "../../../components/eks";
import { ArgumentsRefused } from "../../../components/refusal";
import { groupNamePrefix } from "../../../components/eks/node-pool";
import { ADDON_VERSIONS, ADMIN, REGION, buildPlatform } from "./fleet";
import { type Recorded, asUp, preview, strays, up } from "./record";

const refusal = (make: () => unknown): ArgumentsRefused => {
  try {
    make();
  } catch (error) {
    if (error instanceof ArgumentsRefused) return error;
    throw error;
  }
  throw new Error("nothing was refused");
};
const decoded = (userData: unknown) => Buffer.from(String(userData), "base64").toString();

const CLUSTER = [
  "roadstead:index:Cluster prod",
  "aws:kms/key:Key prod-cluster",
  "aws:cloudwatch/logGroup:LogGroup prod-cluster",
  "aws:iam/role:Role prod-cluster",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment prod-cluster",
  "aws:iam/rolePolicy:RolePolicy prod-cluster-key",
  "aws:eks/cluster:Cluster prod",
  "aws:eks/accessEntry:AccessEntry prod-admin-111122223333-role-platform",
  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation prod-admin-111122223333-role-platform",
  "pulumi:providers:kubernetes prod-kubernetes",
];
const pool = (name: string) => [
  `roadstead:index:NodePool ${name}`,
  `aws:iam/role:Role ${name}-node`,
  `aws:iam/rolePolicyAttachment:RolePolicyAttachment ${name}-node-AmazonEKSWorkerNodePolicy`,
  `aws:iam/rolePolicyAttachment:RolePolicyAttachment ${name}-node-AmazonEC2ContainerRegistryPullOnly`,
  `aws:iam/rolePolicyAttachment:RolePolicyAttachment ${name}-node-AmazonEKS_CNI_Policy`,
  `aws:ec2/launchTemplate:LaunchTemplate ${name}`,
  `aws:eks/nodeGroup:NodeGroup ${name}`,
];
const ADDONS = [
  "roadstead:index:ClusterAddons prod",
  "aws:eks/addon:Addon prod-vpc-cni",
  "aws:eks/addon:Addon prod-kube-proxy",
  "aws:eks/addon:Addon prod-coredns",
  "aws:eks/addon:Addon prod-eks-pod-identity-agent",
  "aws:eks/addon:Addon prod-aws-ebs-csi-driver",
  "aws:eks/addon:Addon prod-snapshot-controller",
  "aws:iam/role:Role prod-aws-ebs-csi-driver",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment prod-aws-ebs-csi-driver",
  "kubernetes:storage.k8s.io/v1:StorageClass prod-roadstead-gp3",
];
const EDGE_SET = [
  "roadstead:index:Edge prod",
  "aws:route53/zone:Zone prod",
  "aws:acm/certificate:Certificate prod",
  "aws:route53/record:Record prod-proof",
  "aws:acm/certificateValidation:CertificateValidation prod",
  "kubernetes:core/v1:Namespace prod-edge",
  "roadstead:index:Chart prod-envoy-gateway",
  "kubernetes:helm.sh/v3:Release prod-envoy-gateway",
  "kubernetes:gateway.envoyproxy.io/v1alpha1:EnvoyProxy prod-proxy",
  "kubernetes:gateway.networking.k8s.io/v1:GatewayClass prod-class",
  "kubernetes:gateway.networking.k8s.io/v1:Gateway prod-gateway",
  "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute prod-redirect",
  "kubernetes:core/v1:Service prod-edge",
  "aws:route53/record:Record prod-wildcard",
];
const NETWORK = /^aws:ec2\/(?!launchTemplate)|prod-flow-logs$|^roadstead:index:Network /;

let platform: Recorded;
beforeAll(async () => {
  platform = await preview(() => buildPlatform());
});

describe("an EKS platform", () => {
  test("makes exactly cluster, pools, add-ons and edge beside its network", async () => {
    const made = platform;
    expect(made.set.filter((entry) => !NETWORK.test(entry))).toEqual(
      [...CLUSTER, ...pool("prod-system"), ...pool("prod-ships-us-west-2a-r6g.2xlarge"), ...ADDONS, ...EDGE_SET].sort(),
    );
  });

  test("makes no gateway, zone, certificate or load balancer without a domain", async () => {
    const made = await preview(() => buildPlatform(null));
    expect(made.set.filter((entry) => EDGE_SET.includes(entry))).toEqual([]);
  });

  test("registers the same at preview and at up", async () => {
    expect(await up(() => buildPlatform())).toEqual(platform.set);
  });

  test("keeps every resource under a component", async () => {
    const made = platform;
    for (const type of ["Cluster", "ClusterAddons"]) {
      const root = made.one(`roadstead:index:${type}`);
      expect(made.resources.filter((r) => r.parent === root.urn).length).toBeGreaterThan(5);
    }
    const roots = made.resources.filter((r) => r.parent === null).map((r) => r.type);
    expect(roots.filter((type) => !type.startsWith("roadstead:index:"))).toEqual([]);
    const pool = await preview(() => buildPool());
    expect(strays(pool, pool.one("roadstead:index:NodePool"))).toEqual([]);
  });

  test("gives components no inputs: what is passed to super lands in state", async () => {
    const made = platform;
    for (const r of made.resources.filter((r) => r.type.startsWith("roadstead:"))) expect(r.inputs).toEqual({});
  });

  test("destroys in order: edge, add-ons, nodes, access entries, cluster, then role, logs and routes", async () => {
    const made = platform;
    const order = [
      made.one("aws:route53/record:Record", "prod-wildcard"),
      made.one("kubernetes:core/v1:Service"),
      made.one("kubernetes:gateway.networking.k8s.io/v1:Gateway"),
      made.one("kubernetes:helm.sh/v3:Release"),
      made.one("aws:eks/addon:Addon", "prod-aws-ebs-csi-driver"),
      made.one("aws:eks/addon:Addon", "prod-coredns"),
      made.one("aws:eks/addon:Addon", "prod-vpc-cni"),
      made.one("aws:eks/nodeGroup:NodeGroup", "prod-system"),
      made.one("aws:eks/accessPolicyAssociation:AccessPolicyAssociation"),
      made.one("aws:eks/cluster:Cluster"),
      made.one("aws:cloudwatch/logGroup:LogGroup", "prod-cluster"),
    ];
    order
      .slice(1)
      .forEach((later, i) => expect([order[i]!.name, made.waits(order[i]!, later)]).toEqual([order[i]!.name, true]));
    const cluster = made.one("aws:eks/cluster:Cluster");
    const before = [
      made.one("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "prod-cluster"),
      made.one("aws:ec2/route:Route", "prod-private-us-west-2a-nat"),
      made.one("aws:ec2/natGateway:NatGateway", "prod-nat-us-west-2b"),
      made.one("aws:ec2/internetGateway:InternetGateway"),
    ];
    for (const earlier of before) expect([earlier.name, made.waits(cluster, earlier)]).toEqual([earlier.name, true]);
    const group = made.one("aws:eks/nodeGroup:NodeGroup", "prod-system");
    const policy = made.one(
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
      "prod-system-node-AmazonEKSWorkerNodePolicy",
    );
    expect(made.waits(group, policy)).toBe(true);
    const driver = made.one("aws:eks/addon:Addon", "prod-aws-ebs-csi-driver");
    expect(made.waits(made.one("kubernetes:storage.k8s.io/v1:StorageClass"), driver)).toBe(true);
  });
});

describe("Cluster", () => {
  test("encrypts secrets under a rotated key and keeps all five logs", async () => {
    const made = platform;
    const { inputs } = made.one("aws:eks/cluster:Cluster");
    expect(inputs).toMatchObject({
      name: "prod",
      version: "1.34",
      encryptionConfig: { resources: ["secrets"] },
      enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
      kubernetesNetworkConfig: { serviceIpv4Cidr: "172.20.0.0/16" },
      upgradePolicy: { supportType: "STANDARD" },
    });
    expect(made.one("aws:kms/key:Key", "prod-cluster").inputs.enableKeyRotation).toBe(true);
    expect(made.one("aws:cloudwatch/logGroup:LogGroup", "prod-cluster").inputs).toMatchObject({
      name: "/aws/eks/prod/cluster",
      retentionInDays: 365,
    });
  });

  test("is private unless networks are named, and then open to those only", async () => {
    const build = (adminCidrs?: string[]) => () =>
      new Cluster("c", { region: REGION, version: "1.34", subnetIds: ["subnet-a", "subnet-b"], adminCidrs });
    const config = async (cidrs?: string[]) =>
      (await preview(build(cidrs))).one("aws:eks/cluster:Cluster").inputs.vpcConfig as Record<string, unknown>;
    expect(await config()).toMatchObject({ endpointPrivateAccess: true, endpointPublicAccess: false });
    expect((await config()).publicAccessCidrs).toBeUndefined();
    expect((await preview(build())).warnings.join()).toContain("up must run inside the VPC");
    expect(await config(["203.0.113.0/24"])).toMatchObject({
      endpointPublicAccess: true,
      publicAccessCidrs: ["203.0.113.0/24"],
    });
  });

  test("leaves its creator in charge only when no administrator is named", async () => {
    const made = await preview(() => new Cluster("c", { region: REGION, version: "1.34", subnetIds: ["a", "b"] }));
    const cluster = made.one("aws:eks/cluster:Cluster");
    expect(cluster.inputs.accessConfig).toMatchObject({ bootstrapClusterCreatorAdminPermissions: true });
    expect(cluster.options.ignoreChanges).toContain("accessConfig.bootstrapClusterCreatorAdminPermissions");
  });

  test("feeds its provider a secret kubeconfig and a stable identity, and lets nothing be taken over", async () => {
    const made = platform;
    const { inputs } = made.one("pulumi:providers:kubernetes");
    const kubeconfig: Cluster["kubeconfig"][] = [];
    await up(() => kubeconfig.push(buildPlatform().cluster.kubeconfig));
    expect(await isSecret(kubeconfig[0]!)).toBe(true);
    expect(inputs.clusterIdentifier).toBe("us-west-2/prod");
    expect(String(inputs.upsertExistingObjects)).toBe("false");
  });

  test("marks a missing version in a preview and refuses it in an up", async () => {
    const build = () => new Cluster("c", { region: REGION, version: null, subnetIds: ["a", "b"] });
    const made = await preview(build);
    expect(made.one("aws:eks/cluster:Cluster").inputs.version).toBeUndefined();
    expect(made.warnings.join()).toContain("versions.kubernetes");
    await asUp();
    expect(refusal(build).problems).toEqual([
      {
        path: "version",
        received: "nothing",
        accepted: "the exact version of Kubernetes",
        fix: "set versions.kubernetes; there is no default",
      },
    ]);
  });

  test("refuses the world, a bad ARN, an ARN twice and a bad name, all at once", async () => {
    await asUp();
    const error = refusal(
      () =>
        new Cluster("c", {
          region: REGION,
          version: "1.34",
          clusterName: "has.dots",
          subnetIds: ["a", "b"],
          adminCidrs: ["0.0.0.0/0", "203.0.113.0/24", "0.0.0.0/1", "nonsense"],
          adminArns: [ADMIN, "platform", ADMIN],
        }),
    );
    expect(error.problems.map((p) => p.path)).toEqual([
      "clusterName",
      "adminCidrs[0]",
      "adminCidrs[2]",
      "adminCidrs[3]",
      "adminArns[1]",
      "adminArns[2]",
    ]);
  });
});

function buildPool(overrides: Partial<ConstructorParameters<typeof NodePool>[1]> = {}) {
  return new NodePool("p", {
    region: REGION,
    clusterName: "prod",
    version: "1.34",
    subnetIds: ["subnet-a"],
    role: PoolRole.Ships,
    instanceType: "r6g.2xlarge",
    architecture: "arm64",
    count: 3,
    ...overrides,
  });
}

describe("NodePool", () => {
  test("gives pods no way to the node's credentials, and encrypts the root disk", async () => {
    const { inputs } = (await preview(() => buildPool())).one("aws:ec2/launchTemplate:LaunchTemplate");
    expect(inputs.metadataOptions).toMatchObject({ httpTokens: "required", httpPutResponseHopLimit: 1 });
    expect(inputs.blockDeviceMappings).toEqual([
      {
        deviceName: "/dev/xvda",
        ebs: { volumeType: "gp3", volumeSize: 30, encrypted: "true", deleteOnTermination: "true" },
      },
    ]);
  });

  test("raises the kernel's map count for looms, and sets max pods only when told", async () => {
    const userData = async (maxPods: number | null) =>
      decoded(
        (await preview(() => buildPool({ maxPods }))).one("aws:ec2/launchTemplate:LaunchTemplate").inputs.userData,
      );
    expect(await userData(null)).toMatch(/^vm\.max_map_count = 1048576$/m);
    expect(await userData(null)).toMatch(/^fs\.inotify\.max_user_instances = 8192$/m);
    expect(await userData(null)).not.toContain("NodeConfig");
    expect(await userData(58)).toMatch(/^kind: NodeConfig$[\s\S]*maxPods: 58$/m);
  });

  test("labels every node, and keeps what is not a ship off ship nodes", async () => {
    const group = async (role: PoolRole) =>
      (await preview(() => buildPool({ role }))).one("aws:eks/nodeGroup:NodeGroup").inputs;
    expect(await group("ships")).toMatchObject({
      labels: { "roadstead.dev/role": "ships", "roadstead.dev/pool": "p" },
      taints: [{ key: "roadstead.dev/ships", value: "true", effect: "NO_SCHEDULE" }],
    });
    expect((await group("system")).taints ?? []).toEqual([]);
  });

  test("never uses spot, changes one node at a time, and stands beside its successor", async () => {
    const group = (await preview(() => buildPool())).one("aws:eks/nodeGroup:NodeGroup");
    expect(group.inputs).toMatchObject({ capacityType: "ON_DEMAND", updateConfig: { maxUnavailable: 1 } });
    expect(group.inputs.nodeGroupName).toBeUndefined();
    expect(group.inputs.nodeGroupNamePrefix).toBe("p-");
    expect(group.options.deleteBeforeReplace).toBeUndefined();
  });

  test("takes the image of its architecture", async () => {
    const image = async (architecture: "arm64" | "x86_64") =>
      (await preview(() => buildPool({ architecture }))).one("aws:eks/nodeGroup:NodeGroup").inputs.amiType;
    expect(await image("arm64")).toBe("AL2023_ARM_64_STANDARD");
    expect(await image("x86_64")).toBe("AL2023_x86_64_STANDARD");
  });

  test("keeps a pool of no nodes without asking for a maximum of none", async () => {
    const { inputs } = (await preview(() => buildPool({ count: 0 }))).one("aws:eks/nodeGroup:NodeGroup");
    expect(inputs.scalingConfig).toEqual({ minSize: 0, desiredSize: 0, maxSize: 1 });
  });

  test("makes no role when given one", async () => {
    const made = await preview(() => buildPool({ nodeRoleArn: "arn:aws:iam::111122223333:role/nodes" }));
    expect(made.all("aws:iam/role:Role")).toEqual([]);
  });

  test("bounds the group's name with a hash, so that two long names stay two", () => {
    const [a, b] = ["a", "b"].map((end) => groupNamePrefix(`prod-ships-eu-central-1a-r6g.2xlarge-and-more-${end}`));
    expect(a).not.toBe(b);
    for (const prefix of [a!, b!]) expect(prefix).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,36}$/);
    expect(groupNamePrefix("prod-ships-us-west-2a-r6g.2xlarge")).toBe("prod-ships-us-west-2a-r6g-2xlarge-");
  });

  test("refuses counts, disks, pods and types that EKS would refuse later", async () => {
    await asUp();
    const error = refusal(() => buildPool({ count: 451, rootVolumeGiB: 8, maxPods: 2, instanceType: "big" }));
    expect(error.problems.map((p) => p.path)).toEqual(["count", "rootVolumeGiB", "maxPods", "instanceType"]);
  });
});

describe("ClusterAddons", () => {
  test("turns network policies on", async () => {
    const made = platform;
    const { inputs } = made.one("aws:eks/addon:Addon", "prod-vpc-cni");
    expect(JSON.parse(String(inputs.configurationValues))).toEqual({ enableNetworkPolicy: "true" });
    expect(inputs.addonVersion).toBe(ADDON_VERSIONS.vpcCni);
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
    const made = await preview(() => {
      const { cluster, system } = buildPlatform(null);
      new ClusterAddons("second", {
        region: REGION,
        clusterName: cluster.name,
        kubernetes: cluster.provider,
        nodePools: [system],
        versions: ADDON_VERSIONS,
        backupTag: "prod",
        domain: "fleet.example.com",
        zoneId: "Z123",
        envoyGatewayVersion: "1.10.0",
      });
    });
    expect(made.all("aws:route53/zone:Zone")).toEqual([]);
    expect(made.one("aws:route53/record:Record", "second-wildcard").inputs.zoneId).toBe("Z123");
  });

  test("marks missing versions in a preview and refuses every one of them in an up", async () => {
    const build = () => {
      const cluster = new Cluster("c", {
        region: REGION,
        version: "1.34",
        subnetIds: ["a", "b"],
        adminCidrs: ["203.0.113.0/24"],
      });
      return new ClusterAddons("c", {
        region: REGION,
        clusterName: cluster.name,
        kubernetes: cluster.provider,
        nodePools: [],
        versions: { coredns: "v1" },
        backupTag: "no spaces",
        domain: "fleet.example.com",
      });
    };
    await asUp();
    expect(refusal(build).problems.map((p) => p.path)).toEqual([
      "versions.vpcCni",
      "versions.kubeProxy",
      "versions.podIdentityAgent",
      "versions.ebsCsi",
      "versions.snapshotController",
      "envoyGatewayVersion",
      "nodePools",
      "backupTag",
    ]);
    const made = await preview(() => {
      const cluster = new Cluster("c", { region: REGION, version: "1.34", subnetIds: ["a", "b"] });
      const nodes = buildPool();
      new ClusterAddons("c", {
        region: REGION,
        clusterName: cluster.name,
        kubernetes: cluster.provider,
        nodePools: [nodes],
        versions: {},
        backupTag: "c",
      });
    });
    expect(made.warnings.filter((w) => w.includes("versions.addons."))).toHaveLength(6);
    expect(made.all("aws:eks/addon:Addon").map((a) => a.inputs.addonVersion)).toEqual(Array(6).fill(undefined));
  });
});
