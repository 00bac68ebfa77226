// What happens later and what the figures hang on: growth, limits, quotas, sensitivity, open questions.
import type { Catalog } from "../catalog/catalog";
import { LIMITS, LIMITS_READ_ON } from "../catalog/limits";
import { awsDemands, awsFleet } from "./quotas";
import type { Requirements } from "../requirements/schema";
import { withSet, type Evaluate, type SetValues } from "./changes";
import { KUBERNETES } from "./filter";
import type { Candidate, Plan } from "./schema";

const MONTHS = Array.from({ length: 13 }, (_, month) => month);

/** Ships at a month: straight lines between now, six and twelve months. */
export function shipsAt(r: Requirements, month: number): number {
  const now = r.ships.count;
  const six =
    r.growth.in6Months ?? (r.growth.in12Months === undefined ? now : Math.round((now + r.growth.in12Months) / 2));
  const twelve = r.growth.in12Months ?? six;
  const at = month <= 6 ? now + ((six - now) * month) / 6 : six + ((twelve - six) * (month - 6)) / 6;
  return Math.max(1, Math.round(at));
}

/** The same way to host, solved again for every month; a limit is named in the month it is first crossed. */
export function growthOf(r: Requirements, subject: Candidate, evaluate: Evaluate, catalog: Catalog): Plan["growth"] {
  const crossed = new Set<string>();
  const solved = new Map<number, Candidate | undefined>();
  return MONTHS.map((month) => {
    const ships = shipsAt(r, month);
    if (!solved.has(ships)) solved.set(ships, sameWay(r, subject, ships, evaluate));
    const then = solved.get(ships);
    const limitsHit =
      then === undefined ? ["this way to host no longer fits"] : limitsOf(withCount(r, ships), then, ships, catalog);
    const fresh = limitsHit.filter((l) => !crossed.has(l));
    for (const l of fresh) crossed.add(l);
    return { month, ships, monthly: then?.monthly.mid ?? null, limitsHit: fresh };
  });
}

function sameWay(r: Requirements, subject: Candidate, ships: number, evaluate: Evaluate): Candidate | undefined {
  if (ships === r.ships.count) return subject;
  const changed = withCount(r, ships);
  const mode =
    subject.mode === "vps" && ships > 1
      ? "multi-vps"
      : subject.mode === "multi-vps" && ships === 1
        ? "vps"
        : subject.mode;
  return evaluate(changed, { mode, provider: subject.provider }).candidates.find(
    (c) => c.mode === mode && c.provider === subject.provider && (c.region === subject.region || c.provider === "own"),
  );
}

/** The same wishes for another number of ships. */
function withCount(r: Requirements, ships: number): Requirements {
  if (ships === r.ships.count) return r;
  const changed: Requirements = { ...withSet(r, { "ships.count": ships }), growth: {} };
  changed.ships.named = r.ships.named.slice(0, ships);
  return changed;
}

/** Limits a candidate of this size has reached, by what they mean. */
function limitsOf(r: Requirements, c: Candidate, ships: number, catalog: Catalog): string[] {
  const limits: string[] = [];
  const at = (reached: boolean, text: string) => {
    if (reached) limits.push(text);
  };
  at(r.budget !== undefined && c.monthly.mid !== null && c.monthly.mid > r.budget.monthly, "the budget is exceeded");
  at(c.capacity.ships !== null && ships > c.capacity.ships, "capacity is exhausted");
  at(
    KUBERNETES.has(c.mode) && ships > LIMITS.kubeProxyServices.value,
    `${LIMITS.kubeProxyServices.value} services: kube-proxy needs IPVS or nftables mode`,
  );
  at(
    KUBERNETES.has(c.mode) && ships > LIMITS.cellShips.value,
    `more than ${LIMITS.cellShips.value} ships: further cells, each a stack of its own`,
  );
  at(
    c.mode === "groundseg" && ships > LIMITS.groundsegShips.value,
    `more than ${LIMITS.groundsegShips.value} ships: several GroundSeg hosts, each with pages of its own`,
  );
  at(
    c.nodes.some((n) => n.boundBy === "volumes"),
    "volumes, not memory, bound a node",
  );
  at(
    c.mode === "eks" && r.ships.amesInbound === "nlb" && ships > LIMITS.nlbListeners.value,
    `${LIMITS.nlbListeners.value} listeners a load balancer: a further one with every cell`,
  );
  for (const q of quotaRequests(r, c, catalog))
    at(true, q.have === null ? `${q.quota}: look whether there are enough` : `${q.have} ${q.quota} must be raised`);
  return limits;
}

/** Increases to ask for before the first `up`. */
export function quotaRequests(r: Requirements, c: Candidate, catalog: Catalog): Plan["quotaRequests"] {
  const fleet = awsFleet(r, c, catalog);
  if (fleet !== null)
    return awsDemands(fleet).flatMap(({ limit, need, region, ask, stated }) => {
      // Where a number is stated and too small the candidate is rejected.
      const have = (stated && r.existing.quotas?.[stated]) ?? limit.value;
      const quota = region === fleet.region ? limit.what : `${limit.what}, in ${region}`;
      const source = `${limit.source}; read ${LIMITS_READ_ON}`;
      return need > have ? [{ provider: "aws", quota, have, need, source, ask }] : [];
    });
  if (c.provider !== "digitalocean") return [];
  const droplets = r.existing.quotas?.droplets ?? null;
  const nodes = c.nodes.reduce((n, p) => n + p.count, 0);
  return nodes > (droplets ?? LIMITS.dropletsAtOnce.value)
    ? [
        {
          provider: "digitalocean",
          quota: "droplets of the account",
          have: droplets,
          need: nodes,
          source: "shown in the account's settings; the default is in no stored source",
          ask: "DigitalOcean → Settings → Team → limits: request an increase",
        },
      ]
    : [];
}

/** The inputs that move the price most: each set to its low and high case, the same way to host priced again. */
export function sensitivityOf(r: Requirements, subject: Candidate, evaluate: Evaluate): Plan["sensitivity"] {
  const price = (set: SetValues): number | null => {
    const next = withSet(r, set);
    return evaluate(next, subject).candidates.find((c) => c.id === subject.id)?.monthly.mid ?? null;
  };
  const cases: [input: string, low: SetValues, high: SetValues, when: boolean][] = [
    [
      `memory per ship, 2 to 8 GiB (now ${r.ships.memoryGiB})`,
      { "ships.memoryGiB": 2 },
      { "ships.memoryGiB": 8 },
      subject.provider !== "own",
    ],
    [
      `disk per ship, 10 to 40 GiB (now ${r.ships.diskGiB})`,
      { "ships.diskGiB": 10 },
      { "ships.diskGiB": 40 },
      subject.provider !== "own",
    ],
    [
      `spare capacity, 0 to 40 % (now ${r.cluster.headroomPercent})`,
      { "cluster.headroomPercent": 0 },
      { "cluster.headroomPercent": 40 },
      KUBERNETES.has(subject.mode as never),
    ],
    [
      "NAT gateways, one or one a zone",
      { "cluster.nat": "single" },
      { "cluster.nat": "per-zone" },
      subject.mode === "eks",
    ],
    [`zones, 2 or 3 (now ${r.cluster.zones})`, { "cluster.zones": 2 }, { "cluster.zones": 3 }, subject.mode === "eks"],
    [
      `egress per ship, 1 to 20 GB (now ${r.ships.egressGiB})`,
      { "ships.egressGiB": 1 },
      { "ships.egressGiB": 20 },
      subject.provider === "aws",
    ],
    [
      `CPU per ship, 0.1 to 1 vCPU (now ${r.ships.cpu})`,
      { "ships.cpu": 0.1 },
      { "ships.cpu": 1 },
      subject.mode === "eks",
    ],
  ];
  return cases
    .filter(([, , , when]) => when)
    .map(([input, low, high]) => ({ input, low: price(low), high: price(high) }))
    .filter((s) => s.low !== s.high)
    .sort((a, b) => width(b) - width(a))
    .slice(0, 5);
}

const width = (s: { low: number | null; high: number | null }): number =>
  s.low === null || s.high === null ? Infinity : Math.abs(s.high - s.low);

/** Decisive wishes the file does not state, with what was assumed instead. */
export function openQuestions(r: Requirements): Plan["clarify"] {
  const questions: Plan["clarify"] = [];
  const ask = (path: string, question: string, why: string, assumed: string) => {
    if (!r.given.includes(path)) questions.push({ path, question, why, assumed });
  };
  ask(
    "ships.memoryGiB",
    "How much memory does a ship need?",
    "memory decides the price more than anything else",
    `${r.ships.memoryGiB} GiB`,
  );
  if (r.growth.in12Months === undefined)
    ask(
      "growth.in12Months",
      "How many ships in twelve months?",
      "it decides whether this way to host lasts",
      `${shipsAt(r, 12)}, as now`,
    );
  if (!r.ships.named.some((s) => s.amesInbound !== "relayed"))
    ask(
      "ships.amesInbound",
      "Must peers reach ships directly, not through their sponsor?",
      "on EKS a load balancer for each cell is to be had, which only who is found by DNS gains from, a galaxy; hosts are reached directly",
      r.ships.amesInbound,
    );
  if (r.recovery.rpoHours === undefined)
    ask(
      "recovery.rpoHours",
      "How many hours of data may be lost?",
      "it decides snapshots and rules out hosts without them",
      "no wish",
    );
  if (r.regions.allowed === undefined)
    ask(
      "regions.allowed",
      "Which regions may be used?",
      "prices and laws differ by region",
      "one usual region a provider",
    );
  if (r.budget === undefined)
    ask("budget", "What may it cost a month?", "without a budget nothing is refused for its price", "no limit");
  return questions;
}
