// What a mode hands to the planner before filtering and ranking, and the bill it is priced with.
import { type Catalog, type Price, priceOf } from "../catalog/catalog";
import type { Rates } from "../requirements/load";
import type { Mode, Requirements } from "../requirements/schema";
import type { CostLine, PlannedNode, Provider, Rejection, Recovery } from "./schema";

/** Everything a mode may look at. */
export interface Context {
  requirements: Requirements;
  catalog: Catalog;
  rates: Rates;
  currency: string;
  /** The day prices count from: the catalog's, never the clock's. */
  pricedOn: string;
  /** Work shared between the many times one plan is priced: growth, what-if, sensitivity. */
  memo: Map<string, unknown>;
}

/** Computed once for a key. */
export function once<T>(context: Context, key: string, compute: () => T): T {
  if (!context.memo.has(key)) context.memo.set(key, compute());
  return context.memo.get(key) as T;
}

export interface Draft {
  id: string;
  mode: Mode;
  provider: Provider;
  region: string;
  zones: string[];
  /** Reasons of the mode's own: too few hosts, no host size large enough. */
  rejections: Rejection[];
  lines: CostLine[];
  nodes: PlannedNode[];
  capacity: { ships: number | null; boundBy: string };
  minutesToDeploy: number | null;
  recovery: Recovery;
  notes: string[];
}

export const HOURS_PER_MONTH = 730;

/** Band a price gets for where it comes from, each side. Roadstead's own allowance, not a measured error. */
const BASIS_BAND = { read: 0, derived: 0.05, secondary: 0.1, unverified: 0.2, given: 0 } as const;
/** What a price may have moved in a year. Roadstead's own allowance. */
const DRIFT_PER_YEAR = 0.03;

export interface LineOptions {
  /** Pulumi types the line pays for. */
  resources?: string[];
  /** Quantity in the cheap and the dear case, and what decides between them. */
  low?: number;
  high?: number;
  driver?: string;
}

/** Cost lines in the plan's currency. */
export class Bill {
  readonly lines: CostLine[] = [];

  constructor(
    private readonly context: Context,
    private readonly provider: Provider,
    private readonly region: string,
  ) {}

  /** A catalog item: `quantity` units of it. */
  add(
    item: string,
    kind: CostLine["kind"],
    quantity: number,
    unit: string,
    catalogItem: string,
    options: LineOptions = {},
  ): this {
    return this.addPrice(
      item,
      kind,
      quantity,
      unit,
      priceOf(this.context.catalog, this.provider, catalogItem, this.region),
      options,
    );
  }

  addPrice(
    item: string,
    kind: CostLine["kind"],
    quantity: number,
    unit: string,
    price: Price,
    options: LineOptions = {},
  ): this {
    if (quantity <= 0 && (options.high ?? 0) <= 0) return this;
    const factor = conversion(this.context, price.currency);
    const value = price.value === null || factor === null ? null : price.value * factor;
    const wide = BASIS_BAND[price.basis] + DRIFT_PER_YEAR * yearsBetween(price.date, this.context.pricedOn);
    const at = (count: number, bound: number | undefined, fallback: number) =>
      value === null ? null : count * (bound !== undefined ? bound * factor! : value * fallback);
    const banded = options.low !== undefined || options.high !== undefined;
    this.lines.push({
      item,
      kind,
      quantity: round(quantity, 4),
      unit,
      price: value,
      priceNotFound: value === null,
      monthly: value === null ? null : round(quantity * value, 2),
      low: roundOrNull(at(options.low ?? quantity, price.low, 1 - wide)),
      high: roundOrNull(at(options.high ?? quantity, price.high, 1 + wide)),
      driver: options.driver ?? (!banded && wide > 0 ? "price age and basis" : null),
      source: factor === null ? `${price.source}; no rate for ${price.currency} given` : price.source,
      date: price.date,
      basis: price.basis,
      resources: options.resources ?? [],
    });
    return this;
  }

  /** A price the user gave, in the plan's currency. */
  given(item: string, monthly: number | null, options: LineOptions = {}): this {
    return this.addPrice(
      item,
      "fixed",
      1,
      "month",
      {
        value: monthly,
        currency: this.context.currency,
        unit: "month",
        source: "the requirements file",
        date: this.context.pricedOn,
        basis: "given",
      },
      options,
    );
  }
}

/** What one unit of a currency is in the plan's; null without a rate. */
export function conversion({ currency: wanted, rates }: Context, currency: string): number | null {
  if (currency === wanted) return 1;
  const usd = currency === "USD" ? 1 : rates[currency];
  const perWanted = wanted === "USD" ? 1 : rates[wanted];
  return usd === undefined || perWanted === undefined ? null : usd / perWanted;
}

/** A catalog price in the plan's currency; null when price or rate is unknown. */
export function unitPrice(context: Context, provider: Provider, item: string, region: string): number | null {
  const price = priceOf(context.catalog, provider, item, region);
  const factor = conversion(context, price.currency);
  return price.value === null || factor === null ? null : price.value * factor;
}

export interface Monthly {
  low: number | null;
  mid: number | null;
  high: number | null;
  currency: string;
  incomplete: boolean;
}

/** The sum of the known lines; null when none is known; incomplete when some are not. */
export function sumLines(lines: CostLine[], currency: string): Monthly {
  const known = lines.filter((l) => !l.priceNotFound);
  const sum = (pick: (l: CostLine) => number | null) =>
    known.length === 0
      ? null
      : round(
          known.reduce((t, l) => t + (pick(l) ?? 0), 0),
          2,
        );
  return {
    low: sum((l) => l.low),
    mid: sum((l) => l.monthly),
    high: sum((l) => l.high),
    currency,
    incomplete: known.length < lines.length || lines.length === 0,
  };
}

/** Hours between cells of work, in the mission's figures: 30 minutes to a running ship, 5 between batches. */
export const MINUTES = {
  host: 30,
  cluster: 30,
  monitoring: 15,
  perCell: 15,
  perShipByHand: 5,
  betweenBatches: 5,
} as const;

export const round = (value: number, digits: number): number => {
  const scale = 10 ** digits;
  return Math.round((value + Number.EPSILON) * scale) / scale;
};
const roundOrNull = (value: number | null): number | null => (value === null ? null : round(value, 2));

function yearsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / (365.25 * 24 * 3600 * 1000));
}

/** Money as people read it: whole units from 100 on, cents below. */
export function money(value: number | null, currency: string): string {
  if (value === null) return "unknown";
  const sign = ({ USD: "$", EUR: "€", GBP: "£" } as Record<string, string>)[currency];
  const digits = value < 100 && !Number.isInteger(value) ? 2 : 0;
  // Not toLocaleString: setting up Intl costs more than planning a thousand ships.
  const [whole, cents] = value.toFixed(digits).split(".");
  const text = whole!.replace(/\B(?=(\d{3})+$)/g, ",") + (cents === undefined ? "" : `.${cents}`);
  return sign === undefined ? `${text} ${currency}` : `${sign}${text}`;
}
