// What is judged: every kind of place a stack can be made in, each as its user would complete it with every ship by name,
// and a restore drill. All of it as files, since judges read nothing else.
import * as fs from "node:fs";
import * as path from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { renderDrill } from "../../components/backup";
import { previewArchitectures, type StackToPreview, writePreview } from "../../preview";
import type { KubeObject } from "../cluster/control-plane/api";
import { recorded } from "../cluster/fleet/planned";
import { smallFleet } from "../cluster/fleet/small";
import { examples } from "../engine/engine/examples";
import { asBuilt, type CloudResource } from "./cloud/as-built";
import { hcl } from "./cloud/terraform";

type Stacks = readonly StackToPreview[];
type Requirements = Record<string, unknown> & { ships: Record<string, unknown> };
const example = (name: keyof typeof examples, ships: Record<string, unknown> = {}): Stacks => {
  const requirements = examples[name].requirements as Requirements;
  return recorded({ ...requirements, ships: { ...requirements.ships, ...ships } } as never);
};

const FLEETS: Record<string, () => Promise<Stacks>> = {
  // HIPAA with a second region, two customers, a domain with the edge, monitoring.
  "eks-hipaa": async () => (await smallFleet()).stacks,
  // A fleet without any of that, in two cells.
  eks: async () => example("eks"),
  // Ships that peers reach, by a network load balancer a cell.
  "eks-ames": async () => example("eks", { amesInbound: "nlb" }),
  doks: async () => example("doks"),
  "existing-cluster": async () => example("existing-cluster"),
  "vps-aws": async () => example("vps-aws"),
  "vps-digitalocean": async () => example("vps-digitalocean"),
  "multi-vps": async () => example("multi-vps"),
  groundseg: async () => example("groundseg"),
};

export interface Rendered {
  fleet: string;
  dir: string;
  objects: KubeObject[];
  cloud: CloudResource[];
  /** `namespace/name` of each, with the port its peers use. */
  ships: Map<string, number>;
}

/** Every fleet in a folder of its own: manifests/, hosts/, main.tf. */
export async function renderFleets(root: string): Promise<Rendered[]> {
  const all: Rendered[] = [];
  for (const [fleet, stacksOf] of Object.entries(FLEETS)) {
    const stacks = await stacksOf();
    const preview = path.join(root, "previews", fleet);
    const files = writePreview(preview, await previewArchitectures(stacks));
    const objects = files
      .filter((file) => file.startsWith("manifests/"))
      .flatMap((file) => parseAllDocuments(fs.readFileSync(path.join(preview, file), "utf8")))
      .flatMap((document) => (document.toJS() as KubeObject | null) ?? []);
    const dir = path.join(root, "judged", fleet);
    // Further cells have ships only: what a cloud is asked for is in the first stack.
    const cloud = await asBuilt(stacks[0]!);
    write(dir, objects, cloud);
    for (const file of files.filter((f) => f.startsWith("hosts/")))
      copy(path.join(preview, file), path.join(dir, file));
    const locked = stacks.flatMap((stack) => stack.architecture.ships);
    const ships = new Map(locked.map((ship) => [`${ship.tenant}/${ship.id}`, ship.ames.port]));
    all.push({ fleet, dir, objects, cloud, ships });
  }
  const dir = path.join(root, "judged/drill");
  write(dir, drill(), []);
  all.push({ fleet: "drill", dir, objects: drill(), cloud: [], ships: new Map() });
  return all;
}

/** One file a namespace, as `preview --out` writes them, and one of Terraform. */
export function write(dir: string, objects: readonly KubeObject[], cloud: readonly CloudResource[]): void {
  fs.mkdirSync(path.join(dir, "manifests"), { recursive: true });
  for (const object of objects)
    fs.appendFileSync(
      path.join(dir, "manifests", `${object.metadata.namespace ?? "cluster"}.yaml`),
      `---\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`,
    );
  if (cloud.length > 0) fs.writeFileSync(path.join(dir, "main.tf"), cloud.map(hcl).join("\n"));
}

function copy(from: string, to: string): void {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.copyFileSync(from, to);
}

const drill = (): KubeObject[] =>
  renderDrill({
    id: "2026-11-21-a",
    ship: "sampel-palnet",
    snapshotHandle: "snap-0123456789abcdef0",
    diskGiB: 20,
    image: { repository: "tloncorp/vere", digest: `sha256:${"a".repeat(64)}`, architectures: ["x86_64"] },
    loom: 31,
    limitMiB: 4096,
    kubernetes: "1.34",
  }).objects as unknown as KubeObject[];
