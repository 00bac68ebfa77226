// Ships: claimed once, one copy, a pier that is kept and never an old one.
import { get, label, list, type PolicyResource, type Rule } from "./resource";

const SHIP = "roadstead.dev/ship";
const REGISTRY = "roadstead-registry";
const STATEFUL_SET = "kubernetes:apps/v1:StatefulSet";
const REPLICATED = [
  STATEFUL_SET,
  "kubernetes:apps/v1:Deployment",
  "kubernetes:apps/v1:ReplicaSet",
  "kubernetes:apps/v1:DaemonSet",
];
const CLAIM = "kubernetes:core/v1:PersistentVolumeClaim";
const LEASE = "kubernetes:coordination.k8s.io/v1:Lease";
/** Block volumes of hosts: everything such a volume can be made for here is a pier. */
const HOST_VOLUMES = ["aws:ebs/volume:Volume", "digitalocean:index/volume:Volume"];

const isShip = (resource: PolicyResource): boolean => label(resource, SHIP) !== undefined;
const isPier = (r: PolicyResource): boolean => HOST_VOLUMES.includes(r.type) || (r.type === CLAIM && isShip(r));
const isClaim = (r: PolicyResource): boolean => r.type === LEASE && get(r.props, "metadata.namespace") === REGISTRY;

export const SHIP_RULES: Rule[] = [
  {
    name: "pier-protected",
    description: "A pier's volume is protected: lost, the ship must be reset with its owner's wallet.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: isPier,
    *check(r) {
      if (r.options.protect !== true) yield "the volume is not protected (protect: true)";
    },
  },
  {
    name: "pier-not-from-snapshot",
    description: "No pier starts from a snapshot or a clone: an old copy that runs again is a breach.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: isPier,
    *check(r) {
      const sources = r.type === CLAIM ? ["spec.dataSource", "spec.dataSourceRef"] : ["snapshotId"];
      yield* eachSource(r, sources);
    },
  },
  {
    name: "pier-one-pod",
    description: "A pier's volume is mounted by one pod in the whole cluster.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: (r) => r.type === CLAIM && isShip(r),
    *check(r) {
      const modes = get(r.props, "spec.accessModes");
      const text = JSON.stringify(modes ?? null);
      if (text !== '["ReadWriteOncePod"]') yield `access modes are ${text}, not ["ReadWriteOncePod"]`;
    },
  },
  {
    name: "ship-one-copy",
    description: "A ship is a StatefulSet of at most one replica that restarts only when it is told to.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: (r) => REPLICATED.includes(r.type) && isShip(r),
    *check(r) {
      if (r.type !== STATEFUL_SET) {
        yield `a ${r.type.split(":").pop()} may run two copies at once`;
        return;
      }
      const strategy = get(r.props, "spec.updateStrategy.type");
      if (strategy !== "OnDelete") yield `update strategy is ${strategy ?? "RollingUpdate"}, not OnDelete`;
      const replicas = get(r.props, "spec.replicas");
      if (typeof replicas === "number" && replicas > 1) yield `${replicas} replicas`;
    },
  },
  {
    name: "ship-claimed",
    description: "Every ship holds a claim in the registry, and waits for it.",
    severity: "critical",
    level: "mandatory",
    scope: "stack",
    applies: (r) => r.type === STATEFUL_SET && isShip(r),
    *check(r, stack) {
      const id = get(r.props, "metadata.labels")! as Record<string, unknown>;
      const own = (l: PolicyResource | undefined) =>
        l !== undefined && isClaim(l) && get(l.props, "metadata.name") === id[SHIP];
      // What it waits for is looked at first: a fleet of thousands is not searched once a ship.
      if (r.dependsOn.some((urn) => own(stack.at(urn)))) return;
      if (stack.ofType(LEASE).some(own)) yield "it does not wait for its claim";
      else yield `no claim ${String(id[SHIP])} in ${REGISTRY}`;
    },
  },
  {
    name: "claim-kept",
    description: "A claim is never deleted or replaced: without it a second copy of the ship could boot.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: isClaim,
    *check(r) {
      if (r.options.protect !== true) yield "the claim is not protected (protect: true)";
      if (!get(r.props, "spec.holderIdentity")) yield "the claim has no holder";
    },
  },
  {
    name: "ship-probes-safe",
    description: "No probe uses the control socket: a client that leaves early can bring the ship down.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: (r) => r.type === STATEFUL_SET && isShip(r),
    *check(r) {
      for (const container of list(r.props, "spec.template.spec.containers")) {
        for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) {
          const command = list(container, `${probe}.exec.command`).join(" ");
          if (/conn\.sock|click/.test(command)) yield `${probe} talks to the control socket`;
        }
        const get204 = get(container, "livenessProbe.httpGet.path");
        if (get204 === "/~_~/healthz") yield "livenessProbe takes 429, busy, for dead";
      }
    },
  },
];

function* eachSource(r: PolicyResource, paths: string[]): Generator<string> {
  for (const path of paths) {
    const source = get(r.props, path);
    if (source !== undefined && source !== null && source !== "")
      yield `${path} is set: the volume starts as an old copy`;
  }
}
