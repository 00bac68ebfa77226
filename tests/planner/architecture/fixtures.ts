// Requirements and plans made by hand, so that these tests say what a lock keeps and not what the planner prefers.
import { parse, stringify } from "yaml";
import { checkRequirements } from "../../../planner/requirements/load";
import type { Requirements } from "../../../planner/requirements/schema";
import type { Candidate, Plan, PlannedNode } from "../../../planner/plan/schema";
import {
  type Architecture,
  buildArchitectures,
  type BuildInput,
  type LockedShip,
  type ParsedStackFile,
  parseStackFile,
  planWrite,
  requirementsDigest,
  RUN_STATE_KEY,
  type ShipRunState,
  stackOfFile,
  type WriteInput,
  type WriteResult,
  writeStackFile,
} from "../../../planner/architecture";

// eslint-disable-next-line @typescript-eslint/no-require-imports
const ob = require("urbit-ob") as { patp(n: number | string): string };

/** The nth planet; all have valid names. */
export const planet = (n: number): string => ob.patp(65_536 + n * 7_919);
export const galaxy = (n: number): string => ob.patp(n);

export function wish(value: Record<string, unknown>): Requirements {
  const loaded = checkRequirements({ environment: "prod", ...value }, "wish.yaml", {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.requirements;
}

export const named = (ids: number[], more: Record<string, unknown> = {}): Record<string, unknown>[] =>
  ids.map((n) => ({ name: planet(n), key: { secret: `key-${n}` }, ...more }));

const node = (type: string, count: number, zone: string, role: PlannedNode["role"], ships: number): PlannedNode => ({
  type,
  count,
  zone,
  role,
  arch: "x86_64",
  ships,
  boundBy: "memory",
});

export const ZONES = ["us-west-2a", "us-west-2b", "us-west-2c"];

export type Shape =
  "eks" | "doks" | "multi-vps" | "vps-aws" | "groundseg" | "bare-metal" | "hybrid" | "existing-cluster";

export function candidateFor(shape: Shape, requirements: Requirements): Candidate {
  const n = requirements.ships.count;
  const own = (requirements.existing.hosts ?? []).map((h, i) =>
    node(`own:${h.name ?? `host-${i + 1}`}`, 1, "own", "host", Math.floor((h.memoryGiB - 1.5) / 4)),
  );
  const held = own.reduce((sum, h) => sum + h.ships, 0);
  const spread = (type: string, count: number, ships: number): PlannedNode[] =>
    ZONES.map((z, i) => node(type, Math.floor(count / 3) + (i < count % 3 ? 1 : 0), z, "host", ships)).filter(
      (x) => x.count > 0,
    );
  const shapes: Record<Shape, Pick<Candidate, "mode" | "provider" | "region" | "zones" | "nodes">> = {
    eks: {
      mode: "eks",
      provider: "aws",
      region: "us-west-2",
      zones: ZONES,
      nodes: [
        ...ZONES.map((z) => node("r6i.xlarge", Math.ceil(n / 3 / 7), z, "ships", 7)),
        node("m6i.large", 2, ZONES[0]!, "system", 0),
      ],
    },
    doks: {
      mode: "doks",
      provider: "digitalocean",
      region: "nyc3",
      zones: [],
      nodes: [node("m-4vcpu-32gb", Math.ceil(n / 6), "nyc3", "ships", 6)],
    },
    "existing-cluster": { mode: "existing-cluster", provider: "own", region: "own", zones: [], nodes: [] },
    "multi-vps": {
      mode: "multi-vps",
      provider: "digitalocean",
      region: "nyc3",
      zones: [],
      nodes: [node("s-2vcpu-4gb", n, "nyc3", "host", 1)],
    },
    "vps-aws": {
      mode: "multi-vps",
      provider: "aws",
      region: "us-west-2",
      zones: ZONES,
      nodes: spread("r6i.large", n, 1),
    },
    groundseg: {
      mode: "groundseg",
      provider: "digitalocean",
      region: "nyc3",
      zones: [],
      nodes: [node("m-4vcpu-32gb", Math.ceil(n / 7), "nyc3", "host", 7)],
    },
    "bare-metal": { mode: "bare-metal", provider: "own", region: "own", zones: [], nodes: own },
    hybrid: {
      mode: "hybrid",
      provider: "digitalocean",
      region: "nyc3",
      zones: [],
      nodes: [...own, node("s-2vcpu-4gb", Math.max(0, n - held), "nyc3", "host", 1)],
    },
  };
  const s = shapes[shape];
  return {
    id: `${s.mode}/${s.provider}/${s.region}`,
    ...s,
    feasible: true,
    score: 1,
    rank: 1,
    why: [`${n} ships`],
    rejections: [],
    monthly: { low: 1, mid: 2, high: 3, currency: "USD", incomplete: false },
    lines: [],
    capacity: { ships: n, boundBy: "memory" },
    minutesToDeploy: 30,
    recovery: { rpoHours: null, rtoHours: null, note: "" },
    security: { score: 1, present: [], absent: [] },
    stale: false,
  };
}

export function planFor(requirements: Requirements, candidate: Candidate): Plan {
  return {
    schema: "roadstead/plan/1",
    requirementsDigest: requirementsDigest(requirements),
    pricedOn: "2026-11-21",
    chosen: candidate.id,
    candidates: [candidate],
    cheapestChangeThatFits: [],
    growth: [],
    sensitivity: [],
    quotaRequests: [],
    warnings: [],
    clarify: [],
  };
}

export type Files = Map<string, string>;

/** Writes as `plan --write` would, into a directory that is a map. */
export function write(
  requirements: Requirements,
  shape: Shape,
  files: Files = new Map(),
  more: Partial<WriteInput> = {},
): WriteResult & { after: Files } {
  const candidate = candidateFor(shape, requirements);
  const result = planWrite({
    requirements,
    plan: planFor(requirements, candidate),
    candidateId: null,
    stack: requirements.environment,
    files,
    ...more,
  });
  const after = new Map(files);
  for (const { fileName, text } of result.writes) after.set(fileName, text);
  return { ...result, after };
}

export function build(
  requirements: Requirements,
  shape: Shape,
  files: Files = new Map(),
  more: Partial<BuildInput> = {},
): ReturnType<typeof buildArchitectures> {
  const candidate = candidateFor(shape, requirements);
  return buildArchitectures({
    requirements,
    plan: planFor(requirements, candidate),
    candidateId: candidate.id,
    stack: requirements.environment,
    previous: parsed(files),
    ...more,
  });
}

/** A lock of what the planner itself chose. */
export const buildPlanned = (requirements: Requirements, plan: Plan): ReturnType<typeof buildArchitectures> =>
  buildArchitectures({
    requirements,
    plan,
    candidateId: plan.chosen!,
    stack: requirements.environment,
    previous: new Map(),
  });

export const parsed = (files: Files): Map<string, ParsedStackFile> =>
  new Map([...files].map(([f, text]) => [stackOfFile(f)!, parseStackFile(f, text)]));

export const shipsOf = (result: { stacks: { architecture: { ships: LockedShip[] } }[] }): LockedShip[] =>
  result.stacks.flatMap((s) => s.architecture.ships);
export const ship = (
  result: { stacks: { architecture: { ships: LockedShip[] } }[] },
  name: string,
): LockedShip | undefined => shipsOf(result).find((s) => s.name === name || s.id === name);
export const homeOf = (s: LockedShip): unknown => ({
  cell: s.cell,
  zone: s.zone,
  host: s.host,
  port: s.ames.port,
  httpPort: s.httpPort,
});
export const codes = (result: { problems: { code: string }[] }): string[] =>
  [...new Set(result.problems.map((p) => p.code))].sort();

/** What the rollout engine records later, beside the architecture. */
export function withRunState(files: Files, file: string, states: Record<string, Partial<ShipRunState>>): Files {
  const doc = parse(files.get(file)!) as { config: Record<string, unknown> };
  doc.config[RUN_STATE_KEY] = Object.fromEntries(
    Object.entries(states).map(([id, s]) => [
      id,
      { claim: "claimed", firstBoot: "done", lastEvent: 100, cleanStopEvent: null, ...s },
    ]),
  );
  return new Map(files).set(file, stringify(doc));
}

/** A lock somebody changed after it was written, with digests that fit: only cross-checks can find it. */
export function tampered(files: Files, file: string, change: (a: Architecture) => void): Files {
  const { architecture, requirementsDigest: digest } = parseStackFile(file, files.get(file)!);
  change(architecture!);
  return new Map(files).set(
    file,
    writeStackFile(files.get(file)!, { architecture: architecture!, requirementsDigest: digest! }),
  );
}
