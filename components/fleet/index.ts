export { Cell, type CellArgs } from "./cell";
export { Registry, type RegistryArgs } from "./registry";
export { Ship, type ShipArgs } from "./ship";
export type { CellContext, GatewayReference, ShipImage, TenantPlacement } from "./render/context";
export { REGISTRY_NAMESPACE } from "./render/names";
