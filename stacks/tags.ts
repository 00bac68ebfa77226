// Tags of everything a stack makes: what a bill and an auditor group by.
import type { Architecture } from "../planner/architecture/schema";

export function stackTags(architecture: Architecture): Record<string, string> {
  return { "roadstead:stack": architecture.stack, "roadstead:environment": architecture.environment };
}
