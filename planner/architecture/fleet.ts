// Which ships the next lock holds: requested ships matched with recorded ones, so that everybody keeps their place.
import { limitMiB } from "../predicates";
import type { RequestedShip, Requirements, ShipClass } from "../requirements/schema";
import { type AMES_INBOUND, SHIP_CLASSES } from "../requirements/schema";
import { isPlaceholder, placeholderId, placeholderNumber, shipId, tenantId } from "./identity";
import type { LockProblem } from "./problem";
import { problem } from "./problem";
import type { Claim, ShipRunState } from "./run-state";
import { isShipName, otherShip, recordsOf } from "./same-ship";
import type { LockedShip, Tombstone } from "./schema";

/** Where a ship stands already. */
export interface Seat {
  cell: string;
  zone: string | null;
  host: string | null;
  /** Null when it left a tombstone, which records no ports. */
  port: number | null;
  httpPort: number | null;
  /** How peers reached it there: a wish for another way needs another port. */
  inbound: string | null;
}

export interface FleetShip extends Pick<
  LockedShip,
  | "id"
  | "name"
  | "class"
  | "parent"
  | "customer"
  | "tenant"
  | "memoryMiB"
  | "limitMiB"
  | "cpuMilli"
  | "diskGiB"
  | "loom"
  | "key"
  | "sealed"
  | "imported"
  | "attestation"
  | "fake"
> {
  wish: (typeof AMES_INBOUND)[number];
  seat: Seat | null;
  /** The recorded ship it continues; null for a new one and for one that takes over a placeholder's seat. */
  previous: LockedShip | null;
  /** The tombstone whose volume it comes back to; null for everybody else. */
  returns: Tombstone | null;
  claim: Claim;
}

export interface RecordedShip {
  ship: LockedShip;
  claim: Claim;
  state: ShipRunState | undefined;
}

export interface Fleet {
  /** Every ship of the environment; parents before their moons. */
  ships: FleetShip[];
  tombstones: Tombstone[];
  problems: LockProblem[];
}

const RESERVED = "the names unnamed-0001, unnamed-0002 … stand for ships planned by count";

export function matchFleet(
  requirements: Requirements,
  recorded: RecordedShip[],
  recordedTombstones: Tombstone[],
  neverDeployed: boolean,
): Fleet {
  const { environment } = requirements;
  const problems: LockProblem[] = [];
  const before = new Map(recorded.map((r) => [r.ship.id, r]));
  const recordOf = recordsOf(recorded.map((r) => r.ship));
  const graveOf = recordsOf(recordedTombstones);
  const tombstones = new Map(recordedTombstones.map((t) => [t.id, t]));
  const placeholders = recorded.filter((r) => isPlaceholder(r.ship.id)).map((r) => r.ship);
  placeholders.sort((a, b) => placeholderNumber(a.id) - placeholderNumber(b.id));
  const onlyCustomer = customerByDefault(requirements);

  const ships = new Map<string, FleetShip>();
  const fresh: FleetShip[] = [];
  requirements.ships.named.forEach((wish, i) => {
    const plain = shipId(wish);
    const path = `ships.named[${i}]`;
    if (isPlaceholder(plain))
      return problems.push(
        refused("duplicate", path, plain, `another nickname: ${RESERVED}`, "Choose another nickname."),
      );
    if (wish.nickname !== null && isShipName(plain))
      return problems.push(
        refused("duplicate", path, plain, `another nickname: ~${plain} is a ship`, "Choose another nickname."),
      );
    const known = recordOf(plain, wish.name);
    const grave = known ? undefined : graveOf(plain, wish.name);
    const id = known?.id ?? grave?.id ?? plain;
    if (ships.has(id))
      return problems.push(
        refused("duplicate", path, id, "each object name once", "Two ships would share one name: change the nickname."),
      );
    const old = before.get(id);
    const other = known ?? grave;
    if (other) {
      const different = otherShip(wish, path, other);
      if (different.length > 0) return problems.push(...different);
    }
    if (grave && grave.cleanStopEvent === null && !(neverDeployed && grave.claim === "unknown"))
      return problems.push(
        refused(
          "held",
          path,
          wish.name ?? id,
          "a name no tombstone blocks",
          `${wish.name ?? id} left this fleet without a recorded clean stop; its volume is kept. Record one with \`roadstead ship stop ${id}\` (from the rollout version on) first: an old copy never runs again.`,
        ),
      );
    if (grave) tombstones.delete(id);
    const back = grave && grave.cleanStopEvent !== null ? grave : null;
    const customer = wish.customer ?? old?.ship.customer ?? onlyCustomer;
    const ship: FleetShip = {
      ...settings(wish),
      id,
      name: wish.name ?? old?.ship.name ?? null,
      class: wish.class,
      parent: wish.parent,
      customer,
      tenant: tenantId(environment, customer),
      // A ship that comes back to its volume has booted before: its key is used up.
      sealed: (old?.ship.sealed ?? false) || back !== null,
      imported: wish.imported || (old?.ship.imported ?? false),
      attestation: wish.attestation ?? old?.ship.attestation,
      fake: wish.fake,
      key: wish.key,
      wish: wish.amesInbound,
      seat: old
        ? seatOf(old.ship)
        : back
          ? { cell: back.cell, zone: back.zone, host: back.host, port: null, httpPort: null, inbound: null }
          : null,
      previous: old?.ship ?? null,
      returns: back,
      claim: old?.claim ?? (back ? "claimed" : "unclaimed"),
    };
    if (ship.sealed) ship.key = null;
    ships.set(id, ship);
    if (!ship.seat) fresh.push(ship);
  });

  const spare = surplus(requirements, placeholders);
  for (const ship of fresh) {
    const seat = takeSeat(placeholders, spare, ship);
    if (seat) ship.seat = seatOf(seat);
  }
  for (const ship of unnamedShips(requirements, placeholders)) ships.set(ship.id, ship);

  for (const { ship, claim, state } of recorded) {
    if (ships.has(ship.id) || claim === "unclaimed") continue;
    const { id, name, cell, zone, host, tenant, diskGiB, loom, fake } = ship;
    tombstones.set(id, {
      id,
      name,
      cell,
      zone,
      host,
      tenant,
      diskGiB,
      loom,
      cleanStopEvent: state?.cleanStopEvent ?? null,
      claim,
      ...(fake ? { fake } : {}),
    });
  }

  const rank = (s: FleetShip): number => SHIP_CLASSES.indexOf(s.class);
  const sorted = [...ships.values()].sort((a, b) => rank(a) - rank(b));
  problems.push(...tenantClashes(sorted));
  return { ships: sorted, tombstones: [...tombstones.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), problems };
}

const refused = (
  code: LockProblem["code"],
  path: string,
  received: string,
  accepted: string,
  fix: string,
): LockProblem => problem({ code, file: null, path, received, accepted, fix });

const seatOf = (s: LockedShip): Seat => ({
  cell: s.cell,
  zone: s.zone,
  host: s.host,
  port: s.ames.port,
  httpPort: s.httpPort,
  inbound: s.ames.inbound,
});

type Sizes = Pick<RequestedShip, "memoryGiB" | "diskGiB" | "cpu" | "loom">;
function settings(s: Sizes): Pick<FleetShip, "memoryMiB" | "limitMiB" | "cpuMilli" | "diskGiB" | "loom"> {
  const memoryMiB = Math.ceil(s.memoryGiB * 1024);
  return {
    memoryMiB,
    limitMiB: limitMiB(memoryMiB, s.loom),
    cpuMilli: Math.ceil(s.cpu * 1000),
    diskGiB: s.diskGiB,
    loom: s.loom,
  };
}

const unnamedOf = (r: Requirements, cls: ShipClass): number =>
  r.ships.types[cls] - r.ships.named.filter((s) => s.class === cls).length;

/** Placeholders of each class that nobody asks for any more: their seats are free. */
function surplus(r: Requirements, placeholders: LockedShip[]): Map<ShipClass, number> {
  return new Map(
    SHIP_CLASSES.map((cls) => [
      cls,
      placeholders.filter((p) => p.class === cls).length - Math.max(0, unnamedOf(r, cls)),
    ]),
  );
}

/** The best free seat for a ship that has a name now: of its own customer and class, else of its class, else the first. */
function takeSeat(placeholders: LockedShip[], spare: Map<ShipClass, number>, ship: FleetShip): LockedShip | undefined {
  const tests: ((p: LockedShip) => boolean)[] = [
    (p) => p.class === ship.class && p.customer === ship.customer,
    (p) => p.class === ship.class,
    () => true,
  ];
  for (const test of tests) {
    const at = placeholders.findIndex((p) => spare.get(p.class)! > 0 && test(p));
    if (at < 0) continue;
    const [seat] = placeholders.splice(at, 1);
    spare.set(seat!.class, spare.get(seat!.class)! - 1);
    return seat;
  }
  return undefined;
}

const namedCustomers = (r: Requirements): string[] => [
  ...new Set(r.ships.named.flatMap((s) => (s.customer ? [s.customer] : []))),
];

function customerByDefault(r: Requirements): string {
  const named = namedCustomers(r);
  return r.customers === 1 && named.length === 1 ? named[0]! : "customer-1";
}

/** Customers the unnamed ships belong to: those that no named ship accounts for. */
function unnamedCustomers(r: Requirements): string[] {
  const named = namedCustomers(r);
  const rest = r.customers - named.length;
  return rest > 0 || named.length === 0
    ? Array.from({ length: Math.max(1, rest) }, (_, i) => `customer-${i + 1}`)
    : named;
}

function unnamedShips(r: Requirements, placeholders: LockedShip[]): FleetShip[] {
  const kept: LockedShip[] = [];
  const wanted: { class: ShipClass; old: LockedShip | null }[] = [];
  for (const cls of SHIP_CLASSES) {
    const need = unnamedOf(r, cls);
    const old = placeholders.filter((p) => p.class === cls).slice(0, Math.max(0, need));
    kept.push(...old);
    for (let i = 0; i < need; i++) wanted.push({ class: cls, old: old[i] ?? null });
  }
  const numbers = new Set(kept.map((k) => placeholderNumber(k.id)));
  const customers = share(wanted.length, unnamedCustomers(r));
  // Those who stay with their customer first, so that a re-plan moves nobody between namespaces.
  const owners = wanted.map(({ old }) => (old ? customers.take(old.customer) : null));
  let n = 1;
  return wanted.map(({ class: cls, old }, i) => {
    if (!old) while (numbers.has(n)) n++;
    const id = old?.id ?? placeholderId(n);
    numbers.add(placeholderNumber(id));
    const customer = owners[i] ?? customers.next();
    return {
      ...settings(r.ships),
      id,
      name: null,
      class: cls,
      parent: null,
      customer,
      tenant: tenantId(r.environment, customer),
      key: null,
      sealed: false,
      imported: false,
      fake: false,
      wish: r.ships.amesInbound,
      seat: old ? seatOf(old) : null,
      previous: old,
      returns: null,
      claim: "unclaimed" as const,
    };
  });
}

/** `total` ships shared evenly among customers, each customer's in one run, so that few customers span two cells. */
function share(total: number, customers: string[]): { take(customer: string): string | null; next(): string } {
  const left = new Map(
    customers.map((c, i) => [c, Math.floor(total / customers.length) + (i < total % customers.length ? 1 : 0)]),
  );
  const take = (customer: string): string | null => {
    const n = left.get(customer) ?? 0;
    if (n <= 0) return null;
    left.set(customer, n - 1);
    return customer;
  };
  let at = 0;
  const next = (): string => {
    while (at < customers.length - 1 && left.get(customers[at]!)! <= 0) at++;
    take(customers[at]!);
    return customers[at]!;
  };
  return { take, next };
}

function tenantClashes(ships: FleetShip[]): LockProblem[] {
  const owner = new Map<string, string>();
  const clashes = new Set<string>();
  for (const s of ships) {
    const other = owner.get(s.tenant) ?? s.customer;
    if (other !== s.customer) clashes.add(`${other} and ${s.customer}`);
    owner.set(s.tenant, other);
  }
  return [...clashes].map((both) =>
    refused(
      "duplicate",
      "customers",
      both,
      "customers with different namespace names",
      "Their names hash to the same namespace: change one customer's name slightly.",
    ),
  );
}
