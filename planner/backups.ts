// Copies of piers off their host: what may be asked for, and which ways to host can make them.
import type { Candidate, Rejection } from "./plan/schema";
import type { Requirements } from "./requirements/schema";

export const BACKUP_RHYTHMS = ["daily", "weekly"] as const;
export type BackupRhythm = (typeof BACKUP_RHYTHMS)[number];

export const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
export const BUCKET_ENDPOINT = /^https:\/\/[a-z0-9][a-z0-9.-]{0,252}(:[0-9]{1,5})?$/;
export const BUCKET_REGION = /^[a-z0-9-]{2,32}$/;
export const BUCKET_PREFIX = /^[A-Za-z0-9][\w.-]{0,63}(\/[A-Za-z0-9][\w.-]{0,63}){0,4}$/;
/** Those of examples/bare-metal-home.yaml: nobody has their secret keys, so what is encrypted to them is lost. */
export const EXAMPLE_RECIPIENTS: readonly string[] = [
  "age1y68ks4cadszx3kvd9hwneqee8wt7g4n29vrkpv6qml4pjxehte7sa6yu9d",
  "age1j4tcu9gx9vfetj8w274rznufcmjs57ha85xh37hhslmxazmg9s8syq6dgn",
];
export const AGE_RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/;

const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/**
 * Whether it is a public key of age, by its checksum (BIP 173): with one wrong letter in it no copy would ever be made.
 */
export function isAgeRecipient(text: string): boolean {
  if (!AGE_RECIPIENT.test(text)) return false;
  const prefix = [..."age"].map((c) => c.charCodeAt(0));
  const values = [
    ...prefix.map((c) => c >> 5),
    0,
    ...prefix.map((c) => c & 31),
    ...[...text.slice("age1".length)].map((c) => BECH32.indexOf(c)),
  ];
  const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  const checksum = values.reduce(
    (sum, value) =>
      generator.reduce((c, g, i) => ((sum >> 25) & (1 << i) ? c ^ g : c), ((sum & 0x1ffffff) << 5) ^ value),
    1,
  );
  return checksum === 1;
}

type Wish = Pick<Requirements, "backups">;
type Way = Pick<Candidate, "mode">;

/** Hours between two copies of one pier. */
export const RHYTHM_HOURS: Record<BackupRhythm, number> = { daily: 24, weekly: 168 };

/** Ways to host where nobody could stop a ship for its copy. */
export function backupRejections(r: Wish, { mode }: Way): Rejection[] {
  if (r.backups === undefined || ["vps", "multi-vps", "bare-metal", "hybrid"].includes(mode)) return [];
  const refuse = (have: string, fix: string): Rejection[] => [
    {
      code: "not-buildable",
      limit: "encrypted copies of piers in a bucket",
      have,
      need: "ships that the host may stop",
      fix,
    },
  ];
  if (mode === "groundseg")
    return refuse(
      "GroundSeg starts and stops its ships itself",
      "take a host a ship or hosts of your own, or leave backups out and export piers in GroundSeg",
    );
  if (mode === "managed") return refuse("a service that keeps its own backups", "leave backups out");
  return refuse("snapshots of the cluster's volumes instead", "take hosts, or leave backups out");
}

/** What the plan leaves to the user, where copies are made. */
export function backupWarnings(r: Wish): string[] {
  if (r.backups === undefined) return [];
  return [
    `backups: the bucket ${r.backups.bucket} is yours, and what it keeps and costs is in no line of this plan; while a copy is made its pier needs as much room again on its volume`,
  ];
}
