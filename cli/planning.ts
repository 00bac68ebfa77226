// From a requirements file and the options of a command line to a plan: shared by `plan`, `preview FILE` and `init`.
import { parseDocument } from "yaml";
import {
  applySet,
  type Assignments,
  type Catalog,
  type Change,
  checkRequirements,
  defaultCatalog,
  mergePrices,
  nearest,
  plan,
  type Plan,
  type Problem,
  problemText,
  type Rates,
  readObject,
  type Requirements,
} from "../planner";
import { EXIT, Stop, usage } from "./exit";
import { readInput } from "./files";
import type { Io } from "./io";

export interface PlanningOptions {
  /** `path=value` each, in order. */
  set?: string[];
  /** File with prices that override the catalog. */
  prices?: string;
  /** `CUR=usd` each. */
  rate?: string[];
  /** Another feasible candidate than the planner's. */
  candidate?: string;
}

export interface Planned {
  requirements: Requirements;
  /** With the candidate that was asked for as chosen. */
  plan: Plan;
  /** What the planner would have chosen. */
  plannersChoice: string | null;
  catalog: Catalog;
  rates: Rates;
  /** The file's plain data with --set applied, so that a change can be applied to it in turn. */
  data: Record<string, unknown>;
}

/** Reads, checks and plans a requirements file. Every fault of the input ends in exit code 2, all problems at once. */
export function planFile(io: Io, file: string, options: PlanningOptions): Planned {
  return planText(io, readInput(io, file, "a requirements file, YAML or JSON"), file, options);
}

export function planText(io: Io, text: string, file: string, options: PlanningOptions): Planned {
  const rates = parseRates(options.rate ?? []);
  const assignments = parseAssignments(options.set ?? []);
  const catalog = catalogWith(io, options.prices);
  const read = readObject(text, file);
  if (!read.ok) throw badInput(read.problems);
  const data = applySet(read.value, assignments);
  const planned = planData(data, file, catalog, rates);
  return options.candidate === undefined ? planned : take(planned, options.candidate);
}

function take(planned: Planned, id: string): Planned {
  const { requirements, catalog, rates } = planned;
  const found = planned.plan.candidates.find((c) => c.id === id);
  if (found === undefined) {
    const ids = planned.plan.candidates.map((c) => c.id);
    throw usage(`--candidate ${id}: accepted: ${ids.join(", ")}. Did you mean ${nearest(id, ids).join(" or ")}?`);
  }
  if (!found.feasible) {
    const reasons = found.rejections.map((r) => `${r.code} (${r.limit})`).join(", ");
    throw new Stop(
      EXIT.nothingFeasible,
      `--candidate ${id}: it does not fit: ${reasons}. ${found.rejections[0]?.fix ?? ""}`.trim(),
    );
  }
  return { ...planned, plan: plan(requirements, { catalog, rates, candidate: id }) };
}

export interface PlannedChange extends Planned {
  change: Change;
}

/** The nth cheapest change that fits, applied and planned again. */
export function planChange(planned: Planned, file: string, n: number): PlannedChange {
  const changes = planned.plan.cheapestChangeThatFits;
  const change = changes[n - 1];
  if (change === undefined) {
    if (planned.plan.chosen !== null)
      throw usage(`--change ${n}: ${planned.plan.chosen} fits as the file is; accepted: no --change. Leave it out`);
    throw changes.length === 0
      ? new Stop(EXIT.nothingFeasible, `--change ${n}: no single change makes anything fit. See roadstead plan ${file}`)
      : usage(`--change ${n}: there are ${changes.length} changes that fit; accepted: 1 to ${changes.length}`);
  }
  const next = planData(applySet(planned.data, change.set), `${file} with change ${n}`, planned.catalog, planned.rates);
  return { ...next, change };
}

function planData(data: Record<string, unknown>, file: string, catalog: Catalog, rates: Rates): Planned {
  const loaded = checkRequirements(data, file, rates);
  if (!loaded.ok) throw badInput(loaded.problems);
  const made = plan(loaded.requirements, { catalog, rates });
  return { requirements: loaded.requirements, plan: made, plannersChoice: made.chosen, catalog, rates, data };
}

export function badInput(problems: readonly Problem[]): Stop {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return usage([...problems.map(problemText), `${count}; nothing was written`].join("\n"));
}

function catalogWith(io: Io, prices: string | undefined): Catalog {
  const catalog = defaultCatalog();
  if (prices === undefined) return catalog;
  const merged = mergePrices(catalog, readInput(io, prices, "a prices file, YAML or JSON"), prices);
  if (!merged.ok) throw badInput(merged.problems);
  return merged.catalog;
}

/** `ships.memoryGiB=2`: the value is YAML, so numbers, lists and null mean what they mean in the file. */
export function parseAssignments(texts: readonly string[]): Assignments {
  const accepted = "accepted: path=value, such as ships.memoryGiB=2";
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      const path = at < 0 ? "" : text.slice(0, at).trim();
      // The value is nobody's business: it may be a secret in place of its name.
      const given = at < 0 ? text : `${path}=…`;
      if (/(^|\.)\d+(\.|$)|\[/.test(path))
        throw usage(`--set ${given}: a place in a list; ${accepted}. Set the whole list, or edit the file`);
      if (!/^[A-Za-z]\w*(\.[A-Za-z]\w*)*$/.test(path)) throw usage(`--set ${given}: ${accepted}`);
      const doc = parseDocument(text.slice(at + 1), { uniqueKeys: true });
      if (doc.errors.length > 0) throw usage(`--set ${given}: the value is not YAML; ${accepted}`);
      try {
        const value = doc.toJS({ maxAliasCount: 50 }) as unknown;
        // 1.34 is a version, and a checksum of digits alone is no number either.
        return [path, typeof value === "number" && path.startsWith("versions.") ? text.slice(at + 1).trim() : value];
      } catch {
        throw usage(`--set ${given}: too many aliases in the value; ${accepted}`);
      }
    }),
  );
}

export function parseRates(texts: readonly string[]): Rates {
  return Object.fromEntries(
    texts.map((text) => {
      const [, currency, amount] = /^([A-Z]{3})=(\d+(?:\.\d+)?)$/.exec(text.trim()) ?? [];
      if (currency === undefined || !(Number(amount) > 0))
        throw usage(`--rate ${text}: accepted: CUR=usd, US dollars one unit costs, such as EUR=1.08`);
      if (currency === "USD" && Number(amount) !== 1)
        throw usage(`--rate ${text}: a US dollar costs one US dollar; give the rate of another currency`);
      return [currency, Number(amount)];
    }),
  );
}

/** `--set` options that would make the same change, ready to paste into a shell. */
export function setArguments(set: Record<string, unknown>): string {
  return Object.entries(set)
    .map(([path, value]) => `${path}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .map((pair) => `--set ${/^[\w.=/:-]+$/.test(pair) ? pair : `'${pair.replaceAll("'", "'\\''")}'`}`)
    .join(" ");
}
