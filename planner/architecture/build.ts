// From requirements, plan and what is recorded to the locks of every stack of an environment.
import { type Catalog, defaultCatalog } from "../catalog/catalog";
import type { Candidate, Plan } from "../plan/schema";
import { cellSizeProblem } from "../predicates";
import type { Requirements } from "../requirements/schema";
import { balancerGround } from "./ames";
import { Cells, CellContent, pilotSize } from "./cells";
import { clusterWishProblems, kubeProxyWarning, sharedClusterWarning } from "./cluster-network";
import { claimProblems, heldProblems } from "./claims";
import { environmentProblems } from "./environment";
import { type Fleet, type FleetShip, matchFleet, type RecordedShip } from "./fleet";
import { type HostPlacement, isHostMode, lockedHost, placeOnOwnVps, placeOnShared } from "./hosts";
import { cellNumber, isPlaceholder, isStackOf, stackOfCell } from "./identity";
import { noRoom, type Placed, placeOnCluster, placeOnHosts } from "./place";
import { keepPools, type PoolChoice, reservedSlots } from "./pools";
import type { LockProblem } from "./problem";
import { problem } from "./problem";
import { claimOf, stateOf } from "./run-state";
import type { Architecture, LockedHost, LockedShip, Tombstone } from "./schema";
import { nodePoolsOf, settingsOf } from "./settings";
import type { ParsedStackFile } from "./stack-file";
import { tenantsOf } from "./tenants";
import { unpriced } from "./unpriced";
import { type VolumeInput, volumeProblems } from "./volumes";

export interface BuildInput {
  requirements: Requirements;
  plan: Plan;
  /** The candidate to record: the plan's own, or another feasible one. */
  candidateId: string;
  /** Why another than the plan's was taken. */
  override?: string | null;
  /** The environment's stack: prod, staging or dev. */
  stack: string;
  /** Every stack file there is, other environments' too, by stack name. */
  previous: ReadonlyMap<string, ParsedStackFile>;
  /** The user attests that nothing recorded was ever deployed. Nothing checks it: no account or cluster is asked. */
  neverDeployed?: boolean;
  /** The user replaces the recorded decision: node pools become the plan's, whoever runs on them. */
  force?: boolean;
  /** Sizes of rented hosts. Default: the built-in catalog. */
  catalog?: Catalog;
}

export interface BuildResult {
  /** One a cell, the platform first. Not to be written while there are problems. */
  stacks: { name: string; architecture: Architecture }[];
  /** Stacks whose cell is gone: it held ships planned by count only. */
  retired: string[];
  problems: LockProblem[];
  /** What the user should know of a lock that may be written: pools the plan priced otherwise. */
  warnings: string[];
}

export function buildArchitectures(input: BuildInput): BuildResult {
  const { requirements, plan, stack } = input;
  const candidate = plan.candidates.find((c) => c.id === input.candidateId);
  const early = [
    ...otherEnvironment(requirements, stack),
    ...candidateProblems(plan, candidate, input.candidateId),
    // Other environments' files count too: one that is missing or contradicts another may hold one of these ships.
    ...environmentProblems(input.previous.values()),
  ];
  if (early.length > 0 || !candidate) return { stacks: [], retired: [], problems: early, warnings: [] };

  const before = recordedStacks(input.previous, stack);
  const problems: LockProblem[] = [];
  const recorded = recordedShips(before);
  const attested = input.neverDeployed === true;
  if (attested) problems.push(...attestationProblems(recorded, before));
  const neverDeployed = attested && problems.length === 0;
  for (const r of recorded) if (neverDeployed && r.claim === "unknown") r.claim = "unclaimed";

  const fleet = matchFleet(requirements, recorded, recordedTombstones(before), neverDeployed);
  const hostZone = new Map(before.flatMap((f) => f.architecture!.hosts.map((h) => [h.name, h.zone] as const)));
  // A volume of a host stays in the host's zone after host and ship are gone.
  for (const t of fleet.tombstones) if (t.zone === null && t.host !== null) t.zone = hostZone.get(t.host) ?? null;
  problems.push(...fleet.problems, ...heldProblems(fleet.ships, input.previous, stack));
  const old = before.find((f) => f.architecture?.role === "platform")?.architecture ?? null;
  const moved =
    old !== null &&
    (old.mode !== candidate.mode || old.provider !== candidate.provider || old.region !== candidate.region);
  const recordedHere = moved ? null : old;
  problems.push(...clusterWishProblems(requirements, candidate, recordedHere, neverDeployed));
  const placement = place(input, candidate, moved ? withoutSeats(fleet) : fleet, moved ? [] : before);
  problems.push(...placement.problems, ...claimProblems(fleet, placement.placed, old, candidate));

  const volume = { wishes: requirements.hosts, neverDeployed, force: input.force === true };
  const { cells, ships, hosts } = lock(placement, fleet, candidate, input.catalog ?? defaultCatalog(), volume);
  for (const h of placement.hosting.flatMap((p) => p.hosts)) problems.push(...volumeProblems(h, volume));
  const tombstones = fleet.tombstones.map((t) => (cells.some((c) => c.id === t.cell) ? t : { ...t, cell: "c1" }));
  const gone = new Set(retiredCells(cells, before, tombstones, neverDeployed));
  const living = cells.filter((c) => !gone.has(c.stack));
  for (const cell of living) {
    const tooLarge = cellSizeProblem(cell.ships, `cells.${cell.id}`);
    if (tooLarge) problems.push(problem({ code: "capacity", file: null, ...only(tooLarge) }));
  }

  const settings = settingsOf(requirements, plan, candidate, overrideText(plan, input), recordedHere);
  const tenants = tenantsOf(ships, tombstones, living, before, requirements.existing.sandbox);
  const { pools, deviations: otherPools } = poolsOf(candidate, fleet, ships, input.force ? null : old);
  const kept = placement.hosting.flatMap((p) => p.hosts);
  const deviations = [...otherPools, ...unpriced(kept, tombstones, candidate.provider)];
  if (candidate.mode === "eks" && settings.cluster !== null)
    Object.assign(
      settings.cluster,
      reservedSlots(pools, input.catalog ?? defaultCatalog()),
      balancerGround(ships, settings, recordedHere),
    );
  if (deviations.length > 0) {
    // The plan priced other pools, or not all that stays: its total is not what will be paid, and nobody may take it for that.
    settings.cost.incomplete = true;
    settings.decision.why = [...settings.decision.why, ...deviations];
  }
  const stacks = living.map((cell): { name: string; architecture: Architecture } => {
    const platform = cell.id === "c1";
    return {
      name: cell.stack,
      architecture: {
        ...settings,
        stack: cell.stack,
        role: platform ? "platform" : "cell",
        platformStack: stack,
        network: platform ? settings.network : null,
        nodePools: platform ? pools : [],
        hosts: hosts.filter((h) => h.cell === cell.id),
        cells: platform ? living : [cell],
        cell: cell.id,
        tenants: tenants(cell.stack),
        ships: ships.filter((s) => s.cell === cell.id),
        tombstones: tombstones.filter((t) => t.cell === cell.id),
      },
    };
  });
  const locks = [...input.previous.values()].flatMap((f) => f.architecture ?? []);
  const notes = [kubeProxyWarning(requirements, settings), sharedClusterWarning(candidate, requirements, locks)];
  const warnings = [...deviations, ...notes.filter((note) => note !== null)];
  return { stacks, retired: [...gone].sort(), problems, warnings };
}

/** A ship that may run, or one that left and was not stopped for good, holds the pools of its zone. */
function poolsOf(candidate: Candidate, fleet: Fleet, ships: LockedShip[], old: Architecture | null): PoolChoice {
  const planned = nodePoolsOf(candidate);
  if (!old || old.mode !== candidate.mode || old.provider !== candidate.provider || old.region !== candidate.region)
    return { pools: planned, deviations: [] };
  const running = fleet.ships.flatMap((s) => (s.previous && s.claim !== "unclaimed" ? [s.previous] : []));
  const settled = new Set(
    [...running, ...fleet.tombstones.filter((t) => t.cleanStopEvent === null)].map((s) => s.zone),
  );
  const perZone = new Map<string | null, number>();
  for (const s of ships) perZone.set(s.zone, (perZone.get(s.zone) ?? 0) + 1);
  const grown = fleet.ships.some(
    (s) => s.previous && (s.memoryMiB > s.previous.memoryMiB || s.cpuMilli > s.previous.cpuMilli),
  );
  return keepPools(planned, old.nodePools, settled, perZone, grown);
}

interface Placement {
  cells: Cells;
  placed: Placed[];
  hosting: HostPlacement[];
  problems: LockProblem[];
}

function place(input: BuildInput, candidate: Candidate, fleet: Fleet, before: ParsedStackFile[]): Placement {
  const { requirements, stack, catalog = defaultCatalog() } = input;
  const { ships } = fleet;
  const known = before.flatMap(({ architecture: a }) => (a ? [{ id: a.cell, content: contentOf(a) }] : []));
  if (!known.some((c) => c.id === "c1")) known.push({ id: "c1", content: null });
  const cells = new Cells(stack, known, pilotLimit(candidate, ships.length));
  if (!isHostMode(candidate.mode))
    return { cells, placed: placeOnCluster(ships, candidate, cells), hosting: [], problems: [] };

  const shared = {
    candidate,
    cells,
    catalog,
    ownHosts: requirements.existing.hosts ?? [],
    previous: before.flatMap((f) => f.architecture?.hosts ?? []),
    tombstones: fleet.tombstones,
  };
  const byRequest = { ...shared, ships: inRequestedOrder(ships, requirements) };
  if (candidate.mode === "groundseg" || candidate.mode === "bare-metal") {
    const on = placeOnShared(byRequest, candidate.mode);
    const why = "hosts with room for every ship, at most 50 ships a host";
    return {
      cells,
      placed: placeOnHosts(on.placed),
      hosting: [on],
      problems: [...on.problems, ...noRoom(on.left, why, "Plan again, add hosts, or lower ships.memoryGiB.")],
    };
  }
  if (candidate.mode !== "hybrid") {
    const on = placeOnOwnVps({ ...shared, ships });
    return { cells, placed: placeOnHosts(on.placed), hosting: [on], problems: on.problems };
  }
  // Own hosts first, the overflow in the cloud; who lives in the cloud already stays there.
  const abroad = new Set(shared.previous.filter((h) => h.kind === "vps").map((h) => h.name));
  const settled = byRequest.ships.filter((s) => s.seat?.host && abroad.has(s.seat.host));
  const home = placeOnShared(
    { ...byRequest, ships: byRequest.ships.filter((s) => !settled.includes(s)) },
    "bare-metal",
  );
  const cloud = placeOnOwnVps({ ...shared, ships: [...settled, ...home.left] });
  return {
    cells,
    placed: placeOnHosts([...home.placed, ...cloud.placed]),
    hosting: [home, cloud],
    problems: [...home.problems, ...cloud.problems],
  };
}

/** Ships the pilot cell takes. On shared hosts it is one whole host, where there is more than one. */
function pilotLimit(candidate: Candidate, ships: number): number {
  const hosts = candidate.nodes.filter((n) => n.role === "host");
  const first = hosts[0];
  const shared = candidate.mode === "groundseg" || candidate.mode === "bare-metal" || candidate.mode === "hybrid";
  if (!shared || !first)
    return isHostMode(candidate.mode) ? Math.min(pilotSize(ships), ships > 10 ? 5 : 10) : pilotSize(ships);
  const several = hosts.reduce((n, h) => n + h.count, 0) > 1;
  return several && (ships > 10 || candidate.mode === "groundseg") ? Math.min(first.ships, 50) : 50;
}

const contentOf = (a: Architecture): CellContent | null =>
  a.hosts.length > 0 ? CellContent.Hosts : a.ships.length > 0 ? CellContent.Cluster : null;

function inRequestedOrder(ships: FleetShip[], requirements: Requirements): FleetShip[] {
  const order = new Map(requirements.ships.named.map((s, i) => [s.name ?? s.nickname, i]));
  const rank = (s: FleetShip): number =>
    isPlaceholder(s.id) ? Infinity : (order.get(s.name) ?? order.get(s.id) ?? Infinity);
  return [...ships].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}

const withoutSeats = (fleet: Fleet): Fleet => ({ ...fleet, ships: fleet.ships.map((s) => ({ ...s, seat: null })) });

function lock(
  placement: Placement,
  fleet: Fleet,
  candidate: Candidate,
  catalog: Catalog,
  volume: VolumeInput,
): { cells: ReturnType<Cells["locked"]>; ships: LockedShip[]; hosts: LockedHost[] } {
  const byId = <T extends { id: string }>(a: T, b: T): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  const ships = placement.placed.map(({ ship, place: p }): LockedShip => ({ ...recordOf(ship), ...p }));
  const hosts = placement.hosting.flatMap(({ hosts: list, placed }) =>
    list.map((h) => {
      const here = placed.filter((p) => p.host === h).map((p) => p.ship);
      const buried = fleet.tombstones.filter((t) => t.host === h.name).reduce((sum, t) => sum + t.diskGiB, 0);
      return lockedHost(h, here, buried, candidate, catalog, volume);
    }),
  );
  return {
    cells: placement.cells.locked(),
    ships: ships.sort(byId),
    hosts: hosts.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** What of a ship is recorded; its wish, seat and claim were for placing it. */
const recordOf = ({
  id,
  name,
  class: c,
  parent,
  customer,
  tenant,
  memoryMiB,
  limitMiB,
  cpuMilli,
  diskGiB,
  loom,
  key,
  sealed,
  imported,
  attestation,
  fake,
}: FleetShip): Omit<LockedShip, "cell" | "zone" | "host" | "ames" | "httpPort"> => ({
  id,
  name,
  class: c,
  parent,
  customer,
  tenant,
  memoryMiB,
  limitMiB,
  cpuMilli,
  diskGiB,
  loom,
  key,
  sealed,
  imported,
  // Only where there is one: a lock written before keeps its digest.
  ...(attestation ? { attestation } : {}),
  fake,
});

function otherEnvironment(requirements: Requirements, stack: string): LockProblem[] {
  if (stack === requirements.environment) return [];
  const cell = isStackOf(requirements.environment, stack);
  return [
    problem({
      code: "environment",
      file: null,
      path: "environment",
      received: `--stack ${stack} with environment ${requirements.environment}`,
      accepted: `--stack ${requirements.environment}`,
      fix: cell
        ? "Cells are written together with their platform."
        : "Name the stack of the environment, or change `environment` in the requirements.",
    }),
  ];
}

function candidateProblems(plan: Plan, candidate: Candidate | undefined, id: string): LockProblem[] {
  const refuse = (received: string, accepted: string, fix: string): LockProblem[] => [
    problem({ code: "candidate", file: null, path: "candidate", received, accepted, fix }),
  ];
  const feasible = plan.candidates.filter((c) => c.feasible).map((c) => c.id);
  const accepted = feasible.length > 0 ? `one of ${feasible.join(", ")}` : "a feasible candidate, and there is none";
  if (!candidate) return refuse(id, accepted, "Take an id the plan lists.");
  if (!candidate.feasible)
    return refuse(
      `${id}, which is not feasible (${candidate.rejections.map((r) => r.code).join(", ")})`,
      accepted,
      "Apply a change that makes it fit, or take another.",
    );
  if (["managed", "gke", "aks"].includes(candidate.mode) || candidate.provider === "hetzner")
    return refuse(`${id}, which Roadstead cannot build`, accepted, "Take one that can be built.");
  return [];
}

function overrideText(plan: Plan, input: BuildInput): string | null {
  if (input.candidateId === plan.chosen) return null;
  return input.override ?? `taken by --candidate; the planner's choice was ${plan.chosen ?? "none"}`;
}

/** The environment's files that hold a lock, in the order of their cells. */
export function recordedStacks(previous: ReadonlyMap<string, ParsedStackFile>, stack: string): ParsedStackFile[] {
  return [...previous.values()]
    .filter((f) => f.architecture !== null && isStackOf(stack, f.stack))
    .sort((a, b) => cellNumber(a.architecture!.cell) - cellNumber(b.architecture!.cell));
}

export const recordedShips = (before: ParsedStackFile[]): RecordedShip[] =>
  before.flatMap((f) =>
    f.architecture!.ships.map((ship) => ({
      ship,
      claim: claimOf(ship, f.runState),
      state: stateOf(f.runState, ship.id),
    })),
  );

export const recordedTombstones = (before: ParsedStackFile[]): Tombstone[] =>
  before.flatMap((f) =>
    f.architecture!.tombstones.map((t) => ({
      ...t,
      cleanStopEvent: t.cleanStopEvent ?? stateOf(f.runState, t.id)?.cleanStopEvent ?? null,
    })),
  );

function attestationProblems(recorded: RecordedShip[], before: ParsedStackFile[]): LockProblem[] {
  const ran = recorded.filter((r) => r.claim === "claimed").map((r) => r.ship.name ?? r.ship.id);
  const left = recordedTombstones(before)
    .filter((t) => t.claim !== "unknown")
    .map((t) => t.name ?? t.id);
  const names = [...ran, ...left];
  if (names.length === 0) return [];
  return [
    problem({
      code: "attestation",
      file: null,
      path: "--attest-never-deployed",
      received: `an attestation that ${stackOfCell(before[0]!.architecture!.environment, "c1")} was never deployed, while ${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""} ${names.length === 1 ? "is" : "are"} recorded as claimed, sealed or imported`,
      accepted: "the attestation only where no ship is recorded as claimed, sealed or imported",
      fix: "Leave it out: it is a promise that nobody checks, and a wrong one gives a ship a second home. Ships move with `roadstead ship move` (from the rollout version on).",
    }),
  ];
}

/** Further cells that are empty, and of which nothing can have been deployed. */
function retiredCells(
  cells: Architecture["cells"],
  before: ParsedStackFile[],
  tombstones: Tombstone[],
  neverDeployed: boolean,
): string[] {
  const empty = (stack: string): boolean =>
    !cells.some((c) => c.stack === stack && (c.ships > 0 || c.id === "c1")) &&
    !tombstones.some((t) => cells.find((c) => c.id === t.cell)?.stack === stack);
  const past = (stack: string): LockedShip[] => before.find((f) => f.stack === stack)?.architecture?.ships ?? [];
  const stacks = new Set([...cells.map((c) => c.stack), ...before.map((f) => f.stack)]);
  return [...stacks].filter(
    (s) => empty(s) && past(s).length > 0 && (neverDeployed || past(s).every((ship) => isPlaceholder(ship.id))),
  );
}

const only = ({
  path,
  received,
  accepted,
  fix,
}: {
  path: string;
  received: string;
  accepted: string;
  fix: string;
}): Pick<LockProblem, "path" | "received" | "accepted" | "fix"> => ({ path, received, accepted, fix });
