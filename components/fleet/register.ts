// Turns rendered resources into Pulumi resources, adding nothing: what a preview shows is what is registered.
import type * as pulumi from "@pulumi/pulumi";
import { ValidatingAdmissionPolicy } from "@pulumi/kubernetes/admissionregistration/v1/validatingAdmissionPolicy";
import { ValidatingAdmissionPolicyBinding } from "@pulumi/kubernetes/admissionregistration/v1/validatingAdmissionPolicyBinding";
import { CustomResource as KubernetesCustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { StatefulSet } from "@pulumi/kubernetes/apps/v1/statefulSet";
import { Lease } from "@pulumi/kubernetes/coordination/v1/lease";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { LimitRange } from "@pulumi/kubernetes/core/v1/limitRange";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim";
import { ResourceQuota } from "@pulumi/kubernetes/core/v1/resourceQuota";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import { Role } from "@pulumi/kubernetes/rbac/v1/role";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding";
import { KUBERNETES, type KubernetesType, type RenderedResource } from "./render/resource";

type Create = (name: string, inputs: Record<string, unknown>, opts: pulumi.CustomResourceOptions) => pulumi.Resource;

const customResource: Create = (n, i, o) =>
  new KubernetesCustomResource(n, i as { apiVersion: string; kind: string }, o);

const CREATE: Record<KubernetesType, Create> = {
  [KUBERNETES.Namespace]: (n, i, o) => new Namespace(n, i, o),
  [KUBERNETES.ConfigMap]: (n, i, o) => new ConfigMap(n, i, o),
  [KUBERNETES.Secret]: (n, i, o) => new Secret(n, i, o),
  [KUBERNETES.Service]: (n, i, o) => new Service(n, i, o),
  [KUBERNETES.ServiceAccount]: (n, i, o) => new ServiceAccount(n, i, o),
  [KUBERNETES.PersistentVolumeClaim]: (n, i, o) => new PersistentVolumeClaim(n, i, o),
  [KUBERNETES.ResourceQuota]: (n, i, o) => new ResourceQuota(n, i, o),
  [KUBERNETES.LimitRange]: (n, i, o) => new LimitRange(n, i, o),
  [KUBERNETES.StatefulSet]: (n, i, o) => new StatefulSet(n, i as never, o),
  [KUBERNETES.Lease]: (n, i, o) => new Lease(n, i, o),
  [KUBERNETES.Role]: (n, i, o) => new Role(n, i, o),
  [KUBERNETES.RoleBinding]: (n, i, o) => new RoleBinding(n, i as { roleRef: never }, o),
  [KUBERNETES.NetworkPolicy]: (n, i, o) => new NetworkPolicy(n, i, o),
  [KUBERNETES.ValidatingAdmissionPolicy]: (n, i, o) => new ValidatingAdmissionPolicy(n, i, o),
  [KUBERNETES.ValidatingAdmissionPolicyBinding]: (n, i, o) => new ValidatingAdmissionPolicyBinding(n, i as never, o),
  [KUBERNETES.HTTPRoute]: customResource,
  [KUBERNETES.CiliumNetworkPolicy]: customResource,
};

/** Resources already registered, by their key in the rendering. */
export type Registered = ReadonlyMap<string, pulumi.Resource>;

/**
 * Registers the objects of one component, in order. `known` are those others registered before; `secrets` replaces inputs
 * of an object, since a rendering holds no secret.
 */
export function register(
  rendered: readonly RenderedResource[],
  parent: pulumi.Resource,
  known: Registered = new Map(),
  secrets: ReadonlyMap<string, Record<string, unknown>> = new Map(),
): Map<string, pulumi.Resource> {
  const made = new Map<string, pulumi.Resource>();
  for (const resource of rendered) {
    if (!resource.custom) continue;
    const dependsOn = resource.dependsOn.map((key) => {
      const found = made.get(key) ?? known.get(key);
      if (found === undefined) throw new Error(`${resource.key} waits for ${key}, which was not registered before it`);
      return found;
    });
    made.set(
      resource.key,
      CREATE[resource.type as KubernetesType](
        resource.name,
        { ...resource.inputs, ...secrets.get(resource.key) },
        { parent, ...resource.options, dependsOn },
      ),
    );
  }
  return made;
}
