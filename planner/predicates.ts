// The rules of hosting a ship, each said once: planner, component constructors and policies call the same functions
// (design §2 rule 7). Pure: plain data in, a problem or nothing out.
import ipaddr from "ipaddr.js";
import { isPlaceholder } from "./architecture/identity";
import { buildableVersions, eksSupport, EKS_VERSIONS_READ_ON } from "./catalog/kubernetes-versions";
import { LIMITS } from "./catalog/limits";
import type { LockedShip, Tombstone } from "./architecture/schema";
import { shown } from "./requirements/problem";

export { secretInText } from "./requirements/secrets";

/** Why a value cannot be used. `code` is stable, the rest is for people. */
export interface PredicateProblem {
  code: string;
  path: string;
  received: string;
  accepted: string;
  fix: string;
}

/**
 * Memory a container needs beside the loom, in MiB: the king process, the event log's buffers, copies made while a
 * snapshot is written. Basis: own judgment, unmeasured. It decides the limit, never the request that is priced.
 */
export const LOOM_HEADROOM_MIB = 512;
/** Seconds a ship may take to stop. vere has no timeout of its own; GroundSeg waits 600 s after |exit. */
export const MIN_TERMINATION_GRACE_SECONDS = 600;
/** A cell is the unit of failure, of rollout and of state size (design §4.4). */
export const MAX_SHIPS_PER_CELL: number = LIMITS.cellShips.value;
/** Cells up to this size start at creation; larger ones are created parked and released one by one. */
export const MAX_SHIPS_STARTED_AT_CREATION = 10;

/** Size of a loom in MiB: `--loom 31` is 2 GiB. */
export const loomMiB = (loom: number): number => 2 ** (loom - 20);

/** Memory limit of a ship: its request, but never less than its loom and headroom. */
export const limitMiB = (memoryMiB: number, loom: number): number =>
  Math.max(memoryMiB, loomMiB(loom) + LOOM_HEADROOM_MIB);

/** What hosts are made from: an AMI, or at DigitalOcean a slug of a system the set-up is written for, or an image of one's own by its number. */
export const HOST_IMAGE = {
  aws: /^ami-[0-9a-f]{8,17}$/,
  digitalocean: /^(\d{1,12}|debian-1[2-9]-[\w-]{1,30}|ubuntu-(2[2-9]|[3-9]\d)-\d\d-[\w-]{1,30})$/,
} as const;

/** A limit below loom + headroom kills the ship while it writes a snapshot. */
export function shipMemoryProblem(
  ship: Pick<LockedShip, "loom" | "limitMiB" | "memoryMiB">,
  path = "ship",
): PredicateProblem | null {
  const least = loomMiB(ship.loom) + LOOM_HEADROOM_MIB;
  if (ship.limitMiB < least) {
    return {
      code: "memory-below-loom",
      path: `${path}.limitMiB`,
      received: `${ship.limitMiB} MiB with loom ${ship.loom}`,
      accepted: `at least ${least} MiB (loom ${loomMiB(ship.loom)} + headroom ${LOOM_HEADROOM_MIB})`,
      fix: "raise the limit or choose a smaller loom",
    };
  }
  if (ship.memoryMiB > ship.limitMiB) {
    return {
      code: "request-above-limit",
      path: `${path}.memoryMiB`,
      received: `${ship.memoryMiB} MiB`,
      accepted: `at most the limit, ${ship.limitMiB} MiB`,
      fix: "raise the limit to the request",
    };
  }
  return null;
}

/** The same ship twice is two copies of one identity: it can only be repaired by the owner's wallet. */
export function duplicateShips(ships: readonly Pick<LockedShip, "id" | "name">[], path = "ships"): PredicateProblem[] {
  const problems: PredicateProblem[] = [];
  const ids = new Map<string, number>();
  const names = new Map<string, number>();
  ships.forEach((ship, i) => {
    const sameId = ids.get(ship.id);
    const sameName = ship.name === null ? undefined : names.get(ship.name);
    const first = sameId ?? sameName;
    if (first !== undefined) {
      problems.push({
        code: "duplicate-ship",
        path: `${path}[${i}]`,
        received: `${shown(ship.name ?? ship.id)}, which is ${path}[${first}] too`,
        accepted: "each ship once",
        fix: "remove one of the two: a ship that runs twice is lost",
      });
    }
    if (sameId === undefined) ids.set(ship.id, i);
    if (ship.name !== null && sameName === undefined) names.set(ship.name, i);
  });
  return problems;
}

/** A removed ship blocks its name until a clean stop is recorded: until then its old copy may still run. */
export function tombstonedShips(
  ships: readonly Pick<LockedShip, "id" | "name">[],
  tombstones: readonly Pick<Tombstone, "id" | "name" | "cleanStopEvent">[],
  path = "ships",
): PredicateProblem[] {
  const blocked = tombstones.filter((t) => t.cleanStopEvent === null);
  return ships.flatMap((ship, i) => {
    const grave = blocked.find((t) => t.id === ship.id || (t.name !== null && t.name === ship.name));
    return grave === undefined
      ? []
      : [
          {
            code: "tombstone",
            path: `${path}[${i}]`,
            received: `${shown(ship.name ?? ship.id)}, which was removed without a recorded clean stop`,
            accepted: "a ship that never ran, or whose clean stop is recorded",
            fix: "record the clean stop of its last run first",
          },
        ];
  });
}

/** A moon routes through its parent, so the parent must be known and be another ship. */
export function parentProblem(
  ship: Pick<LockedShip, "class" | "name" | "parent">,
  path = "ship",
): PredicateProblem | null {
  if (ship.class !== "moon" || ship.parent === null || ship.parent !== ship.name) return null;
  return {
    code: "own-parent",
    path: `${path}.parent`,
    received: shown(ship.parent),
    accepted: "the planet, star or galaxy the moon belongs to",
    fix: "take the last two syllable pairs of the moon's name",
  };
}

/** What a ship still needs before it may boot; plans and previews only mark it. */
export function bootProblems(
  ship: Pick<LockedShip, "id" | "name" | "class" | "fake" | "imported" | "sealed" | "key" | "attestation">,
  path = "ship",
): PredicateProblem[] {
  if (isPlaceholder(ship.id)) {
    return [
      {
        code: "unnamed-ship",
        path: `${path}.name`,
        received: `${ship.id}, a ship planned by count`,
        accepted: "a ship with a name",
        fix: "name it under ships.named and plan again",
      },
    ];
  }
  if (ship.imported && !ship.sealed && !ship.attestation) {
    return [
      {
        code: "missing-attestation",
        path: `${path}.imported`,
        received: `${ship.name ?? ship.id}, imported, and nobody said that it runs nowhere else`,
        accepted: "imported: { sourceStoppedForGood: true, atEvent: … }",
        fix: "stop it cleanly where it ran, take its pier after that and never start it there again; then say so",
      },
    ];
  }
  const needsKey = ship.class !== "comet" && !ship.sealed && !ship.imported && !ship.fake;
  if (!needsKey || ship.key !== null) return [];
  return [
    {
      code: "missing-key",
      path: `${path}.key`,
      received: "nothing",
      accepted: "the name of a Pulumi config secret with its boot key",
      fix: `set key.secret for ${ship.name ?? ship.id}, or say that it is imported or fake`,
    },
  ];
}

/** An image without a digest can be another one tomorrow; it is marked, and `up` refuses it. */
export function digestProblem(
  image: { repository: string; digest?: string | null } | null | undefined,
  path: string,
  setting: string,
): PredicateProblem | null {
  if (image?.digest) return null;
  return {
    code: "missing-digest",
    path,
    received: image ? `${image.repository} without a digest` : "nothing",
    accepted: "an image with its sha256 digest",
    fix: `set ${setting}; there is no default`,
  };
}

/**
 * The claim's init container runs a shell script. Basis: secondary, a user's report of `exec: "/bin/sh": no such file` with
 * registry.k8s.io/kubectl v1.34 (NatLabRockies/openstudio-server-helm#97).
 */
export function shelllessProblem(
  image: { repository: string } | null | undefined,
  path: string,
): PredicateProblem | null {
  if (image?.repository !== "registry.k8s.io/kubectl") return null;
  return {
    code: "image-without-shell",
    path,
    received: image.repository,
    accepted: "an image with kubectl and /bin/sh",
    fix: "the claim runs a shell script: name another image under versions.images.kubectl",
  };
}

/** An image reference that is its own content, or one that no kubelet pulls: a missing digest fails safe. */
export const imageReference = (image: { repository: string; digest?: string | null } | null | undefined): string =>
  image?.digest ? `${image.repository}@${image.digest}` : `${image?.repository ?? "image-missing"}@digest-missing`;

/** Whether a container image reference names its content. */
export const pinnedByDigest = (reference: string): boolean => /^[^@\s]+@sha256:[0-9a-f]{64}$/.test(reference);

export function cellSizeProblem(ships: number, path = "ships"): PredicateProblem | null {
  if (ships <= MAX_SHIPS_PER_CELL) return null;
  return {
    code: "cell-too-large",
    path,
    received: `${ships} ships`,
    accepted: `at most ${MAX_SHIPS_PER_CELL}`,
    fix: "spread them over more cells, each a stack of its own",
  };
}

export function graceProblem(seconds: number, path: string): PredicateProblem | null {
  if (seconds >= MIN_TERMINATION_GRACE_SECONDS) return null;
  return {
    code: "grace-too-short",
    path,
    received: `${seconds} s`,
    accepted: `at least ${MIN_TERMINATION_GRACE_SECONDS} s`,
    fix: "give the ship time to finish its event and write its snapshot",
  };
}

/** A version AWS had ended when the table was read cannot be built; one the table does not know may be. */
export function eksVersionProblem(version: string, path: string): PredicateProblem | null {
  if (eksSupport(version, EKS_VERSIONS_READ_ON) !== "ended") return null;
  return {
    code: "version-out-of-support",
    path,
    received: shown(version),
    accepted: `a version EKS still makes: ${buildableVersions().join(", ")} or newer`,
    fix: "choose a supported version; a cluster that runs moves up one minor version at a time",
  };
}

/** What the world can be written as: its addresses, and within IPv6 those in use, and IPv4's mapped and translated ones. */
const WORLD = ["0.0.0.0/0", "::/0", "2000::/3", "::ffff:0:0/96", "64:ff9b::/96"].map((w) => ipaddr.parseCIDR(w));

/** Whether a network is the whole Internet, or so much of it that it makes no difference: half of it or more. */
export function worldOpenCidr(cidr: string): boolean {
  if (!ipaddr.isValidCIDR(cidr)) return false;
  const [address, bits] = ipaddr.parseCIDR(cidr);
  return WORLD.some(
    ([world, most]) =>
      world.kind() === address.kind() && bits <= most + 1 && address.match(world, Math.min(bits, most)),
  );
}

/** Whether a TCP or UDP port lies in a rule's range; a missing port is every port. */
export const portInRange = (port: number, from: number | null | undefined, to: number | null | undefined): boolean =>
  from === null || from === undefined || (from === 0 && (to ?? 0) === 0) || (from <= port && port <= (to ?? from));

/** Planned cost against budget: null when it fits, text when not, undefined when it cannot be decided. */
export function budgetProblem(cost: {
  mid: number | null;
  incomplete: boolean;
  budget: number | null;
  currency: string;
}): string | null | undefined {
  if (cost.budget === null) return null;
  if (cost.mid !== null && cost.mid > cost.budget) {
    return `planned at ${cost.mid.toFixed(2)} ${cost.currency} a month, ${(cost.mid - cost.budget).toFixed(2)} above the budget of ${cost.budget}`;
  }
  if (cost.mid === null || cost.incomplete) return undefined;
  return null;
}
