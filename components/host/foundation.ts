// What the hosts of one stack share: SSH keys at DigitalOcean, a network on AWS. Refuses to be made for own hosts.
import * as pulumi from "@pulumi/pulumi";
import { refuseIfAny } from "../refusal";
import { HOST_NETWORK_CIDR, networkResources } from "./render/aws";
import { sshKeyResources } from "./render/digitalocean";
import { output } from "./render/resources";
import { HostProvider } from "./render/settings";
import { register } from "./register";

/** Arguments of a HostFoundation. */
export interface HostFoundationArgs {
  /** aws or digitalocean. */
  provider: HostProvider;
  /** The provider's own region name. */
  region: string;
  /** AWS zones the hosts stand in; one public subnet each. Adding one changes no other. */
  zones?: string[];
  /** Public SSH keys; registered once a stack at DigitalOcean, which refuses a key that the account has already. */
  sshPublicKeys: string[];
  /** IPv4 range of the VPC on AWS, a /16. Default 10.77.0.0/16. Changing it replaces the network. */
  cidr?: string;
  /** Tags for what can be tagged. */
  tags?: Record<string, string>;
}

/**
 * What the hosts of one stack share. A DigitalOcean account refuses the same SSH key twice and an AWS region allows
 * few VPCs, so several hosts share one of these. A single VpsPlanet needs none: it makes its own.
 *
 *     const ground = new HostFoundation("ground", { provider: "digitalocean", region: "nyc3", sshPublicKeys });
 *     new VpsPlanet("home", { ...args, shared: { sshKeyIds: ground.sshKeyIds } });
 *
 * Makes: at DigitalOcean one SshKey a key; on AWS a Vpc, its closed default group, gateway, routes, a subnet a zone.
 * Cost: nothing. Destroy order: after the hosts, since they refer to it.
 */
export class HostFoundation extends pulumi.ComponentResource {
  /** DigitalOcean: ids of the registered keys; empty elsewhere. */
  readonly sshKeyIds: pulumi.Output<string[]>;
  /** AWS: the VPC; empty elsewhere. */
  readonly vpcId: pulumi.Output<string>;
  /** AWS: public subnets by zone; empty elsewhere. */
  readonly subnetIds: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: HostFoundationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:HostFoundation", name, {}, opts);
    const zones = args.zones ?? [];
    const aws = args.provider === HostProvider.Aws;
    refuseIfAny("HostFoundation", name, [
      ...(args.provider === HostProvider.Own
        ? [{ path: "provider", received: "own", accepted: "aws or digitalocean", fix: "own hosts share nothing" }]
        : []),
      ...(aws && zones.length === 0
        ? [{ path: "zones", received: "none", accepted: "the zones the hosts stand in", fix: "name at least one zone" }]
        : []),
      ...(aws && !/^\d+\.\d+\.0\.0\/16$/.test(args.cidr ?? HOST_NETWORK_CIDR)
        ? [
            {
              path: "cidr",
              received: String(args.cidr),
              accepted: "an IPv4 /16",
              fix: "widen it: a /24 a zone is cut from it",
            },
          ]
        : []),
    ]);
    const planned = aws
      ? networkResources(name, {
          region: args.region,
          zones,
          cidr: args.cidr ?? HOST_NETWORK_CIDR,
          tags: args.tags ?? {},
        })
      : sshKeyResources(name, args.sshPublicKeys);
    const made = register(this, planned);

    this.sshKeyIds = pulumi.output(aws ? [] : planned.map((p) => made.read(output(p.key))));
    this.vpcId = aws ? made.read(output("vpc")) : pulumi.output("");
    this.subnetIds = pulumi.output(
      aws ? Object.fromEntries(zones.map((zone) => [zone, made.read(output(`subnet-${zone}`))])) : {},
    );
    this.registerOutputs({ sshKeyIds: this.sshKeyIds, vpcId: this.vpcId, subnetIds: this.subnetIds });
  }
}
