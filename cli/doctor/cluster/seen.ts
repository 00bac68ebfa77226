// What the cluster showed, as plain data. Null is what it did not show, and why is kept beside it.
import { EXIT, Stop } from "../../exit";
import type { Answer, Ask } from "./kubectl";

interface Meta {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}
export interface Node {
  metadata: Meta;
  spec: { unschedulable?: boolean; taints?: { key: string; effect: string }[] };
  status: {
    allocatable?: Record<string, string>;
    nodeInfo: { architecture: string; operatingSystem: string };
    conditions?: { type: string; status: string }[];
  };
}
export interface StorageClass {
  metadata: Meta;
  provisioner: string;
  parameters?: Record<string, string>;
  reclaimPolicy?: string;
  volumeBindingMode?: string;
  allowVolumeExpansion?: boolean;
}
export interface DaemonSet {
  metadata: Meta;
  spec: { template: { spec: { containers: { image: string }[] } } };
  status?: { desiredNumberScheduled?: number; numberReady?: number };
}
export interface CsiNode {
  metadata: Meta;
  spec: { drivers?: { name: string; allocatable?: { count?: number } }[] | null };
}
export interface VolumeAttachment {
  spec: { attacher: string; nodeName: string };
  status?: { attached?: boolean };
}
interface Named {
  metadata: Meta;
}
export interface SnapshotClass extends Named {
  driver: string;
}

/** What pods on a node have asked for. */
export interface Requested {
  node: string;
  memory: string[];
  cpu: string[];
}

export interface Seen {
  /** `v1.34.1-gke.1234` and the like. */
  version: string;
  nodes: Node[];
  storageClasses: StorageClass[];
  drivers: string[] | null;
  csiNodes: CsiNode[] | null;
  attachments: VolumeAttachment[] | null;
  requested: Requested[] | null;
  daemonSets: DaemonSet[] | null;
  /** A key of a ConfigMap; undefined where the map has no such key, null where there is no map to read. */
  setting(namespace: string, configMap: string, key: string): string | undefined | null;
  snapshotClasses: SnapshotClass[] | null;
  ingressClasses: string[] | null;
  gatewayClasses: string[] | null;
  runtimeClasses: string[] | null;
  /** Whether some Service of type LoadBalancer has an address. */
  balanced: boolean | null;
  /** What could not be read, in words. */
  unread: string[];
}

const REQUESTS = (what: string): string => `{range .spec.containers[*]}{.resources.requests.${what}}{","}{end}`;
const LASTING = (what: string): string =>
  `{range .spec.initContainers[?(@.restartPolicy=="Always")]}{.resources.requests.${what}}{","}{end}`;
/** Names and sums only: a pod's specification may hold what is none of our business. */
const POD_REQUESTS = `{range .items[*]}{.spec.nodeName}{"\\t"}${REQUESTS("memory")}${LASTING("memory")}{"\\t"}${REQUESTS("cpu")}${LASTING("cpu")}{"\\n"}{end}`;

export function look(ask: Ask): Seen {
  const unread: string[] = [];
  const version = JSON.parse(must(ask("get", "--raw", "/version"), "its version")) as { gitVersion: string };
  const listed = <T>(kind: string, answer: Answer): T[] | null => {
    if (answer.ok) return (JSON.parse(answer.text) as { items: T[] }).items;
    if (answer.why === "absent") return [];
    unread.push(`${kind}: ${answer.why} (${answer.said})`);
    return null;
  };
  const list = <T>(kind: string, ...more: string[]): T[] | null =>
    listed<T>(kind, ask("get", kind, "-o", "json", ...more));
  const needed = <T>(kind: string, what: string): T[] =>
    (JSON.parse(must(ask("get", kind, "-o", "json"), what)) as { items: T[] }).items;
  const names = (items: Named[] | null): string[] | null => items?.map((i) => i.metadata.name).sort() ?? null;
  const lines = (what: string, answer: Answer): string[] | null => {
    if (answer.ok) return answer.text.split("\n").filter((l) => l !== "");
    unread.push(`${what}: ${answer.why} (${answer.said})`);
    return null;
  };

  const balancers = lines(
    "services",
    ask(
      "get",
      "services",
      "-A",
      "-o",
      'jsonpath={range .items[?(@.spec.type=="LoadBalancer")]}{.status.loadBalancer.ingress}{"\\n"}{end}',
    ),
  );
  const pods = lines(
    "pods",
    ask(
      "get",
      "pods",
      "-A",
      "--field-selector=status.phase!=Succeeded,status.phase!=Failed",
      "-o",
      `jsonpath=${POD_REQUESTS}`,
    ),
  );
  return {
    version: version.gitVersion,
    nodes: needed<Node>("nodes", "its nodes"),
    storageClasses: needed<StorageClass>("storageclasses", "its storage classes"),
    drivers: names(list<Named>("csidrivers")),
    csiNodes: list<CsiNode>("csinodes"),
    attachments: list<VolumeAttachment>("volumeattachments"),
    requested: pods?.map(requestsIn) ?? null,
    daemonSets: list<DaemonSet>("daemonsets.apps", "-A"),
    setting: (namespace, configMap, key) => {
      const read = ask("get", "configmap", configMap, "-n", namespace, "-o", `jsonpath={.data['${key}']}`);
      if (!read.ok) return null;
      return read.text === "" ? undefined : read.text;
    },
    snapshotClasses: list<SnapshotClass>("volumesnapshotclasses.snapshot.storage.k8s.io"),
    ingressClasses: names(list<Named>("ingressclasses.networking.k8s.io")),
    gatewayClasses: names(list<Named>("gatewayclasses.gateway.networking.k8s.io")),
    runtimeClasses: names(list<Named>("runtimeclasses.node.k8s.io")),
    balanced: balancers === null ? null : balancers.some((b) => b.includes("ip") || b.includes("hostname")),
    unread,
  };
}

function requestsIn(line: string): Requested {
  const [node = "", memory = "", cpu = ""] = line.split("\t");
  const given = (list: string) => list.split(",").filter((q) => q !== "");
  return { node, memory: given(memory), cpu: given(cpu) };
}

function must(answer: Answer, what: string): string {
  if (answer.ok) return answer.text;
  const exit = answer.why === "unauthenticated" ? EXIT.unauthenticated : EXIT.failed;
  throw new Stop(exit, `the cluster did not show ${what}: ${answer.why} (${answer.said})`);
}
