// `--prices FILE`: the user's own prices over the shipped ones, each with its source and date.
import { z } from "zod";
import { type Problem, shown } from "../requirements/problem";
import { didYouMean, schemaProblems } from "../requirements/schema-problems";
import { readObject } from "../requirements/load";
import { BASES, PROVIDERS } from "../plan/schema";
import { type Catalog, priceKey } from "./catalog";

const overrideSchema = z.strictObject({
  schema: z.literal("roadstead/prices/1"),
  prices: z
    .array(
      z.strictObject({
        provider: z.enum(PROVIDERS),
        /** A catalog item: `ec2:r6g.xlarge`, `droplet:s-2vcpu-4gb`, `server:cax21`, or a service such as `natGatewayHour`. */
        item: z.string().min(1),
        region: z.string().default("*"),
        value: z.number().min(0),
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/)
          .default("USD"),
        unit: z.string().min(1),
        source: z.string().min(1),
        date: z.iso.date(),
        basis: z.enum(BASES).default("given"),
      }),
    )
    .min(1),
});

type Line = z.infer<typeof overrideSchema>["prices"][number];

/** A line that would be ignored or misread is refused: an unknown item, another unit, the same price twice, a date years ahead. */
function lineProblems(catalog: Catalog, lines: Line[], file: string): Problem[] {
  const units = new Map<string, string>();
  for (const [key, price] of catalog.prices) units.set(key.slice(0, key.lastIndexOf("/")), price.unit);
  const latest = `${Number(catalog.storedOn.slice(0, 4)) + 3}${catalog.storedOn.slice(4)}`;
  const first = new Map<string, number>();
  return lines.flatMap((line, i): Problem[] => {
    const found: Problem[] = [];
    const add = (field: string, received: unknown, accepted: string, fix: string) =>
      found.push({ file, path: `prices[${i}].${field}`, received: shown(received), accepted, fix });
    const unit = units.get(`${line.provider}/${line.item}`);
    const known = [...units.keys()].flatMap((k) =>
      k.startsWith(`${line.provider}/`) ? [k.slice(k.indexOf("/") + 1)] : [],
    );
    if (unit === undefined)
      add(
        "item",
        line.item,
        `an item of ${line.provider} that the planner prices`,
        didYouMean(line.item, known, "docs/prices.md lists them"),
      );
    else if (unit !== line.unit) add("unit", line.unit, unit, "convert the price to this unit");
    if (line.date > latest) add("date", line.date, `a day up to ${latest}`, "give the day the price was read");
    const key = priceKey(line.provider, line.item, line.region);
    const before = first.get(key);
    if (before === undefined) first.set(key, i);
    else add("item", line.item, `each price once (prices[${before}] has it)`, "remove one");
    return found;
  });
}

export type Merged = { ok: true; catalog: Catalog } | { ok: false; problems: Problem[] };

/** The catalog with the file's prices in place of its own. A provider all of whose prices in use are given anew is no longer stale. */
export function mergePrices(catalog: Catalog, text: string, file: string): Merged {
  const read = readObject(text, file);
  if (!read.ok) return read;
  const parsed = overrideSchema.safeParse(read.value);
  if (!parsed.success) return { ok: false, problems: schemaProblems(overrideSchema, parsed.error, read.value, file) };
  const problems = lineProblems(catalog, parsed.data.prices, file);
  if (problems.length > 0) return { ok: false, problems };
  const prices = new Map(catalog.prices);
  const renewed = new Set<string>();
  for (const { provider, item, region, ...price } of parsed.data.prices) {
    prices.set(priceKey(provider, item, region), price);
    renewed.add(`${provider}/${item}`);
  }
  const stale = Object.fromEntries(
    Object.entries(catalog.stale).filter(([provider]) =>
      [...catalog.prices.keys()].some(
        (k) => k.startsWith(`${provider}/`) && !renewed.has(k.slice(0, k.lastIndexOf("/"))),
      ),
    ),
  );
  return { ok: true, catalog: { ...catalog, prices, stale } };
}
