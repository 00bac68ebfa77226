// What makers and maintainers say of the clusters, storage drivers and network plugins Roadstead did not build. Each line is
// a document somebody read, not an observation: a DaemonSet of that name is evidence of an installation, and whether packets
// are dropped is shown by two pods that try.
import type { Known } from "../requirements/cluster-facts";

/** The oldest API server ships run on. */
export const LEAST_KUBERNETES = {
  minor: 30,
  why: "claims and tenants rest on ValidatingAdmissionPolicy v1 (1.30), sidecars on 1.29, ReadWriteOncePod on 1.29",
  source:
    "kubescape/cel-admission-library README (VAP GA in 1.30); external-provisioner v5.2.0 (ReadWriteOncePod GA, 1.29)",
} as const;

export interface StorageDriver {
  /** Whether ReadWriteOncePod holds with it. */
  readWriteOncePod: Known;
  /** Whether volumes are encrypted where they lie, without a parameter of the class. */
  encrypted: Known;
  source: string;
}

/** KEP-2485: a CSI driver that does not know the mode is asked for SINGLE_NODE_WRITER, and Kubernetes itself holds the second pod back. */
const KEP = "KEP-2485 (kubernetes.dev/resources/keps/2485), derived";

/** By provisioner. One that is not here is unknown. */
export const STORAGE_DRIVERS: Readonly<Record<string, StorageDriver>> = {
  "pd.csi.storage.gke.io": {
    readWriteOncePod: "yes",
    encrypted: "yes",
    source: `${KEP}; cloud.google.com/docs/security/encryption/gcp-encryption-granularity`,
  },
  "disk.csi.azure.com": {
    readWriteOncePod: "yes",
    encrypted: "yes",
    source: "azuredisk-csi-driver#1019; learn.microsoft.com/azure/virtual-machines/disk-encryption",
  },
  "dobs.csi.digitalocean.com": {
    readWriteOncePod: "yes",
    encrypted: "yes",
    source: `${KEP}; docs.digitalocean.com/products/volumes/details/features: encrypted with LUKS`,
  },
  // `encrypted` is a parameter of its classes.
  "ebs.csi.aws.com": { readWriteOncePod: "yes", encrypted: "unknown", source: KEP },
  // From Longhorn 1.11 on: which one runs is not said by its class.
  "driver.longhorn.io": { readWriteOncePod: "unknown", encrypted: "unknown", source: "longhorn#9727" },
  "rancher.io/local-path": {
    readWriteOncePod: "no",
    encrypted: "unknown",
    source: "kubernetes.io, persistent-volumes: ReadWriteOncePod is only supported for CSI volumes",
  },
};

export interface PolicyAgent {
  /** What it is called in the facts. */
  by: string;
  daemonSet: string;
  /** Of one of its containers: a DaemonSet's name alone could be anybody's. */
  image: RegExp;
  enforces: Known;
  /** Where its settings are, beside it, and each that turns enforcement off. */
  off?: { configMap: string; settings: { key: string; value: string }[] };
  source: string;
}

export const POLICY_AGENTS: readonly PolicyAgent[] = [
  {
    by: "GKE Dataplane V2",
    daemonSet: "anetd",
    image: /cilium|anetd/,
    enforces: "yes",
    source: "cloud.google.com/kubernetes-engine/docs/concepts/dataplane-v2: network policy is always on",
  },
  {
    by: "cilium",
    daemonSet: "cilium",
    image: /cilium/,
    enforces: "yes",
    off: {
      configMap: "cilium-config",
      settings: [
        { key: "enable-policy", value: "never" },
        { key: "enable-k8s-networkpolicy", value: "false" },
      ],
    },
    source:
      "docs.cilium.io/en/stable/security/policy/intro: enforced unless enable-policy is never; cilium#23127: nor Kubernetes' own with enable-k8s-networkpolicy false",
  },
  {
    by: "calico",
    daemonSet: "calico-node",
    image: /calico/,
    enforces: "yes",
    source: "docs.tigera.io/calico, managed-public-cloud/gke and /aks: installed to implement network policy",
  },
  {
    by: "azure-npm",
    daemonSet: "azure-npm",
    image: /azure-npm/,
    enforces: "yes",
    source: "learn.microsoft.com/azure/aks/use-network-policies",
  },
  // Enforces only where its add-on setting says so, which no object in the cluster shows reliably.
  {
    by: "aws-node",
    daemonSet: "aws-node",
    image: /amazon-k8s-cni/,
    enforces: "unknown",
    source: "the VPC CNI's network policy is off unless configured (docs/components/cluster-addons.md)",
  },
  {
    by: "flannel",
    daemonSet: "kube-flannel-ds",
    image: /flannel/,
    enforces: "no",
    source: "flannel-io/flannel#558: flannel cannot apply network policy",
  },
];

/** k3s has its policy controller in its server process: no DaemonSet shows it, the servers' arguments do. */
export const K3S = {
  by: "kube-router in k3s",
  annotation: "k3s.io/node-args",
  /** Arguments under which its own controller does not run, or not with its own network. */
  off: [/^--disable-network-policy(=true)?$/, /^--flannel-backend=none$/],
  source: "docs.k3s.io/networking/networking-services; k3d.io usage/advanced/calico: enforced by default",
} as const;

/** AKS without a policy engine: nothing is enforced, which is its default. */
export const AKS_DEFAULT =
  "learn.microsoft.com ContainerServiceNetworkPolicy: none is the default, nothing is enforced";
