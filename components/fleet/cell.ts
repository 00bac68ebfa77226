// Cell: up to 50 ships that are rolled out, scaled and lost together. It refuses the same ship twice.
import * as pulumi from "@pulumi/pulumi";
import type { LockedShip, Tombstone } from "../../planner/architecture/schema";
import { refuseIfAny } from "../refusal";
import { cellProblems } from "./problems";
import { register } from "./register";
import { awaitedParent, CELL_TYPE, launchOrder, parentKeys, tenantsAboard } from "./render/cell";
import type { CellContext } from "./render/context";
import { renderShared, workloadKey } from "./render/ship";
import { Ship, workloadOf } from "./ship";

export interface CellArgs {
  /** The cell's ships, as the lock records them: at most 50. Removing one needs a tombstone in its place. */
  ships: LockedShip[];
  /** Removed ships, whose claims and volumes stay. Default none. */
  tombstones?: Tombstone[];
  /** What the ships have in common. */
  context: CellContext;
  /** Boot keys by ship id, each a secret. Default none. A sealed ship's key is not used. */
  keys?: Record<string, pulumi.Input<string>>;
  /** Preview only: mark missing digests and keys instead of refusing them. Default: as the run is a preview or not. */
  allowMissing?: boolean;
}

/**
 * The ships of one cell and what they share in each tenant's namespace: scripts, a service account, and the role by
 * which a ship's pod moves on its own claim.
 *
 *     new Cell("c1", { ships: lock.ships, context, keys }, { providers: [cluster.provider], dependsOn: [registry, ...tenants] });
 *
 * Makes: per tenant a ConfigMap, a ServiceAccount, a Role and a RoleBinding; per ship a `Ship` of at most six objects.
 * A moon waits for its parent's workload when both are in the cell.
 *
 * Monthly: the ships' volumes. Destroyed: routes, services and workloads, then what they share; claims and volumes stay.
 */
export class Cell extends pulumi.ComponentResource {
  /** Ids of the ships aboard, known once each holds its claim. */
  public readonly ships: pulumi.Output<string[]>;
  /** How many ships the cell declares. */
  public readonly count: pulumi.Output<number>;
  /** True once every claim is held. Whether ships run is the rollout's to say. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: CellArgs, opts?: pulumi.ComponentResourceOptions) {
    const allowMissing = args.allowMissing ?? pulumi.runtime.isDryRun();
    refuseIfAny("Cell", name, cellProblems(args, allowMissing));
    super(CELL_TYPE, name, {}, opts);

    const shared = registerShared(args, this);
    const aboard = registerShips(args, shared, allowMissing, this);
    for (const tombstone of args.tombstones ?? []) {
      new Ship(tombstone.id, { tombstone, context: args.context, allowMissing }, { parent: this });
    }

    this.ships = pulumi.all(aboard.map((ship) => ship.claim));
    this.count = pulumi.output(args.ships.length);
    this.ready = this.ships.apply(() => true);
    this.registerOutputs({ ships: this.ships, count: this.count, ready: this.ready });
  }
}

type Shared = Map<string, Record<string, pulumi.Resource>>;

function registerShared(args: CellArgs, parent: Cell): Shared {
  return new Map(
    tenantsAboard(args.ships).map((tenant) => {
      const aboard = args.ships.filter((s) => s.tenant === tenant);
      const made = register(renderShared(tenant, aboard, args.context, null), parent);
      return [tenant, Object.fromEntries(made)];
    }),
  );
}

function registerShips(args: CellArgs, shared: Shared, allowMissing: boolean, parent: Cell): Ship[] {
  const workloads = new Map<string, pulumi.Resource>();
  return launchOrder(args.ships).map((ship) => {
    const after = { ...shared.get(ship.tenant) };
    for (const key of parentKeys(ship, args.ships)) after[key] = workloads.get(key)!;
    const made = new Ship(
      ship.id,
      {
        ship,
        context: args.context,
        bootKey: args.keys?.[ship.id],
        after,
        parentShip: awaitedParent(ship, args.ships),
        allowMissing,
      },
      { parent },
    );
    workloads.set(workloadKey(ship.id), workloadOf(made, ship.id)!);
    return made;
  });
}
