// The Kubernetes objects of a graph as files an API server takes. Secret values are gone, what is known only after
// deployment is left out and said in a comment. Pure.
import { stringify } from "yaml";
import { REDACTED, type Graph, type GraphResource } from "./graph";

export interface ManifestFile {
  /** Relative to the output directory. */
  path: string;
  objects: GraphResource[];
}

/** Kinds without a namespace that Roadstead makes; they go into a file of their own. */
const CLUSTER_FILE = "manifests/cluster.yaml";

/** One file a namespace, in the order the objects must be created in. */
export function manifestFiles(graph: Graph): ManifestFile[] {
  const files = new Map<string, GraphResource[]>();
  for (const resource of graph.resources) {
    if (!isKubernetesObject(resource)) continue;
    const path = fileOf(resource);
    const known = files.get(path);
    if (known) known.push(resource);
    else files.set(path, [resource]);
  }
  return [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, objects]) => ({ path, objects: objects.sort((a, b) => rank(a) - rank(b)) }));
}

/** Text of one file, document by document, so that nobody holds all of it. */
export function* manifestText(file: ManifestFile): Generator<string> {
  for (const resource of file.objects) {
    const unknown: string[] = [];
    const object = admissible(resource, unknown);
    if (!named(object)) {
      yield `---\n# ${resource.stack}: ${resource.name}: its name is known after deployment, so it is not written here\n`;
      continue;
    }
    const notes = unknown.length > 0 ? `# known after deployment, left out: ${unknown.join(", ")}\n` : "";
    yield `---\n# ${resource.stack}: ${resource.name}\n${notes}${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`;
  }
}

const named = (object: unknown): boolean =>
  typeof (object as { metadata?: { name?: unknown } }).metadata?.name === "string";

export function isKubernetesObject(resource: GraphResource): boolean {
  const { inputs, custom, type } = resource;
  return (
    custom && type.startsWith("kubernetes:") && typeof inputs.apiVersion === "string" && typeof inputs.kind === "string"
  );
}

function fileOf(resource: GraphResource): string {
  const metadata = (resource.inputs.metadata ?? {}) as Record<string, unknown>;
  const namespace = resource.inputs.kind === "Namespace" ? metadata.name : metadata.namespace;
  if (namespace === undefined) return CLUSTER_FILE;
  return typeof namespace === "string" && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(namespace)
    ? `manifests/${namespace}.yaml`
    : "manifests/namespace-known-after-deployment.yaml";
}

const ORDER = ["CustomResourceDefinition", "Namespace", "StorageClass", "ServiceAccount", "Role", "ClusterRole"];
const LAST = ["StatefulSet", "Deployment", "DaemonSet", "Job", "CronJob", "Probe", "PrometheusRule"];

function rank(resource: GraphResource): number {
  const kind = String(resource.inputs.kind);
  const early = ORDER.indexOf(kind);
  if (early >= 0) return early;
  const late = LAST.indexOf(kind);
  return late >= 0 ? ORDER.length + 1 + late : ORDER.length;
}

/** The object as an API server would take it. */
function admissible(resource: GraphResource, unknown: string[]): unknown {
  const { data, ...rest } = known(resource.inputs, "", unknown) as Record<string, unknown>;
  if (resource.inputs.kind !== "Secret") return data === undefined ? rest : { ...rest, data };
  return {
    ...rest,
    ...(data === undefined ? {} : { data: encoded(data) }),
    ...(typeof rest.stringData === "string" ? { stringData: { redacted: REDACTED } } : {}),
  };
}

/** A Secret's `data` is base64: the mark that stands for a value must be, too. */
function encoded(data: unknown): Record<string, string> {
  const mark = Buffer.from(REDACTED).toString("base64");
  if (data === null || typeof data !== "object") return { redacted: mark };
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, value === REDACTED ? mark : String(value)]),
  );
}

/** Without the unknown values; each is named by its path. */
function known(value: unknown, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    return value.flatMap((inner, i) => {
      if (inner === null) {
        unknown.push(`${path}[${i}]`);
        return [];
      }
      return [known(inner, `${path}[${i}]`, unknown)];
    });
  }
  if (value === null || typeof value !== "object") return value;
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    if (inner === null) unknown.push(path === "" ? key : `${path}.${key}`);
    else result[key] = known(inner, path === "" ? key : `${path}.${key}`, unknown);
  }
  return result;
}
