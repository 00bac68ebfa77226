// Rules the API server itself keeps between two updates: a library has no controller that would put things back.
import { ANNOTATION, heldBy, LABEL, OWN } from "../../fleet/render/names";
import { component, KUBERNETES, kubernetesObject, type RenderedResource } from "../../fleet/render/resource";
import { shipObjects, workloads } from "./workload-rules";
import { MAY_MANAGE, notByTheCluster } from "./who";

export const ADMISSION_TYPE = "roadstead:index:AdmissionPolicies";
export const PLATFORM_POLICY = "roadstead-platform-objects";
export const SINGLE_POLICY = "roadstead-one-copy";
export const WORKLOAD_POLICY = "roadstead-workloads";
export const SHIP_POLICY = "roadstead-ships";
export const NAMESPACE_POLICY = "roadstead-namespaces";

/** `stack`: the one that makes them. */
export function renderAdmission(name: string, stack: string | null = null): RenderedResource[] {
  const self = component(ADMISSION_TYPE, name, null);
  const inTenants = { namespaceSelector: { matchExpressions: [{ key: LABEL.tenant, operator: "Exists" }] } };
  const enforced = (suffix: string, policyName: string, spec: Record<string, unknown>, where: object = inTenants) => {
    const policy = kubernetesObject(KUBERNETES.ValidatingAdmissionPolicy, `${name}-${suffix}`, self.key, {
      metadata: { name: policyName, labels: OWN, annotations: heldBy(stack) },
      spec: { failurePolicy: "Fail", ...spec },
    });
    const binding = kubernetesObject(
      KUBERNETES.ValidatingAdmissionPolicyBinding,
      `${name}-${suffix}-binding`,
      self.key,
      {
        metadata: { name: policyName, labels: OWN, annotations: heldBy(stack) },
        spec: {
          policyName,
          validationActions: ["Deny"],
          ...(where === inTenants ? { matchResources: inTenants } : {}),
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
    ...enforced("workloads", WORKLOAD_POLICY, workloads()),
    ...enforced("ships", SHIP_POLICY, shipObjects()),
    // Not by a selector: a namespace that loses its label in the very request would no longer be selected.
    ...enforced("namespaces", NAMESPACE_POLICY, namespaces(), {}),
  ];
}

/** By API group: what of a tenant's namespace is the platform's, and nobody else's to add, change, remove or weaken. */
const PLATFORM_OBJECTS: [group: string, resources: string[]][] = [
  // A policy more is a permission more: policies add up.
  ["networking.k8s.io", ["networkpolicies", "ingresses"]],
  ["cilium.io", ["ciliumnetworkpolicies"]],
  ["crd.projectcalico.org", ["networkpolicies"]],
  // A route to another ship's host name, more exact than that ship's own, would take its visitors and their passwords; a
  // grant would let another namespace's route in.
  ["gateway.networking.k8s.io", ["*"]],
  ["gateway.envoyproxy.io", ["*"]],
  // A pod in another ship's target group would get what its peers send.
  ["elbv2.k8s.aws", ["*"]],
  // Addresses behind a Service, chosen by hand: the gateway would go where its customers may not.
  ["discovery.k8s.io", ["endpointslices"]],
  // A limit more could take away what a loom needs.
  ["", ["endpoints", "resourcequotas", "limitranges"]],
  ["rbac.authorization.k8s.io", ["roles", "rolebindings"]],
  // A budget that allows nothing holds up every node; a scaler starts what was stopped, or shrinks it below its loom.
  ["policy", ["poddisruptionbudgets"]],
  ["autoscaling", ["horizontalpodautoscalers"]],
  ["autoscaling.k8s.io", ["*"]],
  // What they name is fetched by the platform's monitoring, with its rights.
  ["monitoring.coreos.com", ["*"]],
  // A snapshot is a copy of the pier, the private key in it.
  ["snapshot.storage.k8s.io", ["volumesnapshots"]],
];

function platformObjects(): Record<string, unknown> {
  return {
    matchConstraints: {
      resourceRules: PLATFORM_OBJECTS.map(([group, resources]) => ({
        apiGroups: [group],
        apiVersions: ["*"],
        operations: ["CREATE", "UPDATE", "DELETE"],
        resources,
        // A selector of namespaces lets everything through to a rule that has none, such as a gateway's class.
        scope: "Namespaced",
      })),
    },
    matchConditions: [notByTheCluster],
    validations: [
      {
        expression: MAY_MANAGE,
        message:
          "network policies, routes, target groups, endpoints, quotas, limits, roles, budgets, scalers, monitors and snapshots of " +
          "a tenant belong to the platform: change them through Roadstead",
      },
    ],
  };
}

/** One copy of a ship, however it is asked for, and no old one; and no way in besides the gateway. */
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
        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["persistentvolumeclaims"] },
      ],
    },
    // dyn: each rule is about one of the types, and the others have no such field.
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
      {
        // Every node would send what is meant for that address to this Service instead: a galaxy's, another ship's, the API's.
        expression:
          "request.resource.resource != 'services' || !has(dyn(object).spec.externalIPs) || size(dyn(object).spec.externalIPs) == 0",
        message: "a Service takes no address that is not its own: no externalIPs",
      },
      {
        expression:
          "request.resource.resource != 'persistentvolumeclaims' || " +
          "(!has(dyn(object).spec.dataSource) && !has(dyn(object).spec.dataSourceRef)) || " +
          `(has(object.metadata.annotations) && '${ANNOTATION.breach}' in object.metadata.annotations && ` +
          `object.metadata.annotations['${ANNOTATION.breach}'] != '' && ${MAY_MANAGE})`,
        message:
          "no ship starts from a snapshot or a clone: an old copy that runs again is a breach, which only its owner can make and " +
          `which ${ANNOTATION.breach} then says; a restore is tried out where there is no ship and no network`,
      },
    ],
  };
}

/** A tenant's namespace carries what it may do, and the pod security standard: both are the platform's. */
function namespaces(): Record<string, unknown> {
  return {
    matchConstraints: {
      resourceRules: [
        { apiGroups: [""], apiVersions: ["v1"], operations: ["UPDATE", "DELETE"], resources: ["namespaces"] },
      ],
    },
    matchConditions: [
      notByTheCluster,
      {
        name: "of-a-tenant",
        expression: `has(oldObject.metadata.labels) && '${LABEL.tenant}' in oldObject.metadata.labels`,
      },
    ],
    validations: [
      {
        expression: MAY_MANAGE.replace("request.namespace", "request.name"),
        message: "a tenant's namespace belongs to the platform: change it through Roadstead",
      },
    ],
  };
}
