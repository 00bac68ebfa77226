// Where a host stands and what it is made of, beside what runs on it.
import type { Architecture, LockedHost } from "../../../planner/architecture/schema";
import { backupTag } from "../../backup/render/schedule";
import type { ProviderBackups } from "./settings";
import { HostProvider } from "./settings";

/** Plain half of a host at a provider: with HostSettings it decides every resource. */
export interface HostPlace {
  provider: HostProvider;
  region: string;
  zone?: string;
  size: string;
  rootDiskGiB: number;
  volumeGiB: number;
  providerBackups: ProviderBackups;
  /** Droplet image slug or AMI id. */
  image?: string;
  claimRegion: string;
  /** Stack or owner named in the claim, for the person who meets a refused one. */
  holder: string;
  zoneId?: string;
  /** The network and keys come from outside: none of its own are made. */
  sharedKeys: boolean;
  sharedNetwork: boolean;
  /** GroundSeg only: 80 and 443 open to the world. A planet with a domain has them open always. */
  webOpen: boolean;
  /** What the account's snapshot schedule knows its volumes by; without it none is made. AWS only. */
  backupTag?: string;
  tags: Record<string, string>;
}

export function hostPlace(
  host: LockedHost,
  architecture: Architecture,
  opts: { shared?: boolean; webOpen?: boolean } = {},
): HostPlace {
  const { hostImage } = architecture.versions;
  const aws = host.provider === "aws";
  return {
    provider: aws ? HostProvider.Aws : host.provider === "digitalocean" ? HostProvider.DigitalOcean : HostProvider.Own,
    region: host.region,
    zone: host.zone ?? undefined,
    size: host.size,
    rootDiskGiB: host.rootDiskGiB,
    volumeGiB: host.volumeGiB ?? 0,
    providerBackups: host.providerBackups,
    image: aws ? hostImage?.aws : hostImage?.digitalocean,
    claimRegion: host.claimRegion ?? host.region,
    holder: architecture.stack,
    zoneId: architecture.dns.zoneId ?? undefined,
    sharedKeys: opts.shared ?? false,
    sharedNetwork: opts.shared ?? false,
    webOpen: opts.webOpen ?? false,
    backupTag: aws && architecture.backup?.enabled ? backupTag(architecture.environment) : undefined,
    tags: { "roadstead:stack": architecture.stack, "roadstead:environment": architecture.environment },
  };
}
