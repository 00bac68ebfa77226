// `roadstead init`: at most eight questions, a commented requirements file, and the headline of its plan.
import * as fs from "node:fs";
import * as path from "node:path";
import { parseDocument } from "yaml";
import { EXIT, type ExitCode, Stop, usage } from "./exit";
import { readInput, writeAll, rootOfOutput } from "./files";
import type { Io } from "./io";
import { planText } from "./planning";
import { headline } from "./render/plan-table";
import { type Answers, answersSchema, readShips } from "./wizard/answers";
import { answersIn, requirementsText } from "./wizard/document";
import { ask, CANCELLED, type Progress, type Prompter, QUESTIONS } from "./wizard/questions";
import { problemText, schemaProblems } from "../planner";

export interface InitOptions {
  answers?: string;
  /** commander's shape of --no-input: false when given. */
  input?: boolean;
  json?: boolean;
}

/** Where answers wait while the questions are not done: never a secret, `readShips` refuses keys. */
const KEPT = path.join(".roadstead", "init-answers.json");

export async function initCommand(file: string, options: InitOptions, io: Io, prompter?: Prompter): Promise<ExitCode> {
  const full = path.resolve(io.cwd, file);
  const existing = fs.existsSync(full) ? readInput(io, file, "a requirements file") : null;
  const known = existing === null ? {} : answersIn(existing);
  const answers = await collectAnswers(file, options, io, known, prompter);

  const edited = requirementsText(answers, existing);
  if (!edited.ok) throw usage(`${file}: ${edited.message}`);
  // Planned before it is written: what does not load is not left behind.
  const { plan } = planText(io, edited.text, file, {});
  writeAll([{ root: rootOfOutput(io, file), path: full, text: edited.text }]);
  forget(io);

  const next = [`roadstead plan ${file}`, `roadstead preview ${file}${plan.chosen === null ? " --change 1" : ""}`];
  if (options.json) {
    const data = { file, changed: edited.changed, answers, chosen: plan.chosen, headline: headline(plan), next };
    io.out(`${JSON.stringify(data, null, 2)}\n`);
    return EXIT.done;
  }
  const what =
    existing === null ? "written" : edited.changed.length === 0 ? "unchanged" : `changed: ${edited.changed.join(", ")}`;
  io.err(`${file} ${what}\n`);
  io.out(`${headline(plan)}\n`);
  for (const q of plan.clarify.slice(0, 3)) io.out(`To decide: ${q.question} (${q.path}; assumed: ${q.assumed})\n`);
  io.err(`Next:\n${next.map((n) => `  ${n}\n`).join("")}`);
  return EXIT.done;
}

async function collectAnswers(
  file: string,
  options: InitOptions,
  io: Io,
  known: Answers,
  given?: Prompter,
): Promise<Answers> {
  if (options.answers !== undefined) return answersFromFile(io, options.answers);
  if (options.input === false) return {};
  if (options.json) throw usage("--json asks nothing; accepted: --answers FILE or --no-input beside it");
  if (given === undefined && !(io.inIsTerminal && io.outIsTerminal))
    throw usage(
      "there is no terminal to ask on; accepted: --answers FILE (YAML or JSON), or --no-input for the defaults",
    );
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the prompt library is not paid for by scripts
  const prompter = given ?? (require("./wizard/prompter") as typeof import("./wizard/prompter")).terminalPrompter();

  const progress = keptProgress(io, file);
  const already = Object.keys(progress).length;
  const total = Object.keys(QUESTIONS).length;
  prompter.intro(known.ships === undefined ? `Requirements for ${file}` : `Editing ${file}`);
  if (already > 0) io.err(`Continuing after ${already} of ${total} questions; delete ${KEPT} to start again.\n`);
  const answers = await ask(prompter, known, progress, (p) => keep(io, file, p));
  if (answers === CANCELLED)
    throw new Stop(
      EXIT.cancelled,
      `Stopped; ${file} is as it was and the answers are kept. Continue with:\n  roadstead init ${file}`,
    );
  prompter.outro("Thank you. Planning…");
  return answers;
}

function answersFromFile(io: Io, file: string): Answers {
  const text = readInput(io, file, "an answers file, YAML or JSON");
  const doc = parseDocument(text, { uniqueKeys: true });
  if (doc.errors.length > 0)
    throw usage(doc.errors.map((e) => `${file}: ${e.message.split("\n")[0]}; accepted: YAML or JSON`).join("\n"));
  let value: unknown;
  try {
    value = doc.toJS({ maxAliasCount: 50 }) ?? {};
  } catch (error) {
    throw usage(`${file}: ${error instanceof Error ? error.message : String(error)}; accepted: plain values`);
  }
  const parsed = answersSchema.safeParse(value);
  if (!parsed.success)
    throw usage(schemaProblems(answersSchema, parsed.error, value, file).map(problemText).join("\n"));
  if (parsed.data.ships !== undefined) {
    const ships = readShips(parsed.data.ships);
    if (!ships.ok) throw usage(`${file}: ships: ${ships.message}`);
  }
  return parsed.data;
}

interface Kept {
  file: string;
  progress: Progress;
}

function keptProgress(io: Io, file: string): Progress {
  try {
    const kept = JSON.parse(fs.readFileSync(path.resolve(io.cwd, KEPT), "utf8")) as Kept;
    if (kept.file !== path.resolve(io.cwd, file)) return {};
    const answered = Object.fromEntries(Object.entries(kept.progress).filter(([, v]) => v !== null));
    return answersSchema.safeParse(answered).success ? kept.progress : {};
  } catch {
    // None kept, or a torn file: the questions start again, nothing is lost but typing.
    return {};
  }
}

function keep(io: Io, file: string, progress: Progress): void {
  const kept: Kept = { file: path.resolve(io.cwd, file), progress };
  writeAll([{ root: io.cwd, path: KEPT, text: `${JSON.stringify(kept, null, 2)}\n` }]);
}

function forget(io: Io): void {
  const kept = path.resolve(io.cwd, KEPT);
  if (!fs.existsSync(kept)) return;
  fs.rmSync(kept);
  if (fs.readdirSync(path.dirname(kept)).length === 0) fs.rmdirSync(path.dirname(kept));
}
