// What a cluster Roadstead did not build must be able to do before ships may live there. Planner and component call the same
// functions. Unknown is not yes: it is refused like a no, with the way to find out.
import type { Architecture as Lock } from "./architecture/schema";
import { LEAST_KUBERNETES } from "./catalog/cluster-kinds";
import type { PredicateProblem } from "./predicates";
import type { ClusterFacts, StorageClassFacts } from "./requirements/cluster-facts";
import type { Architecture } from "./requirements/fields";
import { shown } from "./requirements/problem";
import type { Requirements } from "./requirements/schema";

/** What is to be done with the cluster. */
export interface ClusterUse {
  /** Class of the piers. */
  storageClass: string;
  /** Customers whose ships share the cluster. */
  customers: number;
  /** Runtime class of customers nobody trusts; null without any. */
  runtimeClass: string | null;
  /** Architectures the ships' image is built for. */
  architectures: readonly Architecture[];
}

/** What the requirements ask of it; null while no class is named. */
export function clusterUse({ existing, ships, customers }: Requirements): ClusterUse | null {
  if (existing.storageClass === undefined) return null;
  const named = new Set(ships.named.flatMap((s) => s.customer ?? []));
  return {
    storageClass: existing.storageClass,
    customers: Math.max(customers, named.size),
    runtimeClass: existing.sandbox?.runtimeClass ?? null,
    architectures: ships.image.architectures,
  };
}

/** What a lock has the cluster do. */
export const recordedUse = (
  { tenants, image }: Pick<Lock, "tenants" | "image">,
  { storageClass }: Pick<NonNullable<Lock["cluster"]>, "storageClass">,
): ClusterUse => ({
  storageClass,
  customers: new Set(tenants.map((t) => t.customer)).size,
  runtimeClass: tenants.find((t) => t.runtimeClass !== undefined)?.runtimeClass ?? null,
  architectures: image.architectures,
});

const PROBE = "roadstead doctor --cluster KUBECONFIG reads it";

/** Everything that keeps ships off a cluster, all at once. */
export function clusterProblems(facts: ClusterFacts, use: ClusterUse, path = "existing.cluster"): PredicateProblem[] {
  return [
    ...versionProblems(facts, path),
    ...namedClassProblems(facts, use.storageClass, path),
    ...isolationProblems(facts, use, path),
    ...sandboxProblems(facts, use, path),
    ...architectureProblems(facts, use, path),
  ];
}

function versionProblems({ kubernetes }: ClusterFacts, path: string): PredicateProblem[] {
  const minor = Number(kubernetes.split(".")[1]);
  if (minor >= LEAST_KUBERNETES.minor) return [];
  return [
    {
      code: "kubernetes-too-old",
      path: `${path}.kubernetes`,
      received: shown(kubernetes),
      accepted: `1.${LEAST_KUBERNETES.minor} or newer: ${LEAST_KUBERNETES.why}`,
      fix: "upgrade the cluster first, one minor version at a time",
    },
  ];
}

function namedClassProblems(facts: ClusterFacts, name: string, path: string): PredicateProblem[] {
  const at = facts.storageClasses.findIndex((c) => c.name === name);
  if (at >= 0) return storageClassProblems(facts.storageClasses[at]!, `${path}.storageClasses[${at}]`);
  return [
    {
      code: "unknown-storage-class",
      path: `${path}.storageClasses`,
      received: facts.storageClasses.map((c) => c.name).join(", "),
      accepted: `one named ${shown(name)}, as existing.storageClass says`,
      fix: `name one of these, or add what is known of ${shown(name)}: ${PROBE}`,
    },
  ];
}

const OWN_CLASS =
  "make a class of your own with the same provisioner, reclaimPolicy Retain and volumeBindingMode WaitForFirstConsumer, and name that one";

/** A field that is left out was not read, and is not judged: offline nobody asks the cluster. */
export function storageClassProblems(
  c: Partial<StorageClassFacts> & { name: string },
  path: string,
): PredicateProblem[] {
  const problems: PredicateProblem[] = [];
  const refuse = (code: string, field: string, received: string, accepted: string, fix: string) =>
    problems.push({ code, path: `${path}.${field}`, received: `${shown(c.name)}, ${received}`, accepted, fix });
  if (c.readWriteOncePod !== undefined && c.readWriteOncePod !== "yes")
    refuse(
      "no-read-write-once-pod",
      "readWriteOncePod",
      `with ${c.provisioner}, for which ReadWriteOncePod is ${c.readWriteOncePod}`,
      "a class of a CSI driver that holds to ReadWriteOncePod: nothing else keeps a second pod from a ship's pier",
      c.readWriteOncePod === "no"
        ? "install a CSI driver (on k3s: Longhorn 1.11 or newer, for one) and make a class of it"
        : "look into the driver's documentation, or mount one claim in two pods and see the second wait; then set it to yes",
    );
  if (c.reclaimPolicy !== undefined && c.reclaimPolicy !== "Retain")
    refuse(
      "deletes-volumes",
      "reclaimPolicy",
      `whose reclaimPolicy is ${c.reclaimPolicy}`,
      "a storage class with reclaimPolicy Retain: one that deletes volumes deletes a pier with its claim",
      OWN_CLASS,
    );
  if (c.bindingMode !== undefined && c.bindingMode !== "WaitForFirstConsumer")
    refuse(
      "binds-at-once",
      "bindingMode",
      `whose volumeBindingMode is ${c.bindingMode}`,
      "a storage class with volumeBindingMode WaitForFirstConsumer: a volume made before its pod has a place can lie where the pod may not run",
      OWN_CLASS,
    );
  return problems;
}

/**
 * Between customers there is nothing but network policies. One customer alone has no neighbour whose ships could be reached,
 * so a cluster of one's own may do without: it is said in the plan, and refused with the second customer.
 */
function isolationProblems(
  { networkPolicies }: ClusterFacts,
  { customers, runtimeClass }: ClusterUse,
  path: string,
): PredicateProblem[] {
  if (networkPolicies.enforced === "yes" || (customers <= 1 && runtimeClass === null)) return [];
  const whose = customers > 1 ? `${customers} customers` : "a customer nobody trusts";
  return [
    {
      code: "no-isolation",
      path: `${path}.networkPolicies.enforced`,
      received: `${networkPolicies.enforced}${networkPolicies.by === undefined ? "" : ` (${networkPolicies.by})`}, with ${whose}`,
      accepted: "yes: without it every pod of the cluster reaches every ship of every customer",
      fix:
        networkPolicies.enforced === "no"
          ? "install a network plugin that enforces NetworkPolicies, such as Cilium or Calico, or host one customer only"
          : `find out: ${PROBE}, or let two pods try with a policy between them; then set it to yes with its basis`,
    },
  ];
}

function sandboxProblems(
  { runtimeClasses }: ClusterFacts,
  { runtimeClass }: ClusterUse,
  path: string,
): PredicateProblem[] {
  if (runtimeClass === null || runtimeClasses?.includes(runtimeClass)) return [];
  return [
    {
      code: "no-runtime-class",
      path: `${path}.runtimeClasses`,
      received: runtimeClasses === undefined ? "unknown" : runtimeClasses.join(", ") || "none",
      accepted: `${shown(runtimeClass)}, which existing.sandbox names`,
      fix: "install it, or name one the cluster has: without it no pod of that customer would start",
    },
  ];
}

function architectureProblems(
  { nodes }: ClusterFacts,
  { architectures }: ClusterUse,
  path: string,
): PredicateProblem[] {
  if (nodes.some((n) => architectures.includes(n.arch))) return [];
  return [
    {
      code: "architecture",
      path: `${path}.nodes`,
      received: [...new Set(nodes.map((n) => n.arch))].join(", "),
      accepted: `nodes of ${architectures.join(" or ")}, for which the ships' image is built`,
      fix: "add such nodes, or name an image for these under ships.image",
    },
  ];
}

/** Ships the nodes hold, node by node: memory left on two nodes is not memory for one ship. */
export function shipsHeld(
  { nodes }: Pick<ClusterFacts, "nodes">,
  ship: { memoryGiB: number; cpu: number; architectures: readonly Architecture[] },
): { ships: number; boundBy: string } {
  const bounds = nodes
    .filter((n) => ship.architectures.includes(n.arch))
    .map((n) => {
      const terms: [string, number][] = [
        ["memory", Math.floor(n.memoryGiB / ship.memoryGiB + 1e-9)],
        ...(n.cpu === undefined ? [] : [["cpu", Math.floor(n.cpu / ship.cpu + 1e-9)] as [string, number]]),
        ...(n.volumes === undefined ? [] : [["volumes", n.volumes] as [string, number]]),
      ];
      const [boundBy, each] = terms.reduce((least, t) => (t[1] < least[1] ? t : least));
      return { boundBy, ships: each * n.count };
    });
  const least = bounds.reduce<(typeof bounds)[number] | undefined>(
    (most, b) => (most === undefined || b.ships > most.ships ? b : most),
    undefined,
  );
  return { ships: bounds.reduce((sum, b) => sum + b.ships, 0), boundBy: least?.boundBy ?? "no node for the image" };
}
