// `roadstead doctor [STACK] --cluster KUBECONFIG`: what a cluster can do, as a block for the requirements; with a stack, what
// the cluster is now against what was recorded. Reads through kubectl, changes nothing.
import * as fs from "node:fs";
import * as path from "node:path";
import { parseDocument, stringify } from "yaml";
import { clusterProblems, type ClusterUse, recordedUse, storageClassProblems } from "../../planner/existing-cluster";
import { parseStackFile } from "../../planner/architecture/stack-file";
import type { PredicateProblem } from "../../planner/predicates";
import type { ClusterFacts } from "../../planner/requirements/cluster-facts";
import { EXIT, type ExitCode, usage } from "../exit";
import type { Io } from "../io";
import { projectOf, readStackFile } from "../project";
import { derive, type Derived } from "./cluster/derive";
import { type Ask, kubectlAt } from "./cluster/kubectl";
import { look } from "./cluster/seen";

export interface ClusterOptions {
  cluster?: string;
  context?: string;
  json?: boolean;
}

export function clusterCommand(
  stack: string | undefined,
  options: ClusterOptions,
  io: Io,
  asker: (io: Io, kubeconfig: string, context: string | undefined) => Ask = kubectlAt,
): ExitCode {
  const recorded = stack === undefined ? null : recordedIn(io, stack);
  const kubeconfig = path.resolve(io.cwd, options.cluster!);
  if (!fs.existsSync(kubeconfig))
    throw usage(`--cluster: there is no ${options.cluster}; accepted: the kubeconfig of the cluster`);
  refuseWhatIsNone(kubeconfig, options.cluster!);
  const derived = derive(look(asker(io, kubeconfig, options.context)));
  const problems = recorded === null ? [] : againstTheLock(derived.facts, recorded);
  if (options.json)
    io.out(`${JSON.stringify({ schema: "roadstead/cluster-facts/1", ...derived, problems }, null, 2)}\n`);
  else if (recorded === null) io.out(block(derived));
  else io.out(verdict(stack!, derived, problems));
  return problems.length > 0 ? EXIT.refused : EXIT.done;
}

/** kubectl would say so too, but would show what it could not read. */
function refuseWhatIsNone(file: string, shown: string): void {
  const doc = parseDocument(fs.readFileSync(file, "utf8"));
  const kubeconfig = doc.errors.length === 0 ? (doc.toJS() as { clusters?: unknown } | null) : null;
  if (!Array.isArray(kubeconfig?.clusters))
    throw usage(`--cluster: ${shown} is no kubeconfig; accepted: a file with clusters, users and contexts`);
}

interface Recorded extends ClusterUse {
  facts: ClusterFacts | undefined;
}

function recordedIn(io: Io, stack: string): Recorded {
  const { file, text } = readStackFile(io, projectOf(io), stack);
  const { architecture: a } = parseStackFile(file, text);
  if (a?.mode !== "existing-cluster" || a.cluster === null)
    throw usage(`${file}: records no existing cluster; leave the stack out to read one for the requirements`);
  return { ...recordedUse(a, a.cluster), facts: a.cluster.existing };
}

/** What somebody declared or tried outranks what the probe does not know; what it knows to be otherwise does not. */
function againstTheLock(found: ClusterFacts, recorded: Recorded): PredicateProblem[] {
  const then = recorded.facts;
  const stays = found.networkPolicies.enforced === "unknown" && then?.networkPolicies.enforced === "yes";
  const storageClasses = found.storageClasses.map((c) => {
    const before = then?.storageClasses.find((t) => t.name === c.name && t.provisioner === c.provisioner);
    const told = c.readWriteOncePod === "unknown" ? before?.readWriteOncePod : undefined;
    return told === undefined ? c : { ...c, readWriteOncePod: told };
  });
  const now = {
    ...found,
    storageClasses,
    ...(stays && then.networkPolicies.basis !== "documented" ? { networkPolicies: then.networkPolicies } : {}),
  };
  return clusterProblems(now, recorded, "cluster");
}

const fit = ({ storageClasses }: ClusterFacts) =>
  storageClasses.filter((c) => storageClassProblems(c, "").length === 0);

/** YAML to paste into the requirements; what it rests on goes along as comments. */
function block({ facts, evidence }: Derived): string {
  const [first] = fit(facts);
  const existing = {
    kubeconfigSecret: "kubeconfig",
    ...(first === undefined ? {} : { storageClass: first.name }),
    cluster: facts,
  };
  return [
    "# What the cluster showed. A name is evidence, not proof: whether packets are dropped, two pods would have to try.",
    ...evidence.map((e) => `#   ${e}`),
    ...(first === undefined ? classToMake(facts) : []),
    stringify({ existing }, { lineWidth: 0, flowCollectionPadding: true }),
  ].join("\n");
}

/** No class is fit: one of a driver that could be, to be made by hand. */
function classToMake({ storageClasses }: ClusterFacts): string[] {
  const able = storageClasses.find((c) => c.readWriteOncePod === "yes");
  if (able === undefined)
    return ["# No storage class is of a driver known to hold to ReadWriteOncePod: ships need one."];
  const made = {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "piers" },
    provisioner: able.provisioner,
    reclaimPolicy: "Retain",
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
  };
  return [
    `# No storage class is fit for piers. Make one (with the parameters of ${able.name}), then read the cluster again:`,
    ...stringify(made)
      .trimEnd()
      .split("\n")
      .map((l) => `#   ${l}`),
  ];
}

function verdict(stack: string, { evidence }: Derived, problems: PredicateProblem[]): string {
  const head =
    problems.length === 0
      ? `The cluster is fit for what ${stack} records.`
      : `${problems.length} to settle before \`pulumi up --stack ${stack}\`.`;
  return [
    head,
    ...problems.map((p) => `  ✗ ${p.path}: found ${p.received}; accepted: ${p.accepted}\n    → ${p.fix}`),
    "",
    ...evidence.map((e) => `  ${e}`),
    "",
  ].join("\n");
}
