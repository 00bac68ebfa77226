// `roadstead doctor STACK`: what is missing before the first `up`, and the exact next commands. Asks no network.
import { missingVersions } from "../planner/architecture";
import { parseStackFile } from "../planner/architecture/stack-file";
import { type Diagnosis, diagnose, type Finding, type Level, LEVELS } from "./doctor/diagnose";
import { lookAround, machineProbe, type Probe } from "./doctor/probe";
import { type ExitCode, usage } from "./exit";
import { type Io, painter, type Style } from "./io";
import { projectOf, readStackFile, stackConfig } from "./project";
import { wrap } from "./render/text";

export interface DoctorOptions {
  json?: boolean;
}

export async function doctorCommand(
  stack: string,
  options: DoctorOptions,
  io: Io,
  probe: Probe = machineProbe(io),
): Promise<ExitCode> {
  const project = projectOf(io);
  const { file, text } = readStackFile(io, project, stack);
  const parsed = parseStackFile(file, text);
  const { architecture } = parsed;
  if (architecture === null)
    throw usage(
      parsed.problems.length > 0
        ? parsed.problems.map((p) => p.message).join("\n")
        : `${file}: records no architecture yet. Record one with roadstead plan FILE --stack ${stack} --write`,
    );
  const diagnosis = diagnose(architecture, {
    ...lookAround(io, probe, project, architecture, stack),
    stack,
    file,
    project: project.name,
    cellStacks:
      architecture.role === "platform" ? architecture.cells.map((c) => c.stack).filter((s) => s !== stack) : [],
    config: stackConfig(text),
    missing: missingVersions(architecture),
    lockProblems: parsed.problems.map((p) => p.message),
  });
  io.out(
    options.json
      ? `${JSON.stringify({ schema: "roadstead/doctor/1", stack, ...diagnosis }, null, 2)}\n`
      : render(diagnosis, stack, io),
  );
  return diagnosis.exit;
}

const LOOK: Record<Level, { mark: string; style: Style }> = {
  blocks: { mark: "✗", style: "red" },
  look: { mark: "!", style: "yellow" },
  ok: { mark: "✓", style: "green" },
};

function render({ findings, next }: Diagnosis, stack: string, io: Io): string {
  const paint = painter(io);
  const width = Math.max(60, Math.min(io.columns, 140));
  const line = (f: Finding) => {
    const [first = "", ...rest] = wrap(f.what, width, "  X ");
    // Never wrapped: most of it is a command to copy.
    const fix = f.fix === "" ? [] : [`    → ${f.fix}`];
    return [`${first.replace("X", paint(LOOK[f.level].style, LOOK[f.level].mark))}`, ...rest, ...fix];
  };
  const blocking = findings.filter((f) => f.level === "blocks").length;
  const verdict =
    blocking === 0
      ? `Nothing stands in the way of \`pulumi up --stack ${stack}\`.`
      : `${blocking} to settle before \`pulumi up --stack ${stack}\`.`;
  const sorted = LEVELS.flatMap((level) => findings.filter((f) => f.level === level));
  return [
    paint("bold", verdict),
    "",
    ...sorted.flatMap(line),
    "",
    paint("bold", "Then, in this order"),
    ...next.map((n) => `  ${n}`),
    "",
  ].join("\n");
}
