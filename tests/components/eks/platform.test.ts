import { isSecret } from "@pulumi/pulumi";
import { Cluster } from "../../../components/eks";
import { ADMIN, REGION, buildPlatform, buildPool } from "./fleet";
import { type Recorded, asUp, preview, refusal, strays, up } from "./record";

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
  "aws:eks/addon:Addon prod-metrics-server",
  "aws:iam/role:Role prod-aws-ebs-csi-driver",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment prod-aws-ebs-csi-driver",
  "kubernetes:storage.k8s.io/v1:StorageClass prod-roadstead-gp3",
];
const EDGE_SET = [
  "roadstead:index:LoadBalancerController prod",
  "roadstead:index:WorkloadRole prod-load-balancers",
  "aws:iam/role:Role prod-load-balancers",
  "aws:iam/rolePolicy:RolePolicy prod-load-balancers",
  "aws:eks/podIdentityAssociation:PodIdentityAssociation prod-load-balancers",
  "roadstead:index:Chart prod-load-balancers",
  "kubernetes:helm.sh/v4:Chart prod-load-balancers",
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
  "kubernetes:core/v1:Service prod-edge-nlb",
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

  test("destroys in order: edge, its controller, add-ons, nodes, access entries, cluster, then role, logs and routes", async () => {
    const made = platform;
    const order = [
      made.one("aws:route53/record:Record", "prod-wildcard"),
      made.one("kubernetes:core/v1:Service"),
      made.one("kubernetes:gateway.networking.k8s.io/v1:Gateway"),
      made.one("kubernetes:helm.sh/v3:Release"),
      made.one("kubernetes:helm.sh/v4:Chart", "prod-load-balancers"),
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

  test("refuses a version that EKS no longer makes, in a preview too", async () => {
    const build = () => new Cluster("c", { region: REGION, version: "1.29", subnetIds: ["a", "b"] });
    await expect(preview(build)).rejects.toMatchObject({
      problems: [{ path: "version", received: '"1.29"', accepted: expect.stringContaining("1.34") }],
    });
  });

  test("lets IAM trust its tokens only when asked, and only those made for AWS", async () => {
    expect(platform.all("aws:iam/openIdConnectProvider:OpenIdConnectProvider")).toEqual([]);
    const build = () =>
      new Cluster("c", { region: REGION, version: "1.34", subnetIds: ["a", "b"], adminArns: [ADMIN], oidc: true });
    const made = await preview(build);
    const provider = made.one("aws:iam/openIdConnectProvider:OpenIdConnectProvider");
    expect(provider.inputs.clientIdLists).toEqual(["sts.amazonaws.com"]);
    expect(made.waits(provider, made.one("aws:eks/cluster:Cluster"))).toBe(true);
    expect(await up(build)).toEqual(made.set);
  });

  test("refuses the world, IPv6, a bad ARN, an ARN twice and a bad name, all at once", async () => {
    await asUp();
    const error = refusal(
      () =>
        new Cluster("c", {
          region: REGION,
          version: "1.34",
          clusterName: "has.dots",
          subnetIds: ["a", "b"],
          adminCidrs: ["0.0.0.0/0", "203.0.113.0/24", "0.0.0.0/1", "nonsense", "2001:db8::/48"],
          adminArns: [ADMIN, "platform", ADMIN],
        }),
    );
    expect(error.problems.map((p) => p.path)).toEqual([
      "clusterName",
      "adminCidrs[0]",
      "adminCidrs[2]",
      "adminCidrs[3]",
      "adminCidrs[4]",
      "adminArns[1]",
      "adminArns[2]",
    ]);
  });
});
