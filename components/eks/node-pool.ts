import * as pulumi from "@pulumi/pulumi";

/** What a pool's nodes run: ships, or everything else. */
export const PoolRole = { Ships: "ships", System: "system" } as const;
export type PoolRole = (typeof PoolRole)[keyof typeof PoolRole];

/** Processor architecture of a node. */
export const NodeArchitecture = { X86: "x86_64", Arm: "arm64" } as const;
export type NodeArchitecture = (typeof NodeArchitecture)[keyof typeof NodeArchitecture];

export interface NodePoolArgs {
  /** AWS region. */
  region: string;
  /** The cluster's name; take `Cluster.name`, so that nodes wait for access entries. */
  clusterName: pulumi.Input<string>;
  /** Kubernetes minor version of the nodes. Null is marked in a preview and refused by `up`. Rotates nodes, one at a time. */
  version: string | null;
  /** Private subnets: one for a pool in one zone. Changing it replaces the pool, new nodes first. */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  role: PoolRole;
  /** EC2 type. Changing it replaces the pool, new nodes first. */
  instanceType: string;
  architecture: NodeArchitecture;
  /** Nodes. In place; fewer nodes drains those that go. */
  count: number;
  /** Pods per node. Default: what the type's network interfaces allow. Rotates nodes. */
  maxPods?: number | null;
  /** The pool's name in node labels. Default: the component's name. */
  pool?: string;
  /** Encrypted gp3 root disk in GiB. Default 30. Rotates nodes. */
  rootVolumeGiB?: number;
  /** An IAM role for the nodes; then none is made. */
  nodeRoleArn?: pulumi.Input<string>;
  /** Tags for every resource and instance. Default none. In place; instances get them on rotation. */
  tags?: Record<string, string>;
}

export class NodePool extends pulumi.ComponentResource {
  /** The node group's name in EKS. */
  public readonly nodeGroupName!: pulumi.Output<string>;
  public readonly nodeRoleArn!: pulumi.Output<string>;
  /** True once the node group is active. */
  public readonly ready!: pulumi.Output<boolean>;

  constructor(name: string, args: NodePoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:NodePool", name, {}, opts);
    void args;
  }
}
