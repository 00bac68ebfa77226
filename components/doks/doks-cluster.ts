import * as pulumi from "@pulumi/pulumi";
import type { Provider } from "@pulumi/kubernetes/provider";
import type { PoolRole } from "../eks/node-pool";

/** A node pool of a DOKS cluster. A locked node pool fits as it is. */
export interface DoksPool {
  /** Name of the pool. Changing it replaces the pool. */
  name: string;
  role: PoolRole;
  /** Droplet size. Changing it replaces the pool: DOKS cannot resize nodes. */
  type: string;
  /** Nodes. In place. */
  count: number;
  /** Ships one node holds: at most 15, the volumes a droplet can attach. */
  shipsPerNode: number;
}

export interface DoksClusterArgs {
  /** DigitalOcean region. Changing it replaces the cluster. */
  region: string;
  /** Kubernetes minor version such as "1.34". Null is marked in a preview and refused by `up`. */
  version: string | null;
  /** Pools; the first system pool is the cluster's own, so one is required. */
  pools: DoksPool[];
  /** Highly available control plane. Default true. Cannot be turned off again. */
  highAvailability?: boolean;
  /** IPv4 range of the VPC. Changing it replaces the VPC and the cluster. */
  vpcCidr: string;
  /** Networks that may reach the API. None: DOKS leaves the API open to anyone with a token, so a warning says so. The world is refused. */
  adminCidrs?: string[];
  /** Name of the storage class for piers. Default "roadstead-block". */
  storageClass?: string;
  /** DigitalOcean tags. Default none. */
  tags?: string[];
}

export class DoksCluster extends pulumi.ComponentResource {
  public readonly clusterId!: pulumi.Output<string>;
  public readonly endpoint!: pulumi.Output<string>;
  /** Secret: DOKS puts a token in it. */
  public readonly kubeconfig!: pulumi.Output<string>;
  public readonly provider!: Provider;
  /** The storage class's name, known once the class exists. */
  public readonly storageClass!: pulumi.Output<string>;
  /** True once every pool and the storage class exist. */
  public readonly ready!: pulumi.Output<boolean>;

  constructor(name: string, args: DoksClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:DoksCluster", name, {}, opts);
    void args;
  }
}
