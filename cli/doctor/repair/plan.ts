// The state of an update that was cut off → what is settled how → the state that `up` can go on from. Pure.
import { usage } from "../../exit";
import { type Judgement, judge } from "./holder";
import { isInStateOnly, knownId, searchCommand } from "./identity";
import {
  isOwned,
  nameOf,
  type PendingOperation,
  pendingOf,
  resourcesOf,
  type StackState,
  type StateResource,
} from "./state";

export interface Words {
  /** Creations the user says left nothing behind. */
  forget: readonly string[];
  /** Creations the user found, by urn, with the provider's id. */
  found: Readonly<Record<string, string>>;
}

/**
 * ask: its id is known, so the provider is asked whether it is there;
 * refresh: it is in the state, and the provider says what became of it;
 * drop: it left nothing behind, or the state has it;
 * look: only a person can find it.
 */
export type Action = "ask" | "refresh" | "drop" | "look";

export interface Step {
  urn: string;
  type: string;
  name: string;
  /** What the engine was doing to it. */
  was: string;
  action: Action;
  why: string;
  /** What it is asked for by. */
  id?: string;
  /** The id is the user's word. */
  given?: true;
  /** How to look for it. */
  search?: string;
}

export interface RepairPlan {
  steps: Step[];
  /** Urns the provider is asked about. */
  targets: string[];
}

/** What was pending, and what became of it. */
export interface Outcome extends Omit<Step, "action" | "why"> {
  outcome: "taken over" | "not there" | "foreign" | "unsettled" | "refreshed" | "dropped";
  why: string;
}

export function planRepair(state: StackState, words: Words): RepairPlan {
  const pending = pendingOf(state);
  const creating = pending.filter((p) => p.type === "creating");
  refuseStrangers(creating, words);
  const steps = unique(pending).map((p) => stepFor(p, state, words));
  const targets = steps.filter((s) => s.action === "ask" || s.action === "refresh").map((s) => s.urn);
  return { steps, targets: [...new Set(targets)] };
}

/** The last word about each urn: an update that went on after a kill keeps what was pending before. */
function unique(pending: PendingOperation[]): PendingOperation[] {
  return [...new Map(pending.map((p) => [`${p.type} ${p.resource.urn}`, p])).values()];
}

function refuseStrangers(creating: PendingOperation[], { forget, found }: Words): void {
  const known = new Set(creating.map((p) => p.resource.urn));
  const strangers = [...forget, ...Object.keys(found)].filter((urn) => !known.has(urn));
  const both = forget.filter((urn) => found[urn] !== undefined);
  const accepted =
    known.size === 0 ? "none is pending" : `pending creations:\n${[...known].map((u) => `  ${u}`).join("\n")}`;
  if (strangers.length > 0) throw usage(`not a pending creation: ${strangers.join(", ")}; ${accepted}`);
  if (both.length > 0) throw usage(`both found and forgotten: ${both.join(", ")}; accepted: one of the two`);
}

function stepFor({ type: was, resource }: PendingOperation, state: StackState, { forget, found }: Words): Step {
  const { urn, type } = resource;
  const about = { urn, type, name: nameOf(urn), was, ...search(resource) };
  if (was !== "creating") {
    return resourcesOf(state).some((r) => r.urn === urn)
      ? { ...about, action: "refresh", why: "the provider says what became of it" }
      : { ...about, action: "drop", why: "the state has it no more" };
  }
  if (forget.includes(urn)) return { ...about, action: "drop", why: "you say that it is not there" };
  if (isInStateOnly(type)) return { ...about, action: "drop", why: "such a resource exists in the state only" };
  // Whatever of it was run is found done, or is run again.
  if (type === "command:remote:Command") return { ...about, action: "drop", why: "its command may be run again" };
  const id = knownId(resource);
  const given = found[urn];
  const present = resourcesOf(state).find((r) => r.urn === urn && isOwned(r));
  if (present !== undefined) {
    if (given === undefined && id !== null && knownId(present) === id)
      return { ...about, action: "drop", why: "a later update made it: it is in the state" };
    const why =
      given === undefined
        ? "a later update made one that is in the state; the one that was cut off may be there, too"
        : `the state has ${present.id ?? "one"} already, and one resource cannot be two objects: remove ${given} by hand, then --forget it`;
    return { ...about, action: "look", why };
  }
  const absent = missingGround(resource, state);
  if (absent !== null)
    return {
      ...about,
      action: "look",
      why: `it stands on ${absent}, which the state does not have`,
    };
  if (given !== undefined)
    return { ...about, action: "ask", id: given, given: true, why: `you say that it is ${given}` };
  if (id !== null) return { ...about, action: "ask", id, why: `its id is known: ${id}` };
  return { ...about, action: "look", why: "its provider makes up the id" };
}

function search(resource: StateResource): { search?: string } {
  const command = searchCommand(resource);
  return command === "" ? {} : { search: command };
}

function missingGround({ parent, provider, dependencies = [] }: StateResource, state: StackState): string | null {
  const there = new Set(resourcesOf(state).map((r) => r.urn));
  // A provider is named with its id after its urn.
  const needed = [parent, provider?.split("::").slice(0, 4).join("::"), ...dependencies].filter(
    (u) => u !== undefined && u !== "",
  );
  return needed.find((urn) => !there.has(urn!)) ?? null;
}

/**
 * The state to refresh: what is asked for stands in it as something that is looked at and not owned, so that an update in
 * between can neither change nor delete it. (An import of a state forgets what is pending in it: whoever stages remembers.)
 */
export function stagedState(state: StackState, plan: RepairPlan): StackState {
  const asked = new Map(plan.steps.filter((s) => s.action === "ask").map((s) => [s.urn, s.id!]));
  const staged = pendingOf(state)
    .filter((p) => p.type === "creating" && asked.has(p.resource.urn))
    // Without outputs a provider imports what it finds; with some it would believe them.
    .map(({ resource }) => ({ ...resource, id: asked.get(resource.urn)!, outputs: {}, external: true }));
  return withResources(
    state,
    [...kept(state, asked), ...new Map(staged.map((r) => [r.urn, r])).values()],
    pendingOf(state),
  );
}

/** Without what an earlier repair that was cut off had staged. */
const kept = (state: StackState, asked: ReadonlyMap<string, string>): StateResource[] =>
  resourcesOf(state).filter((r) => !(r.external === true && asked.has(r.urn)));

function withResources(state: StackState, resources: StateResource[], pending: PendingOperation[]): StackState {
  const deployment = { ...state.deployment, resources, pending_operations: pending };
  if (pending.length === 0) delete (deployment as StackState["deployment"]).pending_operations;
  return { ...state, deployment };
}

/** What the provider answered, judged; and the state that follows from it. */
export function settle(
  refreshed: StackState,
  plan: RepairPlan,
  before: StackState,
  stack: string,
): { state: StackState; outcomes: Outcome[] } {
  const asked = new Map(plan.steps.filter((s) => s.action === "ask").map((s) => [s.urn, s.id!]));
  const wanted = new Map(
    pendingOf(before)
      .filter((p) => p.type === "creating")
      .map((p) => [p.resource.urn, p]),
  );
  const found = new Map(
    resourcesOf(refreshed)
      .filter((r) => r.external === true && asked.has(r.urn))
      .map((r) => [r.urn, r]),
  );
  const resources = kept(refreshed, asked);
  const given = new Set(plan.steps.filter((s) => s.given).map((s) => s.urn));
  const judgements = judgeAll(found, wanted, given, stack, resources);
  const adopted = [...judgements]
    .filter(([, j]) => j.whose === "ours")
    .map(([urn]) => taken(wanted.get(urn)!, found.get(urn)!));
  const outcomes = plan.steps.map((step) => outcomeOf(step, found.has(step.urn), judgements.get(step.urn)));
  const open = new Set(outcomes.filter((o) => o.outcome === "unsettled").map((o) => o.urn));
  const pending = [...wanted.values()].filter((p) => open.has(p.resource.urn));
  return { state: withResources(refreshed, [...resources, ...adopted], pending), outcomes };
}

/** As the engine would have kept it, had it lived to see the answer. */
function taken({ resource }: PendingOperation, { id, inputs, outputs }: StateResource): StateResource {
  return { ...resource, external: false, id, inputs, outputs };
}

/** Again and again: what is ours vouches for what is in it. */
function judgeAll(
  found: ReadonlyMap<string, StateResource>,
  wanted: ReadonlyMap<string, PendingOperation>,
  given: ReadonlySet<string>,
  stack: string,
  resources: StateResource[],
): Map<string, Judgement> {
  const judged = new Map<string, Judgement>();
  const owned = [...resources];
  for (let before = -1; before !== owned.length;) {
    before = owned.length;
    for (const [urn, there] of found) {
      if (judged.get(urn)?.whose === "ours") continue;
      const pending = wanted.get(urn)!;
      const judgement = judge({ wanted: pending.resource, there }, stack, owned);
      // The user's word counts where nothing else speaks, never against what does.
      const settled: Judgement =
        judgement.whose === "unknown" && given.has(urn)
          ? { whose: "ours", why: "you say that it is this stack's" }
          : judgement;
      judged.set(urn, settled);
      if (settled.whose === "ours") owned.push(taken(pending, there));
    }
  }
  return judged;
}

function outcomeOf(step: Step, there: boolean, judgement: Judgement | undefined): Outcome {
  const { action, ...about } = step;
  if (action === "drop") return { ...about, outcome: "dropped" };
  if (action === "refresh") return { ...about, outcome: "refreshed" };
  if (action === "look") return { ...about, outcome: "unsettled" };
  if (!there || judgement === undefined)
    return { ...about, outcome: "not there", why: `the provider knows no ${step.id!}` };
  const outcome = { ours: "taken over", foreign: "foreign", unknown: "unsettled" } as const;
  return { ...about, outcome: outcome[judgement.whose], why: judgement.why };
}

/** With creations that an earlier repair did not settle: the backend has forgotten them. */
export function withRemembered(state: StackState, remembered: readonly PendingOperation[]): StackState {
  const pending = pendingOf(state);
  const known = new Set(pending.filter((p) => p.type === "creating").map((p) => p.resource.urn));
  const more = remembered.filter((p) => !known.has(p.resource.urn));
  return more.length === 0 ? state : withResources(state, resourcesOf(state), [...pending, ...more]);
}
