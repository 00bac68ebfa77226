// `pulumi destroy` walks the graph backwards, so the order in which a fleet may go must be there as edges: whatever stands
// on something waits for it. Read from what the whole stack registers, not from one component. A resource waits for what its
// parents wait for: it is registered after them and deleted before them (tests/engine/lifecycle.test.ts, with the real engine).
import { previewArchitectures } from "../../../preview";
import type { GraphResource } from "../../../preview/graph";
import { clusterArchitectures, stacksOf } from "../../preview/architectures";

let resources: GraphResource[];
let byUrn: Map<string, GraphResource>;
beforeAll(async () => {
  const [platform] = clusterArchitectures({ cells: 1, shipsPerCell: 2, domain: "fleet.example.com" });
  platform!.network!.interfaceEndpoints = true;
  const preview = await previewArchitectures(stacksOf([platform!]));
  resources = preview.graph.resources;
  byUrn = new Map(resources.map((r) => [r.urn, r]));
});

const all = (type: RegExp, name = /./): GraphResource[] => {
  const found = resources.filter((r) => type.test(r.type) && name.test(r.name));
  if (found.length === 0) throw new Error(`nothing is ${String(type)} ${String(name)}`);
  return found;
};

function waits(from: GraphResource, to: GraphResource): boolean {
  const seen = new Set<string>();
  const next = (r: GraphResource | undefined): string[] => [
    ...(r?.dependsOn ?? []),
    ...(r?.parent === null || r?.parent === undefined ? [] : [r.parent]),
  ];
  const open = next(from);
  for (let urn = open.pop(); urn !== undefined; urn = open.pop()) {
    if (urn === to.urn) return true;
    if (seen.has(urn)) continue;
    seen.add(urn);
    open.push(...next(byUrn.get(urn)));
  }
  return false;
}

const missing = (first: GraphResource[], then: GraphResource[]): string[] =>
  first.flatMap((a) =>
    then.filter((b) => !waits(a, b)).map((b) => `${a.name} (${a.type}) does not wait for ${b.name}`),
  );

const nodeGroup = /^aws:eks\/nodeGroup:/;
const addon = /^aws:eks\/addon:/;
const ship = /^kubernetes:apps\/v1:StatefulSet$/;
const cluster = /^aws:eks\/cluster:/;
const access = /^aws:eks\/access(Entry|PolicyAssociation):/;
const vpc = /^aws:ec2\/vpc:Vpc$/;

test.each<[string, RegExp, RegExp | undefined, RegExp, RegExp | undefined]>([
  ["ships before the volume driver, which detaches their piers", ship, undefined, addon, /ebs-csi/],
  ["ships before the network plugin", ship, undefined, addon, /vpc-cni/],
  ["ships before their nodes", ship, undefined, nodeGroup, undefined],
  ["ships before the storage class and the registry's policies", ship, undefined, /StorageClass$/, undefined],
  [
    "the load balancer before the controller that made it",
    /^kubernetes:core\/v1:Service$/,
    /-edge-nlb$/,
    /^kubernetes:helm.sh\/v4:Chart$/,
    /-load-balancers$/,
  ],
  [
    "the controller before its rights and the agent that gives them",
    /^kubernetes:helm.sh\/v4:Chart$/,
    /-load-balancers$/,
    /^aws:eks\/(podIdentityAssociation|addon):/,
    /load-balancers$|pod-identity-agent$/,
  ],
  [
    "the gateway's controller before the network plugin",
    /^kubernetes:helm.sh\/v3:Release$/,
    undefined,
    addon,
    /vpc-cni/,
  ],
  ["monitoring before the volume driver", /^kubernetes:helm.sh\/v4:Chart$/, /prometheus|loki/, addon, /ebs-csi/],
  ["every add-on before the nodes", addon, undefined, nodeGroup, undefined],
  ["DNS and volumes before the network plugin", addon, /coredns|ebs-csi|snapshot|metrics/, addon, /vpc-cni/],
  ["nodes before the access entries", nodeGroup, undefined, access, undefined],
  ["nodes before their role's policies", nodeGroup, undefined, /rolePolicyAttachment/, /-node-/],
  ["access entries before the cluster", access, undefined, cluster, undefined],
  [
    "the cluster before its role's policies and its log group",
    cluster,
    undefined,
    /^aws:(iam|cloudwatch)\//,
    /^prod-cluster/,
  ],
  [
    "nodes before the endpoints and their security group",
    nodeGroup,
    undefined,
    /vpcEndpoint:|securityGroup/,
    undefined,
  ],
  ["nodes before routes and NAT", nodeGroup, undefined, /^aws:ec2\/(route|natGateway|internetGateway):/, undefined],
  ["the cluster before its subnets", cluster, undefined, /^aws:ec2\/subnet:/, /-private-/],
  [
    "the network's parts before the VPC",
    /^aws:ec2\/(subnet|natGateway|vpcEndpoint|securityGroup|routeTable):/,
    undefined,
    vpc,
    undefined,
  ],
  ["the cluster before the VPC", cluster, undefined, vpc, undefined],
])("%s", (_, first, firstName, then, thenName) => {
  // A pool waits for its own role's policies, not for another pool's.
  const pairs =
    thenName?.source === "-node-"
      ? all(first, firstName).map((g): [GraphResource[], GraphResource[]] => [
          [g],
          all(then, thenName).filter((p) => p.name.startsWith(`${g.name}-node-`)),
        ])
      : [[all(first, firstName), all(then, thenName)] as [GraphResource[], GraphResource[]]];
  expect(pairs.flatMap(([a, b]) => (b.length === 0 ? ["nothing to wait for"] : missing(a, b)))).toEqual([]);
});
