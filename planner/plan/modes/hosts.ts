// Ships on rented hosts of their own: a VPS a ship, or GroundSeg hosts with several.
import { priceOf } from "../../catalog/catalog";
import { LIMITS } from "../../catalog/limits";
import { zonesOf } from "../../catalog/regions";
import { GROUNDSEG_EXTRA_GIB } from "../../host-fields";
import { Bill, type Context, type Draft, HOURS_PER_MONTH, MINUTES } from "../draft";
import { recoveryOnAws, recoveryOnHosts } from "../recovery";
import { claimVolumes, dropletBackups } from "../host-wishes";
import { secondRegionLines } from "./second-region";
import type { CostLine, PlannedNode, Provider, Rejection } from "../schema";
import { sharedHosts } from "./shared-hosts";
import {
  allowedSizes,
  EC2_ROOT_GIB,
  type HostSize,
  largestMemory,
  memoryGroups,
  ACCESS_LOG_GB,
  SNAPSHOT_GB_PER_SHIP,
  tooLarge,
  totalDisk,
} from "./machines";

/** One VPS a ship. `vps` is the case of one ship, `multi-vps` of several. */
export function vpsDraft(context: Context, mode: "vps" | "multi-vps", provider: Provider, region: string): Draft {
  const { ships } = context.requirements;
  const rejections: Rejection[] = [];
  if (mode === "vps" && ships.count > 1)
    rejections.push({
      code: "capacity",
      limit: "ships on one VPS",
      have: 1,
      need: ships.count,
      fix: "take multi-vps: a host for each ship",
    });
  if (mode === "multi-vps" && ships.count === 1)
    rejections.push({
      code: "capacity",
      limit: "ships for several hosts",
      have: 1,
      need: 2,
      fix: "take vps: one ship needs one host",
    });

  const count = ships.count;
  const wanted = memoryGroups(context, count);
  const sizes = allowedSizes(context, provider, region);
  const bill = new Bill(context, provider, region);
  const nodes: PlannedNode[] = [];
  const zones = zonesOf(provider, region, context.requirements.cluster.zones);
  for (const { memoryGiB, ships: n } of wanted) {
    const size = sizes.find((s) => s.memoryGiB >= memoryGiB);
    if (size === undefined) {
      rejections.push(tooLarge(memoryGiB, Math.max(0, ...sizes.map((s) => s.memoryGiB))));
      continue;
    }
    const low = context.requirements.given.includes("ships.memoryGiB")
      ? undefined
      : sizes.find((s) => s.memoryGiB >= Math.min(2, memoryGiB));
    machineLines(bill, provider, size, n, "per-ship", low);
    if (provider === "digitalocean")
      dropletBackups(context, bill, { region, size: size.name, count: n, kind: "per-ship" });
    nodes.push(...placed(size, n, 1, "one ship a host", zones, region));
  }
  volumeLines(bill, provider, totalDisk(context, count), zones.length > 0 ? count * EC2_ROOT_GIB : 0);
  addressLines(bill, provider, count, context);
  if (provider === "aws") backupLines(bill, context, count);
  if (provider === "digitalocean") claimVolumes(context, bill, region, count, false);
  return {
    ...hostDraft(context, mode, provider, region, rejections, bill.lines, nodes),
    zones,
    capacity: { ships: count, boundBy: "one ship a host" },
    minutesToDeploy: MINUTES.host + MINUTES.betweenBatches * (Math.ceil(count / LIMITS.dropletsAtOnce.value) - 1),
  };
}

/** GroundSeg hosts: Docker and GroundSeg, several ships a host, keys given by hand in its own pages. */
export function groundsegDraft(context: Context, provider: Provider, region: string): Draft {
  const { ships } = context.requirements;
  const sizes = allowedSizes(context, provider, region).filter((s) => s.monthly !== null);
  // What a ship's own disk costs is the same on any host, so only the host and the extra room of its volume decide.
  const extra = GROUNDSEG_EXTRA_GIB * (priceOf(context.catalog, provider, volumeItem(provider), region).value ?? 0);
  const families = context.requirements.cluster.families?.join() ?? "";
  const mix = sharedHosts(context, `groundseg/${provider}/${region}/${families}`, sizes, extra);
  const rejections: Rejection[] =
    mix === null ? [tooLarge(largestMemory(context), Math.max(0, ...sizes.map((s) => s.memoryGiB)))] : [];
  const bill = new Bill(context, provider, region);
  const zones = zonesOf(provider, region, context.requirements.cluster.zones);
  const nodes: PlannedNode[] = [];
  const machines = mix?.machines ?? [];
  for (const size of sizes) {
    const mine = machines.filter((m) => m === size.name);
    if (mine.length === 0) continue;
    machineLines(bill, provider, size, mine.length, "fixed");
    if (provider === "digitalocean")
      dropletBackups(context, bill, { region, size: size.name, count: mine.length, kind: "fixed" });
    const held = mix!.holds(size);
    nodes.push(
      ...placed(
        size,
        mine.length,
        held,
        held === LIMITS.groundsegShips.value ? "ships on one host" : "memory",
        zones,
        region,
      ),
    );
  }
  volumeLines(
    bill,
    provider,
    totalDisk(context, ships.count) + machines.length * GROUNDSEG_EXTRA_GIB,
    zones.length > 0 ? machines.length * EC2_ROOT_GIB : 0,
  );
  addressLines(bill, provider, machines.length, context);
  // A ship's claim is a volume named by its @p: creating a second of that name is refused (design §2 rule 1).
  if (provider === "digitalocean") claimVolumes(context, bill, region, ships.count, true);
  if (provider === "aws") backupLines(bill, context, ships.count);
  return {
    ...hostDraft(context, "groundseg", provider, region, rejections, bill.lines, nodes),
    zones,
    capacity: {
      ships: machines.length === 0 ? 0 : nodes.reduce((n, host) => n + host.ships * host.count, 0),
      boundBy: nodes[0]?.boundBy ?? "memory",
    },
    minutesToDeploy: MINUTES.host + MINUTES.perShipByHand * ships.count,
  };
}

/** To rebuild a lost host by hand. Own judgment, unmeasured. */
const HOST_RTO_HOURS = 8;

/** What every host has in common, to be completed by its mode. */
export function hostDraft(
  context: Context,
  mode: Draft["mode"],
  provider: Provider,
  region: string,
  rejections: Rejection[],
  lines: CostLine[],
  nodes: PlannedNode[],
): Draft {
  const onAws = provider === "aws" && mode !== "hybrid";
  return {
    id: [mode, provider, region].join("/"),
    mode,
    provider,
    region,
    zones: [],
    rejections,
    lines,
    nodes,
    capacity: { ships: null, boundBy: "" },
    minutesToDeploy: null,
    recovery: onAws
      ? recoveryOnAws(
          context.requirements,
          { rtoHours: HOST_RTO_HOURS, note: "a lost volume means a breach, and a lost host is rebuilt by hand" },
          null,
        )
      : recoveryOnHosts(context.requirements, HOST_RTO_HOURS),
    notes: [],
  };
}

function machineLines(
  bill: Bill,
  provider: Provider,
  size: HostSize,
  count: number,
  kind: CostLine["kind"],
  low?: HostSize,
): void {
  const resources =
    { digitalocean: ["digitalocean:index/droplet:Droplet"], aws: ["aws:ec2/instance:Instance"] }[provider as string] ??
    [];
  const cheaper = low !== undefined && low.monthly !== null && size.monthly !== null && low.monthly < size.monthly;
  const options = { resources, ...(cheaper ? { driver: "memory per ship, 2 GiB in the low case" } : {}) };
  const scale = cheaper ? low.monthly! / size.monthly! : 1;
  if (provider === "digitalocean")
    bill.add(`droplet ${size.name}`, kind, count, "month", `droplet:${size.name}`, {
      ...options,
      ...(cheaper ? { low: count * scale } : {}),
    });
  else {
    const hours = count * HOURS_PER_MONTH;
    const item = provider === "aws" ? `ec2:${size.name}` : `server:${size.name}`;
    bill.add(`${provider === "aws" ? "EC2" : "server"} ${size.name}`, kind, hours, "hour", item, {
      ...options,
      ...(cheaper ? { low: hours * scale } : {}),
    });
  }
}

const volumeItem = (provider: Provider): string => (provider === "aws" ? "gp3Storage" : "volume");

function volumeLines(bill: Bill, provider: Provider, pierGiB: number, rootGiB: number): void {
  const resources =
    { digitalocean: ["digitalocean:index/volume:Volume"], aws: ["aws:ebs/volume:Volume"] }[provider as string] ?? [];
  bill.add("pier volumes", "per-ship", pierGiB, "GiB-month", volumeItem(provider), { resources });
  bill.add("root volumes", "fixed", rootGiB, "GiB-month", volumeItem(provider), {
    resources: ["aws:ec2/instance:Instance"],
  });
}

function addressLines(bill: Bill, provider: Provider, hosts: number, context: Context): void {
  if (provider !== "aws") return;
  const { ships } = context.requirements;
  bill.add("public IPv4 addresses", "fixed", hosts * HOURS_PER_MONTH, "hour", "publicIpv4", {
    resources: ["aws:ec2/eip:Eip"],
  });
  const egress = ships.count * ships.egressGiB;
  bill.add("internet egress", "usage", egress, "GB", "egressInternetFirst10TB", {
    low: ships.count,
    high: ships.count * 20,
    driver: "egress of 1 to 20 GB a ship",
  });
}

/** Snapshots, and the bucket beside them with its key. */
function backupLines(bill: Bill, context: Context, count: number): void {
  bill.add("snapshots of pier volumes", "per-ship", SNAPSHOT_GB_PER_SHIP * count, "GB-month", "ebsSnapshot", {
    resources: ["aws:dlm/lifecyclePolicy:LifecyclePolicy"],
    low: 8 * count,
    high: context.requirements.ships.diskGiB * 1.35 * count,
    driver: "how much of the piers changes between snapshots",
  });
  bill
    .add("backup bucket", "per-ship", 5 * count, "GB-month", "s3StandardIa", {
      low: 0,
      high: 8 * count,
      driver: "exports kept, 0 to 8 GB a ship",
      resources: ["aws:s3/bucket:Bucket"],
    })
    .add("access logs of the backup bucket", "usage", ACCESS_LOG_GB, "GB-month", "s3Standard", {
      low: 0,
      high: 10 * ACCESS_LOG_GB,
      driver: "how often the bucket is asked",
      resources: ["aws:s3/bucket:Bucket"],
    })
    .add("KMS key of the backups", "fixed", 1, "month", "kmsKey", { resources: ["aws:kms/key:Key"] });
  secondRegionLines(context, bill);
}

function placed(
  size: HostSize,
  count: number,
  ships: number,
  boundBy: string,
  zones: string[],
  region: string,
): PlannedNode[] {
  const places = zones.length > 0 ? zones : [region];
  return places.flatMap((zone, i) => {
    const here = Math.floor(count / places.length) + (i < count % places.length ? 1 : 0);
    return here === 0
      ? []
      : [{ type: size.name, count: here, zone, role: "host" as const, arch: size.arch, ships, boundBy }];
  });
}
