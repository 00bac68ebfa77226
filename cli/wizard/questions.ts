// The eight questions and the one way to ask them. The prompter is an interface, so tests need no terminal.
import { COMPLIANCE, EXPERIENCE, PURPOSES } from "../../planner/requirements/schema";
import {
  type AnswerName,
  type Answers,
  BUDGET_BANDS,
  readBudget,
  readShips,
  type Scale,
  SCALE_COUNT,
  SCALES,
} from "./answers";

export const CANCELLED: unique symbol = Symbol("cancelled");
export type Cancelled = typeof CANCELLED;

export interface Choice<T extends string> {
  value: T;
  label: string;
  hint?: string;
}

export interface Prompter {
  intro(text: string): void;
  outro(text: string): void;
  select<T extends string>(message: string, choices: Choice<T>[], initial?: T): Promise<T | Cancelled>;
  multiselect<T extends string>(message: string, choices: Choice<T>[], initial: T[]): Promise<T[] | Cancelled>;
  text(message: string, initial: string, check: (value: string) => string | undefined): Promise<string | Cancelled>;
}

const SKIP = "skip";
const OTHER = "other";
type Asked<K extends AnswerName> = Answers[K] | undefined | Cancelled;
type Ask<K extends AnswerName> = (p: Prompter, known: Answers) => Promise<Asked<K>>;

const skip = (known: unknown): Choice<typeof SKIP> => ({
  value: SKIP,
  label: known === undefined ? "Skip" : "Keep what the file says",
  hint: known === undefined ? "use the default" : String(known),
});

async function choose<T extends string>(
  p: Prompter,
  message: string,
  choices: Choice<T>[],
  known: unknown,
): Promise<T | undefined | Cancelled> {
  const answer = await p.select<T | typeof SKIP>(
    message,
    [...choices, skip(known)],
    known === undefined ? undefined : SKIP,
  );
  return answer === SKIP ? undefined : answer;
}

const words = <T extends string>(values: readonly T[], hints: Record<T, string>): Choice<T>[] =>
  values.map((value) => ({ value, label: value[0]!.toUpperCase() + value.slice(1), hint: hints[value] }));

/** In the order asked. Eight at most: what the planner can decide itself (the platform) is not asked. */
export const QUESTIONS: { [K in AnswerName]: Ask<K> } = {
  purpose: (p, known) =>
    choose(
      p,
      "What are the ships for?",
      words(PURPOSES, {
        personal: "your own, or a few friends'",
        development: "building and trying things",
        production: "others rely on them",
      }),
      known.purpose,
    ),
  scale: async (p, known) => {
    // A file that says its ships exactly is not asked roughly.
    if (known.ships !== undefined) return undefined;
    return choose(
      p,
      "How many ships, roughly?",
      SCALES.map((value) => ({ value, label: SCALE_LABEL[value] })),
      known.scale,
    );
  },
  ships: async (p, known) => {
    const initial = known.ships ?? (known.scale === undefined ? 1 : SCALE_COUNT[known.scale]);
    const text = Array.isArray(initial) ? initial.join(" ") : String(initial);
    const answer = await p.text(
      "Which ships? A count, counts by class (48 planets, 2 moons), or names",
      text,
      (value) => {
        if (value.trim() === "") return undefined;
        const read = readShips(value);
        return read.ok ? undefined : read.message;
      },
    );
    if (answer === CANCELLED) return CANCELLED;
    if (answer.trim() === "" || answer === (known.ships === undefined ? "" : text)) return undefined;
    return /^\d+$/.test(answer.trim()) ? Number(answer.trim()) : answer.trim();
  },
  experience: (p, known) =>
    choose(
      p,
      "Who operates them?",
      words(EXPERIENCE, {
        beginner: "first time; no Kubernetes",
        intermediate: "runs servers",
        expert: "runs clusters",
      }),
      known.experience,
    ),
  budget: async (p, known) => {
    const answer = await choose(
      p,
      "What may it cost a month, at most?",
      [
        ...BUDGET_BANDS.map((value) => ({ value: value as string, label: BUDGET_LABEL[value] })),
        { value: OTHER, label: "Another amount" },
      ],
      known.budget === undefined ? undefined : `$${known.budget}`,
    );
    if (answer === CANCELLED || answer === undefined) return answer;
    if (answer === "none") return "none";
    if (answer !== OTHER) return Number(answer);
    const typed = await p.text("US dollars a month", "", (value) => {
      const read = readBudget(value);
      return read.ok ? undefined : read.message;
    });
    if (typed === CANCELLED) return CANCELLED;
    const read = readBudget(typed);
    return read.ok ? read.value : undefined;
  },
  compliance: async (p, known) =>
    p.multiselect(
      "Which frameworks must it show evidence for? (space marks, enter goes on; none is fine)",
      COMPLIANCE.map((value) => ({ value, label: COMPLIANCE_LABEL[value] })),
      known.compliance ?? [],
    ),
  region: (p, known) =>
    choose(
      p,
      "Where may the data be stored?",
      [
        { value: "us", label: "United States only" },
        { value: "eu", label: "European Union only" },
        { value: "none", label: "Anywhere" },
      ],
      known.region,
    ),
  sla: async (p, known) => {
    const answer = await choose(
      p,
      "How available must a ship be?",
      [
        { value: "99", label: "99 %", hint: "about 7 hours down a month" },
        { value: "99.9", label: "99.9 %", hint: "about 44 minutes down a month" },
        { value: "99.99", label: "99.99 %", hint: "about 4 minutes down a month" },
      ],
      known.sla === undefined ? undefined : `${known.sla} %`,
    );
    return answer === CANCELLED || answer === undefined ? answer : (Number(answer) as 99 | 99.9 | 99.99);
  },
};

const SCALE_LABEL: Record<Scale, string> = {
  one: "One",
  few: "Up to 20",
  dozens: "20 to 100",
  hundreds: "More than 100",
};
const BUDGET_LABEL: Record<(typeof BUDGET_BANDS)[number], string> = {
  "50": "Up to $50",
  "500": "Up to $500",
  "2000": "Up to $2,000",
  "10000": "Up to $10,000",
  none: "No limit",
};
const COMPLIANCE_LABEL: Record<(typeof COMPLIANCE)[number], string> = {
  gdpr: "GDPR",
  hipaa: "HIPAA",
  soc2: "SOC 2",
  iso27001: "ISO 27001",
  pci: "PCI DSS",
};

/** What was asked so far: an answer, or null for a question that was skipped. */
export type Progress = { [K in AnswerName]?: Answers[K] | null };

/**
 * Asks what `progress` does not hold yet and tells `keep` after each answer, so that a stop loses nothing.
 * `known` is what an existing file says.
 */
export async function ask(
  p: Prompter,
  known: Answers,
  progress: Progress,
  keep: (progress: Progress) => void,
): Promise<Answers | Cancelled> {
  let given: Progress = { ...progress };
  for (const name of Object.keys(QUESTIONS) as AnswerName[]) {
    if (given[name] !== undefined) continue;
    const answer = await QUESTIONS[name](p, { ...known, ...answered(given) });
    if (answer === CANCELLED) return CANCELLED;
    given = { ...given, [name]: answer ?? null };
    keep(given);
  }
  return answered(given);
}

export function answered(progress: Progress): Answers {
  return Object.fromEntries(Object.entries(progress).filter(([, v]) => v !== null && v !== undefined)) as Answers;
}
