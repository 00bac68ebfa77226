// Clusters Roadstead does not build: GKE and AKS, which it only compares.
import { cellCount } from "../../architecture/cells";
import { Bill, type Context, type Draft, HOURS_PER_MONTH, MINUTES } from "../draft";
import type { Provider, Rejection } from "../schema";

/** GKE and AKS are compared by their control planes; node prices are in no stored source, so the total is incomplete. */
export function comparedCluster(context: Context, mode: "gke" | "aks", region: string): Draft {
  const provider: Provider = mode === "gke" ? "gcp" : "azure";
  const bill = new Bill(context, provider, region)
    .add("control plane", "fixed", HOURS_PER_MONTH, "hour", "controlPlane")
    .add("ship nodes", "per-ship", context.requirements.ships.count, "ship", "nodes");
  return bareCluster(context, mode, provider, region, bill, { ships: null, boundBy: "node prices unknown" }, []);
}

/** What is the same for every cluster Roadstead does not build. */
export function bareCluster(
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
