// The cheapest mix of machines that holds n ships: an unbounded knapsack cover, solved exactly.
//   cost(0) = 0;  cost(n) = min over types of price(type) + cost(max(0, n − ships of the type))

export interface MixOption {
  name: string;
  /** Most ships one machine holds. */
  ships: number;
  /** Price of the machine a month, however full it is. */
  monthly: number;
}

export interface Mix {
  cost: number;
  /** Names of the machines, one entry each. */
  machines: string[];
}

/** Solves every n up to the largest asked for once, so that zones, growth and what-if questions share the work. */
export class NodeMix {
  private readonly options: MixOption[];
  private readonly cost: number[] = [0];
  private readonly machines: number[] = [0];
  private readonly choice: number[] = [-1];

  constructor(options: MixOption[]) {
    // An option that holds no more than another and costs no less is never needed.
    const useful = options.filter((o) => o.ships > 0);
    this.options = useful.filter(
      (o, i) =>
        !useful.some((other, j) => {
          if (i === j || other.ships < o.ships || other.monthly > o.monthly) return false;
          return other.ships > o.ships || other.monthly < o.monthly || j < i;
        }),
    );
  }

  /** Null when no option holds even one ship. */
  cover(n: number): Mix | null {
    if (n > 0 && this.options.length === 0) return null;
    for (let size = this.cost.length; size <= n; size++) this.solve(size);
    const machines: string[] = [];
    for (let left = n; left > 0; left = Math.max(0, left - this.options[this.choice[left]!]!.ships))
      machines.push(this.options[this.choice[left]!]!.name);
    return { cost: this.cost[n]!, machines };
  }

  private solve(size: number): void {
    let best = { cost: Infinity, machines: Infinity, choice: -1 };
    this.options.forEach((option, choice) => {
      const rest = Math.max(0, size - option.ships);
      const cost = option.monthly + this.cost[rest]!;
      const machines = 1 + this.machines[rest]!;
      // Ties: fewer machines, then the option named first. A hundredth of a cent is below any price's precision.
      if (cost < best.cost - 1e-4 || (cost < best.cost + 1e-4 && machines < best.machines))
        best = { cost, machines, choice };
    });
    this.cost[size] = best.cost;
    this.machines[size] = best.machines;
    this.choice[size] = best.choice;
  }
}

/** n ships over `zones` as evenly as whole ships allow, fullest first. */
export function spread(n: number, zones: number): number[] {
  return Array.from({ length: zones }, (_, i) => Math.floor(n / zones) + (i < n % zones ? 1 : 0));
}
