// What the hosts of one stack share: SSH keys at DigitalOcean, a network on AWS. Free of charge on both.
import * as pulumi from "@pulumi/pulumi";
import type { HostProvider } from "./render/settings";

/** Arguments of a HostFoundation. */
export interface HostFoundationArgs {
  provider: HostProvider;
  region: string;
  /** AWS zones the hosts stand in; one public subnet each. */
  zones?: string[];
  /** Public SSH keys; registered once per stack at DigitalOcean. */
  sshPublicKeys: string[];
  /** IPv4 range of the VPC on AWS. Default 10.77.0.0/16. */
  cidr?: string;
  tags?: Record<string, string>;
}

export class HostFoundation extends pulumi.ComponentResource {
  /** DigitalOcean: ids of the registered keys; empty elsewhere. */
  declare readonly sshKeyIds: pulumi.Output<string[]>;
  /** AWS: the VPC; empty elsewhere. */
  declare readonly vpcId: pulumi.Output<string>;
  /** AWS: public subnets by zone; empty elsewhere. */
  declare readonly subnetIds: pulumi.Output<Record<string, string>>;

  constructor(name: string, _args: HostFoundationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:HostFoundation", name, {}, opts);
    this.registerOutputs({});
  }
}
