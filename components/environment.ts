// Environment: the root of a stack, which shows policies what was decided. It refuses a stack without a lock.
import * as pulumi from "@pulumi/pulumi";
import { type ArgumentProblem, given, refuseIfAny } from "./refusal";

export const ENVIRONMENT_TYPE = "roadstead:index:Environment";

export interface EnvironmentCost {
  /** Planned amounts a month. Null: unknown. */
  low: number | null;
  mid: number | null;
  high: number | null;
  /** Three letters, such as USD. */
  currency: string;
  /** Whether some price was not found: the amounts are then less than what it costs. */
  incomplete: boolean;
  /** The most it may cost a month. Null: no budget was given. */
  budget: number | null;
}

export interface EnvironmentArgs {
  /** dev, staging or prod. */
  environment: string;
  /** The stack's name. */
  stack: string;
  /** How ships are hosted, such as eks or vps. */
  mode: string;
  provider: string;
  region: string;
  /** Cell of this stack. */
  cell: string;
  /** How many ships the lock records. */
  ships: number;
  /** Frameworks the hosting must show evidence for. */
  compliance: string[];
  residency: string;
  /** Digest of the requirements the lock was planned from, as recorded in the stack file. Null or empty: not known here. */
  requirementsDigest: string | null;
  /** Digest of the lock. */
  architectureDigest: string;
  cost: EnvironmentCost;
}

/**
 * What was decided for this stack, as a resource that policies can read. It holds no secret, so it is the one component
 * whose inputs are registered: a policy sees a component's inputs in a preview and its outputs in a deployed stack.
 *
 *     const root = new Environment("prod", { environment: "prod", stack: "prod", mode: "eks", … });
 *
 * Makes nothing. Monthly: nothing; `cost` is what the plan says. Destroyed last, since everything hangs under it.
 */
export class Environment extends pulumi.ComponentResource {
  /** Digest of the lock. */
  public readonly architectureDigest: pulumi.Output<string>;
  /** Digest of the requirements. */
  public readonly requirementsDigest: pulumi.Output<string>;
  /** Planned amount a month; null when unknown. */
  public readonly plannedMonthly: pulumi.Output<number | null>;

  constructor(name: string, args: EnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("Environment", name, environmentProblems(args));
    const shown = environmentInputs(args);
    super(ENVIRONMENT_TYPE, name, shown, opts);

    this.architectureDigest = pulumi.output(args.architectureDigest);
    this.requirementsDigest = pulumi.output(args.requirementsDigest ?? "");
    this.plannedMonthly = pulumi.output(args.cost.mid);
    this.registerOutputs({ ...shown, plannedMonthly: this.plannedMonthly });
  }
}

/** The inputs as registered, for renderings too. What is null is left out: it would read as not yet known. */
export function environmentInputs(args: EnvironmentArgs): Record<string, unknown> {
  const known = (values: object) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
  return { ...known(args), cost: known(args.cost) };
}

function environmentProblems(args: EnvironmentArgs): ArgumentProblem[] {
  const digest = /^sha256:[0-9a-f]{64}$/;
  const problem = (path: "architectureDigest" | "requirementsDigest"): ArgumentProblem => ({
    path,
    received: given(args[path] || undefined),
    accepted: "the digest `roadstead plan --write` records",
    fix: "record the architecture first: `roadstead plan FILE --stack STACK --write`",
  });
  return [
    ...(digest.test(args.architectureDigest ?? "") ? [] : [problem("architectureDigest")]),
    ...(!args.requirementsDigest || digest.test(args.requirementsDigest) ? [] : [problem("requirementsDigest")]),
  ];
}
