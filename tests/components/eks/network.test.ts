import { NatMode, Network } from "../../../components/eks";
import { REGION, ZONES, buildNetwork } from "./fleet";
import { type Recorded, asUp, preview, refusal, strays, up } from "./record";

let network: Recorded;
beforeAll(async () => {
  network = await preview(() => buildNetwork());
});

describe("Network", () => {
  test("makes exactly this for two zones with a NAT gateway each", async () => {
    const made = network;
    expect(made.set).toEqual(
      [
        "roadstead:index:Network prod",
        "aws:ec2/vpc:Vpc prod-vpc",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup prod-default-closed",
        "aws:ec2/internetGateway:InternetGateway prod-internet",
        "aws:ec2/routeTable:RouteTable prod-public",
        "aws:ec2/route:Route prod-public-internet",
        ...ZONES.flatMap((zone) => [
          `aws:ec2/subnet:Subnet prod-public-${zone}`,
          `aws:ec2/subnet:Subnet prod-private-${zone}`,
          `aws:ec2/routeTable:RouteTable prod-private-${zone}`,
          `aws:ec2/routeTableAssociation:RouteTableAssociation prod-public-${zone}`,
          `aws:ec2/routeTableAssociation:RouteTableAssociation prod-private-${zone}`,
          `aws:ec2/route:Route prod-private-${zone}-nat`,
          `aws:ec2/eip:Eip prod-nat-${zone}`,
          `aws:ec2/natGateway:NatGateway prod-nat-${zone}`,
        ]),
        "aws:ec2/vpcEndpoint:VpcEndpoint prod-s3",
        "aws:kms/key:Key prod-flow-logs",
        "aws:cloudwatch/logGroup:LogGroup prod-flow-logs",
        "aws:iam/role:Role prod-flow-logs",
        "aws:iam/rolePolicy:RolePolicy prod-flow-logs",
        "aws:ec2/flowLog:FlowLog prod-flow-logs",
      ].sort(),
    );
  });

  test.each([NatMode.PerZone, NatMode.Single, NatMode.None])(
    "registers the same at preview and at up: %s",
    async (nat) => {
      expect(await up(() => buildNetwork(nat))).toEqual((await preview(() => buildNetwork(nat))).set);
    },
  );

  test.each([
    [NatMode.PerZone, 2, 2],
    [NatMode.Single, 1, 2],
    [NatMode.None, 0, 0],
  ])("with NAT %s has %i gateways and %i private routes", async (nat, gateways, routes) => {
    const made = await preview(() => buildNetwork(nat));
    expect(made.all("aws:ec2/natGateway:NatGateway")).toHaveLength(gateways);
    expect(made.all("aws:ec2/eip:Eip")).toHaveLength(gateways);
    expect(made.all("aws:ec2/route:Route").filter((r) => r.name.includes("private"))).toHaveLength(routes);
  });

  test("keeps every child under the component", async () => {
    const made = network;
    expect(strays(made, made.one("roadstead:index:Network"))).toEqual([]);
  });

  test("closes the default security group and gives no instance a public address", async () => {
    const made = network;
    const group = made.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs;
    expect(group.ingress).toBeUndefined();
    expect(group.egress).toBeUndefined();
    expect(made.all("aws:ec2/subnet:Subnet").map((s) => s.inputs.mapPublicIpOnLaunch)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  test("marks subnets for Kubernetes load balancers by tier", async () => {
    const made = network;
    const tags = (name: string) => made.one("aws:ec2/subnet:Subnet", name).inputs.tags;
    expect(tags("prod-public-us-west-2a")).toMatchObject({ "kubernetes.io/role/elb": "1" });
    expect(tags("prod-private-us-west-2a")).toMatchObject({ "kubernetes.io/role/internal-elb": "1" });
  });

  test("logs all traffic, encrypted, for a year unless told otherwise", async () => {
    const made = network;
    expect(made.one("aws:ec2/flowLog:FlowLog").inputs.trafficType).toBe("ALL");
    expect(made.one("aws:cloudwatch/logGroup:LogGroup").inputs).toMatchObject({ retentionInDays: 365 });
    expect(made.one("aws:kms/key:Key").inputs.enableKeyRotation).toBe(true);
  });

  test("makes nothing but flow logs for an adopted VPC", async () => {
    const adopt = (flowLogs: boolean) => () =>
      new Network("prod", {
        region: REGION,
        zones: ZONES,
        cidr: "10.40.0.0/16",
        nat: NatMode.PerZone,
        flowLogs,
        existing: { vpcId: "vpc-0123456789abcdef0", privateSubnetIds: ["subnet-a", "subnet-b"] },
      });
    expect((await preview(adopt(false))).set).toEqual(["roadstead:index:Network prod"]);
    expect((await preview(adopt(true))).all("aws:ec2/flowLog:FlowLog")[0]?.inputs.vpcId).toBe("vpc-0123456789abcdef0");
  });

  test("has interface endpoints only when asked: in every zone, under the services' own names, open to the VPC alone", async () => {
    expect(network.all("aws:ec2/vpcEndpoint:VpcEndpoint").map((e) => e.inputs.vpcEndpointType)).toEqual(["Gateway"]);
    expect(network.all("aws:ec2/securityGroup:SecurityGroup")).toEqual([]);
    const build = () =>
      new Network("prod", {
        region: REGION,
        zones: ZONES,
        cidr: "10.40.0.0/16",
        nat: NatMode.None,
        interfaceEndpoints: true,
      });
    const made = await preview(build);
    const endpoints = made
      .all("aws:ec2/vpcEndpoint:VpcEndpoint")
      .filter((e) => e.inputs.vpcEndpointType === "Interface");
    expect(endpoints.map((e) => e.inputs.serviceName).sort()).toEqual([
      "com.amazonaws.us-west-2.ecr.api",
      "com.amazonaws.us-west-2.ecr.dkr",
      "com.amazonaws.us-west-2.sts",
    ]);
    const rules = made.all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(rules.map((r) => [r.inputs.fromPort, r.inputs.toPort, r.inputs.ipProtocol])).toEqual([[443, 443, "tcp"]]);
    for (const endpoint of endpoints) {
      expect(endpoint.inputs.privateDnsEnabled).toBe(true);
      expect(endpoint.inputs.subnetIds).toHaveLength(ZONES.length);
      expect(made.waits(endpoint, rules[0]!)).toBe(true);
    }
    expect(await up(build)).toEqual(made.set);
  });

  test("refuses interface endpoints in a VPC that is not its own", async () => {
    await asUp();
    const error = refusal(
      () =>
        new Network("prod", {
          region: REGION,
          zones: ZONES,
          cidr: "10.40.0.0/16",
          nat: NatMode.None,
          interfaceEndpoints: true,
          existing: { vpcId: "vpc-0123456789abcdef0", privateSubnetIds: ["subnet-a", "subnet-b"] },
        }),
    );
    expect(error.problems.map((p) => p.path)).toEqual(["interfaceEndpoints"]);
  });

  test("is in the region it was given, whatever the account's default is", async () => {
    const made = network;
    const regional = made.resources.filter((r) => r.custom && !r.type.startsWith("aws:iam/"));
    expect(regional.map((r) => r.inputs.region)).toEqual(regional.map(() => REGION));
  });

  test("refuses all that is wrong at once, with path, received, accepted and what to do", async () => {
    await asUp();
    const error = refusal(
      () =>
        new Network("prod", {
          region: "us-east-1",
          zones: ["us-west-2a"],
          cidr: "172.20.0.0/16",
          nat: NatMode.Single,
        }),
    );
    expect(error.component).toBe('Network "prod"');
    expect(error.problems.map((p) => p.path)).toEqual(["cidr", "zones", "zones[0]"]);
    for (const problem of error.problems) {
      expect(Object.values(problem).every((text) => text.length > 0)).toBe(true);
      expect(error.message).toContain(`${problem.path}: received ${problem.received}; accepted: ${problem.accepted}`);
    }
  });

  test("refuses an adopted VPC without one subnet a zone", async () => {
    await asUp();
    const error = refusal(
      () =>
        new Network("prod", {
          region: REGION,
          zones: ZONES,
          cidr: "10.40.0.0/16",
          nat: NatMode.None,
          existing: { vpcId: "vpc-0123456789abcdef0", privateSubnetIds: ["subnet-a"] },
        }),
    );
    expect(error.problems.map((p) => p.path)).toEqual(["existing.privateSubnetIds"]);
  });
});
