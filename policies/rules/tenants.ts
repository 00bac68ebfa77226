// Tenants: a namespace per customer, closed, bounded, and readable only.
import { get, label, list, each, type PolicyResource, type PolicyStack, type Rule } from "./resource";

const TENANT = "roadstead.dev/tenant";
const NAMESPACE = "kubernetes:core/v1:Namespace";
const NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy";
const REGISTRY = "roadstead-registry";
/** What no ship may reach: other tenants' pods, nodes, the metadata service. */
const INTERNAL = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"];

const isTenant = (r: PolicyResource): boolean => r.type === NAMESPACE && label(r, TENANT) !== undefined;
const nameOf = (r: PolicyResource): unknown => get(r.props, "metadata.name");

/** Objects of one type in the namespace. One whose namespace is not known yet leaves the question open. */
const inside = (namespace: PolicyResource, stack: PolicyStack, type: string): PolicyResource[] =>
  stack.ofType(type).filter((r) => get(r.props, "metadata.namespace") === nameOf(namespace));

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0);
const selectsAll = (r: PolicyResource): boolean =>
  isEmpty(get(r.props, "spec.podSelector.matchLabels")) && isEmpty(get(r.props, "spec.podSelector.matchExpressions"));

export const TENANT_RULES: Rule[] = [
  {
    name: "tenant-default-deny",
    description: "Nothing enters or leaves a tenant's pods unless a rule allows it.",
    severity: "critical",
    level: "mandatory",
    scope: "stack",
    applies: isTenant,
    *check(namespace, stack) {
      const denies = inside(namespace, stack, NETWORK_POLICY).filter((p) => {
        const types = list(p.props, "spec.policyTypes");
        const rules = [...list(p.props, "spec.ingress"), ...list(p.props, "spec.egress")];
        return selectsAll(p) && types.includes("Ingress") && types.includes("Egress") && rules.length === 0;
      });
      if (denies.length === 0) yield `namespace ${String(nameOf(namespace))} has no default deny for both directions`;
    },
  },
  {
    name: "tenant-egress-not-internal",
    description: "What a tenant may send to the Internet cannot reach private networks or the metadata service.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: (r) => r.type === NETWORK_POLICY && label(r, TENANT) !== undefined,
    *check(r) {
      yield* each(list(r.props, "spec.egress"), function* (rule) {
        const to = list(rule, "to");
        if (to.length === 0) yield "an egress rule without `to` reaches everything";
        yield* each(to, function* (peer) {
          if (get(peer, "ipBlock.cidr") !== "0.0.0.0/0") return;
          const except = list(peer, "ipBlock.except").map(String);
          for (const cidr of INTERNAL) if (!covered(cidr, except)) yield `${cidr} is not excepted from 0.0.0.0/0`;
        });
      });
    },
  },
  {
    name: "tenant-quota-and-limits",
    description: "A tenant has a quota, and defaults without which the quota would refuse its pods.",
    severity: "high",
    level: "mandatory",
    scope: "stack",
    applies: isTenant,
    *check(namespace, stack) {
      const quotas = inside(namespace, stack, "kubernetes:core/v1:ResourceQuota");
      const name = String(nameOf(namespace));
      if (quotas.length === 0) yield `namespace ${name} has no ResourceQuota`;
      for (const quota of quotas) {
        const hard = (get(quota.props, "spec.hard") ?? {}) as Record<string, unknown>;
        for (const key of ["pods", "requests.memory", "requests.storage"]) {
          if (!(key in hard)) yield `the quota of ${name} does not bound ${key}`;
        }
        for (const key of ["services.loadbalancers", "services.nodeports"]) {
          if (hard[key] !== "0") yield `the quota of ${name} allows ${key}`;
        }
      }
      if (inside(namespace, stack, "kubernetes:core/v1:LimitRange").length === 0)
        yield `namespace ${name} has no LimitRange`;
    },
  },
  {
    name: "tenant-pod-security",
    description: "A tenant's pods must meet the restricted pod security standard.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: isTenant,
    *check(r) {
      const level = label(r, "pod-security.kubernetes.io/enforce");
      if (level !== "restricted") yield `pod security is ${String(level ?? "not enforced")}, not restricted`;
    },
  },
  {
    name: "tenant-pod-security-pinned",
    description: "The pod security standard is pinned to a version: an upgrade must not refuse ships that run.",
    severity: "low",
    level: "advisory",
    scope: "resource",
    applies: isTenant,
    *check(r) {
      if (label(r, "pod-security.kubernetes.io/enforce-version") === undefined) yield "enforce-version is not set";
    },
  },
  {
    name: "tenant-role-read-only",
    description: "Customers read: no Secrets, no exec, nothing but get, list and watch, nothing by wildcard.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: (r) =>
      r.type === "kubernetes:rbac.authorization.k8s.io/v1:Role" &&
      label(r, TENANT) !== undefined &&
      get(r.props, "metadata.namespace") !== REGISTRY,
    *check(r) {
      const forbidden =
        /^(secrets|pods\/(exec|attach|portforward|proxy|ephemeralcontainers)|services\/proxy|namespaces|\*.*)$/;
      yield* each(list(r.props, "rules"), function* (rule) {
        for (const resource of list(rule, "resources")) {
          if (forbidden.test(String(resource))) yield `${String(resource)} is allowed`;
        }
        for (const verb of list(rule, "verbs")) {
          if (!["get", "list", "watch"].includes(String(verb))) yield `verb ${String(verb)} is allowed`;
        }
      });
    },
  },
  {
    name: "claim-role-narrow",
    description: "A ship's pod may read and move on the claims of its cell's ships by name, and nothing else.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: (r) =>
      r.type === "kubernetes:rbac.authorization.k8s.io/v1:Role" && get(r.props, "metadata.namespace") === REGISTRY,
    *check(r) {
      yield* each(list(r.props, "rules"), function* (rule) {
        if (list(rule, "resources").join() !== "leases") yield "it reaches more than leases";
        if (list(rule, "resourceNames").length === 0) yield "it reaches every ship's claim";
        for (const verb of list(rule, "verbs")) {
          if (!["get", "patch"].includes(String(verb))) yield `verb ${String(verb)} is allowed`;
        }
      });
    },
  },
  {
    name: "tenant-no-own-entrance",
    description: "Ships are reached through the gateway: no LoadBalancer, NodePort or ExternalName in a tenant.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: (r) => r.type === "kubernetes:core/v1:Service" && label(r, TENANT) !== undefined,
    *check(r) {
      const type = get(r.props, "spec.type") ?? "ClusterIP";
      if (type !== "ClusterIP") yield `Service type is ${String(type)}`;
      yield* each(list(r.props, "spec.ports"), function* (p) {
        const target = get(p, "targetPort");
        // The VPC CNI does not enforce policies on a Service whose port differs from the container's.
        if (target !== undefined && target !== get(p, "port"))
          yield `port ${String(get(p, "port"))} leads to ${String(target)}`;
      });
    },
  },
  {
    name: "tenant-no-cluster-admin",
    description: "No tenant's account is bound to cluster-admin.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: (r) =>
      r.type === "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding" ||
      r.type === "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
    *check(r) {
      if (get(r.props, "roleRef.name") !== "cluster-admin") return;
      yield* each(list(r.props, "subjects"), function* (s) {
        const namespace = String(get(s, "namespace") ?? "");
        const name = String(get(s, "name") ?? "");
        if (/^t-[0-9a-f]{10}$/.test(namespace) || /^roadstead:t-/.test(name))
          yield `${name || namespace} is cluster-admin`;
      });
    },
  },
];

/** Whether a network lies inside one of the others. */
function covered(cidr: string, others: string[]): boolean {
  const inner = range(cidr);
  return others.some((other) => {
    const outer = range(other);
    return outer.first <= inner.first && inner.last <= outer.last;
  });
}

function range(cidr: string): { first: number; last: number } {
  const [address = "", bits = "32"] = cidr.split("/");
  const value = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return { first: Math.floor(value / size) * size, last: Math.floor(value / size) * size + size - 1 };
}
