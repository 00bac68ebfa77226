// The pier volume of a host as the lock holds it: where it is and who keeps its key. Both are settled when it is prepared, so
// neither changes by planning again.
import type { HostWishes, OwnHost } from "../requirements/schema";
import type { HostPlan } from "./hosts";
import { isPlaceholder } from "./identity";
import { type LockProblem, problem } from "./problem";
import type { LockedHost } from "./schema";

type VolumeSettings = Pick<LockedHost, "volumeKey" | "tang" | "dataDevice">;
type OwnSettings = Pick<LockedHost, "address" | "failureDomain">;

/** What the requirements ask of a host's volume. Left out where it is the default: recorded locks keep their digest. */
function wished(provider: LockedHost["provider"], own: OwnHost | null, wishes: HostWishes | undefined): VolumeSettings {
  const dataDevice = own?.dataDevice;
  const encrypted = provider === "digitalocean" || dataDevice !== undefined;
  return {
    ...(encrypted && wishes?.volumeKey !== undefined && wishes.volumeKey !== "basic"
      ? { volumeKey: wishes.volumeKey }
      : {}),
    ...(encrypted && wishes?.tang !== undefined ? { tang: wishes.tang } : {}),
    ...(dataDevice === undefined ? {} : { dataDevice }),
  };
}

const recorded = ({ volumeKey, tang, dataDevice }: LockedHost): VolumeSettings => ({
  ...(volumeKey === undefined || volumeKey === "basic" ? {} : { volumeKey }),
  ...(tang === undefined ? {} : { tang }),
  ...(dataDevice === undefined ? {} : { dataDevice }),
});

/**
 * A host of the lock whose volume may have been prepared. A VPS of a ship nobody named was never made; of a machine of one's
 * own only its owner knows that its disk is gone, and the record that guards the ship lies on the disk and on the machine.
 */
const prepared = (previous: LockedHost | null, { neverDeployed, force }: VolumeInput): LockedHost | null =>
  previous === null ||
  neverDeployed ||
  (previous.kind === "vps" && isPlaceholder(previous.name)) ||
  (force && previous.kind === "bare-metal")
    ? null
    : previous;

export interface VolumeInput {
  wishes: HostWishes | undefined;
  /** The user attests that nothing recorded was ever deployed. */
  neverDeployed: boolean;
  /** The user replaces the recorded decision. */
  force: boolean;
}

export function volumeSettings(
  host: HostPlan,
  provider: LockedHost["provider"],
  input: VolumeInput,
): VolumeSettings & OwnSettings {
  const kept = prepared(host.previous, input);
  return {
    ...(kept === null ? wished(provider, host.own, input.wishes) : recorded(kept)),
    ...(host.own?.address === undefined ? {} : { address: host.own.address }),
    ...(host.own?.failureDomain === undefined ? {} : { failureDomain: host.own.failureDomain }),
  };
}

/** Wishes that a volume which may exist already cannot follow. What is merely left out stays as it is. */
export function volumeProblems(host: HostPlan, input: VolumeInput): LockProblem[] {
  const kept = prepared(host.previous, input);
  if (kept === null) return [];
  const { wishes } = input;
  const refuse = (path: string, received: string, accepted: string, fix: string): LockProblem =>
    problem({ code: "claimed", file: null, path: `hosts.${host.name}.${path}`, received, accepted, fix });
  const attest = "If this stack was never deployed, say so (--attest-never-deployed).";
  const problems: LockProblem[] = [];
  const encrypted = kept.provider === "digitalocean" || kept.dataDevice !== undefined;
  const key = kept.volumeKey ?? "basic";
  if (encrypted && wishes?.volumeKey !== undefined && wishes.volumeKey !== key)
    problems.push(
      refuse(
        "volumeKey",
        wishes.volumeKey,
        key,
        `Who keeps the key is settled when the volume is prepared; planning again changes no volume. ${attest}`,
      ),
    );
  else if (key === "tang" && wishes?.tang !== undefined && !sameServers(wishes.tang, kept.tang ?? []))
    problems.push(
      refuse(
        "tang",
        wishes.tang.map((t) => t.url).join(", "),
        (kept.tang ?? []).map((t) => t.url).join(", "),
        `The volume is bound to its servers when it is prepared. ${attest}`,
      ),
    );
  const device = host.own?.dataDevice;
  if (host.kind === "bare-metal" && host.own !== null && device !== kept.dataDevice)
    problems.push(
      refuse(
        "dataDevice",
        device ?? "none",
        kept.dataDevice ?? "none, as recorded (a disk given by --data-device goes on being given there)",
        "Its piers would be left behind on the one disk and looked for on the other. If the old disk is gone for good, or is " +
          `found under another path in another machine, --force records the new one. ${attest}`,
      ),
    );
  return problems;
}

const sameServers = (a: NonNullable<LockedHost["tang"]>, b: NonNullable<LockedHost["tang"]>): boolean =>
  a.length === b.length && a.every((s, i) => s.url === b[i]!.url && s.thumbprint === b[i]!.thumbprint);
