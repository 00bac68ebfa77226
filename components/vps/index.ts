// One planet on a host of its own. Refuses keys in user-data and a volume that would be replaced.
import * as pulumi from "@pulumi/pulumi";
import type { HostAccess, HostArch, HostShip, PinnedBinary, ProviderBackups } from "../host/render/settings";
import { type HostProvider } from "../host/render/settings";

/** What several hosts of one stack share; see HostFoundation. What is left out, the host makes for itself. */
export interface SharedHostInputs {
  /** DigitalOcean: ids or fingerprints of SSH keys the account has already. An account refuses the same key twice. */
  sshKeyIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** AWS: the VPC of the subnet. Give both or neither. */
  vpcId?: pulumi.Input<string>;
  /** AWS: a public subnet in the host's zone. */
  subnetId?: pulumi.Input<string>;
}

/** Where and how large a host is. */
export interface HostPlaceArgs {
  /** aws or digitalocean. Never changes for a claimed ship. */
  provider: HostProvider;
  /** The provider's own region name. Never changes for a claimed ship. */
  region: string;
  /** AWS availability zone such as us-west-2a; the volume lives in it. Required on AWS. */
  zone?: string;
  /** Droplet slug or EC2 type. Changing it resizes in place with one graceful stop. */
  size: string;
  /** x86_64 or arm64; must be what the size has. */
  arch: HostArch;
  /** Memory of the size in GiB; at least 2. */
  memoryGiB: number;
  /** Root disk in GiB; included in a droplet, attached on AWS. */
  rootDiskGiB: number;
  /** Volume for piers in GiB. It can only grow, in place. */
  volumeGiB: number;
  /** Swap file in GiB. Default 2. */
  swapGiB?: number;
  /** none, weekly or daily backups of the root disk by DigitalOcean; they leave out the volume. Default none. */
  providerBackups?: ProviderBackups;
  /** Operating system image, Debian 12: a droplet image slug or an AMI id. Only used at creation. */
  image?: string;
  /** Region that holds the claims of the whole account. Default: the host's. Use one for all stacks of an account. */
  claimRegion?: string;
  /** Who administers the host. */
  access: HostAccess;
  /** Ships are served at <id>.<domain>. Without it only through an SSH tunnel. */
  domain?: string;
  /** DNS zone of the domain: the domain's name at DigitalOcean, the hosted zone's id at AWS. Without it you set the A record. */
  zoneId?: string;
  /** What several hosts of one stack share. */
  shared?: SharedHostInputs;
  /** Preview only: mark missing versions and images instead of throwing. Default false. */
  allowMissing?: boolean;
  /** Tags for everything that can be tagged: keys and values on AWS, `key:value` at DigitalOcean. */
  tags?: Record<string, string>;
}

/** Arguments of a VpsPlanet. */
export interface VpsPlanetArgs extends HostPlaceArgs {
  /** The ship. */
  ship: HostShip;
  /** The vere release and the checksum of its archive for the host's architecture. */
  vere?: PinnedBinary;
}

export class VpsPlanet extends pulumi.ComponentResource {
  /** Public address of the host. */
  declare readonly address: pulumi.Output<string>;
  /** https URL of the ship, empty without a domain. */
  declare readonly url: pulumi.Output<string>;
  /** True once host, volume, firewall and address are joined. */
  declare readonly ready: pulumi.Output<boolean>;
  /** What to do next, in order. Never contains a key or a +code. */
  declare readonly nextSteps: pulumi.Output<string[]>;
  /** Identity of the create-only object that claims the ship. */
  declare readonly claim: pulumi.Output<string>;

  constructor(name: string, _args: VpsPlanetArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:VpsPlanet", name, {}, opts);
    this.registerOutputs({});
  }
}
