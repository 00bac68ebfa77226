// Versions have no default: an upgrade of this library must not be an upgrade of a cluster.
import * as pulumi from "@pulumi/pulumi";
import { runtime } from "@pulumi/pulumi";
import type { ArgumentProblem } from "../refusal";

/** A version an argument needs. */
export interface RequiredVersion {
  path: string;
  value: string | null | undefined;
  /** What it is a version of, such as "Kubernetes". */
  what: string;
  /** Where a user writes it down. */
  setting: string;
}

/** In a preview missing versions are marked and left open; `up` refuses them, before anything exists. */
export function versionProblems(required: RequiredVersion[], component: string): ArgumentProblem[] {
  const missing = required.filter((r) => r.value === null || r.value === undefined || r.value === "");
  if (!runtime.isDryRun()) {
    return missing.map((r) => ({
      path: r.path,
      received: "nothing",
      accepted: `the exact version of ${r.what}`,
      fix: `set ${r.setting}; there is no default`,
    }));
  }
  for (const r of missing) {
    void pulumi.log.warn(`${component}: ${r.path} is missing; set ${r.setting} before up (version of ${r.what})`);
  }
  return [];
}
