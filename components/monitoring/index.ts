export * from "./args";
export { MonitoringStack } from "./stack";
export { ShipProbes } from "./probes";
