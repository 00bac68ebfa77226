// From settings to everything a host is: rendered text and planned resources.
import type { Architecture, LockedHost } from "../../../planner/architecture/schema";
import { awsHost } from "./aws";
import { deliveries, plannedDeliveries } from "./delivery";
import { digitalOceanHost } from "./digitalocean";
import { renderSettings, type RenderedHost } from "./rendered";
import { hostPlace, type HostPlace } from "./place";
import type { PlannedHost, PlannedResource } from "./resources";
import { HostProvider, hostSettings, type HostSettings, type RenderHostOptions } from "./settings";

interface PlanOptions extends RenderHostOptions {
  /** Keys and network come from a HostFoundation. */
  shared?: boolean;
  webOpen?: boolean;
}

/** A host of a lock as planned resources; none for an own host. */
export function plannedHost(host: LockedHost, architecture: Architecture, opts: PlanOptions = {}): PlannedHost | null {
  const settings = hostSettings(host, architecture, opts);
  const place = hostPlace(host, architecture, opts);
  return place.provider === HostProvider.Own ? null : planHost(place, settings, renderSettings(settings, opts));
}

/** What a host is delivered over SSH once its key is recorded: everything it takes. */
export function plannedSsh(
  host: LockedHost,
  architecture: Architecture,
  made: PlannedHost | null,
  opts: RenderHostOptions = {},
): PlannedResource[] {
  const settings = hostSettings(host, architecture, opts);
  const secrets = new Set(deliveries(settings).map((d) => d.secret));
  const reachable = made === null ? {} : { address: made.address, after: made.readyWhen };
  return plannedDeliveries(settings, renderSettings(settings, opts).script, { secrets, ...reachable });
}

/** `given` has no image only in a preview, where the place it would take is marked. */
export function planHost(given: HostPlace, settings: HostSettings, rendered: RenderedHost): PlannedHost {
  const place = { ...given, image: given.image ?? `[missing: versions.hostImage.${given.provider}]` };
  return place.provider === HostProvider.Aws
    ? awsHost(place, settings, rendered.delivered)
    : digitalOceanHost(place, settings, rendered.delivered.userData ?? "");
}
