// Brings manifests to a control plane and waits for what follows.
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseAllDocuments } from "yaml";
import type { GraphResource } from "../../../preview";
import { isKubernetesObject } from "../../../preview/manifests";
import type { Architecture } from "../../../planner/architecture/schema";
import { type Answer, type Api, eventually, type KubeObject, pathOf } from "../control-plane/api";
import { type ControlPlane, startControlPlane } from "../control-plane/start";
import { definitions } from "./definitions";
import { csiDriver, daemonSets, nodesOf } from "./nodes";
import { type PlannedFleet, writeManifests } from "./planned";

export interface Refusal {
  object: string;
  code: number;
  reason: string;
  message: string;
}

export const describeObject = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;

const refusalOf = (object: KubeObject, { code, reason, message }: Answer): Refusal => ({
  object: describeObject(object),
  code,
  reason,
  message,
});

/** A control plane with the planned nodes, and the kinds that charts would bring. */
export async function clusterFor(architecture: Architecture): Promise<ControlPlane> {
  const plane = await startControlPlane({ zones: architecture.zones });
  await mustCreate(plane.api, [...definitions(), csiDriver()]);
  await mustCreate(plane.api, nodesOf(architecture.nodePools, architecture.region));
  await mustCreate(plane.api, daemonSets());
  await eventually("the custom kinds are served", 30_000, async () => {
    const { ok, message } = await plane.api.get("/apis/monitoring.coreos.com/v1/namespaces/default/probes");
    return ok ? { done: true, value: null } : { done: false, seen: message };
  });
  return plane;
}

/** The objects of `preview --out`, file by file and in each file's own order, as `kubectl create -f` reads them. */
export function manifestObjects(fleet: PlannedFleet): KubeObject[] {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "roadstead-manifests-"));
  try {
    return writeManifests(dir, fleet.preview).flatMap((file) =>
      parseAllDocuments(fs.readFileSync(file, "utf8")).flatMap((document) => {
        const object = document.toJS() as KubeObject | null;
        return object === null ? [] : [object];
      }),
    );
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

/** The objects of a graph as a manifest each, for fleets whose text would take longer to read than to deploy. */
export const graphObjects = (resources: readonly GraphResource[]): KubeObject[] =>
  resources.filter(isKubernetesObject).map((r) => r.inputs as unknown as KubeObject);

/** One by one, by POST; everything is tried, so that a fault does not hide the next. */
export async function create(api: Api, objects: readonly KubeObject[]): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  for (const object of objects) {
    const answer = await api.create(object);
    if (!answer.ok) refused.push(refusalOf(object, answer));
  }
  return refused;
}

/** Many at once; for objects that do not wait for each other. */
export async function createAll(api: Api, objects: readonly KubeObject[], width = 12): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < objects.length; i = next++) refused.push(...(await create(api, [objects[i]!])));
  };
  await Promise.all(Array.from({ length: width }, worker));
  return refused;
}

export async function mustCreate(api: Api, objects: readonly KubeObject[]): Promise<void> {
  const refused = await create(api, objects);
  if (refused.length > 0) throw new Error(`not admitted: ${JSON.stringify(refused, null, 2)}`);
}

/**
 * A graph as the engine deploys it: a resource waits for what it depends on and for its parents' dependencies, and
 * nothing is made that waits for something refused.
 */
export async function deployGraph(
  api: Api,
  resources: readonly GraphResource[],
): Promise<{ made: KubeObject[]; refused: Refusal[]; notTried: KubeObject[] }> {
  const byUrn = new Map(resources.map((r) => [r.urn, r]));
  const outcome = new Map<string, Promise<boolean>>();
  const made: KubeObject[] = [];
  const refused: Refusal[] = [];
  const notTried: KubeObject[] = [];
  const after = (resource: GraphResource): string[] => {
    const parent = resource.parent === null ? undefined : byUrn.get(resource.parent);
    return [...resource.dependsOn, ...(parent ? after(parent) : [])];
  };
  const attempt = (resource: GraphResource): Promise<boolean> => {
    const known = outcome.get(resource.urn);
    if (known) return known;
    const promise = (async () => {
      const waits = after(resource).flatMap((urn) => byUrn.get(urn) ?? []);
      const ready = (await Promise.all(waits.map(attempt))).every(Boolean);
      if (!isKubernetesObject(resource)) return ready;
      const object = resource.inputs as unknown as KubeObject;
      if (!ready) {
        notTried.push(object);
        return false;
      }
      const answer = await api.create(object);
      if (answer.ok) made.push(object);
      else refused.push(refusalOf(object, answer));
      return answer.ok;
    })();
    outcome.set(resource.urn, promise);
    return promise;
  };
  await Promise.all(resources.map(attempt));
  return { made, refused, notTried };
}

/** What the rollout does with ships of a parked cell: one replica each, through the scale subresource. */
export async function release(api: Api, ships: readonly { id: string; tenant: string }[], width = 12): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < ships.length; i = next++) {
      const { id, tenant } = ships[i]!;
      const path = `/apis/apps/v1/namespaces/${tenant}/statefulsets/${id}/scale`;
      const answer = await api.merge(path, { spec: { replicas: 1 } });
      if (!answer.ok) throw new Error(`${id} was not released: ${answer.message}`);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

export interface Pod extends KubeObject {
  spec: {
    nodeName?: string;
    containers: { name: string; resources?: Resources }[];
    initContainers?: { name: string }[];
  };
  status: { phase?: string; conditions?: { type: string; status: string; reason?: string; message?: string }[] };
}
export interface Resources {
  requests?: Record<string, string>;
  limits?: Record<string, string>;
}

export const isReady = (pod: Pod): boolean =>
  pod.status.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;

export const SHIP_PODS = "/api/v1/pods?labelSelector=app.kubernetes.io/name%3Dship";

/** Waits until that many ships' pods are ready, and returns them; says which are not, and why. */
export function readyShips(api: Api, count: number, limitMs: number): Promise<Pod[]> {
  return eventually(`${count} ships ready`, limitMs, async () => {
    const pods = await api.list<Pod>(SHIP_PODS);
    const ready = pods.filter(isReady);
    if (ready.length === count && pods.length === count) return { done: true, value: ready };
    const waiting = pods.filter((p) => !isReady(p));
    return { done: false, seen: `${ready.length} ready, ${waiting.length} not: ${JSON.stringify(whyNot(waiting))}` };
  });
}

/** The scheduler's reasons, each once, with an example. */
export function whyNot(pods: readonly Pod[]): Record<string, string> {
  return Object.fromEntries(
    pods.map((p) => {
      const unscheduled = p.status.conditions?.find((c) => c.type === "PodScheduled" && c.status === "False");
      return [unscheduled?.message ?? p.status.phase ?? "no status", p.metadata.name];
    }),
  );
}

/** Waits until a policy is in force: the server compiles it, and the controller has checked its types. */
export function policiesChecked(api: Api): Promise<PolicyStatus[]> {
  const path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
  return eventually("admission policies are checked", 30_000, async () => {
    const policies = await api.list<PolicyStatus>(path);
    const open = policies.filter((p) => p.status?.observedGeneration !== p.metadata.generation);
    return open.length === 0 && policies.length > 0
      ? { done: true, value: policies }
      : { done: false, seen: `unchecked: ${open.map((p) => p.metadata.name).join(", ") || "there is none"}` };
  });
}

export interface PolicyStatus extends KubeObject {
  status?: {
    observedGeneration?: number;
    typeChecking?: { expressionWarnings?: { fieldRef: string; warning: string }[] };
  };
}

/** Whether an object of the same path is there. */
export const exists = async (api: Api, object: KubeObject): Promise<boolean> => (await api.get(pathOf(object))).ok;
