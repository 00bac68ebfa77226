// The state of a stack as `pulumi stack export` writes it, as far as a repair reads it. What it does not know it keeps.
import { usage } from "../../exit";

export interface StateResource {
  urn: string;
  type: string;
  custom?: boolean;
  /** Marked for deletion, or deleted already and about to come back: not the resource of today. */
  delete?: boolean;
  pendingReplacement?: boolean;
  /** Read, not owned: the engine never changes or deletes it. */
  external?: boolean;
  id?: string;
  inputs?: Properties;
  outputs?: Properties;
  parent?: string;
  provider?: string;
  dependencies?: string[];
  deletedWith?: string;
}
export type Properties = Record<string, unknown>;

export interface PendingOperation {
  /** creating, updating, deleting, reading, importing. */
  type: string;
  resource: StateResource;
}

export interface StackState {
  version: number;
  deployment: { resources?: StateResource[]; pending_operations?: PendingOperation[] };
}

/** Versions of the file whose resources and pending operations look as above. */
const KNOWN_VERSIONS = [3, 4];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isResource = (value: unknown): boolean =>
  isRecord(value) && typeof value.urn === "string" && typeof value.type === "string";

/** Refuses what it does not understand: a state that is half understood is not written back. */
export function parseState(text: string, from: string): StackState {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw usage(`${from}: is not JSON; accepted: what \`pulumi stack export\` writes. Nothing was changed`);
  }
  const problem = stateProblem(read);
  if (problem !== null)
    throw usage(`${from}: ${problem}; accepted: what \`pulumi stack export\` writes. Nothing was changed`);
  return read as StackState;
}

function stateProblem(read: unknown): string | null {
  if (!isRecord(read) || !isRecord(read.deployment)) return "holds no deployment";
  if (!KNOWN_VERSIONS.includes(read.version as number))
    return `is of version ${JSON.stringify(read.version)}, and this doctor knows ${KNOWN_VERSIONS.join(" and ")}`;
  const { resources = [], pending_operations: pending = [] } = read.deployment;
  if (!Array.isArray(resources) || !resources.every(isResource)) return "has resources without urn or type";
  if (
    !Array.isArray(pending) ||
    !pending.every((p) => isRecord(p) && typeof p.type === "string" && isResource(p.resource))
  )
    return "has pending operations without type or resource";
  return null;
}

export const resourcesOf = (state: StackState): StateResource[] => state.deployment.resources ?? [];
export const pendingOf = (state: StackState): PendingOperation[] => state.deployment.pending_operations ?? [];

/** In the state and the stack's own: neither on its way out nor only looked at. */
export const isOwned = (r: StateResource): boolean => !r.delete && !r.pendingReplacement && !r.external;

/** The engine's mark of an encrypted value (sdk/go/common/resource/sig). */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

/** The value at a path, when it can be read: nothing for what is missing and what is a secret. */
export function readable(properties: Properties | undefined, ...path: string[]): unknown {
  let value: unknown = properties;
  for (const key of path) {
    if (!isRecord(value) || SECRET_MARK in value) return undefined;
    value = value[key];
  }
  return isRecord(value) && SECRET_MARK in value ? undefined : value;
}

/** Text by key, such as labels; null when it is missing or secret. */
export function readableTexts(properties: Properties | undefined, ...path: string[]): Record<string, string> | null {
  const value = readable(properties, ...path);
  if (!isRecord(value)) return null;
  return Object.fromEntries(Object.entries(value).filter((e): e is [string, string] => typeof e[1] === "string"));
}

export const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");
