// A VPC laid out by zone for a cluster with private nodes, or an existing one adopted.
import * as pulumi from "@pulumi/pulumi";

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
  /** The VPC's IPv4 range, /16 to /20. Changing it replaces the VPC and everything in it. */
  cidr: string;
  /** NAT gateways: one a zone, one for all, or none. Changing it changes routes in place; connections through NAT break once. */
  nat: NatMode;
  /** Whether VPC flow logs are written. Default true. In place. */
  flowLogs?: boolean;
  /** How long flow logs are kept, in days. Default 365. In place. */
  logRetentionDays?: number;
  /** Use this VPC and make none. */
  existing?: ExistingVpc;
  /** Tags for every resource. Default none. In place. */
  tags?: Record<string, string>;
}

export class Network extends pulumi.ComponentResource {
  public readonly vpcId!: pulumi.Output<string>;
  /** The VPC's IPv4 range. */
  public readonly cidr!: pulumi.Output<string>;
  /** Private subnets in the order of `zones`, known to have their routes: what is built from them can reach the internet. */
  public readonly privateSubnetIds!: pulumi.Output<string[]>;
  /** Public subnets in the order of `zones`. */
  public readonly publicSubnetIds!: pulumi.Output<string[]>;
  /** Public addresses traffic from private subnets leaves from. */
  public readonly natAddresses!: pulumi.Output<string[]>;

  /** The private subnet of one zone. */
  public privateSubnetId(zone: string): pulumi.Output<string> {
    const index = this.#zones.indexOf(zone);
    return this.privateSubnetIds.apply((ids) => ids[index] as string);
  }

  readonly #zones: string[];

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:Network", name, {}, opts);
    this.#zones = args.zones;
  }
}
