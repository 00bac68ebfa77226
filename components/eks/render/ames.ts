// A load balancer for the Ames of one cell, as plain data: a UDP listener and a target group a ship, and what tells the group
// where the ship's pod is. What all cells share of it is here too.
import { portsBehindBalancer } from "../../../planner/architecture/ames";
import type { LockedShip } from "../../../planner/architecture/schema";
import { type OutputRef, output, type Planned, type PlannedResource } from "../../host/render/resources";
import { SHIP_HTTP_PORT } from "../../fleet/render/names";

export const AMES_LOAD_BALANCER_TYPE = "roadstead:index:AmesLoadBalancer";
export const BINDING_TYPE = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding";
const GROUP_TYPE = "aws:ec2/securityGroup:SecurityGroup";

/** The load balancer controller may put pods into target groups with this tag and its cluster's name, and do nothing else to them. */
export const TARGETS_TAG = "roadstead.dev/targets-of";

/** Every port a listener may have: the recorded ones are above 1024. */
const PORTS = { first: 1024, last: 65535 } as const;

export interface AmesShip extends Pick<LockedShip, "id" | "tenant" | "httpPort"> {
  port: number;
}

/** The ships of a cell that get a listener, in the order of their ports. */
export const amesShips = (ships: readonly LockedShip[]): AmesShip[] =>
  portsBehindBalancer(ships).map(({ ship: { id, tenant, httpPort }, port }) => ({ id, tenant, httpPort, port }));

interface Place {
  region: string;
  tags: Readonly<Record<string, string>>;
}

/** What every cell's load balancer carries so that the nodes let it in. Given: `vpcId`, `clusterSecurityGroupId`. */
export function amesGround(name: string, { region, tags, cidr }: Place & { cidr: string }): PlannedResource[] {
  const rule = (suffix: string, description: string, inputs: Record<string, Planned>): PlannedResource => ({
    key: suffix,
    type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    name: `${name}-${suffix}`,
    inputs: {
      region,
      description,
      securityGroupId: { given: "clusterSecurityGroupId" },
      referencedSecurityGroupId: output("balancers"),
      ...inputs,
      tags: { ...tags, Name: `${name}-${suffix}` },
    },
    options: {},
    dependsOn: [],
  });
  const toPods = (description: string, protocol: string, fromPort: number, toPort: number) => ({
    description,
    protocol,
    fromPort,
    toPort,
    cidrBlocks: [cidr],
  });
  return [
    {
      key: "balancers",
      type: GROUP_TYPE,
      name: `${name}-ames`,
      inputs: {
        region,
        description: "Load balancers for Ames: what nodes let in",
        vpcId: { given: "vpcId" },
        egress: [
          toPods("Ames", "udp", PORTS.first, PORTS.last),
          toPods("Whether a ship is up", "tcp", SHIP_HTTP_PORT, SHIP_HTTP_PORT),
        ],
        tags: { ...tags, Name: `${name}-ames` },
      },
      options: {},
      dependsOn: [],
    },
    // Two rules for all cells: a group takes few. Which ports there are, each load balancer's own group says; which pod may
    // be reached on which, its network policy.
    rule("ames-in", "Ames, from its load balancers", {
      ipProtocol: "udp",
      fromPort: PORTS.first,
      toPort: PORTS.last,
    }),
    rule("ames-health", "Whether a ship is up, from the load balancers for Ames", {
      ipProtocol: "tcp",
      fromPort: SHIP_HTTP_PORT,
      toPort: SHIP_HTTP_PORT,
    }),
  ];
}

/** Given: `vpcId`, `subnetIds`, `sharedSecurityGroupId`, `clusterName`. */
export function amesLoadBalancer(name: string, ships: readonly AmesShip[], { region, tags }: Place): PlannedResource[] {
  const balancer: PlannedResource[] = [
    {
      key: "ports",
      type: GROUP_TYPE,
      name,
      inputs: {
        region,
        description: `Ames of the ships of ${name}`,
        vpcId: { given: "vpcId" },
        // Peers are anywhere. A rule a ship: a cell's fifty are fewer than a group takes.
        ingress: ships.map(({ id, port }) => ({
          description: `Ames of ${id}`,
          protocol: "udp",
          fromPort: port,
          toPort: port,
          cidrBlocks: ["0.0.0.0/0"],
        })),
        // What goes out to the pods, the group all cells share says.
        egress: [],
        tags: { ...tags, Name: name },
      },
      options: {},
      dependsOn: [],
    },
    {
      key: "balancer",
      type: "aws:lb/loadBalancer:LoadBalancer",
      name,
      inputs: {
        region,
        // AWS takes six letters here and adds its own: two load balancers of one name cannot exist, even for the time of a
        // replacement.
        namePrefix: "ames-",
        loadBalancerType: "network",
        internal: false,
        // The target groups below are IPv4, and UDP from a dual-stack load balancer does not reach such.
        ipAddressType: "ipv4",
        subnets: { given: "subnetIds" },
        // Groups cannot be added to one that was made without any.
        securityGroups: [output("ports"), { given: "sharedSecurityGroupId" }],
        // A ship lives in one zone, and a peer asks the address of any.
        enableCrossZoneLoadBalancing: true,
        tags: { ...tags, Name: name },
      },
      options: {},
      dependsOn: [],
    },
  ];
  return [...balancer, ...ships.flatMap((ship) => listener(name, ship, { region, tags }))];
}

function listener(name: string, ship: AmesShip, { region, tags }: Place): PlannedResource[] {
  const { id, port, tenant, httpPort } = ship;
  const group = `targets-${id}`;
  const arn: OutputRef = output(group, "arn");
  const named = { ...tags, Name: `${name}-${id}` };
  return [
    {
      key: group,
      type: "aws:lb/targetGroup:TargetGroup",
      name: `${name}-${id}`,
      inputs: {
        region,
        namePrefix: "ames-",
        vpcId: { given: "vpcId" },
        targetType: "ip",
        ipAddressType: "ipv4",
        protocol: "UDP",
        // One number from peer to pod, as vere wants it and network policies need it.
        port,
        // UDP answers nobody who only asks. The runtime opens this port once it runs, and a busy ship keeps it open.
        healthCheck: {
          protocol: "TCP",
          port: String(httpPort),
          interval: 30,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
        },
        // A flow stays with its pod for as long as packets come. The pod that was deregistered has ended, and the next one
        // has another address: its peers' packets must not go on to the old one.
        deregistrationDelay: 0,
        connectionTermination: true,
        tags: { ...named, [TARGETS_TAG]: { given: "clusterName" } },
      },
      options: {},
      dependsOn: [],
    },
    {
      key: `listener-${id}`,
      type: "aws:lb/listener:Listener",
      name: `${name}-${id}`,
      inputs: {
        region,
        loadBalancerArn: output("balancer", "arn"),
        protocol: "UDP",
        port,
        defaultActions: [{ type: "forward", targetGroupArn: arn }],
        tags: named,
      },
      options: {},
      dependsOn: [],
    },
    {
      key: `binding-${id}`,
      type: BINDING_TYPE,
      name: `${name}-${id}`,
      inputs: {
        apiVersion: "elbv2.k8s.aws/v1beta1",
        kind: "TargetGroupBinding",
        metadata: { name: `ames-${id}`, namespace: tenant },
        // No `networking`: the controller would write rules into the nodes' group, which this stack has its own for.
        spec: { serviceRef: { name: id, port }, targetGroupARN: arn, targetType: "ip", ipAddressType: "ipv4" },
      },
      options: {
        // A binding stays with its group; another group needs another binding, under the same name.
        replaceOnChanges: ["spec.targetGroupARN"],
        deleteBeforeReplace: true,
      },
      dependsOn: [`listener-${id}`],
    },
  ];
}
