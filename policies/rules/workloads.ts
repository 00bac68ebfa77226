// Pods: what a container may do to the node it runs on.
import { pinnedByDigest } from "../../planner/predicates";
import { each, get, label, list, type PolicyResource, type Rule } from "./resource";

const TEMPLATES: Record<string, string> = {
  "kubernetes:core/v1:Pod": "spec",
  "kubernetes:apps/v1:StatefulSet": "spec.template.spec",
  "kubernetes:apps/v1:Deployment": "spec.template.spec",
  "kubernetes:apps/v1:DaemonSet": "spec.template.spec",
  "kubernetes:apps/v1:ReplicaSet": "spec.template.spec",
  "kubernetes:batch/v1:Job": "spec.template.spec",
  "kubernetes:batch/v1:CronJob": "spec.jobTemplate.spec.template.spec",
};

/** Roadstead's own workloads: what charts bring (agents on each node) needs more and is judged by its chart. */
const isOwn = (r: PolicyResource): boolean =>
  TEMPLATES[r.type] !== undefined && label(r, "app.kubernetes.io/managed-by") === "roadstead";

const pod = (r: PolicyResource): unknown => get(r.props, TEMPLATES[r.type]!);
const containers = (spec: unknown): unknown[] => [
  ...list(spec, "initContainers"),
  ...list(spec, "containers"),
  ...list(spec, "ephemeralContainers"),
];
const nameOf = (container: unknown): string => String(get(container, "name") ?? "a container");

export const WORKLOAD_RULES: Rule[] = [
  {
    name: "workload-not-root",
    description: "Containers do not run as root.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: isOwn,
    *check(r) {
      const spec = pod(r);
      yield* each(containers(spec), function* (c) {
        const own = get(c, "securityContext.runAsNonRoot");
        if ((own ?? get(spec, "securityContext.runAsNonRoot")) !== true) yield `${nameOf(c)}: runAsNonRoot is not true`;
        const user = get(c, "securityContext.runAsUser") ?? get(spec, "securityContext.runAsUser");
        if (user === 0) yield `${nameOf(c)}: runAsUser is 0`;
      });
    },
  },
  {
    name: "workload-no-privilege",
    description:
      "Containers have no privileges, no capabilities, no way to gain them, and the runtime's system call filter.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: isOwn,
    *check(r) {
      const spec = pod(r);
      yield* each(containers(spec), function* (c) {
        const name = nameOf(c);
        if (get(c, "securityContext.privileged") === true) yield `${name}: privileged`;
        if (get(c, "securityContext.allowPrivilegeEscalation") !== false)
          yield `${name}: allowPrivilegeEscalation is not false`;
        if (!list(c, "securityContext.capabilities.drop").includes("ALL"))
          yield `${name}: capabilities are not dropped`;
        if (list(c, "securityContext.capabilities.add").length > 0) yield `${name}: capabilities are added`;
        const seccomp =
          get(c, "securityContext.seccompProfile.type") ?? get(spec, "securityContext.seccompProfile.type");
        if (seccomp !== "RuntimeDefault" && seccomp !== "Localhost") yield `${name}: no seccomp profile`;
      });
    },
  },
  {
    name: "workload-not-on-host",
    description: "Pods share no namespace, port or path with their node.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: isOwn,
    *check(r) {
      const spec = pod(r);
      for (const space of ["hostNetwork", "hostPID", "hostIPC"])
        if (get(spec, space) === true) yield `${space} is true`;
      yield* each(list(spec, "volumes"), function* (v) {
        if (get(v, "hostPath") !== undefined) yield `volume ${String(get(v, "name"))} is a path of the node`;
      });
      yield* each(containers(spec), function* (c) {
        yield* each(list(c, "ports"), function* (p) {
          if (get(p, "hostPort")) yield `${nameOf(c)}: hostPort ${String(get(p, "hostPort"))}`;
        });
      });
    },
  },
  {
    name: "workload-read-only-root",
    description: "Containers cannot change their own image's files.",
    severity: "medium",
    level: "advisory",
    scope: "resource",
    applies: isOwn,
    *check(r) {
      yield* each(containers(pod(r)), function* (c) {
        if (get(c, "securityContext.readOnlyRootFilesystem") !== true)
          yield `${nameOf(c)}: root file system is writable`;
      });
    },
  },
  {
    name: "workload-no-token",
    description: "Pods are given no token for the Kubernetes API by default.",
    severity: "medium",
    level: "mandatory",
    scope: "resource",
    applies: isOwn,
    *check(r) {
      if (get(pod(r), "automountServiceAccountToken") !== false) yield "automountServiceAccountToken is not false";
    },
  },
  {
    name: "workload-no-secrets-in-environment",
    description: "Secrets are mounted as files: an environment is inherited, printed and dumped.",
    severity: "medium",
    level: "advisory",
    scope: "resource",
    applies: isOwn,
    *check(r) {
      yield* each(containers(pod(r)), function* (c) {
        yield* each(list(c, "env"), function* (e) {
          if (get(e, "valueFrom.secretKeyRef") !== undefined)
            yield `${nameOf(c)}: ${String(get(e, "name"))} comes from a Secret`;
        });
        yield* each(list(c, "envFrom"), function* (e) {
          if (get(e, "secretRef") !== undefined) yield `${nameOf(c)}: a whole Secret is in the environment`;
        });
      });
    },
  },
  {
    name: "image-by-digest",
    description: "Images are named by their content: a tag can be another image tomorrow.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: isOwn,
    *check(r) {
      yield* each(containers(pod(r)), function* (c) {
        const image = get(c, "image");
        if (!pinnedByDigest(String(image ?? ""))) yield `${nameOf(c)}: ${String(image ?? "no image")} has no digest`;
      });
    },
  },
];
