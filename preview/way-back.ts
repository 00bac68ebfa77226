// What a destroyed stack leaves in its cluster, as the file that `pulumi import --file` reads: the way back to the same claims
// and volumes.
import type { GraphResource } from "./graph";

export interface ImportFile {
  /** Resources of the state that others here name: the cluster's provider, which a refused `up` has put there. */
  nameTable: Record<string, string>;
  resources: ImportEntry[];
}
interface ImportEntry {
  type: string;
  /** Unique in the file. */
  name: string;
  logicalName: string;
  id?: string;
  component?: true;
  parent?: string;
  provider?: string;
}

/** Null where nothing of the stack stays in a cluster. What a provider keeps under an id it made up is not among them. */
export function wayBack(resources: readonly GraphResource[], stack: string): ImportFile | null {
  const own = new Map(resources.filter((r) => r.stack === stack).map((r) => [r.urn, r]));
  const kept = [...own.values()].filter((r) => r.options.retainOnDelete && r.type.startsWith("kubernetes:"));
  if (kept.length === 0) return null;
  const names = new Map<string, string>();
  const nameTable: Record<string, string> = {};
  const entries: ImportEntry[] = [];
  const add = (resource: GraphResource): string => {
    const known = names.get(resource.urn);
    if (known !== undefined) return known;
    const above = resource.parent === null ? undefined : own.get(resource.parent);
    const parent = above === undefined ? undefined : add(above);
    const name = `${resource.custom ? "kept" : "component"}-${names.size + 1}`;
    names.set(resource.urn, name);
    entries.push({
      type: resource.type,
      name,
      logicalName: resource.name,
      ...(resource.custom ? { id: idOf(resource) } : { component: true }),
      ...(parent === undefined ? {} : { parent }),
      ...(resource.provider === null ? {} : { provider: providerOf(resource.provider) }),
    });
    return name;
  };
  const providerOf = (urn: string): string => {
    const found = Object.keys(nameTable).find((name) => nameTable[name] === urn);
    if (found !== undefined) return found;
    const name = `provider-${Object.keys(nameTable).length + 1}`;
    nameTable[name] = urn;
    return name;
  };
  kept.forEach(add);
  return { nameTable, resources: entries };
}

/** As the Kubernetes provider names objects. */
function idOf({ inputs }: GraphResource): string {
  const { name, namespace } = inputs.metadata as { name: string; namespace?: string };
  return namespace === undefined ? name : `${namespace}/${name}`;
}
