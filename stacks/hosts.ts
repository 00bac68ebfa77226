// Ships on hosts of their own: rented ones of one provider, machines of one's own, or both.
import * as pulumi from "@pulumi/pulumi";
import type { GroundSegHost as GroundSegHostClass } from "../components/groundseg";
import type { BareMetalHost as BareMetalHostClass } from "../components/bare-metal";
import type { HostFoundation as HostFoundationClass } from "../components/host/foundation";
import { hostSettings } from "../components/host/render/settings";
import type { HostPlaceArgs, SharedHostInputs, VpsPlanet as VpsPlanetClass } from "../components/vps";
import type { Architecture, LockedHost } from "../planner/architecture/schema";
import { stackTags } from "./tags";
import { platformOutputs, type StackOutputs, type Surroundings } from "./surroundings";

// A classes' provider SDK is loaded by the first host that needs it: a stack of own machines loads none.
/* eslint-disable @typescript-eslint/no-require-imports -- see above */
const load = {
  vps: () => (require("../components/vps") as { VpsPlanet: typeof VpsPlanetClass }).VpsPlanet,
  groundseg: () => (require("../components/groundseg") as { GroundSegHost: typeof GroundSegHostClass }).GroundSegHost,
  bareMetal: () => (require("../components/bare-metal") as { BareMetalHost: typeof BareMetalHostClass }).BareMetalHost,
  foundation: () =>
    (require("../components/host/foundation") as { HostFoundation: typeof HostFoundationClass }).HostFoundation,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Hosts of this stack, and on the platform stack what all hosts of the environment share. */
export function composeHosts(architecture: Architecture, around: Surroundings, parent: pulumi.Resource): StackOutputs {
  const shared = architecture.role === "platform" ? foundation(architecture, parent) : platformFoundation(architecture);
  const hosts = architecture.hosts.map((host) => ({ host, made: makeHost(host, architecture, around, shared, parent) }));
  return {
    addresses: byName(hosts, (made) => made.address),
    nextSteps: byName(hosts, (made) => made.nextSteps),
    claims: byName(hosts, (made) => made.claims),
    ready: pulumi.all(hosts.map(({ made }) => made.ready)).apply((all) => all.every((ready) => ready)),
    ...(shared
      ? { sshKeyIds: shared.sshKeyIds, vpcId: shared.vpcId, subnetIds: shared.subnetIds }
      : {}),
  };
}

interface Shared {
  sshKeyIds: pulumi.Output<string[]>;
  vpcId: pulumi.Output<string>;
  /** By zone. */
  subnetIds: pulumi.Output<Record<string, string>>;
}

interface Made {
  address: pulumi.Input<string>;
  nextSteps: pulumi.Input<string[]>;
  claims: pulumi.Input<unknown>;
  ready: pulumi.Input<boolean>;
}

/** An account refuses the same SSH key twice, and a cell needs no network of its own: the platform makes both, once. */
function foundation(architecture: Architecture, parent: pulumi.Resource): Shared | null {
  const { provider, region, zones, access } = architecture;
  if (provider !== "aws" && provider !== "digitalocean") return null;
  const adopted = architecture.network?.vpcId;
  if (provider === "aws" && adopted) {
    const { publicSubnetIds } = architecture.network!;
    return {
      sshKeyIds: pulumi.output([] as string[]),
      vpcId: pulumi.output(adopted),
      subnetIds: pulumi.output(Object.fromEntries(zones.map((zone, i) => [zone, publicSubnetIds[i] ?? ""]))),
    };
  }
  return new (load.foundation())(
    `${architecture.stack}-hosts`,
    {
      provider,
      region,
      zones,
      sshPublicKeys: access.sshPublicKeys,
      cidr: architecture.network?.cidr,
      tags: stackTags(architecture),
    },
    { parent },
  );
}

function platformFoundation(architecture: Architecture): Shared | null {
  if (architecture.provider === "own") return null;
  const platform = platformOutputs(architecture);
  return {
    sshKeyIds: platform.requireOutput("sshKeyIds") as pulumi.Output<string[]>,
    vpcId: platform.requireOutput("vpcId") as pulumi.Output<string>,
    subnetIds: platform.requireOutput("subnetIds") as pulumi.Output<Record<string, string>>,
  };
}

function makeHost(
  host: LockedHost,
  architecture: Architecture,
  around: Surroundings,
  shared: Shared | null,
  parent: pulumi.Resource,
): Made {
  const settings = hostSettings(host, architecture);
  const { ships, vere, groundseg, access, domain } = settings;
  const { allowMissing } = around;
  switch (host.kind) {
    case "bare-metal": {
      const made = new (load.bareMetal())(
        host.name,
        {
          arch: host.arch,
          memoryGiB: host.memoryGiB,
          swapGiB: host.swapGiB,
          ships,
          access,
          domain,
          vere,
          allowMissing,
        },
        { parent },
      );
      return { address: "", nextSteps: made.nextSteps, claims: made.claim, ready: true };
    }
    case "groundseg": {
      const made = new (load.groundseg())(
        host.name,
        { ...place(host, architecture, shared, allowMissing), ships, groundseg },
        { parent },
      );
      return { address: made.address, nextSteps: made.nextSteps, claims: made.claims, ready: made.ready };
    }
    case "vps": {
      const [ship] = ships;
      if (!ship || ships.length !== 1)
        throw new Error(`host ${host.name}: a VPS holds exactly one ship, the lock gives it ${ships.length}; plan again`);
      const made = new (load.vps())(
        host.name,
        { ...place(host, architecture, shared, allowMissing), ship, vere },
        { parent },
      );
      return { address: made.address, nextSteps: made.nextSteps, claims: made.claim, ready: made.ready };
    }
  }
}

function place(
  host: LockedHost,
  architecture: Architecture,
  shared: Shared | null,
  allowMissing: boolean,
): HostPlaceArgs {
  const { provider, zone } = host;
  if (provider !== "aws" && provider !== "digitalocean")
    throw new Error(`host ${host.name}: Roadstead makes hosts at aws and digitalocean, not at ${provider}; plan again`);
  const settings = hostSettings(host, architecture);
  return {
    provider,
    region: host.region,
    zone: zone ?? undefined,
    size: host.size,
    arch: host.arch,
    memoryGiB: host.memoryGiB,
    rootDiskGiB: host.rootDiskGiB,
    volumeGiB: host.volumeGiB ?? 0,
    swapGiB: host.swapGiB,
    providerBackups: host.providerBackups,
    image: architecture.versions.hostImage?.[provider],
    access: settings.access,
    domain: settings.domain,
    zoneId: architecture.dns.zoneId ?? undefined,
    shared: shared ? sharedInputs(shared, provider, zone) : undefined,
    allowMissing,
    tags: stackTags(architecture),
  };
}

function sharedInputs(shared: Shared, provider: "aws" | "digitalocean", zone: string | null): SharedHostInputs {
  return provider === "aws"
    ? { vpcId: shared.vpcId, subnetId: shared.subnetIds.apply((ids) => ids[zone ?? ""] ?? "") }
    : { sshKeyIds: shared.sshKeyIds };
}

function byName<T>(hosts: { host: LockedHost; made: Made }[], pick: (made: Made) => T): Record<string, T> {
  return Object.fromEntries(hosts.map(({ host, made }) => [host.name, pick(made)]));
}
