// The EKS add-ons a fleet needs, as data: what each is called, what it waits for, how it is set.

/** EKS add-on versions, such as "v1.20.4-eksbuild.1". Each is required: a missing one is marked in a preview and refused by `up`. */
export interface AddonVersions {
  vpcCni?: string | null;
  kubeProxy?: string | null;
  coredns?: string | null;
  ebsCsi?: string | null;
  podIdentityAgent?: string | null;
  snapshotController?: string | null;
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

export const ADDONS: AddonPlan[] = [
  {
    key: "vpcCni",
    name: "vpc-cni",
    after: [],
    // Without this, network policies are accepted and ignored.
    configuration: JSON.stringify({ enableNetworkPolicy: "true" }),
    preserve: true,
  },
  { key: "kubeProxy", name: "kube-proxy", after: [], preserve: true },
  { key: "podIdentityAgent", name: "eks-pod-identity-agent", after: ["vpcCni"], preserve: false },
  { key: "coredns", name: "coredns", after: ["vpcCni", "kubeProxy"], preserve: false },
  {
    key: "ebsCsi",
    name: "aws-ebs-csi-driver",
    after: ["podIdentityAgent", "coredns"],
    identity: {
      serviceAccount: "ebs-csi-controller-sa",
      policyArn: "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
    },
    preserve: false,
  },
  { key: "snapshotController", name: "snapshot-controller", after: ["coredns"], preserve: false },
];

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
