// Which of several hosts takes which ship: by each ship's own memory and disk, one customer's ships over as many failure
// domains as there are, so that what is lost with a rack or a zone is lost by few. Plan and lock ask the same functions.

/** A host with room for several ships. */
export interface Berth {
  name: string;
  /** What fails together: a zone, a rack, or the host alone. */
  domain: string;
  /** For ships, beside what the host itself needs. */
  memoryMiB: number;
  /** For piers; Infinity where the volume is made for them. */
  diskGiB: number;
  /** Ships at most, whatever their size. */
  ships: number;
  /** The cell all of its ships belong to, where cells have an end. */
  cell?: string;
}

/** What a ship needs of a host. */
export interface Mooring {
  id: string;
  customer: string;
  memoryMiB: number;
  diskGiB: number;
}

export interface Moored<S> {
  /** Host by ship id, of those that were to be placed. */
  places: Map<string, string>;
  /** Whom no host has room for, in the order given. */
  left: S[];
}

/** How full hosts are. */
class Harbour {
  private readonly used = new Map<string, { memoryMiB: number; diskGiB: number; ships: number }>();
  private readonly inCell = new Map<string, number>();
  /** Ships of a customer by domain. */
  private readonly inDomain = new Map<string, Map<string, number>>();

  constructor(
    private readonly berths: readonly Berth[],
    private readonly cellShips: number,
  ) {
    for (const b of berths) this.used.set(b.name, { memoryMiB: 0, diskGiB: 0, ships: 0 });
  }

  take(ship: Mooring, berth: Berth): void {
    const used = this.used.get(berth.name)!;
    used.memoryMiB += ship.memoryMiB;
    used.diskGiB += ship.diskGiB;
    used.ships += 1;
    if (berth.cell !== undefined) this.inCell.set(berth.cell, (this.inCell.get(berth.cell) ?? 0) + 1);
    const mine = this.inDomain.get(ship.customer) ?? new Map<string, number>();
    this.inDomain.set(ship.customer, mine.set(berth.domain, (mine.get(berth.domain) ?? 0) + 1));
  }

  private free = (berth: Berth): number => berth.memoryMiB - this.used.get(berth.name)!.memoryMiB;

  private fits(ship: Mooring, berth: Berth): boolean {
    const used = this.used.get(berth.name)!;
    return (
      used.ships < berth.ships &&
      ship.memoryMiB <= this.free(berth) &&
      used.diskGiB + ship.diskGiB <= berth.diskGiB &&
      (berth.cell === undefined || (this.inCell.get(berth.cell) ?? 0) < this.cellShips)
    );
  }

  /** The host that scores least of those with room; the one listed first among equals. */
  best(ship: Mooring, score: (berth: Berth) => readonly number[]): Berth | null {
    let best: { berth: Berth; score: readonly number[] } | null = null;
    for (const berth of this.berths) {
      if (!this.fits(ship, berth)) continue;
      const mine = score(berth);
      if (best === null || less(mine, best.score)) best = { berth, score: mine };
    }
    return best?.berth ?? null;
  }

  /** Fewest ships of this customer in the domain, then the most memory left in proportion. */
  spread = (ship: Mooring): Berth | null => {
    const mine = this.inDomain.get(ship.customer);
    return this.best(ship, (b) => [mine?.get(b.domain) ?? 0, (ship.memoryMiB - this.free(b)) / b.memoryMiB]);
  };

  /** The tightest fit, so that large gaps stay for large ships. */
  tight = (ship: Mooring): Berth | null => this.best(ship, (b) => [this.free(b) - ship.memoryMiB]);
}

const less = (a: readonly number[], b: readonly number[]): boolean => {
  const at = a.findIndex((x, i) => x !== b[i]);
  return at >= 0 && a[at]! < b[at]!;
};

/**
 * Places ships on hosts beside those aboard already, who stay whatever they fill. Whether all have room is found by tight
 * stowing, which knows neither customers nor domains: so a plan, which does not know every customer, finds the same. Then they are
 * spread, where that leaves room for all of them too.
 */
export function moor<S extends Mooring>(
  ships: readonly S[],
  berths: readonly Berth[],
  aboard: readonly { ship: Mooring; host: string }[] = [],
  cellShips = Infinity,
): Moored<S> {
  // The largest first: what is small finds a gap at the end.
  const order = [...ships].sort((a, b) => b.memoryMiB - a.memoryMiB || b.diskGiB - a.diskGiB);
  const fill = (
    choose: (harbour: Harbour) => (ship: Mooring) => Berth | null,
  ): { places: Map<string, string>; left: Set<string> } => {
    const harbour = new Harbour(berths, cellShips);
    const byName = new Map(berths.map((b) => [b.name, b]));
    for (const { ship, host } of aboard) if (byName.has(host)) harbour.take(ship, byName.get(host)!);
    const places = new Map<string, string>();
    const left = new Set<string>();
    for (const ship of order) {
      const berth = choose(harbour)(ship);
      if (berth === null) left.add(ship.id);
      else {
        harbour.take(ship, berth);
        places.set(ship.id, berth.name);
      }
    }
    return { places, left };
  };
  const result = ({ places, left }: ReturnType<typeof fill>): Moored<S> => ({
    places,
    left: ships.filter((s) => left.has(s.id)),
  });
  // Ships of one size fill whatever room there is, in any order.
  const alike = order.every((s) => s.memoryMiB === order[0]!.memoryMiB && s.diskGiB === order[0]!.diskGiB);
  const packed = alike ? null : fill((harbour) => harbour.tight);
  if (packed !== null && packed.left.size > 0) return result(packed);
  const spread = fill((harbour) => harbour.spread);
  return result(packed !== null && spread.left.size > 0 ? packed : spread);
}
