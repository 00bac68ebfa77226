// `plan --stack S --write`: which stack files the decision goes into. Decided by the planner; only read here.
import * as path from "node:path";
import { planWrite, type WriteResult } from "../planner/architecture/write";
import { type DiffEntry, diffText } from "../planner/architecture/diff";
import { type ExitCode, Stop } from "./exit";
import type { FileToWrite } from "./files";
import type { Io } from "./io";
import { firstOf } from "./next-steps";
import type { Planned } from "./planning";
import { type Project, projectOf, stackFiles } from "./project";

export interface RecordOptions {
  stack?: string;
  candidate?: string;
  reason?: string;
  force?: boolean;
  attestNeverDeployed?: boolean;
}

export interface Recording {
  files: FileToWrite[];
  /** What was recorded where, for a person. */
  summary: string[];
}

export function record(io: Io, planned: Planned, options: RecordOptions): Recording {
  const project = projectOf(io);
  const stack = options.stack!;
  const result = decide(io, project, planned, { ...options, stack });
  if (result.problems.length > 0) {
    const changes = result.problems.some((p) => p.code === "different-decision")
      ? result.diff
          .filter((d) => d.entries.length > 0)
          .flatMap((d) => [`${d.stack} would change:`, shortDiff(d.entries)])
      : [];
    const claimed = result.problems.some((p) => p.code === "claimed") && !options.attestNeverDeployed;
    const hint = claimed ? ["only if the recorded stack was never deployed, say so: --attest-never-deployed"] : [];
    throw new Stop(
      result.exit as ExitCode,
      [
        ...changes,
        ...firstOf(
          result.problems.map((p) => p.message),
          (rest) => `and ${rest} more problems`,
        ),
        ...hint,
        "nothing was written",
      ].join("\n"),
    );
  }
  const shown = (fileName: string) =>
    path.relative(path.resolve(io.cwd), path.join(project.stacks, fileName)) || fileName;
  const written = result.writes.map((w) => shown(w.fileName));
  return {
    files: result.writes.map((w) => ({
      root: project.root,
      path: path.join(project.stacks, w.fileName),
      text: w.text,
    })),
    summary:
      written.length === 0
        ? [`${shown(`Pulumi.${stack}.yaml`)} records this decision already; unchanged`]
        : [
            `Recorded in ${written.join(", ")}`,
            ...result.stacks.map(
              ({ name, architecture: a }) =>
                `  ${name}: ${a.mode}, ${a.ships.length} ship${a.ships.length === 1 ? "" : "s"}`,
            ),
            ...result.warnings.map((warning) => `  note: ${warning}`),
          ],
  };
}

/** Hundreds of ships change alike: the first ten lines tell it, --json has all. */
export function shortDiff(entries: readonly DiffEntry[]): string {
  return firstOf(diffText([...entries]).split("\n"), (rest) => `and ${rest} more changes (--json lists all)`).join(
    "\n",
  );
}

/** What recording would do, on the files as they are. */
export function decide(
  io: Io,
  project: Project,
  planned: Planned,
  options: RecordOptions & { stack: string },
): WriteResult {
  return planWrite({
    requirements: planned.requirements,
    // The lock tells an override from the planner's own choice.
    plan: { ...planned.plan, chosen: planned.plannersChoice },
    candidateId: planned.plan.chosen,
    override: options.reason ?? null,
    stack: options.stack,
    files: new Map(Object.entries(stackFiles(io, project))),
    force: options.force,
    neverDeployed: options.attestNeverDeployed,
    catalog: planned.catalog,
  });
}
