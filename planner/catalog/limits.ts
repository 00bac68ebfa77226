// Limits a planner must respect, each with its source. What a fleet takes of them is counted in plan/quotas.ts.

/** The day the sources were read. A provider may have changed a default since: the console of the account has the last word. */
export const LIMITS_READ_ON = "2026-11-21";

export interface Limit {
  value: number;
  what: string;
  /** Nobody raises it: what needs more is rejected, or cut so that it needs less. */
  hard: boolean;
  source: string;
}
const limit = (value: number, what: string, hard: boolean, source: string): Limit => ({ value, what, hard, source });

export const LIMITS = {
  ebsSlotsShared: limit(
    28,
    "EBS volumes and network interfaces of one node (older Nitro)",
    true,
    "aws-eks-best-practices dc0243a (2026-05-04); CSI volume_limits.go",
  ),
  /** 28 less the root volume and the interfaces usually attached. */
  ebsPlannedShared: limit(
    25,
    "pier volumes planned for one node (older Nitro)",
    true,
    "28 slots less root and 2 interfaces, aws-ebs-csi-driver 1a42de6",
  ),
  ebsPlannedDedicated: limit(
    31,
    "pier volumes planned for one node (dedicated slots, up to 12xlarge)",
    true,
    "aws-ebs-csi-driver 1a42de6",
  ),
  doVolumesPerDroplet: limit(
    15,
    "volumes of one droplet, and so of one DOKS node",
    true,
    "docs.digitalocean.com/products/volumes/details/limits (2025-11-14); doctl#1565, csi-digitalocean#646",
  ),
  nlbListeners: limit(50, "listeners of one network load balancer", true, "AWS NLB quotas page"),
  /** With balancing across zones, which every ship needs: it lives in one zone, and a peer asks any. */
  nlbTargets: limit(500, "targets of one network load balancer across zones", false, "AWS NLB quotas page"),
  nlbPerRegion: limit(50, "network load balancers of one region", false, "AWS NLB quotas page"),
  targetGroups: limit(3_000, "target groups of one region", false, "AWS NLB quotas page"),
  onDemandVcpu: limit(5, "on-demand standard vCPU of a new AWS account", false, "aws-eks-best-practices quotas"),
  elasticIps: limit(5, "Elastic IPs of one region", false, "aws-eks-best-practices quotas"),
  gp3TiBPerRegion: limit(50, "TiB of gp3 storage of one region", false, "aws-eks-best-practices quotas"),
  snapshotsPerRegion: limit(100_000, "EBS snapshots of one region", false, "aws-eks-best-practices quotas"),
  securityGroupRules: limit(50, "inbound rules of one security group", false, "aws-eks-best-practices quotas"),
  iamRoles: limit(1_000, "IAM roles of one account", false, "aws-eks-best-practices quotas"),
  podIdentityAssociations: limit(
    1_000,
    "Pod Identity associations of one cluster",
    true,
    "EKS user guide 4d52b4d (2024-12); said to have been raised since, in no stored source",
  ),
  oidcProviders: limit(100, "OIDC providers of one account", false, "aws-eks-best-practices quotas"),
  buckets: limit(10_000, "S3 buckets of one account", false, "AWS announcement, 2024-11"),
  hostedZones: limit(500, "Route 53 zones of one account", false, "Route 53 limits page"),
  zoneRecords: limit(10_000, "records of one Route 53 zone", false, "Route 53 limits page"),
  nodesPerGroup: limit(450, "nodes of one managed node group", false, "aws-eks-best-practices data plane"),
  nodeGroups: limit(30, "managed node groups of one cluster", false, "cdk-eks-blueprints"),
  clusterNodes: limit(5_000, "nodes of one cluster", false, "Kubernetes large clusters page"),
  podsPerNode: limit(110, "pods of one node of up to 30 vCPU", false, "Kubernetes large clusters page; EKS user guide"),
  clusterPods: limit(150_000, "pods of one cluster", false, "Kubernetes large clusters page"),
  namespaceServices: limit(5_000, "services of one namespace", true, "aws-eks-best-practices workloads"),
  namespaceServicesAdvised: limit(
    500,
    "services of one namespace before lookups slow down",
    false,
    "aws-eks-best-practices workloads",
  ),
  clusterSecrets: limit(10_000, "Secrets of one cluster", true, "aws-eks-best-practices workloads"),
  kubeProxyServices: limit(1_000, "services before iptables mode slows down", false, "aws-eks-best-practices ipvs"),
  clusterServices: limit(10_000, "services of one cluster", true, "aws-eks-best-practices workloads"),
  dropletsAtOnce: limit(10, "droplets created at once", false, "docs.digitalocean.com limits"),
  /** "GroundSeg host for 5 to 20 ships": the size Roadstead builds, not a limit of GroundSeg, which states none. */
  groundsegShips: limit(
    20,
    "ships on one GroundSeg host Roadstead builds",
    false,
    "Roadstead's own choice; GroundSeg's manual states no hard limit",
  ),
  cellShips: limit(
    50,
    "ships of one cell",
    true,
    "Roadstead's own choice: a stack with 400 resources took 22 s, with 2,000 250 s",
  ),
} as const;
