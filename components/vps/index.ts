// One planet on a host of its own. Refuses keys in user-data and a volume that would be replaced.
import * as pulumi from "@pulumi/pulumi";
import { settle, type HostPlaceArgs } from "../host/args";
import { deliver, delivered } from "../host/delivery";
import { nextSteps } from "../host/next-steps";
import { register } from "../host/register";
import { HostKind, type HostShip, type PinnedBinary } from "../host/render";
import { shipHost } from "../host/render/edge";
import { backupState, logins } from "../host/render/outcome";
import { planHost } from "../host/render/plan";
import { renderSettings } from "../host/render/rendered";

export type { HostPlaceArgs, SharedHostInputs } from "../host/args";
export type { HostSsh } from "../host/delivery";

/** Arguments of a VpsPlanet. */
export interface VpsPlanetArgs extends HostPlaceArgs {
  /** The ship. */
  ship: HostShip;
  /** The vere release and the checksum of its archive for the host's architecture. Only used at creation. */
  vere?: PinnedBinary;
}

/**
 * A ship of its own host: hardened, encrypted, booted once and only once, over TLS.
 *
 *     new VpsPlanet("home", {
 *       provider: "digitalocean", region: "nyc3", size: "s-2vcpu-4gb", arch: "x86_64",
 *       memoryGiB: 4, rootDiskGiB: 80, volumeGiB: 20, image: "debian-12-x64",
 *       ship: { id: "sampel-palnet", name: "~sampel-palnet", amesPort: 34543, httpPort: 8081 },
 *       access: { sshPublicKeys: ["ssh-ed25519 AAAA…"], adminCidrs: ["203.0.113.7/32"] },
 *       vere: { version: "4.6", sha256: "…" },
 *     });
 *
 * At DigitalOcean it makes:
 *
 *     VpsPlanet
 *     ├─ SshKey (one a key, unless shared)
 *     ├─ Volume, named by the ship: pier and claim      protected, kept
 *     ├─ Volume of 1 GiB, only with another claimRegion: claim      protected, kept
 *     ├─ Droplet ─ VolumeAttachment, Firewall, ReservedIpAssignment
 *     ├─ ReservedIp
 *     ├─ DnsRecord (with a zone)
 *     └─ Command: the set-up, and one for the boot key (with ssh)
 *
 * and on AWS: SSM Parameter (claim) and EBS Volume, both protected and kept; SecurityGroup, NetworkInterface, Eip,
 * EipAssociation, Instance, VolumeAttachment, Route 53 Record (with a zone); and unless shared a Vpc with its
 * DefaultSecurityGroup, InternetGateway, RouteTable, Route, Subnet and RouteTableAssociation.
 *
 * Monthly cost, USD (planner/catalog/prices.json, stored 2026-11-21): droplet s-2vcpu-4gb 24.00 (read); volume
 * 0.10/GiB (read), so 2.00 for 20 GiB; weekly backups 20 % of the droplet, 4.80 (secondary), daily 30 %; a reserved
 * IP costs nothing while it is assigned; a claim volume in another region 0.10. On AWS: the instance, gp3 for
 * volume and root disk by GiB, the public IPv4 address by the hour; claim parameter, network and interface free.
 *
 * With `ssh` two Commands of @pulumi/command, free: the set-up as a script, run again whenever it changes, and the boot key on
 * standard input, once, followed until the ship has booted. A change of them replaces nothing; deleting them runs nothing.
 *
 * Destroy order: Commands, DNS record, assignments, attachment and host first, then address and firewall. Volume and claim are
 * protected: `pulumi destroy` stops there until they are unprotected, and even then leaves them at the provider, since
 * a deleted claim would allow a second copy of the ship and a deleted pier can only be replaced by a breach.
 */
export class VpsPlanet extends pulumi.ComponentResource {
  /** Public address of the host. */
  readonly address: pulumi.Output<string>;
  /** https URL of the ship, empty without a domain. */
  readonly url: pulumi.Output<string>;
  /** True once host, volume, firewall and address are joined; the host then sets itself up. With `ssh`, once it has. */
  readonly ready: pulumi.Output<boolean>;
  /** What to do next, in order. Never contains a key or a +code. */
  readonly nextSteps: pulumi.Output<string[]>;
  /** How to log in to the ship: where, and where its code comes from; never the code. */
  readonly login: pulumi.Output<string>;
  /** What of the host is backed up by whom, and what is not. */
  readonly backup: pulumi.Output<string[]>;
  /** Identity of the create-only object that claims the ship. */
  readonly claim: pulumi.Output<string>;

  constructor(name: string, args: VpsPlanetArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:VpsPlanet", name, {}, opts);
    const { settings, place } = settle("VpsPlanet", name, args, {
      kind: HostKind.Vps,
      ships: [args.ship],
      vere: args.vere,
    });
    const rendered = renderSettings(settings, { allowMissing: args.allowMissing });
    const planned = planHost(place, settings, rendered);

    const made = register(this, planned.resources, { ...args.shared });

    this.address = made.read(planned.address);
    this.url = pulumi.output(args.domain ? `https://${shipHost(args.ship.id, args.domain)}` : "");
    const joined = planned.readyWhen.map(made.find);
    const { ssh } = args;
    const site = { address: this.address, made, after: planned.readyWhen };
    const setUp = ssh ? [deliver(this, settings, rendered, { ...site, ssh })] : [];

    this.ready = pulumi.all([...joined, ...setUp].map((r) => r.id)).apply(() => true);
    this.nextSteps = this.address.apply((address) =>
      nextSteps(settings, address, { recorded: args.zoneId !== undefined, delivered: delivered(ssh) }),
    );
    this.login = this.address.apply((address) => logins(settings, address)[args.ship.id]!);
    this.backup = pulumi.output(backupState(settings, { ...args, snapshotHours: args.snapshots?.everyHours }));
    this.claim = pulumi.output(Object.values(planned.claims).map(made.read)).apply(([id]) => id ?? "");
    this.registerOutputs({
      address: this.address,
      url: this.url,
      ready: this.ready,
      nextSteps: this.nextSteps,
      login: this.login,
      backup: this.backup,
      claim: this.claim,
    });
  }
}
