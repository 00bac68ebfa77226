// Clusters that a stack itself makes: the cloud is a stand-in, what answers behind its kubeconfig is a real Kubernetes API
// server. At the first preview nobody can be asked yet; from the first `up` on the server judges everything.
import { parse } from "yaml";
import * as fs from "node:fs";
import { ENVOY_GATEWAY_CHART } from "../../components/eks/render/edge";
import { POOL_LABEL, ROLE_LABEL } from "../../components/eks/node-pool";
import { NODE_ROLE, SHIPS_TAINT_KEY } from "../../components/fleet/render/names";
import type { Architecture } from "../../planner/architecture/schema";
import type { KubeObject } from "../cluster/control-plane/api";
import { nodeName } from "../cluster/control-plane/stages";
import { definitions } from "../cluster/fleet/definitions";
import { type Pod, readyShips } from "../cluster/fleet/deploy";
import { completed, type Example, examples, prepare } from "./engine/examples";
import { outOfOrder } from "./engine/destroy-order";
import { expectDone, expectUnchanged } from "./engine/expectations";
import { Project } from "./engine/project";
import { groupOf, node, ownObjects, type RealCluster, realCluster, ZONE } from "./engine/real-cluster";

/** Two customers behind a domain: gateway, load balancer and their controllers are part of the platform. */
const NAMES = ["sampel-palnet", "wicdev-wisryt", "ravmel-ropdyl", "hastuc-dibtux"];
const BEHIND_A_DOMAIN = completed(
  {
    apiVersion: "roadstead/v1",
    environment: "prod",
    platform: "eks",
    experience: "expert",
    customers: 2,
    regions: { allowed: ["us-west-2"] },
    domain: "fleet.example.com",
    ships: {
      named: NAMES.map((n, i) => ({ name: `~${n}`, customer: ["acme", "globex"][i % 2], key: { secret: `${n}-key` } })),
    },
  },
  NAMES,
);
const FLEETS: [string, Example][] = [
  ["doks", examples.doks],
  ["eks", BEHIND_A_DOMAIN],
];
/** What Envoy Gateway's chart defines; a cluster has none of it before. */
const OF_THE_GATEWAY = /(^|\.)gateway\.(networking\.k8s|envoyproxy)\.io$/;

describe.each(FLEETS)("%s", (mode, example) => {
  const project = new Project();
  let cluster: RealCluster;
  let stacks: string[];
  let pods: Pod[];

  beforeAll(async () => {
    stacks = await prepare(project, example);
    const { zones, nodePools } = lockOf(project, stacks[0]!);
    const places = zones.length > 0 ? zones : [ZONE];
    const comesLater = (group: string): boolean =>
      example.requirements.domain !== undefined && OF_THE_GATEWAY.test(group);
    cluster = await realCluster(null, nodePools.flatMap(nodesOf), places, (group) => !comesLater(group));
    const brought = definitions().filter((d) => OF_THE_GATEWAY.test(groupOf(d)));
    fs.writeFileSync(project.path("charts.json"), JSON.stringify({ [ENVOY_GATEWAY_CHART]: brought }));
    process.env.ROADSTEAD_CHART_DEFINITIONS = project.path("charts.json");
    process.env.ROADSTEAD_API_SERVER = cluster.kubeconfig;
  });
  afterAll(async () => {
    delete process.env.ROADSTEAD_API_SERVER;
    delete process.env.ROADSTEAD_CHART_DEFINITIONS;
    const left = project.left();
    project.remove();
    await cluster?.stop();
    expect(left).toEqual([]);
  });

  test("is made in one go, from the network to pods that are ready on the ships' own nodes", async () => {
    for (const stack of stacks) expectDone(await project.pulumi(["up", "--yes", "--stack", stack]));
    const made = project.cloud.journal();
    expect(made.filter((e) => e.op !== "create")).toEqual([]);
    expect(new Set(made.map((e) => e.urn)).size).toBe(made.length);
    pods = await readyShips(cluster.api, example.ships.length, 60_000);
    const nodes = await cluster.api.list("/api/v1/nodes");
    const roleOf = new Map(nodes.map((n) => [n.metadata.name, n.metadata.labels![NODE_ROLE.key]]));
    expect(new Set(pods.map((p) => roleOf.get(p.spec.nodeName!)))).toEqual(new Set([NODE_ROLE.ships]));
  });

  test("changes nothing when it is brought up again or refreshed", async () => {
    for (const stack of stacks) {
      expectUnchanged(await project.pulumi(["up", "--yes", "--stack", stack]));
      expectUnchanged(await project.refresh(stack));
    }
  });

  test("takes the next Kubernetes version in place: control plane before nodes, no ship's pod is touched", async () => {
    const from = project.cloud.journal().length;
    const { versions } = example.requirements as { versions: object };
    const next = { ...example.requirements, versions: { ...versions, kubernetes: "1.35" } };
    await project.record(next, ["--force"]);
    for (const stack of stacks) expectDone(await project.pulumi(["up", "--yes", "--stack", stack]));
    const changed = project.cloud.journal().slice(from);
    expect(changed.filter((e) => e.op !== "update")).toEqual([]);
    const kinds = changed.map((e) => e.type.split(":").pop()!);
    expect(kinds.filter((k) => k === "StatefulSet")).toEqual([]);
    if (mode === "eks") expect(kinds.lastIndexOf("Cluster")).toBeLessThan(kinds.indexOf("NodeGroup"));
    const uids = (all: Pod[]) => all.map((p) => p.metadata.uid).sort();
    expect(uids(await readyShips(cluster.api, example.ships.length, 60_000))).toEqual(uids(pods));
    for (const stack of stacks) expectUnchanged(await project.pulumi(["up", "--yes", "--stack", stack]));
  });

  test("goes from the top: ships before nodes, nodes before the cluster; claims and piers stay", async () => {
    const from = project.cloud.journal().length;
    for (const stack of [...stacks].reverse()) {
      expect((await project.destroy(stack)).code).not.toBe(0);
      await project.must(["state", "unprotect", "--all", "--yes", "--stack", stack]);
      expectDone(await project.destroy(stack));
    }
    const types = project.cloud.journal().slice(from);
    const kinds = types.map((e) => e.type.split(":").pop()!);
    const [lastShip, nodes, clusters] = [
      /^StatefulSet$/,
      /^(KubernetesNodePool|NodeGroup)$/,
      /^(KubernetesCluster|Cluster)$/,
    ].map((kind) => kinds.flatMap((k, i) => (kind.test(k) ? [i] : [])));
    expect(Math.max(...lastShip!)).toBeLessThan(Math.min(...nodes!));
    expect(Math.max(...nodes!)).toBeLessThan(Math.min(...clusters!));
    expect(outOfOrder(types)).toEqual([]);
    const left = (await ownObjects(cluster.api)).map((o) => o.kind);
    expect(left.filter((kind) => kind === "Lease")).toHaveLength(example.ships.length);
    expect(left.filter((kind) => kind === "PersistentVolumeClaim")).toHaveLength(example.ships.length);
    expect(left.filter((kind) => kind === "StatefulSet")).toEqual([]);
  });
});

function lockOf(project: Project, stack: string): Architecture {
  const file = parse(fs.readFileSync(project.path("stacks", `Pulumi.${stack}.yaml`), "utf8")) as {
    config: Record<string, unknown>;
  };
  return file.config["roadstead:architecture"] as Architecture;
}

/** As the cloud would make them for the pool, with more memory than any pool's type has. */
function nodesOf({ name, role, count, zone }: Architecture["nodePools"][number]): KubeObject[] {
  const taints = role === "ships" ? [{ key: SHIPS_TAINT_KEY, value: "true", effect: "NoSchedule" }] : [];
  return Array.from({ length: count }, (_, n) =>
    node(nodeName(name, n + 1, zone ?? ZONE), { [ROLE_LABEL]: role, [POOL_LABEL]: name }, taints, zone ?? ZONE),
  );
}
