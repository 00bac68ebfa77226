// What runs in a tenant's namespace and what ships are made of: the rules the API server keeps about both.
import { ALLOWED } from "../../fleet/render/names";
import { MAY_MANAGE, notByTheCluster } from "./who";

const labels = (object: string): string => `(has(${object}.metadata.labels) ? ${object}.metadata.labels : {})`;

/** Carries a label of Roadstead's, as a ship's own objects do. */
const marked = (object: string): string =>
  `has(${object}.metadata) && has(${object}.metadata.labels) && ${object}.metadata.labels.exists(k, k.startsWith('roadstead.dev/'))`;

/** An update of annotations or finalizers alone, as drivers and controllers of any name make them. */
const UNTOUCHED =
  "(request.operation == 'UPDATE' && has(dyn(object).spec) && dyn(object).spec == dyn(oldObject).spec && " +
  `${labels("dyn(object)")} == ${labels("dyn(oldObject)")})`;

/** The API server itself mounts the account's token into a pod that does not say otherwise. */
const DEFAULT_TOKEN = " || (has(v.projected) && v.name.startsWith('kube-api-access-'))";

const text = (field: string): string => `(has(variables.pod.${field}) ? string(variables.pod.${field}) : '')`;
const volumeOf = (object: string): string =>
  `(has(dyn(${object}).spec.volumeName) ? string(dyn(${object}).spec.volumeName) : '')`;

/** An annotation of the namespace, or null where the namespace says nothing, as one made by an older version does. */
const allowed = (annotation: string): string =>
  `has(namespaceObject.metadata.annotations) && '${annotation}' in namespaceObject.metadata.annotations`;
const value = (annotation: string): string => `namespaceObject.metadata.annotations['${annotation}']`;

/**
 * What runs in a tenant's namespace is what its namespace allows: images, runtime class, storage class. What others than the
 * platform run there has nothing of a ship's, no volume that was there before, and no rank or place of its choice.
 */
export function workloads(): Record<string, unknown> {
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
          resources: ["pods", "pods/ephemeralcontainers", "pods/resize"],
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
        {
          apiGroups: [""],
          apiVersions: ["v1"],
          // A claim that is not bound yet may still be given a volume.
          operations: ["CREATE", "UPDATE"],
          resources: ["persistentvolumeclaims"],
        },
      ],
    },
    matchConditions: [notByTheCluster],
    variables: [
      { name: "isClaim", expression: "request.resource.resource == 'persistentvolumeclaims'" },
      {
        // dyn: the types differ in where their pod is.
        name: "template",
        expression:
          "variables.isClaim || request.resource.resource == 'pods' ? dyn(object) : " +
          "request.resource.resource == 'cronjobs' ? dyn(object).spec.jobTemplate.spec.template : dyn(object).spec.template",
      },
      { name: "pod", expression: "variables.isClaim ? dyn({}) : variables.template.spec" },
      { name: "images", expression: `variables.isClaim ? [] : (${containers}).map(c, string(c.image))` },
      {
        name: "repositories",
        expression: `${allowed(ALLOWED.images)} ? ${value(ALLOWED.images)}.split(',') : []`,
      },
    ],
    validations: [
      {
        // The pod a controller makes of a template is not judged again: its labels are judged here.
        expression: `${UNTOUCHED} || !(${marked("variables.template")}) || ${MAY_MANAGE}`,
        message: "nothing but the platform runs under a label of Roadstead's: ships are known by them",
      },
      {
        expression:
          "variables.isClaim || !has(variables.pod.volumes) || " +
          `variables.pod.volumes.all(v, has(v.emptyDir) || has(v.configMap) || has(v.downwardAPI)${DEFAULT_TOKEN}) || ${MAY_MANAGE}`,
        message: "a pier, a key and a ship's token are mounted by the platform's pods only",
      },
      {
        expression:
          `variables.isClaim || (${text("serviceAccountName")} in ['', 'default'] && ` +
          `${text("priorityClassName")} == '' && ${text("nodeName")} == '' && !has(variables.pod.nodeSelector) && ` +
          `!has(variables.pod.affinity) && (!has(variables.pod.tolerations) || ` +
          `variables.pod.tolerations.all(t, has(t.key) && t.key.startsWith('node.kubernetes.io/')))) || ${MAY_MANAGE}`,
        message: "a ship's account, a priority and a node are the platform's to give",
      },
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
      {
        expression:
          `!variables.isClaim || ${volumeOf("object")} == (request.operation == 'UPDATE' ? ${volumeOf("oldObject")} : '') || ` +
          MAY_MANAGE,
        message:
          "which volume a claim gets is the platform's to say: one that is kept may hold another customer's pier",
      },
    ],
  };
}

const of = (resources: string[], operations: string[], group = "") => ({
  apiGroups: [group],
  apiVersions: ["v1"],
  operations,
  resources,
});

/**
 * What a ship is made of stays as the platform made it, and nobody else gets into its containers or at its token. A ship's pod
 * may be asked to end by whoever administers the namespace; it may be given up for lost by nobody.
 */
export function shipObjects(): Record<string, unknown> {
  const kept = ["services", "configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims"];
  const inside = ["pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy"];
  const asked = (resources: string[]): string => `request.resource.resource in ${JSON.stringify(resources)}`;
  const whole = "variables.sub == ''";
  return {
    matchConstraints: {
      resourceRules: [
        of(kept, ["CREATE", "UPDATE", "DELETE"]),
        of(["statefulsets"], ["CREATE", "UPDATE", "DELETE"], "apps"),
        of(["statefulsets/scale"], ["UPDATE"], "apps"),
        of(["serviceaccounts/token", "pods/eviction"], ["CREATE"]),
        of(["pods"], ["DELETE"]),
        of(inside, ["CONNECT"]),
      ],
    },
    matchConditions: [notByTheCluster],
    variables: [
      { name: "sub", expression: "has(request.subResource) ? request.subResource : ''" },
      { name: "isPod", expression: `${asked(["pods"])} && ${whole}` },
      { name: "isEviction", expression: "variables.sub == 'eviction'" },
      {
        name: "isMarked",
        expression: `[dyn(object), dyn(oldObject)].exists(o, o != null && ${marked("o")})`,
      },
      {
        // What the request says of the time a pod is given; null where it says nothing and the pod's own time holds.
        name: "grace",
        expression:
          "variables.isEviction ? (has(dyn(object).deleteOptions) && has(dyn(object).deleteOptions.gracePeriodSeconds) ? dyn(object).deleteOptions.gracePeriodSeconds : null) : " +
          "(variables.isPod && has(dyn(request.options).gracePeriodSeconds) ? dyn(request.options).gracePeriodSeconds : null)",
      },
    ],
    validations: [
      {
        // For everybody. Where its node is really lost: the taint node.kubernetes.io/out-of-service on that node.
        expression: "variables.grace == null || variables.grace > 0",
        message:
          "no ship's pod is deleted by force: its containers may still run, and a second copy would start. If its node is " +
          "switched off for good, taint that node with node.kubernetes.io/out-of-service",
      },
      {
        expression: `${whole} || variables.isEviction || ${MAY_MANAGE}`,
        message: "nobody but the platform gets into a ship's containers, at its token, or starts and stops it",
      },
      {
        expression: `!(${whole}) || variables.isPod || !variables.isMarked || ${UNTOUCHED} || ${MAY_MANAGE}`,
        message: "what a ship is made of belongs to the platform: change it through Roadstead",
      },
    ],
  };
}
