// Registry: the one place in a cluster where ships are claimed. It refuses to let a claim go.
import * as pulumi from "@pulumi/pulumi";
import { register } from "./register";
import { REGISTRY_NAMESPACE } from "./render/names";
import { REGISTRY_TYPE, renderRegistry } from "./render/registry";
import { keyOf, KUBERNETES } from "./render/resource";

export interface RegistryArgs {
  /** Whether the cluster has ValidatingAdmissionPolicy (Kubernetes 1.30). Default true. Without it the claim of another stack can be overwritten by whoever may write Leases in the registry. */
  admissionPolicy?: boolean;
}

/**
 * The namespace `roadstead-registry`, and the admission policy by which a claim's holder never changes, a claim is never
 * deleted, and run state only moves on. Once a cluster: cells of every stack claim their ships here. A claim is as wide as
 * its cluster; a ship that runs in another cluster is not seen.
 *
 *     new Registry("prod-registry", {}, { providers: [cluster.provider] });
 *
 * Monthly: nothing. Destroyed: never by itself; the namespace is protected and stays when it is forgotten.
 */
export class Registry extends pulumi.ComponentResource {
  /** Namespace of the claims. */
  public readonly namespace: pulumi.Output<string>;
  /** True once claims are protected: the policy is in force, or was declined. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: RegistryArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super(REGISTRY_TYPE, name, {}, opts);
    const rendered = renderRegistry(name, {
      admissionPolicy: args.admissionPolicy ?? true,
      stack: pulumi.getStack(),
    });
    const made = register(rendered, this);

    this.namespace = made.get(keyOf(KUBERNETES.Namespace, `${name}-namespace`))!.urn.apply(() => REGISTRY_NAMESPACE);
    this.ready = pulumi.all([...made.values()].map((r) => r.urn)).apply(() => true);
    this.registerOutputs({ namespace: this.namespace, ready: this.ready });
  }
}
