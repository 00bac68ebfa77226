// Who acts inside a customer's namespace, and what they try.
import { type Answer, type Api, eventually, type KubeObject } from "../control-plane/api";
import { mustCreate } from "./deploy";

export const refused = (answer: Answer, why: RegExp): void => {
  expect(answer.ok).toBe(false);
  expect(answer.message).toMatch(why);
};

/** A pod that meets the restricted standard and asks for little. */
export function modest(name: string, namespace: string, change: Record<string, unknown> = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      securityContext: { runAsNonRoot: true, runAsUser: 10_000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "only",
          image: "example.com/only",
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
      ...change,
    },
  };
}

/** A network policy that would let everybody in. */
export const openPolicy = (name: string, namespace: string): KubeObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace },
  spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [{}] },
});

/** Somebody who administers a namespace, but not the platform: Kubernetes' own role `admin`, and quotas on top. */
export async function administrator(api: Api, namespace: string): Promise<Api> {
  const administers = (role: string): KubeObject => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: `eve-${role}`, namespace: namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "eve" }],
  });
  await mustCreate(api, [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "quotas" },
      rules: [{ apiGroups: [""], resources: ["resourcequotas", "limitranges"], verbs: ["*"] }],
    },
    administers("admin"),
    administers("quotas"),
  ]);
  const eve = api.as("eve");
  await granted(eve, "create", "networkpolicies.networking.k8s.io", namespace);
  await granted(eve, "delete", "resourcequotas", namespace);
  await eventually("the platform's policy is enforced", 30_000, async () => {
    const { ok } = await eve.create(openPolicy("canary", namespace), "?dryRun=All");
    return ok ? { done: false, seen: "a network policy more was admitted" } : { done: true, value: null };
  });
  return eve;
}

/** The API server reads roles and bindings from a cache: a right just written is not yet one that is known. */
export async function granted(who: Api, verb: string, resource: string, namespace?: string): Promise<void> {
  await eventually(`the right to ${verb} ${resource}`, 30_000, async () =>
    (await who.canI(verb, resource, namespace))
      ? { done: true, value: undefined }
      : { done: false, seen: "not granted yet" },
  );
}
