// `roadstead plan FILE`: rank, price and explain; report; record the decision; compare.
import { EXIT, type ExitCode, Stop, usage } from "./exit";
import { type FileToWrite, rootOfOutput, writeAll } from "./files";
import { type Io, painter } from "./io";
import { sameOptions } from "./next-steps";
import { reportPath } from "./outputs";
import { type Planned, planFile, type PlanningOptions } from "./planning";
import { renderPlan } from "./render/plan-table";

export interface PlanCommandOptions extends PlanningOptions {
  json?: boolean;
  html?: string;
  mermaid?: boolean;
  all?: boolean;
  candidate?: string;
  reason?: string;
  stack?: string;
  write?: boolean;
  force?: boolean;
  attestNeverDeployed?: boolean;
  diff?: string;
  thenPreview?: boolean;
}

/* eslint-disable @typescript-eslint/no-require-imports -- what a plain plan does not need is not loaded */
const report = () => require("../planner/report") as typeof import("../planner/report");
const recording = () => require("./record") as typeof import("./record");
const comparing = () => require("./compare") as typeof import("./compare");
const previewing = () => require("./preview") as typeof import("./preview");
/* eslint-enable @typescript-eslint/no-require-imports */

export async function planCommand(file: string, options: PlanCommandOptions, io: Io): Promise<ExitCode> {
  checkTogether(options);
  const html =
    options.html === undefined ? null : reportPath(io, "--html", options.html, [file, options.prices, options.diff]);
  const planned = planFile(io, file, options);
  const { plan } = planned;
  const code = plan.chosen === null ? EXIT.nothingFeasible : EXIT.done;

  if (options.diff !== undefined) {
    io.out(comparing().compare(io, planned, options.diff, options.json === true));
    return code;
  }
  if (options.write && plan.chosen === null) {
    show(planned, options, io);
    throw new Stop(code, "nothing fits, so there is no decision to record; nothing was written");
  }
  const recorded = options.write ? recording().record(io, planned, options) : null;
  const files: FileToWrite[] = [...(recorded?.files ?? [])];
  if (html !== null) files.push(reportFile(io, planned, html));
  writeAll(files);
  show(planned, options, io);
  for (const line of recorded?.summary ?? []) io.err(`${line}\n`);
  if (options.html !== undefined) io.err(`Report: ${options.html}\n`);
  if (options.thenPreview) return thenPreview(file, planned, options, io);
  if (!options.json && !options.mermaid) io.err(`\n${nextSteps(file, planned, options)}\n`);
  return code;
}

function show({ plan }: Planned, options: PlanCommandOptions, io: Io): void {
  if (options.json) io.out(`${JSON.stringify(plan, null, 2)}\n`);
  else if (options.mermaid) io.out(report().renderMermaid(plan));
  else io.out(renderPlan(plan, { paint: painter(io), width: io.columns, all: options.all }));
}

function reportFile(io: Io, { requirements, plan }: Planned, file: string): FileToWrite {
  const text = report().renderHtml({ requirements, plan });
  return { root: rootOfOutput(io, file), path: file, text };
}

/** Options that make no sense apart or together; all of them at once. */
function checkTogether(o: PlanCommandOptions): void {
  const problems = [
    o.json && o.mermaid && "--json and --mermaid: each prints all of stdout; give one of them",
    o.json && o.thenPreview && "--json and --then-preview: use `roadstead preview FILE --json` for both in one object",
    o.candidate !== undefined && !o.reason?.trim() && "--candidate: give --reason TEXT too; it is recorded in the lock",
    o.reason !== undefined && o.candidate === undefined && "--reason: it explains --candidate ID; give both",
    o.write && o.stack === undefined && "--write: give --stack dev, staging or prod too",
    o.stack !== undefined &&
      !o.write &&
      "--stack: give --write too, to record the decision there, or use --diff STACK to compare",
    o.force && !o.write && "--force: it replaces a recorded decision; give --stack and --write too",
    o.attestNeverDeployed && !o.write && "--attest-never-deployed: it is recorded with --stack and --write; give both",
    o.diff !== undefined &&
      (o.write || o.thenPreview || o.html !== undefined || o.mermaid) &&
      "--diff: it only compares; leave out --write, --html, --mermaid and --then-preview",
  ].filter((p): p is string => typeof p === "string");
  if (problems.length > 0) throw usage(problems.join("\n"));
}

function nextSteps(file: string, { plan, requirements }: Planned, o: PlanCommandOptions): string {
  if (o.write) return `Next:\n  roadstead doctor ${o.stack}\n  roadstead preview ${o.stack}`;
  const given = sameOptions({ ...o, candidate: undefined });
  if (plan.chosen !== null)
    return `Next:\n  roadstead preview ${file}${given}\n  roadstead plan ${file}${sameOptions(o)} --stack ${requirements.environment} --write`;
  const change = plan.cheapestChangeThatFits[0];
  return change === undefined
    ? "Next: relax a wish in the file and plan again."
    : `Next:\n  roadstead preview ${file}${given} --change 1`;
}

/** What `npm start` shows: the plan, and then what it would build; when nothing fits, what the first change would. */
async function thenPreview(file: string, { plan }: Planned, o: PlanCommandOptions, io: Io): Promise<ExitCode> {
  const passed: PlanningOptions = { set: o.set, prices: o.prices, rate: o.rate, candidate: o.candidate };
  if (plan.chosen !== null) {
    io.out(`\nPreview of ${plan.chosen}\n\n`);
    return (await previewing().preview(file, passed, io)) as ExitCode;
  }
  const change = plan.cheapestChangeThatFits[0];
  if (change === undefined) return EXIT.nothingFeasible;
  io.out(`\nNothing fits the wishes as they are. Preview of change 1: ${change.text}\n\n`);
  return (await previewing().preview(file, { ...passed, change: 1 }, io)) as ExitCode;
}
