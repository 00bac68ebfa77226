// A VPC laid out by zone for a cluster with private nodes, or an existing one adopted. Nothing in it is open by default.
import * as pulumi from "@pulumi/pulumi";
import { DefaultSecurityGroup } from "@pulumi/aws/ec2/defaultSecurityGroup";
import { Eip } from "@pulumi/aws/ec2/eip";
import { getVpcOutput } from "@pulumi/aws/ec2/getVpc";
import { InternetGateway } from "@pulumi/aws/ec2/internetGateway";
import { NatGateway } from "@pulumi/aws/ec2/natGateway";
import { Route } from "@pulumi/aws/ec2/route";
import { RouteTable } from "@pulumi/aws/ec2/routeTable";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation";
import { Subnet } from "@pulumi/aws/ec2/subnet";
import { Vpc } from "@pulumi/aws/ec2/vpc";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { createEndpoints } from "./endpoints";
import { createFlowLogs } from "./flow-logs";
import { type PlannedSubnet, SERVICE_CIDR, type SubnetTier, cidrPlan, cidrProblems } from "./render/cidr-plan";
import { tagged } from "./tags";

/** How private subnets reach the internet. */
export const NatMode = { PerZone: "per-zone", Single: "single", None: "none" } as const;
export type NatMode = (typeof NatMode)[keyof typeof NatMode];

/** An existing VPC to use instead of making one. */
export interface ExistingVpc {
  /** The VPC's id. Changing it moves everything: the cluster is replaced. */
  vpcId: string;
  /** Its private subnets, one a zone, in the order of `zones`. They must have a route to the internet. */
  privateSubnetIds: string[];
  /** Its public subnets, for load balancers, in the order of `zones`. Default: none. */
  publicSubnetIds?: string[];
}

export interface NetworkArgs {
  /** AWS region. Changing it replaces everything. */
  region: string;
  /** Availability zones, two at least for a cluster. Adding one adds subnets beside the others; nothing is renumbered. */
  zones: string[];
  /** The VPC's IPv4 range, /16 to /20, private. Changing it replaces the VPC and everything in it. */
  cidr: string;
  /** NAT gateways: one a zone, one for all, or none. Changing it changes routes in place; connections through NAT break once. */
  nat: NatMode;
  /** Ranges the VPC must not overlap, such as peered networks. Default: the Kubernetes service range. Checked only. */
  avoidCidrs?: string[];
  /** Whether nodes reach ECR and STS through interface endpoints instead of NAT: 7.30 a month for each of three in each zone. Default false. In place. */
  interfaceEndpoints?: boolean;
  /** Whether VPC flow logs are written. Default true. In place. */
  flowLogs?: boolean;
  /** How long flow logs are kept, in days. Default 365. In place. */
  logRetentionDays?: number;
  /** Use this VPC and make none. Default: one is made. */
  existing?: ExistingVpc;
  /** Tags for every resource. Default none. In place. */
  tags?: Record<string, string>;
}

/**
 * The network a cluster stands in.
 *
 *     const network = new Network("prod", {
 *       region: "us-west-2", zones: ["us-west-2a", "us-west-2b", "us-west-2c"], cidr: "10.40.0.0/16", nat: NatMode.PerZone,
 *     });
 *
 * Makes: a VPC, its default security group emptied, an internet gateway, one public and one private subnet a zone with
 * their route tables, NAT gateways with their addresses, the S3 gateway endpoint (free), interface endpoints when asked for,
 * and flow logs with key and role.
 * With `existing`: only flow logs.
 *
 * Monthly (us-east-1): NAT gateway 32.85 and public IPv4 3.65 for each NAT, plus 0.045 a GB through it; flow logs 0.50 a
 * GB in and 0.03 a GB kept, their key 1.00; interface endpoints 21.90 a zone.
 *
 * Destroyed last, after the cluster: load balancers and network interfaces inside it would hold it back.
 */
export class Network extends pulumi.ComponentResource {
  public readonly vpcId: pulumi.Output<string>;
  /** The VPC's IPv4 range. */
  public readonly cidr: pulumi.Output<string>;
  /** Private subnets in the order of `zones`, known to have their routes: what is built from them can reach the internet. */
  public readonly privateSubnetIds: pulumi.Output<string[]>;
  /** The same subnets as soon as they exist, before their routes: all a control plane needs. */
  public readonly unroutedSubnetIds: pulumi.Output<string[]>;
  /** Public subnets in the order of `zones`, known to have their routes. */
  public readonly publicSubnetIds: pulumi.Output<string[]>;
  /** Public addresses traffic from private subnets leaves from; empty for an adopted VPC. */
  public readonly natAddresses: pulumi.Output<string[]>;

  readonly #zones: string[];

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("Network", name, networkProblems(args));
    super("roadstead:index:Network", name, {}, opts);
    this.#zones = args.zones;
    const context = { name, args, parent: this };

    const made = args.existing === undefined ? createVpc(context) : adoptVpc(args.existing, context);
    if (args.flowLogs ?? true) createFlowLogs(context, made.vpcId);

    this.vpcId = made.vpcId;
    this.cidr = made.cidr;
    this.privateSubnetIds = made.privateSubnetIds;
    this.unroutedSubnetIds = made.unroutedSubnetIds;
    this.publicSubnetIds = made.publicSubnetIds;
    this.natAddresses = made.natAddresses;
    this.registerOutputs({
      vpcId: this.vpcId,
      cidr: this.cidr,
      privateSubnetIds: this.privateSubnetIds,
      unroutedSubnetIds: this.unroutedSubnetIds,
      publicSubnetIds: this.publicSubnetIds,
      natAddresses: this.natAddresses,
    });
  }

  /** The private subnet of one zone. */
  public privateSubnetId(zone: string): pulumi.Output<string> {
    const index = this.#zones.indexOf(zone);
    if (index < 0) throw new Error(`this network has no zone ${zone}; it has ${this.#zones.join(", ")}`);
    return this.privateSubnetIds.apply((ids) => ids[index] as string);
  }
}

/** What every part of the network is made with. */
export interface NetworkContext {
  name: string;
  args: NetworkArgs;
  parent: pulumi.Resource;
}
type Context = NetworkContext;

interface Made {
  vpcId: pulumi.Output<string>;
  cidr: pulumi.Output<string>;
  privateSubnetIds: pulumi.Output<string[]>;
  publicSubnetIds: pulumi.Output<string[]>;
  unroutedSubnetIds: pulumi.Output<string[]>;
  natAddresses: pulumi.Output<string[]>;
}

function networkProblems(args: NetworkArgs): ArgumentProblem[] {
  const problems: ArgumentProblem[] = cidrProblems({
    cidr: args.cidr,
    zones: args.zones,
    avoid: args.existing === undefined ? (args.avoidCidrs ?? [SERVICE_CIDR]) : [],
  });
  if (args.zones.length < 2) {
    problems.push({
      path: "zones",
      received: given(args.zones),
      accepted: "two zones or more",
      fix: "an EKS control plane needs subnets in two zones; nodes may still all stand in one",
    });
  }
  args.zones.forEach((zone, i) => {
    if (!zone.startsWith(args.region)) {
      problems.push({
        path: `zones[${i}]`,
        received: given(zone),
        accepted: `a zone of ${args.region}`,
        fix: "take zones of the network's region",
      });
    }
  });
  if (args.existing !== undefined && args.interfaceEndpoints === true) {
    problems.push({
      path: "interfaceEndpoints",
      received: given(true),
      accepted: "nothing, for an adopted VPC",
      fix: "make them where the VPC is made: a VPC has one private name for each service",
    });
  }
  const adopted = args.existing;
  if (adopted !== undefined && adopted.privateSubnetIds.length !== args.zones.length) {
    problems.push({
      path: "existing.privateSubnetIds",
      received: `${adopted.privateSubnetIds.length} subnets`,
      accepted: `${args.zones.length}, one for each of ${args.zones.join(", ")}`,
      fix: "list one private subnet a zone, in the order of the zones",
    });
  }
  return problems;
}

function createVpc(context: Context): Made {
  const { name, args, parent } = context;
  const vpc = new Vpc(
    `${name}-vpc`,
    {
      cidrBlock: args.cidr,
      enableDnsSupport: true,
      enableDnsHostnames: true,
      region: args.region,
      tags: tagged(args, name),
    },
    { parent },
  );
  // Rules are left empty: whatever forgets to name a security group can talk to nothing.
  new DefaultSecurityGroup(
    `${name}-default-closed`,
    { vpcId: vpc.id, region: args.region, tags: tagged(args, `${name}-default-closed`) },
    { parent },
  );
  const plan = cidrPlan({ cidr: args.cidr, zones: args.zones });
  const publicSide = createPublicSubnets(context, vpc, plan);
  const nats = createNats(context, publicSide);
  const privateSide = createPrivateSubnets(context, vpc, plan, nats);
  createEndpoints(context, {
    vpcId: vpc.id,
    vpcCidr: vpc.cidrBlock,
    tableIds: privateSide.tables.map((table) => table.id),
    subnetIds: [...privateSide.subnets.values()].map((subnet) => subnet.id),
  });
  return {
    vpcId: vpc.id,
    cidr: vpc.cidrBlock,
    publicSubnetIds: whenRouted(publicSide),
    privateSubnetIds: whenRouted(privateSide),
    unroutedSubnetIds: pulumi.all([...privateSide.subnets.values()].map((subnet) => subnet.id)),
    natAddresses: pulumi.all([...nats.values()].map((nat) => nat.publicIp)),
  };
}

function adoptVpc(existing: ExistingVpc, { args, parent }: Context): Made {
  const found = getVpcOutput({ id: existing.vpcId, region: args.region }, { parent });
  return {
    vpcId: pulumi.output(existing.vpcId),
    cidr: found.apply((vpc) => vpc?.cidrBlock ?? args.cidr),
    privateSubnetIds: pulumi.output(existing.privateSubnetIds),
    unroutedSubnetIds: pulumi.output(existing.privateSubnetIds),
    publicSubnetIds: pulumi.output(existing.publicSubnetIds ?? []),
    natAddresses: pulumi.output([] as string[]),
  };
}

interface Side {
  subnets: Map<string, Subnet>;
  tables: RouteTable[];
  /** What must exist before the subnets are of use. */
  routes: pulumi.CustomResource[];
}

/** Subnet ids that carry their routes along as dependencies, and are deleted before them. */
function whenRouted(side: Side): pulumi.Output<string[]> {
  const ids = pulumi.all([...side.subnets.values()].map((subnet) => subnet.id));
  return pulumi.all([ids, pulumi.all(side.routes.map((route) => route.id))]).apply(([known]) => known);
}

// Kubernetes finds the subnets for its load balancers by these tags.
const ROLE_TAG: Record<SubnetTier, string> = {
  public: "kubernetes.io/role/elb",
  private: "kubernetes.io/role/internal-elb",
};

function createSubnet(
  { name, args, parent }: Context,
  vpc: Vpc,
  plan: PlannedSubnet[],
  tier: SubnetTier,
  zone: string,
): Subnet {
  const planned = plan.find((p) => p.tier === tier && p.zone === zone) as PlannedSubnet;
  return new Subnet(
    `${name}-${tier}-${zone}`,
    {
      vpcId: vpc.id,
      availabilityZone: zone,
      cidrBlock: planned.cidr,
      // Only what asks for a public address gets one: NAT gateways and load balancers bring their own.
      mapPublicIpOnLaunch: false,
      region: args.region,
      tags: { ...tagged(args, `${name}-${tier}-${zone}`), [ROLE_TAG[tier]]: "1" },
    },
    { parent },
  );
}

function createPublicSubnets(context: Context, vpc: Vpc, plan: PlannedSubnet[]): Side {
  const { name, args, parent } = context;
  const { region } = args;
  const gateway = new InternetGateway(
    `${name}-internet`,
    { vpcId: vpc.id, region, tags: tagged(args, name) },
    { parent },
  );
  const table = new RouteTable(
    `${name}-public`,
    { vpcId: vpc.id, region, tags: tagged(args, `${name}-public`) },
    { parent },
  );
  const side: Side = { subnets: new Map(), tables: [table], routes: [] };
  side.routes.push(
    new Route(
      `${name}-public-internet`,
      { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id, region },
      { parent },
    ),
  );
  for (const zone of args.zones) {
    const subnet = createSubnet(context, vpc, plan, "public", zone);
    side.subnets.set(zone, subnet);
    side.routes.push(
      new RouteTableAssociation(
        `${name}-public-${zone}`,
        { routeTableId: table.id, subnetId: subnet.id, region },
        { parent },
      ),
    );
  }
  return side;
}

/** NAT gateways by the zone they stand in. */
function createNats({ name, args, parent }: Context, publicSide: Side): Map<string, NatGateway> {
  // A single one stands in the first zone by name, so that the order of the list does not move it.
  const zones = { "per-zone": args.zones, single: [...args.zones].sort().slice(0, 1), none: [] }[args.nat];
  return new Map(
    zones.map((zone) => {
      const tags = tagged(args, `${name}-nat-${zone}`);
      const address = new Eip(`${name}-nat-${zone}`, { domain: "vpc", region: args.region, tags }, { parent });
      const nat = new NatGateway(
        `${name}-nat-${zone}`,
        { allocationId: address.id, subnetId: publicSide.subnets.get(zone)!.id, region: args.region, tags },
        // A NAT gateway without a route out fails; on destroy its address must go before the internet gateway.
        { parent, dependsOn: publicSide.routes },
      );
      return [zone, nat];
    }),
  );
}

function createPrivateSubnets(context: Context, vpc: Vpc, plan: PlannedSubnet[], nats: Map<string, NatGateway>): Side {
  const { name, args, parent } = context;
  const { region } = args;
  const side: Side = { subnets: new Map(), tables: [], routes: [] };
  for (const zone of args.zones) {
    const subnet = createSubnet(context, vpc, plan, "private", zone);
    const table = new RouteTable(
      `${name}-private-${zone}`,
      { vpcId: vpc.id, region, tags: tagged(args, `${name}-private-${zone}`) },
      { parent },
    );
    side.subnets.set(zone, subnet);
    side.tables.push(table);
    side.routes.push(
      new RouteTableAssociation(
        `${name}-private-${zone}`,
        { routeTableId: table.id, subnetId: subnet.id, region },
        { parent },
      ),
    );
    const nat = nats.get(zone) ?? [...nats.values()][0];
    if (nat !== undefined) {
      side.routes.push(
        new Route(
          `${name}-private-${zone}-nat`,
          { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", natGatewayId: nat.id, region },
          { parent },
        ),
      );
    }
  }
  return side;
}
