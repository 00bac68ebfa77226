// What a cluster needs before ships can live in it: network policies, DNS, volumes, snapshots, and a way in.
import * as pulumi from "@pulumi/pulumi";
import { Addon } from "@pulumi/aws/eks/addon";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment";
import type { Provider } from "@pulumi/kubernetes/provider";
import { StorageClass } from "@pulumi/kubernetes/storage/v1/storageClass";
import { Edge } from "./edge";
import { LoadBalancerController } from "./load-balancer-controller";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import type { KubeProxyMode } from "../../planner/architecture/schema";
import { type AddonKey, type AddonPlan, addonPlans, type AddonVersions, pierStorageClass } from "./render/addons";
import { trustPodIdentityOf } from "./render/iam-documents";
import { versionProblems } from "./versions";

export type { AddonVersions } from "./render/addons";

export interface ClusterAddonsArgs {
  /** AWS region. */
  region: string;
  /** The cluster's name; take `Cluster.name`. Changing it replaces the add-ons. */
  clusterName: pulumi.Input<string>;
  /** The cluster's Kubernetes provider; take `Cluster.provider`. */
  kubernetes: Provider;
  /** The node pools the add-ons run on: add-ons are created after these and deleted before them. */
  nodePools: pulumi.Resource[];
  /** Versions of the EKS add-ons. In place; a new CNI version interrupts no connection. */
  versions: AddonVersions;
  /** How nodes route services: iptables up to about 1,000, IPVS or nftables beyond. Default iptables. Changing it in a running cluster breaks connections until nodes are rotated. */
  kubeProxyMode?: KubeProxyMode;
  /** Attachment slots of each node that volumes may not take. Default 2: root volume and a second network interface. In place; counts from the driver's next start on a node. */
  reservedVolumeAttachments?: number;
  /** Name of the storage class for piers. Default "roadstead-gp3". Changing it makes another class; volumes stay on the first. */
  storageClass?: string;
  /** Value of the tag `roadstead.dev/backup` on every pier volume: what snapshot schedules select. Give `Backups` the same. New volumes only. */
  backupTag: string;
  /** Domain ships are served under. Default none: no gateway, load balancer, zone or certificate is made. */
  domain?: string | null;
  /** An existing Route 53 zone of the domain. Default: a zone is made, and must be delegated. */
  zoneId?: string | null;
  /** Whether cells have load balancers for Ames: their controller is then made without a domain, too. Default false. In place. */
  amesLoadBalancers?: boolean;
  /** The VPC; take `Network.vpcId`. Required with the load balancer controller, which cannot ask its node. */
  vpcId?: pulumi.Input<string>;
  /** Version of the Envoy Gateway chart; required with a domain. Null is marked in a preview and refused by `up`. In place. */
  envoyGatewayVersion?: string | null;
  /** Digest of the Envoy Gateway chart. Default none: the version is trusted. In place. */
  envoyGatewayDigest?: string | null;
  /** Version of the AWS Load Balancer Controller chart; required with a domain or load balancers for Ames. Null is marked in a preview and refused by `up`. In place. */
  loadBalancerControllerVersion?: string | null;
  /** Tags for every AWS resource. Default none. In place. */
  tags?: Record<string, string>;
}

/**
 * The add-ons of one EKS cluster.
 *
 *     new ClusterAddons("prod", {
 *       region: "us-west-2", clusterName: cluster.name, kubernetes: cluster.provider, nodePools: pools,
 *       versions: stack.versions.addons, backupTag: "prod", vpcId: network.vpcId, domain: "fleet.example.com",
 *       envoyGatewayVersion: "1.10.0", loadBalancerControllerVersion: "1.14.0",
 *     });
 *
 * Makes: vpc-cni (network policies on), kube-proxy, pod identity agent, coredns (scaled with the nodes), EBS CSI driver with
 * its own role, snapshot controller, metrics server, the storage class for piers (gp3, encrypted, Retain), with a domain an
 * `Edge`, and with a domain or load balancers for Ames a `LoadBalancerController`.
 *
 * Monthly: nothing itself; each pier volume 0.08 a GB, and with a domain what `Edge` costs.
 *
 * Destroyed after every tenant and before the nodes: edge, its controller, storage class, CSI driver and the rest. vpc-cni and kube-proxy
 * keep running on the nodes until these go. Volumes stay: their class says Retain.
 */
export class ClusterAddons extends pulumi.ComponentResource {
  /** The storage class's name, known once the class and its driver exist. */
  public readonly storageClass: pulumi.Output<string>;
  /** Name servers to delegate the domain to; empty when a zone was adopted or there is no domain. */
  public readonly nameServers: pulumi.Output<string[]>;
  /** Host name of the edge's load balancer; empty without a domain. */
  public readonly edgeAddress: pulumi.Output<string>;
  /** True once nodes and every add-on are active and the edge stands: tenants may move in. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: ClusterAddonsArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("ClusterAddons", name, addonProblems(name, args));
    super("roadstead:index:ClusterAddons", name, {}, opts);
    const context: Context = { name, args, parent: this };

    const addons = createAddons(context);
    const storageClass = createStorageClass(context, addons.get("ebsCsi")!);
    const last = lastOf(args, addons);
    const controller = createController(context, last);
    const edge = createEdge(context, controller);

    const active = pulumi.all([...addons.values()].map((addon) => addon.addonName));
    this.storageClass = storageClass.metadata.name;
    this.nameServers = edge?.nameServers ?? pulumi.output([] as string[]);
    this.edgeAddress = edge?.address ?? pulumi.output("");
    this.ready = pulumi
      .all([active, this.storageClass, controller?.ready ?? true, edge?.ready ?? true])
      .apply(() => true);
    this.registerOutputs({
      storageClass: this.storageClass,
      nameServers: this.nameServers,
      edgeAddress: this.edgeAddress,
      ready: this.ready,
    });
  }
}

interface Context {
  name: string;
  args: ClusterAddonsArgs;
  parent: pulumi.Resource;
}

/** Whether anything asks for a load balancer. */
const balanced = ({ domain, amesLoadBalancers }: ClusterAddonsArgs): boolean =>
  (domain !== undefined && domain !== null) || amesLoadBalancers === true;

function addonProblems(name: string, args: ClusterAddonsArgs): ArgumentProblem[] {
  const required = addonPlans(settingsOf(args)).map((addon) => ({
    path: `versions.${addon.key}`,
    value: args.versions[addon.key],
    what: `the EKS add-on ${addon.name}`,
    setting: `versions.addons.${addon.key}`,
  }));
  if (args.domain !== undefined && args.domain !== null) {
    required.push({
      path: "envoyGatewayVersion",
      value: args.envoyGatewayVersion,
      what: "the Envoy Gateway chart",
      setting: "versions.charts.envoyGateway",
    });
  }
  if (balanced(args)) {
    required.push({
      path: "loadBalancerControllerVersion",
      value: args.loadBalancerControllerVersion,
      what: "the AWS Load Balancer Controller chart",
      setting: "versions.charts.awsLoadBalancerController",
    });
  }
  const problems = versionProblems(required, `ClusterAddons ${name}`);
  if (balanced(args) && args.vpcId === undefined) {
    problems.push({
      path: "vpcId",
      received: "nothing",
      accepted: "the VPC's id, with a domain or load balancers for Ames",
      fix: "take Network.vpcId",
    });
  }
  const reserved = args.reservedVolumeAttachments ?? 2;
  if (!Number.isInteger(reserved) || reserved < 1 || reserved > 20) {
    problems.push({
      path: "reservedVolumeAttachments",
      received: given(reserved),
      accepted: "a whole number from 1 to 20",
      fix: "leave it out: one slot is the root volume's",
    });
  }
  if (args.nodePools.length === 0) {
    problems.push({
      path: "nodePools",
      received: given(args.nodePools),
      accepted: "one node pool or more",
      fix: "give the pools: add-ons without nodes never become active",
    });
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(args.backupTag)) {
    problems.push({
      path: "backupTag",
      received: given(args.backupTag),
      accepted: "1 to 63 letters, digits, dots, dashes and underscores",
      fix: "use the name of the stack",
    });
  }
  return problems;
}

function settingsOf(args: ClusterAddonsArgs) {
  return {
    kubeProxyMode: args.kubeProxyMode ?? "iptables",
    reservedVolumeAttachments: args.reservedVolumeAttachments ?? 2,
  };
}

function createAddons(context: Context): Map<AddonKey, Addon> {
  const { name, args, parent } = context;
  const made = new Map<AddonKey, Addon>();
  for (const plan of addonPlans(settingsOf(args))) {
    const role = plan.identity === undefined ? null : createIdentity(context, plan, plan.identity.policyArn);
    const before = plan.after.map((key) => made.get(key)!);
    const addon = new Addon(
      `${name}-${plan.name}`,
      {
        clusterName: args.clusterName,
        addonName: plan.name,
        addonVersion: args.versions[plan.key] ?? undefined,
        configurationValues: plan.configuration,
        preserve: plan.preserve,
        podIdentityAssociations:
          role === null ? undefined : [{ roleArn: role.role.arn, serviceAccount: plan.identity!.serviceAccount }],
        // A new cluster comes with unmanaged copies of the first three, which the add-on takes over.
        resolveConflictsOnCreate: "OVERWRITE",
        resolveConflictsOnUpdate: "OVERWRITE",
        region: args.region,
        tags: args.tags,
      },
      // Those that wait for others stand on the nodes through them: the engine walks every path through the graph when a
      // deletion fails, so an edge that says nothing new costs time.
      { parent, dependsOn: [...(before.length > 0 ? before : args.nodePools), ...(role?.granted ?? [])] },
    );
    made.set(plan.key, addon);
  }
  return made;
}

/** The add-ons no other waits for: whoever waits for these waits for all. */
function lastOf(args: ClusterAddonsArgs, made: Map<AddonKey, Addon>): Addon[] {
  const waitedFor = new Set(addonPlans(settingsOf(args)).flatMap((plan) => plan.after));
  return [...made].filter(([key]) => !waitedFor.has(key)).map(([, addon]) => addon);
}

function createIdentity({ name, args, parent }: Context, plan: AddonPlan, policyArn: string) {
  const assumeRolePolicy = trustPodIdentityOf("kube-system", plan.identity!.serviceAccount);
  const role = new Role(`${name}-${plan.name}`, { assumeRolePolicy, tags: args.tags }, { parent });
  const granted = [new RolePolicyAttachment(`${name}-${plan.name}`, { role: role.name, policyArn }, { parent })];
  return { role, granted };
}

function createStorageClass({ name, args, parent }: Context, driver: Addon): StorageClass {
  const className = args.storageClass ?? "roadstead-gp3";
  return new StorageClass(
    `${name}-${className}`,
    pierStorageClass(className, args.backupTag),
    // A class cannot be changed, only made again under its name; volumes made from it do not depend on it.
    { parent, provider: args.kubernetes, dependsOn: [driver], deleteBeforeReplace: true },
  );
}

function createController({ name, args, parent }: Context, addons: Addon[]): LoadBalancerController | null {
  if (!balanced(args)) return null;
  return new LoadBalancerController(
    name,
    {
      region: args.region,
      clusterName: args.clusterName,
      vpcId: args.vpcId!,
      version: args.loadBalancerControllerVersion ?? null,
      amesLoadBalancers: args.amesLoadBalancers,
      kubernetes: args.kubernetes,
      after: addons,
      tags: args.tags,
    },
    { parent },
  );
}

function createEdge({ name, args, parent }: Context, controller: LoadBalancerController | null): Edge | null {
  if (args.domain === undefined || args.domain === null || controller === null) return null;
  return new Edge(
    name,
    {
      region: args.region,
      domain: args.domain,
      zoneId: args.zoneId,
      envoyGatewayVersion: args.envoyGatewayVersion ?? null,
      envoyGatewayDigest: args.envoyGatewayDigest,
      kubernetes: args.kubernetes,
      // The controller makes the load balancer and takes it away: it must outlive it. It waits for the add-ons.
      after: [controller],
      tags: args.tags,
    },
    { parent },
  );
}
