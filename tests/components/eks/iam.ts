// What an IAM policy document allows, evaluated as IAM does (docs: "Policy evaluation logic"): a Deny wins, then an Allow, else
// nothing. Only the operators our documents use; any other is an error here, not a guess.
import type { Statement } from "../../../components/eks/render/iam-documents";

export interface Request {
  action: string;
  resource: string;
  /** Condition keys and their values, such as `aws:ResourceTag/team`. */
  context?: Record<string, string>;
}

export const statementsOf = (document: string): Statement[] =>
  (JSON.parse(document) as { Statement: Statement[] }).Statement;

const list = <T>(value: T | T[] | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** `*` is any text, `?` any character, also across slashes and colons. */
function matches(pattern: string, text: string, ignoreCase = false): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, ignoreCase ? "is" : "s").test(text);
}

const OPERATORS: Record<string, (have: string | undefined, wanted: string) => boolean> = {
  StringEquals: (have, wanted) => have === wanted,
  StringLike: (have, wanted) => have !== undefined && matches(wanted, have),
  ArnLike: (have, wanted) => have !== undefined && matches(wanted, have),
  Bool: (have, wanted) => have === wanted,
  Null: (have, wanted) => (have === undefined) === (wanted === "true"),
};

/** Every key must hold; of several values of a key one. */
function holds(condition: Statement["Condition"], context: Record<string, string>): boolean {
  return Object.entries(condition ?? {}).every(([operator, keys]) => {
    const test = OPERATORS[operator];
    if (test === undefined) throw new Error(`the operator ${operator} is not known here`);
    return Object.entries(keys).every(([key, values]) => list(values).some((v) => test(context[key], v)));
  });
}

export function allows(document: string, { action, resource, context = {} }: Request): boolean {
  const said = statementsOf(document).filter(
    (s) =>
      list(s.Action).some((a) => matches(a, action, true)) &&
      list(s.Resource).some((r) => matches(r, resource)) &&
      holds(s.Condition, context),
  );
  return said.length > 0 && said.every((s) => s.Effect === "Allow");
}
