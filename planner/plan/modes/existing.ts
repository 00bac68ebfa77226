// A cluster the user has: what is known of it decides, and what is not known refuses.
import { clusterProblems, clusterUse, shipsHeld } from "../../existing-cluster";
import type { PredicateProblem } from "../../predicates";
import type { ClusterFacts } from "../../requirements/cluster-facts";
import type { Requirements } from "../../requirements/schema";
import { Bill, type Context, type Draft } from "../draft";
import type { Rejection } from "../schema";
import { largestMemory } from "./machines";
import { bareCluster } from "./other-clusters";

export function existingClusterDraft(context: Context): Draft {
  const { existing, ships, domain } = context.requirements;
  const bill = new Bill(context, "own", "own").given("your cluster", existing.clusterMonthly ?? null);
  const { architectures } = ships.image;
  const facts = existing.cluster;
  const rejections: Rejection[] = [];
  const missing = (limit: string, need: string, fix: string) =>
    rejections.push({ code: "existing", limit, have: null, need, fix });
  if (existing.kubeconfigSecret === undefined)
    missing(
      "a cluster of your own",
      "existing.kubeconfigSecret",
      "name the Pulumi config secret that holds its kubeconfig",
    );
  else {
    if (existing.storageClass === undefined)
      missing("a storage class that keeps volumes", "existing.storageClass", "name one with reclaimPolicy Retain");
    if (facts === undefined)
      missing(
        "what the cluster can do",
        "existing.cluster",
        "roadstead doctor --cluster KUBECONFIG prints it; unknown is not yes",
      );
  }
  const use = clusterUse(context.requirements);
  if (facts !== undefined && use !== null) rejections.push(...clusterProblems(facts, use).map(asRejection));

  const given = existing.clusterAllocatableGiB;
  const inAll = given === undefined ? null : Math.floor(given / largestMemory(context));
  const onNodes =
    facts === undefined
      ? null
      : shipsHeld(facts, { memoryGiB: largestMemory(context), cpu: largestCpu(context.requirements), architectures });
  const byNodes = onNodes !== null && (inAll === null || onNodes.ships <= inAll);
  const holds = byNodes ? onNodes.ships : inAll;
  const boundBy = byNodes ? onNodes.boundBy : "memory you gave";
  if (holds !== null && holds < ships.count)
    rejections.push({
      code: "capacity",
      limit: `ships the cluster holds, by ${boundBy}`,
      have: holds,
      need: ships.count,
      fix: CAPACITY_FIX[boundBy] ?? "add nodes the ships' image runs on, and read the cluster again",
    });
  return {
    ...bareCluster(
      context,
      "existing-cluster",
      "own",
      existing.residency ?? "own",
      bill,
      { ships: holds, boundBy },
      rejections,
    ),
    recovery: { rpoHours: null, rtoHours: null, note: recoveryNote(facts) },
    notes: [...(facts === undefined ? [] : isolationNote(facts, use?.customers ?? 1)), ...wayInNote(facts, domain)],
  };
}

const CAPACITY_FIX: Record<string, string> = {
  memory: "add nodes, or lower ships.memoryGiB; then read the cluster again",
  cpu: "add nodes, or lower ships.cpu; then read the cluster again",
  volumes: "add nodes: each attaches only so many volumes, whatever memory it has left",
  "memory you gave": "add nodes and raise existing.clusterAllocatableGiB, or lower ships.memoryGiB",
};

/** Code, limit and the rest in the words of the plan; the predicate's own code goes with what was found. */
const asRejection = ({ code, path, received, accepted, fix }: PredicateProblem): Rejection => ({
  code: code === "architecture" ? "image" : "existing",
  limit: path,
  have: received,
  need: accepted,
  fix,
});

const largestCpu = ({ ships }: Requirements): number => Math.max(ships.cpu, ...ships.named.map((s) => s.cpu));

function isolationNote({ networkPolicies: { enforced, by, basis } }: ClusterFacts, customers: number): string[] {
  if (enforced !== "yes")
    return customers > 1
      ? []
      : [
          "network policies are not known to be enforced: whatever else runs in the cluster reaches the ships, and a second customer is refused",
        ];
  return basis === "tested"
    ? []
    : [
        `network policies: ${by ?? "enforced"}, as ${basis === "documented" ? "its documentation says" : "you say"}; nobody has let two pods try`,
      ];
}

function recoveryNote(facts: ClusterFacts | undefined): string {
  const classes = facts?.snapshotClasses;
  const snapshots =
    classes === undefined
      ? "whether it can snapshot volumes is unknown"
      : classes.length === 0
        ? "it has no volume snapshot class"
        : `it can snapshot volumes (${classes.map((c) => c.name).join(", ")})`;
  return `depends on the cluster's own backups, which Roadstead does not make; ${snapshots}`;
}

/** The lock's gateway is made on clusters Roadstead builds only. */
function wayInNote(facts: ClusterFacts | undefined, domain: string | undefined): string[] {
  if (domain === undefined) return [];
  const classes = [...(facts?.ingressClasses ?? []), ...(facts?.gatewayClasses ?? [])];
  const there = classes.length === 0 ? "" : ` (it has ${classes.join(", ")})`;
  return [
    `no way in from the internet is made on a cluster of yours${there}: route each ship's host to its Service yourself`,
  ];
}
