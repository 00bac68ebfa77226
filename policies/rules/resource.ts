// What a rule looks at, and how it reads values that may not be known yet. No SDK: types are matched by token.

/** A value that is known only after deployment. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** Where a preview's graph holds a secret; the value itself is nowhere. */
const REDACTED = "[secret]";

export interface PolicyResource {
  urn: string;
  /** Pulumi type token. */
  type: string;
  name: string;
  /** Inputs in a preview, outputs of a deployed stack; UNKNOWN where not known yet. */
  props: Record<string, unknown>;
  options: { protect?: boolean; retainOnDelete?: boolean; ignoreChanges?: string[] };
  parent: string | null;
  /** URNs it waits for, by option or by value: the only way to see relations before ids exist. */
  dependsOn: string[];
}

/** All resources of a stack, by what rules ask for. */
export interface PolicyStack {
  resources: readonly PolicyResource[];
  ofType(...types: string[]): PolicyResource[];
  /** The resource of a URN, when it belongs to the stack. */
  at(urn: string): PolicyResource | undefined;
  /** The day it is judged on, YYYY-MM-DD: rules look at no clock of their own. */
  today: string;
}

export type Severity = "low" | "medium" | "high" | "critical";
export type Level = "mandatory" | "advisory";

export interface Rule {
  name: string;
  description: string;
  severity: Severity;
  level: Level;
  /** `resource`: decided by the resource alone, before it is made. `stack`: by its relations to others. */
  scope: "resource" | "stack";
  /** Whether the rule has something to say about a resource. */
  applies(resource: PolicyResource): boolean;
  /**
   * Yields one message a violation. Reading a value that is not known yet throws Undecided: what was found before still
   * counts as failed, and with nothing found the verdict is `undecided`.
   */
  check(resource: PolicyResource, stack: PolicyStack): Generator<string, void, undefined>;
}

/** Thrown on reading a value that is not known yet. */
export class Undecided extends Error {
  constructor(readonly path: string) {
    super(path);
  }
}

/** The value at a dotted path; undefined where a step is missing. Throws Undecided when it, or what holds it, is unknown. */
export function get(value: unknown, path: string): unknown {
  let at = value;
  const walked: string[] = [];
  if (at === UNKNOWN) throw new Undecided(path);
  for (const step of path.split(".")) {
    walked.push(step);
    if (at === null || at === undefined || typeof at !== "object") return undefined;
    at = (at as Record<string, unknown>)[step];
    if (at === UNKNOWN) throw new Undecided(walked.join("."));
  }
  return at;
}

/** The list at a path; empty when there is none. Elements may be UNKNOWN: hand each to `each`. */
export function list(value: unknown, path: string): unknown[] {
  const found = get(value, path);
  return Array.isArray(found) ? found : found === undefined || found === null ? [] : [found];
}

/** Checks every element, and only then says that one could not be decided: a violation behind it is still found. */
export function* each<T>(items: readonly T[], check: (item: T, i: number) => Generator<string>): Generator<string> {
  let undecided: Undecided | undefined;
  for (const [i, item] of items.entries()) {
    try {
      if (item === UNKNOWN) throw new Undecided(`[${i}]`);
      yield* check(item, i);
    } catch (error) {
      if (!(error instanceof Undecided)) throw error;
      undecided ??= error;
    }
  }
  if (undecided) throw undecided;
}

/** A label of a Kubernetes object. */
export const label = (resource: PolicyResource, key: string): unknown =>
  (get(resource.props, "metadata.labels") as Record<string, unknown> | undefined)?.[key];

export const isSecretPlace = (value: unknown): boolean => value === REDACTED;

/** A preview's graph resource, as far as rules need it. */
export interface GraphLike {
  urn: string;
  type: string;
  name: string;
  parent: string | null;
  inputs: Record<string, unknown>;
  options: PolicyResource["options"];
  dependsOn: string[];
}

/** Resources of an offline preview: its graph writes null for what is not known yet. */
export const fromGraph = (resources: readonly GraphLike[]): PolicyResource[] =>
  resources.map(({ urn, type, name, parent, inputs, options, dependsOn }) => ({
    urn,
    type,
    name,
    parent,
    options,
    dependsOn,
    props: replace(inputs, (v) => v === null) as Record<string, unknown>,
  }));

/** A copy of plain data with UNKNOWN for every value the test picks. */
export function replace(value: unknown, unknown: (value: unknown) => boolean): unknown {
  if (unknown(value)) return UNKNOWN;
  if (Array.isArray(value)) return value.map((inner) => replace(inner, unknown));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner, unknown)]));
}
