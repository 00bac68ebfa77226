// The EKS add-ons a fleet needs, as data: what each is called, what it waits for, how it is set.
import type { KubeProxyMode } from "../../../planner/architecture/schema";

/** EKS add-on versions, such as "v1.20.4-eksbuild.1". Each is required: a missing one is marked in a preview and refused by `up`. */
export interface AddonVersions {
  vpcCni?: string | null;
  kubeProxy?: string | null;
  coredns?: string | null;
  ebsCsi?: string | null;
  podIdentityAgent?: string | null;
  snapshotController?: string | null;
  metricsServer?: string | null;
}

export type AddonKey = keyof AddonVersions;

export interface AddonPlan {
  key: AddonKey;
  /** Name in EKS. */
  name: string;
  /** Add-ons that must be active first. */
  after: AddonKey[];
  /** The add-on's settings, as JSON with a fixed order of keys; undefined for AWS's own. */
  configuration?: string;
  /** Service account that gets an AWS identity, and the managed policy it needs. */
  identity?: { serviceAccount: string; policyArn: string };
  /** Leave the software running when the add-on is removed: nodes are deleted next and need their network until then. */
  preserve: boolean;
}

export interface AddonSettings {
  /** How nodes route services. */
  kubeProxyMode: KubeProxyMode;
  /** Attachment slots of a node that piers may not take: `reservedAttachments` of the planner. */
  reservedVolumeAttachments: number;
}

/**
 * Addresses a node keeps ready beyond those in use. AWS's default keeps a whole interface ready instead, and on types that
 * share their slots that interface takes the place of a pier the planner counted on.
 */
export const WARM_IP_TARGET = 1;
/** So that a node's first pods do not wait for one address at a time. */
const MINIMUM_IP_TARGET = 10;

const KUBE_PROXY: Record<KubeProxyMode, object | undefined> = {
  iptables: undefined,
  ipvs: { ipvs: { scheduler: "rr" }, mode: "ipvs" },
  nftables: { mode: "nftables" },
};

const json = (settings: object | undefined): string | undefined =>
  settings === undefined ? undefined : JSON.stringify(settings);

/** Every add-on, each after those it waits for. */
export function addonPlans(settings: AddonSettings): AddonPlan[] {
  return [
    {
      key: "vpcCni",
      name: "vpc-cni",
      after: [],
      configuration: json({
        // Without this, network policies are accepted and ignored.
        enableNetworkPolicy: "true",
        env: { MINIMUM_IP_TARGET: String(MINIMUM_IP_TARGET), WARM_IP_TARGET: String(WARM_IP_TARGET) },
      }),
      preserve: true,
    },
    {
      key: "kubeProxy",
      name: "kube-proxy",
      after: [],
      configuration: json(KUBE_PROXY[settings.kubeProxyMode]),
      preserve: true,
    },
    { key: "podIdentityAgent", name: "eks-pod-identity-agent", after: ["vpcCni"], preserve: false },
    {
      key: "coredns",
      name: "coredns",
      after: ["vpcCni", "kubeProxy"],
      // EKS grows it with nodes and processors; its guide asks for more than two at least.
      configuration: json({ autoScaling: { enabled: true, minReplicas: 3, maxReplicas: 20 } }),
      preserve: false,
    },
    {
      key: "ebsCsi",
      name: "aws-ebs-csi-driver",
      after: ["podIdentityAgent", "coredns"],
      configuration: json({ node: { reservedVolumeAttachments: settings.reservedVolumeAttachments } }),
      identity: {
        serviceAccount: "ebs-csi-controller-sa",
        policyArn: "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
      },
      preserve: false,
    },
    { key: "snapshotController", name: "snapshot-controller", after: ["coredns"], preserve: false },
    { key: "metricsServer", name: "metrics-server", after: ["coredns"], preserve: false },
  ];
}

/** The tag snapshot schedules select volumes by. */
export const BACKUP_TAG = "roadstead.dev/backup";

/** The storage class for piers: encrypted, kept when its claim is deleted, made in the zone of the pod that first asks. */
export function pierStorageClass(name: string, backupTag: string) {
  return {
    metadata: { name },
    provisioner: "ebs.csi.aws.com",
    parameters: {
      type: "gp3",
      encrypted: "true",
      "csi.storage.k8s.io/fstype": "ext4",
      tagSpecification_1: `${BACKUP_TAG}=${backupTag}`,
    },
    // A pier outlives its claim: an old copy that runs again is a breach, a lost one cannot be made again.
    reclaimPolicy: "Retain",
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
  };
}
