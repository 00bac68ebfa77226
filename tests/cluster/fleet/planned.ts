// An example of examples/ as a user would deploy it: with names, versions and digests, planned, recorded and previewed
// into a directory by the very functions the command line calls.
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { checkRequirements, defaultCatalog, plan } from "../../../planner";
import { buildArchitectures } from "../../../planner/architecture/build";
import type { ParsedStackFile } from "../../../planner/architecture/stack-file";
import type { Architecture } from "../../../planner/architecture/schema";
import { type Preview, previewArchitectures, type StackToPreview, writePreview } from "../../../preview";
import { moon, planet } from "./names";

const EXAMPLES = path.join(__dirname, "../../../examples");

/** Versions an example leaves open. They are names, not releases: nothing here pulls them. */
const VERSIONS = {
  kubernetes: "1.34",
  addons: Object.fromEntries(
    ["vpcCni", "kubeProxy", "coredns", "ebsCsi", "podIdentityAgent", "snapshotController", "metricsServer"].map(
      (addon) => [addon, "v1.0.0-eksbuild.1"],
    ),
  ),
  charts: Object.fromEntries(
    ["kubePrometheusStack", "blackboxExporter", "loki", "alloy", "envoyGateway", "awsLoadBalancerController"].map(
      (chart) => [chart, { version: "1.0.0" }],
    ),
  ),
  images: {
    kubectl: {
      repository: "registry.k8s.io/kubectl",
      digest: `sha256:${"e".repeat(64)}`,
      architectures: ["x86_64", "arm64"],
    },
  },
};
const SHIP_IMAGE = { repository: "tloncorp/vere", digest: `sha256:${"f".repeat(64)}`, architectures: ["x86_64"] };

export interface NamedShip {
  name: string;
  customer?: string;
  fake?: boolean;
  key?: { secret: string };
  memoryGiB?: number;
}

export interface PlannedFleet {
  stacks: StackToPreview[];
  architectures: Architecture[];
  preview: Preview;
}

interface Example {
  environment: string;
  ships: { count: number; types?: Record<string, number>; named?: NamedShip[] };
  customers?: number;
  [key: string]: unknown;
}

/** The example's requirements with every ship named: fake, evenly shared among its customers; moons after planets. */
export function namedExample(file: string, change: (example: Example) => void = () => undefined): Example {
  const example = parse(fs.readFileSync(path.join(EXAMPLES, file), "utf8")) as Example;
  const { count, types = { planet: count } } = example.ships;
  const customers = example.customers ?? 1;
  const perCustomer = Math.ceil(count / customers);
  const names = [
    ...Array.from({ length: types.planet ?? 0 }, (_, n) => planet(n)),
    ...Array.from({ length: types.moon ?? 0 }, (_, n) => moon(1, n)),
  ];
  const named = names.map((name, n) => ({ name, fake: true, customer: `customer-${Math.floor(n / perCustomer) + 1}` }));
  Object.assign(example, { versions: VERSIONS });
  Object.assign(example.ships, { named, image: SHIP_IMAGE });
  change(example);
  return example;
}

/** Plans and records it, as `roadstead plan --write` does; throws what that would print. */
export function recorded(example: Example, previous: readonly Architecture[] = []): StackToPreview[] {
  const checked = checkRequirements(example as never, "example", {});
  if (!checked.ok) throw new Error(checked.problems.map((p) => JSON.stringify(p)).join("\n"));
  const made = plan(checked.requirements, { catalog: defaultCatalog() });
  if (made.chosen === null)
    throw new Error(`nothing fits: ${JSON.stringify(made.candidates.map((c) => c.rejections))}`);
  const built = buildArchitectures({
    requirements: checked.requirements,
    plan: made,
    candidateId: made.chosen,
    stack: checked.requirements.environment,
    previous: new Map(previous.map((architecture) => [architecture.stack, lockOf(architecture)])),
  });
  if (built.problems.length > 0) throw new Error(built.problems.map((p) => p.message).join("\n"));
  return built.stacks;
}

const lockOf = (architecture: Architecture): ParsedStackFile =>
  ({ stack: architecture.stack, architecture, runState: { ships: {} } }) as unknown as ParsedStackFile;

export async function plannedFleet(file: string, change?: (example: Example) => void): Promise<PlannedFleet> {
  const stacks = recorded(namedExample(file, change));
  const preview = await previewArchitectures(stacks);
  return { stacks, architectures: stacks.map((s) => s.architecture), preview };
}

/** The manifests of `preview --out`, as they lie in the directory. */
export function writeManifests(dir: string, preview: Preview): string[] {
  return writePreview(dir, preview)
    .filter((file) => file.startsWith("manifests/"))
    .map((file) => path.join(dir, file));
}
