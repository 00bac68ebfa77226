// A real Kubernetes API server under a project: the cluster that is there before its stacks. Its nodes and its volumes are
// kwok's (docs/testing-cluster.md); everything that is asked of it, it answers itself.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { OWN } from "../../../components/fleet/render/names";
import { groupVersionKind, KUBERNETES } from "../../../components/fleet/render/resource";
import { type Api, collectionOf, eventually, type KubeObject, pathOf } from "../../cluster/control-plane/api";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane/start";
import { DRIVER, nodeName } from "../../cluster/control-plane/stages";
import { definitions } from "../../cluster/fleet/definitions";
import type { Example } from "./examples";

export const ZONE = "zone-a";

export interface RealCluster extends ControlPlane {
  /** The whole of it, with the administrator's token: what a user sets as the kubeconfig secret. */
  credentials: string;
}

/**
 * `storageClass`: one that keeps volumes, null for none. `nodes`: nodes for any pod when left out. `known`: which custom kinds
 * are there from the start, by their group; all of them when left out.
 */
export async function realCluster(
  storageClass: string | null,
  nodes: KubeObject[] = plainNodes(),
  zones: readonly string[] = [ZONE],
  known: (group: string) => boolean = () => true,
): Promise<RealCluster> {
  const plane = await startControlPlane({ zones });
  const there = definitions().filter((d) => known(groupOf(d)));
  for (const object of [...there, ...(storageClass ? [classKeeping(storageClass)] : []), ...nodes]) {
    const made = await plane.api.create(object);
    if (!made.ok) throw new Error(`${pathOf(object)}: ${made.message}`);
  }
  return { ...plane, credentials: fs.readFileSync(plane.kubeconfig, "utf8") };
}

/** The group of the kind that a definition defines. */
export const groupOf = (definition: KubeObject): string => (definition.spec as { group: string }).group;

/** The same wishes on that cluster. */
export const onCluster = (example: Example, { credentials }: RealCluster): Example => ({
  ...example,
  secrets: { ...example.secrets, kubeconfig: credentials },
});

/** kubectl, as the administrator: what a person does by hand. Its words, whatever it ends with. */
export function kubectl(
  { programs, kubeconfig }: RealCluster,
  ...args: string[]
): { code: number | null; said: string } {
  const asked = spawnSync(programs.kubectl, ["--kubeconfig", kubeconfig, ...args], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { code: asked.status, said: `${asked.stdout}${asked.stderr}`.trim() };
}

/** Everything in the cluster that bears Roadstead's label, in every namespace, of every kind a cell is made of. */
export async function ownObjects(api: Api): Promise<KubeObject[]> {
  const selector = Object.entries(OWN)
    .map(([key, value]) => `${encodeURIComponent(key)}%3D${value}`)
    .join(",");
  const kinds = Object.values(KUBERNETES).map(groupVersionKind);
  const lists = kinds.map(async (kind) => {
    const collection = collectionOf({ ...kind, metadata: { name: "" } }).replace("/namespaces/default/", "/");
    const found = await api.list(`${collection}?labelSelector=${selector}`);
    return found.map((object) => ({ ...object, ...kind }));
  });
  return (await Promise.all(lists)).flat();
}

/** A rule of somebody else's in that cluster, in force when this returns. */
export async function rule(
  api: Api,
  name: string,
  [apiGroup, resource]: [string, string],
  operations: string[],
  expression: string,
): Promise<() => Promise<void>> {
  const version = { apiVersion: "admissionregistration.k8s.io/v1" };
  const resourceRules = [{ apiGroups: [apiGroup], apiVersions: ["v1"], operations, resources: [resource] }];
  const probe = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] };
  const isProbe = `object.metadata.name == '${name}-in-force'`;
  const spec = {
    failurePolicy: "Fail",
    matchConstraints: { resourceRules: [...resourceRules, probe] },
    matchConditions: [{ name: "asked", expression: `request.resource.resource != 'configmaps' || ${isProbe}` }],
    validations: [
      { expression: `request.resource.resource != 'configmaps' && (${expression})`, message: `not by ${name}` },
    ],
  };
  const objects: KubeObject[] = [
    { ...version, kind: "ValidatingAdmissionPolicy", metadata: { name }, spec },
    {
      ...version,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, validationActions: ["Deny"] },
    },
  ];
  const metadata = { name: `${name}-in-force`, namespace: "default" };
  const asked = (): Promise<{ ok: boolean; message: string }> =>
    api.create({ apiVersion: "v1", kind: "ConfigMap", metadata }, "?dryRun=All");
  const settled = (ok: boolean): Promise<null> =>
    eventually(`rule ${name} is ${ok ? "gone" : "in force"}`, 30_000, async () => {
      const answer = await asked();
      return answer.ok === ok ? { done: true, value: null } : { done: false, seen: answer.message || "admitted" };
    });
  for (const object of objects) {
    const made = await api.create(object);
    if (!made.ok) throw new Error(made.message);
  }
  await settled(false);
  return async () => {
    for (const object of [...objects].reverse()) await api.remove(pathOf(object));
    await settled(true);
  };
}

const classKeeping = (name: string): KubeObject => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name },
  provisioner: DRIVER,
  reclaimPolicy: "Retain",
  volumeBindingMode: "WaitForFirstConsumer",
});

/** Two nodes of 64 GiB that take every pod. */
function plainNodes(): KubeObject[] {
  return [1, 2].map((n) => node(nodeName("any", n, ZONE), {}));
}

export function node(name: string, labels: Record<string, string>, taints: object[] = [], zone = ZONE): KubeObject {
  const allocatable = { cpu: "16", memory: "64Gi", pods: "110", "ephemeral-storage": "100Gi" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": zone,
        ...labels,
      },
      annotations: { "kwok.x-k8s.io/node": "fake" },
    },
    spec: { taints },
    status: {
      allocatable,
      capacity: allocatable,
      nodeInfo: { architecture: "amd64", operatingSystem: "linux", kubeletVersion: "v1.34.0" },
    },
  };
}
