export const RUNS: string;
export function newRun(): string;
export function notePid(dir: string, name: string, pid: number): void;
export function living(dir: string): { name: string; pid: number }[];
export function clearStaleRuns(): string[];
