// A host at DigitalOcean, as planned resources.
import { createHash } from "node:crypto";
import { amesPorts } from "./access";
import { shipHost } from "./edge";
import type { HostPlace } from "./place";
import { KEEP, output, WORLD, type Planned, type PlannedHost, type PlannedResource } from "./resources";
import { HostKind, pierVolumeName, type HostSettings } from "./settings";

const type = (module: string, name: string): string => `digitalocean:index/${module}:${name}`;

/** DigitalOcean tags are one string of letters, digits, `:`, `-` and `_`. */
const tagList = (tags: Record<string, string>): string[] =>
  Object.entries(tags).map(([k, v]) => `${k}:${v}`.replace(/[^A-Za-z0-9:_-]/g, "-").slice(0, 255));

/** Keys by what they are, so that removing one does not rename the others. */
export const keyName = (publicKey: string): string =>
  createHash("sha256").update(publicKey.split(" ").slice(0, 2).join(" ")).digest("hex").slice(0, 10);

export const sshKeyResources = (name: string, publicKeys: string[]): PlannedResource[] =>
  publicKeys.map((publicKey) => ({
    key: `ssh-${keyName(publicKey)}`,
    type: type("sshKey", "SshKey"),
    name: `${name}-ssh-${keyName(publicKey)}`,
    inputs: { name: `roadstead-${name}-${keyName(publicKey)}`, publicKey },
    options: {},
    dependsOn: [],
  }));

export function digitalOceanHost(place: HostPlace, settings: HostSettings, userData: string): PlannedHost {
  const { name } = settings;
  const own = place.sharedKeys ? [] : sshKeyResources(name, settings.access.sshPublicKeys);
  const sshKeys: Planned = place.sharedKeys ? { given: "sshKeyIds" } : own.map((k) => output(k.key));
  const droplet = { ...output("droplet"), number: true as const };
  const pierName = pierVolumeName(settings.kind, name, settings.ships);
  const planet = settings.kind === HostKind.Vps;
  const tags = tagList(place.tags);

  const volume: PlannedResource = {
    key: "volume",
    type: type("volume", "Volume"),
    name: `${name}-volume`,
    inputs: {
      name: pierName,
      region: place.region,
      size: place.volumeGiB,
      description: planet ? `Pier and claim of ${pierName}, held by ${place.holder}` : `Piers of ${name}`,
      tags,
    },
    // The piers: never destroyed with the stack, never replaced.
    options: { ...KEEP },
    dependsOn: [],
  };
  // DigitalOcean refuses a second volume of one name in one region: the only free-standing object there that is
  // create-only. Tags and projects are not. A planet's volume is its own claim where the claim region is its region.
  const claims = settings.ships
    .filter(() => !planet || place.claimRegion !== place.region)
    .map((ship): PlannedResource => ({
      key: `claim-${ship.id}`,
      type: type("volume", "Volume"),
      name: `${name}-claim-${ship.id}`,
      inputs: {
        name: ship.id,
        region: place.claimRegion,
        size: 1,
        description: `Claim of ${ship.id}, held by ${place.holder} on ${name}. Deleting it allows a second copy.`,
        tags,
      },
      // A claim that goes away with its stack would allow a second copy of the ship.
      options: { ...KEEP },
      dependsOn: [],
    }));
  // Nothing that could run a ship is made before its claim is.
  const claimed = ["volume", ...claims.map((c) => c.key)];

  const resources: PlannedResource[] = [
    ...own,
    volume,
    ...claims,
    {
      key: "droplet",
      type: type("droplet", "Droplet"),
      name: `${name}-droplet`,
      inputs: {
        name,
        region: place.region,
        size: place.size,
        image: place.image,
        sshKeys,
        userData,
        ipv6: true,
        monitoring: true,
        // The agent is a second way in, by the web console.
        dropletAgent: false,
        backups: place.providerBackups !== "none",
        ...(place.providerBackups === "none"
          ? {}
          : {
              backupPolicy:
                place.providerBackups === "weekly"
                  ? { plan: "weekly", weekday: "SUN", hour: 8 }
                  : { plan: "daily", hour: 8 },
            }),
        // The disk stays, so that a smaller size remains possible.
        resizeDisk: false,
        // A droplet that goes away lets its ship stop.
        gracefulShutdown: true,
        tags,
      },
      options: {
        // Each of these would replace the droplet: user-data and image are read at creation only, keys by our own file.
        ignoreChanges: ["userData", "image", "sshKeys"],
        // Two hosts at once could run one ship twice: the old one is gone before the new one comes.
        deleteBeforeReplace: true,
      },
      dependsOn: claimed,
    },
    {
      key: "attachment",
      type: type("volumeAttachment", "VolumeAttachment"),
      name: `${name}-volume-attachment`,
      inputs: { dropletId: droplet, volumeId: output("volume") },
      // A volume is on one droplet at a time: it must leave the old one first. It is never detached, which would pull the pier from
      // under a running ship, since dependants go first: the droplet's own end lets it go, after the ship has stopped. (deletedWith
      // says so for a droplet that is destroyed, and not for one that is replaced.)
      options: { deleteBeforeReplace: true, retainOnDelete: true },
      dependsOn: [],
    },
    {
      key: "firewall",
      type: type("firewall", "Firewall"),
      name: `${name}-firewall`,
      inputs: {
        name: `roadstead-${name}`,
        dropletIds: [droplet],
        inboundRules: inbound(place, settings).map((r) => ({
          protocol: r.protocol,
          ...(r.port === undefined ? {} : { portRange: String(r.port) }),
          sourceAddresses: r.from,
        })),
        outboundRules: ["tcp", "udp", "icmp"].map((protocol) => ({
          protocol,
          ...(protocol === "icmp" ? {} : { portRange: "1-65535" }),
          destinationAddresses: WORLD,
        })),
      },
      // A firewall's name is its own in an account.
      options: { deleteBeforeReplace: true },
      dependsOn: [],
    },
    {
      key: "address",
      type: type("reservedIp", "ReservedIp"),
      name: `${name}-address`,
      inputs: { region: place.region },
      options: {},
      dependsOn: [],
    },
    {
      key: "assignment",
      type: type("reservedIpAssignment", "ReservedIpAssignment"),
      name: `${name}-address-assignment`,
      inputs: { ipAddress: output("address", "ipAddress"), dropletId: droplet },
      // An address is assigned once at a time.
      options: { deleteBeforeReplace: true },
      dependsOn: [],
    },
    ...records(place, settings),
  ];
  return {
    resources,
    address: output("address", "ipAddress"),
    claims: Object.fromEntries(
      settings.ships.map((s) => [
        s.id,
        output(claims.some((c) => c.key === `claim-${s.id}`) ? `claim-${s.id}` : "volume"),
      ]),
    ),
    readyWhen: ["attachment", "firewall", "assignment"],
  };
}

export interface InboundRule {
  protocol: "tcp" | "udp" | "icmp";
  port?: number;
  from: string[];
  /** What it is for, in a console's own list of rules where the provider has a place for it. */
  why: string;
}

/** What a provider's firewall lets in; the host's own says the same again. */
export function inbound(place: HostPlace, settings: HostSettings): InboundRule[] {
  const web = settings.domain !== undefined && (settings.kind === HostKind.Vps || place.webOpen);
  return [
    ...(settings.access.adminCidrs.length === 0
      ? []
      : [{ protocol: "tcp" as const, port: 22, from: settings.access.adminCidrs, why: "SSH of administrators" }]),
    { protocol: "icmp" as const, from: WORLD, why: "Path MTU discovery" },
    ...(web
      ? [
          { protocol: "tcp" as const, port: 80, from: WORLD, why: "Certificates, and the way to HTTPS" },
          { protocol: "tcp" as const, port: 443, from: WORLD, why: "HTTPS" },
          { protocol: "udp" as const, port: 443, from: WORLD, why: "HTTP/3" },
        ]
      : []),
    ...amesPorts(settings).map((port) => ({ protocol: "udp" as const, port, from: WORLD, why: "Ames" })),
  ];
}

function records(place: HostPlace, settings: HostSettings): PlannedResource[] {
  const { domain } = settings;
  if (!domain || !place.zoneId) return [];
  const zone = place.zoneId;
  return settings.ships.map((ship) => ({
    key: `dns-${ship.id}`,
    type: type("dnsRecord", "DnsRecord"),
    name: `${settings.name}-dns-${ship.id}`,
    inputs: {
      domain: zone,
      type: "A",
      name: shipHost(ship.id, domain).slice(0, -(zone.length + 1)),
      value: output("address", "ipAddress"),
      ttl: 300,
    },
    options: {},
    dependsOn: [],
  }));
}
