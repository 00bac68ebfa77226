// What no change of a fleet may replace, delete or move, and how a test sees that one would.
import type { CloudObject, JournalEntry, Outcome } from "./project";

/** Replaced or deleted, these take a ship, its way to the network, or the ground under it. Node groups may rotate. */
export const STATEFUL =
  /:(Volume|VolumeAttachment|PersistentVolumeClaim|Lease|Parameter|Droplet|Instance|StatefulSet|Namespace|StorageClass|KubernetesCluster|Cluster|Vpc|Subnet|NatGateway|ReservedIp|Eip|Bucket|Key|SshKey)$/;

export interface Step {
  op: string;
  type: string;
  urn: string;
  /** Properties that differ, for an update or a replacement. */
  differs: string[];
}

export const nameIn = (urn: string): string => urn.split("::").pop()!;
const kind = (type: string): string => type.split(":").pop()!;
const said = (op: string, type: string, urn: string): string => `${op} ${kind(type)} ${nameIn(urn)}`;

/** What an operation did or would do, resource by resource. `up` says it twice: its preview comes first. */
export function steps({ events }: Outcome): Step[] {
  const seen = new Map<string, Step>();
  for (const line of events.split("\n").filter(Boolean)) {
    const { resourcePreEvent } = JSON.parse(line) as {
      resourcePreEvent?: { metadata: { op: string; type: string; urn: string; diffs?: string[] | null } };
    };
    const step = resourcePreEvent?.metadata;
    if (step && step.op !== "same")
      seen.set(`${step.op} ${step.urn}`, { op: step.op, type: step.type, urn: step.urn, differs: step.diffs ?? [] });
  }
  return [...seen.values()];
}

/** Stateful resources that an operation takes away or would take away. Nothing else of it matters here. */
export const losses = (all: Step[]): string[] =>
  all
    .filter(({ op, type }) => STATEFUL.test(type) && /delete|replace|discard/.test(op))
    .map(({ op, type, urn, differs }) => [said(op, type, urn), ...differs].join(" "));

/** The same, of what the cloud was told to do. */
export const lost = (journal: JournalEntry[]): string[] =>
  journal
    .filter(({ op, type }) => STATEFUL.test(type) && ["delete", "cascade"].includes(op))
    .map(({ op, type, urn }) => said(op, type, urn));

/** A list along the path is followed into each of its entries; those without the property are left out. */
function at(value: unknown, path: string): unknown {
  const [key, ...rest] = path.split(".");
  if (key === undefined || value === undefined || value === null) return value;
  if (path === "") return value;
  if (Array.isArray(value)) return value.map((entry) => at(entry, path)).filter((found) => found !== undefined);
  return at((value as Record<string, unknown>)[key], rest.join("."));
}

/** Changed in place, these move a ship or stop it: another place, fewer copies than one, a host that is powered off. */
const STANDS: Record<string, string[]> = {
  StatefulSet: [
    "metadata.namespace",
    "spec.replicas",
    "spec.updateStrategy",
    "spec.template.spec.nodeSelector",
    "spec.template.spec.affinity",
    // The pier. What lives no longer than its pod may come and go.
    "spec.template.spec.volumes.persistentVolumeClaim",
  ],
  PersistentVolumeClaim: ["spec.storageClassName", "spec.volumeName"],
  Lease: ["spec.holderIdentity"],
  Droplet: ["size", "region", "vpcUuid"],
  Instance: ["instanceType", "availabilityZone", "subnetId"],
  Volume: ["region", "availabilityZone"],
};

/** Ships' objects that are still there and stand elsewhere, or not at all. */
export function moved(before: CloudObject[], after: CloudObject[]): string[] {
  const now = new Map(after.map((o) => [`${o.scope} ${o.type} ${o.id}`, o]));
  return before.flatMap((o) => {
    const is = now.get(`${o.scope} ${o.type} ${o.id}`);
    return (STANDS[kind(o.type)] ?? []).flatMap((path) => {
      const [was, becomes] = [at(o.inputs, path), at(is?.inputs, path)].map((v) => JSON.stringify(v));
      return is === undefined || was === becomes ? [] : [`${kind(o.type)} ${o.id}: ${path} from ${was} to ${becomes}`];
    });
  });
}

/** One line a resource that differs, for a person to read. */
export const told = (all: Step[]): string[] =>
  all.map(({ op, type, urn, differs }) => `  ${said(op, type, urn)}${differs.length ? `: ${differs.join(", ")}` : ""}`);
