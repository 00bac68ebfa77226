// The planner's figures against the scheduler: a node holds as many ships as planned, and what binds is what the plan says.
import { NODE_ROLE, SHIPS_TAINT_KEY } from "../../components/fleet/render/names";
import type { LockedNodePool, LockedShip } from "../../planner/architecture/schema";
import { defaultCatalog } from "../../planner/catalog/catalog";
import { type CapacityTerm, nodeCapacity } from "../../planner/plan/capacity";
import { type Api, eventually, type KubeObject } from "./control-plane/api";
import type { ControlPlane } from "./control-plane/start";
import {
  clusterFor,
  createAll,
  graphObjects,
  mustCreate,
  type Pod,
  readyShips,
  release,
  SHIP_PODS,
  whyNot,
} from "./fleet/deploy";
import { planet } from "./fleet/names";
import { plannedFleet } from "./fleet/planned";

interface Case {
  /** What the node runs out of first. */
  boundBy: CapacityTerm;
  ships: number;
  each: { memoryGiB: number; cpu: number };
  families: string[];
  /** The scheduler's word for it. */
  refusal: RegExp;
}

const CASES: Case[] = [
  {
    boundBy: "memory",
    ships: 42,
    each: { memoryGiB: 4, cpu: 0.25 },
    families: ["r6a"],
    refusal: /Insufficient memory/,
  },
  {
    boundBy: "volumes",
    ships: 75,
    each: { memoryGiB: 2, cpu: 0.25 },
    families: ["r6a"],
    refusal: /exceed max volume count/,
  },
  // A processor so scarce that what the node's own services ask for decides.
  { boundBy: "cpu", ships: 12, each: { memoryGiB: 2, cpu: 0.95 }, families: ["m5"], refusal: /Insufficient cpu/ },
];

const NAMESPACE = "one-more";

/** A pod like a ship's, with a volume of its own, for one node. */
function oneMore(like: Pod, ship: LockedShip, node: string, storageClass: string): KubeObject[] {
  const metadata = { name: `more-${node.replace(/\./g, "-")}`, namespace: NAMESPACE };
  const { requests } = like.spec.containers.find((c) => c.name === "ship")!.resources!;
  return [
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata,
      spec: {
        accessModes: ["ReadWriteOncePod"],
        storageClassName: storageClass,
        resources: { requests: { storage: `${ship.diskGiB}Gi` } },
      },
    },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: {
        nodeSelector: { "kubernetes.io/hostname": node },
        tolerations: [{ key: SHIPS_TAINT_KEY, operator: "Exists" }],
        containers: [
          {
            name: "ship",
            image: "ship",
            resources: { requests },
            volumeMounts: [{ name: "pier", mountPath: "/urbit" }],
          },
        ],
        volumes: [{ name: "pier", persistentVolumeClaim: { claimName: metadata.name } }],
      },
    },
  ];
}

const unscheduled = (api: Api, path: string): Promise<string> =>
  eventually("the scheduler has looked at it", 30_000, async () => {
    const pod = (await api.get<Pod>(path)).body;
    const why = pod.status.conditions?.find((c) => c.type === "PodScheduled" && c.status === "False")?.message;
    return why ? { done: true, value: why } : { done: false, seen: pod.spec.nodeName ?? "not looked at" };
  });

describe.each(CASES)("ships of $each.memoryGiB GiB and $each.cpu CPU on $families, bound by $boundBy", (of) => {
  let plane: ControlPlane;
  let api: Api;
  let ships: LockedShip[];
  let pools: LockedNodePool[];
  let storageClass: string;
  let pods: Pod[];
  const poolOf = (node: string): LockedNodePool => pools.find((p) => node.startsWith(`${p.name}-`))!;

  beforeAll(async () => {
    const fleet = await plannedFleet("fifty-ships-hipaa.yaml", (example) => {
      Object.assign(example, { platform: "eks", budget: undefined, customers: 1, growth: undefined });
      // No node to spare: if one held fewer ships than planned, some ship would find no place.
      example.cluster = { headroomPercent: 0, families: of.families };
      const named = Array.from({ length: of.ships }, (_, n) => ({ ...example.ships.named![0]!, name: planet(n) }));
      example.ships = { ...example.ships, count: of.ships, types: { planet: of.ships }, named, ...of.each };
    });
    const [platform] = fleet.architectures;
    ships = fleet.architectures.flatMap((a) => a.ships);
    pools = platform!.nodePools;
    storageClass = platform!.cluster!.storageClass;
    plane = await clusterFor(platform!);
    api = plane.api;
    const objects = graphObjects(fleet.preview.graph.resources);
    const namespaces = objects.filter((o) => ["Namespace", "StorageClass"].includes(o.kind));
    await mustCreate(api, namespaces);
    const refused = await createAll(
      api,
      objects.filter((o) => !namespaces.includes(o)),
    );
    expect(refused).toEqual([]);
    await release(api, ships);
  }, 240_000);
  afterAll(() => plane?.stop());

  test("the planned nodes, without any to spare, hold every ship", async () => {
    await readyShips(api, ships.length, 60_000);
    pods = await api.list<Pod>(SHIP_PODS);
    expect(whyNot(pods.filter((p) => p.spec.nodeName === undefined))).toEqual({});
  });

  test("a full node takes no ship more, and says the reason the plan says", async () => {
    const held = new Map<string, number>();
    for (const pod of pods) held.set(pod.spec.nodeName!, (held.get(pod.spec.nodeName!) ?? 0) + 1);
    const full = [...held].filter(([node, count]) => count === poolOf(node).shipsPerNode).map(([node]) => node);
    expect(full.length).toBeGreaterThan(0);
    const type = defaultCatalog().instanceTypes.find((t) => t.name === poolOf(full[0]!).type)!;
    expect(nodeCapacity(type, of.each.memoryGiB * 1024, of.each.cpu).boundBy).toBe(of.boundBy);
    await mustCreate(api, [{ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } }]);
    const [node] = full;
    const [claim, pod] = oneMore(pods[0]!, ships[0]!, node!, storageClass);
    await eventually("its service account is there", 30_000, async () => {
      const { ok, message } = await api.get(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts/default`);
      return ok ? { done: true, value: null } : { done: false, seen: message };
    });
    await mustCreate(api, [claim!, pod!]);
    expect(await unscheduled(api, `/api/v1/namespaces/${NAMESPACE}/pods/${pod!.metadata.name}`)).toMatch(of.refusal);
  });

  test("a second pod does not get a ship's volume, on whatever node", async () => {
    const [ship] = ships;
    const account = `/api/v1/namespaces/${ship!.tenant}/pods/${ship!.id}-0`;
    const running = (await api.get<Pod & { spec: Record<string, unknown> }>(account)).body;
    const name = "second-copy";
    // A pod made by hand, so small that it fits, of a customer whose quota is gone: only the volume is in its way.
    await api.remove(`/api/v1/namespaces/${ship!.tenant}/resourcequotas/roadstead`);
    const containers = running.spec.containers.map((c) => ({ ...c, resources: {} }));
    const hand = { nodeName: undefined, hostname: undefined, subdomain: undefined, priority: undefined };
    const spec = { ...running.spec, ...hand, containers };
    const second: KubeObject = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: ship!.tenant }, spec };
    // The server remembers a quota for a moment.
    await eventually("the quota is gone", 30_000, async () => {
      const { ok, message } = await api.create(second);
      return ok ? { done: true, value: null } : { done: false, seen: message };
    });
    const why = await unscheduled(api, `/api/v1/namespaces/${ship!.tenant}/pods/${name}`);
    expect(why).toMatch(/ReadWriteOncePod/);
    expect((await api.get<Pod>(account)).body.metadata.uid).toBe(running.metadata.uid);
  });

  test("what does not tolerate the ships' nodes stays off them", async () => {
    const node = pods[0]!.spec.nodeName!;
    const pod: KubeObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "passer-by", namespace: NAMESPACE },
      spec: {
        nodeSelector: { [NODE_ROLE.key]: NODE_ROLE.ships, "kubernetes.io/hostname": node },
        containers: [{ name: "only", image: "only" }],
      },
    };
    await mustCreate(api, [pod]);
    expect(await unscheduled(api, `/api/v1/namespaces/${NAMESPACE}/pods/passer-by`)).toMatch(/untolerated taint/);
  });
});
