// A fleet as its manifests make it: admitted whole, placed where the lock says, started as the rollout starts it.
import { NODE_ROLE, pierName } from "../../components/fleet/render/names";
import type { LockedShip } from "../../planner/architecture/schema";
import { type Api, eventually, type KubeObject, pathOf } from "./control-plane/api";
import type { ControlPlane } from "./control-plane/start";
import { clusterFor, describeObject, manifestObjects, type Pod, readyShips, release, SHIP_PODS } from "./fleet/deploy";
import { type PlannedFleet, plannedFleet } from "./fleet/planned";

interface Volume extends KubeObject {
  spec: {
    accessModes: string[];
    persistentVolumeReclaimPolicy: string;
    claimRef: { name: string; namespace: string };
    nodeAffinity: { required: { nodeSelectorTerms: { matchExpressions: { key: string; values: string[] }[] }[] } };
  };
}

let fleet: PlannedFleet;
let plane: ControlPlane;
let api: Api;
let objects: KubeObject[];
let ships: LockedShip[];
let pilot: LockedShip[];
let warnings: string[];
let refused: string[];
/** Every ship's pod, once all were released. */
let pods: Map<string, Pod>;
let zoneOfNode: Map<string, string>;
let roleOfNode: Map<string, string>;

const podOf = (ship: LockedShip): Pod => pods.get(`${ship.tenant}/${ship.id}-0`)!;

beforeAll(async () => {
  fleet = await plannedFleet("fifty-ships-hipaa.yaml");
  const [platform] = fleet.architectures;
  ships = fleet.architectures.flatMap((a) => a.ships);
  pilot = platform!.ships;
  plane = await clusterFor(platform!);
  api = plane.api;
  objects = manifestObjects(fleet);
  warnings = [];
  refused = [];
  for (const object of objects) {
    // An unknown or misspelt field is a refusal, where the server would else drop it and be silent.
    const answer = await api.create(object, "?fieldValidation=Strict&fieldManager=roadstead-test");
    if (!answer.ok) refused.push(`${describeObject(object)}: ${answer.message}`);
    warnings.push(...answer.warnings.map((w) => `${describeObject(object)}: ${w}`));
  }
  const nodes = await api.list("/api/v1/nodes");
  zoneOfNode = new Map(nodes.map((n) => [n.metadata.name, n.metadata.labels!["topology.kubernetes.io/zone"]!]));
  roleOfNode = new Map(nodes.map((n) => [n.metadata.name, n.metadata.labels![NODE_ROLE.key]!]));
}, 180_000);
afterAll(() => plane?.stop());

test("every object of preview --out is admitted, in the order of its files and documents, without a warning", () => {
  expect(objects.length).toBeGreaterThan(300);
  expect(refused).toEqual([]);
  expect(warnings).toEqual([]);
});

test("only ships of the pilot cell start by themselves; the others wait for the rollout", async () => {
  await readyShips(api, pilot.length, 60_000);
  const started = await api.list<Pod>(SHIP_PODS);
  expect(started.map((p) => p.metadata.name).sort()).toEqual(pilot.map((s) => `${s.id}-0`).sort());
  expect(pilot.length).toBeLessThan(ships.length);
});

test("released, every ship becomes ready within its customer's quota", async () => {
  await release(
    api,
    ships.filter((s) => !pilot.includes(s)),
  );
  const ready = await readyShips(api, ships.length, 120_000);
  pods = new Map(ready.map((p) => [`${p.metadata.namespace}/${p.metadata.name}`, p]));
  expect([...pods.keys()].sort()).toEqual(ships.map((s) => `${s.tenant}/${s.id}-0`).sort());
});

test("every ship runs in the zone the lock gives it, on a node for ships", () => {
  for (const ship of ships) {
    const node = podOf(ship).spec.nodeName!;
    expect(`${ship.id} ${zoneOfNode.get(node)} ${roleOfNode.get(node)}`).toBe(`${ship.id} ${ship.zone} ships`);
  }
});

test("each cell is spread over the zones: no zone has two ships more than another", () => {
  for (const { cell } of fleet.architectures) {
    const zones = ships.filter((s) => s.cell === cell).map((s) => zoneOfNode.get(podOf(s).spec.nodeName!)!);
    const counts = fleet.architectures[0]!.zones.map((zone) => zones.filter((z) => z === zone).length);
    expect(counts).toHaveLength(3);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
});

test("every pier is a volume of its own in its ship's zone, for one pod only, kept when its claim goes", async () => {
  const volumes = await api.list<Volume>("/api/v1/persistentvolumes");
  const byClaim = new Map(volumes.map((v) => [`${v.spec.claimRef.namespace}/${v.spec.claimRef.name}`, v.spec]));
  expect(volumes).toHaveLength(ships.length);
  for (const ship of ships) {
    const volume = byClaim.get(`${ship.tenant}/${pierName(ship.id)}`)!;
    const [term] = volume.nodeAffinity.required.nodeSelectorTerms;
    expect([volume.accessModes, volume.persistentVolumeReclaimPolicy, term!.matchExpressions[0]!.values]).toEqual([
      ["ReadWriteOncePod"],
      "Retain",
      [ship.zone],
    ]);
  }
});

test("nothing that is not a ship or a node's own service runs on the ships' nodes", async () => {
  const everything = await api.list<Pod>("/api/v1/pods");
  const others = everything.filter((p) => p.metadata.labels?.["app.kubernetes.io/name"] !== "ship");
  expect(others.length).toBeGreaterThan(0);
  for (const pod of others) expect(pod.metadata.name).toMatch(/^node-service-/);
});

test("the same manifests a second time change nothing: what the server filled in is not undone", async () => {
  const changed: string[] = [];
  for (const object of objects) {
    const before = (await api.get(pathOf(object))).body;
    // Replicas belong to the rollout, run state to the pods: both are ignored once they exist.
    const declared =
      object.kind === "StatefulSet" ? { ...object, spec: omit(object.spec as object, ["replicas"]) } : object;
    const applied = await api.apply(declared, "roadstead-test", "&force=true&dryRun=All");
    if (!applied.ok) changed.push(`${describeObject(object)}: ${applied.message}`);
    else if (content(applied.body) !== content(before)) changed.push(describeObject(object));
  }
  expect(changed).toEqual([]);
});

test("a changed template restarts no ship; a restarted one comes back to its zone and its volume", async () => {
  const [ship] = pilot;
  const pod = podOf(ship!);
  const path = `/api/v1/namespaces/${ship!.tenant}/pods/${pod.metadata.name}`;
  const template = { template: { metadata: { annotations: { "roadstead.dev/changed": "yes" } } } };
  expect(
    (await api.merge(`/apis/apps/v1/namespaces/${ship!.tenant}/statefulsets/${ship!.id}`, { spec: template })).ok,
  ).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect((await api.get(path)).body.metadata.uid).toBe(pod.metadata.uid);

  await api.remove(path);
  const again = await eventually("the ship is back", 60_000, async () => {
    const { body, ok } = await api.get<Pod>(path);
    const back = ok && body.metadata.uid !== pod.metadata.uid && body.spec.nodeName !== undefined;
    return back ? { done: true, value: body } : { done: false, seen: body.status?.phase ?? "no pod" };
  });
  // An evicted ship comes back by the template of today, so what that needs must be there from the moment it is written.
  expect(again.metadata.annotations).toMatchObject({ "roadstead.dev/changed": "yes" });
  expect(zoneOfNode.get(again.spec.nodeName!)).toBe(ship!.zone);
  expect((await api.list<Volume>("/api/v1/persistentvolumes")).length).toBe(ships.length);
});

test("a stopped ship stays stopped, and its claim and volume stay", async () => {
  const ship = pilot[1]!;
  await api.merge(`/apis/apps/v1/namespaces/${ship.tenant}/statefulsets/${ship.id}/scale`, { spec: { replicas: 0 } });
  await eventually("it has stopped", 60_000, async () => {
    const { code } = await api.get(`/api/v1/namespaces/${ship.tenant}/pods/${ship.id}-0`);
    return code === 404 ? { done: true, value: null } : { done: false, seen: `answer ${code}` };
  });
  const pier = await api.get<KubeObject & { status: { phase: string } }>(
    `/api/v1/namespaces/${ship.tenant}/persistentvolumeclaims/${pierName(ship.id)}`,
  );
  expect(pier.body.status.phase).toBe("Bound");
  expect((await api.get(`/apis/coordination.k8s.io/v1/namespaces/roadstead-registry/leases/${ship.id}`)).ok).toBe(true);
});

const omit = (object: object, keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/** What a person would call the same object. */
function content(object: KubeObject): string {
  const metadata = omit(object.metadata, ["managedFields", "resourceVersion", "generation"]);
  return JSON.stringify({ ...omit(object, ["status"]), metadata }, sorted);
}

const sorted = (_: string, value: unknown): unknown =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
