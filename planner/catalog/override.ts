// `--prices FILE`: the user's own prices over the shipped ones, each with its source and date.
import { z } from "zod";
import type { Problem } from "../requirements/problem";
import { schemaProblems } from "../requirements/schema-problems";
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

export type Merged = { ok: true; catalog: Catalog } | { ok: false; problems: Problem[] };

/** The catalog with the file's prices in place of its own. A provider all of whose prices in use are given anew is no longer stale. */
export function mergePrices(catalog: Catalog, text: string, file: string): Merged {
  const read = readObject(text, file);
  if (!read.ok) return read;
  const parsed = overrideSchema.safeParse(read.value);
  if (!parsed.success) return { ok: false, problems: schemaProblems(overrideSchema, parsed.error, read.value, file) };
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
