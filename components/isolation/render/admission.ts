// Rules the API server itself keeps between two updates: a library has no controller that would put things back.
import { ALLOWED, ANNOTATION, LABEL, OWN } from "../../fleet/render/names";
import { component, KUBERNETES, kubernetesObject, type RenderedResource } from "../../fleet/render/resource";

export const ADMISSION_TYPE = "roadstead:index:AdmissionPolicies";
export const PLATFORM_POLICY = "roadstead-platform-objects";
export const SINGLE_POLICY = "roadstead-one-copy";
export const WORKLOAD_POLICY = "roadstead-workloads";
export const NAMESPACE_POLICY = "roadstead-namespaces";

/** Whoever may `manage` the resource `platform` of this API group: cluster administrators, and those who were given it. */
const MAY_MANAGE =
  "authorizer.group('roadstead.dev').resource('platform').namespace(request.namespace).check('manage').allowed()";

export function renderAdmission(name: string): RenderedResource[] {
  const self = component(ADMISSION_TYPE, name, null);
  const inTenants = { namespaceSelector: { matchExpressions: [{ key: LABEL.tenant, operator: "Exists" }] } };
  const enforced = (suffix: string, policyName: string, spec: Record<string, unknown>, where: object = inTenants) => {
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
    // Not by a selector: a namespace that loses its label in the very request would no longer be selected.
    ...enforced("namespaces", NAMESPACE_POLICY, namespaces(), {}),
  ];
}

/** The namespace controller empties a namespace that is being deleted; other controllers carry out what was judged before. */
const notByTheCluster = {
  name: "not-by-the-cluster",
  expression: "!request.userInfo.username.startsWith('system:serviceaccount:kube-system:')",
};

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
          // One more could take away what a loom needs.
          operations: ["CREATE", "UPDATE", "DELETE"],
          resources: ["resourcequotas", "limitranges"],
        },
        {
          apiGroups: ["rbac.authorization.k8s.io"],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE", "DELETE"],
          resources: ["roles", "rolebindings"],
        },
      ],
    },
    matchConditions: [notByTheCluster],
    validations: [
      {
        expression: MAY_MANAGE,
        message:
          "network policies, quotas, limits and roles of a tenant belong to the platform: change them through Roadstead",
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

/** An annotation of the namespace, or null where the namespace says nothing, as one made by an older version does. */
const allowed = (annotation: string): string =>
  `has(namespaceObject.metadata.annotations) && '${annotation}' in namespaceObject.metadata.annotations`;
const value = (annotation: string): string => `namespaceObject.metadata.annotations['${annotation}']`;

/** What runs in a tenant's namespace is what its namespace allows: images, runtime class, storage class. */
function workloads(): Record<string, unknown> {
  const containers = ["containers", "initContainers", "ephemeralContainers"]
    .map((list) => `(has(variables.pod.${list}) ? variables.pod.${list} : [])`)
    .join(" + ");
  return {
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: [""],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["pods", "pods/ephemeralcontainers"],
        },
        {
          apiGroups: ["apps"],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["statefulsets", "deployments", "daemonsets", "replicasets"],
        },
        {
          apiGroups: ["batch"],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["jobs", "cronjobs"],
        },
        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["persistentvolumeclaims"] },
      ],
    },
    matchConditions: [notByTheCluster],
    variables: [
      { name: "isClaim", expression: "request.resource.resource == 'persistentvolumeclaims'" },
      {
        // dyn: the types differ in where their pod is.
        name: "pod",
        expression:
          "variables.isClaim ? dyn({}) : request.resource.resource == 'pods' ? dyn(object).spec : " +
          "request.resource.resource == 'cronjobs' ? dyn(object).spec.jobTemplate.spec.template.spec : dyn(object).spec.template.spec",
      },
      { name: "images", expression: `variables.isClaim ? [] : (${containers}).map(c, string(c.image))` },
      {
        name: "repositories",
        expression: `${allowed(ALLOWED.images)} ? ${value(ALLOWED.images)}.split(',') : []`,
      },
    ],
    validations: [
      {
        expression:
          `!(${allowed(ALLOWED.images)}) || ` +
          "variables.images.all(i, variables.repositories.exists(r, i.startsWith(r + '@sha256:'))) || " +
          MAY_MANAGE,
        message: "a tenant runs the images its platform names, by their digest",
      },
      {
        expression:
          `variables.isClaim || !(${allowed(ALLOWED.runtimeClass)}) || ` +
          "(has(variables.pod.runtimeClassName) ? string(variables.pod.runtimeClassName) : '') == " +
          `${value(ALLOWED.runtimeClass)} || ${MAY_MANAGE}`,
        message: "a tenant's pods run in the runtime class its platform names, and in no other",
      },
      {
        expression:
          `!variables.isClaim || !(${allowed(ALLOWED.storageClass)}) || ` +
          "(has(dyn(object).spec.storageClassName) ? string(dyn(object).spec.storageClassName) : '') == " +
          `${value(ALLOWED.storageClass)} || ${MAY_MANAGE}`,
        message: "a tenant's volumes are of the storage class its platform names: another may delete them",
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
