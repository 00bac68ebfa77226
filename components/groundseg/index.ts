// A host that runs GroundSeg for several ships. Refuses comets and an exposed setup page.
import * as pulumi from "@pulumi/pulumi";
import type { HostShip, PinnedBinary } from "../host/render/settings";
import type { HostPlaceArgs } from "../vps";

/** Whether ports 80 and 443 are open to the world. */
export const GroundSegWeb = { Closed: "closed", Caddy: "caddy" } as const;
export type GroundSegWeb = (typeof GroundSegWeb)[keyof typeof GroundSegWeb];

/** Arguments of a GroundSegHost. */
export interface GroundSegHostArgs extends HostPlaceArgs {
  /** The ships, in the order they are to be added in GroundSeg. No comets. */
  ships: HostShip[];
  /** The GroundSeg release and the checksum of its program for the host's architecture. */
  groundseg?: PinnedBinary;
  /** closed until the setup is done; caddy then opens 80 and 443. Default closed. Changes the provider firewall in place. */
  web?: GroundSegWeb;
}

export class GroundSegHost extends pulumi.ComponentResource {
  /** Public address of the host. */
  declare readonly address: pulumi.Output<string>;
  /** True once host, volume, firewall and address are joined. */
  declare readonly ready: pulumi.Output<boolean>;
  /** What to do next, in order. */
  declare readonly nextSteps: pulumi.Output<string[]>;
  /** Create-only claims by ship id. */
  declare readonly claims: pulumi.Output<Record<string, string>>;

  constructor(name: string, _args: GroundSegHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:GroundSegHost", name, {}, opts);
    this.registerOutputs({});
  }
}
