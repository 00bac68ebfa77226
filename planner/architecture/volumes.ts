// The pier volume of a host as the lock holds it: where it is, who keeps its key, and where its ships are claimed. All of that
// is settled when it is made, so none of it changes by planning again.
import type { HostWishes, OwnHost } from "../requirements/schema";
import type { HostPlan } from "./hosts";
import { isPlaceholder } from "./identity";
import { type LockProblem, problem } from "./problem";
import type { LockedHost } from "./schema";

type VolumeSettings = Pick<LockedHost, "volumeKey" | "tang" | "claimRegion" | "dataDevice">;
type OwnSettings = Pick<LockedHost, "address" | "failureDomain">;

/** What the requirements ask of a host's volume. Left out where it is the default: recorded locks keep their digest. */
function wished(
  { provider, region }: Pick<LockedHost, "provider" | "region">,
  own: OwnHost | null,
  wishes: HostWishes | undefined,
): VolumeSettings {
  const dataDevice = own?.dataDevice;
  const encrypted = provider === "digitalocean" || dataDevice !== undefined;
  return {
    ...(encrypted && wishes?.volumeKey !== undefined && wishes.volumeKey !== "basic"
      ? { volumeKey: wishes.volumeKey }
      : {}),
    ...(encrypted && wishes?.tang !== undefined ? { tang: wishes.tang } : {}),
    ...(provider !== "own" && wishes?.claimRegion !== undefined && wishes.claimRegion !== region
      ? { claimRegion: wishes.claimRegion }
      : {}),
    ...(dataDevice === undefined ? {} : { dataDevice }),
  };
}

const recorded = ({ volumeKey, tang, claimRegion, dataDevice }: LockedHost): VolumeSettings => ({
  ...(volumeKey === undefined || volumeKey === "basic" ? {} : { volumeKey }),
  ...(tang === undefined ? {} : { tang }),
  ...(claimRegion === undefined ? {} : { claimRegion }),
  ...(dataDevice === undefined ? {} : { dataDevice }),
});

/**
 * A host of the lock whose volume may have been prepared. A VPS of a ship nobody named was never made; of a machine of one's
 * own only its owner knows that its disk is gone, and the record that guards the ship lies on the disk and on the machine:
 * --force takes what the file says of it, and of one it does not name it says nothing.
 */
const prepared = ({ previous, own }: HostPlan, { neverDeployed, force }: VolumeInput): LockedHost | null =>
  previous === null ||
  neverDeployed ||
  (previous.kind === "vps" && isPlaceholder(previous.name)) ||
  (force && previous.kind === "bare-metal" && own !== null)
    ? null
    : previous;

export interface VolumeInput {
  wishes: HostWishes | undefined;
  /** The user attests that nothing recorded was ever deployed. */
  neverDeployed: boolean;
  /** The user replaces the recorded decision. */
  force: boolean;
}

/** What the file says of a machine; of one it says nothing of any more, what is recorded. */
const ownSettings = (of: OwnSettings | null): OwnSettings => ({
  ...(of?.address === undefined ? {} : { address: of.address }),
  ...(of?.failureDomain === undefined ? {} : { failureDomain: of.failureDomain }),
});

export function volumeSettings(
  host: HostPlan,
  at: Pick<LockedHost, "provider" | "region">,
  input: VolumeInput,
): VolumeSettings & OwnSettings {
  const kept = prepared(host, input);
  return {
    ...(kept === null ? wished(at, host.own, input.wishes) : recorded(kept)),
    ...ownSettings(host.own ?? host.previous),
  };
}

/** Wishes that a volume which may exist already cannot follow. What is merely left out stays as it is. */
export function volumeProblems(host: HostPlan, input: VolumeInput): LockProblem[] {
  const kept = prepared(host, input);
  if (kept === null) return [];
  const { wishes } = input;
  const refuse = (path: string, received: string, accepted: string, fix: string): LockProblem =>
    problem({ code: "claimed", file: null, path: `hosts.${host.name}.${path}`, received, accepted, fix });
  const attest = "If this stack was never deployed, say so (--attest-never-deployed).";
  // Only of a machine of one's own can a person say that its disk is gone.
  const renewed =
    kept.kind !== "bare-metal"
      ? ""
      : host.own !== null
        ? "If its disk is blank now or gone for good, --force records it: a disk that holds piers is refused by the machine then. "
        : `Name ${host.name} under existing.hosts again, or leave the wish as it was while ships are recorded there. `;
  const problems: LockProblem[] = [];
  const encrypted = kept.provider === "digitalocean" || kept.dataDevice !== undefined;
  const key = kept.volumeKey ?? "basic";
  if (encrypted && wishes?.volumeKey !== undefined && wishes.volumeKey !== key)
    problems.push(
      refuse(
        "volumeKey",
        wishes.volumeKey,
        key,
        `Who keeps the key is settled when the volume is prepared; planning again changes no volume. ${renewed}${attest}`,
      ),
    );
  else if (key === "tang" && wishes?.tang !== undefined && !sameServers(wishes.tang, kept.tang ?? []))
    problems.push(
      refuse(
        "tang",
        wishes.tang.map((t) => t.url).join(", "),
        (kept.tang ?? []).map((t) => t.url).join(", "),
        `The volume is bound to its servers when it is prepared. ${renewed}${attest}`,
      ),
    );
  const claims = kept.claimRegion ?? kept.region;
  if (kept.provider !== "own" && wishes?.claimRegion !== undefined && wishes.claimRegion !== claims)
    problems.push(
      refuse(
        "claimRegion",
        wishes.claimRegion,
        claims,
        `The claim in ${claims} is what a second stack runs into; in another region it would be a second claim of the same ship. ${attest}`,
      ),
    );
  const device = host.own?.dataDevice;
  if (host.kind === "bare-metal" && host.own !== null && device !== kept.dataDevice)
    problems.push(
      refuse(
        "dataDevice",
        device ?? "none",
        kept.dataDevice ?? "none, as recorded",
        "Its piers would be left behind on the one disk and looked for on the other. If the old disk is gone for good, is found " +
          `under another path in another machine, or its set-up was given this one by --data-device, --force records it. ${attest}`,
      ),
    );
  return problems;
}

const sameServers = (a: NonNullable<LockedHost["tang"]>, b: NonNullable<LockedHost["tang"]>): boolean =>
  a.length === b.length && a.every((s, i) => s.url === b[i]!.url && s.thumbprint === b[i]!.thumbprint);
