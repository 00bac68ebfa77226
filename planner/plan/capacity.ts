// How many ships one Kubernetes node can hold, and which term bound.
import type { InstanceType } from "../catalog/catalog";
import { LIMITS } from "../catalog/limits";
import { doksAllocatableGiB } from "../doks";

export type CapacityTerm = "memory" | "volumes" | "pods" | "cpu";

export interface NodeCapacity {
  ships: number;
  boundBy: CapacityTerm;
  terms: Record<CapacityTerm, number>;
  maxPods: number;
  allocatableMiB: number;
}

/** Karpenter's default VMMemoryOverheadPercent: a conservative guess at what the hypervisor keeps. */
const VM_OVERHEAD = 0.075;
/** Karpenter's Graviton reservation, MiB. */
const GRAVITON_MIB = 64;
/** kubelet's hard eviction threshold, MiB. */
const EVICTION_MIB = 100;
/** What daemon sets (CNI, CSI, node exporter, log agent) take of a node, MiB and pods. */
const DAEMON_MIB = 500;
const DAEMON_PODS = 6;
/**
 * vCPU they request: 195m for aws-node with its policy agent, ebs-csi-node, kube-proxy and two others, as counted on
 * EKS 1.28 (github.com/2i2c-org/infrastructure/issues/3902).
 */
const DAEMON_CPU = 0.195;

/** ENILimitedPods of Karpenter and the EKS AMI. */
export const maxPods = (type: InstanceType): number => type.eniCount * (type.ipv4PerEni - 1) + 2;

/** CPU the EKS AMI keeps: 6 % of the first core, 1 % of the second, .5 % of the next two, .25 % of the rest. */
export function reservedCpu(vcpu: number): number {
  const take = (cores: number, share: number) => Math.max(0, cores) * share;
  return (
    take(Math.min(vcpu, 1), 0.06) +
    take(Math.min(vcpu, 2) - 1, 0.01) +
    take(Math.min(vcpu, 4) - 2, 0.005) +
    take(vcpu - 4, 0.0025)
  );
}

/** Network interfaces the plan keeps slots for on types that share theirs: the node's first, and one more for pods' addresses. */
const PLANNED_INTERFACES = 2;
const ROOT_VOLUME = 1;

/**
 * Slots the volume driver must leave free so that a node offers what was planned and not more. Nodes' metadata is closed to
 * pods, so the driver counts one interface, whatever there is (aws-ebs-csi-driver, metadata/k8s.go), and takes this off: 28 - 1
 * - 2 = 25 where slots are shared, 32 - 1 = 31 where volumes have their own. One setting serves all nodes: with both kinds in a
 * fleet, a node with slots of its own offers 30.
 */
export function reservedAttachments(shipTypes: readonly Pick<InstanceType, "volumeSlots">[]): number {
  const shared = shipTypes.length === 0 || shipTypes.some((t) => t.volumeSlots === "shared");
  return ROOT_VOLUME + (shared ? PLANNED_INTERFACES - 1 : 0);
}

/** `cpu` null: CPU is shared and binds nothing (the reference model). */
export function nodeCapacity(type: InstanceType, shipMiB: number, cpu: number | null): NodeCapacity {
  const pods = maxPods(type);
  const kubeReserved = 255 + 11 * pods;
  const allocatableMiB =
    type.memoryGiB * 1024 * (1 - VM_OVERHEAD) -
    (type.arch === "arm64" ? GRAVITON_MIB : 0) -
    kubeReserved -
    EVICTION_MIB -
    DAEMON_MIB;
  const slots = type.volumeSlots === "shared" ? LIMITS.ebsPlannedShared.value : LIMITS.ebsPlannedDedicated.value;
  return bound(
    {
      memory: Math.floor(allocatableMiB / shipMiB),
      volumes: slots,
      pods: pods - DAEMON_PODS,
      cpu: cpu === null ? Infinity : Math.floor((type.vcpu - reservedCpu(type.vcpu) - DAEMON_CPU) / cpu),
    },
    pods,
    allocatableMiB,
  );
}

function bound(terms: Record<CapacityTerm, number>, pods: number, allocatableMiB: number): NodeCapacity {
  const entries = Object.entries(terms) as [CapacityTerm, number][];
  const [boundBy, ships] = entries.reduce((least, e) => (e[1] < least[1] ? e : least));
  return { ships: Math.max(0, ships), boundBy, terms, maxPods: pods, allocatableMiB };
}

/** What daemon sets take of what DigitalOcean leaves to pods: its own (Cilium, CSI) and ours. Own judgment, unmeasured. */
const DOKS_DAEMON_MIB = 1024;

/** Ships one DOKS node holds. Memory by DigitalOcean's table, volumes by its limit. */
export function doksCapacity(droplet: { vcpu: number; memoryGiB: number }, shipMiB: number, cpu: number): NodeCapacity {
  const allocatableMiB = Math.max(0, doksAllocatableGiB(droplet.memoryGiB) * 1024 - DOKS_DAEMON_MIB);
  const pods = 110;
  return bound(
    {
      memory: Math.floor(allocatableMiB / shipMiB),
      volumes: LIMITS.doVolumesPerDroplet.value,
      pods: pods - DAEMON_PODS,
      cpu: Math.floor((droplet.vcpu - reservedCpu(droplet.vcpu)) / cpu),
    },
    pods,
    allocatableMiB,
  );
}
