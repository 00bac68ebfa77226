// Customers' namespaces: one a customer, made by one stack, with a quota for all of the customer's ships.
import { cellNumber } from "./identity";
import type { Architecture, LockedCell, LockedShip, LockedTenant, Tombstone } from "./schema";
import type { ParsedStackFile } from "./stack-file";

/** Room above the sum of limits, for a pod that ends while its successor starts and for init containers. */
const QUOTA_HEADROOM = 1.1;

/** The tenants of each stack: those with ships or kept volumes there, and those whose namespace it makes. */
export function tenantsOf(
  ships: LockedShip[],
  tombstones: Tombstone[],
  cells: LockedCell[],
  before: ParsedStackFile[],
  sandbox?: { runtimeClass: string; customers: readonly string[] },
): (stack: string) => LockedTenant[] {
  const stackOf = new Map(cells.map((c) => [c.id, c.stack]));
  const order = [...cells].sort((a, b) => cellNumber(a.id) - cellNumber(b.id)).map((c) => c.stack);
  const recorded = new Map(
    before.flatMap(({ architecture: a }) => (a ? a.tenants.map((t) => [t.id, t.customer] as const) : [])),
  );
  const makers = new Map(
    before.flatMap(({ architecture: a }) =>
      a ? a.tenants.filter((t) => t.madeBy === undefined).map((t) => [t.id, a.stack] as const) : [],
    ),
  );
  const tenants = new Map<
    string,
    { customer: string; ships: LockedShip[]; graves: Tombstone[]; stacks: Set<string> }
  >();
  const at = (id: string, customer: string, cell: string) => {
    const t = tenants.get(id) ?? { customer, ships: [], graves: [], stacks: new Set<string>() };
    t.stacks.add(stackOf.get(cell)!);
    tenants.set(id, t);
    return t;
  };
  for (const s of ships) at(s.tenant, s.customer, s.cell).ships.push(s);
  for (const g of tombstones) at(g.tenant, recorded.get(g.tenant) ?? "former customer", g.cell).graves.push(g);

  const byStack = new Map<string, LockedTenant[]>();
  for (const [id, t] of [...tenants].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const kept = makers.get(id);
    const maker = kept !== undefined && order.includes(kept) ? kept : order.find((s) => t.stacks.has(s))!;
    const quota = quotaOf(t.ships, t.graves);
    for (const stack of order)
      if (t.stacks.has(stack) || stack === maker)
        byStack.set(stack, [
          ...(byStack.get(stack) ?? []),
          {
            id,
            customer: t.customer,
            ...(stack === maker ? {} : { madeBy: maker }),
            ...(sandbox?.customers.includes(t.customer) ? { runtimeClass: sandbox.runtimeClass } : {}),
            quota,
          },
        ]);
  }
  return (stack) => byStack.get(stack) ?? [];
}

function quotaOf(ships: LockedShip[], graves: Tombstone[]): Architecture["tenants"][number]["quota"] {
  const sum = (of: (s: LockedShip) => number): number => ships.reduce((n, s) => n + of(s), 0);
  return {
    ships: ships.length,
    memoryMiB: Math.ceil(sum((s) => s.limitMiB) * QUOTA_HEADROOM),
    cpuMilli: Math.ceil(sum((s) => s.cpuMilli) * QUOTA_HEADROOM),
    // Volumes of ships that left are kept and still count.
    storageGiB: sum((s) => s.diskGiB) + graves.reduce((n, g) => n + g.diskGiB, 0),
  };
}
