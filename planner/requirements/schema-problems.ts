// What a schema found wrong, in the words of every error here: path, received, accepted, what to do.
import { distance } from "fastest-levenshtein";
import type { z } from "zod";
import { type Problem, shown } from "./problem";

/** All problems of a value a schema refused, each once. `at` is where the value stands in its file. */
export function schemaProblems(schema: z.ZodType, error: z.ZodError, value: unknown, file: string, at = ""): Problem[] {
  const reader: Reader = {
    schema,
    root: value,
    problem: (path, received, accepted, fix) => ({
      file,
      path: at === "" || path === "" ? `${at}${path}` : path.startsWith("[") ? `${at}${path}` : `${at}.${path}`,
      received: shown(received),
      accepted,
      fix,
    }),
  };
  return dedupe(error.issues.flatMap((issue) => issueProblems(issue, reader)));
}

interface Reader {
  schema: z.ZodType;
  root: unknown;
  problem: (path: string, received: unknown, accepted: string, fix: string) => Problem;
}

/** zod's issue → our problem: what was received is looked up in the input. */
function issueProblems(issue: z.core.$ZodIssue, reader: Reader): Problem[] {
  const { root, problem } = reader;
  const path = pathText(issue.path);
  const received = issue.path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], root);
  switch (issue.code) {
    case "unrecognized_keys": {
      const schemaKeys = keysAt(reader.schema, issue.path);
      return issue.keys.map((key) =>
        problem(
          path === "" ? key : `${path}.${key}`,
          (received as Record<string, unknown> | undefined)?.[key],
          schemaKeys.length > 0 ? `one of the keys ${schemaKeys.join(", ")}` : "no such key",
          key === "<<"
            ? "merge keys are not supported: write the values out"
            : didYouMean(key, schemaKeys, "remove it"),
        ),
      );
    }
    case "invalid_union": {
      // The branch that got furthest is the one the user meant.
      const branches = issue.errors.map((errors) =>
        errors.flatMap((e) => issueProblems({ ...e, path: [...issue.path, ...e.path] } as z.core.$ZodIssue, reader)),
      );
      const deep = branches.filter((b) => b.some((p) => p.path !== path));
      const best = deep.length > 0 ? deep : branches;
      if (best.length === 1) return best[0]!;
      return [
        problem(path, received, [...new Set(branches.flat().map((p) => p.accepted))].join(", or "), "use one of these"),
      ];
    }
    case "invalid_type":
      return [
        problem(path, received, article(issue.expected), received === undefined ? "add it" : "correct the value"),
      ];
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
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    "",
  );
}

/** The keys the schema accepts at a path, for the hint; empty where it cannot be told. */
function keysAt(root: z.ZodType, path: readonly PropertyKey[]): string[] {
  let schema: unknown = root;
  for (const key of path) {
    schema = unwrap(schema);
    const def = schema as { shape?: Record<string, unknown>; element?: unknown };
    schema = typeof key === "number" ? def.element : def.shape?.[String(key)];
  }
  return Object.keys((unwrap(schema) as { shape?: object } | undefined)?.shape ?? {});
}

function unwrap(schema: unknown): unknown {
  let s = schema as { _zod?: { def?: { innerType?: unknown; type?: string; options?: unknown[] } } } | undefined;
  while (s?._zod?.def?.innerType) s = s._zod.def.innerType as typeof s;
  // A union here is always "a list or an object", the object last.
  if (s?._zod?.def?.type === "union") return s._zod.def.options?.at(-1);
  return s;
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

/** A hint only where it can help: a name half of whose letters differ was no slip of the pen. */
export function didYouMean(name: string, names: readonly string[], otherwise: string): string {
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
