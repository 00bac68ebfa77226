// One small EKS platform, wired as a stack wires it.
import {
  Cluster,
  ClusterAddons,
  NatMode,
  Network,
  NodeArchitecture,
  NodePool,
  PoolRole,
} from "../../../components/eks";

export const REGION = "us-west-2";
export const ZONES = ["us-west-2a", "us-west-2b"];
export const ADMIN = "arn:aws:iam::111122223333:role/platform";
export const ADDON_VERSIONS = {
  vpcCni: "v1.0.1-eksbuild.1",
  kubeProxy: "v1.0.2-eksbuild.1",
  coredns: "v1.0.3-eksbuild.1",
  ebsCsi: "v1.0.4-eksbuild.1",
  podIdentityAgent: "v1.0.5-eksbuild.1",
  snapshotController: "v1.0.6-eksbuild.1",
  metricsServer: "v1.0.7-eksbuild.1",
};

export function buildNetwork(nat: NatMode = NatMode.PerZone) {
  return new Network("prod", { region: REGION, zones: ZONES, cidr: "10.40.0.0/16", nat });
}

export function buildPlatform(domain: string | null = "fleet.example.com") {
  const network = buildNetwork();
  const cluster = new Cluster("prod", {
    region: REGION,
    version: "1.34",
    subnetIds: network.privateSubnetIds,
    adminCidrs: ["203.0.113.0/24"],
    adminArns: [ADMIN],
  });
  const shared = { region: REGION, clusterName: cluster.name, version: "1.34", architecture: NodeArchitecture.Arm };
  const system = new NodePool("prod-system", {
    ...shared,
    subnetIds: network.privateSubnetIds,
    role: PoolRole.System,
    instanceType: "m6g.large",
    count: 2,
  });
  const ships = new NodePool("prod-ships-us-west-2a-r6g.2xlarge", {
    ...shared,
    subnetIds: [network.privateSubnetId("us-west-2a")],
    role: PoolRole.Ships,
    instanceType: "r6g.2xlarge",
    count: 3,
    maxPods: 58,
    pool: "ships-us-west-2a-r6g.2xlarge",
  });
  const addons = new ClusterAddons("prod", {
    region: REGION,
    clusterName: cluster.name,
    kubernetes: cluster.provider,
    nodePools: [system, ships],
    versions: ADDON_VERSIONS,
    backupTag: "prod",
    domain,
    vpcId: network.vpcId,
    envoyGatewayVersion: "1.10.0",
    loadBalancerControllerVersion: "1.11.0",
  });
  return { network, cluster, system, ships, addons };
}

/** One pool of ship nodes. */
export function buildPool(overrides: Partial<ConstructorParameters<typeof NodePool>[1]> = {}) {
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
