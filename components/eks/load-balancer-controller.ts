// The AWS Load Balancer Controller: Services become network load balancers that send straight to pods.
import * as pulumi from "@pulumi/pulumi";
import type { Provider } from "@pulumi/kubernetes/provider";
import { Chart } from "./chart";
import { WorkloadRole } from "./workload-role";
import { LOAD_BALANCER_CONTROLLER, loadBalancerControllerValues, loadBalancerPolicy } from "./render/load-balancer";

export interface LoadBalancerControllerArgs {
  /** AWS region. Changing it replaces the association of its role. */
  region: string;
  /** The cluster's name; take `Cluster.name`. Changing it orphans the load balancers it made. */
  clusterName: pulumi.Input<string>;
  /** The VPC; take `Network.vpcId`. Nodes' metadata is closed to pods, so it cannot find out. */
  vpcId: pulumi.Input<string>;
  /** Version of the chart aws-load-balancer-controller. Null is marked in a preview and refused by `up`. In place. */
  version: string | null;
  /** Whether it may register pods in the target groups of `AmesLoadBalancer`s. Default false. In place. */
  amesLoadBalancers?: boolean;
  /** The cluster's Kubernetes provider. */
  kubernetes: Provider;
  /** What must exist first: the add-ons, the Pod Identity agent above all. Default nothing. */
  after?: pulumi.Resource[];
  /** Tags for the role. Default none. In place. */
  tags?: Record<string, string>;
}

/**
 * Makes network load balancers for Services of the class `service.k8s.aws/nlb`, and for nothing else: no Ingress, no web
 * firewall, no other Service. Registers pods where a `TargetGroupBinding` says so.
 *
 *     new LoadBalancerController("prod", {
 *       region: "us-west-2", clusterName: cluster.name, vpcId: network.vpcId, version: chartVersion, kubernetes: cluster.provider,
 *       after: addons,
 *     });
 *
 * Makes: a `WorkloadRole` that may change only load balancers and security groups which carry the cluster's tag, and the
 * chart. Costs nothing itself. Destroyed after every Service it made a load balancer for: without it they could not go, and
 * would hold the VPC back.
 */
export class LoadBalancerController extends pulumi.ComponentResource {
  /** True once Services get their load balancers. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: LoadBalancerControllerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:LoadBalancerController", name, {}, opts);
    const { chart, repository, namespace, serviceAccount } = LOAD_BALANCER_CONTROLLER;

    const role = new WorkloadRole(
      `${name}-load-balancers`,
      {
        region: args.region,
        clusterName: args.clusterName,
        namespace,
        serviceAccount,
        policy: pulumi
          .output({ clusterName: args.clusterName, vpcId: args.vpcId })
          .apply((place) => loadBalancerPolicy(place, { ames: args.amesLoadBalancers ?? false })),
        tags: args.tags,
      },
      { parent: this },
    );
    const values = loadBalancerControllerValues({
      clusterName: args.clusterName,
      region: args.region,
      vpcId: args.vpcId,
    });
    const controller = new Chart(
      `${name}-load-balancers`,
      {
        chart,
        repository,
        version: args.version,
        namespace,
        values,
        kubernetes: args.kubernetes,
        after: [role, ...(args.after ?? [])],
      },
      { parent: this },
    );

    this.ready = controller.ready;
    this.registerOutputs({ ready: this.ready });
  }
}
