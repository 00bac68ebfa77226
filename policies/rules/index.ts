// Every rule, and what each says about a set of resources. Used offline by the preview and by the pack in ../index.ts.
import { AWS_RULES } from "./aws";
import { DECISION_RULES } from "./decision";
import { NETWORK_RULES } from "./networks";
import { SHIP_RULES } from "./ships";
import { STORAGE_RULES } from "./storage";
import { TENANT_RULES } from "./tenants";
import { WORKLOAD_RULES } from "./workloads";
import { type Level, type PolicyResource, type PolicyStack, type Rule, type Severity, Undecided } from "./resource";

export {
  fromGraph,
  type GraphLike,
  type Level,
  type PolicyResource,
  type PolicyStack,
  replace,
  type Rule,
  type Severity,
  Undecided,
  UNKNOWN,
} from "./resource";

export const rules: readonly Rule[] = [
  ...DECISION_RULES,
  ...SHIP_RULES,
  ...TENANT_RULES,
  ...WORKLOAD_RULES,
  ...NETWORK_RULES,
  ...AWS_RULES,
  ...STORAGE_RULES,
];

export type Verdict = "pass" | "fail" | "undecided";

export interface Judgement {
  rule: string;
  level: Level;
  severity: Severity;
  verdict: Verdict;
  /** URN of the resource. */
  resource: string;
  /** Empty for a pass. */
  message: string;
}

/** Today, YYYY-MM-DD in UTC. */
const thisDay = (): string => new Date().toISOString().slice(0, 10);

export function stackOf(resources: readonly PolicyResource[], today: string = thisDay()): PolicyStack {
  const byType = new Map<string, PolicyResource[]>();
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  for (const resource of resources) {
    const same = byType.get(resource.type);
    if (same === undefined) byType.set(resource.type, [resource]);
    else same.push(resource);
  }
  return {
    resources,
    ofType: (...types) => types.flatMap((type) => byType.get(type) ?? []),
    at: (urn) => byUrn.get(urn),
    today,
  };
}

/** What one rule says about one resource; null when it has nothing to say. */
export function judge(rule: Rule, resource: PolicyResource, stack: PolicyStack): Judgement | null {
  const { name, level, severity } = rule;
  const said = (verdict: Verdict, message: string): Judgement => ({
    rule: name,
    level,
    severity,
    verdict,
    resource: resource.urn,
    message,
  });
  const found: string[] = [];
  try {
    if (!rule.applies(resource)) return null;
    for (const message of rule.check(resource, stack)) found.push(message);
  } catch (error) {
    if (!(error instanceof Undecided)) throw error;
    if (found.length === 0) return said("undecided", `could not be decided: ${error.path} is not known yet`);
  }
  return found.length > 0 ? said("fail", found.join("; ")) : said("pass", "");
}

/** Every verdict of every rule that has something to say, in the order of rules and resources. */
export function evaluate(
  resources: readonly PolicyResource[],
  chosen: readonly Rule[] = rules,
  today?: string,
): Judgement[] {
  const stack = stackOf(resources, today);
  return chosen.flatMap((rule) => resources.flatMap((resource) => judge(rule, resource, stack) ?? []));
}
