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

/** What a taint does to pods that do not tolerate it. */
export const TaintEffect = {
  NoSchedule: "NO_SCHEDULE",
  PreferNoSchedule: "PREFER_NO_SCHEDULE",
  NoExecute: "NO_EXECUTE",
} as const;
export type TaintEffect = (typeof TaintEffect)[keyof typeof TaintEffect];

/** Keeps pods off a pool's nodes unless they tolerate it. */
export interface NodeTaint {
  key: string;
  value: string;
  effect: TaintEffect;
}

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
  /** Further node labels, such as a customer's own. Keys under roadstead.dev/ that pools carry anyway are refused. Default none. In place. */
  labels?: Record<string, string>;
  /** Further taints, such as a customer's own: pods of others stay off. Default none. In place: running pods stay unless the effect is NO_EXECUTE. */
  taints?: NodeTaint[];
  /** What must be known before nodes are asked for; take `typesOffered`, which refuses a type its zone lacks. Default: AWS refuses it, late. */
  offered?: pulumi.Input<boolean>;
  /** Whether kube-proxy routes services by IPVS: its kernel modules are then loaded at first boot. Default false. Rotates nodes. */
  ipvs?: boolean;
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
 * only, one hop, encrypted root, vm.max_map_count, inotify limits) and a managed node group. A pool for one customer takes
 * `labels` and `taints`; the customer's pods must select the one and tolerate the other.
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
  problems.push(...labelProblems(args));
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

const KEY = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

/** EKS would refuse these after the launch template exists, and a pool that relabels itself would draw ships. */
function labelProblems(args: NodePoolArgs): ArgumentProblem[] {
  const own: string[] = [ROLE_LABEL, POOL_LABEL, SHIPS_TAINT.key];
  const check = (path: string, key: string, value: string): ArgumentProblem[] => {
    if (own.includes(key) || /(^|\.)(kubernetes|k8s)\.io\//.test(key) || key.startsWith("eks.amazonaws.com/")) {
      const fix = "take a key of your own, such as example.com/customer";
      return [{ path, received: given(key), accepted: "a key nobody else sets", fix }];
    }
    if (KEY.test(key) && VALUE.test(value)) return [];
    return [
      {
        path,
        received: `${given(key)}: ${given(value)}`,
        accepted:
          "a Kubernetes label: 63 letters, digits, dots, dashes and underscores, the key with an optional prefix",
        fix: "shorten it, or replace what is not allowed",
      },
    ];
  };
  const twice = (args.taints ?? []).filter(
    (t, i, all) => all.findIndex((o) => o.key === t.key && o.effect === t.effect) !== i,
  );
  return [
    ...Object.entries(args.labels ?? {}).flatMap(([key, value]) => check(`labels.${key}`, key, value)),
    ...(args.taints ?? []).flatMap((t, i) => check(`taints[${i}]`, t.key, t.value)),
    ...twice.map((t) => ({
      path: "taints",
      received: `${given(t.key)} with ${t.effect} twice`,
      accepted: "each key once an effect",
      fix: "remove one of the two",
    })),
  ];
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
      userData: Buffer.from(nodeUserData({ maxPods: args.maxPods ?? null, ipvs: args.ipvs ?? false })).toString(
        "base64",
      ),
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
      clusterName: pulumi.all([args.clusterName, args.offered ?? true]).apply(([clusterName]) => clusterName),
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
      // One node at a time, and only while disruption budgets allow it: `forceUpdateVersion` stays off, so AWS gives up a
      // rotation rather than a ship.
      updateConfig: { maxUnavailable: 1 },
      labels: { ...args.labels, [ROLE_LABEL]: args.role, [POOL_LABEL]: args.pool ?? name },
      taints: [...(args.role === PoolRole.Ships ? [SHIPS_TAINT] : []), ...(args.taints ?? [])],
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
