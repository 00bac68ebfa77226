// Every way to host, every time: what was not chosen is part of the answer.
import { defaultRegion, jurisdiction } from "../catalog/regions";
import type { Mode } from "../requirements/schema";
import { Bill, type Context, type Draft } from "./draft";
import { doksDraft } from "./modes/doks";
import { eksDraft } from "./modes/eks";
import { existingClusterDraft } from "./modes/existing";
import { groundsegDraft, vpsDraft } from "./modes/hosts";
import { comparedCluster } from "./modes/other-clusters";
import { bareMetalDraft, hybridDraft } from "./modes/own-hosts";
import type { Provider } from "./schema";

const RENTED: Provider[] = ["digitalocean", "aws", "hetzner"];

/** `only` leaves out every other way: growth and sensitivity follow one. */
export function draftCandidates(context: Context, only?: { mode: Mode; provider: Provider }): Draft[] {
  const regions = (provider: Provider) => regionsFor(context, provider);
  const each = (mode: Mode, providers: Provider[], draft: (provider: Provider, region: string) => Draft) =>
    only !== undefined && only.mode !== mode
      ? []
      : providers
          .filter((p) => only === undefined || only.provider === p)
          .flatMap((p) => regions(p).map((region) => draft(p, region)));
  const own = (mode: Mode, draft: () => Draft) => (only === undefined || only.mode === mode ? [draft()] : []);
  return [
    ...own("managed", () => managedDraft(context)),
    ...own("bare-metal", () => bareMetalDraft(context)),
    ...each("vps", RENTED, (p, region) => vpsDraft(context, "vps", p, region)),
    ...each("multi-vps", RENTED, (p, region) => vpsDraft(context, "multi-vps", p, region)),
    ...each("groundseg", RENTED, (p, region) => groundsegDraft(context, p, region)),
    ...each("eks", ["aws"], (_, region) => eksDraft(context, region)),
    ...each("doks", ["digitalocean"], (_, region) => doksDraft(context, region)),
    ...each("gke", ["gcp"], (_, region) => comparedCluster(context, "gke", region)),
    ...each("aks", ["azure"], (_, region) => comparedCluster(context, "aks", region)),
    ...own("existing-cluster", () => existingClusterDraft(context)),
    ...each("hybrid", ["digitalocean"], (p, region) => hybridDraft(context, p, region)),
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
