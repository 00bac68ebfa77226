// Hosts of a lock: recorded ones keep name, cell and ships; the plan's sizes are dealt out to them, then to new ones.
import type { Catalog } from "../catalog/catalog";
import { type Berth, moor } from "../plan/berths";
import { GROUNDSEG_EXTRA_GIB } from "../host-fields";
import { EC2_ROOT_GIB, groundsegRoom, ownRoom } from "../plan/modes/machines";
import type { Candidate, PlannedNode } from "../plan/schema";
import { MAX_SHIPS_PER_CELL } from "../predicates";
import type { OwnHost } from "../requirements/schema";
import { CellContent, type Cells } from "./cells";
import type { FleetShip } from "./fleet";
import { type LockProblem, problem } from "./problem";
import { noRoom } from "./place";
import type { LockedHost, Tombstone } from "./schema";
import { type VolumeInput, volumeSettings } from "./volumes";

/** As much as GroundSeg makes by itself (its default `swapVal`); here the host has it, and GroundSeg is told to make none. */
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
  const seated = (name: string, claimed: boolean): FleetShip[] =>
    ships.filter((s) => s.seat?.host === name && (!claimed || s.claim !== "unclaimed"));
  const holds = (n: PlannedNode, aboard: FleetShip[]): boolean => {
    const room = roomOf(n, input, kind);
    return (
      aboard.length <= room.ships &&
      sum(aboard, (s) => s.memoryMiB) <= room.memoryMiB &&
      sum(aboard, (s) => s.diskGiB) <= room.diskGiB
    );
  };
  const sizeOf = (h: LockedHost): string => (kind === "bare-metal" ? `own:${h.name}` : h.size);
  const inZone = (h: LockedHost) => (n: PlannedNode) => h.zone === null || n.zone === h.zone;
  const settled = new Map<string, PlannedNode>();
  // The same size in the same zone first, then the same size, then (a resize) any that holds its ships.
  const rounds: ((h: LockedHost, n: PlannedNode) => boolean)[] = [
    (h, n) => n.type === sizeOf(h) && inZone(h)(n) && holds(n, seated(h.name, false)),
    (h, n) => n.type === sizeOf(h) && holds(n, seated(h.name, true)),
    (h, n) => kind === "groundseg" && holds(n, seated(h.name, false)),
  ];
  const buried = (name: string): boolean => input.tombstones.some((t) => t.host === name);
  const needed = previous.filter((h) => seated(h.name, false).length > 0 || buried(h.name));
  for (const fits of rounds)
    for (const h of needed) {
      if (settled.has(h.name)) continue;
      const node = take((n) => fits(h, n));
      // A host never changes its zone: its volume cannot follow.
      if (node) settled.set(h.name, { ...node, zone: h.zone ?? node.zone });
    }
  for (const h of previous) {
    const claimed = seated(h.name, true);
    let node = settled.get(h.name);
    if (!node && (claimed.length > 0 || buried(h.name))) {
      // A host the plan has no size for any more keeps its own: ships never move by re-planning.
      node = keptNode(h, seated(h.name, false).length);
      const now = units.find((n) => n.type === sizeOf(h));
      if (now && !holds(now, claimed)) problems.push(overfull(h, claimed, now, input, kind));
    }
    if (!node) {
      names.delete(h.name);
      continue;
    }
    cells.promise(h.cell, node.ships);
    hosts.push({ name: h.name, kind, cell: h.cell, node, previous: h, own: own.get(h.name) ?? null });
  }

  const berthOf = (h: HostPlan): Berth => ({
    ...roomOf(h.node, input, kind),
    name: h.name,
    domain: domainOf(h.node, h.own ?? h.previous, candidate, h.name),
    cell: h.cell,
  });
  const aboard = new Map<string, FleetShip[]>();
  const waiting: FleetShip[] = [];
  // Who is claimed stays, full or not; a ship planned by count stays where there is room for it.
  const claimedOrNot = [ships.filter((s) => s.claim !== "unclaimed"), ships.filter((s) => s.claim === "unclaimed")];
  for (const ship of claimedOrNot.flat()) {
    const host = hosts.find((h) => h.name === ship.seat?.host);
    const mates = aboard.get(host?.name ?? "") ?? [];
    if (host && (ship.claim !== "unclaimed" || holds(host.node, [...mates, ship])))
      aboard.set(host.name, [...mates, ship]);
    else waiting.push(ship);
  }

  let n = 1;
  const open = (node: PlannedNode): void => {
    while (names.has(`groundseg-${n}`)) n++;
    const name = kind === "bare-metal" ? node.type.slice("own:".length) : `groundseg-${n}`;
    names.add(name);
    const held = Math.min(node.ships, MAX_SHIPS_PER_CELL);
    const cell = oneCell ? "c1" : cells.next(CellContent.Hosts, held);
    cells.promise(cell, held);
    hosts.push({ name, kind, cell, node, previous: null, own: own.get(name) ?? null });
  };
  // A fleet that fits one cell of own machines needs no second stack: all of them go into the first, and all are used. Of
  // more, as many as it takes, since each further cell is a stack of its own.
  const oneCell =
    kind === "bare-metal" && candidate.mode === "bare-metal" && ships.length <= MAX_SHIPS_PER_CELL && cells.has("c1");
  // Domains take turns, so that the hosts which are used first are spread too.
  const standing = new Map<string, number>();
  const stands = (domain: string): unknown => standing.set(domain, (standing.get(domain) ?? 0) + 1);
  for (const h of hosts) stands(berthOf(h).domain);
  const turns = spare.map((node) => ({
    node,
    domain: domainOf(node, own.get(node.type.slice("own:".length)), candidate),
  }));
  const takeTurns = (): void => {
    const least = Math.min(...turns.map((t) => standing.get(t.domain) ?? 0));
    const next = turns.findIndex((t) => (standing.get(t.domain) ?? 0) === least);
    const [{ node, domain }] = turns.splice(next, 1) as [(typeof turns)[number]];
    open(node);
    // Without zones each host fails alone.
    if (isOwnNode(node) || candidate.provider === "aws") stands(domain);
  };
  const seats = [...aboard].flatMap(([host, mates]) => mates.map((ship) => ({ ship, host })));
  const tried = () => moor(waiting, hosts.map(berthOf), seats, MAX_SHIPS_PER_CELL);
  while (turns.length > 0 && (oneCell || sum(hosts, (h) => h.node.ships) < ships.length)) takeTurns();
  let moored = tried();
  while (moored.left.length > 0 && turns.length > 0) {
    takeTurns();
    moored = tried();
  }
  const home = new Map([...seats.map((s) => [s.ship.id, s.host] as const), ...moored.places]);
  const placed = ships.flatMap((ship): HostPlacement["placed"] => {
    const host = hosts.find((h) => h.name === home.get(ship.id));
    if (!host) return [];
    cells.seat(host.cell, CellContent.Hosts);
    return [{ ship, host }];
  });
  const filled = hosts.filter((h) => placed.some((p) => p.host === h) || buried(h.name));
  return { placed, hosts: filled, left: moored.left, problems };
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((total, i) => total + of(i), 0);

/** What a host of this kind holds, as the plan counts it; a host without known hardware holds what the plan says. */
function roomOf(
  node: PlannedNode,
  { candidate, ownHosts, catalog }: HostInput,
  kind: "groundseg" | "bare-metal",
): Omit<Berth, "name" | "domain"> {
  if (isKept(node)) return unmeasured(node);
  if (kind === "bare-metal") {
    const host = ownHosts.find((h, i) => `own:${h.name ?? `host-${i + 1}`}` === node.type);
    if (host) return ownRoom(host);
  }
  const memory = hardware(catalog, candidate, node)?.memoryGiB;
  return memory === undefined ? unmeasured(node) : groundsegRoom(memory);
}

const unmeasured = (node: PlannedNode): Omit<Berth, "name" | "domain"> => ({
  memoryMiB: Number.MAX_SAFE_INTEGER,
  diskGiB: Infinity,
  ships: node.ships,
});

/** What fails together with a host: its zone, what its owner says, or the host alone. */
const domainOf = (
  node: PlannedNode,
  said: { failureDomain?: string } | null | undefined,
  candidate: Candidate,
  alone: string = node.type,
): string => (isOwnNode(node) ? (said?.failureDomain ?? node.type) : candidate.provider === "aws" ? node.zone : alone);

function overfull(
  h: LockedHost,
  claimed: FleetShip[],
  now: PlannedNode,
  input: HostInput,
  kind: "groundseg" | "bare-metal",
): LockProblem {
  const room = roomOf(now, input, kind);
  const of = (count: number, memoryMiB: number, diskGiB: number): string =>
    `${count} ships, ${Math.floor((memoryMiB / 1024) * 10) / 10} GiB of memory${Number.isFinite(room.diskGiB) ? ` and ${diskGiB} GiB of piers` : ""}`;
  return problem({
    code: "capacity",
    file: null,
    path: `hosts.${h.name}`,
    received: `${of(
      claimed.length,
      sum(claimed, (s) => s.memoryMiB),
      sum(claimed, (s) => s.diskGiB),
    )} on ${h.name}`,
    accepted: `at most ${of(room.ships, room.memoryMiB, room.diskGiB)} on a host of its size`,
    fix: `${kind === "bare-metal" ? "Say what the machine has under existing.hosts, or lower" : "Lower"} ships.memoryGiB, or move ships away with \`roadstead ship move\` (from the rollout version on) first.`,
  });
}

/** Bound of a node that is a recorded host's, as it is. */
const RECORDED = "recorded";

/** Whether a host stays as it was recorded, for its ships, while the plan has none for it. */
export const isKept = (node: PlannedNode): boolean => node.boundBy === RECORDED;

const keptNode = (h: LockedHost, ships: number): PlannedNode => ({
  type: h.kind === "bare-metal" ? `own:${h.name}` : h.size,
  count: 1,
  zone: h.zone ?? h.region,
  role: "host",
  arch: h.arch,
  ships,
  boundBy: RECORDED,
});

/** One host a ship, named by it. */
export function placeOnOwnVps(input: HostInput): HostPlacement {
  const { ships, candidate, cells, catalog } = input;
  // A size in a zone is one entry with a count: a fleet of thousands has a handful of them.
  const spare = candidate.nodes
    .filter((n) => n.role === "host" && !isOwnNode(n))
    .map((n) => ({ node: { ...n, count: 1 }, memory: hardware(catalog, candidate, n)?.memoryGiB ?? 0, left: n.count }))
    .sort((a, b) => a.memory - b.memory);
  type Spare = (typeof spare)[number];
  const previous = new Map(input.previous.filter((h) => h.kind === "vps").map((h) => [h.name, h]));
  const take = (fits: (s: Spare) => boolean): PlannedNode | undefined => {
    const found = spare.find((s) => s.left > 0 && fits(s));
    if (found) found.left -= 1;
    return found?.node;
  };
  const recorded = new Map(
    ships.flatMap((s) =>
      s.seat?.host && previous.has(s.seat.host) ? [[s.id, previous.get(s.seat.host)!] as const] : [],
    ),
  );
  const chosen = new Map<string, PlannedNode>();
  const zoneOf = (s: FleetShip): string | null => recorded.get(s.id)?.zone ?? s.seat?.zone ?? null;
  const holds = (s: FleetShip, n: Spare): boolean => n.memory * 1024 >= s.memoryMiB;
  // A volume never leaves its zone, so neither does the host; the plan's own spread over zones is for new ones.
  const choose = (s: FleetShip, node: PlannedNode): unknown =>
    chosen.set(s.id, { ...node, zone: zoneOf(s) ?? node.zone });
  const sameSize = (s: FleetShip, n: Spare): boolean => n.node.type === recorded.get(s.id)?.size && holds(s, n);
  const sameZone = (s: FleetShip, n: Spare): boolean => zoneOf(s) === null || n.node.zone === zoneOf(s);
  for (const fits of [(s: FleetShip, n: Spare) => sameSize(s, n) && sameZone(s, n), sameSize])
    for (const ship of ships) {
      if (chosen.has(ship.id) || !recorded.has(ship.id)) continue;
      const node = take((n) => fits(ship, n));
      if (node) choose(ship, node);
    }
  // The smallest machine that is large enough, the least demanding ships first; of those the zone with the fewest ships of
  // the customer, then the one with the most machines to give, which keeps the others' choice even.
  const inZones = new Map<string, number>();
  const key = (s: FleetShip, zone: string): string => JSON.stringify([s.customer, zone]);
  const count = (s: FleetShip): void => {
    const zone = chosen.get(s.id)!.zone;
    inZones.set(key(s, zone), (inZones.get(key(s, zone)) ?? 0) + 1);
  };
  for (const ship of ships) if (chosen.has(ship.id)) count(ship);
  const spreadOver = (ship: FleetShip): PlannedNode | undefined => {
    const fit = spare.filter((n) => n.left > 0 && holds(ship, n));
    const of = (n: Spare): number => inZones.get(key(ship, n.node.zone)) ?? 0;
    const best = fit
      .filter((n) => n.memory === fit[0]!.memory)
      .reduce<Spare | undefined>(
        (best, n) => (best === undefined || of(n) < of(best) || (of(n) === of(best) && n.left > best.left) ? n : best),
        undefined,
      );
    return best && take((n) => n === best);
  };
  const left: FleetShip[] = [];
  const customers = new Map([...new Set(ships.map((s) => s.customer))].map((c, i) => [c, i]));
  const turn = (s: FleetShip): number => customers.get(s.customer)!;
  for (const ship of [...ships].sort((a, b) => a.memoryMiB - b.memoryMiB || turn(a) - turn(b))) {
    if (chosen.has(ship.id)) continue;
    const old = recorded.get(ship.id);
    const settled = zoneOf(ship) === null ? undefined : take((n) => holds(ship, n) && sameZone(ship, n));
    const node = settled ?? spreadOver(ship) ?? (old && keptNode(old, 1));
    if (!node) {
      left.push(ship);
      continue;
    }
    choose(ship, node);
    count(ship);
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
  volume: VolumeInput,
): LockedHost {
  const { node, own, previous } = host;
  const at = isOwnNode(node)
    ? { provider: "own" as const, region: "own" }
    : { provider: candidate.provider, region: candidate.region };
  const piers =
    ships.reduce((sum, s) => sum + s.diskGiB, keptGiB) + (host.kind === "groundseg" ? GROUNDSEG_EXTRA_GIB : 0);
  const hw = own ? null : hardware(catalog, candidate, node);
  return {
    name: host.name,
    kind: host.kind,
    ...at,
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
    providerBackups:
      at.provider === "digitalocean"
        ? (volume.wishes?.providerBackups ?? previous?.providerBackups ?? "none")
        : (previous?.providerBackups ?? "none"),
    cell: host.cell,
    ...volumeSettings(host, at, volume),
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
