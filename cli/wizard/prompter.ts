// The prompter on a real terminal. @clack/prompts is loaded here only, and this file only when there is something to ask.
/* eslint-disable @typescript-eslint/no-require-imports -- its types are an ES module, its code is not */
const clack = require("@clack/prompts") as typeof import("@clack/prompts", { with: { "resolution-mode": "import" } });
/* eslint-enable @typescript-eslint/no-require-imports */
import { CANCELLED, type Cancelled, type Choice, type Prompter } from "./questions";

const orCancelled = <T>(answer: T | symbol): T | Cancelled => (clack.isCancel(answer) ? CANCELLED : (answer as T));

export function terminalPrompter(): Prompter {
  return {
    intro: (text) => clack.intro(text),
    outro: (text) => clack.outro(text),
    select: async <T extends string>(message: string, choices: Choice<T>[], initial?: T) =>
      orCancelled<T>((await clack.select<string>({ message, options: choices, initialValue: initial })) as T | symbol),
    multiselect: async <T extends string>(message: string, choices: Choice<T>[], initial: T[]) =>
      orCancelled<T[]>(
        (await clack.multiselect<string>({
          message,
          options: choices,
          initialValues: initial,
          required: false,
        })) as T[] | symbol,
      ),
    text: async (message, initial, check) =>
      orCancelled<string>(
        await clack.text({ message, initialValue: initial, validate: (value) => check(value ?? "") }),
      ),
  };
}
