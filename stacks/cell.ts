// One cell of ships on a cluster: what their tenants may do, then the ships themselves.
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import { Cell } from "../components/fleet";
import { Tenant } from "../components/isolation";
import type { Architecture } from "../planner/architecture/schema";
import { cellContext, cellName, PROVIDER_NAME, shipsWithKey, tenantsMade } from "./cell-plan";
import { platformOutputs, type StackOutputs, type Surroundings } from "./surroundings";

/** What a cell stands on. */
export interface Ground {
  /** For everything inside the cluster. */
  provider: Provider;
  /** What must be there before tenants move in, and is destroyed after them. */
  foundation: pulumi.Resource[];
}

/** Tenants and ships of this stack's cell. */
export function composeCell(
  architecture: Architecture,
  around: Surroundings,
  ground: Ground,
  parent: pulumi.Resource,
): StackOutputs {
  const opts = { parent, providers: [ground.provider] };
  const tenants = tenantsMade(architecture).map(
    (args) => new Tenant(args.id, args, { ...opts, dependsOn: ground.foundation }),
  );
  const cell = new Cell(
    cellName(architecture),
    {
      ships: architecture.ships,
      tombstones: architecture.tombstones,
      context: cellContext(architecture),
      keys: Object.fromEntries(shipsWithKey(architecture).map((s) => [s.id, around.secret(s.key.secret)])),
      allowMissing: around.allowMissing,
    },
    // Claims need their registry and ships their namespace; on the way back ships go first.
    { ...opts, dependsOn: [...ground.foundation, ...tenants] },
  );
  return { ships: cell.ships, ready: cell.ready };
}

/** The platform under a further cell, read from its stack: a cell builds nothing that all cells share. */
export function platformGround(architecture: Architecture, parent: pulumi.Resource): Ground {
  const platform = platformOutputs(architecture);
  const provider = new Provider(
    PROVIDER_NAME,
    {
      kubeconfig: pulumi.secret(platform.requireOutput("kubeconfig")) as pulumi.Output<string>,
      // Only another cluster replaces the provider: a new token or certificate must not replace every object behind it.
      clusterIdentifier: platform.requireOutput("clusterIdentifier") as pulumi.Output<string>,
      enableServerSideApply: true,
      // An object that exists already is someone else's, above all a ship's registry entry: creation must fail.
      upsertExistingObjects: false,
    },
    { parent },
  );
  return { provider, foundation: [] };
}
