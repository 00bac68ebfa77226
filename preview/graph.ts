// The resource graph an offline preview returns: one shape for the stack program run under mocks
// and for cells rendered purely, so that the two can be compared.

/** A secret's place in the graph; its value is never there. */
export const REDACTED = "[secret]";

export interface GraphResource {
  /** Stack the resource belongs to, such as `prod` or `prod-c2`. */
  stack: string;
  urn: string;
  /** Pulumi type token, such as `kubernetes:apps/v1:StatefulSet` or `roadstead:index:Ship`. */
  type: string;
  /** Logical name. */
  name: string;
  /** URN of the parent; null for the stack's own children. */
  parent: string | null;
  /** False for components. */
  custom: boolean;
  /** Inputs as registered, secrets replaced by REDACTED, unknown values by null. */
  inputs: Record<string, unknown>;
  options: {
    protect?: boolean;
    retainOnDelete?: boolean;
    deleteBeforeReplace?: boolean;
    ignoreChanges?: string[];
  };
  /** URNs this resource waits for, by option or by value. */
  dependsOn: string[];
  /** URN of the provider resource, or null for a default provider. */
  provider: string | null;
}

export interface Graph {
  schema: "roadstead/graph/1";
  resources: GraphResource[];
}
