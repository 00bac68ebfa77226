// Regions by the providers' own names, and where their data lies.
import data from "./regions.json";
import type { Provider } from "../plan/schema";

type Cloud = keyof typeof data.providers;
type RegionList = { default: Record<"none" | "us" | "eu", string>; us: string[]; eu: string[]; other: string[] };
const lists = data.providers as Record<Cloud, RegionList>;
export const CLOUDS = Object.keys(lists) as Cloud[];

/** us, eu, or other: the jurisdiction a region's data lies in; null for a region nobody has. */
export function jurisdiction(provider: Provider, region: string): "us" | "eu" | "other" | null {
  const list = lists[provider as Cloud];
  if (list === undefined) return null;
  return list.us.includes(region)
    ? "us"
    : list.eu.includes(region)
      ? "eu"
      : list.other.includes(region)
        ? "other"
        : null;
}

export function providersOfRegion(region: string): Provider[] {
  return CLOUDS.filter((p) => jurisdiction(p, region) !== null);
}

export function regionsOf(provider: Provider): string[] {
  const list = lists[provider as Cloud];
  return list === undefined ? [] : [...list.us, ...list.eu, ...list.other];
}

export function knownRegions(): string[] {
  return CLOUDS.flatMap((p) => regionsOf(p));
}

/** The region taken when the requirements name none. */
export function defaultRegion(provider: Provider, residency: "us" | "eu" | "none"): string {
  return lists[provider as Cloud].default[residency];
}

/** Availability zone names of an AWS region: the first `count` letters. Zone letters map to other buildings in each account. */
export function zonesOf(provider: Provider, region: string, count: number): string[] {
  return provider === "aws" ? ["a", "b", "c"].slice(0, count).map((z) => `${region}${z}`) : [];
}
