// `roadstead doctor STACK`: what is missing before the first `up`, and the exact next commands. Asks no network; only
// --repair, --cluster and a host's name do.
import { missingVersions } from "../planner/architecture";
import { parseStackFile } from "../planner/architecture/stack-file";
import { readHostKeys } from "../stacks/host-keys";
import { type Diagnosis, diagnose, LEVELS } from "./doctor/diagnose";
import { findingLines } from "./doctor/findings";
import { hostByMistake, isHostTarget } from "./doctor/host/target";
import { hostCommand, type HostDoctorOptions } from "./doctor/host";
import { lookAround, machineProbe, type Probe } from "./doctor/probe";
import { clusterCommand, type ClusterOptions } from "./doctor/cluster";
import { repairCommand, type RepairOptions } from "./doctor/repair";
import { stacksTogether } from "./environment";
import { type ExitCode, usage } from "./exit";
import { type Io, painter } from "./io";
import { projectOf, readStackFile, stackConfig } from "./project";

export interface DoctorOptions extends RepairOptions, ClusterOptions, HostDoctorOptions {
  repair?: boolean;
}

export async function doctorCommand(
  stack: string | undefined,
  options: DoctorOptions,
  io: Io,
  probe: Probe = machineProbe(io),
): Promise<ExitCode> {
  if (options.cluster !== undefined) return besideNothing(options, () => clusterCommand(stack, options, io));
  if (options.context !== undefined) throw usage("--context goes with --cluster");
  if (isHostTarget(stack, options)) return hostCommand(stack, besideRepair(options), io, probe);
  if (options.sshOption !== undefined) throw usage("--ssh-option goes with a host: roadstead doctor HOST --stack prod");
  if (stack === undefined)
    throw usage(
      "name a stack: roadstead doctor prod; a host: roadstead doctor HOST --stack prod; or a cluster: roadstead doctor --cluster KUBECONFIG",
    );
  if (options.repair) return repairCommand(stack, options, io, probe);
  refuseRepairOptions(options);
  const project = projectOf(io);
  const mistaken = hostByMistake(io, project, stack);
  if (mistaken !== null) throw usage(mistaken);
  const { file, text } = readStackFile(io, project, stack);
  const parsed = parseStackFile(file, text);
  const { architecture } = parsed;
  if (architecture === null)
    throw usage(
      parsed.problems.length > 0
        ? parsed.problems.map((p) => p.message).join("\n")
        : `${file}: records no architecture yet. Record one with roadstead plan FILE --stack ${stack} --write`,
    );
  const config = stackConfig(text);
  const hostKeys = readHostKeys(() => config.hostKeys, file);
  const delivers = architecture.hosts.some((h) => hostKeys.keys[h.name] !== undefined);
  const diagnosis = diagnose(architecture, {
    ...lookAround(io, probe, project, architecture, stack, delivers),
    hostKeys,
    stack,
    file,
    project: project.name,
    environmentProblems: stacksTogether(io, project, architecture).problems.map((p) => p.message),
    cellStacks:
      architecture.role === "platform" ? architecture.cells.map((c) => c.stack).filter((s) => s !== stack) : [],
    config,
    missing: missingVersions(architecture),
    runState: parsed.runState,
    lockProblems: parsed.problems.map((p) => p.message),
  });
  io.out(
    options.json
      ? `${JSON.stringify({ schema: "roadstead/doctor/1", stack, ...diagnosis }, null, 2)}\n`
      : render(diagnosis, stack, io),
  );
  return diagnosis.exit;
}

function besideNothing(
  { repair, yes, liftLock, found, forget, stack, address, sshOption }: DoctorOptions,
  ask: () => ExitCode,
): ExitCode {
  if (repair || yes || liftLock || found || forget)
    throw usage("--cluster reads a cluster, --repair settles a state: give one of them");
  if (stack !== undefined || address !== undefined || sshOption !== undefined)
    throw usage("--stack, --address and --ssh-option are for a host; a cluster's stack is the command's own word");
  return ask();
}

function besideRepair(options: DoctorOptions): HostDoctorOptions {
  if (options.repair) throw usage("--repair settles a stack's state; a host is only read: leave --repair out");
  refuseRepairOptions(options);
  return options;
}

function refuseRepairOptions({ yes, liftLock, found, forget }: DoctorOptions): void {
  if (yes || liftLock || found || forget)
    throw usage("--yes, --lift-lock, --found and --forget go with --repair; without it the doctor changes nothing");
}

function render({ findings, next }: Diagnosis, stack: string, io: Io): string {
  const paint = painter(io);
  const blocking = findings.filter((f) => f.level === "blocks").length;
  const verdict =
    blocking === 0
      ? `Nothing stands in the way of \`pulumi up --stack ${stack}\`.`
      : `${blocking} to settle before \`pulumi up --stack ${stack}\`.`;
  const sorted = LEVELS.flatMap((level) => findings.filter((f) => f.level === level));
  return [
    paint("bold", verdict),
    "",
    ...shortened(sorted, (f) => (MANY.test(f.id) ? `${f.level} ${f.id.split("/")[0]}` : null)).flatMap((f) =>
      typeof f === "number" ? [`  … and ${f} more like these (--json lists all)`] : findingLines(f, io),
    ),
    "",
    paint("bold", "Then, in this order"),
    ...shortened(next, (n) => (n.startsWith("pulumi config set ") ? "secret" : null)).map((n) =>
      typeof n === "number" ? `  # and ${n} more like these (--json lists all)` : `  ${n}`,
    ),
    "",
  ].join("\n");
}

const LISTED = 10;

/** What a fleet has by the hundred; every other finding has a command of its own. */
const MANY = /^(secret|environment)\//;

/** Neighbours of a kind beyond the tenth become their number. */
function shortened<T>(items: readonly T[], kindOf: (item: T) => string | null): (T | number)[] {
  const runs: T[][] = [];
  for (const item of items) {
    const run = runs.at(-1);
    const kind = kindOf(item);
    if (run !== undefined && kind !== null && kindOf(run[0]!) === kind) run.push(item);
    else runs.push([item]);
  }
  return runs.flatMap((run) => (run.length > LISTED ? [...run.slice(0, LISTED), run.length - LISTED] : run));
}
