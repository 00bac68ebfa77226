// The Pulumi project a command works in: where its stack files are, and what one of them holds.
import * as fs from "node:fs";
import * as path from "node:path";
import { parseDocument } from "yaml";
import { isStackOf } from "../planner/architecture/identity";
import { fileOfStack } from "../planner/architecture/stack-file";
import { ENVIRONMENTS } from "../planner/requirements/schema";
import { usage } from "./exit";
import { readInput } from "./files";
import type { Io } from "./io";

export interface Project {
  name: string;
  /** Whether there is a Pulumi.yaml at all. */
  found: boolean;
  /** Directory of Pulumi.yaml; the working directory when there is none above it. */
  root: string;
  /** Directory of the Pulumi.<stack>.yaml files. */
  stacks: string;
  /** What `pulumi up` runs, as Pulumi.yaml says; null without one. */
  main: string | null;
  /** Backend fixed in Pulumi.yaml; null when it is left to the login. */
  backend: string | null;
}

/** The project of the nearest Pulumi.yaml, from the working directory upwards, as the Pulumi CLI finds it. */
export function projectOf(io: Io): Project {
  for (let dir = path.resolve(io.cwd); ; dir = path.dirname(dir)) {
    const file = path.join(dir, "Pulumi.yaml");
    if (fs.existsSync(file)) {
      const doc = parseDocument(readInput(io, file, "a Pulumi project file"));
      if (doc.errors.length > 0)
        throw usage(`${file}: ${doc.errors[0]!.message.split("\n")[0]}; accepted: YAML. Correct it`);
      const text = (...at: string[]): string | null => {
        const value = doc.getIn(at);
        return typeof value === "string" ? value : null;
      };
      return {
        name: text("name") ?? "roadstead",
        found: true,
        root: dir,
        stacks: path.resolve(dir, text("stackConfigDir") ?? "."),
        main: text("main"),
        backend: text("backend", "url"),
      };
    }
    if (dir === path.dirname(dir)) break;
  }
  const root = path.resolve(io.cwd);
  return { name: "roadstead", found: false, root, stacks: path.join(root, "stacks"), main: null, backend: null };
}

/** A stack file may hold hundreds of ships, but never more than reaches Node in one environment variable, plus the rest. */
const MAX_STACK_BYTES = 1024 * 1024;

/** Every Pulumi.<stack>.yaml of the project, by file name. */
export function stackFiles(io: Io, project: Project): Record<string, string> {
  if (!fs.existsSync(project.stacks)) return {};
  const names = fs.readdirSync(project.stacks).filter((n) => /^Pulumi\.[A-Za-z0-9_.-]+\.yaml$/.test(n));
  return Object.fromEntries(
    names.sort().map((n) => [n, readInput(io, path.join(project.stacks, n), "a stack file", MAX_STACK_BYTES)]),
  );
}

export function readStackFile(io: Io, project: Project, stack: string): { file: string; text: string } {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$/.test(stack))
    throw usage(`${stack}: accepted: a stack name such as dev, staging or prod`);
  const file = path.relative(path.resolve(io.cwd), path.join(project.stacks, fileOfStack(stack)));
  if (!fs.existsSync(path.resolve(io.cwd, file))) {
    const known = Object.keys(stackFiles(io, project)).map((n) => n.slice("Pulumi.".length, -".yaml".length));
    const environment = ENVIRONMENTS.find((e) => isStackOf(e, stack));
    throw usage(
      `${stack}: there is no ${file}; ${known.length > 0 ? `stacks here: ${known.join(", ")}` : "no stack is recorded here"}. ` +
        (environment === undefined
          ? `A stack is called ${ENVIRONMENTS.join(", ")}, or as one of their cells, such as prod-c2`
          : `Record one with roadstead plan FILE --stack ${environment} --write`),
    );
  }
  return { file, text: readInput(io, file, "a stack file", MAX_STACK_BYTES) };
}

/** What a stack file says beside the lock. Values are never returned, only how they are kept; but for public keys. */
export interface StackConfig {
  /** Config key, project prefix included → kept encrypted, or in the clear. */
  keys: Record<string, "secure" | "plain">;
  secretsProvider: "passphrase" | "other" | "none";
  /** `roadstead:hostKeys` as written, unchecked. */
  hostKeys?: unknown;
}

export function stackConfig(text: string): StackConfig {
  const doc = parseDocument(text);
  const file =
    (doc.errors.length === 0 ? (doc.toJS({ maxAliasCount: 50 }) as Record<string, unknown> | null) : null) ?? {};
  const config = (file.config ?? {}) as Record<string, unknown>;
  const secure = (v: unknown) =>
    v !== null && typeof v === "object" && typeof (v as { secure?: unknown }).secure === "string";
  return {
    keys: Object.fromEntries(Object.entries(config).map(([k, v]) => [k, secure(v) ? "secure" : "plain"])),
    ...(config["roadstead:hostKeys"] === undefined ? {} : { hostKeys: config["roadstead:hostKeys"] }),
    secretsProvider:
      typeof file.encryptionsalt === "string" && file.secretsprovider === undefined
        ? "passphrase"
        : typeof file.secretsprovider === "string" || typeof file.encryptedkey === "string"
          ? "other"
          : "none",
  };
}

/** Names of the project's config secrets that the stack file holds encrypted. */
export const secretsSet = ({ keys }: StackConfig, project: string): ReadonlySet<string> =>
  new Set(
    Object.keys(keys)
      .filter((k) => keys[k] === "secure" && k.startsWith(`${project}:`))
      .map((k) => k.slice(project.length + 1)),
  );
