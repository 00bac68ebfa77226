// Pulumi.<stack>.yaml as text: read with every problem named, written without touching what is not ours.
import type { Architecture } from "./schema";
import type { Digest } from "./digest";
import type { LockProblem } from "./problem";
import type { RunState } from "./run-state";

export const ARCHITECTURE_KEY = "roadstead:architecture";
export const REQUIREMENTS_DIGEST_KEY = "roadstead:requirementsDigest";
export const ARCHITECTURE_DIGEST_KEY = "roadstead:architectureDigest";
export const RUN_STATE_KEY = "roadstead:runState";

export interface ParsedStackFile {
  /** File name, such as Pulumi.prod.yaml. */
  file: string;
  /** Stack name from the file name. */
  stack: string;
  /** Null when the file records none (as shipped) or an invalid one (then `problems` says why). */
  architecture: Architecture | null;
  requirementsDigest: Digest | null;
  architectureDigest: Digest | null;
  /** Empty when none is recorded. */
  runState: RunState;
  problems: LockProblem[];
}

/** Pulumi.prod.yaml → prod; null for any other name. */
export function stackOfFile(file: string): string | null {
  return /(?:^|[\\/])Pulumi\.([A-Za-z0-9_.-]+)\.yaml$/.exec(file)?.[1] ?? null;
}

export function fileOfStack(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}
