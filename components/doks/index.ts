export { DoksCluster, VOLUMES_PER_DROPLET, type DoksClusterArgs, type DoksPool } from "./doks-cluster";
export { DoksEdge, type DoksEdgeArgs } from "./doks-edge";
