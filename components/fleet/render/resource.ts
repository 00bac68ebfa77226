// One resource as plain data: what the component registers and what a preview shows without running the component.

/** A secret's place in rendered output; its value is never there. The same word as in the preview's graph. */
export const REDACTED = "[secret]";

export interface RenderedOptions {
  protect?: boolean;
  retainOnDelete?: boolean;
  deleteBeforeReplace?: boolean;
  ignoreChanges?: string[];
}

export interface RenderedResource {
  /** Identity inside one rendering: type and logical name. */
  key: string;
  /** Pulumi type token. */
  type: string;
  /** Logical name. */
  name: string;
  /** False for components. */
  custom: boolean;
  /** Key of the parent component; null for the rendering's root. */
  parent: string | null;
  /** Inputs as registered: for Kubernetes objects the manifest; empty for components. */
  inputs: Record<string, unknown>;
  options: RenderedOptions;
  /** Keys of the resources it waits for. Only custom resources are waited for. */
  dependsOn: string[];
}

export const keyOf = (type: string, name: string): string => `${type}::${name}`;

/** Kubernetes objects Roadstead renders, by Pulumi type token. */
export const KUBERNETES = {
  Namespace: "kubernetes:core/v1:Namespace",
  ConfigMap: "kubernetes:core/v1:ConfigMap",
  Secret: "kubernetes:core/v1:Secret",
  Service: "kubernetes:core/v1:Service",
  ServiceAccount: "kubernetes:core/v1:ServiceAccount",
  PersistentVolumeClaim: "kubernetes:core/v1:PersistentVolumeClaim",
  ResourceQuota: "kubernetes:core/v1:ResourceQuota",
  LimitRange: "kubernetes:core/v1:LimitRange",
  StatefulSet: "kubernetes:apps/v1:StatefulSet",
  Lease: "kubernetes:coordination.k8s.io/v1:Lease",
  Role: "kubernetes:rbac.authorization.k8s.io/v1:Role",
  RoleBinding: "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
  NetworkPolicy: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  CiliumNetworkPolicy: "kubernetes:cilium.io/v2:CiliumNetworkPolicy",
  ValidatingAdmissionPolicy: "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
  ValidatingAdmissionPolicyBinding: "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding",
  HTTPRoute: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
} as const;
export type KubernetesType = (typeof KUBERNETES)[keyof typeof KUBERNETES];

/** apiVersion and kind of a type token. */
export function groupVersionKind(type: string): { apiVersion: string; kind: string } {
  const [, groupVersion = "", kind = ""] = type.split(":");
  return { apiVersion: groupVersion.replace(/^core\//, ""), kind };
}

/** A component of the rendering: no inputs, since what a component is given would land in state. */
export function component(type: string, name: string, parent: string | null): RenderedResource {
  return { key: keyOf(type, name), type, name, custom: false, parent, inputs: {}, options: {}, dependsOn: [] };
}

export function kubernetesObject(
  type: KubernetesType,
  name: string,
  parent: string | null,
  body: Record<string, unknown>,
  more: { options?: RenderedOptions; dependsOn?: string[] } = {},
): RenderedResource {
  return {
    key: keyOf(type, name),
    type,
    name,
    custom: true,
    parent,
    inputs: { ...groupVersionKind(type), ...body },
    options: more.options ?? {},
    dependsOn: more.dependsOn ?? [],
  };
}
