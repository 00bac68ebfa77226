// ShipProbes: the web probes of one cell. A cell's own stack declares its own, so that no stack reads another's ships.
import { ComponentResource, type ComponentResourceOptions, type Output, output } from "@pulumi/pulumi";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import type { ShipProbesArgs } from "./args";
import { renderProbes } from "./render/probes";
import { NAMESPACE } from "./render/values";

/**
 * Asks every ship's login page every 30 seconds, from the blackbox exporter MonitoringStack installed.
 *
 * @example
 * new ShipProbes("prod-c2", { cell: "c2", domain: "fleet.example.com", ships }, { provider });
 *
 * Creates one Probe object a tenant of the cell, nothing else; costs nothing. It needs the Probe custom resource
 * definition, so MonitoringStack comes first. Destroying it stops the asking, not the ships.
 */
export class ShipProbes extends ComponentResource {
  /** Number of ships that are asked. */
  public readonly ships: Output<number>;

  constructor(name: string, args: ShipProbesArgs, opts?: ComponentResourceOptions) {
    super("roadstead:index:ShipProbes", name, {}, opts);
    const probes = renderProbes({
      cell: args.cell,
      domain: args.domain,
      namespace: NAMESPACE,
      ships: args.ships.map((s) => ({ id: s.id, namespace: s.namespace, tenant: s.tenant ?? s.namespace })),
    });
    for (const { key, manifest } of probes) new CustomResource(`${name}-${key}`, manifest, { parent: this });
    this.ships = output(args.ships.length);
    this.registerOutputs({ ships: this.ships });
  }
}
