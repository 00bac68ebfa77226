export { Network, NatMode, type NetworkArgs, type ExistingVpc } from "./network";
export { Cluster, VersionSupport, CONTROL_PLANE_LOGS, type ClusterArgs } from "./cluster";
export {
  NodePool,
  PoolRole,
  NodeArchitecture,
  TaintEffect,
  ROLE_LABEL,
  POOL_LABEL,
  SHIPS_TAINT,
  type NodePoolArgs,
  type NodeTaint,
} from "./node-pool";
export { typesOffered, type WantedType } from "./offerings";
export { WorkloadRole, type OidcProvider, type WorkloadRoleArgs } from "./workload-role";
export { ClusterAddons, type ClusterAddonsArgs, type AddonVersions } from "./cluster-addons";
export { LoadBalancerController, type LoadBalancerControllerArgs } from "./load-balancer-controller";
export { ExternalDns, type ExternalDnsArgs } from "./external-dns";
export { Edge, type EdgeArgs } from "./edge";
export { AmesGround, AmesLoadBalancer, type AmesGroundArgs, type AmesLoadBalancerArgs, type AmesShip } from "./ames";
export { EDGE, TENANT_LABEL } from "./render/edge";
export { Chart, ChartHooks, type ChartArgs } from "./chart";
export { BACKUP_TAG } from "./render/addons";
export { cidrPlan, cidrProblems, cidrsOverlap, SERVICE_CIDR, type PlannedSubnet } from "./render/cidr-plan";
