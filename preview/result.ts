// What a preview is: one graph, the ships with what happens to each, what the policies say, and what was not looked at.
import type { Architecture } from "../planner/architecture/schema";
import type { Digest } from "../planner/architecture/digest";
import type { HostLoss } from "../planner/architecture/host-loss";
import type { MissingFact } from "../planner/architecture/missing";
import type { Claim, RunState } from "../planner/architecture/run-state";
import type { CostLine } from "../planner/plan/schema";
import type { Level, Severity } from "../policies/rules";
import type { ShipClass } from "../planner/requirements/schema";
import type { Graph } from "./graph";

/** One stack to preview. */
export interface StackToPreview {
  name: string;
  architecture: Architecture;
  /** Digest of the requirements the lock was planned from. Default: zeros, which no requirements have. */
  requirementsDigest?: Digest;
  /** As recorded. Default: computed. */
  architectureDigest?: Digest;
  /** What the rollout recorded about its ships. Default: nothing. */
  runState?: RunState;
  /** Config secrets the stack file holds. Left out when unknown: a key the lock names then counts as given. */
  secretsSet?: ReadonlySet<string>;
  /** SSH keys that its hosts are recognised by, by host name. Default: none. */
  hostKeys?: Readonly<Record<string, string>>;
}

export interface PreviewOptions {
  /** Pulumi project name, as in Pulumi.yaml. Default roadstead. */
  project?: string;
  /** Lines of the plan, when the plan is at hand. The lock itself holds totals only. */
  costLines?: readonly CostLine[];
  /** Run every cell under the mock runtime, as the proof that rendering gives the same does. Default false: slower, and needs more memory. */
  everyCellUnderRuntime?: boolean;
}

export const SHIP_ACTIONS = ["first boot", "kept", "stopped", "removed"] as const;
export type ShipAction = (typeof SHIP_ACTIONS)[number];
/** groundseg: typed into GroundSeg's own page, where nobody but GroundSeg sees whether it is there. */
export const KEY_STATES = ["given", "missing", "sealed", "imported", "fake", "comet", "groundseg"] as const;
export type KeyState = (typeof KEY_STATES)[number];

export interface ShipEntry {
  id: string;
  /** The @p; null for a ship planned by count and a comet not mined yet. */
  name: string | null;
  /** Null for a removed ship: a tombstone does not keep it. */
  class: ShipClass | null;
  stack: string;
  cell: string;
  tenant: string;
  /** Host or zone its volume is in; null where there is neither. */
  place: string | null;
  action: ShipAction;
  /** Created with replicas 0 and released one by one by the rollout. */
  parked: boolean;
  claim: Claim;
  /** Null for a removed ship. */
  key: KeyState | null;
  diskGiB: number;
  lastEvent: number | null;
}

export interface Ledger {
  ships: ShipEntry[];
  counts: Record<ShipAction, number>;
}

/** What the offline policies say. Undecided: the rule needs a value that is known only after deployment. */
export interface PolicyOutcome {
  rules: number;
  pass: number;
  fail: number;
  undecided: number;
  /** Everything that did not pass, worst first. */
  findings: PolicyFinding[];
}

export interface PolicyFinding {
  rule: string;
  verdict: "fail" | "undecided";
  /** Mandatory: `pulumi up` with the policy pack refuses. */
  level: Level;
  severity: Severity;
  message: string;
  /** URNs, collapsed to one finding a rule and message. */
  resources: string[];
}

/** Always of the whole environment: a cell shares its platform, and has no cost of its own. */
export interface PreviewCost {
  environment: string;
  low: number | null;
  mid: number | null;
  high: number | null;
  currency: string;
  incomplete: boolean;
  budget: number | null;
  pricedOn: string;
  /** Null when only the lock's totals are known. */
  lines: CostLine[] | null;
  /** What the numbers do not say. */
  notes: string[];
}

/** A file of a host, rendered. */
export interface HostFiles {
  host: string;
  /** Null for a host that exists already: it is given the script. */
  userData: string | null;
  script: string;
  /** Secrets that the host takes after its set-up, as a person calls them. */
  takes: string[];
  /** Whether `pulumi up` delivers them: its SSH key is recorded. */
  recognised: boolean;
  /** What stops, stays and goes with it, and what to do then. */
  loss: HostLoss;
}

export interface Preview {
  schema: "roadstead/preview/1";
  stacks: string[];
  graph: Graph;
  ledger: Ledger;
  costs: PreviewCost;
  policies: PolicyOutcome;
  /** What no offline check looked into, such as the objects inside Helm charts. */
  notInspected: string[];
  warnings: string[];
  /** What `up` refuses without: versions, checksums, digests, names and keys, each with the command that finds it. */
  missing: MissingFact[];
  hosts: HostFiles[];
}
