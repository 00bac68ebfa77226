// Text → requirements. All problems at once, each with path, received, accepted and what to do.
import { distance } from "fastest-levenshtein";
import { parseDocument } from "yaml";
import type { z } from "zod";
import { knownRegions, providersOfRegion } from "../catalog/regions";
import { type Problem, shown } from "./problem";
import { type Requirements, type RequirementsFile, requirementsSchema } from "./schema";
import { type ProblemMaker, resolveShips } from "./ships";

/** A requirements file is a page or, with every ship named, some hundred kilobytes. */
export const MAX_FILE_BYTES = 2 * 1024 * 1024;

export type Loaded = { ok: true; requirements: Requirements } | { ok: false; problems: Problem[] };
export type ReadObject = { ok: true; value: unknown } | { ok: false; problems: Problem[] };

/** Units of USD one unit of the currency costs, as in `--rate EUR=1.08`. */
export type Rates = Record<string, number>;

export function loadRequirements(text: string, file: string, rates: Rates = {}): Loaded {
  const read = readObject(text, file);
  return read.ok ? checkRequirements(read.value, file, rates) : read;
}

/** YAML or JSON text → plain data. Duplicate keys, alias bombs, several documents and oversized text are refused. */
export function readObject(text: string, file: string): ReadObject {
  const bad = (received: string, accepted: string, fix: string): ReadObject => ({
    ok: false,
    problems: [{ file, path: "", received, accepted, fix }],
  });
  if (Buffer.byteLength(text) > MAX_FILE_BYTES)
    return bad(
      `${Math.round(Buffer.byteLength(text) / 1024)} KiB`,
      `at most ${MAX_FILE_BYTES / 1024} KiB`,
      "is this the right file?",
    );
  const doc = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
  if (doc.errors.length > 0)
    return {
      ok: false,
      problems: doc.errors.map((e) => {
        const [line] = e.linePos ?? [];
        return {
          file,
          path: line ? `line ${line.line}, column ${line.col}` : "",
          received: e.message.split("\n")[0]!.replace(/ at line .*$/, ""),
          accepted: "one YAML or JSON document",
          fix: "correct the syntax",
        };
      }),
    };
  try {
    const value: unknown = doc.toJS({ maxAliasCount: 50 });
    if (value === null || typeof value !== "object" || Array.isArray(value))
      return bad(shown(value), "a mapping with at least the key ships", "start from `roadstead init`");
    return { ok: true, value };
  } catch (error) {
    return bad(
      error instanceof Error ? error.message : String(error),
      "at most 50 alias expansions",
      "write the values out",
    );
  }
}

/** Plain data → requirements with every default filled in. */
export function checkRequirements(value: unknown, file: string, rates: Rates = {}): Loaded {
  const problem: ProblemMaker = (path, received, accepted, fix) => ({
    file,
    path,
    received: shown(received),
    accepted,
    fix,
  });
  const parsed = requirementsSchema.safeParse(value);
  if (!parsed.success)
    return { ok: false, problems: dedupe(parsed.error.issues.flatMap((i) => issueProblems(i, value, problem))) };

  const resolved = resolveShips(parsed.data.ships, parsed.data.customers, problem);
  const problems = [...resolved.problems, ...wishProblems(parsed.data, rates, problem)];
  if (problems.length > 0 || resolved.ships === null) return { ok: false, problems };
  return { ok: true, requirements: { ...parsed.data, ships: resolved.ships, given: givenPaths(value) } };
}

function wishProblems(file: RequirementsFile, rates: Rates, problem: ProblemMaker): Problem[] {
  const problems: Problem[] = [];
  const unknown = (path: string, name: string) => {
    if (providersOfRegion(name).length === 0)
      problems.push(
        problem(
          path,
          name,
          "a region of a provider Roadstead knows",
          didYouMean(name, knownRegions(), "regions are the providers' own names, such as us-east-1, nyc3 or fsn1"),
        ),
      );
  };
  file.regions.allowed?.forEach((name, i) => unknown(`regions.allowed[${i}]`, name));
  if (file.regions.dr !== undefined) unknown("regions.dr", file.regions.dr);
  if (
    file.regions.dr !== undefined &&
    file.regions.allowed?.length === 1 &&
    file.regions.allowed[0] === file.regions.dr
  )
    problems.push(
      problem(
        "regions.dr",
        file.regions.dr,
        "another region than the one ships run in",
        "copies in the same region do not survive it",
      ),
    );

  const currency = file.budget?.currency ?? "USD";
  if (currency !== "USD" && !(rates[currency]! > 0))
    problems.push(
      problem(
        "budget.currency",
        currency,
        "USD, or a currency with a given rate",
        `pass --rate ${currency}=<US dollars one ${currency} costs>`,
      ),
    );
  const worldOpen = file.access.adminCidrs?.findIndex((c) => c.endsWith("/0")) ?? -1;
  if (worldOpen >= 0)
    problems.push(
      problem(
        `access.adminCidrs[${worldOpen}]`,
        file.access.adminCidrs![worldOpen],
        "networks of your own",
        "the whole world may not administer: give your address as a /32",
      ),
    );
  return problems;
}

/** zod's issue → our problem: what was received is looked up in the input. */
function issueProblems(issue: z.core.$ZodIssue, root: unknown, problem: ProblemMaker): Problem[] {
  const path = pathText(issue.path);
  const received = issue.path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], root);
  switch (issue.code) {
    case "unrecognized_keys": {
      const schemaKeys = keysAt(issue.path);
      return issue.keys.map((key) =>
        problem(
          path === "" ? key : `${path}.${key}`,
          (received as Record<string, unknown> | undefined)?.[key],
          schemaKeys.length > 0 ? `one of the keys ${schemaKeys.join(", ")}` : "no such key",
          didYouMean(key, schemaKeys, "remove it"),
        ),
      );
    }
    case "invalid_union": {
      // The branch that got furthest is the one the user meant.
      const branches = issue.errors.map((errors) =>
        errors.flatMap((e) =>
          issueProblems({ ...e, path: [...issue.path, ...e.path] } as z.core.$ZodIssue, root, problem),
        ),
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
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = requirementsSchema;
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
function didYouMean(name: string, names: readonly string[], otherwise: string): string {
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

function givenPaths(value: unknown, prefix = ""): string[] {
  if (value === null || typeof value !== "object") return [prefix];
  const inner = Array.isArray(value)
    ? value.flatMap((v, i) => (v !== null && typeof v === "object" ? givenPaths(v, `${prefix}[${i}]`) : []))
    : Object.entries(value).flatMap(([k, v]) => givenPaths(v, prefix === "" ? k : `${prefix}.${k}`));
  return prefix === "" ? inner : [prefix, ...inner];
}
