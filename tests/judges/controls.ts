// Faults the judges must see, each with the check that is to see it: a translation that lost a property, or a judge that
// read nothing, would otherwise look like a fleet without faults.
import type { KubeObject } from "../cluster/control-plane/api";
import type { CloudResource } from "./cloud/as-built";
import { terraformType } from "./cloud/terraform";

// Inputs of many types: what is broken is named by its path, and a path that is not there breaks nothing and is not seen.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Inputs = Record<string, any>;

interface CloudFault {
  fault: string;
  fleet: string;
  check: string;
  /** Terraform type of what is broken. */
  type: string;
  /** Null: it is left out, and `seenOn` is the type that then fails. */
  change: ((inputs: Inputs) => Inputs) | null;
  seenOn?: string;
}

export const CLOUD_FAULTS: CloudFault[] = [
  {
    fault: "a key that is never rotated",
    fleet: "eks-hipaa",
    check: "CKV_AWS_7",
    type: "aws_kms_key",
    change: (i) => ({ ...i, enableKeyRotation: false }),
  },
  {
    fault: "Secrets that are not encrypted in etcd",
    fleet: "eks-hipaa",
    check: "CKV_AWS_58",
    type: "aws_eks_cluster",
    change: ({ encryptionConfig: _, ...i }) => i,
  },
  {
    fault: "a control plane that logs nothing of who asked what",
    fleet: "eks-hipaa",
    check: "CKV_AWS_37",
    type: "aws_eks_cluster",
    change: (i) => ({ ...i, enabledClusterLogTypes: ["api"] }),
  },
  {
    fault: "nodes whose metadata answers without a token",
    fleet: "eks-hipaa",
    check: "CKV_AWS_79",
    type: "aws_launch_template",
    change: (i) => ({ ...i, metadataOptions: { ...i.metadataOptions, httpTokens: "optional" } }),
  },
  {
    fault: "a log without its key",
    fleet: "eks-hipaa",
    check: "CKV_AWS_158",
    type: "aws_cloudwatch_log_group",
    change: ({ kmsKeyId: _, ...i }) => i,
  },
  {
    fault: "a public bucket",
    fleet: "eks-hipaa",
    check: "CKV_AWS_53",
    type: "aws_s3_bucket_public_access_block",
    change: (i) => ({ ...i, blockPublicAcls: false }),
  },
  {
    fault: "a backup bucket that forgets what was overwritten",
    fleet: "eks-hipaa",
    check: "CKV_AWS_21",
    type: "aws_s3_bucket_versioning",
    change: null,
    seenOn: "aws_s3_bucket",
  },
  {
    fault: "a bucket of backups whose copy is not in the other region",
    fleet: "eks-hipaa",
    check: "CKV_AWS_144",
    type: "aws_s3_bucket_replication_configuration",
    change: null,
    seenOn: "aws_s3_bucket.prod-bucket",
  },
  {
    fault: "a network without flow logs",
    fleet: "eks-hipaa",
    check: "CKV2_AWS_11",
    type: "aws_flow_log",
    change: null,
    seenOn: "aws_vpc",
  },
  {
    fault: "a role that may do everything",
    fleet: "eks-hipaa",
    check: "CKV_AWS_62",
    type: "aws_iam_role_policy",
    change: (i) => ({
      ...i,
      policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    }),
  },
  {
    fault: "SSH for the whole world",
    fleet: "vps-aws",
    check: "CKV_AWS_24",
    type: "aws_security_group",
    change: (i) => ({
      ...i,
      ingress: i.ingress.map((rule: Inputs) => ({ ...rule, cidrBlocks: ["0.0.0.0/0"] })),
    }),
  },
  {
    fault: "a pier's volume in the clear",
    fleet: "vps-aws",
    check: "CKV_AWS_3",
    type: "aws_ebs_volume",
    change: (i) => ({ ...i, encrypted: false }),
  },
  {
    fault: "a droplet without a key for SSH",
    fleet: "vps-digitalocean",
    check: "CKV_DIO_2",
    type: "digitalocean_droplet",
    change: ({ sshKeys: _, ...i }) => i,
  },
  {
    fault: "a droplet's firewall that lets everybody in everywhere",
    fleet: "vps-digitalocean",
    check: "CKV_DIO_4",
    type: "digitalocean_firewall",
    change: (i) => ({
      ...i,
      inboundRules: [{ protocol: "tcp", portRange: "1-65535", sourceAddresses: ["0.0.0.0/0", "::/0"] }],
    }),
  },
];

/** What is broken, and what it is said of; the rest of the fleet would only be judged once more. */
export const brokenCloud = (fault: CloudFault, cloud: readonly CloudResource[]): CloudResource[] =>
  cloud.flatMap((resource) => {
    const type = terraformType(resource.type);
    if (type !== fault.type) return fault.seenOn?.split(".")[0] === type ? [resource] : [];
    return fault.change === null ? [] : [{ ...resource, inputs: fault.change(structuredClone(resource.inputs)) }];
  });

interface PodFault {
  fault: string;
  /** By checkov and by kube-score; null where one does not ask. */
  checkov: string | null;
  kubeScore: string | null;
  change: (container: Inputs, pod: Inputs) => void;
}

export const POD_FAULTS: PodFault[] = [
  {
    fault: "a privileged container",
    checkov: "CKV_K8S_16",
    kubeScore: "container-security-context-privileged: The container is privileged",
    change: (c) => (c.securityContext.privileged = true),
  },
  {
    fault: "a writable root",
    checkov: "CKV_K8S_22",
    kubeScore:
      "container-security-context-readonlyrootfilesystem: The pod has a container with a writable root filesystem",
    change: (c) => (c.securityContext.readOnlyRootFilesystem = false),
  },
  {
    fault: "no memory limit",
    checkov: "CKV_K8S_13",
    kubeScore: "container-resources: Memory limit is not set",
    change: (c) => delete c.resources.limits,
  },
  {
    fault: "an image by tag",
    checkov: "CKV_K8S_43",
    kubeScore: "container-image-tag: Image with latest tag",
    change: (c) => (c.image = "tloncorp/vere:latest"),
  },
  {
    fault: "the network of the node",
    checkov: "CKV_K8S_19",
    kubeScore: null,
    change: (_, pod) => (pod.hostNetwork = true),
  },
  {
    fault: "no seccomp profile",
    checkov: null,
    kubeScore: "container-seccomp-profile: The container has not configured Seccomp",
    change: (c, pod) => {
      delete c.securityContext.seccompProfile;
      delete pod.securityContext.seccompProfile;
    },
  },
];

/** The ships of a fleet, the first container of each broken. */
export const brokenPods = ({ change }: PodFault, objects: readonly KubeObject[]): KubeObject[] =>
  objects
    .filter((object) => object.kind === "StatefulSet")
    .map((object) => {
      const broken = structuredClone(object) as KubeObject & { spec: Inputs };
      const pod = broken.spec.template.spec as Inputs;
      change(pod.containers[0] as Inputs, pod);
      return broken;
    });

/** A key of the form AWS gives them, made up here, in a place a person might leave one. */
export const LEAKED: KubeObject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "leaked", namespace: "leak" },
  data: { settings: `aws_access_key_id = ${"AKIA"}Q3EGT5XW7LKH2MNP\n` },
};
