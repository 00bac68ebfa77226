// Clusters made to look like those of each maker, as objects an API server takes: only what the probe reads. Names, labels and
// images are those of the documents planner/catalog/cluster-kinds.ts names; a real cluster has more.

export interface Thing {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [more: string]: unknown;
}

export interface LookAlike {
  version: string;
  things: Thing[];
}

interface NodeShape {
  arch?: "amd64" | "arm64";
  memory?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  taints?: { key: string; effect: string; value?: string }[];
}

export function node(name: string, { arch = "amd64", memory = "28Gi", labels, annotations, taints }: NodeShape): Thing {
  const allocatable = { cpu: "7500m", memory, pods: "110" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: { "kubernetes.io/hostname": name, "kubernetes.io/arch": arch, "kubernetes.io/os": "linux", ...labels },
      // kwok's own nodes only, where there is one.
      annotations: { "kwok.x-k8s.io/node": "fake", ...annotations },
    },
    spec: { taints: taints ?? [] },
    status: {
      allocatable,
      capacity: allocatable,
      nodeInfo: { architecture: arch, operatingSystem: "linux", kubeletVersion: "v1.34.0" },
    },
  };
}

export const storageClass = (name: string, provisioner: string, more: Record<string, unknown> = {}): Thing => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name },
  provisioner,
  reclaimPolicy: "Retain",
  volumeBindingMode: "WaitForFirstConsumer",
  allowVolumeExpansion: true,
  ...more,
});

export const csiDriver = (name: string): Thing => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "CSIDriver",
  metadata: { name },
  spec: { attachRequired: true },
});

export const csiNode = (name: string, driver: string, count?: number): Thing => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "CSINode",
  metadata: { name },
  spec: { drivers: [{ name: driver, nodeID: name, ...(count === undefined ? {} : { allocatable: { count } }) }] },
});

export function daemonSet(name: string, image: string, namespace = "kube-system"): Thing {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          hostNetwork: true,
          tolerations: [{ operator: "Exists" }],
          containers: [{ name, image, resources: { requests: { cpu: "100m", memory: "128Mi" } } }],
        },
      },
    },
  };
}

export const settings = (name: string, data: Record<string, string>, namespace = "kube-system"): Thing => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data,
});

const nodes = (prefix: string, shape: NodeShape, driver: string, volumes?: number): Thing[] =>
  [1, 2, 3].flatMap((n) => [node(`${prefix}-${n}`, shape), csiNode(`${prefix}-${n}`, driver, volumes)]);

const PD = "pd.csi.storage.gke.io";
const AZURE = "disk.csi.azure.com";
const DO = "dobs.csi.digitalocean.com";
const LONGHORN = "driver.longhorn.io";
const CILIUM = "quay.io/cilium/cilium:v1.17.4";

export const gke: LookAlike = {
  version: "v1.34.1-gke.1829001",
  things: [
    ...nodes("gke", { labels: { "cloud.google.com/gke-nodepool": "default-pool" } }, PD, 127),
    csiDriver(PD),
    // What GKE makes itself deletes its volumes.
    storageClass("standard-rwo", PD, { reclaimPolicy: "Delete" }),
    storageClass("piers", PD),
    daemonSet("anetd", "gke.gcr.io/cilium/cilium:v1.17.4-gke.20"),
  ],
};

export const aks: LookAlike = {
  version: "v1.33.5",
  things: [
    ...nodes("aks", { labels: { "kubernetes.azure.com/cluster": "MC_prod" } }, AZURE, 16),
    csiDriver(AZURE),
    storageClass("managed-csi", AZURE, { reclaimPolicy: "Delete" }),
    storageClass("piers", AZURE),
    daemonSet("cilium", "mcr.microsoft.com/oss/cilium/cilium:v1.17.4"),
    settings("cilium-config", { "enable-policy": "default" }),
  ],
};

/** AKS as it comes: no policy engine. */
export const aksWithoutPolicies: LookAlike = {
  version: aks.version,
  things: [
    ...aks.things.filter((t) => t.kind !== "DaemonSet" && t.kind !== "ConfigMap"),
    daemonSet("azure-cns", "mcr.microsoft.com/containernetworking/azure-cns:v1.6.30"),
  ],
};

export const doks: LookAlike = {
  version: "v1.34.1",
  things: [
    ...nodes("pool", { labels: { "doks.digitalocean.com/node-pool": "pool" } }, DO, 15),
    csiDriver(DO),
    // Both come with the cluster; neither is fit as it is.
    storageClass("do-block-storage", DO, { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" }),
    storageClass("do-block-storage-retain", DO, { volumeBindingMode: "Immediate" }),
    storageClass("piers", DO),
    daemonSet("cilium", CILIUM),
    settings("cilium-config", { "enable-policy": "default" }),
  ],
};

const K3S_SERVER = (...more: string[]): NodeShape => ({
  annotations: { "k3s.io/node-args": JSON.stringify(["server", "--tls-san", "k3s.example.com", ...more]) },
});

const k3sOf = (...args: string[]): LookAlike => ({
  version: "v1.34.1+k3s1",
  things: [
    node("server-1", K3S_SERVER(...args)),
    node("agent-1", { annotations: { "k3s.io/node-args": '["agent"]' } }),
    csiNode("server-1", LONGHORN),
    csiNode("agent-1", LONGHORN),
    csiDriver(LONGHORN),
    storageClass("local-path", "rancher.io/local-path", { reclaimPolicy: "Delete", allowVolumeExpansion: false }),
    storageClass("piers", LONGHORN),
  ],
});
export const k3s = k3sOf();
export const k3sWithoutPolicies = k3sOf("--disable-network-policy");

/** Flannel alone: NetworkPolicies are objects and nothing more. */
export const flannel: LookAlike = {
  version: "v1.34.1",
  things: [
    ...nodes("worker", {}, "ebs.csi.aws.com", 25),
    csiDriver("ebs.csi.aws.com"),
    storageClass("piers", "ebs.csi.aws.com", { parameters: { encrypted: "true" } }),
    daemonSet("kube-flannel-ds", "ghcr.io/flannel-io/flannel:v0.27.0", "kube-system"),
  ],
};
