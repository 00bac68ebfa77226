// Hosts of a lock: recorded ones keep name, cell and ships; the plan's sizes are dealt out to them, then to new ones.
import type { Catalog } from "../catalog/catalog";
import { EC2_ROOT_GIB } from "../plan/modes/machines";
import type { Candidate, PlannedNode } from "../plan/schema";
import { MAX_SHIPS_PER_CELL } from "../predicates";
import type { OwnHost } from "../requirements/schema";
import { CellContent, type Cells } from "./cells";
import type { FleetShip } from "./fleet";
import { type LockProblem, problem } from "./problem";
import { noRoom } from "./place";
import type { LockedHost, Tombstone } from "./schema";

/** Docker images and the daemon beside the piers on a GroundSeg volume, as the plan prices it. */
const GROUNDSEG_EXTRA_GIB = 20;
/** GroundSeg makes a swap file of this size unless told otherwise (its default `swapVal`). */
const GROUNDSEG_SWAP_GIB = 16;

/** A host to be: a recorded one with the size it will have, or a new one. */
export interface HostPlan {
  name: string;
  kind: LockedHost["kind"];
  cell: string;
  node: PlannedNode;
  previous: LockedHost | null;
  own: OwnHost | null;
}

export interface HostInput {
  ships: FleetShip[];
  candidate: Candidate;
  ownHosts: OwnHost[];
  previous: LockedHost[];
  tombstones: Tombstone[];
  cells: Cells;
  catalog: Catalog;
}

export interface HostPlacement {
  placed: { ship: FleetShip; host: HostPlan }[];
  hosts: HostPlan[];
  /** Ships no host has room for, to go on in the cloud or to be refused. */
  left: FleetShip[];
  problems: LockProblem[];
}

export const isOwnNode = (node: PlannedNode): boolean => node.type.startsWith("own:");
export const isHostMode = (mode: string): boolean =>
  ["vps", "multi-vps", "groundseg", "bare-metal", "hybrid"].includes(mode);

const one = (nodes: PlannedNode[]): PlannedNode[] =>
  nodes.flatMap((n) => Array.from({ length: n.count }, () => ({ ...n, count: 1 })));

/** Hosts that hold several ships: GroundSeg, and machines of one's own. Whole hosts go into a cell. */
export function placeOnShared(input: HostInput, kind: "groundseg" | "bare-metal"): HostPlacement {
  const { ships, candidate, ownHosts, cells } = input;
  const units = one(candidate.nodes.filter((n) => n.role === "host" && (kind === "bare-metal") === isOwnNode(n)));
  const own = new Map(ownHosts.map((h, i) => [h.name ?? `host-${i + 1}`, h]));
  const previous = input.previous.filter((h) => h.kind === kind);
  const names = new Set(previous.map((h) => h.name));
  const hosts: HostPlan[] = [];
  const spare = [...units];
  const take = (fits: (n: PlannedNode) => boolean): PlannedNode | undefined => {
    const at = spare.findIndex(fits);
    return at < 0 ? undefined : spare.splice(at, 1)[0];
  };
  const problems: LockProblem[] = [];
  const seats = (name: string, claimed: boolean): number =>
    ships.filter((s) => s.seat?.host === name && (!claimed || s.claim !== "unclaimed")).length;
  const sizeOf = (h: LockedHost): string => (kind === "bare-metal" ? `own:${h.name}` : h.size);
  const inZone = (h: LockedHost) => (n: PlannedNode) => h.zone === null || n.zone === h.zone;
  const settled = new Map<string, PlannedNode>();
  // The same size in the same zone first, then the same size, then (a resize) any that holds its ships.
  const rounds: ((h: LockedHost, n: PlannedNode) => boolean)[] = [
    (h, n) => n.type === sizeOf(h) && inZone(h)(n) && n.ships >= seats(h.name, false),
    (h, n) => n.type === sizeOf(h) && n.ships >= seats(h.name, true),
    (h, n) => kind === "groundseg" && n.ships >= seats(h.name, false),
  ];
  const needed = previous.filter((h) => seats(h.name, false) > 0 || input.tombstones.some((t) => t.host === h.name));
  for (const fits of rounds)
    for (const h of needed) {
      if (settled.has(h.name)) continue;
      const node = take((n) => fits(h, n));
      // A host never changes its zone: its volume cannot follow.
      if (node) settled.set(h.name, { ...node, zone: h.zone ?? node.zone });
    }
  for (const h of previous) {
    const buried = input.tombstones.some((t) => t.host === h.name);
    const claimed = seats(h.name, true);
    let node = settled.get(h.name);
    if (!node && (claimed > 0 || buried)) {
      // A host the plan has no size for any more keeps its own: ships never move by re-planning.
      node = keptNode(h, seats(h.name, false));
      const now = units.find((n) => n.type === sizeOf(h));
      if (now && now.ships < claimed) problems.push(overfull(h, claimed, now.ships));
    }
    if (!node) {
      names.delete(h.name);
      continue;
    }
    cells.promise(h.cell, node.ships);
    hosts.push({ name: h.name, kind, cell: h.cell, node, previous: h, own: own.get(h.name) ?? null });
  }
  const used = new Map(hosts.map((h) => [h.name, 0]));
  const placed: HostPlacement["placed"] = [];
  const seat = (ship: FleetShip, host: HostPlan): void => {
    used.set(host.name, (used.get(host.name) ?? 0) + 1);
    cells.seat(host.cell, CellContent.Hosts);
    placed.push({ ship, host });
  };
  const waiting: FleetShip[] = [];
  for (const ship of ships) {
    const host = ship.seat?.host ? hosts.find((h) => h.name === ship.seat!.host) : undefined;
    if (host && (ship.claim !== "unclaimed" || (used.get(host.name) ?? 0) < host.node.ships)) seat(ship, host);
    else waiting.push(ship);
  }
  const left: FleetShip[] = [];
  let n = 1;
  const open = (node: PlannedNode): HostPlan => {
    while (names.has(`groundseg-${n}`)) n++;
    const name = kind === "bare-metal" ? node.type.slice("own:".length) : `groundseg-${n}`;
    names.add(name);
    const held = Math.min(node.ships, MAX_SHIPS_PER_CELL);
    // A fleet that fits one cell of own machines needs no second stack: all of them go into the first.
    const cell =
      kind === "bare-metal" && candidate.mode === "bare-metal" && ships.length <= MAX_SHIPS_PER_CELL && cells.has("c1")
        ? "c1"
        : cells.next(CellContent.Hosts, held);
    cells.promise(cell, held);
    const host = { name, kind, cell, node, previous: null, own: own.get(name) ?? null };
    hosts.push(host);
    return host;
  };
  const free = (h: HostPlan): boolean => (used.get(h.name) ?? 0) < h.node.ships && cells.room(h.cell) > 0;
  for (const ship of waiting) {
    let host = hosts.find(free);
    while (!host && spare.length > 0) {
      const opened = open(spare.shift()!);
      if (free(opened)) host = opened;
    }
    if (host) seat(ship, host);
    else left.push(ship);
  }
  const filled = hosts.filter((h) => (used.get(h.name) ?? 0) > 0 || input.tombstones.some((t) => t.host === h.name));
  return { placed, hosts: filled, left, problems };
}

function overfull(h: LockedHost, have: number, holds: number): LockProblem {
  return problem({
    code: "capacity",
    file: null,
    path: `hosts.${h.name}`,
    received: `${have} ships of this memory on ${h.name}`,
    accepted: `at most ${holds} on a host of its size`,
    fix: "Lower ships.memoryGiB, or move ships away with `roadstead ship move` (from the rollout version on) first.",
  });
}

const keptNode = (h: LockedHost, ships: number): PlannedNode => ({
  type: h.kind === "bare-metal" ? `own:${h.name}` : h.size,
  count: 1,
  zone: h.zone ?? h.region,
  role: "host",
  arch: h.arch,
  ships,
  boundBy: "recorded",
});

/** One host a ship, named by it. */
export function placeOnOwnVps(input: HostInput): HostPlacement {
  const { ships, candidate, cells, catalog } = input;
  const spare = one(candidate.nodes.filter((n) => n.role === "host" && !isOwnNode(n)));
  const memory = (n: PlannedNode): number => hardware(catalog, candidate, n)?.memoryGiB ?? 0;
  const previous = new Map(input.previous.filter((h) => h.kind === "vps").map((h) => [h.name, h]));
  const take = (fits: (n: PlannedNode) => boolean): PlannedNode | undefined => {
    const at = spare.findIndex(fits);
    return at < 0 ? undefined : spare.splice(at, 1)[0];
  };
  const recorded = new Map(
    ships.flatMap((s) =>
      s.seat?.host && previous.has(s.seat.host) ? [[s.id, previous.get(s.seat.host)!] as const] : [],
    ),
  );
  const chosen = new Map<string, PlannedNode>();
  const zoneOf = (s: FleetShip): string | null => recorded.get(s.id)?.zone ?? s.seat?.zone ?? null;
  const holds = (s: FleetShip, n: PlannedNode): boolean => memory(n) * 1024 >= s.memoryMiB;
  // A volume never leaves its zone, so neither does the host; the plan's own spread over zones is for new ones.
  const choose = (s: FleetShip, node: PlannedNode): unknown =>
    chosen.set(s.id, { ...node, zone: zoneOf(s) ?? node.zone });
  const sameSize = (s: FleetShip, n: PlannedNode): boolean => n.type === recorded.get(s.id)?.size && holds(s, n);
  const sameZone = (s: FleetShip, n: PlannedNode): boolean => zoneOf(s) === null || n.zone === zoneOf(s);
  for (const fits of [(s: FleetShip, n: PlannedNode) => sameSize(s, n) && sameZone(s, n), sameSize])
    for (const ship of ships) {
      if (chosen.has(ship.id) || !recorded.has(ship.id)) continue;
      const node = take((n) => fits(ship, n));
      if (node) choose(ship, node);
    }
  // The smallest machine that is large enough, the least demanding ships first.
  spare.sort((a, b) => memory(a) - memory(b));
  const left: FleetShip[] = [];
  for (const ship of [...ships].sort((a, b) => a.memoryMiB - b.memoryMiB)) {
    if (chosen.has(ship.id)) continue;
    const old = recorded.get(ship.id);
    const node =
      take((n) => holds(ship, n) && sameZone(ship, n)) ?? take((n) => holds(ship, n)) ?? (old && keptNode(old, 1));
    if (node) choose(ship, node);
    else left.push(ship);
  }
  const hosts: HostPlan[] = [];
  const placed: HostPlacement["placed"] = [];
  const settle = (ship: FleetShip, cell: string): void => {
    const host: HostPlan = {
      name: ship.id,
      kind: "vps",
      cell,
      node: chosen.get(ship.id)!,
      previous: recorded.get(ship.id) ?? null,
      own: null,
    };
    hosts.push(host);
    placed.push({ ship, host });
    cells.seat(cell, CellContent.Hosts);
    cells.promise(cell, 1);
  };
  const housed = ships.filter((s) => chosen.has(s.id));
  for (const ship of housed) if (ship.seat) settle(ship, ship.seat.cell);
  for (const ship of housed) if (!ship.seat) settle(ship, cells.next(CellContent.Hosts));
  return {
    placed,
    hosts,
    left,
    problems: noRoom(
      left,
      "a host of the candidate for every ship",
      "Plan again with these requirements: the plan and the requirements do not belong together.",
    ),
  };
}

export function lockedHost(
  host: HostPlan,
  ships: FleetShip[],
  keptGiB: number,
  candidate: Candidate,
  catalog: Catalog,
): LockedHost {
  const { node, own, previous } = host;
  const piers =
    ships.reduce((sum, s) => sum + s.diskGiB, keptGiB) + (host.kind === "groundseg" ? GROUNDSEG_EXTRA_GIB : 0);
  const hw = own ? null : hardware(catalog, candidate, node);
  return {
    name: host.name,
    kind: host.kind,
    provider: isOwnNode(node) ? "own" : candidate.provider,
    region: isOwnNode(node) ? "own" : candidate.region,
    zone: candidate.provider === "aws" && !isOwnNode(node) ? node.zone : null,
    size: isOwnNode(node) ? "own" : node.type,
    arch: node.arch,
    vcpu: hw?.vcpu ?? (own ? null : (previous?.vcpu ?? null)),
    memoryGiB: own?.memoryGiB ?? hw?.memoryGiB ?? previous?.memoryGiB ?? 0,
    rootDiskGiB: own?.diskGiB ?? hw?.diskGiB ?? previous?.rootDiskGiB ?? 0,
    // A volume can only grow: shrinking one means another volume, which is a move.
    volumeGiB: isOwnNode(node) ? null : Math.max(piers, previous?.volumeGiB ?? 0),
    // vere maps its whole loom at start: memory and swap together must cover it.
    swapGiB:
      host.kind === "groundseg"
        ? GROUNDSEG_SWAP_GIB
        : Math.min(
            16,
            ships.reduce((sum, s) => sum + 2 ** (s.loom - 30), 0),
          ),
    providerBackups: previous?.providerBackups ?? "none",
    cell: host.cell,
  };
}

function hardware(
  catalog: Catalog,
  candidate: Candidate,
  node: PlannedNode,
): { vcpu: number | null; memoryGiB: number; diskGiB: number } | null {
  if (candidate.provider === "digitalocean") {
    const d = catalog.droplets.find((x) => x.slug === node.type);
    return d ? { vcpu: d.vcpu, memoryGiB: d.memoryGiB, diskGiB: d.diskGiB } : null;
  }
  const t = catalog.instanceTypes.find((x) => x.name === node.type);
  return t ? { vcpu: t.vcpu, memoryGiB: t.memoryGiB, diskGiB: EC2_ROOT_GIB } : null;
}
