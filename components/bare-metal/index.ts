// The same bootstrap for a machine that exists already: an idempotent script, no cloud resources.
import * as pulumi from "@pulumi/pulumi";
import type { HostAccess, HostArch, HostShip, PinnedBinary } from "../host/render/settings";

/** Arguments of a BareMetalHost. */
export interface BareMetalHostArgs {
  /** x86_64 or arm64. */
  arch: HostArch;
  /** Memory in GiB; at least 2. */
  memoryGiB: number;
  /** Swap file in GiB. Default 2. */
  swapGiB?: number;
  /** The ships on this host; several are maintained one at a time. */
  ships: HostShip[];
  access: HostAccess;
  domain?: string;
  vere?: PinnedBinary;
  /** Blank block device for piers, encrypted with LUKS; without it piers live on the root disk. Never formatted when it holds anything. */
  dataDevice?: string;
  /** Preview only: mark missing versions instead of throwing. Default false. */
  allowMissing?: boolean;
}

export class BareMetalHost extends pulumi.ComponentResource {
  /** The idempotent bash script to run as root on the host. Holds no secret. */
  declare readonly script: pulumi.Output<string>;
  /** What to do next, in order. */
  declare readonly nextSteps: pulumi.Output<string[]>;
  /** How wide the claim is: only the locks that list the ship. */
  declare readonly claim: pulumi.Output<string>;

  constructor(name: string, _args: BareMetalHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:BareMetalHost", name, {}, opts);
    this.registerOutputs({});
  }
}
