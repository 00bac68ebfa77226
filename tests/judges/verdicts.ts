// What was decided about the checks judges say failed: the tables of docs/judges.md, which people and this suite read.
import * as fs from "node:fs";
import * as path from "node:path";

/** One failed check. */
export interface Finding {
  check: string;
  /** `Kind.namespace.name`, with `[container]` where it is about one; `aws_vpc.prod`; a file. */
  resource: string;
  /** In the judge's words. */
  says: string;
  fleet: string;
}

export const VERDICTS = ["wrong", "on purpose", "elsewhere"] as const;

export interface Verdict {
  check: string;
  /** A resource, or a pattern in which * stands for anything. */
  resource: string;
  verdict: string;
  reason: string;
}

const PAGE = path.join(__dirname, "../../docs/judges.md");

/** The rows under the judge's heading; throws what is wrong with one. */
export function verdictsOn(judge: string, page = fs.readFileSync(PAGE, "utf8")): Verdict[] {
  const section = page.split(/^## /m).find((s) => s.split("\n")[0]!.trim() === judge);
  if (section === undefined) throw new Error(`docs/judges.md has no heading ${judge}`);
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) => {
    const cells = row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/\\\|/g, "|"));
    const [check = "", resource = "", verdict = "", reason = ""] = cells.map((c) => c.replace(/^`(.*)`$/, "$1"));
    const wrong = [
      ...(cells.length === 4 ? [] : [`${cells.length} cells where four belong`]),
      ...(VERDICTS.some((v) => v === verdict) ? [] : [`verdict ${verdict}; accepted: ${VERDICTS.join(", ")}`]),
      ...(reason.length >= 20 ? [] : ["no reason"]),
    ];
    if (wrong.length > 0) throw new Error(`docs/judges.md, ${check} ${resource}: ${wrong.join("; ")}`);
    return { check, resource, verdict, reason };
  });
}

const covers = (row: Verdict, finding: Finding): boolean =>
  row.check === finding.check && matches(row.resource, finding.resource);

const matches = (pattern: string, resource: string): boolean =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*")}$`).test(resource);

export interface Disagreement {
  /** Failed checks nobody has judged, as a row to complete. */
  unjudged: string[];
  /** Verdicts on nothing: what they were about has gone. */
  stale: string[];
  /** Failed checks with two verdicts. */
  twice: string[];
}

export function disagreement(findings: readonly Finding[], rows: readonly Verdict[]): Disagreement {
  const verdictsOf = (f: Finding): number => rows.filter((row) => covers(row, f)).length;
  return {
    unjudged: asRows(findings.filter((f) => verdictsOf(f) === 0)),
    stale: rows.filter((row) => !findings.some((f) => covers(row, f))).map((r) => `${r.check} ${r.resource}`),
    twice: asRows(findings.filter((f) => verdictsOf(f) > 1)),
  };
}

/** One row a check, to be completed: a fleet of fifty ships says the same fifty times. */
function asRows(findings: readonly Finding[]): string[] {
  const resources = new Map<string, Set<string>>();
  for (const { check, resource, says } of findings) {
    const key = `${check} | ${says}`;
    resources.set(key, (resources.get(key) ?? new Set()).add(resource));
  }
  return [...resources].map(([key, all]) => {
    const [first] = all;
    return `${key} | ${first}${all.size > 1 ? ` and ${all.size - 1} more` : ""}`;
  });
}
