// The architecture lock: built from a plan, read from and written to stack files, compared, and checked for what `up` needs.
export * from "./schema";
export * from "./digest";
export * from "./problem";
export * from "./identity";
export {
  type Claim,
  claimOf,
  type RunState,
  runStateSchema,
  type ShipRunState,
  shipRunStateSchema,
  stateOf,
} from "./run-state";
export { buildArchitectures, type BuildInput, type BuildResult } from "./build";
export { parseArchitecture } from "./check";
export { environmentProblems, type RecordedLock } from "./environment";
export * from "./stack-file";
export * from "./diff";
export { decisionDigest, planWrite, type WriteInput, type WriteResult } from "./write";
export { type MissingFact, missingVersions } from "./missing";
