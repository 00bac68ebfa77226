// Digests tie a lock to the wishes it came from and make a hand edit visible. Canonical JSON (RFC 8785) so that
// key order, indentation and the YAML around a value never change a digest.
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Requirements } from "../requirements/schema";
import type { Architecture } from "./schema";

/** `sha256:` and 64 hex digits. */
export type Digest = string;

/** JSON with sorted keys and no spaces; `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("only JSON values have a canonical form");
  return text;
}

export function digestOf(value: unknown): Digest {
  return `sha256:${createHash("sha256").update(canonicalJson(value)).digest("hex")}`;
}

/** Digest of what the user asked for, defaults filled in: writing a default down changes nothing. */
export function requirementsDigest({ given: _, ...wishes }: Requirements): Digest {
  return digestOf(wishes);
}

/** Digest of the recorded decision. Run state is kept under a key of its own and never part of it. */
export function architectureDigest(architecture: Architecture): Digest {
  return digestOf(architecture);
}
