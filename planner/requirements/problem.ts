import { secretInText } from "./secrets";

/** One thing wrong with an input: where, what was received, what is accepted, what to do. */
export interface Problem {
  file: string;
  path: string;
  received: string;
  accepted: string;
  fix: string;
}

/** A value as an error message shows it: short, on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  const text = typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  const secret = secretInText(text);
  if (secret !== null) return `[looks like ${secret}; not shown]`;
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

export function problemText(p: Problem): string {
  const where = p.path === "" ? p.file : `${p.file}: ${p.path}`;
  return `${where}: received ${p.received}; accepted: ${p.accepted}; ${p.fix}`;
}
