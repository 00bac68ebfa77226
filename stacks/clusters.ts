// The Kubernetes platforms cells live on: one that Roadstead builds on EKS or DOKS, or one that is there already.
import * as pulumi from "@pulumi/pulumi";
import type { Provider } from "@pulumi/kubernetes/provider";
import type { DoksCluster as DoksClusterClass } from "../components/doks";
import type { Cluster as ClusterClass, ClusterAddons as AddonsClass, Network as NetworkClass } from "../components/eks";
import type { AmesGround as AmesGroundClass } from "../components/eks";
import type { NodePool as NodePoolClass, typesOffered as typesOfferedFunction } from "../components/eks";
import type { ExistingCluster as ExistingClusterClass } from "../components/existing";
import { backupTag } from "../components/backup/render/schedule";
import type { Architecture } from "../planner/architecture/schema";
import { recordedUse } from "../planner/existing-cluster";
import type { AmesParts, StackOutputs, Surroundings } from "./surroundings";
import { stackTags } from "./tags";

/** What a cell needs of the platform under it. */
export interface Platform {
  /** For everything inside the cluster. */
  provider: Provider;
  /** Secret. */
  kubeconfig: pulumi.Output<string>;
  /** Says which cluster it is: another value means another cluster, and everything in it is made anew. */
  clusterIdentifier: pulumi.Output<string>;
  /** Storage class of piers and metrics. */
  storageClassName: string;
  /** What must be there before tenants move in, and is destroyed after them. */
  foundation: pulumi.Resource[];
  /** What load balancers for Ames are made of; null where there are none. */
  ames: AmesParts | null;
  outputs: StackOutputs;
}

// An EKS stack never loads DigitalOcean's SDK, and the other way round.
/* eslint-disable @typescript-eslint/no-require-imports -- see above */
const load = {
  eks: () =>
    require("../components/eks") as {
      Network: typeof NetworkClass;
      Cluster: typeof ClusterClass;
      NodePool: typeof NodePoolClass;
      ClusterAddons: typeof AddonsClass;
      AmesGround: typeof AmesGroundClass;
      typesOffered: typeof typesOfferedFunction;
    },
  doks: () => (require("../components/doks") as { DoksCluster: typeof DoksClusterClass }).DoksCluster,
  existing: () =>
    (require("../components/existing") as { ExistingCluster: typeof ExistingClusterClass }).ExistingCluster,
};
/* eslint-enable @typescript-eslint/no-require-imports */

export function composePlatform(architecture: Architecture, around: Surroundings, parent: pulumi.Resource): Platform {
  switch (architecture.mode) {
    case "eks":
      return composeEks(architecture, parent);
    case "doks":
      return composeDoks(architecture, parent);
    case "existing-cluster":
      return composeExisting(architecture, around, parent);
    default:
      throw new pulumi.RunError(
        `mode ${architecture.mode} has no cluster that Roadstead builds; accepted: eks, doks, existing-cluster`,
      );
  }
}

function composeEks(architecture: Architecture, parent: pulumi.Resource): Platform {
  const { Network, Cluster, NodePool, ClusterAddons, AmesGround, typesOffered } = load.eks();
  const { stack: name, region, zones, versions } = architecture;
  const settings = required(architecture.network, "network");
  const clusterSettings = required(architecture.cluster, "cluster");
  const tags = stackTags(architecture);

  const network = new Network(
    name,
    {
      region,
      zones,
      cidr: settings.cidr,
      nat: settings.nat,
      interfaceEndpoints: settings.interfaceEndpoints,
      flowLogs: settings.flowLogs,
      logRetentionDays: clusterSettings.logRetentionDays,
      existing:
        settings.vpcId === null
          ? undefined
          : {
              vpcId: settings.vpcId,
              privateSubnetIds: settings.privateSubnetIds,
              publicSubnetIds: settings.publicSubnetIds,
            },
      tags,
    },
    { parent },
  );
  const cluster = new Cluster(
    name,
    {
      region,
      version: versions.kubernetes ?? null,
      // Made beside the NAT gateways, not after them.
      subnetIds: network.unroutedSubnetIds,
      adminCidrs: architecture.access.adminCidrs,
      adminArns: clusterSettings.adminArns,
      logRetentionDays: clusterSettings.logRetentionDays,
      tags,
    },
    { parent },
  );
  const offered = typesOffered(
    name,
    region,
    architecture.nodePools.map((pool) => ({
      pool: pool.name,
      instanceType: pool.type,
      zones: pool.zone === null ? zones : [pool.zone],
    })),
    { parent },
  );
  const { kubeProxyMode } = clusterSettings;
  const pools = architecture.nodePools.map(
    (pool) =>
      new NodePool(
        `${name}-${pool.name}`,
        {
          region,
          clusterName: cluster.name,
          version: versions.kubernetes ?? null,
          subnetIds: pool.zone === null ? network.privateSubnetIds : [network.privateSubnetId(pool.zone)],
          role: pool.role,
          instanceType: pool.type,
          architecture: pool.arch,
          count: pool.count,
          maxPods: pool.maxPods,
          pool: pool.name,
          offered,
          ipvs: kubeProxyMode === "ipvs",
          tags,
        },
        // Without routes and endpoints nodes cannot pull their first image; they drain while these still stand.
        { parent, dependsOn: [network] },
      ),
  );
  const addons = new ClusterAddons(
    name,
    {
      region,
      clusterName: cluster.name,
      kubernetes: cluster.provider,
      nodePools: pools,
      versions: versions.addons ?? {},
      kubeProxyMode,
      reservedVolumeAttachments: clusterSettings.reservedVolumeAttachments,
      storageClass: clusterSettings.storageClass,
      backupTag: backupTag(architecture.environment),
      domain: architecture.dns.domain,
      zoneId: architecture.dns.zoneId,
      amesLoadBalancers: clusterSettings.amesLoadBalancers !== undefined,
      vpcId: network.vpcId,
      envoyGatewayVersion: versions.charts?.envoyGateway?.version ?? null,
      envoyGatewayDigest: versions.charts?.envoyGateway?.digest,
      loadBalancerControllerVersion: versions.charts?.awsLoadBalancerController?.version ?? null,
      tags,
    },
    { parent },
  );
  const ground =
    clusterSettings.amesLoadBalancers === undefined
      ? null
      : new AmesGround(
          name,
          { region, vpcId: network.vpcId, cidr: settings.cidr, clusterSecurityGroupId: cluster.securityGroupId, tags },
          { parent },
        );
  const ames = ground && {
    vpcId: network.vpcId,
    subnetIds: network.publicSubnetIds,
    sharedSecurityGroupId: ground.securityGroupId,
    clusterName: cluster.name,
  };
  return {
    provider: cluster.provider,
    kubeconfig: cluster.kubeconfig,
    clusterIdentifier: cluster.name.apply((known) => `${region}/${known}`),
    storageClassName: clusterSettings.storageClass,
    foundation: [addons],
    ames,
    outputs: {
      ...(ames === null ? {} : { ames }),
      endpoint: cluster.endpoint,
      edgeAddress: addons.edgeAddress,
      nameServers: addons.nameServers,
      platformReady: addons.ready,
    },
  };
}

function composeDoks(architecture: Architecture, parent: pulumi.Resource): Platform {
  const settings = required(architecture.cluster, "cluster");
  const cluster = new (load.doks())(
    architecture.stack,
    {
      region: architecture.region,
      version: architecture.versions.kubernetes ?? null,
      pools: architecture.nodePools,
      highAvailability: settings.highAvailability,
      vpcCidr: required(architecture.network, "network").cidr,
      adminCidrs: architecture.access.adminCidrs,
      storageClass: settings.storageClass,
      domain: architecture.dns.domain,
      zoneId: architecture.dns.zoneId,
      envoyGatewayVersion: architecture.versions.charts?.envoyGateway?.version ?? null,
      tags: Object.entries(stackTags(architecture)).map(([key, value]) => `${key}:${value}`),
    },
    { parent },
  );
  return {
    provider: cluster.provider,
    kubeconfig: cluster.kubeconfig,
    clusterIdentifier: cluster.clusterId,
    storageClassName: settings.storageClass,
    foundation: [cluster],
    ames: null,
    outputs: { endpoint: cluster.endpoint, edgeAddress: cluster.edgeAddress, platformReady: cluster.ready },
  };
}

function composeExisting(architecture: Architecture, around: Surroundings, parent: pulumi.Resource): Platform {
  const settings = required(architecture.cluster, "cluster");
  if (settings.kubeconfigSecret === null)
    throw new pulumi.RunError(
      "architecture.cluster.kubeconfigSecret: an existing cluster needs one; set existing.kubeconfigSecret and plan again",
    );
  const kubeconfig = around.secret(settings.kubeconfigSecret);
  const { runtimeClass, ...use } = recordedUse(architecture, settings);
  const cluster = new (load.existing())(
    architecture.stack,
    { kubeconfig, facts: settings.existing, ...use, runtimeClass: runtimeClass ?? undefined },
    { parent },
  );
  return {
    provider: cluster.provider,
    kubeconfig,
    clusterIdentifier: pulumi.output(architecture.stack),
    storageClassName: settings.storageClass,
    foundation: [cluster],
    ames: null,
    outputs: { platformReady: cluster.ready },
  };
}

function required<T>(value: T | null, what: string): T {
  if (value === null)
    throw new pulumi.RunError(`architecture.${what}: nothing is recorded, and this mode needs it; plan again`);
  return value;
}
