// Wishes for hosts that a way to host cannot follow, and what those cost that it can.
import { jurisdiction } from "../catalog/regions";
import { priceOf } from "../catalog/catalog";
import type { Requirements } from "../requirements/schema";
import { volumeKeyRejections } from "../volume-key";
import type { Bill, Context } from "./draft";
import type { Candidate, CostLine, Rejection } from "./schema";

type Way = Pick<Candidate, "mode" | "provider" | "region">;

const RENTED: readonly string[] = ["vps", "multi-vps", "groundseg", "hybrid"];

export function hostWishRejections(r: Requirements, way: Way): Rejection[] {
  return [...volumeKeyRejections(r, way), ...claimRegion(r, way), ...providerBackups(r, way)];
}

function claimRegion(r: Requirements, { mode, provider }: Way): Rejection[] {
  const region = r.hosts?.claimRegion;
  if (region === undefined || !RENTED.includes(mode) || jurisdiction(provider, region) !== null) return [];
  return [
    {
      code: "region",
      limit: "where ships are claimed",
      have: region,
      need: `a region of ${provider}`,
      fix: `name a region of ${provider} as hosts.claimRegion, or leave it out`,
    },
  ];
}

function providerBackups(r: Requirements, { mode, provider }: Way): Rejection[] {
  const wish = r.hosts?.providerBackups ?? "none";
  if (wish === "none" || !RENTED.includes(mode) || provider === "digitalocean") return [];
  return [
    {
      code: "not-buildable",
      limit: "the provider's backups of root disks",
      have: `none at ${provider}`,
      need: wish,
      fix: "take DigitalOcean, or leave hosts.providerBackups out: a root disk holds no pier",
    },
  ];
}

/** Backups of a droplet's root disk, as a share of its price. */
export function dropletBackups(
  context: Context,
  bill: Bill,
  at: { region: string; size: string; count: number; kind: CostLine["kind"] },
): void {
  const wish = context.requirements.hosts?.providerBackups ?? "none";
  if (wish === "none") return;
  const price = (item: string) => priceOf(context.catalog, "digitalocean", item, at.region);
  const share = price(wish === "weekly" ? "backupsWeekly" : "backupsDaily");
  const droplet = price(`droplet:${at.size}`);
  bill.addPrice(
    `${wish} backups of droplet ${at.size}`,
    at.kind,
    at.count,
    "month",
    {
      ...share,
      value: share.value === null || droplet.value === null ? null : share.value * droplet.value,
      currency: droplet.currency,
      unit: "month",
      source: `${share.source}; a share of ${share.value} of the droplet's price`,
    },
    { resources: ["digitalocean:index/droplet:Droplet"] },
  );
}

/** A planet's volume is its claim; in another claim region a second one of 1 GiB is. GroundSeg's ships always have one. */
export function claimVolumes(context: Context, bill: Bill, region: string, ships: number, always: boolean): void {
  const elsewhere = context.requirements.hosts?.claimRegion ?? region;
  if (always || elsewhere !== region)
    bill.add("claims: one 1 GiB volume a ship", "per-ship", ships, "GiB-month", "volume", {
      resources: ["digitalocean:index/volume:Volume"],
    });
}
