// The requirements file a ship is added to or taken from, with what every lock beside it says.
import type { ParsedStackFile } from "../../planner/architecture/stack-file";
import { parseStackFile, stackOfFile } from "../../planner/architecture/stack-file";
import { stackOfCell } from "../../planner/architecture/identity";
import { checkRequirements, readObject } from "../../planner";
import type { RequestedShip, Requirements } from "../../planner/requirements/schema";
import type { Edited } from "../../planner/ships/document";
import { refuseLocks, usage } from "../exit";
import { readInput, rootOfOutput, writeAll } from "../files";
import type { Io } from "../io";
import { badInput } from "../planning";
import { type Project, projectOf, stackFiles } from "../project";

export interface Wishes {
  file: string;
  text: string;
  requirements: Requirements;
  project: Project;
  /** Stack of the file's environment. */
  stack: string;
  /** Every stack file there is, by stack name. */
  previous: Map<string, ParsedStackFile>;
}

export function wishesOf(io: Io, file: string): Wishes {
  const text = readInput(io, file, "a requirements file, YAML or JSON");
  const requirements = checked(text, file);
  const project = projectOf(io);
  return {
    file,
    text,
    requirements,
    project,
    stack: stackOfCell(requirements.environment, "c1"),
    previous: new Map(
      Object.entries(stackFiles(io, project)).map(([name, content]) => [
        stackOfFile(name)!,
        parseStackFile(name, content),
      ]),
    ),
  };
}

function checked(text: string, file: string): Requirements {
  const read = readObject(text, file);
  if (!read.ok) throw badInput(read.problems);
  const { budget } = read.value as { budget?: { currency?: unknown } };
  // Nothing is priced here, so no rate is asked for.
  const rates = typeof budget?.currency === "string" ? { [budget.currency]: 1 } : {};
  const loaded = checkRequirements(read.value, file, rates);
  if (!loaded.ok) throw badInput(loaded.problems);
  return loaded.requirements;
}

/** The file as it would be, checked like any other. */
export function edited(
  { file }: Wishes,
  result: Edited,
): { text: string; requirements: Requirements; notes: string[] } {
  if (!result.ok) throw usage(`${file}: ${result.message}; nothing was written`);
  return { text: result.text, notes: result.notes, requirements: checked(result.text, file) };
}

/** The ship of that name, or the comet of that nickname. */
export const wished = ({ ships }: Requirements, name: string): RequestedShip | undefined =>
  ships.named.find((s) => s.name === name || s.nickname === name);

export const refuseProblems = (problems: Parameters<typeof refuseLocks>[0]): void =>
  refuseLocks(problems, "nothing was written");

export function writeWishes(io: Io, { file }: Wishes, text: string): void {
  writeAll([{ root: rootOfOutput(io, file), path: file, text }]);
}

/** Requirements become a lock, and a lock what runs: nothing here changes either. */
export const planCommand = ({ file, stack }: Wishes): string => `roadstead plan ${file} --stack ${stack} --write`;
