// A host that runs GroundSeg for several ships. Refuses comets and a GroundSeg that listens without a password.
import * as pulumi from "@pulumi/pulumi";
import { settle, type HostPlaceArgs } from "../host/args";
import { deliver, delivered } from "../host/delivery";
import { nextSteps } from "../host/next-steps";
import { register } from "../host/register";
import { HostKind, type HostShip, type PinnedBinary } from "../host/render";
import { backupState, logins } from "../host/render/outcome";
import { planHost } from "../host/render/plan";
import { renderSettings } from "../host/render/rendered";

/** Whether ports 80 and 443 are open to the world. */
export const GroundSegWeb = { Closed: "closed", Caddy: "caddy" } as const;
export type GroundSegWeb = (typeof GroundSegWeb)[keyof typeof GroundSegWeb];

/** Arguments of a GroundSegHost. */
export interface GroundSegHostArgs extends HostPlaceArgs {
  /** The ships, in the order they are to be added in GroundSeg, which gives out ports in that order. No comets. */
  ships: HostShip[];
  /** The GroundSeg release and the checksum of its program for the host's architecture. Only used at creation. */
  groundseg?: PinnedBinary;
  /** The config secret with the password of GroundSeg's page, by its name. Default none: a person gives it by hand, and GroundSeg waits. */
  password?: { secret: string };
  /** closed until the setup is done; caddy then opens 80 and 443. Default closed. Changes the provider firewall in place. */
  web?: GroundSegWeb;
}

/**
 * A host for 5 to 20 ships under GroundSeg, which has its password before it listens, behind an SSH tunnel.
 *
 *     new GroundSegHost("harbour", {
 *       provider: "digitalocean", region: "nyc3", size: "m-2vcpu-16gb", arch: "x86_64",
 *       memoryGiB: 16, rootDiskGiB: 50, volumeGiB: 200, image: "debian-12-x64",
 *       ships: [{ id: "sampel-palnet", name: "~sampel-palnet", amesPort: 34344, httpPort: 8081 }],
 *       access: { sshPublicKeys: ["ssh-ed25519 AAAA…"], adminCidrs: ["203.0.113.7/32"] },
 *       groundseg: { version: "2.8.6", sha256: "…" },
 *     });
 *
 * At DigitalOcean it makes:
 *
 *     GroundSegHost
 *     ├─ SshKey (one a key, unless shared)
 *     ├─ Volume for Docker and piers      protected, kept
 *     ├─ Volume of 1 GiB a ship, named by it: claim      protected, kept
 *     ├─ Droplet ─ VolumeAttachment, Firewall, ReservedIpAssignment
 *     ├─ ReservedIp
 *     ├─ DnsRecord a ship (with a zone)
 *     └─ Command: the set-up, and one a secret (with ssh)
 *
 * and on AWS what a VpsPlanet makes there, with one SSM Parameter and one Record a ship.
 *
 * Monthly cost, USD (planner/catalog/prices.json, stored 2026-11-21): droplet m-2vcpu-16gb 84.00 (read); volume
 * 0.10/GiB (read), so 20.00 for 200 GiB; claims 0.10 a ship; weekly backups 20 % of the droplet (secondary); the
 * reserved IP nothing while assigned. On AWS: the instance, gp3 by GiB, the public IPv4 address by the hour; claims free.
 *
 * Destroy order: as a VpsPlanet; volume and claims are protected and stay at the provider.
 */
export class GroundSegHost extends pulumi.ComponentResource {
  /** Public address of the host. */
  readonly address: pulumi.Output<string>;
  /** True once host, volume, firewall and address are joined; the host then sets itself up. With `ssh`, once it has. */
  readonly ready: pulumi.Output<boolean>;
  /** What to do next, in order; the manual part of GroundSeg among it. */
  readonly nextSteps: pulumi.Output<string[]>;
  /** How to log in to each ship, by ship id: where, and where its code comes from; never the code. */
  readonly logins: pulumi.Output<Record<string, string>>;
  /** What of the host is backed up by whom, and what is not. */
  readonly backup: pulumi.Output<string[]>;
  /** Identity of the create-only object that claims each ship, by ship id. */
  readonly claims: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: GroundSegHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:GroundSegHost", name, {}, opts);
    const { settings, place } = settle("GroundSegHost", name, args, {
      kind: HostKind.GroundSeg,
      ships: args.ships,
      groundseg: args.groundseg,
      groundsegPassword: args.password,
      webOpen: args.web === GroundSegWeb.Caddy,
    });
    const rendered = renderSettings(settings, { allowMissing: args.allowMissing });
    const planned = planHost(place, settings, rendered);

    const made = register(this, planned.resources, { ...args.shared });

    this.address = made.read(planned.address);
    const joined = planned.readyWhen.map(made.find);
    const { ssh } = args;
    const site = { address: this.address, made, after: planned.readyWhen };
    const setUp = ssh ? [deliver(this, settings, rendered, { ...site, ssh })] : [];

    this.ready = pulumi.all([...joined, ...setUp].map((r) => r.id)).apply(() => true);
    this.nextSteps = this.address.apply((address) =>
      nextSteps(settings, address, { recorded: args.zoneId !== undefined, delivered: delivered(ssh) }),
    );
    // Until the web is open, through a tunnel as everything else.
    const open = args.web === GroundSegWeb.Caddy;
    this.logins = this.address.apply((address) =>
      logins(open ? settings : { ...settings, domain: undefined }, address),
    );
    this.backup = pulumi.output(backupState(settings, { ...args, snapshotHours: args.snapshots?.everyHours }));
    this.claims = pulumi.output(
      Object.fromEntries(Object.entries(planned.claims).map(([ship, ref]) => [ship, made.read(ref)])),
    );
    this.registerOutputs({
      address: this.address,
      ready: this.ready,
      nextSteps: this.nextSteps,
      logins: this.logins,
      backup: this.backup,
      claims: this.claims,
    });
  }
}
