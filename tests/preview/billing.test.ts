// In the default profile every billable resource of the previewed graph has a cost line, and in the same number.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Candidate, checkRequirements, plan, type Requirements } from "../../planner";
import { buildArchitectures } from "../../planner/architecture";
import { billing } from "../../planner/catalog/billing";
import { readObject } from "../../planner/requirements/load";
import { previewArchitectures } from "../../preview";
import type { GraphResource } from "../../preview/graph";

const read = (value: unknown): Requirements => {
  const loaded = checkRequirements(value, "wish.yaml");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.requirements;
};
const example = (name: string): unknown => {
  const data = readObject(readFileSync(join(__dirname, `../../examples/${name}.yaml`), "utf8"), name);
  if (!data.ok) throw new Error("example");
  return data.value;
};

async function previewed(wish: unknown): Promise<{ chosen: Candidate; resources: GraphResource[] }> {
  const requirements = read(wish);
  const planned = plan(requirements);
  const chosen = planned.candidates.find((c) => c.id === planned.chosen)!;
  const built = buildArchitectures({
    requirements,
    plan: planned,
    candidateId: chosen.id,
    stack: requirements.environment,
    previous: new Map(),
  });
  if (built.problems.length > 0) throw new Error(JSON.stringify(built.problems));
  const result = await previewArchitectures(built.stacks);
  return { chosen, resources: result.graph.resources };
}

const eks = { environment: "prod", sla: 99.9, experience: "expert", platform: "eks", customers: 2 };
const cases: [string, unknown][] = [
  ["first-planet", example("first-planet")],
  ["groundseg-12", example("groundseg-12")],
  ["fifty-ships-hipaa", example("fifty-ships-hipaa")],
  ["fleet-250-eu-gdpr", example("fleet-250-eu-gdpr")],
  ["bare-metal-home", example("bare-metal-home")],
  ["moons-and-comets", example("moons-and-comets")],
  ["eks without a domain, one NAT gateway", { ...eks, ships: { count: 7, diskGiB: 30 }, cluster: { nat: "single" } }],
  [
    "eks in two zones with monitoring of one's own",
    { ...eks, ships: { count: 12 }, cluster: { zones: 2 }, existing: { monitoring: "datadog" } },
  ],
  [
    "eks with interface endpoints in two zones",
    { ...eks, ships: { count: 5 }, cluster: { zones: 2, interfaceEndpoints: true, avoidCidrs: ["10.0.0.0/15"] } },
  ],
  [
    "eks with load balancers for Ames, and none for who is relayed",
    { ...eks, ships: { count: 12, named: [{ name: "~zod", amesInbound: "nlb" }, { name: "~marzod" }] } },
  ],
  ["eks with a load balancer for Ames in every cell", { ...eks, ships: { count: 20, amesInbound: "nlb" } }],
  ["doks", { environment: "prod", ships: { count: 20 }, platform: "doks", domain: "ships.example.com" }],
  ["vps on aws", { environment: "dev", ships: { count: 1 }, platform: "vps", regions: { allowed: ["us-west-2"] } }],
  [
    "multi-vps on aws with a domain",
    {
      environment: "dev",
      ships: { count: 3 },
      platform: "multi-vps",
      regions: { allowed: ["eu-west-1"] },
      domain: "ships.example.com",
    },
  ],
  [
    "multi-vps on aws with a second region",
    {
      environment: "dev",
      ships: { count: 2 },
      platform: "multi-vps",
      regions: { allowed: ["us-west-2"], dr: "us-east-1" },
    },
  ],
  [
    "groundseg on aws",
    { environment: "dev", ships: { count: 8 }, platform: "groundseg", regions: { allowed: ["us-east-1"] } },
  ],
  [
    "hybrid",
    {
      environment: "dev",
      ships: { count: 10 },
      platform: "hybrid",
      existing: { hosts: [{ name: "attic", memoryGiB: 32, diskGiB: 1000, monthly: 12 }] },
    },
  ],
];

describe.each(cases)("%s", (_, wish) => {
  let chosen: Candidate;
  let resources: GraphResource[];
  beforeAll(async () => ({ chosen, resources } = await previewed(wish)), 120_000);

  const lines = (type: string) => chosen.lines.filter((l) => l.resources.includes(type));
  const quantity = (type: string, item = /./) =>
    lines(type)
      .filter((l) => item.test(l.item))
      .reduce((sum, l) => sum + l.quantity, 0);
  const ofType = (type: string) => resources.filter((r) => r.type === type);
  const input = (r: GraphResource, key: string) => Number(r.inputs[key]);

  test("every resource type is known to be billed or free", () => {
    const custom = resources.filter((r) => r.custom || r.type.startsWith("kubernetes:helm.sh"));
    expect([...new Set(custom.map((r) => r.type).filter((t) => billing(t) === "unknown"))]).toEqual([]);
  });

  test("every billed type has a line that pays for it", () => {
    const billed = new Set(resources.map((r) => r.type).filter((t) => billing(t) === "billed"));
    expect([...billed].filter((t) => lines(t).length === 0)).toEqual([]);
  });

  test("every line that names resources has them in the graph", () => {
    const types = new Set(resources.map((r) => r.type));
    expect(
      chosen.lines.filter((l) => l.resources.length > 0 && !l.resources.some((t) => types.has(t))).map((l) => l.item),
    ).toEqual([]);
  });

  test("counts, hours and gibibytes agree", () => {
    const hours = 730;
    const agree = (type: string, graph: number, item?: RegExp, unit = 1) =>
      expect([type, graph]).toEqual([type, Math.round(quantity(type, item) / unit)]);
    agree("aws:ec2/natGateway:NatGateway", ofType("aws:ec2/natGateway:NatGateway").length, /gateways/, hours);
    agree("aws:ec2/eip:Eip", ofType("aws:ec2/eip:Eip").length, /IPv4/, hours);
    const endpoints = ofType("aws:ec2/vpcEndpoint:VpcEndpoint").filter((r) => r.inputs.vpcEndpointType === "Interface");
    const zones = ofType("aws:ec2/subnet:Subnet").filter((r) => r.name.includes("-private-")).length;
    agree("aws:ec2/vpcEndpoint:VpcEndpoint", endpoints.length * zones, undefined, hours);
    agree("aws:kms/key:Key", ofType("aws:kms/key:Key").length);
    const balancers = ofType("aws:lb/loadBalancer:LoadBalancer");
    agree("aws:lb/loadBalancer:LoadBalancer", balancers.length, /load balancers/, hours);
    agree("aws:lb/loadBalancer:LoadBalancer", balancers.length * zones, /IPv4/, hours);
    agree("aws:route53/zone:Zone", ofType("aws:route53/zone:Zone").length);
    agree("aws:eks/cluster:Cluster", ofType("aws:eks/cluster:Cluster").length, undefined, hours);
    agree("aws:ec2/instance:Instance", ofType("aws:ec2/instance:Instance").length, /^EC2/, hours);
    agree("digitalocean:index/droplet:Droplet", ofType("digitalocean:index/droplet:Droplet").length);
    agree(
      "digitalocean:index/volume:Volume",
      ofType("digitalocean:index/volume:Volume").reduce((n, r) => n + input(r, "size"), 0),
    );
    agree(
      "aws:ebs/volume:Volume",
      ofType("aws:ebs/volume:Volume").reduce((n, r) => n + input(r, "size"), 0),
    );
    const nodes = ofType("aws:eks/nodeGroup:NodeGroup").reduce(
      (n, r) => n + (r.inputs["scalingConfig"] as { desiredSize: number }).desiredSize,
      0,
    );
    agree("aws:eks/nodeGroup:NodeGroup", nodes, /nodes/, hours);
    const storage = (r: GraphResource) =>
      parseInt((r.inputs["spec"] as { resources: { requests: { storage: string } } }).resources.requests.storage, 10);
    agree(
      "kubernetes:core/v1:PersistentVolumeClaim",
      ofType("kubernetes:core/v1:PersistentVolumeClaim").reduce((n, r) => n + storage(r), 0),
      /pier/,
    );
  });
});
