// No quota of an AWS account is exceeded silently: what the previewed graph makes is counted, limit by limit, and whatever is
// above what a new account has must be asked for with that number, or keep the plan from being chosen.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Architecture, buildArchitectures } from "../../planner/architecture";
import { checkRequirements, defaultCatalog, LIMITS, type Plan, plan, type Requirements } from "../../planner";
import { nodeCapacity } from "../../planner/plan/capacity";
import { MONITORING_GIB } from "../../planner/plan/modes/nodes";
import { ROTATING_NODES } from "../../planner/plan/quotas";
import { readObject } from "../../planner/requirements/load";
import { previewArchitectures } from "../../preview";
import type { GraphResource } from "../../preview/graph";

type Data = Record<string, unknown> & { ships: Record<string, unknown> };
const example = (name: string): Data => {
  const data = readObject(readFileSync(join(__dirname, `../../examples/${name}.yaml`), "utf8"), name);
  if (!data.ok) throw new Error("example");
  return data.value as Data;
};
const read = (value: unknown): Requirements => {
  const loaded = checkRequirements(value, "wish.yaml");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.requirements;
};
const vcpuOf = new Map(defaultCatalog().instanceTypes.map((t) => [t.name, t.vcpu]));

interface Built {
  planned: Plan;
  architectures: Architecture[];
  resources: GraphResource[];
}

async function built(wish: unknown): Promise<Built> {
  const requirements = read(wish);
  const planned = plan(requirements);
  if (planned.chosen === null) throw new Error(`nothing was chosen of ${JSON.stringify(wish)}`);
  const { stacks, problems } = buildArchitectures({
    requirements,
    plan: planned,
    candidateId: planned.chosen,
    stack: requirements.environment,
    previous: new Map(),
  });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const { graph } = await previewArchitectures(stacks);
  return { planned, architectures: stacks.map((s) => s.architecture), resources: graph.resources };
}

type Limited = keyof typeof LIMITS;
const ofType = ({ resources }: Built, type: string) => resources.filter((r) => r.type === type);
const count = (type: string) => (b: Built) => ofType(b, type).length;
const most = (values: number[]): number => Math.max(0, ...values);
const total = (values: number[]): number => values.reduce((a, b) => a + b, 0);
/** How many there are of the most frequent value. */
const mostOf = <T>(values: T[]): number => {
  const seen = new Map<T, number>();
  for (const v of values) seen.set(v, (seen.get(v) ?? 0) + 1);
  return most([...seen.values()]);
};
const groups = (b: Built) =>
  ofType(b, "aws:eks/nodeGroup:NodeGroup").map(({ inputs }) => ({
    type: (inputs.instanceTypes as string[])[0]!,
    nodes: (inputs.scalingConfig as { desiredSize: number }).desiredSize,
    role: (inputs.labels as Record<string, string>)["roadstead.dev/role"],
  }));
const gibibytes = (b: Built): number => {
  const piers = ofType(b, "kubernetes:core/v1:PersistentVolumeClaim").map((r) =>
    parseInt((r.inputs.spec as { resources: { requests: { storage: string } } }).resources.requests.storage, 10),
  );
  const roots = total(
    ofType(b, "aws:ec2/launchTemplate:LaunchTemplate").map(
      (r) => (r.inputs.blockDeviceMappings as { ebs: { volumeSize: number } }[])[0]!.ebs.volumeSize,
    ),
  );
  const perNode = groups(b).length === 0 ? 0 : roots / groups(b).length;
  const volumes = ofType(b, "aws:ebs/volume:Volume").map((r) => Number(r.inputs.size));
  const disks = ofType(b, "aws:ec2/instance:Instance").map((r) =>
    Number((r.inputs.rootBlockDevice as { volumeSize: number }).volumeSize),
  );
  const charts = b.architectures[0]!.cluster !== null && b.architectures[0]!.monitoring.enabled ? MONITORING_GIB : 0;
  return total([...piers, ...volumes, ...disks]) + perNode * total(groups(b).map((g) => g.nodes)) + charts;
};
const snapshots = (b: Built): number => {
  const schedules = ofType(b, "aws:dlm/lifecyclePolicy:LifecyclePolicy").flatMap(
    (r) => (r.inputs.policyDetails as { schedules: { retainRule: { count: number } }[] }).schedules,
  );
  const piers =
    ofType(b, "kubernetes:core/v1:PersistentVolumeClaim").length + ofType(b, "aws:ebs/volume:Volume").length;
  return piers * total(schedules.map((s) => s.retainRule.count));
};
const rules = (b: Built): number =>
  most(
    ofType(b, "aws:ec2/securityGroup:SecurityGroup").map((r) =>
      total(
        ((r.inputs.ingress as { cidrBlocks?: string[]; ipv6CidrBlocks?: string[] }[] | undefined) ?? []).map(
          (i) => (i.cidrBlocks?.length ?? 0) + (i.ipv6CidrBlocks?.length ?? 0),
        ),
      ),
    ),
  );
const namespaceOf = (r: GraphResource): unknown => (r.inputs.metadata as { namespace?: string }).namespace;
const services = (b: Built) => ofType(b, "kubernetes:core/v1:Service");
const listeners = (b: Built) => ofType(b, "aws:lb/listener:Listener");
/** The edge is a Service of its class, and a network load balancer once the controller has seen it. */
const balancers = (b: Built): number =>
  ofType(b, "aws:lb/loadBalancer:LoadBalancer").length +
  services(b).filter((r) => (r.inputs.spec as { type?: string }).type === "LoadBalancer").length;

/** What of each limit the graph takes. Undefined: said why, and tested elsewhere. */
const TAKEN: Record<Limited, ((b: Built) => number) | string> = {
  onDemandVcpu: (b) =>
    total(groups(b).map((g) => (g.nodes + ROTATING_NODES) * vcpuOf.get(g.type)!)) +
    total(ofType(b, "aws:ec2/instance:Instance").map((r) => vcpuOf.get(r.inputs.instanceType as string)!)),
  elasticIps: count("aws:ec2/eip:Eip"),
  gp3TiBPerRegion: (b) => Math.ceil(gibibytes(b) / 1024),
  snapshotsPerRegion: snapshots,
  securityGroupRules: rules,
  iamRoles: count("aws:iam/role:Role"),
  oidcProviders: count("aws:iam/openIdConnectProvider:OpenIdConnectProvider"),
  podIdentityAssociations: count("aws:eks/podIdentityAssociation:PodIdentityAssociation"),
  buckets: count("aws:s3/bucket:Bucket"),
  hostedZones: count("aws:route53/zone:Zone"),
  zoneRecords: count("aws:route53/record:Record"),
  nodeGroups: (b) => groups(b).length,
  nodesPerGroup: (b) => most(groups(b).map((g) => g.nodes)),
  clusterNodes: (b) => total(groups(b).map((g) => g.nodes)),
  // Six for each node's daemon sets, and a hundred for what is no ship.
  clusterPods: (b) => count("kubernetes:apps/v1:StatefulSet")(b) + 100 + 6 * total(groups(b).map((g) => g.nodes)),
  podsPerNode: (b) =>
    most(
      b.architectures[0]!.nodePools.map(({ type }) => {
        const known = defaultCatalog().instanceTypes.find((t) => t.name === type)!;
        return nodeCapacity(known, 4096, null).maxPods;
      }),
    ),
  clusterServices: (b) => services(b).length + 100,
  namespaceServices: (b) => mostOf(services(b).map(namespaceOf)),
  namespaceServicesAdvised: (b) => mostOf(services(b).map(namespaceOf)),
  // A key for each ship until it has booted.
  clusterSecrets: (b) => count("kubernetes:apps/v1:StatefulSet")(b) + 100,
  kubeProxyServices: (b) => services(b).length + 100,
  nlbListeners: (b) => Math.max(2, mostOf(listeners(b).map((l) => l.inputs.loadBalancerArn ?? l.parent))),
  // One ship stands behind a listener; two proxies behind each of the edge's two.
  nlbTargets: (b) => Math.max(4, mostOf(listeners(b).map((l) => l.parent))),
  nlbPerRegion: balancers,
  targetGroups: (b) => listeners(b).length + 2,
  ebsSlotsShared: "tests/planner/volume-slots.test.ts",
  ebsPlannedShared: "tests/planner/volume-slots.test.ts",
  ebsPlannedDedicated: "tests/planner/volume-slots.test.ts",
  doVolumesPerDroplet: "no AWS quota",
  dropletsAtOnce: "no AWS quota",
  groundsegShips: "Roadstead's own",
  cellShips: "Roadstead's own",
};

const big = example("fleet-1000");
const rich = { budget: { monthly: 1_000_000, currency: "USD" } };
const WISHES: [string, unknown][] = [
  ["fleet-1000", big],
  ["3,000 ships of one customer", { ...big, ...rich, customers: 1, growth: {}, ships: { ...big.ships, count: 3000 } }],
  [
    "a customer a ship, each reached through a load balancer",
    { ...big, ...rich, customers: 1000, ships: { ...big.ships, amesInbound: "nlb" } },
  ],
  [
    "HIPAA, with copies every twelve hours in a second region",
    {
      ...big,
      ...rich,
      compliance: ["hipaa"],
      regions: { allowed: ["us-west-2"], residency: "us", dr: "us-east-1" },
      recovery: { rpoHours: 24 },
    },
  ],
  [
    "sixty administrators' networks, on hosts",
    {
      environment: "dev",
      ships: { count: 6 },
      platform: "multi-vps",
      regions: { allowed: ["us-west-2"] },
      access: { adminCidrs: Array.from({ length: 60 }, (_, i) => `203.0.${i}.0/24`) },
    },
  ],
];

describe.each(WISHES)("%s", (_, wish) => {
  let b: Built;
  beforeAll(async () => {
    b = await built(wish);
  }, 60_000);

  test("what is above a default is asked for with the number that is built, or said", () => {
    const asked = new Map(b.planned.quotaRequests.map((q) => [q.quota, q.need]));
    const said = (text: RegExp) => b.planned.warnings.some((w) => text.test(w));
    const mode = b.architectures[0]!.cluster?.kubeProxyMode;
    const answered: Partial<Record<Limited, boolean>> = {
      kubeProxyServices: mode === "ipvs" || mode === "nftables",
      namespaceServicesAdvised: said(/services in one namespace/),
    };
    const silent: string[] = [];
    for (const [name, taken] of Object.entries(TAKEN)) {
      if (typeof taken === "string") continue;
      const limit = LIMITS[name as Limited];
      const need = taken(b);
      if (need <= limit.value || answered[name as Limited] === true) continue;
      // Rules that everybody may use are counted with one to spare.
      const wanted = asked.get(limit.what);
      const exact = name === "securityGroupRules" ? wanted !== undefined && wanted >= need : wanted === need;
      if (limit.hard || !exact) silent.push(`${name}: ${need} of ${limit.value}, asked for ${wanted ?? "nothing"}`);
    }
    expect(silent).toEqual([]);
  });

  test("whatever is asked for is really above the default", () => {
    expect(b.planned.quotaRequests.filter((q) => q.have !== null && q.need <= q.have)).toEqual([]);
  });
});

test("a second region is asked for what the fleet takes when it is built anew there", () => {
  const { quotaRequests } = plan(read(WISHES[3]![1]));
  const here = quotaRequests.filter((q) => !q.quota.includes("us-east-1"));
  const there = quotaRequests.filter((q) => q.quota.endsWith(", in us-east-1"));
  expect(here.map((q) => q.quota)).toEqual([LIMITS.onDemandVcpu.what, LIMITS.snapshotsPerRegion.what]);
  expect(there.map((q) => [q.quota.split(",")[0], q.need])).toEqual(here.map((q) => [q.quota, q.need]));
});

test("every type of the catalog counts against the one quota for standard families", () => {
  const families = [...new Set(defaultCatalog().instanceTypes.map((t) => t.family[0]))];
  expect(families.filter((letter) => !"acdhimrtz".includes(letter!))).toEqual([]);
});

test("load balancers, target groups and snapshots of thousands of ships are asked for", () => {
  const ships = { ...big.ships, count: 3_000, amesInbound: "nlb" };
  const asked = plan(read({ ...big, ...rich, growth: {}, ships })).quotaRequests.map((q) => [q.quota, q.need]);
  // A pilot of ten and sixty cells, and one for HTTPS.
  expect(asked).toContainEqual([LIMITS.nlbPerRegion.what, 62]);
  expect(asked).toContainEqual([LIMITS.targetGroups.what, 3_002]);
  expect(asked).toContainEqual([LIMITS.snapshotsPerRegion.what, 270_000]);
});

describe("what nobody raises keeps a plan from being chosen", () => {
  const rejected = (wish: unknown) =>
    plan(read(wish))
      .candidates.find((c) => c.mode === "eks")!
      .rejections.filter((r) => r.code === "quota")
      .map((r) => [r.limit, r.have, r.need]);

  test("services of a cluster", () => {
    expect(rejected({ ...big, ...rich, ships: { ...big.ships, count: 9_901 }, customers: 100 })).toContainEqual([
      expect.stringContaining(LIMITS.clusterServices.what),
      9_900,
      9_901,
    ]);
    expect(rejected({ ...big, ...rich, ships: { ...big.ships, count: 9_900 }, customers: 100 })).toEqual([]);
  });

  test("services of one customer's namespace", () => {
    expect(rejected({ ...big, ...rich, ships: { ...big.ships, count: 5_001 }, customers: 1 })).toEqual([
      [expect.stringContaining(LIMITS.namespaceServices.what), 5_000, 5_001],
    ]);
    expect(rejected({ ...big, ...rich, ships: { ...big.ships, count: 5_001 }, customers: 2 })).toEqual([]);
  });

  test("nodes of a group, which the component refuses too", () => {
    const small = { ...big, ...rich, cluster: { families: ["m7i"] }, customers: 100 };
    const [found] = rejected({ ...small, ships: { ...big.ships, count: 9_900, memoryGiB: 8 } });
    expect(found![0]).toBe(LIMITS.nodesPerGroup.what);
    expect(found![2]).toBeGreaterThan(450);
  });

  test("what the account is said to have", () => {
    const stated = (onDemandVcpu: number) => ({ ...big, existing: { quotas: { onDemandVcpu } } });
    const need = plan(read(big)).quotaRequests.find((q) => q.quota === LIMITS.onDemandVcpu.what)!.need;
    expect(rejected(stated(need - 1))).toEqual([[LIMITS.onDemandVcpu.what, need - 1, need]]);
    expect(rejected(stated(need))).toEqual([]);
    expect(plan(read(stated(need))).quotaRequests).toEqual([]);
  });
});
