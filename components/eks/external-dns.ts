// DNS records from objects in the cluster, in batches: Route 53 takes five requests a second from a whole account.
import * as pulumi from "@pulumi/pulumi";
import type { Provider } from "@pulumi/kubernetes/provider";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { Chart } from "./chart";
import { EXTERNAL_DNS, externalDnsPolicy, externalDnsValues } from "./render/external-dns";
import { WorkloadRole } from "./workload-role";

export interface ExternalDnsArgs {
  /** AWS region. Changing it replaces the association of its role. */
  region: string;
  /** The cluster's name; take `Cluster.name`. */
  clusterName: pulumi.Input<string>;
  /** Who owns the records, written beside each: another owner's are never touched. 1 to 63 letters, digits and dashes. Changing it gives up the records made so far. */
  owner: string;
  /** Ids of the Route 53 zones it may change, one at least. In place. */
  zoneIds: pulumi.Input<string>[];
  /** Domains it looks after, those of the zones or below. In place. */
  domains: string[];
  /** Version of the chart external-dns. Null is marked in a preview and refused by `up`. In place. */
  version: string | null;
  /** The cluster's Kubernetes provider. */
  kubernetes: Provider;
  /** What must exist first: the add-ons. Default nothing. */
  after?: pulumi.Resource[];
  /** Tags for the role. Default none. In place. */
  tags?: Record<string, string>;
}

/**
 * Records for the host names of HTTPRoutes and Services. Ships need none: one wildcard record serves them all. For customers
 * who bring domains of their own, and for web apps.
 *
 *     new ExternalDns("prod", {
 *       region: "us-west-2", clusterName: cluster.name, owner: "prod", zoneIds: ["Z0123456789"], domains: ["customers.example.com"],
 *       version: chartVersion, kubernetes: cluster.provider, after: [addons],
 *     });
 *
 * Makes: a `WorkloadRole` for these zones alone, and the chart: every five minutes up to 1,000 changes in one request,
 * records added and changed, never deleted. Costs nothing itself. Destroyed before the add-ons; its records stay.
 */
export class ExternalDns extends pulumi.ComponentResource {
  /** True once records are made. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: ExternalDnsArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("ExternalDns", name, dnsProblems(args));
    super("roadstead:index:ExternalDns", name, {}, opts);
    const { chart, repository, namespace, serviceAccount } = EXTERNAL_DNS;

    const role = new WorkloadRole(
      `${name}-dns`,
      {
        region: args.region,
        clusterName: args.clusterName,
        namespace,
        serviceAccount,
        policy: pulumi.all(args.zoneIds).apply(externalDnsPolicy),
        tags: args.tags,
      },
      { parent: this },
    );
    const controller = new Chart(
      `${name}-dns`,
      {
        chart,
        repository,
        version: args.version,
        namespace,
        values: externalDnsValues(args.owner, args.domains, args.region),
        kubernetes: args.kubernetes,
        after: [role, ...(args.after ?? [])],
      },
      { parent: this },
    );

    this.ready = controller.ready;
    this.registerOutputs({ ready: this.ready });
  }
}

function dnsProblems(args: ExternalDnsArgs): ArgumentProblem[] {
  const problems: ArgumentProblem[] = [];
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(args.owner)) {
    problems.push({
      path: "owner",
      received: given(args.owner),
      accepted: "1 to 63 letters, digits and dashes",
      fix: "use the stack's name: two stacks with one owner delete each other's records",
    });
  }
  for (const path of ["zoneIds", "domains"] as const) {
    if (args[path].length > 0) continue;
    problems.push({
      path,
      received: "none",
      accepted: "one at least",
      fix: "name what it may change: without, it would look after everything in the account",
    });
  }
  return problems;
}
