// What a host is, as plain data: the input of the one bootstrap, whatever delivers it.
import type { Architecture, LockedHost, LockedShip } from "../../../planner/architecture/schema";
import type { BackupRhythm } from "../../../planner/backups";

/** What runs on the host. */
export const HostKind = { Vps: "vps", GroundSeg: "groundseg", BareMetal: "bare-metal" } as const;
export type HostKind = (typeof HostKind)[keyof typeof HostKind];

/** Where the host stands. */
export const HostProvider = { Aws: "aws", DigitalOcean: "digitalocean", Own: "own" } as const;
export type HostProvider = (typeof HostProvider)[keyof typeof HostProvider];

/** Processor architecture. */
export const HostArch = { X86: "x86_64", Arm: "arm64" } as const;
export type HostArch = (typeof HostArch)[keyof typeof HostArch];

/** Where the key of an encrypted pier volume is kept. */
export const VolumeKey = {
  /** In a file on the root disk: a reboot opens the volume by itself. */
  Basic: "basic",
  /** With tang servers elsewhere: a reboot opens the volume while they answer. */
  Tang: "tang",
  /** With you alone: after every boot the ship stays down until you bring it. */
  Operator: "operator",
} as const;
export type VolumeKey = (typeof VolumeKey)[keyof typeof VolumeKey];

/** A tang server, which helps to open a volume without learning its key. */
export interface TangServer {
  /** Such as http://tang-1.example.com:7500. */
  url: string;
  /** What `tang-show-keys` prints there: the server is known by it, whoever answers at the address. */
  thumbprint: string;
}

/** Provider backups of the root disk. */
export const ProviderBackups = { None: "none", Weekly: "weekly", Daily: "daily" } as const;
export type ProviderBackups = (typeof ProviderBackups)[keyof typeof ProviderBackups];

/** A release archive or program, by version and checksum. */
export interface PinnedBinary {
  /** Version as its project writes it, without a leading v. Changing it does not touch a running host; see the upgrade runbook. */
  version: string;
  /** SHA-256 of the file fetched for the host's architecture, 64 lower-case hex digits. */
  sha256: string;
}

/** Encrypted copies of piers in a bucket off the host. Archives: a pier that has run on since is never run from one without a breach. */
export interface HostBackup {
  /** A bucket that exists, elsewhere. The host only ever writes to it. */
  bucket: string;
  /** https address of a storage that speaks S3. Default: Amazon S3. */
  endpoint?: string;
  /** The bucket's region. Required without an endpoint. */
  region?: string;
  /** What objects' names begin with, without a slash at either end. Default: the ship's id. */
  prefix?: string;
  /** Public keys of age; each alone opens the copies. Their secret keys are never on the host. */
  recipients: string[];
  /** The config secret with the bucket's credentials, only named in the next steps. */
  credentials?: { secret: string };
  /** daily or weekly. Default weekly. */
  every?: BackupRhythm;
}

/** One ship on a host. */
export interface HostShip {
  /** Object name: the @p without its sig, or a nickname. Names pier, units and claim; never changes. */
  id: string;
  /** The @p with its sig; leave out for a comet that is not mined yet. */
  name?: string;
  /** galaxy, star, planet, moon or comet. Default planet. */
  class?: string;
  /** UDP port given to vere and opened in the firewalls. */
  amesPort: number;
  /** TCP port on loopback that the ship serves and Caddy proxies. */
  httpPort: number;
  /** vere's --loom. Default 31, which is 2 GiB. */
  loom?: number;
  /** The ship has booted for good: no key is asked for, an empty volume is quarantined. Default false. */
  sealed?: boolean;
  /** Its pier existed before and is brought in. Default false. */
  imported?: boolean;
  /** The event it was stopped at where it ran before; an older pier is not run. Default unknown. */
  importedAtEvent?: number;
  /** A fake ship: no key, no live network. Default false. */
  fake?: boolean;
  /** Pulumi config key that holds the boot key, only named in the next steps; the key itself never comes here. */
  keySecret?: string;
}

/** Who administers the host. */
export interface HostAccess {
  /** Public SSH keys that may log in; at least one. */
  sshPublicKeys: string[];
  /** Networks that may reach SSH, in CIDR notation; never the whole world; at least one. */
  adminCidrs: string[];
  /** Name of the administrating user. Default keeper. */
  user?: string;
}

/** Everything the bootstrap depends on. */
export interface HostSettings {
  name: string;
  kind: HostKind;
  provider: HostProvider;
  arch: HostArch;
  memoryGiB: number;
  /** Swap file in GiB; 0 makes none. */
  swapGiB: number;
  ships: HostShip[];
  access: HostAccess;
  /** Ships are served at <id>.<domain> over TLS; without it only through an SSH tunnel. */
  domain?: string;
  /**
   * Block device for the piers: a path, `ebs` to find the one EBS volume that is not the root disk,
   * or nothing to keep piers in a directory of the root disk (own hosts only).
   */
  dataDevice?: string;
  /** Who keeps the key of an encrypted volume. Default basic. Only used when the volume is prepared. */
  volumeKey?: VolumeKey;
  /** The tang servers, with `tang`: all of them must answer. */
  tang?: TangServer[];
  /** Copies of the piers off the host. Default none. */
  backup?: HostBackup;
  vere?: PinnedBinary;
  groundseg?: PinnedBinary;
  /** The config secret with the password of GroundSeg's page, only named; without it a person gives the password by hand. */
  groundsegPassword?: { secret: string };
}

export interface RenderHostOptions {
  /** Preview only: mark what is missing in the text instead of throwing. Default false. */
  allowMissing?: boolean;
  /** Block device for piers on an own host whose lock names none; without it piers live on the root disk. */
  dataDevice?: string;
  /** Who keeps the key of an encrypted volume where the lock does not say. Default basic. */
  volumeKey?: VolumeKey;
  /** The tang servers, with `tang`, where the lock has none. */
  tang?: TangServer[];
}

export const ADMIN_USER = "keeper";

/** DigitalOcean shows an attached volume under its name. */
export const digitalOceanDevice = (volumeName: string): string => `/dev/disk/by-id/scsi-0DO_Volume_${volumeName}`;

export function hostShip(ship: LockedShip): HostShip {
  return {
    id: ship.id,
    name: ship.name ?? undefined,
    class: ship.class,
    amesPort: ship.ames.port,
    httpPort: ship.httpPort,
    loom: ship.loom,
    sealed: ship.sealed,
    imported: ship.imported,
    importedAtEvent: ship.attestation?.atEvent,
    fake: ship.fake,
    keySecret: ship.key?.secret,
  };
}

/** The pinned file for one architecture, or undefined when version or checksum was not given. */
export function pinned(
  versions: { version: string; sha256?: { x86_64?: string; arm64?: string } } | undefined,
  arch: HostArch,
): PinnedBinary | undefined {
  const sha256 = versions?.sha256?.[arch];
  return versions && sha256 ? { version: versions.version, sha256 } : undefined;
}

/** Reads one host and its ships out of the lock. */
export function hostSettings(host: LockedHost, architecture: Architecture, opts: RenderHostOptions = {}): HostSettings {
  const ships = architecture.ships.filter((s) => s.host === host.name).map(hostShip);
  return {
    name: host.name,
    kind: host.kind,
    provider: host.provider === "aws" || host.provider === "digitalocean" ? host.provider : HostProvider.Own,
    arch: host.arch,
    memoryGiB: host.memoryGiB,
    swapGiB: host.swapGiB,
    ships,
    access: architecture.access,
    domain: architecture.dns.domain ?? undefined,
    dataDevice:
      dataDevice(host.provider, pierVolumeName(host.kind, host.name, ships)) ?? host.dataDevice ?? opts.dataDevice,
    volumeKey: host.volumeKey ?? opts.volumeKey,
    tang: host.tang ?? opts.tang,
    backup: architecture.backup?.offHost,
    vere: pinned(architecture.versions.vere, host.arch),
    groundseg: pinned(architecture.versions.groundseg, host.arch),
    groundsegPassword: host.kind === HostKind.GroundSeg ? architecture.groundseg?.password : undefined,
  };
}

/** A planet's volume bears its ship's name and is thereby its claim; a GroundSeg host's bears the host's. */
export function pierVolumeName(kind: HostKind, hostName: string, ships: HostShip[]): string {
  return kind === HostKind.Vps && ships[0] ? ships[0].id : hostName;
}

export function dataDevice(provider: string, volumeName: string): string | undefined {
  if (provider === HostProvider.DigitalOcean) return digitalOceanDevice(volumeName);
  return provider === HostProvider.Aws ? "ebs" : undefined;
}
