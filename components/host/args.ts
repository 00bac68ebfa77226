// Arguments every host at a provider takes, and how they become plain settings.
import type * as pulumi from "@pulumi/pulumi";
import { getStack } from "@pulumi/pulumi/metadata";
import { refuseIfAny } from "../refusal";
import { sshProblems, type HostSsh } from "./delivery";
import type { HostProvider } from "./render";
import {
  dataDevice,
  hostProblems,
  type HostArch,
  type HostAccess,
  type HostBackup,
  type HostKind,
  type HostPlace,
  type HostSettings,
  type HostShip,
  imageProblems,
  missingVersions,
  OPEN_IN_PREVIEW,
  pierVolumeName,
  type PinnedBinary,
  placeProblems,
  ProviderBackups,
  type TangServer,
  type VolumeKey,
} from "./render";

/** What several hosts of one stack share; see HostFoundation. What is left out, the host makes for itself. */
export interface SharedHostInputs {
  /** DigitalOcean: ids or fingerprints of SSH keys the account has already. An account refuses the same key twice. */
  sshKeyIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** AWS: the VPC of the subnet. Give both or neither. */
  vpcId?: pulumi.Input<string>;
  /** AWS: a public subnet in the host's zone. */
  subnetId?: pulumi.Input<string>;
}

/** A schedule that snapshots the volumes with a tag. */
export interface SnapshotsOfVolume {
  /** The schedule's `backupTag`. */
  tag: string;
  /** Hours between two snapshots; only said, never set here. */
  everyHours: number;
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
  /** Volume for piers in GiB. It can only grow, in place; the host grows the file system when it next starts. */
  volumeGiB: number;
  /** Who keeps the key of the encrypted volume at DigitalOcean: basic, tang or operator. Default basic. Settled at creation: a later set-up stops at another. */
  volumeKey?: VolumeKey;
  /** The tang servers, with volumeKey tang: all must answer when the host boots. Only used at creation. */
  tang?: TangServer[];
  /** Encrypted copies of the pier in a bucket of yours. Default none. Not under GroundSeg. */
  backups?: HostBackup;
  /** Swap file in GiB. Default 2. Only used at creation. */
  swapGiB?: number;
  /** none, weekly or daily backups of the root disk by DigitalOcean; they leave out the volume. Default none. */
  providerBackups?: ProviderBackups;
  /** Operating system image, Debian 12: a droplet image slug or an AMI id. Only used at creation. */
  image?: string;
  /** Region that holds the claims of the whole account. Default: the host's. Use one for all stacks of an account. */
  claimRegion?: string;
  /** Who administers the host. Firewall rules change in place, the host's own files by running the script again. */
  access: HostAccess;
  /** Ships are served at <id>.<domain>. Without it only through an SSH tunnel. */
  domain?: string;
  /** DNS zone of the domain: the domain's name at DigitalOcean, the hosted zone's id at AWS. Without it you set the A record. */
  zoneId?: string;
  /** What several hosts of one stack share. */
  shared?: SharedHostInputs;
  /** AWS: the snapshot schedule that selects the pier volume; see Backups. Default: none does. Changes the volume's tags in place. */
  snapshots?: SnapshotsOfVolume;
  /** How `pulumi up` runs the set-up again when it changes, and delivers secrets. Default: not at all; both are done by hand. */
  ssh?: HostSsh;
  /** Preview only: mark missing versions and images instead of throwing. Default false. */
  allowMissing?: boolean;
  /** Tags for everything that can be tagged: keys and values on AWS, `key:value` at DigitalOcean. */
  tags?: Record<string, string>;
}

/** What is unsettled in a preview: access may be decided later, `up` insists. */
const MAY_WAIT = new Set([...OPEN_IN_PREVIEW, "missing-image"]);

/** Plain settings from arguments, or one error with every problem. */
export function settle(
  type: string,
  name: string,
  args: HostPlaceArgs,
  what: {
    kind: HostKind;
    ships: HostShip[];
    vere?: PinnedBinary;
    groundseg?: PinnedBinary;
    groundsegPassword?: { secret: string };
    webOpen?: boolean;
  },
): { settings: HostSettings; place: HostPlace } {
  const settings: HostSettings = {
    name,
    kind: what.kind,
    provider: args.provider,
    arch: args.arch,
    memoryGiB: args.memoryGiB,
    swapGiB: args.swapGiB ?? 2,
    ships: what.ships,
    access: args.access,
    domain: args.domain,
    dataDevice: dataDevice(args.provider, pierVolumeName(what.kind, name, what.ships)),
    volumeKey: args.volumeKey,
    tang: args.tang,
    backup: args.backups,
    vere: what.vere,
    groundseg: what.groundseg,
    groundsegPassword: what.groundsegPassword,
  };
  const place: HostPlace = {
    provider: args.provider,
    region: args.region,
    zone: args.zone,
    size: args.size,
    rootDiskGiB: args.rootDiskGiB,
    volumeGiB: args.volumeGiB,
    providerBackups: args.providerBackups ?? ProviderBackups.None,
    image: args.image,
    claimRegion: args.claimRegion ?? args.region,
    holder: getStack(),
    zoneId: args.zoneId,
    sharedKeys: args.shared?.sshKeyIds !== undefined,
    sharedNetwork: args.shared?.subnetId !== undefined,
    webOpen: what.webOpen ?? false,
    backupTag: args.snapshots?.tag,
    tags: args.tags ?? {},
  };
  const network = args.shared ?? {};
  const problems = [
    ...hostProblems(settings),
    ...placeProblems(place, settings),
    ...imageProblems(place),
    ...sshProblems(settings, args.ssh),
    ...((network.vpcId === undefined) === (network.subnetId === undefined)
      ? []
      : [
          {
            code: "half-a-network",
            path: "shared",
            received: network.vpcId === undefined ? "a subnet without its VPC" : "a VPC without a subnet",
            accepted: "both or neither",
            fix: "give the public subnet of the host's zone and its VPC",
          },
        ]),
    ...missingVersions(settings).map((path) => ({
      code: "missing-version",
      path,
      received: "nothing",
      accepted: "a version and its SHA-256",
      fix: "give both; there is no default",
    })),
  ].filter((p) => !(args.allowMissing && (MAY_WAIT.has(p.code) || p.code === "missing-version")));
  refuseIfAny(type, name, problems);
  return { settings, place };
}
