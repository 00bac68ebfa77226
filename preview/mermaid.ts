// The graph as a Mermaid diagram a person can read: components as boxes, their resources as counts, ships as one box a
// cell once there are many. Pure.
import type { Graph, GraphResource } from "./graph";
import { childrenOf, shortType, STACK_TYPE } from "./tree";

/** Above this many resources a component's children are shown as counts, never one by one. */
const MANY = 40;

export function mermaid(graph: Graph): string {
  const lines = ["flowchart TD"];
  const collapse = graph.resources.length > MANY;
  const children = childrenOf(graph);
  const boxes = new Map<string, string>();
  for (const stack of new Set(graph.resources.map((r) => r.stack))) {
    lines.push(`  subgraph ${id(`stack:${stack}`)}["stack ${label(stack)}"]`);
    const roots = graph.resources.filter((r) => r.stack === stack && r.parent === null && r.type !== STACK_TYPE);
    draw(roots, null);
    lines.push("  end");
  }
  return `${[...lines, ...edges(graph, boxes)].join("\n")}\n`;

  function draw(resources: GraphResource[], parentBox: string | null): void {
    for (const [type, group] of grouped(resources)) {
      const whole = group[0]!.custom || (collapse && group.length > 3);
      if (whole && collapse) {
        const box = id(group[0]!.urn);
        for (const r of group) covers(r, box);
        lines.push(
          `    ${box}["${label(shortType(type))}${group.length > 1 ? ` × ${group.length}` : ` ${label(group[0]!.name)}`}"]`,
        );
        if (parentBox) lines.push(`    ${parentBox} --> ${box}`);
        continue;
      }
      for (const r of group) {
        const box = id(r.urn);
        boxes.set(r.urn, box);
        lines.push(`    ${box}["${label(shortType(type))}<br/>${label(r.name)}"]`);
        if (parentBox) lines.push(`    ${parentBox} --> ${box}`);
        draw(children.get(r.urn) ?? [], box);
      }
    }
  }

  function covers(r: GraphResource, box: string): void {
    boxes.set(r.urn, box);
    for (const child of children.get(r.urn) ?? []) covers(child, box);
  }
}

/** What waits for what, between components: resource by resource nobody could read it. */
function edges(graph: Graph, boxes: Map<string, string>): string[] {
  const byUrn = new Map(graph.resources.map((r) => [r.urn, r]));
  const owner = (urn: string): GraphResource | undefined => {
    let at = byUrn.get(urn);
    while (at && at.custom && at.parent !== null) at = byUrn.get(at.parent);
    return at;
  };
  const seen = new Set<string>();
  for (const r of graph.resources) {
    const from = owner(r.urn);
    if (!from) continue;
    for (const urn of r.dependsOn) {
      const to = owner(urn);
      const [a, b] = [boxes.get(from.urn), to && boxes.get(to.urn)];
      if (a && b && a !== b && to!.urn !== from.urn && !isAncestor(byUrn, to!, from)) seen.add(`  ${a} -.-> ${b}`);
    }
  }
  return [...seen].sort();
}

function isAncestor(byUrn: Map<string, GraphResource>, a: GraphResource, b: GraphResource): boolean {
  const up = (from: GraphResource, to: GraphResource): boolean => {
    for (let at: GraphResource | undefined = from; at; at = at.parent === null ? undefined : byUrn.get(at.parent))
      if (at === to) return true;
    return false;
  };
  return up(b, a) || up(a, b);
}

function grouped(resources: GraphResource[]): Map<string, GraphResource[]> {
  const groups = new Map<string, GraphResource[]>();
  for (const r of resources) {
    const known = groups.get(r.type);
    if (known) known.push(r);
    else groups.set(r.type, [r]);
  }
  return groups;
}

/** A node id Mermaid takes: short, and the same for the same URN. */
function id(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++)
    hash = ((hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n) & 0xffffffffffffffffn;
  return `n${hash.toString(36)}`;
}

const label = (text: string): string =>
  text.replace(/["<>]/g, (c) => ({ '"': "#quot;", "<": "#lt;", ">": "#gt;" })[c]!);
