// `plan --write`, decided without touching a file: which texts would be written, what they change, and why not.
import { buildArchitectures, type BuildInput, recordedStacks } from "./build";
import { parseArchitecture } from "./check";
import { type DiffEntry, diffArchitectures } from "./diff";
import { environmentProblems } from "./environment";
import { digestOf, requirementsDigest } from "./digest";
import type { LockProblem } from "./problem";
import { problem } from "./problem";
import type { Architecture } from "./schema";
import {
  fileOfStack,
  type ParsedStackFile,
  parseStackFile,
  sizeProblem,
  stackOfFile,
  writeStackFile,
} from "./stack-file";

export interface WriteInput extends Omit<BuildInput, "previous" | "candidateId" | "force"> {
  /** Null takes the plan's own choice. */
  candidateId: string | null;
  /** Every Pulumi.<stack>.yaml of the directory as it is now, by file name. */
  files: ReadonlyMap<string, string>;
  /** Replace a recorded decision that differs. Never moves a claimed ship. */
  force?: boolean;
}

export interface WriteResult {
  /** Files whose text changes; empty while there are problems. */
  writes: { fileName: string; text: string }[];
  /** What each stack's lock would become, also when it may not be written. */
  stacks: { name: string; architecture: Architecture }[];
  diff: { stack: string; entries: DiffEntry[] }[];
  problems: LockProblem[];
  /** What to tell the user of what is written: node pools the plan priced otherwise. */
  warnings: string[];
  /** Exit code of the command: 0, 2 input, 3 nothing feasible, 7 stale plan or digest mismatch. */
  exit: 0 | 2 | 3 | 7;
}

export function planWrite(input: WriteInput): WriteResult {
  const { requirements, plan, stack, files } = input;
  const refused = (problems: LockProblem[], exit: 2 | 3 | 7, rest: Partial<WriteResult> = {}): WriteResult => ({
    writes: [],
    stacks: [],
    diff: [],
    warnings: [],
    ...rest,
    problems,
    exit,
  });
  const candidateId = input.candidateId ?? plan.chosen;
  if (candidateId === null) return refused([nothingChosen(plan.candidates.some((c) => c.feasible))], 3);
  if (plan.requirementsDigest !== requirementsDigest(requirements))
    return refused([stalePlan(plan.requirementsDigest)], 7);

  const previous = new Map<string, ParsedStackFile>();
  for (const [file, text] of files)
    if (stackOfFile(file) !== null) previous.set(stackOfFile(file)!, parseStackFile(file, text));
  // Another environment's unreadable lock counts too: it may hold one of these ships.
  const unreadable = [...previous.values()].flatMap((f) => f.problems);
  if (unreadable.length > 0) return refused(unreadable, unreadable.every((p) => p.code === "digest") ? 7 : 2);

  const built = buildArchitectures({ ...input, candidateId, previous });
  const old = recordedStacks(previous, stack);
  const before = new Map(old.map((f) => [f.stack, f.architecture!]));
  const diff = [...built.stacks.map((s) => s.name), ...built.retired].map((name) => ({
    stack: name,
    entries: diffArchitectures(
      before.get(name) ?? null,
      built.stacks.find((s) => s.name === name)?.architecture ?? null,
    ),
  }));
  const problems = [...built.problems];
  if (problems.length === 0 && !input.force) problems.push(...differentDecision(before, built.stacks, stack));

  // What could not be read back is never written.
  if (problems.length === 0) {
    for (const { name, architecture } of built.stacks)
      problems.push(
        ...parseArchitecture(architecture, fileNameOf(files, name), "config.roadstead:architecture", name).problems,
      );
    problems.push(
      ...environmentProblems(
        built.stacks.map(({ name, architecture }) => ({ file: fileNameOf(files, name), stack: name, architecture })),
      ),
    );
  }

  if (problems.length > 0) return refused(problems, 2, { stacks: built.stacks, diff });

  const digest = requirementsDigest(requirements);
  const locks = [
    ...built.stacks.map(({ name, architecture }) => ({ name, lock: { architecture, requirementsDigest: digest } })),
    ...built.retired.map((name) => ({ name, lock: null })),
  ];
  const writes = locks.map(({ name, lock }) => {
    const fileName = fileNameOf(files, name);
    return { fileName, text: writeStackFile(files.get(fileName) ?? "", lock) };
  });
  for (const { fileName, text } of writes) {
    const tooLarge = sizeProblem(fileName, text);
    if (tooLarge) problems.push(tooLarge);
  }
  if (problems.length > 0) return refused(problems, 2, { stacks: built.stacks, diff });
  return {
    writes: writes.filter((w) => files.get(w.fileName) !== w.text),
    stacks: built.stacks,
    diff,
    problems: [],
    warnings: built.warnings,
    exit: 0,
  };
}

/**
 * What makes two locks different decisions: where and how ships are hosted. More or fewer ships, their hosts and
 * node pools, new versions, prices and reasons are not.
 */
export function decisionDigest(a: Architecture): string {
  return digestOf({
    candidate: a.decision.candidate,
    mode: a.mode,
    provider: a.provider,
    region: a.region,
    zones: a.zones,
    drRegion: a.drRegion,
    network: a.network,
    storageClass: a.cluster?.storageClass ?? null,
    kubeconfigSecret: a.cluster?.kubeconfigSecret ?? null,
  });
}

/** Hosts recorded before that would get another size, arch or kind: that rebuilds or resizes machines in use. */
function changedHosts(before: Architecture, after: Architecture): string[] {
  const now = new Map(after.hosts.map((h) => [h.name, h]));
  return before.hosts.flatMap((h) => {
    const next = now.get(h.name);
    return next && (next.size !== h.size || next.kind !== h.kind || next.arch !== h.arch)
      ? [`${h.name} from ${h.size} to ${next.size}`]
      : [];
  });
}

/** docs.digitalocean.com, doctl droplet-action resize, 2026-10-08: the droplet is powered off first; EC2 resizes stopped instances only. */
const RESIZED =
  "A host that gets another size is stopped and started again by its provider, and its ships with it; volume and address stay.";

function differentDecision(
  before: ReadonlyMap<string, Architecture>,
  after: { name: string; architecture: Architecture }[],
  stack: string,
): LockProblem[] {
  return after.flatMap(({ name, architecture }) => {
    const old = before.get(name);
    if (!old) return [];
    const hosts = changedHosts(old, architecture);
    // Cells repeat the platform's decision: it is refused once.
    const other = name === stack && decisionDigest(old) !== decisionDigest(architecture);
    if (!other && hosts.length === 0) return [];
    const changes = [...(other ? [`${described(old)} → ${described(architecture)}`] : []), ...hosts];
    return [
      problem({
        code: "different-decision",
        file: fileOfStack(name),
        path: "config.roadstead:architecture",
        received: `another decision: ${changes.join("; ")}`,
        accepted: "the recorded decision, or --force to replace it",
        fix: `Look at it with --diff first. ${hosts.length > 0 ? `${RESIZED} ` : ""}--force never moves a claimed ship to another mode, provider, region or volume.`,
      }),
    ];
  });
}

function described(a: Architecture): string {
  return [a.decision.candidate, ...(a.zones.length > 0 ? [a.zones.join(" ")] : [])].join(", ");
}

const fileNameOf = (files: ReadonlyMap<string, string>, stack: string): string =>
  [...files.keys()].find((f) => stackOfFile(f) === stack) ?? fileOfStack(stack);

const nothingChosen = (others: boolean): LockProblem =>
  problem({
    code: "candidate",
    file: null,
    path: "candidate",
    received: "a plan that chose nothing",
    accepted: "a chosen candidate",
    fix: others ? "Take one with --candidate." : "Apply the cheapest change that fits, then plan again.",
  });

const stalePlan = (received: string): LockProblem =>
  problem({
    code: "digest",
    file: null,
    path: "plan.requirementsDigest",
    received,
    accepted: "a plan made from these requirements",
    fix: "Plan again.",
  });
