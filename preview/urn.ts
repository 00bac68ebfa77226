const ROOT = "pulumi:pulumi:Stack";

/** A URN as the engine makes it: the chain of parent types without the stack's own. */
export function urnOf(
  where: { project: string; stack: string },
  parent: string | null,
  type: string,
  name: string,
): string {
  const parentType = parent ? (parent.split("::")[2] ?? "") : "";
  const qualified = parentType === "" || parentType === ROOT ? type : `${parentType}$${type}`;
  return `urn:pulumi:${where.stack}::${where.project}::${qualified}::${name}`;
}
