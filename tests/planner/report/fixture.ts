// Two small plans made by hand: one with a choice, one where nothing fits.
import type { Candidate, CostLine, Plan } from "../../../planner/plan/schema";
import { loadRequirements } from "../../../planner/requirements/load";
import type { Requirements } from "../../../planner/requirements/schema";

export const line = (item: string, monthly: number | null, more: Partial<CostLine> = {}): CostLine => ({
  item,
  kind: "fixed",
  quantity: 1,
  unit: "month",
  price: monthly,
  priceNotFound: monthly === null,
  monthly,
  low: monthly === null ? null : monthly * 0.9,
  high: monthly === null ? null : monthly * 1.2,
  driver: "price age",
  source: "a price list",
  date: "2026-07-20",
  basis: "read",
  resources: [],
  ...more,
});

export const candidate = (id: string, more: Partial<Candidate> = {}): Candidate => {
  const [mode, provider, region] = id.split("/") as [Candidate["mode"], Candidate["provider"], string];
  return {
    id,
    mode,
    provider,
    region,
    zones: [`${region}a`, `${region}b`],
    feasible: true,
    score: 80,
    rank: 1,
    why: ["$120 a month, $10 a ship"],
    rejections: [],
    monthly: { low: 100, mid: 120, high: 150, currency: "USD", incomplete: false },
    lines: [
      line("ship nodes r6a.xlarge", 90, { kind: "per-ship" }),
      line("snapshot copies in us-east-1", 20),
      line("internet egress", 10, { kind: "usage" }),
    ],
    nodes: [
      { type: "r6a.xlarge", count: 2, zone: `${region}a`, role: "ships", arch: "x86_64", ships: 7, boundBy: "memory" },
      { type: "m5.large", count: 1, zone: `${region}b`, role: "system", arch: "x86_64", ships: 0, boundBy: "" },
    ],
    capacity: { ships: 14, boundBy: "memory" },
    minutesToDeploy: 75,
    recovery: { rpoHours: 24, rtoHours: 4, note: "from the newest copy" },
    security: { score: 90, present: ["encrypted pier volume"], absent: ["own keys"] },
    stale: false,
    ...more,
  };
};

export const lost = (id: string, rank: number): Candidate =>
  candidate(id, {
    rank,
    feasible: false,
    rejections: [
      { code: "budget", limit: "budget a month", have: 120, need: 50, fix: "raise the budget to $120" },
      { code: "compliance", limit: "hipaa", have: null, need: "evidence for hipaa", fix: "take eks" },
    ],
  });

export const chosenPlan = (): Plan => ({
  schema: "roadstead/plan/1",
  requirementsDigest: `sha256:${"a".repeat(64)}`,
  pricedOn: "2026-11-21",
  chosen: "eks/aws/us-west-2",
  candidates: [candidate("eks/aws/us-west-2"), lost("groundseg/digitalocean/nyc3", 2), lost("vps/hetzner/fsn1", 3)],
  cheapestChangeThatFits: [],
  growth: [
    { month: 0, ships: 12, monthly: 120, limitsHit: [] },
    { month: 6, ships: 20, monthly: 180, limitsHit: ["more nodes than the quota allows"] },
    { month: 12, ships: 30, monthly: 260, limitsHit: [] },
  ],
  sensitivity: [
    { input: "disk per ship", low: 110, high: 140 },
    { input: "memory per ship", low: 80, high: 220 },
    { input: "not known", low: null, high: null },
  ],
  quotaRequests: [{ provider: "aws", quota: "vCPU", have: 5, need: 40, source: "a quota page", ask: "ask early" }],
  warnings: ["totals leave out tax and support"],
  clarify: [{ path: "growth.in12Months", question: "How many in a year?", why: "it decides", assumed: "as now" }],
});

export const lostPlan = (): Plan => ({
  ...chosenPlan(),
  chosen: null,
  candidates: [lost("eks/aws/us-west-2", 1), lost("groundseg/digitalocean/nyc3", 2)],
  cheapestChangeThatFits: [
    {
      text: "raise the budget to $120: eks/aws/us-west-2",
      set: { "budget.monthly": 120 },
      candidate: "eks/aws/us-west-2",
      monthly: 120,
      saves: 0,
    },
  ],
  quotaRequests: [],
});

export function requirements(text = "ships: { count: 12 }\nbudget: { monthly: 200 }\n"): Requirements {
  const loaded = loadRequirements(text, "test.yaml");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.requirements;
}
