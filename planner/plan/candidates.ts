// Every way to host, every time: what was not chosen is part of the answer.
import { defaultRegion, jurisdiction } from "../catalog/regions";
import { Bill, type Context, type Draft } from "./draft";
import { comparedCluster, doksDraft, eksDraft, existingClusterDraft } from "./modes/clusters";
import { bareMetalDraft, groundsegDraft, hybridDraft, vpsDraft } from "./modes/hosts";
import type { Provider } from "./schema";

const RENTED: Provider[] = ["digitalocean", "aws", "hetzner"];

export function draftCandidates(context: Context): Draft[] {
  const regions = (provider: Provider) => regionsFor(context, provider);
  const each = (providers: Provider[], draft: (provider: Provider, region: string) => Draft) =>
    providers.flatMap((p) => regions(p).map((region) => draft(p, region)));
  return [
    managedDraft(context),
    bareMetalDraft(context),
    ...each(RENTED, (p, region) => vpsDraft(context, "vps", p, region)),
    ...each(RENTED, (p, region) => vpsDraft(context, "multi-vps", p, region)),
    ...each(RENTED, (p, region) => groundsegDraft(context, p, region)),
    ...each(["aws"], (_, region) => eksDraft(context, region)),
    ...each(["digitalocean"], (_, region) => doksDraft(context, region)),
    ...each(["gcp"], (_, region) => comparedCluster(context, "gke", region)),
    ...each(["azure"], (_, region) => comparedCluster(context, "aks", region)),
    existingClusterDraft(context),
    ...each(["digitalocean"], (p, region) => hybridDraft(context, p, region)),
  ];
}

/** The allowed regions of a provider; without any, the provider's default one for the residency asked for. */
function regionsFor(context: Context, provider: Provider): string[] {
  const { allowed, residency = "none" } = context.requirements.regions;
  const mine = (allowed ?? []).filter((region) => jurisdiction(provider, region) !== null);
  return mine.length > 0 ? [...new Set(mine)] : [defaultRegion(provider, residency)];
}

/** Advice, not a build: a hosting service runs the ship. No price of one is in a stored source. */
function managedDraft(context: Context): Draft {
  const bill = new Bill(context, "own", "own").given("hosting service", null);
  return {
    id: "managed/own/any",
    mode: "managed",
    provider: "own",
    region: "any",
    zones: [],
    rejections: [],
    lines: bill.lines.map((l) => ({
      ...l,
      basis: "unverified",
      source: "no stored source has a hosting service's price",
    })),
    nodes: [],
    capacity: { ships: null, boundBy: "the service" },
    minutesToDeploy: null,
    recovery: { rpoHours: null, rtoHours: null, note: "ask the service" },
    notes: [],
  };
}
