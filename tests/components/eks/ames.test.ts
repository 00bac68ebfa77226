// The load balancer of a cell's ships: what the Internet reaches through it, and what nobody else may.
import { AmesGround, AmesLoadBalancer } from "../../../components/eks/ames";
import { type AmesShip, amesShips, TARGETS_TAG } from "../../../components/eks/render/ames";
import { loadBalancerPolicy } from "../../../components/eks/render/load-balancer";
import { ArgumentsRefused } from "../../../components/refusal";
import { evaluate, fromGraph } from "../../../policies/rules";
import { lockedShip, TENANT } from "../fleet/fixtures";
import { preview, type Recorded, up } from "./record";

const REGION = "us-west-2";
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const BINDING = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding";
const tags = { team: "fleet" };

const ship = (id: string, port: number): AmesShip => ({ id, tenant: TENANT, port, httpPort: 8080 });
const SHIPS = [ship("zod", 13337), ship("sampel-palnet", 34344)];
const program = (ships = SHIPS) => {
  const ground = new AmesGround("prod", {
    region: REGION,
    vpcId: "vpc-1",
    cidr: "10.40.0.0/16",
    clusterSecurityGroupId: "sg-nodes",
    tags,
  });
  return new AmesLoadBalancer("prod-ames", {
    region: REGION,
    ships,
    vpcId: "vpc-1",
    subnetIds: ["subnet-a", "subnet-b"],
    sharedSecurityGroupId: ground.securityGroupId,
    clusterName: "prod",
    tags,
  });
};

let made: Recorded;
beforeAll(async () => (made = await preview(() => program())));

test("one number from the peer to vere: listener, target group and binding of each ship", () => {
  for (const { id, port, tenant } of SHIPS) {
    const name = `prod-ames-${id}`;
    expect(made.one("aws:lb/listener:Listener", name).inputs).toMatchObject({ protocol: "UDP", port });
    expect(made.one("aws:lb/targetGroup:TargetGroup", name).inputs).toMatchObject({
      protocol: "UDP",
      port,
      targetType: "ip",
    });
    expect(made.one(BINDING, name).inputs).toMatchObject({
      metadata: { namespace: tenant },
      spec: { serviceRef: { name: id, port }, targetType: "ip" },
    });
  }
  expect(made.all("aws:lb/loadBalancer:LoadBalancer")).toHaveLength(1);
});

test("a ship is looked at by TCP where its runtime answers, since UDP answers nobody who only asks", () => {
  for (const { inputs } of made.all("aws:lb/targetGroup:TargetGroup"))
    expect(inputs.healthCheck).toMatchObject({ protocol: "TCP", port: "8080" });
});

test("peers of a ship that restarted are not sent on to the pod that ended", () => {
  for (const { inputs } of made.all("aws:lb/targetGroup:TargetGroup"))
    expect(inputs).toMatchObject({ deregistrationDelay: 0, connectionTermination: true });
});

test("the Internet gets at the ships' own ports by UDP, and at nothing else", () => {
  const world = made
    .all(GROUP)
    .flatMap((g) =>
      (
        (g.inputs.ingress as
          { cidrBlocks: string[]; fromPort: number; toPort: number; protocol: string }[] | undefined) ?? []
      ).map(({ cidrBlocks, protocol, fromPort, toPort }) => [cidrBlocks.join(), protocol, fromPort, toPort]),
    );
  expect(world).toEqual(SHIPS.map(({ port }) => ["0.0.0.0/0", "udp", port, port]));
  // What would be open to whoever names no port or protocol.
  expect(made.one("aws:lb/loadBalancer:LoadBalancer").inputs.securityGroups).toHaveLength(2);
});

test("nodes let in who carries the group of the load balancers, and no address", () => {
  const rules = made.all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
  expect(rules.map(({ inputs }) => [inputs.securityGroupId, inputs.ipProtocol, inputs.toPort]).sort()).toEqual([
    ["sg-nodes", "tcp", 8080],
    ["sg-nodes", "udp", 65535],
  ]);
  for (const { inputs } of rules) {
    expect(inputs).not.toHaveProperty("cidrIpv4");
    expect(inputs).toHaveProperty("referencedSecurityGroupId");
  }
});

test("the load balancer sends to pods of its VPC only", () => {
  const egress = made.all(GROUP).flatMap((g) => g.inputs.egress as { cidrBlocks: string[] }[]);
  expect(new Set(egress.flatMap((r) => r.cidrBlocks))).toEqual(new Set(["10.40.0.0/16"]));
});

test("the controller may say which pods are in these target groups, of its own cluster, and nothing more of them", () => {
  for (const { inputs } of made.all("aws:lb/targetGroup:TargetGroup")) {
    expect(inputs.tags).toMatchObject({ [TARGETS_TAG]: "prod" });
    expect(inputs.tags).not.toHaveProperty("elbv2.k8s.aws/cluster");
  }
  type Statement = { Sid: string; Action: string[]; Condition?: { StringEquals: Record<string, string> } };
  const statements = (ames: boolean) =>
    (JSON.parse(loadBalancerPolicy({ clusterName: "prod", vpcId: "vpc-1" }, { ames })) as { Statement: Statement[] })
      .Statement;
  const known = new Set(statements(false).map((s) => s.Sid));
  const more = statements(true).filter((s) => !known.has(s.Sid));
  expect(more).toHaveLength(1);
  expect(more[0]!.Action).toEqual(["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]);
  expect(more[0]!.Condition).toEqual({ StringEquals: { [`aws:ResourceTag/${TARGETS_TAG}`]: "prod" } });
});

test("a binding says nothing of networks: the controller would write rules into the nodes' group", () => {
  for (const { inputs } of made.all(BINDING)) expect(inputs.spec).not.toHaveProperty("networking");
});

test("bindings go before what they bind, and the load balancer before the rules that let it in", () => {
  const balancer = made.one("aws:lb/loadBalancer:LoadBalancer");
  for (const binding of made.all(BINDING)) {
    expect(made.waits(binding, balancer)).toBe(true);
    expect(made.waits(binding, made.one("aws:lb/targetGroup:TargetGroup", binding.name))).toBe(true);
    expect(binding.options.deleteBeforeReplace).toBe(true);
  }
  for (const rule of made.all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"))
    expect(made.waits(balancer, rule)).toBe(true);
});

test("an up registers what a preview shows, and no rule of the policy pack is against it", async () => {
  expect(await up(() => program())).toEqual(made.set);
  const said = evaluate(fromGraph(made.resources));
  expect(said.filter((j) => j.verdict !== "pass")).toEqual([]);
});

test("more ships than a load balancer takes, none, or two on one port are refused", () => {
  const refusal = (ships: AmesShip[]) => {
    try {
      program(ships);
    } catch (error) {
      if (error instanceof ArgumentsRefused) return error.problems.map((p) => p.path);
    }
    return [];
  };
  expect(refusal([])).toEqual(["ships"]);
  expect(refusal(Array.from({ length: 51 }, (_, i) => ship(`ship-${i}`, 34344 + i)))).toEqual(["ships"]);
  expect(refusal([ship("zod", 13337), ship("nec", 13337)])).toEqual(["ships[1].port"]);
});

test("ships that are relayed or on hosts get no listener", () => {
  const ways = ["relayed", "nlb", "direct"] as const;
  const ships = ways.map((inbound, i) => lockedShip(`ship-${i}`, { ames: { inbound, port: 34344 + i } }));
  expect(amesShips(ships)).toEqual([{ id: "ship-1", tenant: TENANT, httpPort: 8080, port: 34345 }]);
});
