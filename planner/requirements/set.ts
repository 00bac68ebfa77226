// `--set ships.memoryGiB=2`: values put into the plain data of a requirements file, before it is checked.

export type Assignments = Record<string, unknown>;

/** A copy of the data with values set by path; null removes a key. A bare list of ships becomes ships.named first. */
export function applySet(data: unknown, assignments: Assignments): Record<string, unknown> {
  const next = structuredClone(data) as Record<string, unknown>;
  for (const [path, value] of Object.entries(assignments)) {
    const keys = path.split(".");
    if (keys[0] === "ships" && keys.length > 1 && Array.isArray(next.ships))
      next.ships = { named: next.ships.map((s: unknown) => (typeof s === "string" ? { name: s } : s)) };
    const last = keys.pop()!;
    let target = next;
    for (const key of keys) {
      const inner = target[key];
      if (inner === null || typeof inner !== "object" || Array.isArray(inner)) target[key] = {};
      target = target[key] as Record<string, unknown>;
    }
    if (value === null) delete target[last];
    else target[last] = value;
  }
  return next;
}
