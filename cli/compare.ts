// `plan --diff STACK|OLD.json`: what today's plan would change, without changing it.
import * as fs from "node:fs";
import * as path from "node:path";
import { diffPlans, type DiffEntry } from "../planner/architecture/diff";
import { type Plan, planSchema } from "../planner";
import type { WriteResult } from "../planner/architecture/write";
import { usage } from "./exit";
import { readInput } from "./files";
import type { Io } from "./io";
import { firstOf } from "./next-steps";
import type { Planned } from "./planning";
import { projectOf, readStackFile } from "./project";
import { decide, shortDiff } from "./record";

interface Comparison {
  schema: "roadstead/diff/1";
  against: string;
  stacks: { stack: string | null; entries: DiffEntry[] }[];
  /** Why the change could not be recorded as it is. */
  problems: string[];
  /** What `--write` refuses without `--force`; the difference is then what it would record with it. */
  needsForce: string[];
}

/** A plan of a thousand named ships in JSON stays below this. */
const MAX_PLAN_BYTES = 16 * 1024 * 1024;

export function compare(io: Io, planned: Planned, against: string, json: boolean): string {
  const result = isFile(io, against) ? againstPlan(io, planned, against) : againstStack(io, planned, against);
  if (json) return `${JSON.stringify(result, null, 2)}\n`;
  const changed = result.stacks.filter((s) => s.entries.length > 0);
  const lines = changed.flatMap((s) => [
    s.stack === null ? `Against ${against}:` : `${s.stack}:`,
    shortDiff(s.entries),
    "",
  ]);
  const problems = firstOf(
    result.problems.map((p) => `Could not be recorded: ${p}`),
    (rest) => `Could not be recorded: ${rest} more problems (--json lists all)`,
  ).map((p) => `${p}\n`);
  const force = firstOf(
    result.needsForce.map((p) => `Needs --force: ${p}`),
    (rest) => `Needs --force: ${rest} more (--json lists all)`,
  ).map((p) => `${p}\n`);
  if (changed.length === 0 && problems.length + force.length === 0) return `No difference to ${against}.\n`;
  return `${lines.join("\n")}${lines.length > 0 ? "\n" : ""}${force.join("")}${problems.join("")}`;
}

const isFile = (io: Io, against: string): boolean =>
  /\.json$|[\\/]/.test(against) || fs.existsSync(path.resolve(io.cwd, against));

function againstPlan(io: Io, planned: Planned, file: string): Comparison {
  const accepted = "a plan as `roadstead plan FILE --json` prints it, or a stack name";
  let value: unknown;
  try {
    value = JSON.parse(readInput(io, file, accepted, MAX_PLAN_BYTES));
  } catch (error) {
    if (error instanceof SyntaxError) throw usage(`${file}: is not JSON (${error.message}); accepted: ${accepted}`);
    throw error;
  }
  const old = planSchema.safeParse(value);
  if (!old.success) {
    const issue = old.error.issues[0]!;
    throw usage(`${file}: ${issue.path.join(".") || "the whole"}: ${issue.message}; accepted: ${accepted}`);
  }
  return {
    schema: "roadstead/diff/1",
    against: file,
    stacks: [{ stack: null, entries: diffPlans(old.data as Plan, planned.plan) }],
    problems: [],
    needsForce: [],
  };
}

function againstStack(io: Io, planned: Planned, stack: string): Comparison {
  const project = projectOf(io);
  readStackFile(io, project, stack);
  const plain = decide(io, project, planned, { stack });
  if (plain.problems.length === 0) return comparison(stack, plain, []);
  // What --force does not help against is said apart.
  const forced = decide(io, project, planned, { stack, force: true });
  const still = new Set(forced.problems.map((p) => `${p.code} ${p.path}`));
  const needsForce = plain.problems.filter((p) => !still.has(`${p.code} ${p.path}`));
  return needsForce.length === 0
    ? comparison(stack, plain, [])
    : comparison(
        stack,
        forced,
        needsForce.map((p) => p.message),
      );
}

const comparison = (against: string, { diff, problems }: WriteResult, needsForce: string[]): Comparison => ({
  schema: "roadstead/diff/1",
  against,
  stacks: diff,
  problems: problems.map((p) => p.message),
  needsForce,
});
