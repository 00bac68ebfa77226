// From settings to everything a host is: rendered text and planned resources.
import type { Architecture, LockedHost } from "../../../planner/architecture/schema";
import { awsHost } from "./aws";
import { deliverUserData } from "./deliver";
import { digitalOceanHost } from "./digitalocean";
import { renderSettings, type RenderedHost } from "./rendered";
import { hostPlace, type HostPlace } from "./place";
import type { PlannedHost } from "./resources";
import { HostProvider, hostSettings, type HostSettings, type RenderHostOptions } from "./settings";

/** A host of a lock as planned resources; none for an own host. `shared`: keys and network come from a HostFoundation. */
export function plannedHost(
  host: LockedHost,
  architecture: Architecture,
  opts: RenderHostOptions & { shared?: boolean; webOpen?: boolean } = {},
): PlannedHost | null {
  const settings = hostSettings(host, architecture, opts);
  const place = hostPlace(host, architecture, opts);
  return place.provider === HostProvider.Own ? null : planHost(place, settings, renderSettings(settings, opts));
}

/** `given` has no image only in a preview, where the place it would take is marked. */
export function planHost(given: HostPlace, settings: HostSettings, rendered: RenderedHost): PlannedHost {
  const place = { ...given, image: given.image ?? `[missing: versions.hostImage.${given.provider}]` };
  const delivered = deliverUserData(place.provider, rendered.userData);
  return place.provider === HostProvider.Aws
    ? awsHost(place, settings, delivered)
    : digitalOceanHost(place, settings, delivered.userData ?? "");
}
