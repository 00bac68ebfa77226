// What a recorded architecture must satisfy beyond its shape: the cross references zod cannot see.
import { cellSizeProblem, duplicateShips, shipMemoryProblem, tombstonedShips } from "../predicates";
import { shown } from "../requirements/problem";
import { schemaProblems } from "../requirements/schema-problems";
import type { LockProblem } from "./problem";
import { problem } from "./problem";
import { type Architecture, architectureSchema } from "./schema";

type Parsed = { architecture: Architecture; problems: [] } | { architecture: null; problems: LockProblem[] };

const FIX = "Do not edit the lock by hand: restore the file from version control.";

/** Validates a value as an architecture; every problem at once, each with its path. */
export function parseArchitecture(value: unknown, file: string | null, at = "", stack?: string): Parsed {
  const path = (rest: PropertyKey[]): string =>
    rest.reduce<string>(
      (p, key) => (typeof key === "number" ? `${p}[${key}]` : p === "" ? String(key) : `${p}.${String(key)}`),
      at,
    );
  const read = architectureSchema.safeParse(value);
  if (!read.success) {
    const problems = schemaProblems(architectureSchema, read.error, value, file ?? "", at).map(
      ({ path: where, received, accepted }) =>
        problem({ code: "invalid", file, path: where, received, accepted, fix: FIX }),
    );
    return { architecture: null, problems };
  }
  const a = read.data;
  const problems: LockProblem[] = [];
  const refuse = (where: PropertyKey[], received: string, accepted: string): void => {
    problems.push(problem({ code: "invalid", file, path: path(where), received, accepted, fix: FIX }));
  };
  if (stack !== undefined && a.stack !== stack)
    refuse(["stack"], shown(a.stack), `${shown(stack)}, the stack the file is for`);
  if (a.role === "platform" && a.platformStack !== a.stack)
    refuse(["platformStack"], shown(a.platformStack), shown(a.stack));
  if (!a.cells.some((c) => c.id === a.cell)) refuse(["cell"], shown(a.cell), "one of cells");
  const hosts = new Set(a.hosts.map((h) => h.name));
  const tenants = new Set(a.tenants.map((t) => t.id));
  a.ships.forEach((s, i) => {
    if (s.cell !== a.cell) refuse(["ships", i, "cell"], shown(s.cell), `${shown(a.cell)}, the cell of this stack`);
    if (s.host !== null && !hosts.has(s.host)) refuse(["ships", i, "host"], shown(s.host), "one of hosts");
    if (!tenants.has(s.tenant)) refuse(["ships", i, "tenant"], shown(s.tenant), "one of tenants");
  });
  for (const [host, ports] of portsByHost(a))
    for (const [port, ships] of ports)
      if (ships.length > 1) refuse(["ships"], `${ships.join(" and ")} on port ${port} of ${host}`, "a port a ship");
  const rules = [
    ...duplicateShips(a.ships, path(["ships"])),
    ...tombstonedShips(a.ships, a.tombstones, path(["ships"])),
    ...a.ships.flatMap((s, i) => shipMemoryProblem(s, path(["ships", i])) ?? []),
    ...[cellSizeProblem(a.ships.length, path(["ships"]))].filter((p) => p !== null),
  ];
  for (const { path: where, received, accepted } of rules)
    problems.push(problem({ code: "invalid", file, path: where, received, accepted, fix: FIX }));
  return problems.length > 0 ? { architecture: null, problems } : { architecture: a, problems: [] };
}

function portsByHost(a: Architecture): Map<string, Map<string, string[]>> {
  const hosts = new Map<string, Map<string, string[]>>();
  for (const s of a.ships) {
    if (s.host === null) continue;
    const ports = hosts.get(s.host) ?? new Map<string, string[]>();
    for (const port of [`${s.ames.port}/udp`, `${s.httpPort}/tcp`]) ports.set(port, [...(ports.get(port) ?? []), s.id]);
    hosts.set(s.host, ports);
  }
  return hosts;
}

export function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (v, key) => (typeof v === "object" && v !== null ? (v as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
}
