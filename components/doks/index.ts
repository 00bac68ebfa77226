export { DoksCluster, type DoksClusterArgs, type DoksPool } from "./doks-cluster";
