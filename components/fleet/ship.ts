// Ship: one Urbit ship on Kubernetes, claimed before anything else exists. It refuses a ship that is declared twice.
import * as pulumi from "@pulumi/pulumi";
import type { LockedShip, Tombstone } from "../../planner/architecture/schema";
import { refuseIfAny } from "../refusal";
import { ownKey, shipProblems } from "./problems";
import { register, type Registered } from "./register";
import type { CellContext } from "./render/context";
import { keyOf, KUBERNETES } from "./render/resource";
import { renderShip, renderTombstone, SHIP_TYPE, workloadKey } from "./render/ship";

export interface ShipArgs {
  /** The ship as the lock records it. Changing tenant, cell, zone or disk of a claimed ship is refused by the planner. */
  ship?: LockedShip;
  /** Instead of `ship`: a removed one. Its claim and its volume stay, everything else goes. */
  tombstone?: Tombstone;
  /** What the ships of its cell have in common. */
  context: CellContext;
  /** The boot key, a secret. Needed for the first boot only; once the ship is sealed it is no longer used. */
  bootKey?: pulumi.Input<string>;
  /** Resources the workload waits for, by their key in the rendering: what its cell shares, a moon's parent. Default none. */
  after?: Record<string, pulumi.Resource>;
  /** Id of a moon's parent in the same cell and tenant: the moon's first boot waits until the parent has had its own. Default none. Next start. */
  parentShip?: string;
  /** Preview only: mark a missing digest or key instead of refusing it. Default: as the run is a preview or not. */
  allowMissing?: boolean;
}

/**
 * One ship: its claim in the registry, its pier, its key until it is sealed, a StatefulSet of one, a Service and, with a
 * domain, a route. At most six objects.
 *
 *     new Ship("sampel-palnet", { ship, context, bootKey: config.requireSecret("key-sampel-palnet") });
 *
 * It expects in the tenant's namespace what its `Cell` makes for all its ships (scripts, service account, role): make
 * ships through a `Cell`, if need be of one.
 *
 * Monthly: the volume's size times the provider's price; memory and processor are paid by the node.
 *
 * Destroyed: route, service and workload. Claim and volume are protected and stay when they are forgotten.
 */
export class Ship extends pulumi.ComponentResource {
  /** The ship's id: name of its objects. */
  public readonly shipId: pulumi.Output<string>;
  /** Namespace it lives in. */
  public readonly namespace: pulumi.Output<string>;
  /** Known once the claim is held: nothing of the ship exists before. */
  public readonly claim: pulumi.Output<string>;

  /** Its objects by their key in the rendering. */
  /** @internal */
  readonly objects: Registered;

  constructor(name: string, args: ShipArgs, opts?: pulumi.ComponentResourceOptions) {
    const allowMissing = args.allowMissing ?? pulumi.runtime.isDryRun();
    refuseIfAny("Ship", name, shipProblems(args, allowMissing));
    super(SHIP_TYPE, name, {}, opts);

    const known = new Map(Object.entries(args.after ?? {}));
    const rendered = args.ship
      ? renderShip(args.ship, args.context, {
          hasKey: args.bootKey !== undefined,
          after: [...known.keys()],
          parentShip: args.parentShip,
        })
      : renderTombstone(args.tombstone!, args.context);
    const identity = (args.ship ?? args.tombstone)!;
    const secrets = new Map(
      args.bootKey === undefined
        ? []
        : [
            [
              keyOf(KUBERNETES.Secret, `${identity.id}-key`),
              { stringData: { key: pulumi.secret(args.bootKey).apply(ownKey(name, identity)) } },
            ],
          ],
    );
    const objects = register(rendered, this, known, secrets);

    this.objects = objects;
    this.shipId = pulumi.output(identity.id);
    this.namespace = pulumi.output(identity.tenant);
    this.claim = objects.get(keyOf(KUBERNETES.Lease, `${identity.id}-claim`))!.urn.apply(() => identity.id);
    this.registerOutputs({ shipId: this.shipId, namespace: this.namespace, claim: this.claim });
  }
}

/** The workload a moon waits for. */
export const workloadOf = (ship: Ship, id: string): pulumi.Resource | undefined => ship.objects.get(workloadKey(id));
