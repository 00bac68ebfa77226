// Ships on hosts of their own: rented ones of one provider, machines of one's own, or both.
import * as pulumi from "@pulumi/pulumi";
import type { GroundSegHost as GroundSegHostClass } from "../components/groundseg";
import type { BareMetalHost as BareMetalHostClass } from "../components/bare-metal";
import type { HostFoundation as HostFoundationClass } from "../components/host/foundation";
import type { SharedHostInputs } from "../components/host/args";
import { bareMetalHostArgs, groundSegHostArgs, hostSsh, vpsPlanetArgs } from "../components/host/from-lock";
import { recordHostKey } from "../components/host/next-steps";
import type { VpsPlanet as VpsPlanetClass } from "../components/vps";
import type { Architecture, LockedHost } from "../planner/architecture/schema";
import { stackTags } from "./tags";
import { platformOutputs, type StackOutputs, type Surroundings } from "./surroundings";

// A class's provider SDK is loaded by the first host that needs it: a stack of own machines loads none.
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
  const hosts = architecture.hosts.map((host) => ({
    host,
    made: makeHost(host, architecture, around, shared, parent),
  }));
  return {
    addresses: byName(hosts, (made) => made.address),
    logins: byName(hosts, (made) => made.logins),
    backupState: byName(hosts, (made) => made.backup),
    nextSteps: Object.fromEntries(hosts.map(({ host, made }) => [host.name, stepsOf(host, made, around)])),
    claims: byName(hosts, (made) => made.claims),
    ready: pulumi.all(hosts.map(({ made }) => made.ready)).apply((all) => all.every((ready) => ready)),
    ...(shared ? { sshKeyIds: shared.sshKeyIds, vpcId: shared.vpcId, subnetIds: shared.subnetIds } : {}),
  };
}

interface Shared {
  sshKeyIds: pulumi.Output<string[]>;
  vpcId: pulumi.Output<string>;
  /** By zone. */
  subnetIds: pulumi.Output<Record<string, string>>;
}

interface Made {
  address: pulumi.Output<string>;
  logins: pulumi.Input<Record<string, pulumi.Input<string>>>;
  backup: pulumi.Input<string[]>;
  nextSteps: pulumi.Output<string[]>;
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
  const { allowMissing } = around;
  const ssh = hostSsh(host, architecture, around.hostKeys?.[host.name], (name) => around.secret(name));
  const joined = { allowMissing, ssh, shared: shared ? sharedInputs(shared, host) : undefined };
  switch (host.kind) {
    case "bare-metal": {
      const made = new (load.bareMetal())(host.name, bareMetalHostArgs(host, architecture, { allowMissing, ssh }), {
        parent,
      });
      const { address, logins, backup, nextSteps, claim: claims, ready } = made;
      return { address, logins, backup, nextSteps, claims, ready };
    }
    case "groundseg":
      return new (load.groundseg())(host.name, groundSegHostArgs(host, architecture, joined), { parent });
    case "vps": {
      const args = vpsPlanetArgs(host, architecture, joined);
      const made = new (load.vps())(host.name, args, { parent });
      const { address, login, backup, nextSteps, claim: claims, ready } = made;
      return { address, logins: { [args.ship.id]: login }, backup, nextSteps, claims, ready };
    }
  }
}

/** Where the host's key is not recorded, the way to have it done instead of doing it comes before what is to do by hand. */
function stepsOf(host: LockedHost, { address, nextSteps }: Made, { hostKeys }: Surroundings): pulumi.Output<string[]> {
  if (hostKeys?.[host.name] !== undefined) return nextSteps;
  return pulumi
    .all([address, nextSteps])
    .apply(([at, [first, ...rest]]) => [first!, recordHostKey(host.name, at), ...rest]);
}

function sharedInputs(shared: Shared, { provider, zone }: LockedHost): SharedHostInputs {
  return provider === "aws"
    ? { vpcId: shared.vpcId, subnetId: shared.subnetIds.apply((ids) => ids[zone ?? ""] ?? "") }
    : { sshKeyIds: shared.sshKeyIds };
}

function byName<T>(hosts: { host: LockedHost; made: Made }[], pick: (made: Made) => T): Record<string, T> {
  return Object.fromEntries(hosts.map(({ host, made }) => [host.name, pick(made)]));
}
