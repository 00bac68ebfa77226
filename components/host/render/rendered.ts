// From settings to text: files, user-data, script.
import type { Architecture, LockedHost } from "../../../planner/architecture/schema";
import { bootstrapFile, hostFiles, hostSteps } from "./bootstrap";
import { cloudConfig, deliverUserData, HostRefused, hostScript, type UserData } from "./deliver";
import type { HostFile, HostStep } from "./file";
import { hostProblems, missingVersions, OPEN_IN_PREVIEW } from "./problems";
import { withoutComments } from "./comments";
import { hostSettings, type HostSettings, type RenderHostOptions } from "./settings";

export { HostRefused } from "./deliver";

export interface RenderedHost {
  /** `#cloud-config`, plain text. */
  userData: string;
  /** As the host's provider takes it. */
  delivered: UserData;
  /** The same files and steps as one idempotent script for a host that exists already. */
  script: string;
  files: HostFile[];
  steps: HostStep[];
  /** Versions and checksums that were not given, as paths in the requirements; `up` refuses while there are any. */
  missing: string[];
}

/** One host of a lock. Throws on problems and, unless `allowMissing`, on missing versions. */
export function renderHost(host: LockedHost, architecture: Architecture, opts: RenderHostOptions = {}): RenderedHost {
  return renderSettings(hostSettings(host, architecture, opts), opts);
}

export function renderSettings(settings: HostSettings, opts: RenderHostOptions = {}): RenderedHost {
  const missing = missingVersions(settings);
  const refusals = [
    ...hostProblems(settings)
      // A preview may be made before keys and networks are known; `up` may not.
      .filter((p) => !(opts.allowMissing && OPEN_IN_PREVIEW.has(p.code)))
      .map((p) => `${p.path}: received ${p.received}; accepted: ${p.accepted}; ${p.fix}`),
    ...(opts.allowMissing
      ? []
      : missing.map(
          (path) => `${path}: received nothing; accepted: a version and its SHA-256; give both, there is no default`,
        )),
  ];
  if (refusals.length > 0)
    throw new HostRefused(`host ${settings.name}:\n${refusals.map((r) => `  - ${r}`).join("\n")}`);
  const files = [...hostFiles(settings), bootstrapFile(settings)].map(withoutComments);
  const userData = cloudConfig(settings, files, missing);
  return {
    userData,
    delivered: deliverUserData(settings, userData),
    script: hostScript(settings, files, missing),
    files,
    steps: hostSteps(settings),
    missing,
  };
}
