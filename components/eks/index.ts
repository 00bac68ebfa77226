export { ArgumentsRefused, type ArgumentProblem } from "./refusal";
export { Network, NatMode, type NetworkArgs, type ExistingVpc } from "./network";
export { Cluster, VersionSupport, type ClusterArgs } from "./cluster";
export { NodePool, PoolRole, NodeArchitecture, type NodePoolArgs } from "./node-pool";
export { ClusterAddons, type ClusterAddonsArgs, type AddonVersions } from "./cluster-addons";
export { Chart, type ChartArgs } from "./chart";
