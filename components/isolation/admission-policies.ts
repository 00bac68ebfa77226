// AdmissionPolicies: what the API server refuses in tenants' namespaces. Once a cluster.
import * as pulumi from "@pulumi/pulumi";
import { register } from "../fleet/register";
import { ADMISSION_TYPE, renderAdmission } from "./render/admission";

/**
 * Policies for every namespace with the label `roadstead.dev/tenant`: what is the platform's there and what a ship is made of
 * is changed by the platform only; what others run has nothing of a ship's; no StatefulSet has two replicas, no Service a way in
 * besides the gateway, and no pod is deleted by force.
 *
 * Needs Kubernetes 1.30. Who deploys must be a cluster administrator or hold the verb `manage` on `platform.roadstead.dev`.
 *
 *     new AdmissionPolicies("prod", { providers: [cluster.provider] });
 *
 * Monthly: nothing. Destroyed: bindings, then policies; after the tenants, which are unprotected from then on.
 */
export class AdmissionPolicies extends pulumi.ComponentResource {
  /** True once the policies are in force. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super(ADMISSION_TYPE, name, {}, opts);
    const made = register(renderAdmission(name, pulumi.getStack()), this);
    this.ready = pulumi.all([...made.values()].map((r) => r.urn)).apply(() => true);
    this.registerOutputs({ ready: this.ready });
  }
}
