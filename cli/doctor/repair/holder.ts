// Whose an object is that was found where this stack was about to make one. Taking over somebody else's would be worse
// than failing: the ship behind it could run twice. Pure.
import {
  ANNOTATION,
  claimHolder,
  LABEL,
  REGISTRY_NAMESPACE,
  STACK_ANNOTATION,
} from "../../../components/fleet/render/names";
import { KUBERNETES } from "../../../components/fleet/render/resource";
import { NAMED } from "./identity";
import { isOwned, type Properties, readable, readableTexts, type StateResource } from "./state";

export type Whose = "ours" | "foreign" | "unknown";
export interface Judgement {
  whose: Whose;
  why: string;
}

const ours = (why: string): Judgement => ({ whose: "ours", why });
const foreign = (why: string): Judgement => ({ whose: "foreign", why });
const unknown = (why: string): Judgement => ({ whose: "unknown", why });

export interface Found {
  /** What this stack was about to make. */
  wanted: StateResource;
  /** What the provider says is there. */
  there: StateResource;
}

/** `owned`: resources this stack has for sure, those judged its own just now included. */
export function judge(found: Found, stack: string, owned: readonly StateResource[]): Judgement {
  const held = owned.filter(isOwned);
  const { type } = found.wanted;
  if (type === KUBERNETES.Lease && namespaceOf(found.wanted) === REGISTRY_NAMESPACE) return judgeClaim(found, stack);
  if (type.startsWith("kubernetes:")) return judgeObject(found, stack, held);
  if (type === "aws:ssm/parameter:Parameter") return judgeParameter(found, stack);
  return judgeTagged(found, stack, held);
}

/** Outputs only: where a provider says nothing about inputs, those in the state are still what this stack wanted. */
const live = ({ there }: Found, ...path: string[]): unknown => readable(there.outputs, ...path);
const namespaceOf = (r: StateResource): unknown => readable(r.inputs, "metadata", "namespace");

function judgeClaim(found: Found, stack: string): Judgement {
  const wanted = readable(found.wanted.inputs, "spec", "holderIdentity");
  const holder = live(found, "spec", "holderIdentity");
  if (typeof holder !== "string") return unknown("the claim names no holder that can be read");
  if (holder !== wanted || !holder.startsWith(`${stack}/`)) return foreign(`the claim is held by ${holder}`);
  const booted = live(found, "metadata", "annotations", ANNOTATION.firstBoot);
  // The ship's workload waits for this claim, so nothing this stack made can have moved it on.
  if (booted !== "never")
    return foreign(`the claim's first boot is ${String(booted)}: a ship has run on it, and not from this stack`);
  return ours(`the claim is held by ${holder} and its first boot is never`);
}

function judgeObject(found: Found, stack: string, held: StateResource[]): Judgement {
  const labels = readableTexts(found.wanted.inputs, "metadata", "labels") ?? {};
  const there = readableTexts(found.there.outputs, "metadata", "labels") ?? {};
  const other = differing(labels, there);
  if (other !== null) return foreign(`its label ${other}`);
  const wanted = holderOf(found.wanted.inputs);
  const holder = holderOf(found.there.outputs);
  // One that names no holder was made by hand, or before objects named theirs: what else speaks for it is looked at.
  if (wanted !== undefined && holder !== undefined)
    return holder === wanted && holder === stack
      ? ours(`it says that stack ${holder} made it`)
      : foreign(`it says that stack ${holder} made it`);
  const { [LABEL.ship]: ship, [LABEL.tenant]: tenant, [LABEL.cell]: cell } = labels;
  if (ship !== undefined) {
    const claim = held.find((r) => isClaim(r) && readable(r.inputs, "metadata", "name") === ship);
    if (claim === undefined) return unknown(`the claim of ${ship} is not in this stack's state`);
    const holder =
      readable(claim.outputs, "spec", "holderIdentity") ?? readable(claim.inputs, "spec", "holderIdentity");
    return holder === claimHolder(stack, tenant ?? "")
      ? ours(`the claim of ${ship} is held by ${holder}`)
      : foreign(`the claim of ${ship} is held by ${String(holder)}`);
  }
  if (tenant !== undefined) {
    const claim = held.find(
      (r) =>
        isClaim(r) &&
        readable(r.inputs, "spec", "holderIdentity") === claimHolder(stack, tenant) &&
        (cell === undefined || labelOf(r, LABEL.cell) === cell),
    );
    if (claim !== undefined) return ours(`ships of ${tenant} are claimed by ${stack}`);
    if (hasNamespace(held, tenant) && found.wanted.type !== KUBERNETES.Namespace)
      return ours(`the namespace ${tenant} is this stack's`);
    return unknown("it carries no holder, and neither a claim nor a namespace of this stack vouches for it");
  }
  const namespace = namespaceOf(found.wanted);
  return typeof namespace === "string" && namespace !== REGISTRY_NAMESPACE && hasNamespace(held, namespace)
    ? ours(`the namespace ${namespace} is this stack's`)
    : unknown("it carries no holder, and its namespace, if it has one, was not made by this stack");
}

/** Of what is a cluster's, as a namespace is: the stack that made it. */
const holderOf = (properties: Properties | undefined): string | undefined =>
  readableTexts(properties, "metadata", "annotations")?.[STACK_ANNOTATION];
const isClaim = (r: StateResource): boolean => r.type === KUBERNETES.Lease && namespaceOf(r) === REGISTRY_NAMESPACE;
const labelOf = (r: StateResource, label: string): unknown => readable(r.inputs, "metadata", "labels", label);
const hasNamespace = (held: StateResource[], name: string): boolean =>
  held.some((r) => r.type === KUBERNETES.Namespace && readable(r.inputs, "metadata", "name") === name);

/** A host's claim on AWS: its value says who holds it; where it comes back as a secret, its tags do. */
function judgeParameter(found: Found, stack: string): Judgement {
  const wanted = readable(found.wanted.inputs, "insecureValue");
  const value = live(found, "insecureValue") ?? live(found, "value");
  if (typeof wanted === "string" && typeof value === "string" && value !== "") {
    const [mine, theirs] = [claimIn(wanted), claimIn(value)];
    if (mine === null || theirs === null || JSON.stringify(mine) !== JSON.stringify(theirs))
      return foreign(`its value is ${value}`);
    if (mine.holder !== stack) return foreign(`it is held by ${mine.holder}`);
  }
  return judgeTagged(found, stack, []);
}

function claimIn(value: string): { ship: string; holder: string; host: string } | null {
  try {
    const { ship, holder, host } = JSON.parse(value) as Record<string, unknown>;
    return { ship: String(ship), holder: String(holder), host: String(host) };
  } catch {
    return null;
  }
}

const STACK_TAG = "roadstead:stack";

function judgeTagged(found: Found, stack: string, held: StateResource[]): Judgement {
  for (const property of ["name", "description"]) {
    const [wanted, there] = [readable(found.wanted.inputs, property), live(found, property)];
    if (typeof wanted === "string" && typeof there === "string" && wanted !== there)
      return foreign(`its ${property} is ${there}`);
  }
  const wanted = tagsOf(found.wanted.inputs);
  const there = tagsOf(found.there.outputs);
  if (wanted !== null && Object.keys(wanted).length > 0) {
    if (there === null) return unknown("its tags cannot be read");
    const other = differing(wanted, there);
    if (other !== null) return foreign(`its tag ${other}`);
    if ([stack, stack.toLowerCase()].includes(wanted[STACK_TAG] ?? ""))
      return ours(`its tags are those of stack ${stack}`);
  }
  const part = NAMED[found.wanted.type]?.part;
  const owner = part === undefined ? undefined : readable(found.wanted.inputs, part);
  return owner !== undefined && held.some((r) => r.id === owner)
    ? ours(`it is part of ${String(owner)}, which is this stack's`)
    : unknown("it carries no tag of its stack, and is no part of anything that does");
}

/** Tags as keys and values; DigitalOcean's are one text of both, in capitals or not. */
function tagsOf(properties: Properties | undefined): Record<string, string> | null {
  const tags = readable(properties, "tags");
  if (!Array.isArray(tags)) return readableTexts(properties, "tags");
  return Object.fromEntries(
    tags.map((t) => {
      const text = String(t).toLowerCase();
      const cut = text.lastIndexOf(":");
      return cut < 0 ? [text, ""] : [text.slice(0, cut), text.slice(cut + 1)];
    }),
  );
}

/** The first of the wanted pairs that is something else, in words. */
function differing(wanted: Record<string, string>, there: Record<string, string>): string | null {
  const key = Object.keys(wanted).find((k) => there[k] !== wanted[k]);
  return key === undefined
    ? null
    : `${key} is ${there[key] === undefined ? "missing" : there[key]}, not ${wanted[key]}`;
}
