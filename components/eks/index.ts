export { Network, NatMode, type NetworkArgs, type ExistingVpc } from "./network";
export { Cluster, VersionSupport, CONTROL_PLANE_LOGS, type ClusterArgs } from "./cluster";
export {
  NodePool,
  PoolRole,
  NodeArchitecture,
  ROLE_LABEL,
  POOL_LABEL,
  SHIPS_TAINT,
  type NodePoolArgs,
} from "./node-pool";
export { ClusterAddons, type ClusterAddonsArgs, type AddonVersions } from "./cluster-addons";
export { Edge, type EdgeArgs } from "./edge";
export { EDGE, TENANT_LABEL } from "./render/edge";
export { Chart, ChartHooks, type ChartArgs } from "./chart";
export { BACKUP_TAG } from "./render/addons";
export { cidrPlan, cidrProblems, cidrsOverlap, SERVICE_CIDR, type PlannedSubnet } from "./render/cidr-plan";
