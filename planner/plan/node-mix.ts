// The cheapest mix of machines that holds n ships: an unbounded knapsack cover, solved exactly.
//   cost(0) = 0;  cost(n) = min over types of price(type, ships on it) + cost(n − ships on it)

export interface MixOption {
  name: string;
  /** Most ships one machine holds. */
  ships: number;
  /** Monthly price of the machine carrying `ships` of them; must not fall as ships rise. */
  price: (ships: number) => number;
}

export interface Mix {
  cost: number;
  /** Machines by option, with how many ships each carries. */
  machines: { name: string; ships: number }[];
}

/** Solves once for every n up to what was asked, so that growth and what-if questions share the work. */
export class NodeMix {
  private readonly cost: number[] = [0];
  private readonly machines: number[] = [0];
  private readonly choice: { option: number; ships: number }[] = [{ option: -1, ships: 0 }];

  /** `flat`: a machine costs the same however full it is; then it is always filled. */
  constructor(
    private readonly options: MixOption[],
    private readonly flat = true,
  ) {}

  /** Null when no option holds even one ship. */
  cover(n: number): Mix | null {
    if (n > 0 && !this.options.some((o) => o.ships > 0)) return null;
    for (let size = this.cost.length; size <= n; size++) this.solve(size);
    const found = new Map<string, { name: string; ships: number }[]>();
    for (let left = n; left > 0; left -= this.choice[left]!.ships) {
      const { option, ships } = this.choice[left]!;
      const { name } = this.options[option]!;
      found.set(name, [...(found.get(name) ?? []), { name, ships }]);
    }
    return { cost: this.cost[n]!, machines: [...found.values()].flat() };
  }

  private solve(size: number): void {
    let best = { cost: Infinity, machines: Infinity, option: -1, ships: 0 };
    this.options.forEach((option, i) => {
      const most = Math.min(option.ships, size);
      for (let ships = this.flat ? Math.max(1, most) : 1; ships <= most; ships++) {
        const cost = option.price(ships) + this.cost[size - ships]!;
        const machines = 1 + this.machines[size - ships]!;
        // Ties: fewer machines, then the option named first. Half a cent is below any price's precision.
        const less = cost < best.cost - 0.005 || (cost < best.cost + 0.005 && machines < best.machines);
        if (less) best = { cost, machines, option: i, ships };
      }
    });
    this.cost[size] = best.cost;
    this.machines[size] = best.machines;
    this.choice[size] = { option: best.option, ships: best.ships };
  }
}

/** n ships over `zones` as evenly as whole ships allow, fullest first. */
export function spread(n: number, zones: number): number[] {
  return Array.from({ length: zones }, (_, i) => Math.floor(n / zones) + (i < n % zones ? 1 : 0));
}
