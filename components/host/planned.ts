// Turns planned resources into registered ones, by the classes a provider has for them. Decides nothing.
import * as pulumi from "@pulumi/pulumi";
import {
  isGivenRef,
  isOutputRef,
  isSecretRef,
  type OutputRef,
  type Planned,
  type PlannedResource,
} from "./render/resources";

// The planned inputs are checked against these classes by the tests that compare registered sets, not by the compiler.
export type ResourceClass = {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  new (name: string, args: any, opts?: pulumi.CustomResourceOptions): pulumi.CustomResource;
};

/** Registers resources in their order, each a child of `parent`, and gives them by key. `earlier`: those that they may wait for. */
export function registerPlanned(
  classes: Readonly<Record<string, ResourceClass>>,
  parent: pulumi.Resource,
  planned: PlannedResource[],
  given: Record<string, pulumi.Input<unknown> | undefined> = {},
  earlier?: Registered,
): Registered {
  const made = new Map<string, pulumi.CustomResource>();
  const find = (key: string): pulumi.CustomResource => {
    const resource = made.get(key) ?? earlier?.find(key);
    if (!resource) throw new Error(`planned resources are out of order: ${key} is not registered yet`);
    return resource;
  };
  const read = (ref: OutputRef): pulumi.Output<unknown> => {
    const value = (find(ref.ref) as unknown as Record<string, pulumi.Output<unknown>>)[ref.output];
    if (!value) throw new Error(`${ref.ref} has no output ${ref.output}`);
    return ref.number ? value.apply((id) => Number(id)) : value;
  };
  const resolve = (value: Planned): unknown => {
    if (value === undefined || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(resolve);
    if (isOutputRef(value)) return read(value);
    if (isGivenRef(value)) return given[value.given];
    if (isSecretRef(value)) return pulumi.secret(given[value.secret]);
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolve(v)]));
  };
  for (const resource of planned) {
    const Class = classes[resource.type];
    if (!Class) throw new Error(`no class for ${resource.type}`);
    made.set(
      resource.key,
      // Why an option is set is said where the resource is planned.
      new Class(resource.name, resolve(resource.inputs), {
        ...resource.options,
        parent,
        dependsOn: resource.dependsOn.map(find),
      }),
    );
  }
  return { read: (ref) => read(ref) as pulumi.Output<string>, find };
}

export interface Registered {
  read: (ref: OutputRef) => pulumi.Output<string>;
  find: (key: string) => pulumi.CustomResource;
}
