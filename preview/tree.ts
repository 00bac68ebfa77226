// The graph as a tree for people: like things counted, never one line a ship. Pure.
import type { Graph, GraphResource } from "./graph";

/** One line of the tree: a resource, or several alike. */
export interface TreeLine {
  depth: number;
  /** Short type, such as `Ship` or `StatefulSet`. */
  type: string;
  /** Logical name; null when the line stands for several. */
  name: string | null;
  count: number;
  /** Resources in and under it, itself included. */
  total: number;
  component: boolean;
}

export const STACK_TYPE = "pulumi:pulumi:Stack";

/** `aws:ec2/vpc:Vpc` → `Vpc`, `pulumi:providers:kubernetes` → `Provider kubernetes`. */
export function shortType(type: string): string {
  const [first, second, third] = type.split(":");
  if (first === "pulumi" && second === "providers") return `Provider ${third}`;
  return third ?? type;
}

export function childrenOf(graph: Graph): Map<string, GraphResource[]> {
  const children = new Map<string, GraphResource[]>();
  for (const r of graph.resources) {
    if (r.parent === null) continue;
    const known = children.get(r.parent);
    if (known) known.push(r);
    else children.set(r.parent, [r]);
  }
  return children;
}

/** The tree of one stack. Components alike are merged once there are more than `apart` of them, resources always. */
export function treeOf(graph: Graph, stack: string, apart = 3): TreeLine[] {
  const children = childrenOf(graph);
  const roots = graph.resources.filter((r) => r.stack === stack && r.parent === null && r.type !== STACK_TYPE);
  const lines: TreeLine[] = [];
  draw(roots, 0);
  return lines;

  function draw(resources: GraphResource[], depth: number): number {
    const groups = new Map<string, GraphResource[]>();
    for (const r of resources) {
      const known = groups.get(r.type);
      if (known) known.push(r);
      else groups.set(r.type, [r]);
    }
    let total = 0;
    // Components first: they are what the table of contents speaks of.
    for (const [type, group] of [...groups].sort((a, b) => Number(a[1][0]!.custom) - Number(b[1][0]!.custom))) {
      const custom = group[0]!.custom;
      if (group.length === 1 || (!custom && group.length <= apart)) {
        for (const r of group) total += line(type, r.name, [r], depth);
      } else total += line(type, null, group, depth);
    }
    return total;
  }

  function line(type: string, name: string | null, group: GraphResource[], depth: number): number {
    const entry: TreeLine = {
      depth,
      type: shortType(type),
      name,
      count: group.length,
      total: 0,
      component: !group[0]!.custom,
    };
    lines.push(entry);
    entry.total =
      group.length +
      draw(
        group.flatMap((r) => children.get(r.urn) ?? []),
        depth + 1,
      );
    return entry.total;
  }
}

/** How many resources of each component type, and of plain resources by provider. */
export function countsByComponent(graph: Graph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const r of graph.resources) {
    if (r.type === STACK_TYPE) continue;
    if (!r.custom) counts[shortType(r.type)] = (counts[shortType(r.type)] ?? 0) + 1;
  }
  return counts;
}
