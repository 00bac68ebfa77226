// The offline preview: the platform's stack program in this process, every further cell by the renderers its
// components use, and what follows from both. No account, no network, no CLI.
import type { Graph, GraphResource } from "./graph";
import { missingVersions } from "../planner/architecture/missing";
import { output, secret } from "@pulumi/pulumi";
import { compose } from "../stacks/compose";
import type { Surroundings } from "../stacks/surroundings";
import { digestsOf, renderCellStack } from "./cells";
import { hostFiles } from "./hosts";
import { some, shipLedger } from "./ledger";
import { judge } from "./policies";
import type { Preview, PreviewCost, PreviewOptions, StackToPreview } from "./result";
import { asRefusal } from "./refused";
import { runProgram, type ProgramRun } from "./runtime";

export * from "./graph";
export * from "./result";
export { PreviewRefused } from "./refused";
export { writePreview, OutputRefused } from "./write";
export { mermaid } from "./mermaid";
export { treeOf, type TreeLine } from "./tree";

/** Stands where a secret's value would, and must be found nowhere in what a preview returns. */
export const OFFLINE_SECRET = "roadstead-offline-secret";

const PROJECT = "roadstead";

/**
 * Previews the stacks of one environment: the platform first, then its cells in any order; or one cell alone. Never
 * run beside another Pulumi program in the same process: the SDK keeps one set of settings. Throws PreviewRefused when a
 * component refuses what the lock gives it.
 */
export async function previewArchitectures(
  stacks: readonly StackToPreview[],
  options: PreviewOptions = {},
): Promise<Preview> {
  const [first, ...further] = stacks;
  if (!first) throw new Error("nothing to preview: give one stack or more");
  try {
    return await previewed(first, further, options);
  } catch (error) {
    throw asRefusal(error);
  }
}

async function previewed(
  first: StackToPreview,
  further: readonly StackToPreview[],
  options: PreviewOptions,
): Promise<Preview> {
  const stacks = [first, ...further];
  const project = options.project ?? PROJECT;
  const runs = [await runStack(first, project)];
  const resources: GraphResource[] = [...runs[0]!.resources];
  for (const stack of further) {
    if (options.everyCellUnderRuntime) {
      const run = await runStack(stack, project);
      runs.push(run);
      resources.push(...run.resources);
    } else resources.push(...renderCellStack(stack, project));
  }
  const graph: Graph = { schema: "roadstead/graph/1", resources };
  const { ledger, warnings } = shipLedger(stacks);
  return {
    schema: "roadstead/preview/1",
    stacks: stacks.map((s) => s.name),
    graph,
    ledger,
    costs: costsOf(first, options),
    policies: judge(graph),
    notInspected: notInspected(graph, runs),
    warnings: [
      ...new Set([
        ...warnings,
        ...runs.flatMap((r) => r.warnings.filter((w) => !SAID_AS_MISSING.test(w))),
        ...costWarnings(first),
      ]),
    ],
    missing: missingOf(stacks),
    hosts: stacks.flatMap(hostFiles),
  };
}

/** What a program of this stack finds around it: every secret is there, and none has a value. */
function surroundingsOf(stack: StackToPreview): Surroundings {
  const { hostKeys } = stack;
  return { ...digestsOf(stack), secret: () => secret(output(OFFLINE_SECRET)), hostKeys, allowMissing: true };
}

function runStack(stack: StackToPreview, project: string): Promise<ProgramRun> {
  return runProgram({ project, stack: stack.name }, () => compose(stack.architecture, surroundingsOf(stack)));
}

function costsOf({ architecture }: StackToPreview, { costLines }: PreviewOptions): PreviewCost {
  const { environment, role, stack } = architecture;
  const notes = [
    ...(role === "cell"
      ? [`the cost of the whole environment ${environment}, platform and all cells; ${stack} is one of them`]
      : []),
    ...(costLines === undefined
      ? ["a lock records totals only; the lines: roadstead plan FILE --json, of the requirements it was recorded from"]
      : []),
  ];
  return { environment, ...architecture.cost, lines: costLines === undefined ? null : [...costLines], notes };
}

function costWarnings({ architecture: { cost } }: StackToPreview): string[] {
  if (cost.mid === null || cost.budget === null || cost.mid <= cost.budget) return [];
  return [`the planned cost of ${cost.mid} ${cost.currency} a month is above the budget of ${cost.budget}`];
}

/** Asked of all cells as if they were one stack, so that each fact is said once and ships are counted together. */
function missingOf(stacks: readonly StackToPreview[]): Preview["missing"] {
  const [first] = stacks;
  const all = stacks.map((s) => s.architecture);
  return missingVersions({
    ...first!.architecture,
    hosts: all.flatMap((a) => a.hosts),
    ships: all.flatMap((a) => a.ships),
  });
}

/** Components warn about a missing version, too; `missing` says it with the command that finds it. */
const SAID_AS_MISSING = / is missing; set \S+ before up/;

/** Remote components and charts bring objects of their own that only an engine with plugins could list. */
function notInspected(graph: Graph, runs: readonly ProgramRun[]): string[] {
  const notes = graph.resources
    .filter((r) => r.type === "kubernetes:helm.sh/v4:Chart" || r.type === "kubernetes:helm.sh/v3:Release")
    .map((r) => {
      const { chart, version } = r.inputs;
      const known = typeof version === "string" && !version.includes("not-recorded");
      return `the objects of the Helm chart ${String(chart)} ${known ? version : "(version not recorded)"}, ${r.name}: charts are not rendered offline`;
    });
  const lookups = [...new Set(runs.flatMap((r) => r.lookups))].map((token) => token.split(":").at(-1)!);
  if (lookups.length > 0) notes.push(`what the provider answers to ${some(lookups)}: it is asked at deployment only`);
  notes.push("what exists in the account or cluster already: names taken, quotas, drift; ask roadstead doctor");
  return notes;
}
