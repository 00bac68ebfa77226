// How a component refuses its arguments: every problem at once, before the first resource is registered.
import { RunError } from "@pulumi/pulumi/errors";
import { shown } from "../planner/requirements/problem";

/** One argument that cannot be used. */
export interface ArgumentProblem {
  /** Property path inside the arguments, such as `zones[1]`. */
  path: string;
  /** What was given, already fit for printing: use `given()`. */
  received: string;
  accepted: string;
  fix: string;
}

export const given = shown;

/** A component's arguments were refused. A RunError, so that the user sees the list and no stack trace. */
export class ArgumentsRefused extends RunError {
  readonly component: string;
  readonly problems: ArgumentProblem[];

  constructor(component: string, problems: ArgumentProblem[]) {
    super(
      [
        `${component}: ${problems.length === 1 ? "one argument cannot" : `${problems.length} arguments cannot`} be used`,
        ...problems.map((p) => `  - ${p.path}: received ${p.received}; accepted: ${p.accepted}; ${p.fix}`),
      ].join("\n"),
    );
    this.component = component;
    this.problems = problems;
  }
}

/** Throws one error with all problems; returns when there are none. */
export function refuseIfAny(type: string, name: string, problems: ArgumentProblem[]): void {
  if (problems.length > 0) throw new ArgumentsRefused(`${type} ${JSON.stringify(name)}`, problems);
}
