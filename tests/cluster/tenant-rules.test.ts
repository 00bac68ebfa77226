// The rules the API server itself keeps in a tenant's namespace, against whoever administers it.
import type { LockedShip } from "../../planner/architecture/schema";
import { type Answer, type Api, type KubeObject } from "./control-plane/api";
import type { ControlPlane } from "./control-plane/start";
import { clusterFor, manifestObjects, mustCreate, type Pod, policiesChecked, readyShips } from "./fleet/deploy";
import { neighbours, smallFleet } from "./fleet/small";
import { administrator, granted, modest, openPolicy, refused } from "./fleet/tenants";

let plane: ControlPlane;
let api: Api;
let own: LockedShip;
let eve: Api;
let storageClass: string;

const pods = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;
const statefulSet = (ship: LockedShip): string => `/apis/apps/v1/namespaces/${ship.tenant}/statefulsets/${ship.id}`;
const dryRun = (object: KubeObject): Promise<Answer> => api.create(object, "?dryRun=All");

beforeAll(async () => {
  const fleet = await smallFleet();
  const [architecture] = fleet.architectures;
  [own] = neighbours(architecture!.ships);
  storageClass = architecture!.cluster!.storageClass;
  plane = await clusterFor(architecture!);
  api = plane.api;
  await mustCreate(api, manifestObjects(fleet));
  await readyShips(api, architecture!.ships.length, 60_000);
  await policiesChecked(api);
  eve = await administrator(api, own.tenant);
}, 180_000);
afterAll(() => plane?.stop());

test("nobody makes a second copy of a ship: not by its replicas, its scale, or a StatefulSet more", async () => {
  refused(await api.merge(statefulSet(own), { spec: { replicas: 2 } }), /a ship never runs twice/);
  refused(await api.merge(`${statefulSet(own)}/scale`, { spec: { replicas: 50 } }), /a ship never runs twice/);
  const { spec } = (await api.get<KubeObject & { spec: Record<string, unknown> }>(statefulSet(own))).body;
  const many = {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "many", namespace: own.tenant },
    spec: { ...spec, replicas: 2 },
  };
  refused(await dryRun(many), /a ship never runs twice/);
  expect((await api.list<Pod>(pods(own.tenant))).filter((p) => p.metadata.name.startsWith(own.id))).toHaveLength(1);
});

test.each(["NodePort", "LoadBalancer", "ExternalName"])(
  "nobody opens another way in: no Service of type %s",
  async (type) => {
    const service: KubeObject = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "way-in", namespace: own.tenant },
      spec: {
        type,
        selector: {},
        ...(type === "ExternalName" ? { externalName: "example.com" } : { ports: [{ port: 8080 }] }),
      },
    };
    refused(await dryRun(service), /reached through the gateway/);
  },
);

test("nobody makes a volume from a snapshot or a clone where ships run, unless it is said to be a breach", async () => {
  const claim = (spec: object, annotations?: Record<string, string>): KubeObject => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "older", namespace: own.tenant, annotations },
    spec: {
      accessModes: ["ReadWriteOncePod"],
      storageClassName: storageClass,
      resources: { requests: { storage: "1Gi" } },
      ...spec,
    },
  });
  const snapshot = { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "yesterday" };
  const clone = { kind: "PersistentVolumeClaim", name: `pier-${own.id}` };
  const why = /no ship starts from a snapshot or a clone/;
  for (const source of [{ dataSource: snapshot }, { dataSourceRef: snapshot }, { dataSource: clone }])
    refused(await dryRun(claim(source)), why);
  const breach = { "roadstead.dev/breach": "reset by its owner on 2026-11-20" };
  refused(await eve.create(claim({ dataSource: snapshot }, breach), "?dryRun=All"), why);
  expect((await dryRun(claim({ dataSource: snapshot }, breach))).message).not.toMatch(why);
  expect((await dryRun(claim({}))).message).not.toMatch(why);
});

test("who administers a namespace does not change its network policies, quota or limits", async () => {
  const why = /belong to the platform/;
  const policies = `/apis/networking.k8s.io/v1/namespaces/${own.tenant}/networkpolicies`;
  // RBAC would allow each of these: without the policy they would succeed.
  expect(await eve.canI("create", "networkpolicies.networking.k8s.io", own.tenant)).toBe(true);
  expect(await eve.canI("update", "resourcequotas", own.tenant)).toBe(true);
  refused(await eve.create(openPolicy("open", own.tenant)), why);
  refused(
    await eve.create({
      apiVersion: "v1",
      kind: "LimitRange",
      metadata: { name: "tight", namespace: own.tenant },
      spec: { limits: [] },
    }),
    why,
  );
  refused(
    await eve.create({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "friend", namespace: own.tenant },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "mallory" }],
    }),
    why,
  );
  refused(await eve.merge(`${policies}/default-deny`, { spec: { ingress: [{}] } }), why);
  refused(await eve.remove(`${policies}/default-deny`), why);
  refused(await eve.remove(policies), why);
  for (const kind of ["resourcequotas", "limitranges"]) {
    const path = `/api/v1/namespaces/${own.tenant}/${kind}/roadstead`;
    refused(await eve.merge(path, { metadata: { labels: { changed: "yes" } } }), why);
    refused(await eve.remove(path), why);
  }
  expect((await api.get(`${policies}/default-deny`)).ok).toBe(true);
});

test("who administers a namespace runs nothing in it but the platform's images, by digest, in its runtime class", async () => {
  const why = /images its platform names, by their digest/;
  const { spec } = modest("theirs", own.tenant);
  const [only] = (spec as { containers: object[] }).containers;
  const image = (text: string) => modest("theirs", own.tenant, { containers: [{ ...only, image: text }] });
  const digest = `@sha256:${"b".repeat(64)}`;
  const [allowed] = (await api.get<Pod>(`${pods(own.tenant)}/${own.id}-0`)).body.spec.containers.map(
    (c) => (c as unknown as { image: string }).image.split("@")[0],
  );
  const tried = async (object: KubeObject) => (await eve.create(object, "?dryRun=All")).message;
  expect(await tried(image("example.com/only"))).toMatch(why);
  expect(await tried(image(`${allowed}:latest`))).toMatch(why);
  expect(await tried(image(`evil.example.com/${allowed}${digest}`))).toMatch(why);
  expect(await tried(image(`${allowed}-not${digest}`))).toMatch(why);
  for (const [apiVersion, kind] of [
    ["apps/v1", "Deployment"],
    ["apps/v1", "StatefulSet"],
    ["apps/v1", "DaemonSet"],
  ] as const) {
    const selector = { matchLabels: { app: "theirs" } };
    const template = { metadata: { labels: { app: "theirs" } }, spec };
    const metadata = { name: "theirs", namespace: own.tenant };
    expect(await tried({ apiVersion, kind, metadata, spec: { selector, serviceName: "theirs", template } })).toMatch(
      why,
    );
  }
  const jobs = { template: { spec: { ...(spec as object), restartPolicy: "Never" } } };
  const metadata = { name: "theirs", namespace: own.tenant };
  expect(await tried({ apiVersion: "batch/v1", kind: "Job", metadata, spec: jobs })).toMatch(why);
  const cron = { schedule: "0 0 * * *", jobTemplate: { spec: jobs } };
  expect(await tried({ apiVersion: "batch/v1", kind: "CronJob", metadata, spec: cron })).toMatch(why);
  // What is allowed gets as far as the quota, or further.
  expect(await tried(image(`${allowed}${digest}`))).not.toMatch(why);
  // Of a pod itself the server already knows that the class is not there; of a template it does not.
  const [selector, labels] = [{ matchLabels: { app: "theirs" } }, { app: "theirs" }];
  const apart = {
    ...(spec as object),
    containers: [{ ...only, image: `${allowed}${digest}` }],
    runtimeClassName: "another",
  };
  const deployment = { selector, template: { metadata: { labels }, spec: apart } };
  expect(await tried({ apiVersion: "apps/v1", kind: "Deployment", metadata, spec: deployment })).toMatch(
    /runtime class its platform names/,
  );
});

test("who administers a namespace makes no volume of another storage class", async () => {
  const claim = (storageClassName?: string): KubeObject => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "theirs", namespace: own.tenant },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage: "1Gi" } } },
  });
  const why = /storage class its platform names/;
  for (const name of ["standard", undefined]) refused(await eve.create(claim(name), "?dryRun=All"), why);
  expect((await dryRun(claim("standard"))).message).not.toMatch(why);
});

test("a tenant's namespace keeps its labels and what it allows, also against the removal of the very label it is known by", async () => {
  const path = `/api/v1/namespaces/${own.tenant}`;
  await mustCreate(api, [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "namespace-editor" },
      rules: [{ apiGroups: [""], resources: ["namespaces"], verbs: ["get", "update", "patch", "delete", "create"] }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "eve-namespaces" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "namespace-editor" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "eve" }],
    },
  ]);
  for (const verb of ["patch", "delete", "create"]) await granted(eve, verb, "namespaces");
  const why = /a tenant's namespace belongs to the platform/;
  const weaker = { labels: { "pod-security.kubernetes.io/enforce": "privileged" } };
  refused(await eve.merge(path, { metadata: weaker }), why);
  refused(await eve.merge(path, { metadata: { labels: { "roadstead.dev/tenant": null } } }), why);
  refused(await eve.merge(path, { metadata: { annotations: { "roadstead.dev/images": "evil.example.com" } } }), why);
  refused(await eve.remove(path), why);
  const other = { apiVersion: "v1", kind: "Namespace", metadata: { name: "eves-own" } };
  expect((await eve.create(other)).message).toBe("");
  expect((await eve.merge("/api/v1/namespaces/eves-own", { metadata: { labels: { a: "b" } } })).message).toBe("");
  expect((await api.merge(path, { metadata: { labels: { note: "ours" } } })).message).toBe("");
  await api.remove("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/eve-namespaces");
});

test("the deployer changes them, and so does whoever was given the platform", async () => {
  const path = `/api/v1/namespaces/${own.tenant}/resourcequotas/roadstead`;
  expect((await api.merge(path, { metadata: { labels: { changed: "yes" } } })).ok).toBe(true);
  await mustCreate(api, [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "platform", namespace: own.tenant },
      rules: [{ apiGroups: ["roadstead.dev"], resources: ["platform"], verbs: ["manage"] }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "eve-platform", namespace: own.tenant },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "platform" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "eve" }],
    },
  ]);
  await granted(eve, "manage", "platform.roadstead.dev", own.tenant);
  expect((await eve.merge(path, { metadata: { labels: { changed: "again" } } })).message).toBe("");
  await api.remove(`/apis/rbac.authorization.k8s.io/v1/namespaces/${own.tenant}/rolebindings/eve-platform`);
});
