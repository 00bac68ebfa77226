// What a command may touch of the world outside its arguments. Tests pass their own.
import { withoutSecrets } from "../planner/requirements/secrets";
import { EXIT } from "./exit";

export interface Io {
  /** Data: what a script reads. Written as is, so end lines with a line feed. */
  out(text: string): void;
  /** Progress, warnings and errors. */
  err(text: string): void;
  /** Whether a person reads it; both false in pipes and scripts. */
  outIsTerminal: boolean;
  errIsTerminal: boolean;
  /** Whether a person can answer. */
  inIsTerminal: boolean;
  columns: number;
  /** Relative paths start here. */
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
}

export function processIo(): Io {
  // `roadstead plan … | head` closes the pipe early; that is no fault of anybody.
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(process.exitCode ?? EXIT.done);
      // Standard error may be the broken one: nobody is left to tell.
      if (stream !== process.stderr) process.stderr.write(`roadstead: output could not be written (${error.code})\n`);
      process.exit(EXIT.failed);
    });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    inIsTerminal: process.stdin.isTTY === true,
    columns: process.stdout.columns ?? 100,
    cwd: process.cwd(),
    env: process.env,
  };
}

/** The same, but what is said on stderr names no secret: whatever was typed, into a file or on the command line, may be echoed there. */
export const speaking = (io: Io): Io => ({ ...io, err: (text) => io.err(withoutSecrets(text)) });

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
export type Style = keyof typeof CODES;
export type Paint = (style: Style, text: string) => string;

/** Colour only for a person who did not opt out (https://no-color.org: any non-empty value). */
export function painter(io: Io, stream: "out" | "err" = "out"): Paint {
  const terminal = stream === "out" ? io.outIsTerminal : io.errIsTerminal;
  if (!terminal || (io.env.NO_COLOR ?? "") !== "" || io.env.TERM === "dumb") return (_style, text) => text;
  return (style, text) => `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m`;
}
