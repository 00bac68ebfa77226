// What an operation of the engine must have come to; what it said, where it did not.
import type { Outcome } from "./project";

const SAID = 6_000;

export function expectDone(outcome: Outcome): void {
  if (outcome.code !== 0) throw new Error(outcome.output.slice(-SAID));
}

export function expectUnchanged(outcome: Outcome): void {
  expectDone(outcome);
  if (Object.keys(outcome.changes).some((op) => op !== "same")) throw new Error(outcome.output.slice(-SAID));
}
