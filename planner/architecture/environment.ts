// What the locks of one environment must say together. Each file may be sound alone and the whole still lose a ship: a
// cell's file that is missing, two files that hold the same ship. Every command that reads several locks asks this.
import { shown } from "../requirements/problem";
import { cellNumber, isStackOf, stackOfCell } from "./identity";
import type { LockProblem } from "./problem";
import { problem } from "./problem";
import { fileOfStack, type ParsedStackFile } from "./stack-file";
import type { Architecture } from "./schema";

export type RecordedLock = Pick<ParsedStackFile, "file" | "stack" | "architecture">;
type Held = RecordedLock & { architecture: Architecture };

const TOGETHER =
  "Restore the environment's stack files from one and the same commit: they are written together and belong together.";

/** Problems of every environment among the locks, cells' files that should be there included. Empty: they agree. */
export function environmentProblems(locks: Iterable<RecordedLock>): LockProblem[] {
  const held = [...locks].filter((l): l is Held => l.architecture !== null);
  const environments = [...new Set(held.map((l) => l.architecture.environment))].sort();
  return environments.flatMap((environment) => {
    const own = held
      .filter((l) => l.architecture.environment === environment)
      .sort((a, b) => cellNumber(a.architecture.cell) - cellNumber(b.architecture.cell));
    return [...fileProblems(environment, own), ...shipProblems(own)];
  });
}

const refuse = (file: string, path: string, received: string, accepted: string, fix = TOGETHER): LockProblem =>
  problem({ code: "invalid", file, path, received, accepted, fix });

/** A lock the platform lists but nobody gave, and one it does not list: their ships would look new, or be forgotten. */
function fileProblems(environment: string, own: Held[]): LockProblem[] {
  const at = "config.roadstead:architecture";
  const lost = (stack: string): LockProblem =>
    refuse(
      fileOfStack(stack),
      "",
      "no lock",
      "the lock the environment's other stacks refer to",
      "Restore the file from version control: its ships would be placed a second time.",
    );
  const strays = own
    .filter((l) => !isStackOf(environment, l.stack) || stackOfCell(environment, l.architecture.cell) !== l.stack)
    .map((l) =>
      refuse(
        l.file,
        `${at}.cell`,
        `${shown(l.architecture.cell)} of ${environment} in stack ${l.stack}`,
        `cell ${l.architecture.cell} of ${environment} in ${fileOfStack(stackOfCell(environment, l.architecture.cell))}`,
      ),
    );
  const platform = own.find((l) => l.stack === environment);
  if (!platform) return [...strays, lost(environment)];
  const { cells } = platform.architecture;
  const listed = cells.flatMap((cell, i): LockProblem[] => {
    const file = own.find((l) => l.stack === cell.stack);
    if (!file) return [lost(cell.stack)];
    const ships = file.architecture.ships.length;
    if (ships === cell.ships) return [];
    return [
      refuse(platform.file, `${at}.cells[${i}].ships`, `${cell.ships}`, `${ships}, the ships ${file.file} records`),
    ];
  });
  const unlisted = own
    .filter((l) => l !== platform && !cells.some((c) => c.stack === l.stack && c.id === l.architecture.cell))
    .map((l) =>
      refuse(
        l.file,
        `${at}.cell`,
        `${shown(l.architecture.cell)}, which ${platform.file} does not list`,
        `one of the platform's cells: ${cells.map((c) => c.id).join(", ")}`,
      ),
    );
  return [...strays, ...listed, ...unlisted];
}

/** A ship, or a ship and its own tombstone, in two places: two volumes of one identity. */
function shipProblems(own: Held[]): LockProblem[] {
  const first = new Map<string, string>();
  return own.flatMap(({ file, architecture: a }) => {
    const at = (list: string, i: number): string => `config.roadstead:architecture.${list}[${i}]`;
    const records = [
      ...a.ships.map((s, i) => ({ ...s, path: at("ships", i) })),
      ...a.tombstones.map((t, i) => ({ ...t, path: at("tombstones", i) })),
    ];
    return records.flatMap(({ id, name, path }) => {
      const keys = [`id ${id}`, ...(name === null ? [] : [`name ${name}`])];
      const before = keys.map((k) => first.get(k)).find((p) => p !== undefined);
      for (const key of keys) if (!first.has(key)) first.set(key, `${file}: ${path}`);
      if (before === undefined) return [];
      return [
        refuse(file, path, `${name ?? id}, which is recorded at ${before} too`, "each ship once in an environment"),
      ];
    });
  });
}
