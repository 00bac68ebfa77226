// Machines the user owns, alone or first before a cloud.
import type { OwnHost } from "../../requirements/schema";
import { type Berth, moor } from "../berths";
import { Bill, type Context, type Draft, MINUTES } from "../draft";
import type { PlannedNode, Provider, Rejection } from "../schema";
import { hostDraft, vpsDraft } from "./hosts";
import { ownRoom } from "./machines";
import { moorings, roomLeft } from "./shared-hosts";

/** Machines the user owns, at the price the user gave. */
export function bareMetalDraft(context: Context): Draft {
  const { ships, existing } = context.requirements;
  const { hosts: own, holds: capacity } = ownFleet(context);
  const rejections: Rejection[] = [];
  if (own.length === 0)
    rejections.push({
      code: "existing",
      limit: "hosts of your own",
      have: 0,
      need: 1,
      fix: "list them under existing.hosts with memoryGiB, diskGiB and monthly",
    });
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
  const { hosts: own, left } = ownFleet(context);
  const overflow = left.length;
  const abroad = new Set(left);
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
      ships: { ...ships, count: Math.max(1, overflow), named: ships.named.filter((_, i) => abroad.has(i)) },
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
    capacity: { ships: ships.count, boundBy: "your hosts, then one VPS a ship" },
    minutesToDeploy: inCloud.minutesToDeploy === null ? null : inCloud.minutesToDeploy + MINUTES.host,
  };
}

interface OwnCapacity extends OwnHost {
  name: string;
  holds: number;
  boundBy: string;
}

interface OwnFleet {
  hosts: OwnCapacity[];
  /** Ships they hold: all of these, and as many more of the usual size as fit. */
  holds: number;
  /** Whom no host has room for, by place in the file. */
  left: number[];
}

function ownFleet(context: Context): OwnFleet {
  const { ships } = context.requirements;
  const own = (context.requirements.existing.hosts ?? []).map((host, i) => ({
    ...host,
    name: host.name ?? `host-${i + 1}`,
  }));
  const berths = own.map((host): Berth => ({
    ...ownRoom(host),
    name: host.name,
    domain: host.failureDomain ?? host.name,
  }));
  const usual = { memoryMiB: Math.ceil(ships.memoryGiB * 1024), diskGiB: ships.diskGiB };
  const all = ships.named.some((s) => s.memoryGiB !== ships.memoryGiB || s.diskGiB !== ships.diskGiB)
    ? moorings(context)
    : [];
  const { places, left } = moor(all, berths);
  const hosts = own.map((host, i): OwnCapacity => {
    const aboard = all.filter((s) => places.get(s.id) === host.name);
    const berth = berths[i]!;
    const disk = (berth.diskGiB - aboard.reduce((sum, s) => sum + s.diskGiB, 0)) / usual.diskGiB;
    const memory = (berth.memoryMiB - aboard.reduce((sum, s) => sum + s.memoryMiB, 0)) / usual.memoryMiB;
    return {
      ...host,
      holds: aboard.length + (left.length > 0 ? 0 : roomLeft(berth, aboard, usual)),
      boundBy: disk < memory ? "disk" : "memory",
    };
  });
  const holds = hosts.reduce((n, h) => n + h.holds, 0);
  // Ships of one size need no stowing: who comes last is left.
  const over = all.length > 0 ? left.map((s) => Number(s.id)) : range(holds, ships.count);
  return { hosts, holds, left: over };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

const ownNode = (host: OwnCapacity): PlannedNode => ({
  type: `own:${host.name}`,
  count: 1,
  zone: "own",
  role: "host",
  arch: host.arch ?? "x86_64",
  ships: host.holds,
  boundBy: host.boundBy,
});
