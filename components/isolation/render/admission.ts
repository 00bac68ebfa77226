// Rules the API server itself keeps between two updates: a library has no controller that would put things back.
import { LABEL, OWN } from "../../fleet/render/names";
import { component, KUBERNETES, kubernetesObject, type RenderedResource } from "../../fleet/render/resource";

export const ADMISSION_TYPE = "roadstead:index:AdmissionPolicies";
export const PLATFORM_POLICY = "roadstead-platform-objects";
export const SINGLE_POLICY = "roadstead-one-copy";

/** Whoever may `manage` the resource `platform` of this API group: cluster administrators, and those who were given it. */
const MAY_MANAGE =
  "authorizer.group('roadstead.dev').resource('platform').namespace(request.namespace).check('manage').allowed()";

export function renderAdmission(name: string): RenderedResource[] {
  const self = component(ADMISSION_TYPE, name, null);
  const enforced = (suffix: string, policyName: string, spec: Record<string, unknown>) => {
    const policy = kubernetesObject(KUBERNETES.ValidatingAdmissionPolicy, `${name}-${suffix}`, self.key, {
      metadata: { name: policyName, labels: OWN },
      spec: { failurePolicy: "Fail", ...spec },
    });
    const binding = kubernetesObject(
      KUBERNETES.ValidatingAdmissionPolicyBinding,
      `${name}-${suffix}-binding`,
      self.key,
      {
        metadata: { name: policyName, labels: OWN },
        spec: {
          policyName,
          validationActions: ["Deny"],
          matchResources: { namespaceSelector: { matchExpressions: [{ key: LABEL.tenant, operator: "Exists" }] } },
        },
      },
      { dependsOn: [policy.key] },
    );
    return [policy, binding];
  };
  return [
    self,
    ...enforced("platform", PLATFORM_POLICY, platformObjects()),
    ...enforced("one-copy", SINGLE_POLICY, oneCopy()),
  ];
}

/** A tenant's network policies, quota and limits are the platform's: nobody else changes, removes or weakens them. */
function platformObjects(): Record<string, unknown> {
  return {
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ["networking.k8s.io"],
          apiVersions: ["v1"],
          // A policy more is a permission more: policies add up.
          operations: ["CREATE", "UPDATE", "DELETE"],
          resources: ["networkpolicies"],
        },
        {
          apiGroups: [""],
          apiVersions: ["v1"],
          operations: ["UPDATE", "DELETE"],
          resources: ["resourcequotas", "limitranges"],
        },
      ],
    },
    matchConditions: [
      // The namespace controller empties a namespace that is being deleted.
      {
        name: "not-by-the-cluster",
        expression: "!request.userInfo.username.startsWith('system:serviceaccount:kube-system:')",
      },
    ],
    validations: [
      {
        expression: MAY_MANAGE,
        message:
          "network policies, quotas and limits of a tenant belong to the platform: change them through Roadstead",
      },
    ],
  };
}

/** One copy of a ship, however it is asked for; and no way in besides the gateway. */
function oneCopy(): Record<string, unknown> {
  return {
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ["apps"],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["statefulsets", "statefulsets/scale"],
        },
        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["services"] },
      ],
    },
    // dyn: each rule is about one of the two types, and the other has no such field.
    validations: [
      {
        expression:
          "request.resource.resource != 'statefulsets' || !has(dyn(object).spec.replicas) || dyn(object).spec.replicas <= 1",
        message: "a ship never runs twice: at most one replica",
      },
      {
        expression:
          "request.resource.resource != 'services' || !has(dyn(object).spec.type) || dyn(object).spec.type == 'ClusterIP'",
        message: "ships are reached through the gateway: no NodePort, LoadBalancer or ExternalName",
      },
    ],
  };
}
