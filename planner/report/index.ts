// The report: a plan as one page a person would show their boss. Pure: data in, text out.
import type { Architecture } from "../architecture/schema";
import type { Plan } from "../plan/schema";
import type { Requirements } from "../requirements/schema";

export interface ReportInput {
  requirements: Requirements;
  plan: Plan;
  /** The recorded decision; without one the diagram shows the chosen candidate. */
  architecture?: Architecture;
}

/** One self-contained HTML page: no script, no request, readable offline and on paper. */
export function renderHtml(input: ReportInput): string {
  return `<!doctype html><title>${input.plan.chosen ?? "nothing fits"}</title>`;
}

/** The same architecture as a Mermaid flowchart. */
export function renderMermaid(of: Plan | Architecture): string {
  return `flowchart TB\n%% ${of.schema}\n`;
}
