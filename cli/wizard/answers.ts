// The eight answers of `roadstead init`: what they may be, and how text becomes one. Pure.
import { z } from "zod";
import { readName } from "../../planner/requirements/ships";
import {
  COMPLIANCE,
  EXPERIENCE,
  MAX_SHIPS,
  PURPOSES,
  SHIP_CLASSES,
  type ShipClass,
} from "../../planner/requirements/schema";

export const SCALES = ["one", "few", "dozens", "hundreds"] as const;
export type Scale = (typeof SCALES)[number];
/** The count a scale stands for as long as no better answer is given. */
export const SCALE_COUNT: Record<Scale, number> = { one: 1, few: 10, dozens: 50, hundreds: 250 };

/** Budget bands by what a month may cost at most, in US dollars. `none`: no limit. */
export const BUDGET_BANDS = ["50", "500", "2000", "10000", "none"] as const;

/** Ships as a person answers: how many, how many of each class, or which. */
export type ShipsAnswer = { count: number } | { types: Partial<Record<ShipClass, number>> } | { names: string[] };

export const answersSchema = z.strictObject({
  purpose: z.enum(PURPOSES).optional().describe("What the ships are for."),
  scale: z.enum(SCALES).optional().describe("How many ships, roughly; `ships` says it exactly."),
  ships: z
    .union([z.number().int(), z.string().min(1), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe("How many ships (50), how many of each class (48 planets, 2 moons), or their names."),
  experience: z.enum(EXPERIENCE).optional().describe("Who operates them."),
  budget: z
    .union([z.number().positive(), z.literal("none")])
    .optional()
    .describe("The most a month may cost in US dollars, such as 120, or none."),
  compliance: z
    .array(z.enum(COMPLIANCE))
    .optional()
    .describe("Frameworks evidence is needed for; an empty list for none."),
  region: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe("us, eu or none for where data may be stored, or the providers' own region names."),
  sla: z
    .union([z.literal(99), z.literal(99.9), z.literal(99.99)])
    .optional()
    .describe("Availability per ship in per cent."),
});
export type Answers = z.infer<typeof answersSchema>;
export type AnswerName = keyof Answers;

export type Read<T> = { ok: true; value: T } | { ok: false; message: string };
const no = (message: string): { ok: false; message: string } => ({ ok: false, message });

/** "50", "48 planets, 2 moons", "~sampel-palnet ~zod", or the list form of an answers file. */
export function readShips(answer: number | string | readonly string[]): Read<ShipsAnswer> {
  const words = (Array.isArray(answer) ? answer.join(" ") : String(answer))
    .trim()
    .split(/[\s,;]+/)
    .filter(Boolean);
  if (words.length === 0) return no("received nothing; accepted: a count, counts by class, or names; for example 50");
  // A boot key pasted here by mistake must not end up on a screen or in a file.
  if (words.some((w) => /^0w/i.test(w)))
    return no(
      "that looks like a boot key; accepted: names and counts only. Keys go into Pulumi config secrets, never into a file",
    );
  if (words.length === 1 && /^-?\d+([.]\d+)?$/.test(words[0]!)) return readCount(words[0]!);
  if (words.every((w) => w.startsWith("~"))) return readNames(words);
  return readTypes(words);
}

function readCount(word: string): Read<ShipsAnswer> {
  const count = Number(word);
  return Number.isInteger(count) && count >= 1 && count <= MAX_SHIPS
    ? { ok: true, value: { count } }
    : no(`received ${word}; accepted: a whole number of ships from 1 to ${MAX_SHIPS}`);
}

function readNames(words: string[]): Read<ShipsAnswer> {
  const bad = words.filter((w) => readName(w) === null);
  if (bad.length > 0)
    return no(
      `received ${bad.slice(0, 3).join(", ")}; accepted: valid @p names such as ~sampel-palnet. Check the spelling`,
    );
  const twice = words.find((w, i) => words.indexOf(w) !== i);
  return twice === undefined
    ? { ok: true, value: { names: words } }
    : no(`received ${twice} twice; accepted: each ship once, since a ship never runs twice`);
}

function readTypes(words: string[]): Read<ShipsAnswer> {
  const example = "48 planets, 2 moons";
  const types: Partial<Record<ShipClass, number>> = {};
  const pairs = words.filter((w) => w.toLowerCase() !== "and");
  for (let i = 0; i < pairs.length; i += 2) {
    const [count, noun = ""] = [pairs[i]!, pairs[i + 1]];
    const singular = noun.toLowerCase().replace(/ies$/, "y").replace(/s$/, "");
    const shipClass = SHIP_CLASSES.find((c) => c === singular);
    if (!/^\d+$/.test(count) || (shipClass === undefined && singular !== "ship"))
      return no(
        `received ${count} ${noun}`.trim() +
          `; accepted: a count, counts by class (${SHIP_CLASSES.join(", ")}), or names; for example ${example}`,
      );
    if (singular === "ship")
      return pairs.length === 2 ? readCount(count) : no(`received ships among classes; for example ${example}`);
    if (shipClass !== undefined) types[shipClass] = (types[shipClass] ?? 0) + Number(count);
  }
  const sum = Object.values(types).reduce((a, b) => a + b, 0);
  return sum >= 1 && sum <= MAX_SHIPS
    ? { ok: true, value: { types } }
    : no(`received ${sum} ships; accepted: 1 to ${MAX_SHIPS} in all`);
}

export type RegionAnswer = { residency: "us" | "eu" | "none" } | { allowed: string[] };

export function readRegion(answer: string | readonly string[]): RegionAnswer {
  const names = (Array.isArray(answer) ? [...answer] : (answer as string).trim().split(/[\s,;]+/)).filter(Boolean);
  const only = names[0]?.toLowerCase();
  if (names.length === 1 && (only === "us" || only === "eu" || only === "none")) return { residency: only };
  return { allowed: names };
}

export function readBudget(answer: string): Read<number | "none"> {
  const text = answer.trim().replace(/^\$|,/g, "");
  if (text.toLowerCase() === "none") return { ok: true, value: "none" };
  const amount = Number(text);
  return text !== "" && Number.isFinite(amount) && amount > 0
    ? { ok: true, value: amount }
    : no(`received ${JSON.stringify(answer)}; accepted: US dollars a month, such as 120`);
}
