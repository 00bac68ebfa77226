// A managed node group: private, hardened, sized by the plan, replaced only after its successor stands.
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate";
import { NodeGroup } from "@pulumi/aws/eks/nodeGroup";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { trustService } from "./render/iam-documents";
import { nodeUserData } from "./render/node-user-data";
import { versionProblems } from "./versions";

/** What a pool's nodes run: ships, or everything else. */
export const PoolRole = { Ships: "ships", System: "system" } as const;
export type PoolRole = (typeof PoolRole)[keyof typeof PoolRole];

/** Processor architecture of a node. */
export const NodeArchitecture = { X86: "x86_64", Arm: "arm64" } as const;
export type NodeArchitecture = (typeof NodeArchitecture)[keyof typeof NodeArchitecture];

export interface NodePoolArgs {
  /** AWS region. Changing it replaces the pool. */
  region: string;
  /** The cluster's name; take `Cluster.name`, so that nodes wait for access entries. Changing it replaces the pool. */
  clusterName: pulumi.Input<string>;
  /** Kubernetes minor version of the nodes. Null is marked in a preview and refused by `up`. Rotates nodes, one at a time: ships on them restart. */
  version: string | null;
  /** Private subnets: one for a pool in one zone. Changing it replaces the pool, new nodes first. */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  role: PoolRole;
  /** EC2 type. Changing it replaces the pool, new nodes first. */
  instanceType: string;
  architecture: NodeArchitecture;
  /** Nodes, 0 to 450. In place; fewer nodes drains those that go. */
  count: number;
  /** Pods per node, 4 to 250. Default: what the type's network interfaces allow. Rotates nodes. */
  maxPods?: number | null;
  /** The pool's name in node labels. Default: the component's name. In place. */
  pool?: string;
  /** Encrypted gp3 root disk in GiB. Default 30. Rotates nodes. */
  rootVolumeGiB?: number;
  /** An IAM role for the nodes; then none is made. Changing it replaces the pool, new nodes first. */
  nodeRoleArn?: pulumi.Input<string>;
  /** Tags for every resource and instance. Default none. Rotates nodes. */
  tags?: Record<string, string>;
}

/** Node label every pool carries; ships select `ships`. */
export const ROLE_LABEL = "roadstead.dev/role";
/** Node label with the pool's name. */
export const POOL_LABEL = "roadstead.dev/pool";
/** Taint on ship nodes: only what tolerates it may run there. System nodes have none. */
export const SHIPS_TAINT = { key: "roadstead.dev/ships", value: "true", effect: "NO_SCHEDULE" } as const;

/**
 * One pool of identical nodes.
 *
 *     new NodePool("prod-ships-a", {
 *       region: "us-west-2", clusterName: cluster.name, version: "1.34", subnetIds: [network.privateSubnetId("us-west-2a")],
 *       role: PoolRole.Ships, instanceType: "r6g.2xlarge", architecture: NodeArchitecture.Arm, count: 2,
 *     });
 *
 * Makes: the nodes' role with three AWS policies (join, pull images, attach network interfaces), a launch template (IMDSv2
 * only, one hop, encrypted root, vm.max_map_count) and a managed node group.
 *
 * Monthly: the instances at their hourly price times 730, root disks at 0.08 a GB.
 *
 * Destroyed after everything that runs on it and before the cluster's access entries.
 */
export class NodePool extends pulumi.ComponentResource {
  /** The node group's name in EKS. */
  public readonly nodeGroupName: pulumi.Output<string>;
  public readonly nodeRoleArn: pulumi.Output<string>;
  /** True once the node group is active: its nodes have joined. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: NodePoolArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("NodePool", name, poolProblems(name, args));
    super("roadstead:index:NodePool", name, {}, opts);
    const context: Context = { name, args, parent: this };

    const role = nodeRole(context);
    const template = createLaunchTemplate(context);
    const group = createNodeGroup(context, role, template);

    this.nodeGroupName = group.nodeGroupName;
    this.nodeRoleArn = pulumi.output(role.arn);
    this.ready = group.status.apply(() => true);
    this.registerOutputs({
      nodeGroupName: this.nodeGroupName,
      nodeRoleArn: this.nodeRoleArn,
      ready: this.ready,
    });
  }
}

interface Context {
  name: string;
  args: NodePoolArgs;
  parent: pulumi.Resource;
}

function poolProblems(name: string, args: NodePoolArgs): ArgumentProblem[] {
  const problems = versionProblems(
    [{ path: "version", value: args.version, what: "Kubernetes", setting: "versions.kubernetes" }],
    `NodePool ${name}`,
  );
  const whole = (path: string, value: number, min: number, max: number, fix: string) => {
    if (Number.isInteger(value) && value >= min && value <= max) return;
    problems.push({ path, received: given(value), accepted: `a whole number from ${min} to ${max}`, fix });
  };
  whole("count", args.count, 0, 450, "a managed node group holds 450 nodes: use more pools");
  whole("rootVolumeGiB", args.rootVolumeGiB ?? 30, 20, 16_384, "images and logs need 20 GiB at least");
  if (args.maxPods !== null && args.maxPods !== undefined) {
    whole("maxPods", args.maxPods, 4, 250, "leave it out for what the type allows");
  }
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z0-9-]+$/.test(args.instanceType)) {
    problems.push({
      path: "instanceType",
      received: given(args.instanceType),
      accepted: "an EC2 type such as r6g.2xlarge",
      fix: "take the type from the plan",
    });
  }
  return problems;
}

// Pods cannot reach these through IMDS (one hop); the CNI needs its policy until the add-on's own identity is there.
const NODE_POLICIES = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonEKS_CNI_Policy"];

interface NodeRole {
  arn: pulumi.Input<string>;
  granted: pulumi.Resource[];
}

function nodeRole({ name, args, parent }: Context): NodeRole {
  if (args.nodeRoleArn !== undefined) return { arn: args.nodeRoleArn, granted: [] };
  const role = new Role(
    `${name}-node`,
    { assumeRolePolicy: trustService("ec2.amazonaws.com"), tags: args.tags },
    { parent },
  );
  const granted = NODE_POLICIES.map(
    (policy) =>
      new RolePolicyAttachment(
        `${name}-node-${policy}`,
        { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` },
        { parent },
      ),
  );
  return { arn: role.arn, granted };
}

function createLaunchTemplate({ name, args, parent }: Context): LaunchTemplate {
  const tags = { Name: name, ...args.tags };
  return new LaunchTemplate(
    name,
    {
      metadataOptions: {
        httpEndpoint: "enabled",
        httpTokens: "required",
        // One hop: a pod's request for the node's credentials dies on the way.
        httpPutResponseHopLimit: 1,
        instanceMetadataTags: "disabled",
      },
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: {
            volumeType: "gp3",
            volumeSize: args.rootVolumeGiB ?? 30,
            encrypted: "true",
            deleteOnTermination: "true",
          },
        },
      ],
      userData: Buffer.from(nodeUserData({ maxPods: args.maxPods ?? null })).toString("base64"),
      tagSpecifications: ["instance", "volume", "network-interface"].map((resourceType) => ({ resourceType, tags })),
      updateDefaultVersion: true,
      region: args.region,
      tags,
    },
    { parent },
  );
}

function createNodeGroup({ name, args, parent }: Context, role: NodeRole, template: LaunchTemplate): NodeGroup {
  return new NodeGroup(
    name,
    {
      clusterName: args.clusterName,
      // A prefix, not a name: the successor must be able to stand beside the old group.
      nodeGroupNamePrefix: groupNamePrefix(name),
      nodeRoleArn: role.arn,
      subnetIds: args.subnetIds,
      version: args.version ?? undefined,
      amiType: args.architecture === NodeArchitecture.Arm ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD",
      // A ship has one writer and may not be interrupted at two minutes' notice: never spot.
      capacityType: "ON_DEMAND",
      instanceTypes: [args.instanceType],
      launchTemplate: { id: template.id, version: template.latestVersion.apply((v) => String(v)) },
      scalingConfig: { minSize: args.count, desiredSize: args.count, maxSize: Math.max(args.count, 1) },
      updateConfig: { maxUnavailable: 1 },
      labels: { [ROLE_LABEL]: args.role, [POOL_LABEL]: args.pool ?? name },
      taints: args.role === PoolRole.Ships ? [SHIPS_TAINT] : [],
      region: args.region,
      tags: args.tags,
    },
    // Without its policies a node cannot join; on destroy the policies must outlive the nodes.
    { parent, dependsOn: role.granted },
  );
}

/** EKS allows letters, digits, dashes and underscores, and 63 characters with the generated 26: bounded with a hash, never only cut. */
export function groupNamePrefix(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_-]/g, "-");
  if (clean.length <= 36) return `${clean}-`;
  return `${clean.slice(0, 27)}-${createHash("sha256").update(name).digest("hex").slice(0, 8)}-`;
}
