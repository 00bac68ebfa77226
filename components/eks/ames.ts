// Ames from the Internet: a load balancer a cell, a UDP listener a ship. Who gains from it, and what it does not give, is said
// in docs/components/ship.md.
import * as pulumi from "@pulumi/pulumi";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { Listener } from "@pulumi/aws/lb/listener";
import { LoadBalancer } from "@pulumi/aws/lb/loadBalancer";
import { TargetGroup } from "@pulumi/aws/lb/targetGroup";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { sharedPortProblems } from "../../planner/architecture/ames";
import { LIMITS } from "../../planner/catalog/limits";
import { registerPlanned, type ResourceClass } from "../host/planned";
import { output } from "../host/render/resources";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { AMES_LOAD_BALANCER_TYPE, amesGround, amesLoadBalancer, type AmesShip, BINDING_TYPE } from "./render/ames";

export type { AmesShip } from "./render/ames";

const CLASSES: Record<string, ResourceClass> = {
  "aws:ec2/securityGroup:SecurityGroup": SecurityGroup,
  "aws:lb/listener:Listener": Listener,
  "aws:lb/loadBalancer:LoadBalancer": LoadBalancer,
  "aws:lb/targetGroup:TargetGroup": TargetGroup,
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": SecurityGroupIngressRule,
  [BINDING_TYPE]: CustomResource,
};

export interface AmesGroundArgs {
  /** AWS region. Changing it replaces everything. */
  region: string;
  /** The VPC; take `Network.vpcId`. */
  vpcId: pulumi.Input<string>;
  /** The VPC's IPv4 range: where the load balancers may send. In place. */
  cidr: string;
  /** The group of the nodes and their pods; take `Cluster.securityGroupId`. */
  clusterSecurityGroupId: pulumi.Input<string>;
  /** Tags for every resource. Default none. In place. */
  tags?: Record<string, string>;
}

/**
 * What the cells' load balancers for Ames share: a security group they all carry, and the two rules by which the nodes let
 * in whoever carries it. Nothing of it is open to the Internet.
 *
 *     const ground = new AmesGround("prod", {
 *       region: "us-west-2", vpcId: network.vpcId, cidr: "10.40.0.0/16", clusterSecurityGroupId: cluster.securityGroupId,
 *     });
 *
 * Monthly: nothing. Destroyed after every `AmesLoadBalancer`: while one carries the group, it cannot go.
 */
export class AmesGround extends pulumi.ComponentResource {
  /** The group every `AmesLoadBalancer` carries, known once the nodes let it in. */
  public readonly securityGroupId: pulumi.Output<string>;

  constructor(name: string, args: AmesGroundArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:AmesGround", name, {}, opts);
    const { region, cidr, vpcId, clusterSecurityGroupId } = args;
    const made = registerPlanned(CLASSES, this, amesGround(name, { region, cidr, tags: args.tags ?? {} }), {
      vpcId,
      clusterSecurityGroupId,
    });

    const letIn = ["ames-in", "ames-health"].map((rule) => made.read(output(rule)));
    this.securityGroupId = pulumi.all([made.read(output("balancers")), ...letIn]).apply(([id]) => id as string);
    this.registerOutputs({ securityGroupId: this.securityGroupId });
  }
}

export interface AmesLoadBalancerArgs {
  /** AWS region. Changing it replaces everything. */
  region: string;
  /** Ships that get a listener, 1 to 50, each with a port of its own: what the lock records. In place; another port is another listener. */
  ships: AmesShip[];
  /** The VPC; take `Network.vpcId`. Changing it replaces everything. */
  vpcId: pulumi.Input<string>;
  /** Public subnets, one a zone; take `Network.publicSubnetIds`. In place. */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** What the nodes let in; take `AmesGround.securityGroupId`. In place. */
  sharedSecurityGroupId: pulumi.Input<string>;
  /** The cluster's name; take `Cluster.name`. By it the load balancer controller may register pods. In place. */
  clusterName: pulumi.Input<string>;
  /** Tags for every AWS resource. Default none. In place. */
  tags?: Record<string, string>;
}

/**
 * The way in for the Ames of one cell's ships: a network load balancer with a UDP listener, a target group and a
 * `TargetGroupBinding` a ship. It needs the `LoadBalancerController`, and ships whose Service has a port `ames`.
 *
 *     new AmesLoadBalancer("prod-c1-ames", {
 *       region: "us-west-2", ships: [{ id: "zod", tenant: "t-1f00c0ffee", port: 13337, httpPort: 8080 }],
 *       vpcId: network.vpcId, subnetIds: network.publicSubnetIds, sharedSecurityGroupId: ground.securityGroupId,
 *       clusterName: cluster.name,
 *     }, { providers: [cluster.provider], dependsOn: [cell] });
 *
 * Monthly: load balancer 16.43 and 4.38 a capacity unit, public IPv4 3.65 a zone: 31.76 in three zones, for up to 50 ships.
 *
 * Destroyed: bindings, while their controller runs; listeners, target groups, load balancer, security group. Its addresses are
 * gone then, and another one has others.
 */
export class AmesLoadBalancer extends pulumi.ComponentResource {
  /** Host name of the load balancer. Its addresses stay for as long as it exists. */
  public readonly address: pulumi.Output<string>;

  constructor(name: string, args: AmesLoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("AmesLoadBalancer", name, shipProblems(args.ships));
    super(AMES_LOAD_BALANCER_TYPE, name, {}, opts);
    const { region, ships, vpcId, subnetIds, sharedSecurityGroupId, clusterName } = args;
    const made = registerPlanned(CLASSES, this, amesLoadBalancer(name, ships, { region, tags: args.tags ?? {} }), {
      vpcId,
      subnetIds,
      sharedSecurityGroupId,
      clusterName,
    });

    this.address = made.read(output("balancer", "dnsName"));
    this.registerOutputs({ address: this.address });
  }
}

function shipProblems(ships: readonly AmesShip[]): ArgumentProblem[] {
  const problems: ArgumentProblem[] = [];
  const most = LIMITS.nlbListeners.value;
  if (ships.length < 1 || ships.length > most)
    problems.push({
      path: "ships",
      received: given(ships.length),
      accepted: `1 to ${most} ships: ${LIMITS.nlbListeners.what}, and nobody raises that`,
      fix: "give each cell a load balancer of its own",
    });
  return [...problems, ...sharedPortProblems(ships, (i) => `ships[${i}].port`)];
}
