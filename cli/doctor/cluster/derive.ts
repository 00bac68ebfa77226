// What was seen → what is known. Pure. Every conclusion rests on a document named in planner/catalog/cluster-kinds.ts; what
// none covers stays unknown.
import { AKS_DEFAULT, K3S, POLICY_AGENTS, STORAGE_DRIVERS } from "../../../planner/catalog/cluster-kinds";
import type {
  ClusterFacts,
  Distribution,
  Known,
  NodeFacts,
  StorageClassFacts,
} from "../../../planner/requirements/cluster-facts";
import { quantity } from "../../quantity";
import type { DaemonSet, Node, Seen, StorageClass } from "./seen";

export interface Derived {
  facts: ClusterFacts;
  /** What each decisive fact rests on, in words. */
  evidence: string[];
}

export function derive(seen: Seen): Derived {
  const distribution = distributionOf(seen);
  const policies = policiesOf(seen, distribution);
  const { nodes, said } = nodesOf(seen);
  const facts: ClusterFacts = {
    distribution,
    kubernetes: minorOf(seen.version),
    storageClasses: seen.storageClasses.map((c) => classFacts(c, seen)),
    ...(seen.snapshotClasses && {
      snapshotClasses: seen.snapshotClasses.map((c) => ({ name: c.metadata.name, driver: c.driver })),
    }),
    networkPolicies: policies.facts,
    nodes,
    ...(seen.ingressClasses && { ingressClasses: seen.ingressClasses }),
    ...(seen.gatewayClasses && { gatewayClasses: seen.gatewayClasses }),
    ...(seen.runtimeClasses && { runtimeClasses: seen.runtimeClasses }),
    // One that waits for its address says nothing about the next.
    loadBalancers: seen.balanced ? "yes" : "unknown",
  };
  return {
    facts,
    evidence: [
      `API server ${seen.version}`,
      ...seen.storageClasses.flatMap((c) => sourceOf(c, seen)),
      policies.said,
      ...said,
      ...seen.unread.map((u) => `not read: ${u}`),
    ],
  };
}

function minorOf(version: string): string {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return `${major}.${minor}`;
}

const DISTRIBUTION_LABELS: [Distribution, RegExp][] = [
  ["gke", /^cloud\.google\.com\/gke-/],
  ["aks", /^kubernetes\.azure\.com\//],
  ["doks", /^doks\.digitalocean\.com\//],
];

/** All nodes must agree: a label on one of them is anybody's. */
function distributionOf({ nodes, version }: Seen): Distribution {
  for (const [name, label] of DISTRIBUTION_LABELS)
    if (nodes.length > 0 && nodes.every((n) => Object.keys(n.metadata.labels ?? {}).some((l) => label.test(l))))
      return name;
  const says = nodes.length > 0 && nodes.every((n) => n.metadata.annotations?.[K3S.annotation] !== undefined);
  return says || /\+k3s\d/.test(version) ? "k3s" : "other";
}

function classFacts(c: StorageClass, { drivers }: Seen): StorageClassFacts {
  const known = STORAGE_DRIVERS[c.provisioner];
  // Kubernetes holds to the mode for CSI volumes only.
  const registered = drivers === null ? null : drivers.includes(c.provisioner);
  return {
    name: c.metadata.name,
    provisioner: c.provisioner,
    readWriteOncePod: registered === false ? "no" : (known?.readWriteOncePod ?? "unknown"),
    reclaimPolicy: c.reclaimPolicy === "Retain" || c.reclaimPolicy === "Delete" ? c.reclaimPolicy : "unknown",
    bindingMode:
      c.volumeBindingMode === "Immediate" || c.volumeBindingMode === "WaitForFirstConsumer"
        ? c.volumeBindingMode
        : "unknown",
    expansion: c.allowVolumeExpansion === true ? "yes" : "no",
    encrypted: c.parameters?.encrypted === "true" ? "yes" : (known?.encrypted ?? "unknown"),
  };
}

function sourceOf(c: StorageClass, { drivers }: Seen): string[] {
  const who = `${c.metadata.name} (${c.provisioner})`;
  if (drivers !== null && !drivers.includes(c.provisioner))
    return [`${who}: no CSI driver of that name, so nothing holds to ReadWriteOncePod`];
  const known = STORAGE_DRIVERS[c.provisioner];
  return [known === undefined ? `${who}: no stored source knows the driver` : `${who}: ${known.source}`];
}

interface Policies {
  facts: ClusterFacts["networkPolicies"];
  said: string;
}
const policies = (enforced: Known, said: string, by?: string): Policies => ({
  facts: { enforced, ...(by === undefined ? {} : { by }), ...(enforced === "yes" ? { basis: "documented" } : {}) },
  said: `network policies: ${said}`,
});

function policiesOf(seen: Seen, distribution: Distribution): Policies {
  if (seen.daemonSets === null) return policies("unknown", "DaemonSets could not be read");
  const found = POLICY_AGENTS.flatMap((agent) => {
    const set = seen.daemonSets!.find(
      (d) =>
        d.metadata.name === agent.daemonSet && d.spec.template.spec.containers.some((c) => agent.image.test(c.image)),
    );
    return set === undefined ? [] : [{ agent, set }];
  });
  const enforcing = found.find((f) => f.agent.enforces === "yes");
  if (enforcing !== undefined) {
    const { agent, set } = enforcing;
    const nowhere = notEverywhere(set, seen.nodes);
    if (nowhere !== null) return policies("unknown", `${agent.by} is installed, but ${nowhere}`, agent.by);
    const where = set.metadata.namespace ?? "kube-system";
    for (const { key, value } of agent.off?.settings ?? []) {
      const is = seen.setting(where, agent.off!.configMap, key);
      if (is === null) return policies("unknown", `${agent.by} is installed; its settings could not be read`, agent.by);
      if (is === value) return policies("no", `${agent.by} is installed with ${key}: ${is}`, agent.by);
    }
    return policies("yes", `${agent.by} on every node (${agent.source}); not tried`, agent.by);
  }
  if (distribution === "k3s") return inK3s(seen.nodes);
  const other = found[0];
  if (other !== undefined) return policies(other.agent.enforces, other.agent.source, other.agent.by);
  return policies(
    "unknown",
    distribution === "aks" ? `no policy engine was found; ${AKS_DEFAULT}` : "no plugin a stored source knows was found",
  );
}

function notEverywhere({ status = {} }: DaemonSet, nodes: Node[]): string | null {
  const linux = nodes.filter((n) => n.status.nodeInfo.operatingSystem === "linux").length;
  const { desiredNumberScheduled: desired = 0, numberReady: ready = 0 } = status;
  if (desired < linux) return `meant for ${desired} of ${linux} nodes`;
  return ready < desired ? `ready on ${ready} of ${desired} nodes` : null;
}

/** Servers decide for all nodes; their own arguments say what they run. */
function inK3s(nodes: Node[]): Policies {
  const args = nodes.flatMap((n): string[][] => {
    const text = n.metadata.annotations?.[K3S.annotation];
    try {
      const list: unknown = JSON.parse(text ?? "null");
      return Array.isArray(list) ? [list.map(String)] : [];
    } catch {
      return [];
    }
  });
  const servers = args.filter((a) => a[0] === "server");
  if (servers.length === 0) return policies("unknown", `no server says its arguments (${K3S.annotation})`, K3S.by);
  // An argument and its value are two entries of the list.
  const joined = servers.flatMap((a) => [...a, ...a.slice(1).map((v, i) => `${a[i]}=${v}`)]);
  const off = joined.find((a) => K3S.off.some((o) => o.test(a)));
  if (off !== undefined) return policies("unknown", `a server runs with ${off}, and no plugin was found`, K3S.by);
  return policies("yes", `in the server process of k3s (${K3S.source}); not tried`, K3S.by);
}

const ARCHITECTURES: Record<string, NodeFacts["arch"]> = { amd64: "x86_64", arm64: "arm64" };

/** Nodes that take a ship's pod as it is: ready, open, without a taint. */
function nodesOf(seen: Seen): { nodes: NodeFacts[]; said: string[] } {
  const open = seen.nodes.filter(
    (n) =>
      n.status.nodeInfo.operatingSystem === "linux" &&
      ARCHITECTURES[n.status.nodeInfo.architecture] !== undefined &&
      n.spec.unschedulable !== true &&
      !(n.spec.taints ?? []).some((t) => t.effect !== "PreferNoSchedule") &&
      (n.status.conditions ?? []).some((c) => c.type === "Ready" && c.status === "True"),
  );
  const groups = new Map<string, NodeFacts>();
  for (const node of open) {
    const left = leftOn(node, seen);
    const key = JSON.stringify(left);
    const group = groups.get(key) ?? { count: 0, ...left };
    group.count += 1;
    groups.set(key, group);
  }
  const closed = seen.nodes.length - open.length;
  return {
    nodes: [...groups.values()],
    said: [
      `${open.length} of ${seen.nodes.length} nodes take ships${closed === 0 ? "" : `; ${closed} are tainted, closed, not ready or of another system`}`,
      ...(seen.requested === null ? ["what pods have asked for could not be read: nodes are counted as empty"] : []),
    ],
  };
}

const GIB = 1024 ** 3;
const half = (x: number): number => Math.max(0, Math.floor(x * 2) / 2);
const tenth = (x: number): number => Math.max(0, Math.floor(x * 10 + 1e-6) / 10);

function leftOn(node: Node, seen: Seen): Omit<NodeFacts, "count"> {
  const { name } = node.metadata;
  const asked = (seen.requested ?? []).filter((r) => r.node === name);
  const sum = (list: string[]): number => list.reduce((total, q) => total + quantity(q), 0);
  const memory = quantity(node.status.allocatable?.memory ?? "0") - sum(asked.flatMap((r) => r.memory));
  const cpu = quantity(node.status.allocatable?.cpu ?? "0") - sum(asked.flatMap((r) => r.cpu));
  const volumes = volumesLeft(name, seen);
  return {
    arch: ARCHITECTURES[node.status.nodeInfo.architecture]!,
    memoryGiB: half(memory / GIB),
    cpu: tenth(cpu),
    ...(volumes === null ? {} : { volumes }),
  };
}

/** The scarcest of the drivers behind the storage classes: which one piers will have is not known here. */
function volumesLeft(node: string, seen: Seen): number | null {
  const provisioners = new Set(seen.storageClasses.map((c) => c.provisioner));
  const drivers = seen.csiNodes?.find((n) => n.metadata.name === node)?.spec.drivers ?? [];
  const left = drivers.flatMap(({ name, allocatable }) => {
    if (allocatable?.count === undefined || !provisioners.has(name)) return [];
    const taken = (seen.attachments ?? []).filter((a) => a.spec.attacher === name && a.spec.nodeName === node).length;
    return [Math.max(0, allocatable.count - taken)];
  });
  return left.length === 0 ? null : Math.min(...left);
}
