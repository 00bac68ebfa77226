// One cell of ships on a cluster: what their tenants may do, then the ships themselves.
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import type { AmesLoadBalancer } from "../components/eks/ames";
import { amesShips } from "../components/eks/render/ames";
import { factProblems } from "../components/existing/existing-cluster";
import { Cell } from "../components/fleet";
import { Tenant } from "../components/isolation";
import { refuseIfAny } from "../components/refusal";
import type { Architecture } from "../planner/architecture/schema";
import { recordedUse } from "../planner/existing-cluster";
import { amesName, cellContext, cellName, PROVIDER_NAME, shipsWithKey, tenantsMade } from "./cell-plan";
import { type AmesParts, platformOutputs, type StackOutputs, type Surroundings } from "./surroundings";
import { stackTags } from "./tags";

/** Cells elsewhere than on AWS never load its SDK. */
const loadAmesLoadBalancer = () =>
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
  (require("../components/eks/ames") as { AmesLoadBalancer: typeof AmesLoadBalancer }).AmesLoadBalancer;

/** What a cell stands on. */
export interface Ground {
  /** For everything inside the cluster. */
  provider: Provider;
  /** What must be there before tenants move in, and is destroyed after them. */
  foundation: pulumi.Resource[];
  /** What a load balancer for Ames is made of; null where there is none. */
  ames: AmesParts | null;
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
  const balancer = composeAmes(architecture, ground, cell, opts);
  return { ships: cell.ships, ready: cell.ready, ...(balancer === null ? {} : { amesAddress: balancer.address }) };
}

/** The way in for those of the cell's ships that asked for one. */
function composeAmes(
  architecture: Architecture,
  { ames }: Ground,
  cell: Cell,
  opts: pulumi.ComponentResourceOptions,
): AmesLoadBalancer | null {
  const ships = amesShips(architecture.ships);
  if (ships.length === 0) return null;
  if (ames === null)
    throw new pulumi.RunError(
      `architecture.ships: ${ships[0]!.id} is behind a load balancer for Ames, and mode ${architecture.mode} makes none; plan again`,
    );
  const { region } = architecture;
  return new (loadAmesLoadBalancer())(
    amesName(architecture),
    { region, ships, ...ames, tags: stackTags(architecture) },
    // It names the ships' Services; on the way back its bindings go while their controller runs.
    { ...opts, dependsOn: [cell] },
  );
}

/** The platform under a further cell, read from its stack: a cell builds nothing that all cells share. */
export function platformGround(architecture: Architecture, parent: pulumi.Resource): Ground {
  refuseIfAny("ExistingCluster", architecture.stack, neighbourProblems(architecture));
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
  return { provider, foundation: [], ames: architecture.cluster?.amesLoadBalancers ? amesParts(platform) : null };
}

/** On a cluster that exists the platform looks at its own customers; who is first met in this cell is none of them. */
function neighbourProblems(architecture: Architecture): ReturnType<typeof factProblems> {
  const { mode, tenants, cluster } = architecture;
  if (mode !== "existing-cluster" || cluster === null) return [];
  const least = tenants.some((t) => t.madeBy === undefined) ? 2 : 1;
  const use = recordedUse(architecture, cluster);
  return factProblems(cluster.existing, { ...use, customers: Math.max(least, use.customers) });
}

function amesParts(platform: pulumi.StackReference): AmesParts {
  const parts = platform.requireOutput("ames") as pulumi.Output<pulumi.Unwrap<AmesParts>>;
  return {
    vpcId: parts.vpcId,
    subnetIds: parts.subnetIds,
    sharedSecurityGroupId: parts.sharedSecurityGroupId,
    clusterName: parts.clusterName,
  };
}
