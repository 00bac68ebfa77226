// The one bootstrap: from a locked host to files, user-data and script. Pure.
import type { Architecture, LockedHost } from "../../../planner/architecture/schema";
import { hostSettings, type HostSettings, type RenderHostOptions } from "./settings";

export * from "./settings";

export interface HostFile {
  path: string;
  /** Octal, as in chmod. */
  mode: string;
  content: string;
}

/** One step of the bootstrap: does nothing when its result is there already. */
export interface HostStep {
  id: string;
  why: string;
  run: string;
}

export interface RenderedHost {
  /** `#cloud-config`, plain text. */
  userData: string;
  /** The same files and steps as one idempotent bash script for a host that exists already. */
  script: string;
  files: HostFile[];
  steps: HostStep[];
  /** Versions and checksums that were not given, as paths in the requirements; `up` refuses while there are any. */
  missing: string[];
}

export function renderHost(host: LockedHost, architecture: Architecture, opts: RenderHostOptions = {}): RenderedHost {
  return renderSettings(hostSettings(host, architecture, opts), opts);
}

export function renderSettings(_settings: HostSettings, _opts: RenderHostOptions = {}): RenderedHost {
  throw new Error("not rendered yet");
}
