// Clusters Roadstead does not build: GKE and AKS, which it only compares, and one the user has.
import { cellCount } from "../../architecture/cells";
import { Bill, type Context, type Draft, HOURS_PER_MONTH, MINUTES } from "../draft";
import type { Provider, Rejection } from "../schema";
import { largestMemory } from "./machines";

/** GKE and AKS are compared by their control planes; node prices are in no stored source, so the total is incomplete. */
export function comparedCluster(context: Context, mode: "gke" | "aks", region: string): Draft {
  const provider: Provider = mode === "gke" ? "gcp" : "azure";
  const bill = new Bill(context, provider, region)
    .add("control plane", "fixed", HOURS_PER_MONTH, "hour", "controlPlane")
    .add("ship nodes", "per-ship", context.requirements.ships.count, "ship", "nodes");
  return bareCluster(context, mode, provider, region, bill, { ships: null, boundBy: "node prices unknown" }, []);
}

export function existingClusterDraft(context: Context): Draft {
  const { existing, ships } = context.requirements;
  const bill = new Bill(context, "own", "own").given("your cluster", existing.clusterMonthly ?? null);
  const memory = largestMemory(context);
  const holds =
    existing.clusterAllocatableGiB === undefined ? null : Math.floor(existing.clusterAllocatableGiB / memory);
  const rejections: Rejection[] = [];
  if (existing.kubeconfigSecret === undefined)
    rejections.push({
      code: "existing",
      limit: "a cluster of your own",
      have: null,
      need: "existing.kubeconfigSecret",
      fix: "name the Pulumi config secret that holds its kubeconfig",
    });
  else if (holds === null)
    rejections.push({
      code: "capacity",
      limit: "memory the cluster can give, GiB",
      have: null,
      need: ships.count * memory,
      fix: "set existing.clusterAllocatableGiB: unknown is not yes",
    });
  else if (holds < ships.count)
    rejections.push({
      code: "capacity",
      limit: "ships the cluster holds",
      have: holds,
      need: ships.count,
      fix: "add nodes and raise existing.clusterAllocatableGiB, or lower ships.memoryGiB",
    });
  if (existing.kubeconfigSecret !== undefined && existing.storageClass === undefined)
    rejections.push({
      code: "existing",
      limit: "a storage class that keeps volumes",
      have: null,
      need: "existing.storageClass",
      fix: "name one with reclaimPolicy Retain",
    });
  return {
    ...bareCluster(
      context,
      "existing-cluster",
      "own",
      existing.residency ?? "own",
      bill,
      { ships: holds, boundBy: "memory you gave" },
      rejections,
    ),
  };
}

function bareCluster(
  context: Context,
  mode: Draft["mode"],
  provider: Provider,
  region: string,
  bill: Bill,
  capacity: Draft["capacity"],
  rejections: Rejection[],
): Draft {
  return {
    id: [mode, provider, region].join("/"),
    mode,
    provider,
    region,
    zones: [],
    rejections,
    lines: bill.lines,
    nodes: [],
    capacity,
    minutesToDeploy:
      mode === "existing-cluster"
        ? MINUTES.monitoring + MINUTES.perCell * cellCount(context.requirements.ships.count)
        : null,
    recovery: {
      rpoHours: null,
      rtoHours: null,
      note: "depends on the cluster's own backups, which Roadstead does not make",
    },
    notes: [],
  };
}
