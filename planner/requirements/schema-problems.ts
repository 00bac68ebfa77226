// What a schema found wrong, in the words of every error here: path, received, accepted, what to do.
import { distance } from "fastest-levenshtein";
import type { z } from "zod";
import { type Problem, shown } from "./problem";
import { secretInText } from "./secrets";

/** All problems of a value a schema refused, each once. `at` is where the value stands in its file. */
export function schemaProblems(schema: z.ZodType, error: z.ZodError, value: unknown, file: string, at = ""): Problem[] {
  const where = (keys: readonly PropertyKey[]): string => {
    const path = pathText(keys);
    return at === "" || path === "" || path.startsWith("[") ? `${at}${path}` : `${at}.${path}`;
  };
  const reader: Reader = {
    schema,
    root: value,
    where,
    problem: (keys, received, accepted, fix) => ({
      file,
      path: where(keys),
      received: receivedText(keys, received),
      accepted,
      fix,
    }),
  };
  return dedupe(error.issues.flatMap((issue) => issueProblems(issue, reader)));
}

interface Reader {
  schema: z.ZodType;
  root: unknown;
  where: (keys: readonly PropertyKey[]) => string;
  problem: (keys: readonly PropertyKey[], received: unknown, accepted: string, fix: string) => Problem;
}

/** Where a secret is named: what stands there by mistake may be the secret itself, whatever it looks like. */
const SECRET_FIELD = /^(?!volumeKey$).*(key|pass(word|wd|phrase)|credentials?|secret|token)$|^(pagerDuty|slack)$/i;
const NOT_SHOWN = "[may be a secret; not shown]";
const isSecretField = (key: PropertyKey): boolean => typeof key === "string" && SECRET_FIELD.test(key);

function receivedText(keys: readonly PropertyKey[], received: unknown): string {
  return received !== undefined && keys.some(isSecretField) ? NOT_SHOWN : shown(withoutSecretFields(received));
}

function withoutSecretFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecretFields);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isSecretField(key) ? NOT_SHOWN : withoutSecretFields(inner)]),
  );
}

/** zod's issue → our problem: what was received is looked up in the input. */
function issueProblems(issue: z.core.$ZodIssue, reader: Reader): Problem[] {
  const { root, problem } = reader;
  const { path } = issue;
  const received = path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], root);
  switch (issue.code) {
    case "unrecognized_keys": {
      const schemaKeys = keysAt(reader.schema, path);
      return issue.keys.map((key) =>
        problem(
          // Beside the name of a secret a stray key may be the secret: only what reads like a key is shown.
          [...path, path.some(isSecretField) && !/^[A-Za-z]{1,24}$/.test(key) ? NOT_SHOWN : key],
          (received as Record<string, unknown> | undefined)?.[key],
          schemaKeys.length > 0 ? `one of the keys ${schemaKeys.join(", ")}` : "no such key",
          key === "<<"
            ? "merge keys are not supported: write the values out"
            : didYouMean(key, schemaKeys, "remove it"),
        ),
      );
    }
    case "invalid_union": {
      if (issue.message !== "Invalid input") return [problem(path, received, issue.message, "correct the value")];
      // The branch that got furthest is the one the user meant.
      const branches = issue.errors.map((errors) =>
        errors.flatMap((e) => issueProblems({ ...e, path: [...path, ...e.path] } as z.core.$ZodIssue, reader)),
      );
      const here = reader.where(path);
      const deep = branches.filter((b) => b.some((p) => p.path !== here));
      const best = deep.length > 0 ? deep : branches;
      if (best.length === 1) return best[0]!;
      return [
        problem(path, received, [...new Set(branches.flat().map((p) => p.accepted))].join(", or "), "use one of these"),
      ];
    }
    case "invalid_type":
      return [problem(path, received, article(issue.expected), typeFix(issue, received))];
    case "invalid_value":
      return [
        problem(path, received, issue.values.map((v) => String(v)).join(", "), nearestFix(received, issue.values)),
      ];
    case "too_small":
      return [
        problem(
          path,
          received,
          `${issue.inclusive ? "at least" : "more than"} ${issue.minimum}${ofWhat(issue.origin)}`,
          "raise it",
        ),
      ];
    case "too_big":
      return [problem(path, received, `at most ${issue.maximum}${ofWhat(issue.origin)}`, "lower it")];
    default:
      return [problem(path, received, issue.message, "correct the value")];
  }
}

function typeFix({ expected, path }: z.core.$ZodIssueInvalidType, received: unknown): string {
  if (received === undefined) return "add it";
  if (expected === "string" && (typeof received === "number" || typeof received === "boolean"))
    return "put it in quotes";
  if (expected === "object" && path.some(isSecretField)) return "name a Pulumi config secret there: { secret: NAME }";
  return "correct the value";
}

const ofWhat = (origin: string): string => (origin === "array" ? " entries" : origin === "string" ? " characters" : "");
const article = (expected: string): string =>
  ({
    int: "a whole number",
    number: "a number",
    string: "text",
    boolean: "true or false",
    array: "a list",
    object: "a mapping",
  })[expected] ?? expected;

function nearestFix(received: unknown, values: readonly unknown[]): string {
  if (typeof received !== "string") return "use one of these";
  return didYouMean(received, values.map(String), "use one of these");
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}${text === "" ? "" : "."}${keyText(key)}`),
    "",
  );
}

/** A secret may stand where a key belongs, too. */
function keyText(key: PropertyKey): string {
  const secret = secretInText(String(key));
  return secret === null ? String(key) : `[looks like ${secret}; not shown]`;
}

/** The keys the schema accepts at a path, for the hint; empty where it cannot be told. */
function keysAt(root: z.ZodType, path: readonly PropertyKey[]): string[] {
  let schema: unknown = root;
  for (const key of path) {
    const def = unwrap(schema, key) as { shape?: Record<string, unknown>; element?: unknown } | undefined;
    schema = typeof key === "number" ? def?.element : def?.shape?.[String(key)];
  }
  return Object.keys((unwrap(schema) as { shape?: object } | undefined)?.shape ?? {});
}

interface Wrapping {
  _zod?: { def?: { innerType?: unknown; type?: string; options?: Wrapping[] } };
}

/** What is inside of defaults and the like; of a union the option that has this key: a list for a place in it, or an object. */
function unwrap(schema: unknown, key?: PropertyKey): unknown {
  let s = schema as Wrapping | undefined;
  while (s?._zod?.def?.innerType) s = s._zod.def.innerType as Wrapping;
  if (s?._zod?.def?.type !== "union") return s;
  const wanted = typeof key === "number" ? "array" : "object";
  return s._zod.def.options?.map((o) => unwrap(o, key) as Wrapping).find((o) => o?._zod?.def?.type === wanted);
}

/** The one or two closest names, by edit distance. */
export function nearest(name: string, names: readonly string[], most = 2): string[] {
  const scored = names
    .map((n) => ({ n, d: distance(name.toLowerCase(), n.toLowerCase()) }))
    .sort((a, b) => a.d - b.d || (a.n < b.n ? -1 : 1));
  const best = scored[0]?.d ?? 0;
  return scored
    .filter((s) => s.d === best)
    .slice(0, most)
    .map((s) => s.n);
}

/** Other people's names of the processors that are called x86_64 and arm64 here. */
const SAME: Readonly<Record<string, string>> = { amd64: "x86_64", x64: "x86_64", "x86-64": "x86_64", aarch64: "arm64" };

/** A hint only where it can help: a name half of whose letters differ was no slip of the pen. */
export function didYouMean(name: string, names: readonly string[], otherwise: string): string {
  const same = SAME[name.toLowerCase()];
  if (same !== undefined && names.includes(same)) return `did you mean ${same}?`;
  const close = nearest(name, names).filter(
    (n) => distance(name.toLowerCase(), n.toLowerCase()) <= Math.max(2, name.length / 2),
  );
  return close.length === 0 ? otherwise : `did you mean ${close.join(" or ")}?`;
}

function dedupe(problems: Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter((p) => {
    const id = `${p.path}\n${p.accepted}`;
    return seen.has(id) ? false : (seen.add(id), true);
  });
}
