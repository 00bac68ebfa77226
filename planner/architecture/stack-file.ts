// Pulumi.<stack>.yaml as text: read with every problem named, written without touching what is not ours.
import { type Document, isAlias, isMap, isScalar, parseDocument, visit, Document as YamlDocument } from "yaml";
import type { YAMLMap } from "yaml";
import { shown } from "../requirements/problem";
import { parseArchitecture } from "./check";
import { architectureDigest, type Digest } from "./digest";
import type { LockProblem } from "./problem";
import { problem } from "./problem";
import { type RunState, runStateSchema } from "./run-state";
import { type Architecture, architectureSchema } from "./schema";

export const ARCHITECTURE_KEY = "roadstead:architecture";
export const REQUIREMENTS_DIGEST_KEY = "roadstead:requirementsDigest";
export const ARCHITECTURE_DIGEST_KEY = "roadstead:architectureDigest";
export const RUN_STATE_KEY = "roadstead:runState";

/**
 * Linux refuses a single environment variable of 128 KiB and more, and all config of a stack reaches Node in one;
 * the margin is for config the CLI adds (provider settings, `--config`).
 */
export const MAX_CONFIG_BYTES = 131_072 - 8_192;
/** No stack file comes near this; a larger one is not read. */
const MAX_FILE_BYTES = 2 * 1024 * 1024;

const HEADER =
  " The recorded decision: written by `roadstead plan --write`, checked by its digest, never edited by hand.";

export interface ParsedStackFile {
  /** File name, such as Pulumi.prod.yaml. */
  file: string;
  /** Stack name from the file name. */
  stack: string;
  /** Null when the file records none (as shipped) or an invalid one (then `problems` says why). */
  architecture: Architecture | null;
  requirementsDigest: Digest | null;
  architectureDigest: Digest | null;
  /** Empty when none is recorded. */
  runState: RunState;
  problems: LockProblem[];
}

/** Pulumi.prod.yaml → prod; null for any other name. */
export function stackOfFile(file: string): string | null {
  return /(?:^|[\\/])Pulumi\.([A-Za-z0-9_.-]+)\.yaml$/.exec(file)?.[1] ?? null;
}

export function fileOfStack(stack: string): string {
  return `Pulumi.${stack}.yaml`;
}

/** Reads a stack file; never throws. A file without a lock has neither architecture nor problems. */
export function parseStackFile(file: string, text: string): ParsedStackFile {
  const parsed: ParsedStackFile = {
    file,
    stack: stackOfFile(file) ?? "",
    architecture: null,
    requirementsDigest: null,
    architectureDigest: null,
    runState: {},
    problems: [],
  };
  const refuse = (
    path: string,
    received: string,
    accepted: string,
    fix: string,
    code: LockProblem["code"] = "invalid",
  ): void => {
    parsed.problems.push(problem({ code, file, path, received, accepted, fix }));
  };
  if (parsed.stack === "") {
    refuse("", shown(file), "a name such as Pulumi.prod.yaml", "Rename the file.");
    return parsed;
  }
  const { document, problems } = readYaml(file, text);
  parsed.problems.push(...problems);
  if (!document) return parsed;
  const config = document.get("config");
  if (config === undefined || config === null) return parsed;
  if (!isMap(config)) {
    refuse("config", shown(plain(config)), "a mapping", "Restore the file from version control.");
    return parsed;
  }
  const values = config.toJS(document) as Record<string, unknown>;
  parsed.requirementsDigest = digestIn(values, REQUIREMENTS_DIGEST_KEY, refuse);
  parsed.architectureDigest = digestIn(values, ARCHITECTURE_DIGEST_KEY, refuse);
  if (values[RUN_STATE_KEY] !== undefined) {
    const state = runStateSchema.safeParse(values[RUN_STATE_KEY]);
    if (state.success) parsed.runState = state.data;
    else
      for (const issue of state.error.issues)
        refuse(
          ["config", RUN_STATE_KEY, ...issue.path].join("."),
          "run state of another shape",
          issue.message,
          "Restore the file from version control: it says which ships have run.",
        );
  }
  const value = values[ARCHITECTURE_KEY];
  if (value === undefined) return parsed;
  const read = parseArchitecture(value, file, `config.${ARCHITECTURE_KEY}`, parsed.stack);
  parsed.problems.push(...read.problems);
  if (!read.architecture) return parsed;
  parsed.architecture = read.architecture;
  const actual = architectureDigest(read.architecture);
  if (parsed.architectureDigest !== actual)
    refuse(
      `config.${ARCHITECTURE_DIGEST_KEY}`,
      parsed.architectureDigest ?? "nothing",
      `${actual}, the digest of the recorded architecture`,
      "The architecture was changed after it was written: restore the file from version control.",
      "digest",
    );
  return parsed;
}

export interface LockToWrite {
  architecture: Architecture;
  requirementsDigest: Digest;
}

/**
 * The file's text with the lock in it, or without one (`null`). Salt, secrets provider, other config and comments stay.
 * `text` is the file as it is, empty for a new one; it must parse (see parseStackFile). The same input gives the same
 * bytes, and writing twice changes nothing.
 */
export function writeStackFile(text: string, lock: LockToWrite | null): string {
  const document = text.trim() === "" ? new YamlDocument({}) : parseDocument(text);
  if (document.contents === null) document.contents = document.createNode({}) as never;
  const known = document.get("config");
  if (!isMap(known)) document.set("config", document.createNode({}));
  const config = document.get("config") as YAMLMap;
  if (lock === null)
    for (const key of [ARCHITECTURE_KEY, REQUIREMENTS_DIGEST_KEY, ARCHITECTURE_DIGEST_KEY]) config.delete(key);
  else {
    const fresh = !config.has(ARCHITECTURE_KEY);
    put(document, config, REQUIREMENTS_DIGEST_KEY, lock.requirementsDigest);
    put(document, config, ARCHITECTURE_DIGEST_KEY, architectureDigest(lock.architecture));
    // Parsed once more: in the schema's order, and never written when it could not be read back.
    put(document, config, ARCHITECTURE_KEY, architectureSchema.parse(lock.architecture));
    if (fresh) comment(config);
  }
  // Strings are quoted: Pulumi's own YAML reader would take an unquoted date for a timestamp and 1.30 for a number.
  return document.toString({
    lineWidth: 0,
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "PLAIN",
    flowCollectionPadding: true,
  });
}

/** Bytes the config takes in the environment variable that carries it: values as JSON text, inside JSON. */
export function configBytes(text: string): number {
  const config =
    (parseDocument(text).toJS({ maxAliasCount: 0 }) as { config?: Record<string, unknown> } | null)?.config ?? {};
  const carried = Object.fromEntries(
    Object.entries(config).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)]),
  );
  return Buffer.byteLength(JSON.stringify(carried), "utf8");
}

export function sizeProblem(file: string, text: string): LockProblem | null {
  // JSON inside JSON is never four times the YAML it comes from: most files need no counting.
  if (Buffer.byteLength(text, "utf8") * 4 <= MAX_CONFIG_BYTES) return null;
  const bytes = configBytes(text);
  if (bytes <= MAX_CONFIG_BYTES) return null;
  return problem({
    code: "size",
    file,
    path: "config",
    received: `${bytes} bytes of config`,
    accepted: `at most ${MAX_CONFIG_BYTES}: Pulumi hands all of it to Node in one environment variable`,
    fix: "Move other config out of the stack, or share the fleet among more environments.",
  });
}

function readYaml(file: string, text: string): { document: Document | null; problems: LockProblem[] } {
  const refuse = (received: string, accepted: string, fix: string) => ({
    document: null,
    problems: [problem({ code: "invalid" as const, file, path: "", received, accepted, fix })],
  });
  const size = Buffer.byteLength(text, "utf8");
  if (size > MAX_FILE_BYTES) return refuse(`${size} bytes`, `at most ${MAX_FILE_BYTES}`, "This is no stack file.");
  if (text.trim() === "") return { document: null, problems: [] };
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
  if (document.errors.length > 0)
    return {
      document: null,
      problems: document.errors.map((e) =>
        problem({
          code: "invalid",
          file,
          path: "",
          received: e.message.split("\n")[0]!,
          accepted: "valid YAML, each key once",
          fix: "Restore the file from version control.",
        }),
      ),
    };
  let aliases = 0;
  visit(document, { Alias: () => void aliases++ });
  // Pulumi writes none, and a few lines of them can stand for gigabytes.
  if (aliases > 0)
    return refuse(
      `${aliases} YAML ${aliases === 1 ? "alias" : "aliases"}`,
      "no aliases in a stack file",
      "Write the values out.",
    );
  if (document.contents === null) return { document: null, problems: [] };
  if (!isMap(document.contents))
    return refuse(shown(plain(document.contents)), "a mapping", "Restore the file from version control.");
  return { document: document as unknown as Document, problems: [] };
}

const plain = (node: unknown): unknown => (isScalar(node) ? node.value : isAlias(node) ? "an alias" : "a list");

function digestIn(
  values: Record<string, unknown>,
  key: string,
  refuse: (path: string, received: string, accepted: string, fix: string) => void,
): Digest | null {
  const value = values[key];
  if (value === undefined) return null;
  if (typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value)) return value;
  refuse(
    `config.${key}`,
    shown(value),
    "sha256: and 64 lower-case hex digits",
    "Restore the file from version control.",
  );
  return null;
}

/** Sets a value in place, keeping the key's own comments. Lists of things are one line a thing: a diff shows one line a ship. */
function put(document: Document, config: YAMLMap, key: string, value: unknown): void {
  const node = document.createNode(value, { aliasDuplicateObjects: false });
  if (isMap(node))
    for (const list of ["ships", "tombstones", "tenants", "hosts", "cells", "nodePools"]) {
      const items = (node.get(list) as { items?: { flow?: boolean }[] } | undefined)?.items ?? [];
      for (const item of items) item.flow = true;
    }
  if (config.has(key)) config.set(key, node);
  else config.add(document.createPair(key, node));
}

function comment(config: YAMLMap): void {
  const ours: string[] = [REQUIREMENTS_DIGEST_KEY, ARCHITECTURE_DIGEST_KEY, ARCHITECTURE_KEY];
  const first = config.items.find((p) => isScalar(p.key) && ours.includes(String(p.key.value)));
  if (first && isScalar(first.key) && !first.key.commentBefore) first.key.commentBefore = HEADER;
}
