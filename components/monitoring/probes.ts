// ShipProbes: the web probes of one cell. A cell's own stack declares its own, so that no stack reads another's ships.
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi";
import type { ShipProbesArgs } from "./args";

export class ShipProbes extends ComponentResource {
  constructor(name: string, args: ShipProbesArgs, opts?: ComponentResourceOptions) {
    super("roadstead:index:ShipProbes", name, {}, opts);
    void args;
    this.registerOutputs({});
  }
}
