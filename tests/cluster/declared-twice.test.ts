// A ship that somebody else declares too, and a ship that was removed: on the API server both stacks would meet at.
import { LABEL, REGISTRY_NAMESPACE } from "../../components/fleet/render/names";
import type { Architecture, LockedShip } from "../../planner/architecture/schema";
import { type GraphResource, previewArchitectures } from "../../preview";
import { type Api, eventually, type KubeObject, pathOf } from "./control-plane/api";
import type { ControlPlane } from "./control-plane/start";
import { clusterFor, deployGraph, exists, graphObjects, readyShips, SHIP_PODS } from "./fleet/deploy";
import { type PlannedFleet } from "./fleet/planned";
import { smallFleet } from "./fleet/small";

let first: PlannedFleet;
let plane: ControlPlane;
let api: Api;
let ships: LockedShip[];

/** What a stack that only adds a cell to this cluster would make. */
async function asCell(architecture: Architecture, stack: string): Promise<GraphResource[]> {
  const cell = { ...architecture, stack, role: "cell" as const, network: null, nodePools: [] };
  const platform = { name: "prod", architecture: first.architectures[0]! };
  const preview = await previewArchitectures([platform, { name: stack, architecture: cell }]);
  return preview.graph.resources.filter((r) => r.stack === stack);
}

const shipOf = (object: KubeObject): string | undefined => object.metadata.labels?.[LABEL.ship];

beforeAll(async () => {
  first = await smallFleet();
  ships = first.architectures[0]!.ships;
  plane = await clusterFor(first.architectures[0]!);
  api = plane.api;
  const { refused, notTried } = await deployGraph(api, first.preview.graph.resources);
  expect([refused, notTried]).toEqual([[], []]);
  await readyShips(api, ships.length, 60_000);
}, 180_000);
afterAll(() => plane?.stop());

test("a second stack that declares the same ships fails on their claims, before key, pier or pod exist", async () => {
  const second = await smallFleet("staging");
  const theirs = await asCell(second.architectures[0]!, "staging");
  const { made, refused, notTried } = await deployGraph(api, theirs);

  const claims = refused.filter((r) => r.object.startsWith("Lease "));
  expect(claims.map((r) => `${r.object}: ${r.reason}`).sort()).toEqual(
    ships.map((s) => `Lease ${REGISTRY_NAMESPACE}/${s.id}: AlreadyExists`).sort(),
  );
  // Nothing that belongs to one ship was made: not its key, its volume, its workload, its service or its route.
  expect(made.filter((o) => shipOf(o) !== undefined)).toEqual([]);
  expect(new Set(notTried.map((o) => o.kind))).toEqual(
    new Set(["Secret", "PersistentVolumeClaim", "StatefulSet", "Service", "HTTPRoute"]),
  );
  const pods = await api.list(SHIP_PODS);
  expect(pods.map((p) => p.metadata.namespace).sort()).toEqual(ships.map((s) => s.tenant).sort());
});

test("a removed ship stops; its claim and its volume stay, and nobody else takes its name", async () => {
  const [architecture] = first.architectures;
  const gone = ships.find((s) => s.fake)!;
  const { id, name, cell, zone, host, tenant, diskGiB } = gone;
  const buried = { id, name, cell, zone, host, tenant, diskGiB, cleanStopEvent: null, claim: "claimed" as const };
  const next = { ...architecture!, ships: ships.filter((s) => s !== gone), tombstones: [buried] };
  const preview = await previewArchitectures([{ name: "prod", architecture: next }]);

  const kept = new Set(graphObjects(preview.graph.resources).map(pathOf));
  const dropped = graphObjects(first.preview.graph.resources).filter((o) => !kept.has(pathOf(o)));
  expect(dropped.map((o) => `${o.kind} ${o.metadata.name}`).sort()).toEqual(
    [`HTTPRoute ${id}`, `Service ${id}`, `StatefulSet ${id}`].sort(),
  );
  for (const object of dropped) expect((await api.remove(pathOf(object))).ok).toBe(true);
  await eventually("its pod has gone", 60_000, async () => {
    const { code } = await api.get(`/api/v1/namespaces/${tenant}/pods/${id}-0`);
    return code === 404 ? { done: true, value: null } : { done: false, seen: `answer ${code}` };
  });

  const pier = await api.get<KubeObject & { status: { phase: string } }>(
    `/api/v1/namespaces/${tenant}/persistentvolumeclaims/pier-${id}`,
  );
  expect(pier.body.status.phase).toBe("Bound");
  const claim = graphObjects(first.preview.graph.resources).find((o) => o.kind === "Lease" && o.metadata.name === id)!;
  expect(await exists(api, claim)).toBe(true);
  const again = await api.create({ ...claim, spec: { holderIdentity: "another/stack" } });
  expect([again.code, again.reason]).toEqual([409, "AlreadyExists"]);
  const deleted = await api.remove(pathOf(claim));
  expect(deleted.message).toMatch(/a claim is never deleted/);
});
