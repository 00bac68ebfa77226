// A DigitalOcean Kubernetes cluster with pools sized by the plan. Its API always has a public address: a firewall narrows it.
import * as pulumi from "@pulumi/pulumi";
import { getKubernetesVersionsOutput } from "@pulumi/digitalocean/getKubernetesVersions";
import { KubernetesCluster } from "@pulumi/digitalocean/kubernetesCluster";
import { KubernetesNodePool } from "@pulumi/digitalocean/kubernetesNodePool";
import { Vpc } from "@pulumi/digitalocean/vpc";
import { Provider } from "@pulumi/kubernetes/provider";
import { StorageClass } from "@pulumi/kubernetes/storage/v1/storageClass";
import { LIMITS } from "../../planner/catalog/limits";
import { doksNodesProblem, dropletVolumesProblem } from "../../planner/doks";
import { worldOpenCidr } from "../../planner/predicates";
import { POOL_LABEL, PoolRole, ROLE_LABEL, SHIPS_TAINT } from "../eks/node-pool";
import { heldBy } from "../fleet/render/names";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { type RequiredVersion, versionProblems } from "../eks/versions";
import { DoksEdge } from "./doks-edge";

/** A node pool of a DOKS cluster. A locked node pool fits as it is. */
export interface DoksPool {
  /** Name of the pool. Changing it replaces the pool. */
  name: string;
  role: PoolRole;
  /** Droplet size. Changing it replaces the pool, since DOKS cannot resize nodes; on the cluster's own pool it is ignored. */
  type: string;
  /** Nodes, one at least. In place; fewer nodes drains those that go. */
  count: number;
  /** Ships one node holds: at most 15, the volumes a droplet can attach. Checked only. */
  shipsPerNode: number;
}

export interface DoksClusterArgs {
  /** DigitalOcean region. Changing it replaces the cluster. */
  region: string;
  /** Kubernetes minor version such as "1.34", its newest patch at creation. Null is marked in a preview and refused by `up`. Later changes are ignored. */
  version: string | null;
  /** Pools. The first system pool by name is the cluster's own and cannot be left out. */
  pools: DoksPool[];
  /** Highly available control plane. Default true. In place; cannot be turned off again. */
  highAvailability?: boolean;
  /** IPv4 range of the VPC, /16 to /24. Changing it replaces the VPC and the cluster. */
  vpcCidr: string;
  /** Networks that may reach the API. Default none: DOKS then leaves the API open to anyone with a token, and a warning says so. The world is refused. In place. */
  adminCidrs?: string[];
  /** Name of the storage class for piers. Default "roadstead-block". Changing it makes another class; volumes stay on the first. */
  storageClass?: string;
  /** Domain ships are served under. Default none: no gateway, load balancer, domain or certificate is made. */
  domain?: string | null;
  /** An existing domain at DigitalOcean that holds it. Default: the domain is added, and must be delegated to DigitalOcean. */
  zoneId?: string | null;
  /** Version of the Envoy Gateway chart; required with a domain. Null is marked in a preview and refused by `up`. In place. */
  envoyGatewayVersion?: string | null;
  /** DigitalOcean tags: letters, digits, colons, dashes and underscores. Default none. In place. */
  tags?: string[];
}

/** Volumes one droplet can attach. */
export const VOLUMES_PER_DROPLET: number = LIMITS.doVolumesPerDroplet.value;

/**
 * A DOKS cluster.
 *
 *     const cluster = new DoksCluster("prod", {
 *       region: "nyc3", version: "1.34", vpcCidr: "10.40.0.0/16", adminCidrs: ["203.0.113.0/24"],
 *       pools: [
 *         { name: "system", role: PoolRole.System, type: "s-2vcpu-4gb", count: 2, shipsPerNode: 0 },
 *         { name: "ships", role: PoolRole.Ships, type: "m-4vcpu-32gb", count: 3, shipsPerNode: 6 },
 *       ],
 *     });
 *
 * Makes: a VPC, the cluster with its system pool, one node pool for each other pool, a Kubernetes provider and the
 * storage class for piers (Retain), and with a domain a `DoksEdge`.
 *
 * Monthly: control plane 0, highly available 40; each node its droplet's price; each pier volume 0.10 a GB.
 *
 * Destroyed after every tenant: edge, storage class, provider, pools, cluster, VPC. Volumes stay, and go on costing.
 */
export class DoksCluster extends pulumi.ComponentResource {
  public readonly clusterId: pulumi.Output<string>;
  public readonly endpoint: pulumi.Output<string>;
  /** Secret: DOKS puts a token in it. */
  public readonly kubeconfig: pulumi.Output<string>;
  /** For everything inside the cluster. Replaced only with the cluster. */
  public readonly provider: Provider;
  /** The storage class's name, known once the class exists. */
  public readonly storageClass: pulumi.Output<string>;
  /** Address of the edge's load balancer; empty without a domain. */
  public readonly edgeAddress: pulumi.Output<string>;
  /** True once every pool, the storage class and the edge exist: tenants may move in. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: DoksClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("DoksCluster", name, doksProblems(name, args));
    super("roadstead:index:DoksCluster", name, {}, opts);
    const context: Context = { name, args, parent: this };
    const own = ownPool(args.pools) as DoksPool;
    if ((args.adminCidrs ?? []).length === 0) {
      void pulumi.log.warn("the cluster's API is open to anyone with a token: set access.adminCidrs", this);
    }

    const cluster = createCluster(context, own);
    const pools = args.pools.filter((pool) => pool !== own).map((pool) => createPool(context, cluster, pool));
    this.kubeconfig = pulumi.secret(cluster.kubeConfigs.apply((configs) => configs?.[0]?.rawConfig ?? ""));
    this.provider = createProvider(context, cluster, this.kubeconfig, pools);
    const storage = createStorageClass(context, this.provider);
    const edge = createEdge(context, this.provider);

    this.clusterId = cluster.id;
    this.endpoint = cluster.endpoint;
    this.storageClass = storage.metadata.name;
    this.edgeAddress = edge?.address ?? pulumi.output("");
    const pooled = pulumi.all(pools.map((pool) => pool.name));
    this.ready = pulumi.all([this.storageClass, pooled, edge?.ready ?? true]).apply(() => true);
    this.registerOutputs({
      clusterId: this.clusterId,
      endpoint: this.endpoint,
      kubeconfig: this.kubeconfig,
      storageClass: this.storageClass,
      edgeAddress: this.edgeAddress,
      ready: this.ready,
    });
  }
}

interface Context {
  name: string;
  args: DoksClusterArgs;
  parent: pulumi.Resource;
}

/** By name, so that the order of the list does not decide which pool the cluster cannot live without. */
function ownPool(pools: DoksPool[]): DoksPool | undefined {
  return pools.filter((pool) => pool.role === PoolRole.System).sort((a, b) => (a.name < b.name ? -1 : 1))[0];
}

function doksProblems(name: string, args: DoksClusterArgs): ArgumentProblem[] {
  const required: RequiredVersion[] = [
    { path: "version", value: args.version, what: "Kubernetes", setting: "versions.kubernetes" },
  ];
  if (args.domain) {
    required.push({
      path: "envoyGatewayVersion",
      value: args.envoyGatewayVersion,
      what: "the Envoy Gateway chart",
      setting: "versions.charts.envoyGateway",
    });
  }
  const problems = versionProblems(required, `DoksCluster ${name}`);
  if (ownPool(args.pools) === undefined) {
    problems.push({
      path: "pools",
      received: given(args.pools.map((pool) => pool.name)),
      accepted: "one system pool at least",
      fix: "add a pool with role system: a DOKS cluster cannot exist without one",
    });
  }
  args.pools.forEach((pool, i) => {
    if (args.pools.findIndex((other) => other.name === pool.name) !== i) {
      problems.push({
        path: `pools[${i}].name`,
        received: given(pool.name),
        accepted: "each name once",
        fix: "rename one of the two",
      });
    }
    if (!Number.isInteger(pool.count) || pool.count < 1) {
      problems.push({
        path: `pools[${i}].count`,
        received: given(pool.count),
        accepted: "one node at least",
        fix: "leave the pool out instead",
      });
    }
    const volumes =
      pool.role === PoolRole.Ships ? dropletVolumesProblem(pool.shipsPerNode, `pools[${i}].shipsPerNode`) : null;
    if (volumes !== null) problems.push(volumes);
  });
  const nodes = doksNodesProblem(
    args.pools.reduce((n, pool) => n + pool.count, 0),
    "pools",
  );
  if (nodes !== null) problems.push(nodes);
  (args.adminCidrs ?? []).forEach((cidr, i) => {
    if (!worldOpenCidr(cidr)) return;
    problems.push({
      path: `adminCidrs[${i}]`,
      received: given(cidr),
      accepted: "networks of your own",
      fix: "name the networks you administer from",
    });
  });
  (args.tags ?? []).forEach((tag, i) => {
    if (/^[A-Za-z0-9:_-]{1,255}$/.test(tag)) return;
    problems.push({
      path: `tags[${i}]`,
      received: given(tag),
      accepted: "1 to 255 letters, digits, colons, dashes and underscores",
      fix: "write the tag without other characters",
    });
  });
  return problems;
}

function createEdge({ name, args, parent }: Context, kubernetes: Provider): DoksEdge | null {
  if (!args.domain) return null;
  const { domain, zoneId, envoyGatewayVersion } = args;
  return new DoksEdge(
    name,
    { domain, zoneId, envoyGatewayVersion: envoyGatewayVersion ?? null, kubernetes },
    { parent },
  );
}

function createCluster({ name, args, parent }: Context, own: DoksPool): KubernetesCluster {
  const vpc = new Vpc(name, { region: args.region, ipRange: args.vpcCidr }, { parent });
  const newest = getKubernetesVersionsOutput({ versionPrefix: `${args.version ?? ""}.` }, { parent });
  const allowed = args.adminCidrs ?? [];
  return new KubernetesCluster(
    name,
    {
      region: args.region,
      version: newest.apply((found) => found?.latestVersion ?? ""),
      vpcUuid: vpc.id,
      ha: args.highAvailability ?? true,
      // An upgrade drains nodes, and with them ships: it is a step of a rollout, not of a maintenance window.
      autoUpgrade: false,
      surgeUpgrade: true,
      controlPlaneFirewall: allowed.length > 0 ? { enabled: true, allowedAddresses: allowed } : undefined,
      // Piers are volumes the cluster made: they must outlive it.
      destroyAllAssociatedResources: false,
      nodePool: { name: own.name, size: own.type, nodeCount: own.count, labels: labels(own) },
      tags: args.tags,
    },
    {
      parent,
      // version: the newest patch moves by itself, and following it would drain every node at some unrelated `up`.
      // nodePool.size: DigitalOcean would replace the whole cluster; add another system pool instead.
      ignoreChanges: ["version", "nodePool.size"],
    },
  );
}

function createPool({ name, args, parent }: Context, cluster: KubernetesCluster, pool: DoksPool): KubernetesNodePool {
  return new KubernetesNodePool(
    `${name}-${pool.name}`,
    {
      clusterId: cluster.id,
      name: pool.name,
      size: pool.type,
      nodeCount: pool.count,
      labels: labels(pool),
      taints:
        pool.role === PoolRole.Ships ? [{ key: SHIPS_TAINT.key, value: SHIPS_TAINT.value, effect: "NoSchedule" }] : [],
      tags: args.tags,
    },
    // The plan names a pool after its size: another size is another pool, made beside this one before it goes.
    { parent },
  );
}

const labels = (pool: DoksPool) => ({ [ROLE_LABEL]: pool.role, [POOL_LABEL]: pool.name });

function createProvider(
  { name, parent }: Context,
  cluster: KubernetesCluster,
  kubeconfig: pulumi.Output<string>,
  pools: KubernetesNodePool[],
): Provider {
  return new Provider(
    `${name}-kubernetes`,
    {
      kubeconfig,
      // DOKS issues a new token every week: only another cluster may replace the provider and all behind it.
      clusterIdentifier: cluster.id,
      enableServerSideApply: true,
      // An object that exists already is someone else's, above all a ship's registry entry: creation must fail.
      upsertExistingObjects: false,
    },
    // What runs in the cluster is created after the nodes, and deleted before them.
    { parent, dependsOn: pools },
  );
}

function createStorageClass({ name, args, parent }: Context, provider: Provider): StorageClass {
  const className = args.storageClass ?? "roadstead-block";
  return new StorageClass(
    `${name}-${className}`,
    {
      metadata: { name: className, annotations: heldBy(pulumi.getStack()) },
      provisioner: "dobs.csi.digitalocean.com",
      parameters: { "csi.storage.k8s.io/fstype": "ext4" },
      // A pier outlives its claim.
      reclaimPolicy: "Retain",
      volumeBindingMode: "WaitForFirstConsumer",
      allowVolumeExpansion: true,
    },
    // A class cannot be changed, only made again under its name; volumes made from it do not depend on it.
    { parent, provider, deleteBeforeReplace: true },
  );
}
