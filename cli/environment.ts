// The stacks that belong together, a platform and its cells: what their files say must fit.
import { environmentProblems, type LockProblem, parseStackFile, type RecordedLock } from "../planner/architecture";
import type { Architecture } from "../planner/architecture/schema";
import type { Io } from "./io";
import { type Project, stackFiles } from "./project";

export interface Together {
  /** Stacks the environment should have and that record nothing here. */
  absent: string[];
  /** What the locks contradict each other in, absent files included. */
  problems: LockProblem[];
}

/** Everything recorded in the environment this lock belongs to. */
export function stacksTogether(io: Io, project: Project, { environment, platformStack }: Architecture): Together {
  const locks: RecordedLock[] = Object.entries(stackFiles(io, project))
    .map(([name, text]) => parseStackFile(name, text))
    .filter((l) => l.architecture?.environment === environment);
  const here = new Set(locks.map((l) => l.stack));
  const cells = locks.find((l) => l.stack === platformStack)?.architecture?.cells ?? [];
  return {
    absent: [platformStack, ...cells.map((c) => c.stack)].filter((s, i, all) => !here.has(s) && all.indexOf(s) === i),
    problems: environmentProblems(locks),
  };
}
