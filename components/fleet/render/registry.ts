// The registry: one namespace a cluster in which every ship is claimed, and the policy that makes a claim final.
import { ANNOTATION, FIRST_BOOT, heldBy, OWN, REGISTRY_NAMESPACE } from "./names";
import { component, KUBERNETES, kubernetesObject, type RenderedResource } from "./resource";

export const REGISTRY_TYPE = "roadstead:index:Registry";
export const CLAIM_POLICY = "roadstead-claims";

export interface RegistryPlan {
  /** Whether the cluster has ValidatingAdmissionPolicy (Kubernetes 1.30). */
  admissionPolicy: boolean;
  /** The stack that makes it. */
  stack: string | null;
}

export function renderRegistry(name: string, plan: RegistryPlan): RenderedResource[] {
  const self = component(REGISTRY_TYPE, name, null);
  const namespace = kubernetesObject(
    KUBERNETES.Namespace,
    `${name}-namespace`,
    self.key,
    {
      metadata: {
        name: REGISTRY_NAMESPACE,
        labels: { ...OWN, "pod-security.kubernetes.io/enforce": "restricted" },
        annotations: heldBy(plan.stack),
      },
    },
    // Deleting it deletes every claim, and then any stack could boot any ship a second time.
    { options: { protect: true, retainOnDelete: true } },
  );
  if (!plan.admissionPolicy) return [self, namespace];
  // Claims outlive their stack, and so does what makes them final.
  const options = { retainOnDelete: true };
  const policy = kubernetesObject(
    KUBERNETES.ValidatingAdmissionPolicy,
    `${name}-claims`,
    self.key,
    claimPolicy(plan.stack),
    {
      options,
    },
  );
  const binding = kubernetesObject(
    KUBERNETES.ValidatingAdmissionPolicyBinding,
    `${name}-claims-binding`,
    self.key,
    {
      metadata: { name: CLAIM_POLICY, labels: OWN, annotations: heldBy(plan.stack) },
      spec: { policyName: CLAIM_POLICY, validationActions: ["Deny"] },
    },
    { options, dependsOn: [policy.key] },
  );
  return [self, namespace, policy, binding];
}

const annotation = (object: string, key: string, otherwise: string): string =>
  `(has(${object}.metadata.annotations) && '${key}' in ${object}.metadata.annotations ? ` +
  `${object}.metadata.annotations['${key}'] : '${otherwise}')`;

/** For everybody, the deployer included: whoever must undo a claim removes the binding first, which an audit log shows. */
function claimPolicy(stack: string | null): Record<string, unknown> {
  const order = `[${FIRST_BOOT.map((s) => `'${s}'`).join(", ")}]`;
  return {
    metadata: { name: CLAIM_POLICY, labels: OWN, annotations: heldBy(stack) },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ["coordination.k8s.io"],
            apiVersions: ["v1"],
            operations: ["UPDATE", "DELETE"],
            resources: ["leases"],
          },
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            operations: ["DELETE"],
            resources: ["namespaces"],
            resourceNames: [REGISTRY_NAMESPACE],
          },
        ],
      },
      matchConditions: [
        {
          name: "in-registry",
          expression: `request.resource.resource == 'namespaces' || request.namespace == '${REGISTRY_NAMESPACE}'`,
        },
      ],
      variables: [
        { name: "deletes", expression: "request.operation == 'DELETE'" },
        { name: "was", expression: annotation("oldObject", ANNOTATION.firstBoot, "never") },
        {
          name: "becomes",
          expression: `variables.deletes ? 'never' : ${annotation("object", ANNOTATION.firstBoot, "")}`,
        },
        { name: "wasEvent", expression: annotation("oldObject", ANNOTATION.lastEvent, "none") },
        {
          name: "becomesEvent",
          expression: `variables.deletes ? 'none' : ${annotation("object", ANNOTATION.lastEvent, "")}`,
        },
        {
          name: "breached",
          expression:
            `!variables.deletes && ${annotation("object", ANNOTATION.breach, "")} != '' && ` +
            `${annotation("object", ANNOTATION.breach, "")} != ${annotation("oldObject", ANNOTATION.breach, "")}`,
        },
        {
          name: "byShip",
          expression: "request.userInfo.username.matches('^system:serviceaccount:[^:]+:ship-c[0-9]+$')",
        },
      ],
      validations: [
        { expression: "!variables.deletes", message: "a claim is never deleted: a second copy of the ship could boot" },
        {
          // dyn: the policy matches namespaces, too, and their type has no such field.
          expression: "variables.deletes || dyn(object).spec.holderIdentity == dyn(oldObject).spec.holderIdentity",
          message:
            "the holder of a claim never changes: ships move with `roadstead ship move` only (from the rollout version on)",
        },
        {
          expression: `variables.deletes || (variables.becomes in ${order} && (variables.breached || ${order}.indexOf(variables.becomes) >= ${order}.indexOf(variables.was)))`,
          message: "a first boot happens once: never, started, done, and back only with a new roadstead.dev/breach",
        },
        {
          expression:
            "variables.deletes || (variables.breached || variables.wasEvent == 'none' " +
            "? variables.becomesEvent.matches('^(none|[0-9]{1,18})$') " +
            ": variables.becomesEvent.matches('^[0-9]{1,18}$') && int(variables.becomesEvent) >= int(variables.wasEvent))",
          message: "the last event only grows: a smaller one would let an old copy run",
        },
        {
          expression:
            "!variables.byShip || (object.spec == oldObject.spec && !variables.breached && " +
            "'authentication.kubernetes.io/pod-name' in request.userInfo.extra && " +
            "request.userInfo.extra['authentication.kubernetes.io/pod-name'][0] == oldObject.metadata.name + '-0' && " +
            "dyn(oldObject).spec.holderIdentity.endsWith('/' + request.userInfo.username.split(':')[2]))",
          message: "a ship's pod moves on its own claim only",
        },
      ],
    },
  };
}
