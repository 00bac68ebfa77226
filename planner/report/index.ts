// The report: a plan as one page a person would show their boss. Pure: data in, text out.
import type { Architecture } from "../architecture/schema";
import type { Plan } from "../plan/schema";
import type { Requirements } from "../requirements/schema";
import { assumptions } from "./assumptions";
import { mermaidOf } from "./mermaid";
import { pictureOfArchitecture, pictureOfCandidate, subjectOf } from "./picture";
import {
  architecture,
  candidates,
  changes,
  costs,
  growth,
  headline,
  type Report,
  security,
  sensitivity,
  todo,
} from "./sections";
import { STYLE } from "./style";
import { candidateName, esc, plural } from "./text";

export interface ReportInput {
  requirements: Requirements;
  plan: Plan;
  /** The recorded decision; without one the diagram shows the chosen candidate. */
  architecture?: Architecture;
}

/** One self-contained HTML page: no script, no request, readable offline and on paper. */
export function renderHtml({ requirements, plan, architecture: lock }: ReportInput): string {
  const subject = subjectOf(plan);
  const chosen = plan.candidates.find((c) => c.id === plan.chosen) ?? null;
  const report: Report = {
    requirements,
    plan,
    subject,
    chosen,
    currency: subject?.monthly.currency ?? requirements.budget?.currency ?? "USD",
    budget: requirements.budget?.monthly ?? null,
  };
  const picture = lock
    ? pictureOfArchitecture(lock)
    : subject
      ? pictureOfCandidate(subject, requirements.ships.count)
      : null;
  const ships = plural(requirements.ships.count, "ship");
  const title = chosen ? `${ships}: ${candidateName(chosen)}` : `${ships}: nothing fits`;
  // When nothing fits, what would fit and why every way lost come before any drawing.
  const body = chosen
    ? [headline(report), architecture(report, picture), candidates(report), costs(report)]
    : [headline(report), changes(report), candidates(report), architecture(report, picture), costs(report)];
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    // Nothing may be loaded and nothing may run, whatever a requirements file holds.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta name="generator" content="roadstead"><title>${esc(title)}</title><style>${STYLE}</style></head><body>`,
    `<header class="page"><span><strong>Roadstead</strong> hosting plan, ${esc(requirements.environment)}</span><span>prices as known on ${esc(plan.pricedOn)}</span></header>`,
    `<main>${[...body, growth(report), sensitivity(report), security(report), todo(report), assumptions(report)].join("\n")}</main>`,
    `<footer><p>Made by Roadstead from requirements ${esc(plan.requirementsDigest.slice(0, 19))}. The same requirements give the same page.</p></footer>`,
    "</body></html>\n",
  ].join("\n");
}

/** The same architecture as a Mermaid flowchart. */
export function renderMermaid(of: Plan | Architecture): string {
  if (of.schema === "roadstead/architecture/1") return mermaidOf(pictureOfArchitecture(of));
  const subject = subjectOf(of);
  if (!subject) return 'flowchart TB\n  none["nothing to draw: no candidate"]\n';
  return mermaidOf(pictureOfCandidate(subject, null));
}
