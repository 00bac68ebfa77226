// Who keeps the key of an encrypted pier volume, where that can be chosen, and what of it stays once a host is made.
import type { Candidate, Rejection } from "./plan/schema";
import type { HostWishes, Requirements } from "./requirements/schema";

export const VOLUME_KEYS = ["basic", "tang", "operator"] as const;
export type VolumeKeyName = (typeof VOLUME_KEYS)[number];

export const TANG_URL = /^https?:\/\/[\w.:[\]-]+(\/[\w./-]*)?$/;
export const TANG_THUMBPRINT = /^([\w-]{27}|[\w-]{43})$/;

type Wish = Pick<Requirements, "hosts" | "existing">;
type Way = Pick<Candidate, "mode" | "provider">;

const HOSTED: readonly string[] = ["vps", "multi-vps", "groundseg", "bare-metal", "hybrid"];

/** What the file asks for beside the default; undefined when it leaves it at that. */
const beyondBasic = (wishes: HostWishes | undefined): VolumeKeyName | undefined =>
  wishes?.volumeKey === "basic" ? undefined : wishes?.volumeKey;

/** Own hosts whose piers lie on the root disk: there is no volume whose key somebody could keep. */
const withoutVolume = (r: Wish): string[] =>
  (r.existing.hosts ?? []).flatMap((h, i) => (h.dataDevice === undefined ? [h.name ?? `host-${i + 1}`] : []));

/** Ways to host that cannot keep the key where the file wants it. */
export function volumeKeyRejections(r: Wish, way: Way): Rejection[] {
  const key = beyondBasic(r.hosts);
  if (key === undefined || !HOSTED.includes(way.mode)) return [];
  const limit = `a volume's key with ${key}`;
  if (way.provider === "aws")
    return [
      {
        code: "not-buildable",
        limit,
        have: "EBS, encrypted with the account's KMS",
        need: "an encrypted volume of the host's own",
        fix: "take DigitalOcean or hosts of your own, or leave hosts.volumeKey out",
      },
    ];
  const bare = way.mode === "bare-metal" || way.mode === "hybrid" ? withoutVolume(r) : [];
  if (bare.length === 0) return [];
  return [
    {
      code: "existing",
      limit,
      have: `piers on the root disk of ${bare.slice(0, 3).join(", ")}${bare.length > 3 ? ", …" : ""}`,
      need: "a disk for piers",
      fix: "name it as existing.hosts[].dataDevice, or leave hosts.volumeKey out",
    },
  ];
}

/** Whether piers on own hosts have an encrypted disk at all, and whether the key of every volume is kept off the host. */
export function volumeProtection(r: Wish, way: Way): { ownDisks: boolean; keyApart: boolean } {
  const own = way.mode === "bare-metal" || way.mode === "hybrid";
  return {
    ownDisks: !own || withoutVolume(r).length === 0,
    keyApart:
      beyondBasic(r.hosts) !== undefined && HOSTED.includes(way.mode) && volumeKeyRejections(r, way).length === 0,
  };
}

export function volumeKeyWarnings(r: Wish, chosen: Way): string[] {
  const key = beyondBasic(r.hosts);
  if (key === undefined) return [];
  if (!HOSTED.includes(chosen.mode))
    return [`hosts.volumeKey is ${key}, and ${chosen.mode} has no hosts: it keeps no key of a volume that way`];
  return key === "tang" && r.hosts?.tang?.length === 1
    ? ["one tang server alone opens the volumes of every host that reaches it: name two, of different owners"]
    : [];
}

/** Asked where safety was asked for; nothing is decided by it. */
export function volumeKeyQuestion(
  r: Wish & Pick<Requirements, "priorities" | "compliance">,
  chosen: Way | null,
): { path: string; question: string; why: string; assumed: string }[] {
  const careful = r.priorities === "most-secure" || r.compliance.length > 0;
  const volumes =
    chosen !== null &&
    HOSTED.includes(chosen.mode) &&
    chosen.provider !== "aws" &&
    (chosen.provider !== "own" || withoutVolume(r).length < (r.existing.hosts ?? []).length);
  if (!careful || !volumes || r.hosts?.volumeKey !== undefined) return [];
  return [
    {
      path: "hosts.volumeKey",
      question: "Who keeps the key of the pier volumes: the host (basic), servers of yours (tang), or you (operator)?",
      why: "with basic whoever copies the root disk too reads the piers; with operator the ships wait for you after every boot; it is fixed once a host is made",
      assumed: "basic",
    },
  ];
}
