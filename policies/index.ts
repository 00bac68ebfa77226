// Serves the rules to Pulumi. Creating a PolicyPack starts a server, so it happens here and nowhere else, and nobody
// imports this file.
import {
  type Policies,
  PolicyPack,
  type PolicyResource as EngineResource,
  type ReportViolation,
  type ResourceValidationArgs,
  type StackValidationArgs,
  UnknownValueError,
} from "@pulumi/policy";
import { judge, type PolicyResource, type Rule, rules, stackOf, UNKNOWN } from "./rules";

/** How the engine writes a text that is not known yet (@pulumi/pulumi, runtime/rpc.ts). */
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A copy with UNKNOWN for what is not known yet: the engine's proxy throws there, even before a violation that is known. */
function plain(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  const source = value as Record<string, unknown>;
  const read = (key: string): unknown => {
    try {
      return plain(source[key]);
    } catch (error) {
      if (error instanceof UnknownValueError) return UNKNOWN;
      throw error;
    }
  };
  const keys = Object.keys(source);
  return Array.isArray(value) ? keys.map(read) : Object.fromEntries(keys.map((key) => [key, read(key)]));
}

function fromStack(resource: EngineResource): PolicyResource {
  const waits = [...resource.dependencies, ...Object.values(resource.propertyDependencies).flat()];
  return {
    urn: resource.urn,
    type: resource.type,
    name: resource.name,
    props: plain(resource.props) as Record<string, unknown>,
    options: { protect: resource.opts.protect, ignoreChanges: resource.opts.ignoreChanges },
    parent: resource.parent?.urn ?? null,
    dependsOn: [...new Set(waits.map((r) => r.urn))],
  };
}

function fromArgs(args: ResourceValidationArgs): PolicyResource {
  return {
    urn: args.urn,
    type: args.type,
    name: args.name,
    props: plain(args.props) as Record<string, unknown>,
    options: { protect: args.opts.protect, ignoreChanges: args.opts.ignoreChanges },
    parent: args.opts.parent ?? null,
    dependsOn: [],
  };
}

/** A violation is reported at the rule's level; what is not known yet as the engine reports it, by its own error. */
function tell(rule: Rule, resources: PolicyResource[], all: PolicyResource[], report: ReportViolation): void {
  const stack = stackOf(all);
  let undecided: string | undefined;
  for (const resource of resources) {
    const said = judge(rule, resource, stack);
    if (said?.verdict === "fail") report(said.message, said.resource);
    if (said?.verdict === "undecided") undecided ??= `${resource.name}: ${said.message}`;
  }
  if (undecided) throw new UnknownValueError(UNKNOWN_TEXT, [undecided]);
}

const policies: Policies = rules.map((rule) => {
  const { name, description, level: enforcementLevel, severity } = rule;
  const about = { name: `roadstead-${name}`, description, enforcementLevel, severity };
  if (rule.scope === "resource") {
    return {
      ...about,
      validateResource: (args: ResourceValidationArgs, report: ReportViolation) => {
        const resource = fromArgs(args);
        tell(rule, [resource], [resource], report);
      },
    };
  }
  return {
    ...about,
    validateStack: (args: StackValidationArgs, report: ReportViolation) => {
      const resources = args.resources.map(fromStack);
      tell(rule, resources, resources, report);
    },
  };
});

new PolicyPack("roadstead", { policies });
