// What a recorded architecture must satisfy beyond its shape: the cross references zod cannot see.
import { cellSizeProblem, duplicateShips, shipMemoryProblem, tombstonedShips } from "../predicates";
import { shown } from "../requirements/problem";
import { readName } from "../requirements/ships";
import { schemaProblems } from "../requirements/schema-problems";
import { amesProblems, portsBehindBalancer, sharedPortProblems } from "./ames";
import { isPlaceholder, shipId } from "./identity";
import type { LockProblem } from "./problem";
import { problem } from "./problem";
import { isShipName } from "./same-ship";
import { type Architecture, architectureSchema, type LockedTenant } from "./schema";

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
  crossReferences(a, refuse);
  for (const [host, ports] of portsByHost(a))
    for (const [port, ships] of ports)
      if (ships.length > 1) refuse(["ships"], `${ships.join(" and ")} on port ${port} of ${host}`, "a port a ship");
  const rules = [
    ...duplicateShips(a.ships, path(["ships"])),
    ...tombstonedShips(a.ships, a.tombstones, path(["ships"])),
    ...a.ships.flatMap((s, i) => shipMemoryProblem(s, path(["ships", i])) ?? []),
    ...(a.cluster === null
      ? []
      : [
          ...amesProblems(a.ships, a.cluster.amesLoadBalancers !== undefined, (i) => path(["ships", i])),
          ...sharedPortProblems(portsBehindBalancer(a.ships), () => path(["ships"])),
        ]),
    ...[cellSizeProblem(a.ships.length, path(["ships"]))].filter((p) => p !== null),
  ];
  for (const { path: where, received, accepted } of rules)
    problems.push(problem({ code: "invalid", file, path: where, received, accepted, fix: FIX }));
  return problems.length > 0 ? { architecture: null, problems } : { architecture: a, problems: [] };
}

type Refuse = (where: PropertyKey[], received: string, accepted: string) => void;

/** What one part of a lock says about another: an edited name, class or place would boot on another ship's volume. */
function crossReferences(a: Architecture, refuse: Refuse): void {
  const own = a.cells.find((c) => c.id === a.cell);
  if (own && own.ships !== a.ships.length)
    refuse(["cells", a.cells.indexOf(own), "ships"], `${own.ships}`, `${a.ships.length}, the ships recorded`);
  a.ships.forEach((s, i) => {
    const at = (key: string): PropertyKey[] => ["ships", i, key];
    const read = s.name === null ? null : readName(s.name);
    if (s.name !== null && read === null) refuse(at("name"), shown(s.name), "a valid @p");
    if (read !== null && s.class !== read.shipClass)
      refuse(at("class"), s.class, `${read.shipClass}, the class of ${s.name}`);
    if (read !== null && s.parent !== read.parent)
      refuse(at("parent"), shown(s.parent), `${shown(read.parent)}, the parent of ${s.name}`);
    if (s.name === null && s.class !== "comet" && !isPlaceholder(s.id))
      refuse(at("name"), "null", `a name: only a comet and a ship planned by count have none, and ${s.id} is neither`);
    const plain = shipId({ name: s.name, nickname: null });
    // A comet keeps the nickname it was claimed by after it is mined.
    if (s.id !== plain && !(s.class === "comet" && !isShipName(s.id)) && !(s.name === null && isPlaceholder(s.id)))
      refuse(
        at("id"),
        shown(s.id),
        s.name === null ? "a nickname that is no ship's name" : `${plain}, the object name of ${s.name}`,
      );
    if (s.sealed && s.key !== null) refuse(at("key"), shown(s.key.secret), "null: the key of a sealed ship is used up");
    const zoned = a.provider === "aws" && s.host === null;
    if (s.zone !== null && !zoned) refuse(at("zone"), shown(s.zone), "null: no zones here");
    if (zoned && (s.zone === null || !a.zones.includes(s.zone)))
      refuse(at("zone"), shown(s.zone), `one of zones: ${a.zones.join(", ")}`);
  });
  a.hosts.forEach((h, i) => {
    const region = h.provider === "own" ? "own" : a.region;
    if (h.region !== region) refuse(["hosts", i, "region"], shown(h.region), shown(region));
    if (h.cell !== a.cell) refuse(["hosts", i, "cell"], shown(h.cell), `${shown(a.cell)}, the cell of this stack`);
    const piers = [...a.ships, ...a.tombstones].reduce((sum, s) => sum + (s.host === h.name ? s.diskGiB : 0), 0);
    if (h.volumeGiB !== null && h.volumeGiB < piers)
      refuse(["hosts", i, "volumeGiB"], `${h.volumeGiB}`, `${piers} or more, what the piers on it take`);
    if (h.zone !== null && !h.zone.startsWith(h.region))
      refuse(["hosts", i, "zone"], shown(h.zone), `a zone of ${h.region}`);
  });
  a.tenants.forEach((t, i) =>
    withinQuota(a, t, (key, need) => {
      refuse(["tenants", i, "quota", key], `${t.quota[key]}`, `${need} or more, what its ships here take`);
    }),
  );
  a.tombstones.forEach((t, i) => {
    if (t.cell !== a.cell) refuse(["tombstones", i, "cell"], shown(t.cell), `${shown(a.cell)}, the cell of this stack`);
    const plain = shipId({ name: t.name, nickname: null });
    const comet = t.name === null || readName(t.name)?.shipClass === "comet";
    if (t.id !== plain && !(comet && !isShipName(t.id)))
      refuse(
        ["tombstones", i, "id"],
        shown(t.id),
        t.name === null ? "a nickname that is no ship's name" : `${plain}, the object name of ${t.name}`,
      );
  });
}

/** A quota below what is recorded would leave ships without a pod, one by one, after their claims were made. */
function withinQuota(
  { ships, tombstones }: Architecture,
  { id, quota }: LockedTenant,
  short: (key: keyof LockedTenant["quota"], need: number) => void,
): void {
  const own = ships.filter((s) => s.tenant === id);
  const graves = tombstones.filter((t) => t.tenant === id);
  const sum = (values: number[]): number => values.reduce((n, v) => n + v, 0);
  const needs: LockedTenant["quota"] = {
    ships: own.length,
    memoryMiB: sum(own.map((s) => s.limitMiB)),
    cpuMilli: sum(own.map((s) => s.cpuMilli)),
    storageGiB: sum([...own, ...graves].map((s) => s.diskGiB)),
  };
  for (const key of Object.keys(needs) as (keyof typeof needs)[]) if (quota[key] < needs[key]) short(key, needs[key]);
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
