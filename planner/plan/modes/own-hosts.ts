// Machines the user owns, alone or first before a cloud.
import { LIMITS } from "../../catalog/limits";
import type { OwnHost } from "../../requirements/schema";
import { Bill, type Context, type Draft, MINUTES } from "../draft";
import type { PlannedNode, Provider, Rejection } from "../schema";
import { GROUNDSEG_EXTRA_GIB, HOST_OVERHEAD_GIB, hostDraft, vpsDraft } from "./hosts";
import { largestMemory } from "./machines";

/** Machines the user owns, at the price the user gave. */
export function bareMetalDraft(context: Context): Draft {
  const { ships, existing } = context.requirements;
  const own = ownHosts(context);
  const rejections: Rejection[] = [];
  if (own.length === 0)
    rejections.push({
      code: "existing",
      limit: "hosts of your own",
      have: 0,
      need: 1,
      fix: "list them under existing.hosts with memoryGiB, diskGiB and monthly",
    });
  const capacity = own.reduce((n, h) => n + h.holds, 0);
  if (own.length > 0 && capacity < ships.count)
    rejections.push({
      code: "capacity",
      limit: "ships your hosts hold",
      have: capacity,
      need: ships.count,
      fix: `add hosts, lower ${own.some((h) => h.boundBy === "disk") ? "ships.diskGiB, since disk binds" : "ships.memoryGiB"}, or take hybrid for the overflow`,
    });
  const bill = new Bill(context, "own", "own");
  for (const host of own) bill.given(`host ${host.name}`, host.monthly ?? null);
  return {
    ...hostDraft(context, "bare-metal", "own", existing.residency ?? "own", rejections, bill.lines, own.map(ownNode)),
    capacity: { ships: capacity, boundBy: own[0]?.boundBy ?? "no hosts" },
    minutesToDeploy: own.length === 0 ? null : MINUTES.host + MINUTES.perShipByHand * ships.count,
  };
}

/** Own hosts first, the overflow one VPS a ship in a cloud. */
export function hybridDraft(context: Context, cloud: Provider, region: string): Draft {
  const { ships } = context.requirements;
  const own = ownHosts(context);
  const held = own.reduce((n, h) => n + h.holds, 0);
  const overflow = Math.max(0, ships.count - held);
  const rejections: Rejection[] = [];
  if (own.length === 0)
    rejections.push({
      code: "existing",
      limit: "hosts of your own",
      have: 0,
      need: 1,
      fix: "list them under existing.hosts, or take a mode in one place",
    });
  else if (overflow === 0)
    rejections.push({
      code: "capacity",
      limit: "ships left for the cloud",
      have: 0,
      need: 1,
      fix: "your hosts hold every ship: take bare-metal",
    });
  const rest = {
    ...context,
    requirements: {
      ...context.requirements,
      ships: { ...ships, count: Math.max(1, overflow), named: ships.named.slice(held) },
    },
  };
  const inCloud = vpsDraft(rest, "multi-vps", cloud, region);
  const bill = new Bill(context, "own", "own");
  for (const host of own) bill.given(`own host ${host.name}`, host.monthly ?? null);
  return {
    ...hostDraft(
      context,
      "hybrid",
      cloud,
      region,
      [...rejections, ...inCloud.rejections.filter((r) => r.limit !== "ships for several hosts")],
      [...bill.lines, ...inCloud.lines],
      [...own.map(ownNode), ...inCloud.nodes],
    ),
    zones: inCloud.zones,
    capacity: { ships: held + overflow, boundBy: "your hosts, then one VPS a ship" },
    minutesToDeploy: inCloud.minutesToDeploy === null ? null : inCloud.minutesToDeploy + MINUTES.host,
  };
}

interface OwnCapacity extends OwnHost {
  name: string;
  holds: number;
  boundBy: string;
}

function ownHosts(context: Context): OwnCapacity[] {
  const { ships, existing } = context.requirements;
  const memory = largestMemory(context);
  return (existing.hosts ?? []).map((host, i) => {
    const byMemory = Math.floor((host.memoryGiB - HOST_OVERHEAD_GIB) / memory);
    const byDisk = Math.floor((host.diskGiB - GROUNDSEG_EXTRA_GIB) / ships.diskGiB);
    return {
      ...host,
      name: host.name ?? `host-${i + 1}`,
      // A host belongs to one cell, so it holds no more than a cell does.
      holds: Math.max(0, Math.min(byMemory, byDisk, LIMITS.cellShips.value)),
      boundBy: byDisk < byMemory ? "disk" : "memory",
    };
  });
}

const ownNode = (host: OwnCapacity): PlannedNode => ({
  type: `own:${host.name}`,
  count: 1,
  zone: "own",
  role: "host",
  arch: host.arch ?? "x86_64",
  ships: host.holds,
  boundBy: host.boundBy,
});
