// A reason not to write or not to trust a lock, in the words every part of Roadstead uses for bad input.

export const LOCK_PROBLEM_CODES = [
  /** The candidate is unknown, infeasible or cannot be built. */
  "candidate",
  /** --stack and environment disagree, or the stack is a further cell. */
  "environment",
  /** Two ships would share a name, or a name is reserved. */
  "duplicate",
  /** Another stack's lock holds the ship, a tombstone blocks it, or its object name is another ship's. */
  "held",
  /** A claimed ship would change mode, provider, region, host, zone or lose disk. */
  "claimed",
  /** The ships do not fit the hosts of the candidate. */
  "capacity",
  /** The lock would not fit the environment variable it travels in. */
  "size",
  /** The new decision differs from the recorded one and --force was not given. */
  "different-decision",
  /** The stack file or what it records is not valid. */
  "invalid",
  /** The recorded digest is not the digest of the recorded architecture. */
  "digest",
  /** A version that cannot be built any more. */
  "version",
  /** Networks that overlap, move, or that the platform cannot take. */
  "network",
  /** An attestation contradicts what is recorded. */
  "attestation",
] as const;
export type LockProblemCode = (typeof LOCK_PROBLEM_CODES)[number];

export interface LockProblem {
  code: LockProblemCode;
  /** Stack file the problem is in, or null when it is in the request. */
  file: string | null;
  /** Path inside the file or the requirements; empty for the whole. */
  path: string;
  received: string;
  accepted: string;
  /** What to do about it. */
  fix: string;
  /** All of it in one sentence, for people. */
  message: string;
}

export function problem(p: Omit<LockProblem, "message"> & { message?: string }): LockProblem {
  const where = [p.file, p.path].filter(Boolean).join(": ");
  return {
    ...p,
    message: p.message ?? `${where ? `${where}: ` : ""}received ${p.received}; accepted: ${p.accepted}. ${p.fix}`,
  };
}
