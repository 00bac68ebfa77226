// What changed between two locks or two plans, in entries a person can read and a script can filter.
import type { Plan } from "../plan/schema";
import { canonicalJson } from "./digest";
import type { Architecture } from "./schema";

export interface DiffEntry {
  /** Path in the older or newer document; list members by name, such as ships.sampel-palnet.zone. */
  path: string;
  kind: "added" | "removed" | "changed";
  /** Null for what was added. */
  before: unknown;
  /** Null for what was removed. */
  after: unknown;
}

/** Members of a list are told apart by these, so that a new ship is one entry and not a shift of all that follow. */
const IDENTITY = ["id", "name", "item", "path", "month"];

export const diffArchitectures = (before: Architecture | null, after: Architecture | null): DiffEntry[] =>
  compare("", before ?? {}, after ?? {});

/** Plans: what is chosen, and for each candidate its rank, feasibility, monthly cost and nodes. */
export function diffPlans(before: Plan, after: Plan): DiffEntry[] {
  const summary = (plan: Plan): unknown => ({
    requirementsDigest: plan.requirementsDigest,
    pricedOn: plan.pricedOn,
    chosen: plan.chosen,
    candidates: plan.candidates.map((c) => ({
      id: c.id,
      rank: c.rank,
      feasible: c.feasible,
      monthly: c.monthly,
      rejections: c.rejections.map((r) => r.code),
      nodes: c.nodes.map((n) => ({ id: `${n.role} ${n.zone} ${n.type}`, count: n.count })),
    })),
    cheapestChangeThatFits: plan.cheapestChangeThatFits.map((c) => c.text),
  });
  return compare("", summary(before), summary(after));
}

export function diffText(entries: DiffEntry[]): string {
  const sign = { added: "+", removed: "-", changed: "~" };
  const text = (v: unknown): string => (typeof v === "string" ? v : JSON.stringify(v));
  return entries
    .map(({ path, kind, before, after }) => {
      if (kind === "added") return `${sign[kind]} ${path}: ${text(after)}`;
      if (kind === "removed") return `${sign[kind]} ${path}: ${text(before)}`;
      return `${sign[kind]} ${path}: ${text(before)} → ${text(after)}`;
    })
    .join("\n");
}

const isRecord = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null && !Array.isArray(v);

function compare(path: string, before: unknown, after: unknown): DiffEntry[] {
  if (canonical(before) === canonical(after)) return [];
  if (before === undefined) return [{ path, kind: "added", before: null, after }];
  if (after === undefined) return [{ path, kind: "removed", before, after: null }];
  const [a, b] = [keyed(before), keyed(after)];
  if (a && b) {
    const keys = [...new Set([...a.keys(), ...b.keys()])];
    return keys.flatMap((key) => compare(path === "" ? key : `${path}.${key}`, a.get(key), b.get(key)));
  }
  return [{ path, kind: "changed", before, after }];
}

const canonical = (value: unknown): string => (value === undefined ? "" : canonicalJson(value));

/** A record's members, or a list's by identity; null where there is none. */
function keyed(value: unknown): Map<string, unknown> | null {
  if (isRecord(value)) return new Map(Object.entries(value).filter(([, v]) => v !== undefined));
  if (!Array.isArray(value)) return null;
  if (value.length === 0) return new Map();
  const key = IDENTITY.find((k) =>
    value.every((v) => isRecord(v) && (typeof v[k] === "string" || typeof v[k] === "number")),
  );
  if (key === undefined) return null;
  const members = new Map(value.map((v) => [String((v as Record<string, unknown>)[key]), v as unknown]));
  return members.size === value.length ? members : null;
}
