// From the ships a user wrote down to the ships the planner counts: names checked with urbit-ob,
// classes read from the names, shorthand and per-ship settings resolved.
import type { NamedShipInput, RequestedShip, Requirements, RequirementsFile, ShipClass } from "./schema";
import { MAX_SHIPS, SHIP_CLASSES } from "./schema";
import type { Problem } from "./problem";

/** The official image; built for x86_64 only (vere#226, facts read 2026-11-21). */
export const OFFICIAL_IMAGE = "tloncorp/vere";

export const SHIP_DEFAULTS = {
  /** docs.urbit.org cloud-hosting: 4 GB preferred, 2 GB works with swap. */
  memoryGiB: 4,
  /** docs.urbit.org cloud-hosting: 40 GB preferred, 10 GB works; the reference model prices 20. */
  diskGiB: 20,
  cpu: 0.25,
  /** vere's built-in default (main.c): 2^31 = 2 GiB. */
  loom: 31,
  egressGiB: 5,
} as const;

/** The namespaces every cluster has. */
const KUBERNETES_OWN = /^(default|kube-.*)$/;

type ShipsInput = Extract<RequirementsFile["ships"], { named?: unknown }>;

interface Resolved {
  ships: Requirements["ships"] | null;
  problems: Problem[];
}

export function resolveShips(input: RequirementsFile["ships"], customers: number, problem: ProblemMaker): Resolved {
  const problems: Problem[] = [];
  const ships: ShipsInput = Array.isArray(input) ? { named: input } : input;
  const base = Array.isArray(input) ? "ships" : "ships.named";
  const named = (ships.named ?? []).flatMap((ship, i) => {
    const read = readNamedShip(typeof ship === "string" ? { name: ship } : ship, ships, `${base}[${i}]`, problem);
    problems.push(...read.problems);
    return read.ship ? [read.ship] : [];
  });
  problems.push(...repeatedNames(named, base, problem), ...repeatedKeys(named, base, problem));

  const distinctCustomers = new Set(named.flatMap((s) => (s.customer ? [s.customer] : [])));
  if (distinctCustomers.size > 0 && customers > 1 && distinctCustomers.size > customers)
    problems.push(
      problem(
        "customers",
        customers,
        `at least ${distinctCustomers.size}, the customers the ships name`,
        "raise customers, or leave it out",
      ),
    );

  const counted = countShips(ships, named, problem);
  problems.push(...counted.problems);
  if (problems.length > 0 || counted.types === null) return { ships: null, problems };
  return {
    problems,
    ships: {
      count: counted.count,
      types: counted.types,
      named,
      memoryGiB: ships.memoryGiB ?? SHIP_DEFAULTS.memoryGiB,
      diskGiB: ships.diskGiB ?? SHIP_DEFAULTS.diskGiB,
      cpu: ships.cpu ?? SHIP_DEFAULTS.cpu,
      loom: ships.loom ?? SHIP_DEFAULTS.loom,
      amesInbound: ships.amesInbound ?? "relayed",
      image: ships.image ?? { repository: OFFICIAL_IMAGE, architectures: ["x86_64"] },
      egressGiB: ships.egressGiB ?? SHIP_DEFAULTS.egressGiB,
    },
  };
}

export type ProblemMaker = (path: string, received: unknown, accepted: string, fix: string) => Problem;

function readNamedShip(
  ship: NamedShipInput,
  fleet: ShipsInput,
  path: string,
  problem: ProblemMaker,
): { ship: RequestedShip | null; problems: Problem[] } {
  const problems: Problem[] = [];
  let shipClass: ShipClass = "comet";
  let misread = false;
  let parent: string | null = null;
  if (ship.name !== undefined && ship.nickname !== undefined)
    problems.push(
      problem(path, "name and nickname", "one of the two", "a nickname is only for a comet that has no @p yet"),
    );
  else if (ship.name !== undefined) {
    const read = readName(ship.name);
    misread = read === null;
    if (read === null)
      problems.push(problem(`${path}.name`, ship.name, "a valid @p such as ~sampel-palnet", nameHint(ship.name)));
    else ({ shipClass, parent } = read);
  } else if (ship.nickname === undefined)
    problems.push(
      problem(path, "neither name nor nickname", "a name, or for an unmined comet a nickname", "give the ship's @p"),
    );

  if (ship.nickname !== undefined && readName(`~${ship.nickname}`) !== null)
    problems.push(
      problem(
        `${path}.nickname`,
        ship.nickname,
        "a nickname that is no ship's name",
        `~${ship.nickname} is a ship: two ships would share one object name and one volume`,
      ),
    );

  if (ship.customer !== undefined && KUBERNETES_OWN.test(ship.customer))
    problems.push(
      problem(
        `${path}.customer`,
        ship.customer,
        "a customer's own name",
        "it is one of Kubernetes' own namespaces: reports and alerts of this customer would be taken for the cluster's",
      ),
    );

  const boots = [ship.key && "key", ship.imported && "imported", ship.fake && "fake"].filter(Boolean);
  if (boots.length > 1)
    problems.push(
      problem(path, boots.join(" and "), "at most one of key, imported, fake", "say how this ship gets its pier, once"),
    );
  if (shipClass === "comet" && ship.key && !misread)
    problems.push(
      problem(`${path}.key`, ship.key.secret, "no key", "a comet mines its own key at first boot: remove key"),
    );
  if (shipClass === "comet" && ship.fake && !misread)
    problems.push(problem(`${path}.fake`, true, "false", "vere cannot boot fake comets: use a fake planet"));
  if (problems.length > 0) return { ship: null, problems };
  return {
    problems,
    ship: {
      name: ship.name ?? null,
      nickname: ship.nickname ?? null,
      class: shipClass,
      parent,
      customer: ship.customer ?? null,
      key: ship.key ?? null,
      imported: (ship.imported ?? false) !== false,
      attestation: typeof ship.imported === "object" ? ship.imported : null,
      fake: ship.fake ?? false,
      memoryGiB: ship.memoryGiB ?? fleet.memoryGiB ?? SHIP_DEFAULTS.memoryGiB,
      diskGiB: ship.diskGiB ?? fleet.diskGiB ?? SHIP_DEFAULTS.diskGiB,
      cpu: ship.cpu ?? fleet.cpu ?? SHIP_DEFAULTS.cpu,
      loom: ship.loom ?? fleet.loom ?? SHIP_DEFAULTS.loom,
      amesInbound: ship.amesInbound ?? fleet.amesInbound ?? "relayed",
    },
  };
}

/** What to do about a name that is none: the usual slips are a missing sig, capitals and spaces. */
function nameHint(name: string): string {
  const mended = `~${name.trim().toLowerCase().replace(/^~/, "")}`;
  return readName(mended) === null
    ? "check the spelling: every syllable must be one of Urbit's 512"
    : `write it as ${mended}`;
}

/** The class and, for a moon, the parent an @p stands for; null when it is no @p. */
export function readName(name: string): { shipClass: ShipClass; parent: string | null } | null {
  const ob = urbitOb();
  if (!/^~[a-z-]+$/.test(name) || !ob.isValidPatp(name)) return null;
  const shipClass = ob.clan(name) as ShipClass;
  return { shipClass, parent: shipClass === "moon" ? ob.sein(name) : null };
}

// Loaded when the first name is met: a plan by count does not pay for it.
function urbitOb(): typeof import("urbit-ob") {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require("urbit-ob") as typeof import("urbit-ob");
}

function repeatedNames(named: RequestedShip[], base: string, problem: ProblemMaker): Problem[] {
  const first = new Map<string, number>();
  return named.flatMap((ship, i) => {
    const id = ship.name ?? `nickname ${ship.nickname}`;
    const before = first.get(id);
    if (before === undefined) {
      first.set(id, i);
      return [];
    }
    return [
      problem(
        `${base}[${i}]`,
        id,
        `each ship once (it stands at ${base}[${before}] already)`,
        "remove one: a ship never runs twice",
      ),
    ];
  });
}

/** A boot key is one ship's: two that name the same secret would boot one identity twice, or not at all. */
function repeatedKeys(named: RequestedShip[], base: string, problem: ProblemMaker): Problem[] {
  const first = new Map<string, number>();
  return named.flatMap((ship, i) => {
    if (ship.key === null) return [];
    const before = first.get(ship.key.secret);
    if (before === undefined) {
      first.set(ship.key.secret, i);
      return [];
    }
    return [
      problem(
        `${base}[${i}].key.secret`,
        ship.key.secret,
        `a secret of its own (${base}[${before}] has this one)`,
        "one key is one ship: store each ship's key under its own name",
      ),
    ];
  });
}

function countShips(
  ships: ShipsInput,
  named: RequestedShip[],
  problem: ProblemMaker,
): { count: number; types: Requirements["ships"]["types"] | null; problems: Problem[] } {
  const zero = Object.fromEntries(SHIP_CLASSES.map((c) => [c, 0])) as Record<ShipClass, number>;
  const ofNamed = { ...zero };
  for (const ship of named) ofNamed[ship.class] += 1;
  const declared = (ships.named ?? []).length;

  if (ships.types !== undefined) {
    const types = { ...zero, ...ships.types };
    const sum = SHIP_CLASSES.reduce((n, c) => n + types[c], 0);
    if (sum < 1 || sum > MAX_SHIPS)
      return {
        count: 0,
        types: null,
        problems: [problem("ships.types", sum, `a sum of 1 to ${MAX_SHIPS}`, "count at least one ship")],
      };
    if (ships.count !== undefined && ships.count !== sum)
      return {
        count: 0,
        types: null,
        problems: [
          problem(
            "ships.count",
            ships.count,
            `${sum}, the sum of ships.types`,
            "make the two agree, or leave count out",
          ),
        ],
      };
    const short = SHIP_CLASSES.filter((c) => types[c] < ofNamed[c]);
    if (short.length > 0)
      return {
        count: 0,
        types: null,
        problems: short.map((c) =>
          problem(
            `ships.types.${c}`,
            types[c],
            `at least ${ofNamed[c]}, the ${c}s under ships.named`,
            "raise it, or leave types out",
          ),
        ),
      };
    return { count: sum, types, problems: [] };
  }
  const count = ships.count ?? declared;
  if (count < 1)
    return {
      count: 0,
      types: null,
      problems: [problem("ships", "no count, types or names", "at least one ship", "set ships.count")],
    };
  if (count < declared)
    return {
      count: 0,
      types: null,
      problems: [
        problem(
          "ships.count",
          count,
          `at least ${declared}, the ships under ships.named`,
          "raise it, or leave count out",
        ),
      ],
    };
  return { count, types: { ...ofNamed, planet: ofNamed.planet + count - named.length }, problems: [] };
}
