// The policy pack's rules over a previewed graph. A rule that needs a value nobody knows yet is undecided, never passed.
import { evaluate, fromGraph, rules, type Level } from "../policies/rules";
import type { Graph } from "./graph";
import type { PolicyFinding, PolicyOutcome } from "./result";

/** All stacks at once: a ship declared in two of them is seen only so. */
export function judge(graph: Graph): PolicyOutcome {
  const outcome: PolicyOutcome = { rules: rules.length, pass: 0, fail: 0, undecided: 0, findings: [] };
  const findings = new Map<string, PolicyFinding>();
  for (const { rule, level, severity, verdict, resource, message } of evaluate(fromGraph(graph.resources))) {
    outcome[verdict] += 1;
    if (verdict === "pass") continue;
    const key = `${rule} ${verdict} ${message}`;
    const known = findings.get(key);
    if (known) known.resources.push(resource);
    else findings.set(key, { rule, verdict, level, severity, message, resources: [resource] });
  }
  outcome.findings = [...findings.values()].sort((a, b) => weight(a) - weight(b) || (a.rule < b.rule ? -1 : 1));
  return outcome;
}

const LEVELS: readonly Level[] = ["mandatory", "advisory"];

const weight = (f: PolicyFinding): number => (f.verdict === "fail" ? 0 : LEVELS.length) + LEVELS.indexOf(f.level);
