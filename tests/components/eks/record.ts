// Registers a program under mocks, as a preview and as an up, and keeps what the tests ask about.
import * as runtime from "@pulumi/pulumi/runtime";
import { ArgumentsRefused } from "../../../components/refusal";
import type { GraphResource } from "../../../preview/graph";
import { runProgram } from "../../../preview/runtime";

export interface Recorded {
  resources: GraphResource[];
  warnings: string[];
  /** "type name", sorted: the registered set. */
  set: string[];
  /** The one resource of that type and, when given, name. */
  one(type: string, name?: string): GraphResource;
  all(type: string): GraphResource[];
  /** Whether `from` waits for `to`, directly or through others. */
  waits(from: GraphResource, to: GraphResource): boolean;
}

const WHERE = { project: "roadstead", stack: "test" };

/** As an offline preview sees it: unknown ids, options and dependencies kept. */
export async function preview(program: () => unknown): Promise<Recorded> {
  const run = await runProgram(WHERE, () => void program());
  const resources = run.resources.filter((r) => r.type !== "pulumi:pulumi:Stack");
  const byUrn = new Map(resources.map((r) => [r.urn, r]));
  const all = (type: string) => resources.filter((r) => r.type === type);
  return {
    resources,
    warnings: run.warnings,
    set: setOf(resources),
    all,
    one(type, name) {
      const found = all(type).filter((r) => name === undefined || r.name === name);
      if (found.length !== 1) throw new Error(`${found.length} resources ${type} ${name ?? ""}: ${setOf(resources)}`);
      return found[0] as GraphResource;
    },
    waits(from, to) {
      const seen = new Set<string>();
      const open = [...from.dependsOn];
      for (let urn = open.pop(); urn !== undefined; urn = open.pop()) {
        if (urn === to.urn) return true;
        if (seen.has(urn)) continue;
        seen.add(urn);
        open.push(...(byUrn.get(urn)?.dependsOn ?? []));
      }
      return false;
    },
  };
}

/** As `up` registers it: every id known. Returns "type name", sorted. */
export async function up(program: () => unknown): Promise<string[]> {
  const made: { type: string; name: string }[] = [];
  await runtime.setMocks(
    {
      newResource: (r) => {
        made.push({ type: r.type, name: r.name });
        return { id: `${r.name}-id`, state: r.inputs as Record<string, unknown> };
      },
      call: (c) => c.inputs as Record<string, unknown>,
    },
    WHERE.project,
    WHERE.stack,
    false,
  );
  await runtime.runInPulumiStack(async () => void program());
  await runtime.disconnect();
  return setOf(made.filter((r) => r.type !== "pulumi:pulumi:Stack"));
}

/** Switches the runtime to `up`, for arguments that are refused there only. */
export async function asUp(): Promise<void> {
  await runtime.setMocks(
    {
      newResource: (r) => ({ id: r.name, state: r.inputs as Record<string, unknown> }),
      call: () => ({}),
    },
    WHERE.project,
    WHERE.stack,
    false,
  );
}

function setOf(resources: { type: string; name: string }[]): string[] {
  return resources.map((r) => `${r.type} ${r.name}`).sort();
}

/** Every resource below a component hangs under it, directly or through another component. */
export function strays(recorded: Recorded, root: GraphResource): string[] {
  const byUrn = new Map(recorded.resources.map((r) => [r.urn, r]));
  const under = (r: GraphResource): boolean =>
    r.urn === root.urn || (r.parent !== null && byUrn.has(r.parent) && under(byUrn.get(r.parent)!));
  return recorded.resources.filter((r) => !under(r)).map((r) => r.urn);
}

/** The refusal of a constructor that must refuse. */
export const refusal = (make: () => unknown): ArgumentsRefused => {
  try {
    make();
  } catch (error) {
    if (error instanceof ArgumentsRefused) return error;
    throw error;
  }
  throw new Error("nothing was refused");
};
