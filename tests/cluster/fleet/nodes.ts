// The planned nodes as kwok nodes: what a kubelet would offer by the planner's formula, labels and taints as
// components/eks/node-pool sets them, the daemon sets every node carries, and the volumes its CSI driver attaches.
import { POOL_LABEL, ROLE_LABEL, SHIPS_TAINT } from "../../../components/eks/node-pool";
import type { LockedNodePool } from "../../../planner/architecture/schema";
import { defaultCatalog } from "../../../planner/catalog/catalog";
import { LIMITS } from "../../../planner/catalog/limits";
import { maxPods, nodeCapacity, reservedCpu } from "../../../planner/plan/capacity";
import type { KubeObject } from "../control-plane/api";
import { DRIVER, nodeName } from "../control-plane/stages";

/** What the capacity formula keeps for daemon sets (facts behind planner/plan/capacity.ts), MiB and pods. */
const DAEMON = { memoryMiB: 500, pods: 6 };
/**
 * CPU that EKS's own daemon sets request: 195m for aws-node, ebs-csi-node, kube-proxy and two others, as measured in
 * https://github.com/2i2c-org/infrastructure/issues/3902 (EKS 1.28).
 */
const DAEMON_CPU_MILLI = 195;
const ARCH = { x86_64: "amd64", arm64: "arm64" } as const;

/** Every planned node, with the count its CSI driver would report. */
export function nodesOf(pools: readonly LockedNodePool[], region: string): KubeObject[] {
  return pools.flatMap((pool) =>
    Array.from({ length: pool.count }, (_, n) => nodeOf(pool, nodeName(pool.name, n + 1, pool.zone!), region)).flat(),
  );
}

function nodeOf(pool: LockedNodePool, name: string, region: string): KubeObject[] {
  const type = defaultCatalog().instanceTypes.find((t) => t.name === pool.type);
  if (type === undefined) throw new Error(`${pool.type} is not in the catalog`);
  const memory = nodeCapacity(type, 1, null).allocatableMiB + DAEMON.memoryMiB;
  const allocatable = {
    cpu: `${Math.floor((type.vcpu - reservedCpu(type.vcpu)) * 1000)}m`,
    memory: `${Math.floor(memory)}Mi`,
    pods: String(pool.maxPods ?? maxPods(type)),
    "ephemeral-storage": "25Gi",
  };
  const volumes = type.volumeSlots === "shared" ? LIMITS.ebsPlannedShared.value : LIMITS.ebsPlannedDedicated.value;
  const labels: Record<string, string> = {
    "kubernetes.io/hostname": name,
    "kubernetes.io/arch": ARCH[pool.arch],
    "kubernetes.io/os": "linux",
    "node.kubernetes.io/instance-type": pool.type,
    "topology.kubernetes.io/region": region,
    "topology.kubernetes.io/zone": pool.zone!,
    "topology.ebs.csi.aws.com/zone": pool.zone!,
    [ROLE_LABEL]: pool.role,
    [POOL_LABEL]: pool.name,
  };
  const { key, value } = SHIPS_TAINT;
  return [
    {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels, annotations: { "kwok.x-k8s.io/node": "fake" } },
      // EKS spells the effect in capitals, Kubernetes does not.
      spec: pool.role === "ships" ? { taints: [{ key, value, effect: "NoSchedule" }] } : {},
      status: {
        allocatable,
        capacity: { ...allocatable, cpu: String(type.vcpu), memory: `${type.memoryGiB}Gi` },
        nodeInfo: { architecture: ARCH[pool.arch], operatingSystem: "linux", kubeletVersion: "v1.34.0" },
      },
    },
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSINode",
      metadata: { name },
      spec: {
        drivers: [
          {
            name: DRIVER,
            nodeID: name,
            topologyKeys: ["topology.kubernetes.io/zone"],
            allocatable: { count: volumes },
          },
        ],
      },
    },
  ];
}

/** What every node runs before any ship: six pods that take what the planner keeps for them. */
export function daemonSets(): KubeObject[] {
  const share = (of: number, n: number): number => Math.floor(of / DAEMON.pods) + (n < of % DAEMON.pods ? 1 : 0);
  return Array.from({ length: DAEMON.pods }, (_, n) => {
    const name = `node-service-${n + 1}`;
    const labels = { "app.kubernetes.io/name": name };
    return {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name, namespace: "kube-system" },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            priorityClassName: "system-node-critical",
            tolerations: [{ operator: "Exists" }],
            containers: [
              {
                name,
                image: "node-service",
                resources: {
                  requests: {
                    cpu: `${share(DAEMON_CPU_MILLI, n)}m`,
                    memory: `${share(DAEMON.memoryMiB, n)}Mi`,
                  },
                },
              },
            ],
          },
        },
      },
    };
  });
}

/** EBS volumes must be attached; with this object the scheduler counts them. */
export const csiDriver = (): KubeObject => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "CSIDriver",
  metadata: { name: DRIVER },
  spec: { attachRequired: true, podInfoOnMount: false, fsGroupPolicy: "ReadWriteOnceWithFSType" },
});
