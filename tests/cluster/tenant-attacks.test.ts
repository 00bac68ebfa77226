// Somebody who may do everything in a customer's namespace but manage the platform, and what they try against ships, their
// neighbours and the cluster. RBAC allows each of these; the admission policies refuse them.
import { pierName, sharedName } from "../../components/fleet/render/names";
import type { LockedShip } from "../../planner/architecture/schema";
import { type Answer, type Api, eventually, type KubeObject } from "./control-plane/api";
import type { ControlPlane } from "./control-plane/start";
import { clusterFor, manifestObjects, mustCreate, type Pod, policiesChecked, readyShips } from "./fleet/deploy";
import { neighbours, smallFleet } from "./fleet/small";
import { administrator, granted, modest, refused } from "./fleet/tenants";

let plane: ControlPlane;
let api: Api;
let own: LockedShip, sibling: LockedShip, stranger: LockedShip;
let eve: Api;
let image: string;
let storageClass: string;

/** Everything a chart or a careless role could give, and not `manage` on the platform. */
const GENEROUS = [
  "",
  "apps",
  "batch",
  "autoscaling",
  "policy",
  "networking.k8s.io",
  "discovery.k8s.io",
  "gateway.networking.k8s.io",
  "monitoring.coreos.com",
];

beforeAll(async () => {
  const fleet = await smallFleet();
  const [architecture] = fleet.architectures;
  [own, sibling, stranger] = neighbours(architecture!.ships);
  storageClass = architecture!.cluster!.storageClass;
  plane = await clusterFor(architecture!);
  api = plane.api;
  await mustCreate(api, manifestObjects(fleet));
  await readyShips(api, architecture!.ships.length, 60_000);
  await policiesChecked(api);
  eve = await administrator(api, own.tenant);
  const metadata = { name: "generous", namespace: own.tenant };
  await mustCreate(api, [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata,
      rules: [{ apiGroups: GENEROUS, resources: ["*"], verbs: ["*"] }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "generous" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "eve" }],
    },
  ]);
  for (const resource of ["endpointslices.discovery.k8s.io", "httproutes.gateway.networking.k8s.io"])
    await granted(eve, "create", resource, own.tenant);
  const pod = (await api.get<Pod>(`${core("pods")}/${own.id}-0`)).body;
  image = (pod.spec.containers[0] as unknown as { image: string }).image;
}, 180_000);
afterAll(() => plane?.stop());

const core = (kind: string): string => `/api/v1/namespaces/${own.tenant}/${kind}`;
const apps = (kind: string): string => `/apis/apps/v1/namespaces/${own.tenant}/${kind}`;
const tried = (object: KubeObject, who = eve): Promise<Answer> => who.create(object, "?dryRun=All");
const named = (apiVersion: string, kind: string, rest: object, name = "theirs", labels = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: own.tenant, labels },
  ...rest,
});
/** A pod of the platform's own image. */
const pod = (change: Record<string, unknown> = {}, labels?: Record<string, string>): KubeObject => {
  const made = modest("theirs", own.tenant);
  const spec = made.spec as { containers: object[] };
  const containers = [{ ...spec.containers[0], image, ...(change.container as object | undefined) }];
  return {
    ...made,
    metadata: { ...made.metadata, ...(labels ? { labels } : {}) },
    spec: { ...spec, ...change, container: undefined, containers },
  };
};

describe("another's traffic", () => {
  const PLATFORM = /belong to the platform/;

  test.each(["a neighbour's host name", "a host name nobody has yet"])(
    "is not taken by a route to %s",
    async (whose) => {
      const host = whose.startsWith("a neighbour") ? stranger.id : "not-yet";
      const route = named("gateway.networking.k8s.io/v1", "HTTPRoute", {
        spec: {
          parentRefs: [{ name: "roadstead", namespace: "roadstead-edge" }],
          hostnames: [`${host}.fleet.example.com`],
          rules: [
            { matches: [{ path: { type: "Exact", value: "/~/login" } }], backendRefs: [{ name: own.id, port: 8080 }] },
          ],
        },
      });
      refused(await tried(route), PLATFORM);
      expect((await tried(route, api)).message).toBe("");
    },
  );

  test("is not taken by an Ingress, nor by another's route changed or removed", async () => {
    const backend = { service: { name: own.id, port: { number: 8080 } } };
    const rules = [{ host: "x.example.com", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }];
    const ingresses = `/apis/networking.k8s.io/v1/namespaces/${own.tenant}/ingresses`;
    refused(await eve.post(ingresses, named("networking.k8s.io/v1", "Ingress", { spec: { rules } })), PLATFORM);
    const routes = `/apis/gateway.networking.k8s.io/v1/namespaces/${own.tenant}/httproutes`;
    const [route] = await api.list(routes);
    refused(await eve.merge(`${routes}/${route!.metadata.name}`, { spec: { hostnames: ["*.example.com"] } }), PLATFORM);
    refused(await eve.remove(`${routes}/${route!.metadata.name}`), PLATFORM);
  });

  test("is not reached through addresses behind a Service that were chosen by hand", async () => {
    const there = (await api.get(`/api/v1/namespaces/${stranger.tenant}/pods/${stranger.id}-0`)).body;
    const { podIP } = (there as unknown as { status: { podIP: string } }).status;
    const service = { "kubernetes.io/service-name": "theirs" };
    const slice = { addressType: "IPv4", endpoints: [{ addresses: [podIP] }], ports: [{ port: 8080 }] };
    refused(await tried(named("discovery.k8s.io/v1", "EndpointSlice", slice, "theirs", service)), PLATFORM);
    const subsets = [{ addresses: [{ ip: podIP }], ports: [{ port: 8080 }] }];
    refused(await tried(named("v1", "Endpoints", { subsets })), PLATFORM);
  });

  test("does not go astray on any node by a Service with somebody else's address, whoever makes it", async () => {
    const spec = { selector: {}, ports: [{ port: 443 }], externalIPs: ["203.0.113.7"] };
    for (const who of [eve, api])
      refused(await tried(named("v1", "Service", { spec }), who), /a Service takes no address that is not its own/);
  });
});

describe("a ship", () => {
  const KEPT = /what a ship is made of belongs to the platform|under a label of Roadstead's/;

  test("keeps its workload, service, scripts, account and pier", async () => {
    const [scripts] = (await api.list(core("configmaps"))).filter((c) => c.metadata.name.startsWith("ship-scripts-"));
    const paths = [
      `${apps("statefulsets")}/${own.id}`,
      `${core("services")}/${own.id}`,
      `${core("configmaps")}/${scripts!.metadata.name}`,
      `${core("serviceaccounts")}/${sharedName(own.cell)}`,
      `${core("persistentvolumeclaims")}/${pierName(own.id)}`,
    ];
    for (const path of paths) {
      refused(await eve.remove(`${path}?dryRun=All`), KEPT);
      refused(
        await eve.merge(path, { metadata: { labels: { "roadstead.dev/ship": null, "roadstead.dev/cell": null } } }),
        KEPT,
      );
    }
    refused(await eve.merge(paths[1]!, { spec: { selector: { app: "theirs" } } }), KEPT);
    // Drivers of any name note on a volume what they did with it.
    expect((await eve.merge(`${paths[4]}?dryRun=All`, { metadata: { annotations: { noted: "yes" } } })).message).toBe(
      "",
    );
  });

  test("is not stopped or started by whoever administers the namespace, nor scaled by the load it has", async () => {
    const scale = `${apps("statefulsets")}/${own.id}/scale`;
    refused(await eve.merge(scale, { spec: { replicas: 0 } }), /nobody but the platform .*starts and stops it/);
    const target = { apiVersion: "apps/v1", kind: "StatefulSet", name: own.id };
    const spec = { scaleTargetRef: target, minReplicas: 1, maxReplicas: 1 };
    refused(await tried(named("autoscaling/v2", "HorizontalPodAutoscaler", { spec })), /belong to the platform/);
  });

  test("is not entered, looked into or listened at: no exec, attach, port-forward or proxy", async () => {
    const inside = `${core("pods")}/${own.id}-0`;
    const ways = [
      [`${inside}/exec?command=sh&container=ship&stdout=true`, "exec"],
      [`${inside}/attach?container=ship&stdout=true`, "attach"],
      [`${inside}/portforward?ports=8080`, "portforward"],
      [`${inside}/proxy/`, "proxy"],
    ] as const;
    for (const [path, way] of ways) {
      expect(await eve.canI(way === "proxy" ? "get" : "create", "pods", own.tenant, way)).toBe(true);
      const answer = way === "proxy" ? await eve.get(path) : await eve.post(path, undefined);
      refused(answer, /nobody but the platform gets into a ship's containers/);
    }
    refused(await eve.get(`${core("services")}/${own.id}/proxy/`), /nobody but the platform gets into/);
  });

  test("is not watched by a container more in its pod", async () => {
    const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
    const more = { name: "more", image, targetContainerName: "ship", command: ["sh"], securityContext };
    const path = `${core("pods")}/${own.id}-0/ephemeralcontainers`;
    const added = await eve.strategicMerge(path, { spec: { ephemeralContainers: [more] } });
    refused(added, /nothing but the platform runs under a label of Roadstead's/);
  });

  test("is not put out of its Service, nor another pod into it", async () => {
    const labels = { "roadstead.dev/ship": own.id };
    refused(await tried(pod({}, labels)), /under a label of Roadstead's/);
    const template = { metadata: { labels }, spec: pod().spec };
    const spec = { selector: { matchLabels: labels }, template };
    refused(await tried(named("apps/v1", "Deployment", { spec })), /under a label of Roadstead's/);
    const cron = {
      schedule: "0 0 * * *",
      jobTemplate: { spec: { template: { ...template, spec: { ...(pod().spec as object), restartPolicy: "Never" } } } },
    };
    refused(await tried(named("batch/v1", "CronJob", { spec: cron })), /under a label of Roadstead's/);
    const gone = { metadata: { labels: { "roadstead.dev/ship": null } } };
    refused(await eve.merge(`${core("pods")}/${own.id}-0`, gone), /under a label of Roadstead's/);
  });

  test("is not given up for lost by anybody: no deletion or eviction by force; asked to end, it ends", async () => {
    const why = /no ship's pod is deleted by force/;
    const path = `${core("pods")}/${sibling.id}-0`;
    const force = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 };
    for (const who of [eve, api]) {
      refused(await who.remove(`${path}?gracePeriodSeconds=0`), why);
      refused(await who.remove(path, force), why);
      refused(await who.remove(`${core("pods")}?gracePeriodSeconds=0`), why);
      const eviction = {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { name: `${sibling.id}-0`, namespace: own.tenant },
      };
      refused(await who.post(`${path}/eviction`, { ...eviction, deleteOptions: force }), why);
    }
    const before = (await api.get(path)).body.metadata.uid;
    expect((await eve.remove(path)).message).toBe("");
    await eventually("it has ended and is back", 60_000, async () => {
      const { ok, body } = await api.get<Pod>(path);
      return ok && body.metadata.uid !== before ? { done: true, value: null } : { done: false, seen: "the one before" };
    });
  });
});

describe("a pier, a key, a token", () => {
  const MOUNTED = /mounted by the platform's pods only/;

  test.each([
    ["a pier", () => ({ persistentVolumeClaim: { claimName: pierName(own.id) } }), MOUNTED],
    ["a key", () => ({ secret: { secretName: `key-${own.id}` } }), MOUNTED],
    ["a token", () => ({ projected: { sources: [{ serviceAccountToken: { path: "token" } }] } }), MOUNTED],
  ])("%s is mounted by no pod of theirs, also not by way of a template", async (_what, source, why) => {
    const spec = { volumes: [{ name: "theirs", ...source() }] };
    refused(await tried(pod(spec)), why);
    const template = { metadata: { labels: { app: "theirs" } }, spec: pod(spec).spec };
    const selector = { matchLabels: { app: "theirs" } };
    refused(await tried(named("apps/v1", "StatefulSet", { spec: { selector, serviceName: "x", template } })), why);
  });

  test("a ship's account is borrowed by no pod of theirs, and nobody asks for its token", async () => {
    refused(await tried(pod({ serviceAccountName: sharedName(own.cell) })), /a ship's account/);
    const path = `${core("serviceaccounts")}/${sharedName(own.cell)}/token`;
    expect(await eve.canI("create", "serviceaccounts", own.tenant, "token")).toBe(true);
    const asked = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } };
    refused(await eve.post(path, asked), /at its token/);
  });

  test("a volume that is kept is bound to no claim of theirs, neither at once nor later", async () => {
    const [kept] = (
      await api.list<KubeObject & { spec: { claimRef: { namespace: string } } }>("/api/v1/persistentvolumes")
    ).filter((v) => v.spec.claimRef.namespace === stranger.tenant);
    const claim = (spec: object): KubeObject =>
      named("v1", "PersistentVolumeClaim", {
        spec: {
          accessModes: ["ReadWriteOncePod"],
          storageClassName: storageClass,
          resources: { requests: { storage: "1Gi" } },
          ...spec,
        },
      });
    const why = /which volume a claim gets is the platform's to say/;
    refused(await tried(claim({ volumeName: kept!.metadata.name })), why);
    // One of theirs, in a quota with room, that waits for its first pod.
    const room = { spec: { hard: { "requests.storage": "1Ti" } } };
    expect((await api.merge(core("resourcequotas/roadstead"), room)).message).toBe("");
    await eventually("a claim of theirs is made", 30_000, async () => {
      const { ok, message } = await eve.create(claim({}));
      return ok ? { done: true, value: null } : { done: false, seen: message };
    });
    const path = `${core("persistentvolumeclaims")}/theirs`;
    refused(await eve.merge(path, { spec: { volumeName: kept!.metadata.name } }), why);
    expect((await eve.remove(path)).message).toBe("");
  });
});

describe("others' room", () => {
  test.each([
    ["a priority above ships", { priorityClassName: "system-node-critical" }],
    ["a node", { nodeName: "anywhere" }],
    ["nodes that are another's", { tolerations: [{ operator: "Exists" }] }],
    ["nodes by their labels", { nodeSelector: { "roadstead.dev/role": "ships" } }],
  ])("no pod of theirs takes %s", async (_what, spec) => {
    refused(await tried(pod(spec)), /a ship's account, a priority and a node are the platform's to give/);
  });

  test("no node is held up by a budget of theirs", async () => {
    const spec = { maxUnavailable: 0, selector: { matchLabels: { "roadstead.dev/ship": own.id } } };
    refused(await tried(named("policy/v1", "PodDisruptionBudget", { spec })), /belong to the platform/);
  });

  test("the platform's monitoring asks nobody on their behalf", async () => {
    const spec = { selector: {}, endpoints: [{ port: "http", bearerTokenFile: "/var/run/secrets/token" }] };
    refused(await tried(named("monitoring.coreos.com/v1", "ServiceMonitor", { spec })), /belong to the platform/);
  });
});

test("the registry is not theirs to read or write: another's claim, nor their own", async () => {
  const leases = "/apis/coordination.k8s.io/v1/namespaces/roadstead-registry/leases";
  for (const ship of [own, stranger]) {
    expect((await eve.get(`${leases}/${ship.id}`)).code).toBe(403);
    expect((await eve.merge(`${leases}/${ship.id}`, { metadata: { annotations: { a: "b" } } })).code).toBe(403);
  }
});

test("what is none of a ship's they may still do: a configuration, a Service and a plain pod of their own", async () => {
  expect((await tried(named("v1", "ConfigMap", { data: { a: "b" } }))).message).toBe("");
  expect(
    (await tried(named("v1", "Service", { spec: { selector: { app: "theirs" }, ports: [{ port: 80 }] } }))).message,
  ).toBe("");
  expect((await tried(pod())).message).toMatch(/^$|exceeded quota/);
});
