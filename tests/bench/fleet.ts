// `up` of the fleet of 1,000 on the stand-in cloud, cell by cell: each a stack of its own, one engine at a time. Names are
// real @p syntax, keys and versions are made up.
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { planet } from "../cluster/fleet/names";
import { canary, examples } from "../engine/engine/examples";
import { Project } from "../engine/engine/project";
import { type Cost, canWatch, watch } from "./processes";

const checkout = path.join(__dirname, "../..");
/** One stack; ten times what the slowest took. */
const LIMIT_MS = 15 * 60_000;
/** How many ships the first part of the fleet has, of which the whole is judged. */
const FIRST = 200;

export interface StackUp extends Cost {
  stack: string;
  ships: number;
  resources: number;
  seconds: number;
}

export interface FleetUp {
  /** With the pilot cell in it. */
  platform: StackUp;
  cells: StackUp[];
  /** Seconds a ship in the first cells that hold 200 ships, and in all. */
  perShip: { first: number; all: number };
  /** The same in processor time, which other programs on the machine change less. */
  cpuPerShip: { first: number; all: number };
  /** Of the machine's processors, how much other programs used meanwhile. */
  others: { first: number; all: number };
  /** MB of the largest single process of each sort. */
  peaks: Record<string, number>;
}

export async function upOfFleet(say: (line: string) => void): Promise<FleetUp> {
  if (!canWatch()) throw new Error("memory of processes is read from /proc, which this system has not");
  const project = new Project();
  const end = (): void => project.remove();
  process.on("exit", end);
  try {
    return await measure(project, say);
  } finally {
    process.off("exit", end);
    end();
  }
}

async function measure(project: Project, say: (line: string) => void): Promise<FleetUp> {
  // The program as it is now: a build during these minutes would change what is measured.
  fs.rmSync(project.path("dist"));
  fs.cpSync(path.join(checkout, "dist"), project.path("dist"), { recursive: true });
  const stacks = (await project.record(requirements())).sort((a, b) => cellOf(a) - cellOf(b));
  const done: StackUp[] = [];
  for (const stack of stacks) {
    const up = await upOf(project, stack);
    done.push(up);
    say(
      `${stack}: ${up.ships} ships, ${up.resources} resources, ${up.seconds.toFixed(1)} s, ${up.cpuSeconds.toFixed(1)} s of processor`,
    );
  }
  const [platform, ...cells] = done as [StackUp, ...StackUp[]];
  let ships = 0;
  const first = cells.filter((c) => (ships += c.ships) - c.ships < FIRST);
  const kinds = [...new Set(done.flatMap((u) => Object.keys(u.peaks)))];
  return {
    platform,
    cells,
    perShip: { first: aShip(first, "seconds"), all: aShip(cells, "seconds") },
    cpuPerShip: { first: aShip(first, "cpuSeconds"), all: aShip(cells, "cpuSeconds") },
    others: { first: othersOf(first), all: othersOf(cells) },
    peaks: Object.fromEntries(kinds.map((k) => [k, Math.max(...done.map((u) => u.peaks[k] ?? 0))])),
  };
}

async function upOf(project: Project, stack: string): Promise<StackUp> {
  const ships = shipsOf(project, stack);
  await project.secrets(stack, Object.fromEntries(ships.map((id) => [`${id}-key`, canary(id)])));
  const cost = watch(`ROADSTEAD_CLOUD=${project.path("cloud")}`);
  const began = process.hrtime.bigint();
  const up = await project.pulumi(["up", "--yes", "--skip-preview", "--stack", stack], [], LIMIT_MS);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const taken = cost();
  if (up.code !== 0)
    throw new Error(
      `up of ${stack}: ${up.timedOut ? `not done in ${LIMIT_MS / 60_000} minutes` : `exit ${up.code}`}\n${up.output.slice(-4_000)}`,
    );
  const made = project.resources(stack);
  const running = made.filter((r) => r.type === "kubernetes:apps/v1:StatefulSet").length;
  if (running !== ships.length) throw new Error(`up of ${stack} made ${running} of ${ships.length} ships`);
  return { stack, ships: ships.length, resources: made.length, seconds, ...taken };
}

function requirements(): object {
  const file = path.join(checkout, "examples/fleet-1000.yaml");
  const { ships, customers, ...rest } = parse(fs.readFileSync(file, "utf8")) as {
    ships: { count: number };
    customers: number;
  };
  const { count, ...settings } = ships;
  const { access, versions, ships: known } = examples.eks.requirements as Record<string, Record<string, unknown>>;
  const named = Array.from({ length: count }, (_, n) => {
    const name = planet(n);
    // As a fleet by count is shared out: the ships of one customer beside each other.
    const customer = `customer-${1 + Math.floor((n * customers) / count)}`;
    return { name, customer, key: { secret: `${name.slice(1)}-key` } };
  });
  return { ...rest, access, versions, ships: { ...settings, image: known!.image, named } };
}

function shipsOf(project: Project, stack: string): string[] {
  const file = parse(fs.readFileSync(project.path(`stacks/Pulumi.${stack}.yaml`), "utf8")) as {
    config: Record<string, { ships: { id: string }[] }>;
  };
  return file.config["roadstead:architecture"]!.ships.map((s) => s.id);
}

/** The platform is the first of them all. */
const cellOf = (stack: string): number => Number(/-c(\d+)$/.exec(stack)?.[1] ?? 0);

const aShip = (ups: StackUp[], what: "seconds" | "cpuSeconds"): number =>
  ups.reduce((sum, u) => sum + u[what], 0) / ups.reduce((sum, u) => sum + u.ships, 0);

const othersOf = (ups: StackUp[]): number =>
  ups.reduce((sum, u) => sum + u.others * u.seconds, 0) / ups.reduce((sum, u) => sum + u.seconds, 0);
