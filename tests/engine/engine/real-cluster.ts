// A real Kubernetes API server under a project: the cluster that is there before its stacks. Its nodes and its volumes are
// kwok's (docs/testing-cluster.md); everything that is asked of it, it answers itself.
import * as fs from "node:fs";
import { type KubeObject, pathOf } from "../../cluster/control-plane/api";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane/start";
import { DRIVER, nodeName } from "../../cluster/control-plane/stages";
import { definitions } from "../../cluster/fleet/definitions";
import type { Example } from "./examples";

const ZONE = "zone-a";

export interface RealCluster extends ControlPlane {
  /** The whole of it, with the administrator's token: what a user sets as the kubeconfig secret. */
  credentials: string;
}

/** `nodes`: what it has, with their labels; a set of nodes for any pod when left out. */
export async function realCluster(storageClass: string, nodes: KubeObject[] = plainNodes()): Promise<RealCluster> {
  const plane = await startControlPlane({ zones: [ZONE] });
  for (const object of [...definitions(), classKeeping(storageClass), ...nodes]) {
    const made = await plane.api.create(object);
    if (!made.ok) throw new Error(`${pathOf(object)}: ${made.message}`);
  }
  return { ...plane, credentials: fs.readFileSync(plane.kubeconfig, "utf8") };
}

/** The same wishes on that cluster. */
export const onCluster = (example: Example, { credentials }: RealCluster): Example => ({
  ...example,
  secrets: { ...example.secrets, kubeconfig: credentials },
});

const classKeeping = (name: string): KubeObject => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name },
  provisioner: DRIVER,
  reclaimPolicy: "Retain",
  volumeBindingMode: "WaitForFirstConsumer",
});

/** Two nodes of 64 GiB that take every pod. */
function plainNodes(): KubeObject[] {
  return [1, 2].map((n) => node(nodeName("any", n, ZONE), {}));
}

export function node(name: string, labels: Record<string, string>, taints: object[] = []): KubeObject {
  const allocatable = { cpu: "16", memory: "64Gi", pods: "110", "ephemeral-storage": "100Gi" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": ZONE,
        ...labels,
      },
      annotations: { "kwok.x-k8s.io/node": "fake" },
    },
    spec: { taints },
    status: {
      allocatable,
      capacity: allocatable,
      nodeInfo: { architecture: "amd64", operatingSystem: "linux", kubeletVersion: "v1.34.0" },
    },
  };
}
