// A cluster that can do all that is asked of one.
import type { ClusterFacts } from "../../planner";

export const PIERS: ClusterFacts["storageClasses"][number] = {
  name: "piers",
  provisioner: "pd.csi.storage.gke.io",
  readWriteOncePod: "yes",
  reclaimPolicy: "Retain",
  bindingMode: "WaitForFirstConsumer",
  expansion: "yes",
  encrypted: "yes",
};

export const FACTS: ClusterFacts = {
  distribution: "gke",
  kubernetes: "1.34",
  storageClasses: [PIERS],
  snapshotClasses: [],
  networkPolicies: { enforced: "yes", by: "GKE Dataplane V2", basis: "documented" },
  nodes: [{ count: 3, arch: "x86_64", memoryGiB: 26, cpu: 7.5, volumes: 15 }],
  runtimeClasses: ["gvisor"],
  loadBalancers: "unknown",
};

export const facts = (over: Partial<ClusterFacts> = {}): ClusterFacts => ({ ...FACTS, ...over });

export const withClass = (over: Partial<typeof PIERS>): ClusterFacts =>
  facts({ storageClasses: [{ ...PIERS, ...over }] });
