// The largest example: a thousand ships on the nodes that were planned for them, and the time it takes.
import type { LockedShip } from "../../planner/architecture/schema";
import type { Api } from "./control-plane/api";
import type { ControlPlane } from "./control-plane/start";
import { clusterFor, createAll, graphObjects, type Pod, readyShips, release, SHIP_PODS, whyNot } from "./fleet/deploy";
import { type PlannedFleet, plannedFleet } from "./fleet/planned";

let fleet: PlannedFleet;
let plane: ControlPlane;
let api: Api;
let ships: LockedShip[];
const seconds: Record<string, number> = {};

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = Date.now();
  const value = await work();
  seconds[what] = (Date.now() - began) / 1000;
  return value;
}

beforeAll(async () => {
  fleet = await timed("planned and previewed", () => plannedFleet("fleet-1000.yaml"));
  ships = fleet.architectures.flatMap((a) => a.ships);
  plane = await timed("control plane and nodes", () => clusterFor(fleet.architectures[0]!));
  api = plane.api;
}, 180_000);
afterAll(async () => {
  const nodes = fleet?.architectures[0]?.nodePools.reduce((n, p) => n + p.count, 0);
  const figures = Object.entries(seconds).map(([what, s]) => `${what} ${s.toFixed(1)} s`);
  process.stderr.write(`${ships?.length} ships on ${nodes} nodes: ${figures.join(", ")}\n`);
  await plane?.stop();
});

test("every object of a thousand ships is admitted", async () => {
  const objects = graphObjects(fleet.preview.graph.resources);
  // One kind after the other, as each needs the ones before it.
  const order = ["Namespace", "StorageClass", "ServiceAccount"];
  const stages = [
    ...order.map((kind) => objects.filter((o) => o.kind === kind)),
    objects.filter((o) => !order.includes(o.kind)),
  ];
  const refused = await timed(`${objects.length} objects admitted`, async () => {
    const all = [];
    for (const stage of stages) all.push(...(await createAll(api, stage)));
    return all;
  });
  expect(refused).toEqual([]);
  expect(ships).toHaveLength(1_000);
}, 300_000);

test("every ship is placed on the planned nodes and none stays pending", async () => {
  const [platform] = fleet.architectures;
  await timed("scheduled, bound and ready", async () => {
    for (const { cell } of fleet.architectures) {
      const aboard = ships.filter((s) => s.cell === cell);
      if (platform!.cells.find((c) => c.id === cell)!.parked) await release(api, aboard);
    }
    await readyShips(api, ships.length, 420_000);
  });
  const pods = await api.list<Pod>(SHIP_PODS);
  const pending = pods.filter((p) => p.spec.nodeName === undefined);
  expect(whyNot(pending)).toEqual({});
  expect(pods).toHaveLength(1_000);

  const zones = new Map(
    (await api.list("/api/v1/nodes")).map((n) => [n.metadata.name, n.metadata.labels!["topology.kubernetes.io/zone"]]),
  );
  const where = new Map(pods.map((p) => [p.metadata.name, zones.get(p.spec.nodeName!)]));
  expect(ships.filter((s) => where.get(`${s.id}-0`) !== s.zone).map((s) => s.id)).toEqual([]);
}, 480_000);

test("no node holds more ships than the planner says it can", async () => {
  const held = new Map<string, number>();
  for (const pod of await api.list<Pod>(SHIP_PODS))
    held.set(pod.spec.nodeName!, (held.get(pod.spec.nodeName!) ?? 0) + 1);
  const most = new Map(fleet.architectures[0]!.nodePools.map((p) => [p.name, p.shipsPerNode]));
  for (const [node, count] of held) {
    const pool = [...most.keys()].find((name) => node.startsWith(`${name}-`))!;
    expect(count).toBeLessThanOrEqual(most.get(pool)!);
  }
  expect(held.size).toBeGreaterThan(0);
});
