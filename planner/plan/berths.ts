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

/** How full hosts are. By index and without objects, since a large fleet asks each host for each ship. */
class Harbour {
  private readonly memoryMiB: number[];
  private readonly diskGiB: number[];
  private readonly ships: number[];
  private readonly inCell = new Map<string | undefined, number>();
  /** Ships of a customer by domain. */
  private readonly inDomain = new Map<string, Map<string, number>>();

  constructor(
    private readonly berths: readonly Berth[],
    private readonly cellShips: number,
  ) {
    this.memoryMiB = berths.map((b) => b.memoryMiB);
    this.diskGiB = berths.map((b) => b.diskGiB);
    this.ships = berths.map((b) => b.ships);
  }

  take(ship: Mooring, at: number): void {
    const { cell, domain } = this.berths[at]!;
    this.memoryMiB[at]! -= ship.memoryMiB;
    this.diskGiB[at]! -= ship.diskGiB;
    this.ships[at]! -= 1;
    if (cell !== undefined) this.inCell.set(cell, (this.inCell.get(cell) ?? 0) + 1);
    const mine = this.inDomain.get(ship.customer) ?? new Map<string, number>();
    this.inDomain.set(ship.customer, mine.set(domain, (mine.get(domain) ?? 0) + 1));
  }

  private fits(ship: Mooring, at: number): boolean {
    return (
      this.ships[at]! > 0 &&
      ship.memoryMiB <= this.memoryMiB[at]! &&
      ship.diskGiB <= this.diskGiB[at]! &&
      (this.inCell.get(this.berths[at]!.cell) ?? 0) < this.cellShips
    );
  }

  /** Where fewest ships of this customer are in the domain, then where most memory is left in proportion; -1 for nowhere. */
  spread = (ship: Mooring): number => {
    const mine = this.inDomain.get(ship.customer);
    let best = -1;
    let fewest = 0;
    let most = 0;
    for (let at = 0; at < this.berths.length; at++) {
      if (!this.fits(ship, at)) continue;
      const berth = this.berths[at]!;
      const apart = mine?.get(berth.domain) ?? 0;
      const left = (this.memoryMiB[at]! - ship.memoryMiB) / berth.memoryMiB;
      if (best >= 0 && (apart > fewest || (apart === fewest && left <= most))) continue;
      [best, fewest, most] = [at, apart, left];
    }
    return best;
  };

  /** The tightest fit, so that large gaps stay for large ships; -1 for nowhere. */
  tight = (ship: Mooring): number => {
    let best = -1;
    for (let at = 0; at < this.berths.length; at++)
      if (this.fits(ship, at) && (best < 0 || this.memoryMiB[at]! < this.memoryMiB[best]!)) best = at;
    return best;
  };
}

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
  const byName = new Map(berths.map((b, at) => [b.name, at]));
  const fill = (
    choose: (harbour: Harbour) => (ship: Mooring) => number,
  ): { places: Map<string, string>; left: Set<string> } => {
    const harbour = new Harbour(berths, cellShips);
    for (const { ship, host } of aboard) if (byName.has(host)) harbour.take(ship, byName.get(host)!);
    const places = new Map<string, string>();
    const left = new Set<string>();
    const find = choose(harbour);
    for (const ship of order) {
      const at = find(ship);
      if (at < 0) left.add(ship.id);
      else {
        harbour.take(ship, at);
        places.set(ship.id, berths[at]!.name);
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
