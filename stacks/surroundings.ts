// What a composed stack needs beside its architecture: secrets, digests, and for a cell stack its platform.
import type { Output } from "@pulumi/pulumi";

export interface Surroundings {
  /** As recorded in the stack file; shown on the root component. */
  requirementsDigest: string;
  architectureDigest: string;
  /** A config secret by name. Always a secret Output. */
  secret(name: string): Output<string>;
  /** Preview only: mark missing versions instead of refusing. */
  allowMissing: boolean;
}

/** Outputs every stack exports. */
export type StackOutputs = Record<string, unknown>;
