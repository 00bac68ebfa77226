// `roadstead preview STACK|FILE`: what `pulumi up` would make, offline.
import * as fs from "node:fs";
import * as path from "node:path";
import { architectureDigest } from "../planner/architecture/digest";
import { fileOfStack, parseStackFile } from "../planner/architecture/stack-file";
import { buildArchitectures } from "../planner/architecture/build";
import type { CostLine } from "../planner";
import { keysThatUpWants } from "../preview/ledger";
import type { Preview, StackToPreview } from "../preview/result";
import { readHostKeys } from "../stacks/host-keys";
import { stacksTogether } from "./environment";
import { EXIT, type ExitCode, refuseLocks, Stop, usage } from "./exit";
import { type Io, painter } from "./io";
import { parkedShips, releaseSteps, sameOptions, upCommand } from "./next-steps";
import { outputDirectory } from "./outputs";
import { type Planned, planChange, planFile, type PlanningOptions, setArguments } from "./planning";
import { projectOf, readStackFile, secretsSet, stackConfig } from "./project";
import { headline } from "./render/plan-table";
import { renderPreview } from "./render/preview-text";
import { bullets } from "./render/text";

export interface PreviewCommandOptions extends PlanningOptions {
  json?: boolean;
  out?: string;
  /** Preview the nth cheapest change that fits. */
  change?: number;
  /** Refuse when a mandatory policy fails. */
  strict?: boolean;
}

/* eslint-disable @typescript-eslint/no-require-imports -- bad input is refused before half a second of SDKs is loaded */
const engine = () => require("../preview") as typeof import("../preview");
const writing = () => require("../preview/write") as typeof import("../preview/write");
/* eslint-enable @typescript-eslint/no-require-imports */

interface Target {
  project: string;
  stacks: StackToPreview[];
  costLines?: readonly CostLine[];
  /** What to do next, with what the preview found. */
  next(result: Preview): string[];
  /** What to do about a refusal. */
  correct: string;
  warnings: string[];
}

export async function preview(target: string, options: PreviewCommandOptions, io: Io): Promise<ExitCode> {
  // Before anything is planned: a place nothing may be written to is refused at once.
  const out = options.out === undefined ? null : outputDirectory(io, options.out);
  const found = isFile(target, io) ? fromFile(target, options, io) : fromStack(target, options, io);
  if ("exit" in found) return found.exit;
  const result = await built(found);
  result.warnings.unshift(...found.warnings);
  const written = out === null ? null : write(out, options.out!, result);
  if (options.json) printJson(result, io);
  else io.out(renderPreview(result, { paint: painter(io), width: io.columns }));
  if (written !== null) io.err(`${written} files in ${options.out}\n`);
  if (!options.json)
    io.err(
      `\nNext:\n${found
        .next(result)
        .map((n) => `  ${n}`)
        .join("\n")}\n`,
    );
  const failed = mandatory(result);
  if (!options.strict || failed.length === 0) return EXIT.done;
  io.err(`\nrefused by ${failed.join(", ")}: see Policies above, and docs/policies.md for what to do\n`);
  return EXIT.refused;
}

/** A component that refuses its arguments refuses what the user asked for: that is bad input, whoever finds it. */
async function built(target: Target): Promise<Preview> {
  const { previewArchitectures, PreviewRefused } = engine();
  try {
    return await previewArchitectures(target.stacks, { project: target.project, costLines: target.costLines });
  } catch (error) {
    if (!(error instanceof PreviewRefused)) throw error;
    throw usage(`${error.message}
This cannot be built. ${target.correct}; nothing was written`);
  }
}

/** A stack name never has a dot or a slash in it, a requirements file always one of them, or it lies there. */
function isFile(target: string, io: Io): boolean {
  if (/[./\\]/.test(target)) return true;
  const recorded = fs.existsSync(path.join(projectOf(io).stacks, fileOfStack(target)));
  return !recorded && fs.existsSync(path.resolve(io.cwd, target));
}

function fromFile(file: string, options: PreviewCommandOptions, io: Io): Target | { exit: ExitCode } {
  const first = planFile(io, file, options);
  if (options.change === undefined && first.plan.chosen === null) return nothingChosen(file, first, options, io);
  const changed = options.change === undefined ? null : planChange(first, file, options.change);
  const planned: Planned = changed ?? first;
  const { plan, requirements } = planned;
  if (plan.chosen === null) return nothingChosen(file, planned, options, io);
  const stack = requirements.environment;
  const built = buildArchitectures({
    requirements,
    plan,
    candidateId: plan.chosen,
    stack,
    previous: new Map(),
    catalog: planned.catalog,
  });
  if (built.problems.length > 0) throw usage(built.problems.map((p) => p.message).join("\n"));
  const given = sameOptions(options);
  const record = (more: string) => `roadstead plan ${file}${given}${more} --stack ${stack} --write`;
  return {
    project: projectOf(io).name,
    stacks: built.stacks.map(({ name, architecture }) => ({
      name,
      architecture,
      requirementsDigest: plan.requirementsDigest,
      architectureDigest: architectureDigest(architecture),
    })),
    costLines: plan.candidates.find((c) => c.id === plan.chosen)!.lines,
    correct: `Correct ${file}`,
    next: () =>
      changed
        ? [
            `put the change into ${file} (${changed.change.text}), or give it as options:`,
            record(` ${setArguments(changed.change.set)}`),
            `roadstead doctor ${stack}`,
          ]
        : [record(""), `roadstead doctor ${stack}`],
    warnings: changed
      ? [`previewed with change ${options.change}, which the file does not have: ${changed.change.text}`]
      : [],
  };
}

function nothingChosen(file: string, { plan }: Planned, options: PreviewCommandOptions, io: Io): { exit: ExitCode } {
  if (options.json) {
    const { chosen, candidates, cheapestChangeThatFits, warnings } = plan;
    const rejected = candidates.map(({ id, mode, rejections }) => ({ id, mode, rejections }));
    io.out(
      `${JSON.stringify({ schema: "roadstead/preview/1", chosen, rejected, cheapestChangeThatFits, warnings }, null, 2)}\n`,
    );
    return { exit: EXIT.nothingFeasible };
  }
  const reasons = plan.candidates.flatMap((c) =>
    c.rejections
      .slice(0, 1)
      .map((r) => `${c.id}: ${r.limit}, have ${r.have ?? "nothing"}, need ${r.need ?? "more"}. ${r.fix}`),
  );
  io.out(`${headline(plan)}\n\nWhy nothing fits\n${bullets(reasons, io.columns).join("\n")}\n`);
  const changes = plan.cheapestChangeThatFits;
  if (changes.length > 0) io.out(`\nChanges that fit\n${changes.map((c, i) => `  ${i + 1}. ${c.text}`).join("\n")}\n`);
  io.err(
    `\nNext:\n  ${changes.length > 0 ? `roadstead preview ${file}${sameOptions({ ...options, candidate: undefined })} --change 1` : "relax a wish in the file and plan again"}\n`,
  );
  return { exit: EXIT.nothingFeasible };
}

function fromStack(stack: string, options: PreviewCommandOptions, io: Io): Target {
  if (options.change !== undefined)
    throw usage("--change: a recorded stack has no changes; give the requirements file instead");
  for (const [name, value] of Object.entries({ set: options.set, prices: options.prices, rate: options.rate }))
    if (value !== undefined && value.length > 0)
      throw usage(
        `--${name}: it changes a plan, and a recorded stack is not planned again; give the requirements file instead`,
      );
  const project = projectOf(io);
  const first = readRecorded(stack);
  const cell = first.architecture.role === "cell";
  const together = stacksTogether(io, project, first.architecture);
  const cells = cell ? [] : first.architecture.cells.slice(1).map((c) => c.stack);
  const further = cells.filter((s) => !together.absent.includes(s)).map(readRecorded);
  // One cell may be looked at while others are not here; what the files that are here contradict each other in may not.
  const absentFiles = new Set(together.absent.map(fileOfStack));
  const lost = cell ? together.problems.filter((p) => p.file !== null && absentFiles.has(p.file)) : [];
  const wrong = together.problems.filter((p) => !lost.includes(p));
  if (wrong.length > 0) throw usage(wrong.map((p) => p.message).join("\n"));
  return {
    project: project.name,
    stacks: [first, ...further],
    correct: `Correct the requirements and record again: roadstead plan FILE --stack ${stack} --write`,
    next: (result) => nextOfStack([first, ...further], result),
    warnings: lost.map((p) => p.message),
  };

  function readRecorded(name: string): StackToPreview {
    const { file, text } = readStackFile(io, project, name);
    const parsed = parseStackFile(file, text);
    refuseLocks(parsed.problems);
    if (parsed.architecture === null)
      throw usage(
        `${file}: no architecture is recorded; accepted: a stack with a lock. Record one with roadstead plan FILE --stack ${name} --write`,
      );
    const { requirementsDigest, architectureDigest: recorded } = parsed;
    if (requirementsDigest === null || recorded === null)
      throw new Stop(EXIT.stale, `${file}: its digests are missing; restore the file from version control`);
    const config = stackConfig(text);
    const recognised = readHostKeys(() => config.hostKeys, file);
    if (recognised.problems.length > 0) throw usage(recognised.problems.join("\n"));
    return {
      name,
      architecture: parsed.architecture,
      requirementsDigest,
      architectureDigest: recorded,
      runState: parsed.runState,
      secretsSet: secretsSet(config, project.name),
      hostKeys: recognised.keys,
    };
  }
}

/** `up` is next only when nothing is known that it would refuse. */
function nextOfStack(stacks: StackToPreview[], result: Preview): string[] {
  const { stack, role, platformStack } = stacks[0]!.architecture;
  const refused = mandatory(result);
  const keyless = keysThatUpWants(stacks).length;
  const why = [
    ...(result.missing.length > 0 ? [`${result.missing.length} missing above`] : []),
    ...(keyless > 0 ? [`${keyless} of the ships' keys not set`] : []),
    ...(refused.length > 0 ? [`refused by ${refused.join(", ")}`] : []),
  ];
  if (why.length > 0) return [`roadstead doctor ${stack}   # \`up\` comes later: ${why.join("; ")}`];
  const platform = role === "cell" ? [`# first the platform, unless it is up: roadstead doctor ${platformStack}`] : [];
  const parked = stacks.flatMap((s) => parkedShips(s.architecture, s.runState));
  return [...platform, `roadstead doctor ${stack}`, upCommand(stack), ...releaseSteps(parked)];
}

const mandatory = (result: Preview): string[] => [
  ...new Set(
    result.policies.findings.filter((f) => f.verdict === "fail" && f.level === "mandatory").map((f) => f.rule),
  ),
];

function write(full: string, dir: string, result: Preview): number {
  const { OutputRefused, writePreview } = writing();
  try {
    return writePreview(full, result).length;
  } catch (error) {
    if (error instanceof OutputRefused) throw usage(error.message);
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOSPC" || code === "ENOTDIR")
      throw usage(`${dir}: cannot be written (${code}); choose another directory`);
    throw error;
  }
}

/** One object, resource by resource: a large fleet is never held as one string. Host files are in --out only. */
function printJson({ graph, hosts: files, ...rest }: Preview, io: Io): void {
  const hosts = files.map(({ host, loss }) => ({ host, loss }));
  const head = JSON.stringify({ ...rest, hosts });
  io.out(`${head.slice(0, -1)},"graph":{"schema":${JSON.stringify(graph.schema)},"resources":[`);
  let buffer = "";
  graph.resources.forEach((r, i) => {
    buffer += `${i === 0 ? "\n" : ",\n"}${JSON.stringify(r)}`;
    if (buffer.length < 1 << 16) return;
    io.out(buffer);
    buffer = "";
  });
  io.out(`${buffer}\n]}}\n`);
}
