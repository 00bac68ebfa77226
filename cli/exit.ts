// Exit codes, the same for every command (design §4.6): scripts and pipelines branch on them.

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  nothingFeasible: 3,
  partial: 4,
  refused: 5,
  aborted: 6,
  stale: 7,
  cancelled: 8,
  timeout: 9,
  approval: 10,
  locked: 11,
  quarantine: 12,
  unauthenticated: 13,
  bug: 255,
} as const;
export type ExitName = keyof typeof EXIT;
export type ExitCode = (typeof EXIT)[ExitName];

export const EXIT_MEANING: Record<ExitName, string> = {
  done: "done",
  failed: "failed",
  usage: "wrong usage or bad input; nothing was written",
  nothingFeasible: "the wishes are valid, but nothing fits them",
  partial: "finished with failures within the tolerance",
  refused: "a gate or a mandatory policy refused",
  aborted: "the breaker opened, or it was aborted",
  stale: "the plan is stale, or a digest does not match",
  cancelled: "cancelled; can be resumed",
  timeout: "ran out of time",
  approval: "waits for an approval",
  locked: "locked by another run",
  quarantine: "a ship is in quarantine",
  unauthenticated: "not authenticated",
  bug: "a bug in roadstead",
};

/** An expected end of a command: shown as its message, without a stack trace. */
export class Stop extends Error {
  constructor(
    readonly exit: ExitCode,
    /** One problem a line, in words; ends up on stderr. */
    message: string,
  ) {
    super(message);
    this.name = "Stop";
  }
}

/** Problems of locks end a command: a digest that does not match is its own exit code, unless there is more than that. */
export function refuseLocks(problems: readonly { code: string; message: string }[], ending?: string): void {
  if (problems.length === 0) return;
  const stale = problems.every((p) => p.code === "digest");
  const lines = [...problems.map((p) => p.message), ...(ending === undefined ? [] : [ending])];
  throw new Stop(stale ? EXIT.stale : EXIT.usage, lines.join("\n"));
}

export function usage(message: string): Stop {
  return new Stop(EXIT.usage, message);
}
