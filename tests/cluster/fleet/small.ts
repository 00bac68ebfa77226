// Six ships of two customers: enough for everything that is true of one ship, two ships and two customers.
import type { LockedShip } from "../../../planner/architecture/schema";
import { type PlannedFleet, plannedFleet } from "./planned";

export const SMALL = "fifty-ships-hipaa.yaml";

/** All but the last are fake; the last has a key; `more` is the first one's. At most ten in a cell: they start when they are created. */
export function smallFleet(
  environment = "prod",
  more: (first: Record<string, unknown>) => void = () => undefined,
): Promise<PlannedFleet> {
  return plannedFleet(SMALL, (example) => {
    example.environment = environment;
    example.platform = "eks";
    example.customers = 2;
    delete example.growth;
    const named = example.ships.named!.slice(0, 6);
    named.forEach((ship, n) => (ship.customer = `customer-${(n % 2) + 1}`));
    const last = named[5]!;
    delete last.fake;
    last.key = { secret: "key-of-the-last" };
    more(named[0] as unknown as Record<string, unknown>);
    example.ships = { ...example.ships, count: 6, types: { planet: 6 }, named };
  });
}

/** Two ships of one customer, and one of another. */
export function neighbours(ships: readonly LockedShip[]): [LockedShip, LockedShip, LockedShip] {
  const [first] = ships;
  const second = ships.find((s) => s !== first && s.tenant === first!.tenant);
  const stranger = ships.find((s) => s.tenant !== first!.tenant);
  if (!first || !second || !stranger) throw new Error("the fleet needs two ships of one customer and one of another");
  return [first, second, stranger];
}
