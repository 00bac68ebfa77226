// What the loss of a host means: who stops, what is still there, what is gone, and what to do. docs/runbooks/HostLost.md says
// the same step by step.
import type { Architecture, LockedHost } from "./schema";

export interface HostLoss {
  /** What fails together with it: its zone, what its owner says; null when that is not known to be more than the host. */
  domain: string | null;
  /** Ships that stop, by name. */
  ships: string[];
  survives: string;
  lost: string;
  then: string;
}

type Held = Pick<Architecture, "ships" | "backup">;

export function hostLoss(host: LockedHost, architecture: Held): HostLoss {
  return {
    domain: host.provider === "own" ? (host.failureDomain ?? null) : host.zone,
    ships: architecture.ships.filter((s) => s.host === host.name).map((s) => s.name ?? s.id),
    ...whatRemains(host, architecture),
  };
}

const START_EMPTY = "a ship whose pier is gone starts empty after a breach by its owner";

function whatRemains(host: LockedHost, { backup }: Held): Pick<HostLoss, "survives" | "lost" | "then"> {
  const copies =
    backup.enabled && host.provider === "aws" ? "the snapshots" : backup.offHost ? "the encrypted copies" : null;
  const readable = copies === null ? "there is no copy off the host" : `${copies} can be read, never started`;
  const gone = `nothing but time while the volume is whole; without it ${readable}, and ${START_EMPTY}`;
  const again = "never let the old host start again";
  switch (host.provider) {
    case "aws":
      return {
        survives: "volume, claims and address, in its zone",
        lost: gone,
        then: `\`pulumi up\` makes the host anew in the same zone and the ships start by themselves; ${again}`,
      };
    case "digitalocean":
      return {
        survives: `volume, claims and address${host.volumeKey === "tang" ? ", and the tang servers' part of the key" : ""}`,
        lost: `${gone}${host.volumeKey === undefined ? "; without your copy of the volume's key it is as good as gone" : ""}`,
        then: `\`pulumi up\` makes the host anew; ${opened(host)}; ${again}`,
      };
    default:
      return host.dataDevice === undefined
        ? {
            survives: "its root disk with the piers, if that is whole",
            lost: `nothing but time if the disk is whole; else ${readable}, and ${START_EMPTY}`,
            then: "put the disk into a machine that takes this host's place, run `roadstead host render`'s script there, and never start the old machine again",
          }
        : {
            survives: "the disk for piers, if it is whole",
            lost: `nothing but time if disk and key are whole; else ${readable}, and ${START_EMPTY}`,
            then: `put the disk into a machine that takes this host's place, run \`roadstead host render\`'s script there; ${opened(host)}; never start the old machine again`,
          };
  }
}

const opened = (host: LockedHost): string =>
  host.volumeKey === "tang"
    ? "it opens the volume once it reaches every tang server"
    : "bring your copy of the volume's key over SSH";

/** Ships that stop when everything in a domain does, the most first; domains of one host are that host's own matter. */
export function domainLosses(
  hosts: readonly { host: string; loss: HostLoss }[],
): { domain: string; hosts: string[]; ships: number }[] {
  const domains = new Map<string, { domain: string; hosts: string[]; ships: number }>();
  for (const { host, loss } of hosts) {
    if (loss.domain === null) continue;
    const known = domains.get(loss.domain) ?? { domain: loss.domain, hosts: [], ships: 0 };
    known.hosts.push(host);
    known.ships += loss.ships.length;
    domains.set(loss.domain, known);
  }
  return [...domains.values()].filter((d) => d.hosts.length > 1).sort((a, b) => b.ships - a.ships);
}
