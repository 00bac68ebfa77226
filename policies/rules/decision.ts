// The recorded decision, and what must never be in the clear.
import { budgetProblem, secretInText } from "../../planner/predicates";
import { get, isSecretPlace, Undecided, type PolicyResource, type Rule } from "./resource";

const USER_DATA: Record<string, string[]> = {
  "aws:ec2/instance:Instance": ["userData", "userDataBase64"],
  "aws:ec2/launchTemplate:LaunchTemplate": ["userData"],
  "digitalocean:index/droplet:Droplet": ["userData"],
  "hcloud:index/server:Server": ["userData"],
};
const ENVIRONMENT = "roadstead:index:Environment";

export const DECISION_RULES: Rule[] = [
  {
    name: "no-secrets-in-user-data",
    description: "User-data holds no secret: every process on the machine can read it.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: (r) => USER_DATA[r.type] !== undefined,
    *check(r) {
      for (const path of USER_DATA[r.type]!) {
        const value = get(r.props, path);
        if (isSecretPlace(value)) yield `${path} is made from a secret`;
        if (typeof value !== "string") continue;
        const found = secretInText(readable(value));
        if (found) yield `${path} seems to hold ${found}`;
      }
    },
  },
  {
    name: "cost-within-budget",
    description: "The recorded plan costs no more than the budget it was planned for.",
    severity: "medium",
    level: "mandatory",
    scope: "resource",
    applies: (r) => r.type === ENVIRONMENT,
    *check(r) {
      const problem = budgetProblem({
        mid: amount(r, "mid"),
        budget: amount(r, "budget"),
        incomplete: get(r.props, "cost.incomplete") !== false,
        currency: String(get(r.props, "cost.currency") ?? ""),
      });
      if (problem) yield problem;
      if (problem === undefined) throw new Undecided("cost (a price was not found)");
    },
  },
  {
    name: "decision-recorded",
    description: "A stack applies a recorded decision and says which.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: (r) => r.type === ENVIRONMENT,
    *check(r) {
      if (!/^sha256:[0-9a-f]{64}$/.test(String(get(r.props, "architectureDigest") ?? "")))
        yield "no architecture digest";
    },
  },
];

function amount(r: PolicyResource, key: string): number | null {
  const value = get(r.props, `cost.${key}`);
  return typeof value === "number" ? value : null;
}

/** User-data may be text or base64 of it. */
function readable(value: string): string {
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(value)) return value;
  return `${value}\n${Buffer.from(value, "base64").toString("utf8")}`;
}
