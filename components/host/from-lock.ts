// Component arguments from a lock: what stacks/ passes to the host components.
import type * as pulumi from "@pulumi/pulumi";
import type { Architecture, LockedHost } from "../../planner/architecture/schema";
import type { BareMetalHostArgs } from "../bare-metal";
import type { GroundSegHostArgs } from "../groundseg";
import type { VpsPlanetArgs } from "../vps";
import type { HostPlaceArgs, SharedHostInputs } from "./args";
import type { HostSsh } from "./delivery";
import { hostPlace, hostSettings } from "./render";
import { deliveries } from "./render/delivery";

export interface FromLockOptions {
  /** From a HostFoundation; with several hosts in a stack they must share one. */
  shared?: SharedHostInputs;
  /** How `pulumi up` reaches the host, once its key is known. Default: not at all. */
  ssh?: HostSsh;
  /** Preview only: mark what is missing instead of throwing. Default false. */
  allowMissing?: boolean;
}

/** A host whose key is known is given every secret it takes; `secret` gives one by its name. */
export function hostSsh(
  host: LockedHost,
  architecture: Architecture,
  hostKey: string | undefined,
  secret: (name: string) => pulumi.Input<string>,
): HostSsh | undefined {
  if (hostKey === undefined) return undefined;
  const names = deliveries(hostSettings(host, architecture)).map((d) => d.secret);
  return { hostKey, secrets: Object.fromEntries(names.map((name) => [name, secret(name)])) };
}

function placeArgs(host: LockedHost, architecture: Architecture, opts: FromLockOptions): HostPlaceArgs {
  const settings = hostSettings(host, architecture);
  const place = hostPlace(host, architecture);
  return {
    provider: place.provider,
    region: place.region,
    zone: place.zone,
    size: place.size,
    arch: settings.arch,
    memoryGiB: settings.memoryGiB,
    rootDiskGiB: place.rootDiskGiB,
    volumeGiB: place.volumeGiB,
    volumeKey: settings.volumeKey,
    tang: settings.tang,
    backups: settings.backup,
    swapGiB: settings.swapGiB,
    providerBackups: place.providerBackups,
    image: place.image,
    claimRegion: place.claimRegion,
    access: settings.access,
    domain: settings.domain,
    zoneId: place.zoneId,
    shared: opts.shared,
    ssh: opts.ssh,
    snapshots:
      place.backupTag === undefined ? undefined : { tag: place.backupTag, everyHours: architecture.backup.everyHours },
    allowMissing: opts.allowMissing,
    tags: place.tags,
  };
}

export function vpsPlanetArgs(host: LockedHost, architecture: Architecture, opts: FromLockOptions = {}): VpsPlanetArgs {
  const { ships, vere } = hostSettings(host, architecture);
  const [ship] = ships;
  if (!ship || ships.length > 1)
    throw new Error(`architecture: host ${host.name} is a planet's and holds ${ships.length} ships, not one`);
  return { ...placeArgs(host, architecture, opts), ship, vere };
}

export function groundSegHostArgs(
  host: LockedHost,
  architecture: Architecture,
  opts: FromLockOptions & Pick<GroundSegHostArgs, "web"> = {},
): GroundSegHostArgs {
  const { ships, groundseg, groundsegPassword } = hostSettings(host, architecture);
  return { ...placeArgs(host, architecture, opts), ships, groundseg, password: groundsegPassword, web: opts.web };
}

export function bareMetalHostArgs(
  host: LockedHost,
  architecture: Architecture,
  opts: Pick<BareMetalHostArgs, "allowMissing" | "address" | "dataDevice" | "ssh"> = {},
): BareMetalHostArgs {
  const { arch, memoryGiB, swapGiB, ships, access, domain, vere, ...volume } = hostSettings(host, architecture);
  const { dataDevice, volumeKey, tang, backup: backups } = volume;
  const { address } = host;
  const piers = { dataDevice, volumeKey, tang, backups };
  return { arch, memoryGiB, swapGiB, ships, access, domain, vere, ...piers, address, ...opts };
}
