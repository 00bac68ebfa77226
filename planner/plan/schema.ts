// The plan: every way to host the ships, priced, ranked and explained. Stable and versioned
// (`roadstead plan FILE --json`, `roadstead schema plan`).
import { z } from "zod";
import { MODES } from "../requirements/schema";

export const BASES = ["read", "derived", "secondary", "unverified", "given"] as const;
export const PROVIDERS = ["aws", "digitalocean", "hetzner", "gcp", "azure", "own"] as const;
export type Provider = (typeof PROVIDERS)[number];

export const REJECTION_CODES = [
  "budget",
  "compliance",
  "residency",
  "region",
  "sla",
  "recovery",
  "quota",
  "capacity",
  "experience",
  "ship-type",
  "existing",
  "image",
  "price-unknown",
  "not-buildable",
  "single-host",
] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

export const rejectionSchema = z.strictObject({
  code: z.enum(REJECTION_CODES),
  /** What the limit is called, in words. */
  limit: z.string(),
  have: z.union([z.string(), z.number(), z.null()]),
  need: z.union([z.string(), z.number(), z.null()]),
  fix: z.string(),
});
export type Rejection = z.infer<typeof rejectionSchema>;

export const lineSchema = z.strictObject({
  item: z.string(),
  kind: z.enum(["fixed", "per-ship", "usage"]),
  quantity: z.number(),
  unit: z.string(),
  /** Price of one unit in the plan's currency; null when unknown. */
  price: z.number().nullable(),
  priceNotFound: z.boolean(),
  monthly: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** What moves this line between low and high. */
  driver: z.string().nullable(),
  source: z.string(),
  /** The day the price was read, or stored when it has no date of its own. */
  date: z.string(),
  basis: z.enum(BASES),
  /** Pulumi types this line pays for, so that a graph can be checked against the plan. */
  resources: z.array(z.string()),
});
export type CostLine = z.infer<typeof lineSchema>;

export const nodeSchema = z.strictObject({
  type: z.string(),
  count: z.number().int(),
  zone: z.string(),
  role: z.enum(["ships", "system", "host"]),
  arch: z.enum(["x86_64", "arm64"]),
  /** Ships one such node can hold. */
  ships: z.number().int(),
  boundBy: z.string(),
});
export type PlannedNode = z.infer<typeof nodeSchema>;

export const monthlySchema = z.strictObject({
  low: z.number().nullable(),
  mid: z.number().nullable(),
  high: z.number().nullable(),
  currency: z.string(),
  incomplete: z.boolean(),
});

/** The worst of the losses it is built for. Hours of what can be read again; what a ship gets back is in `note`. */
export const recoverySchema = z.strictObject({
  rpoHours: z.number().nullable(),
  rtoHours: z.number().nullable(),
  note: z.string(),
  /** The loss of the whole region; absent without copies in a second one. */
  secondRegion: z
    .strictObject({
      region: z.string(),
      rpoHours: z.number(),
      rtoHours: z.number(),
      /** What is there at all times, and what is built only then. */
      warm: z.array(z.string()),
      cold: z.array(z.string()),
      reasons: z.array(z.string()),
    })
    .optional(),
});
export type Recovery = z.infer<typeof recoverySchema>;

export const candidateSchema = z.strictObject({
  id: z.string(),
  mode: z.enum(MODES),
  provider: z.enum(PROVIDERS),
  region: z.string(),
  zones: z.array(z.string()),
  feasible: z.boolean(),
  score: z.number(),
  rank: z.number().int(),
  why: z.array(z.string()),
  rejections: z.array(rejectionSchema),
  monthly: monthlySchema,
  lines: z.array(lineSchema),
  nodes: z.array(nodeSchema),
  capacity: z.strictObject({ ships: z.number().int().nullable(), boundBy: z.string() }),
  minutesToDeploy: z.number().nullable(),
  recovery: recoverySchema,
  security: z.strictObject({
    score: z.number(),
    present: z.array(z.string()),
    absent: z.array(z.string()),
  }),
  /** The prices are known to be out of date. */
  stale: z.boolean(),
});
export type Candidate = z.infer<typeof candidateSchema>;

export const changeSchema = z.strictObject({
  text: z.string(),
  set: z.record(z.string(), z.unknown()),
  candidate: z.string(),
  monthly: z.number(),
  saves: z.number().nullable(),
});
export type Change = z.infer<typeof changeSchema>;

export const planSchema = z.strictObject({
  schema: z.literal("roadstead/plan/1"),
  requirementsDigest: z.string(),
  pricedOn: z.string(),
  chosen: z.string().nullable(),
  candidates: z.array(candidateSchema),
  cheapestChangeThatFits: z.array(changeSchema),
  growth: z.array(
    z.strictObject({
      month: z.number().int(),
      ships: z.number().int(),
      monthly: z.number().nullable(),
      limitsHit: z.array(z.string()),
    }),
  ),
  sensitivity: z.array(z.strictObject({ input: z.string(), low: z.number().nullable(), high: z.number().nullable() })),
  quotaRequests: z.array(
    z.strictObject({
      provider: z.string(),
      quota: z.string(),
      have: z.number().nullable(),
      need: z.number(),
      source: z.string(),
      ask: z.string(),
    }),
  ),
  warnings: z.array(z.string()),
  clarify: z.array(z.strictObject({ path: z.string(), question: z.string(), why: z.string(), assumed: z.string() })),
});
export type Plan = z.infer<typeof planSchema>;
