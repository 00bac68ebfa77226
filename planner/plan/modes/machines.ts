// What every way to host needs of the fleet and of the machines one can rent.
import { priceOf } from "../../catalog/catalog";
import { LIMITS } from "../../catalog/limits";
import { GROUNDSEG_EXTRA_GIB, LEAST_HOST_GIB } from "../../host-fields";
import type { OwnHost } from "../../requirements/schema";
import type { Berth } from "../berths";
import { type Context, HOURS_PER_MONTH, once } from "../draft";
import type { Provider, Rejection } from "../schema";

/** Root disk of an EC2 host, GiB. */
export const EC2_ROOT_GIB = 30;
/** Snapshot storage a ship adds up to with 8 GB in use, GB (reference model: 8 GB and its changes). */
export const SNAPSHOT_GB_PER_SHIP = 10.8;
/** Access logs kept of one backup bucket, GB. Own judgment, unmeasured: some hundred bytes a request, few requests. */
export const ACCESS_LOG_GB = 1;

/** What the operating system and the host's own services keep, GiB (reference model: 1.5 on a GroundSeg host). */
export const HOST_OVERHEAD_GIB = 1.5;

type Room = Pick<Berth, "memoryMiB" | "diskGiB" | "ships">;

const memoryForShips = (memoryGiB: number): number => Math.max(0, Math.floor((memoryGiB - HOST_OVERHEAD_GIB) * 1024));

/** What a GroundSeg host has for ships; its volume is made for their piers. */
export const groundsegRoom = (memoryGiB: number): Room => ({
  memoryMiB: memoryForShips(memoryGiB),
  diskGiB: Infinity,
  ships: LIMITS.groundsegShips.value,
});

/** What an own host has for ships. It belongs to one cell, so it holds no more of them than a cell does. */
export const ownRoom = (host: Pick<OwnHost, "memoryGiB" | "diskGiB">): Room => ({
  memoryMiB: memoryForShips(host.memoryGiB),
  diskGiB: Math.max(0, host.diskGiB - GROUNDSEG_EXTRA_GIB),
  ships: LIMITS.cellShips.value,
});

/** A machine one can rent, whoever rents it out. */
export interface HostSize {
  name: string;
  arch: "x86_64" | "arm64";
  memoryGiB: number;
  vcpu: number | null;
  diskGiB: number;
  burstable: boolean;
  /** Price a month in the provider's own currency, for ordering; null when unknown. */
  monthly: number | null;
}

/** Host sizes a provider rents in a region, cheapest first. */
export function hostSizes(context: Context, provider: Provider, region: string): HostSize[] {
  return once(context, `sizes/${provider}/${region}`, () => {
    const { catalog } = context;
    const price = (item: string, hours: number) => {
      const { value } = priceOf(catalog, provider, item, region);
      return value === null ? null : value * hours;
    };
    const sizes: HostSize[] =
      provider === "digitalocean"
        ? catalog.droplets.map((d) => ({
            name: d.slug,
            arch: "x86_64",
            memoryGiB: d.memoryGiB,
            vcpu: d.vcpu,
            diskGiB: d.diskGiB,
            burstable: false,
            monthly: price(`droplet:${d.slug}`, 1),
          }))
        : provider === "aws"
          ? catalog.instanceTypes.map((t) => ({
              name: t.name,
              arch: t.arch,
              memoryGiB: t.memoryGiB,
              vcpu: t.vcpu,
              diskGiB: EC2_ROOT_GIB,
              burstable: t.burstable,
              monthly: price(`ec2:${t.name}`, HOURS_PER_MONTH),
            }))
          : catalog.hetznerServers.map((h) => ({
              name: h.name,
              arch: h.arch,
              memoryGiB: h.memoryGiB,
              vcpu: null,
              diskGiB: 0,
              burstable: false,
              monthly: price(`server:${h.name}`, HOURS_PER_MONTH),
            }));
    return sizes.sort((a, b) => (a.monthly ?? Infinity) - (b.monthly ?? Infinity) || (a.name < b.name ? -1 : 1));
  });
}

/** Sizes hosts may have: what a host is never made of is not offered; the wished EC2 families, where there are wishes. */
export function allowedSizes(context: Context, provider: Provider, region: string): HostSize[] {
  const families = context.requirements.cluster.families;
  const all = hostSizes(context, provider, region).filter((s) => s.memoryGiB >= LEAST_HOST_GIB);
  return provider === "aws" && families !== undefined
    ? all.filter((s) => families.includes(s.name.split(".")[0]!))
    : all;
}

/** Ships grouped by the memory they ask for. */
export function memoryGroups(context: Context, count: number): { memoryGiB: number; ships: number }[] {
  const { ships } = context.requirements;
  const groups = new Map<number, number>();
  for (const ship of ships.named.slice(0, count)) groups.set(ship.memoryGiB, (groups.get(ship.memoryGiB) ?? 0) + 1);
  const unnamed = count - Math.min(count, ships.named.length);
  if (unnamed > 0) groups.set(ships.memoryGiB, (groups.get(ships.memoryGiB) ?? 0) + unnamed);
  return [...groups].map(([memoryGiB, n]) => ({ memoryGiB, ships: n })).sort((a, b) => a.memoryGiB - b.memoryGiB);
}

export function largestMemory(context: Context): number {
  return Math.max(...memoryGroups(context, context.requirements.ships.count).map((g) => g.memoryGiB));
}

export function totalDisk(context: Context, count: number): number {
  const { ships } = context.requirements;
  const named = ships.named.slice(0, count);
  return named.reduce((sum, s) => sum + s.diskGiB, 0) + (count - named.length) * ships.diskGiB;
}

/** No machine one can rent has the memory a ship asks for. */
export const tooLarge = (need: number, have: number): Rejection => ({
  code: "capacity",
  limit: "memory of the largest machine, GiB",
  have,
  need,
  fix: "lower ships.memoryGiB",
});
