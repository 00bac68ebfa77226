// What a customer may do, and what nobody may: quota, RBAC, pod security, admission policies, default limits.
import { execFileSync } from "node:child_process";
import { sharedName } from "../../components/fleet/render/names";
import { customerGroup } from "../../components/isolation/render/tenant";
import { LOOM_HEADROOM_MIB, loomMiB } from "../../planner/predicates";
import type { LockedShip, LockedTenant } from "../../planner/architecture/schema";
import { type Answer, type Api, eventually, type KubeObject } from "./control-plane/api";
import type { ControlPlane } from "./control-plane/start";
import { clusterFor, manifestObjects, mustCreate, type Pod, policiesChecked, readyShips } from "./fleet/deploy";
import { neighbours, smallFleet } from "./fleet/small";
import { modest, refused } from "./fleet/tenants";

let plane: ControlPlane;
let api: Api;
let ships: LockedShip[];
let own: LockedShip, stranger: LockedShip;
let tenant: LockedTenant;
/** The customer's people, as the group the platform maps them to. */
let customer: Api;

const pods = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;
const statefulSet = (ship: LockedShip): string => `/apis/apps/v1/namespaces/${ship.tenant}/statefulsets/${ship.id}`;
const dryRun = (object: KubeObject): Promise<Answer> => api.create(object, "?dryRun=All");

/** The customer's last ship makes room in the quota. */
const park = async (ship: LockedShip): Promise<void> => {
  expect((await api.merge(`${statefulSet(ship)}/scale`, { spec: { replicas: 0 } })).ok).toBe(true);
  await eventually("its pod has gone", 30_000, async () => {
    const { code } = await api.get(`${pods(ship.tenant)}/${ship.id}-0`);
    return code === 404 ? { done: true, value: null } : { done: false, seen: `answer ${code}` };
  });
};

beforeAll(async () => {
  const fleet = await smallFleet();
  const [architecture] = fleet.architectures;
  ships = architecture!.ships;
  [own, , stranger] = neighbours(ships);
  tenant = architecture!.tenants.find((t) => t.id === own.tenant)!;
  plane = await clusterFor(architecture!);
  api = plane.api;
  await mustCreate(api, manifestObjects(fleet));
  await readyShips(api, ships.length, 60_000);
  await policiesChecked(api);
  customer = api.as("alice@customer.example", [customerGroup(own.tenant)]);
}, 180_000);
afterAll(() => plane?.stop());

describe("quota", () => {
  test("holds exactly the customer's ships: one pod more is refused", async () => {
    expect(tenant.quota.ships).toBe(ships.filter((s) => s.tenant === own.tenant).length);
    refused(await api.create(modest("one-more", own.tenant)), /exceeded quota: roadstead, requested: pods=1/);
  });

  test("fifty replicas of something else get as far as the quota and no further, and the ships stay", async () => {
    const { metadata, spec } = modest("crowd", own.tenant);
    await mustCreate(api, [
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "crowd", namespace: own.tenant },
        spec: {
          replicas: 50,
          selector: { matchLabels: metadata.labels },
          template: { metadata: { labels: metadata.labels }, spec },
        },
      },
    ]);
    const events = `/api/v1/namespaces/${own.tenant}/events?fieldSelector=reason%3DFailedCreate`;
    const why = await eventually("its controller is refused", 30_000, async () => {
      const seen = (await api.list<KubeObject & { message: string }>(events)).map((e) => e.message);
      const quota = seen.find((m) => m.includes("exceeded quota"));
      return quota ? { done: true, value: quota } : { done: false, seen: seen.join("; ") || "no event" };
    });
    expect(why).toContain(`limited: pods=${tenant.quota.ships}`);
    const there = await api.list<Pod>(pods(own.tenant));
    expect(there.map((p) => p.metadata.name).sort()).toEqual(
      ships
        .filter((s) => s.tenant === own.tenant)
        .map((s) => `${s.id}-0`)
        .sort(),
    );
    await api.remove(`/apis/apps/v1/namespaces/${own.tenant}/deployments/crowd`);
  });

  test("counts what the ships take, and memory and volumes are bounded too", async () => {
    const quota = await api.get<
      KubeObject & { status: { hard: Record<string, string>; used: Record<string, string> } }
    >(`/api/v1/namespaces/${own.tenant}/resourcequotas/roadstead`);
    const { hard, used } = quota.body.status;
    expect(used.pods).toBe(hard.pods);
    expect(Object.keys(hard)).toEqual(
      expect.arrayContaining(["requests.memory", "requests.cpu", "requests.storage", "services.loadbalancers"]),
    );
    const claim = (await api.get(`/api/v1/namespaces/${own.tenant}/persistentvolumeclaims/pier-${own.id}`)).body;
    const large = {
      ...claim,
      metadata: { name: "large", namespace: own.tenant },
      spec: { ...(claim.spec as object), volumeName: undefined, resources: { requests: { storage: "10Ti" } } },
    };
    refused(await dryRun(large), /exceeded quota.*requests.storage/);
  });
});

describe("a customer's people", () => {
  const may = [
    "list pods",
    "get pods/log",
    "list statefulsets.apps",
    "list persistentvolumeclaims",
    "list events",
    "get resourcequotas",
    "list networkpolicies.networking.k8s.io",
    "list httproutes.gateway.networking.k8s.io",
  ];
  const mayNot = [
    "get secrets",
    "list secrets",
    "create pods/exec",
    "create pods/portforward",
    "create pods/attach",
    "update pods/ephemeralcontainers",
    "create pods",
    "delete pods",
    "patch statefulsets.apps",
    "update statefulsets.apps/scale",
    "delete persistentvolumeclaims",
    "create serviceaccounts/token",
    "patch resourcequotas",
    "delete networkpolicies.networking.k8s.io",
    "create rolebindings.rbac.authorization.k8s.io",
    "impersonate users",
  ];
  const can = (what: string, namespace?: string): Promise<boolean> => {
    const [verb, resource, subresource] = what.split(/[ /]/);
    return customer.canI(verb!, resource!, namespace, subresource);
  };

  test.each(may)("may %s in their own namespace, and in no other", async (what) => {
    expect(await can(what, own.tenant)).toBe(true);
    for (const elsewhere of [stranger.tenant, "roadstead-registry", undefined])
      expect(await can(what, elsewhere)).toBe(false);
  });

  test.each(mayNot)("may not %s, not even in their own namespace", async (what) => {
    expect(await can(what, own.tenant)).toBe(false);
  });

  test("may not list namespaces, nodes, or claims", async () => {
    for (const path of ["/api/v1/namespaces", "/api/v1/nodes", "/apis/coordination.k8s.io/v1/leases"])
      expect((await customer.get(path)).code).toBe(403);
    expect((await customer.get(pods(own.tenant))).ok).toBe(true);
    expect((await customer.get(pods(stranger.tenant))).code).toBe(403);
  });

  test("are told no by kubectl auth can-i for another customer's pods", () => {
    const ask = (namespace: string): string => {
      const as = ["--as", "alice@customer.example", "--as-group", customerGroup(own.tenant)];
      const args = ["--kubeconfig", plane.kubeconfig, "auth", "can-i", "get", "pods", "--namespace", namespace, ...as];
      try {
        return execFileSync(plane.programs.kubectl, args, { encoding: "utf8", stdio: "pipe", timeout: 30_000 }).trim();
      } catch (error) {
        return (error as { stdout: string }).stdout.trim();
      }
    };
    expect(ask(stranger.tenant)).toBe("no");
    expect(ask(own.tenant)).toBe("yes");
  });
});

describe("pod security", () => {
  const container = (securityContext: Record<string, unknown>) => ({
    containers: [{ name: "only", image: "example.com/only", securityContext }],
  });
  test.each<[string, Record<string, unknown>]>([
    ["a privileged container", container({ privileged: true })],
    ["the host's network", { hostNetwork: true }],
    ["the host's processes", { hostPID: true }],
    ["the host's files", { volumes: [{ name: "host", hostPath: { path: "/" } }] }],
    ["root", { securityContext: { runAsUser: 0, seccompProfile: { type: "RuntimeDefault" } } }],
    ["every capability", container({ allowPrivilegeEscalation: false })],
    ["gaining privileges", container({ capabilities: { drop: ["ALL"] } })],
    ["system calls without a filter", { securityContext: { runAsNonRoot: true, runAsUser: 10_000 } }],
  ])("%s is refused, to an administrator too", async (_, change) => {
    refused(await dryRun(modest("daring", stranger.tenant, change)), /violates PodSecurity "restricted:v1\.34"/);
  });
});

describe("default limits", () => {
  const mebi = (text: string | undefined): number => {
    const match = /^(\d+)(Mi|Gi)$/.exec(text ?? "");
    return match === null ? NaN : Number(match[1]) * (match[2] === "Gi" ? 1024 : 1);
  };

  test("a container that names no limit gets one that no loom dies of, and a request the quota can count", async () => {
    await park(ships.filter((s) => s.tenant === stranger.tenant).at(-1)!);
    const admitted = await eventually("the quota has room", 30_000, async () => {
      const answer = await dryRun(modest("nameless", stranger.tenant));
      return answer.ok ? { done: true, value: answer.body as Pod } : { done: false, seen: answer.message };
    });
    const [only] = admitted.spec.containers;
    expect(mebi(only!.resources?.limits?.memory)).toBeGreaterThanOrEqual(loomMiB(31) + LOOM_HEADROOM_MIB);
    expect(only!.resources?.limits?.cpu).toBeUndefined();
    expect(Object.keys(only!.resources?.requests ?? {}).sort()).toEqual(["cpu", "memory"]);
  });

  test("a ship keeps its own figures: memory for its loom, and no processor limit", async () => {
    for (const ship of ships.filter((s) => s.tenant === own.tenant)) {
      const pod = (await api.get<Pod>(`${pods(ship.tenant)}/${ship.id}-0`)).body;
      const container = pod.spec.containers.find((c) => c.name === "ship")!;
      expect(mebi(container.resources?.limits?.memory)).toBe(ship.limitMiB);
      expect(mebi(container.resources?.limits?.memory)).toBeGreaterThanOrEqual(loomMiB(ship.loom) + LOOM_HEADROOM_MIB);
      // What the pod requests as a whole is what was planned: what notes on the claim takes its share of it.
      const keeper = pod.spec.initContainers?.find((c) => c.name === "keep") as typeof container;
      const requested = [container, keeper].map((c) => mebi(c.resources?.requests?.memory));
      expect(requested[0]! + requested[1]!).toBe(ship.memoryMiB);
      expect(container.resources?.limits?.cpu).toBeUndefined();
    }
  });

  test("no container but the claim's two has a token of the ship's account", async () => {
    const pod = (await api.get<Pod & { spec: { serviceAccountName: string } }>(`${pods(own.tenant)}/${own.id}-0`)).body;
    expect(pod.spec.serviceAccountName).toBe(sharedName(own.cell));
    const token = "/var/run/secrets/kubernetes.io/serviceaccount";
    const mounts = (list: { name: string }[] | undefined): string[] =>
      (list ?? []).flatMap((c) =>
        (c as { volumeMounts?: { mountPath: string }[] }).volumeMounts?.some((m) => m.mountPath === token)
          ? [c.name]
          : [],
      );
    expect([...mounts(pod.spec.initContainers), ...mounts(pod.spec.containers)]).toEqual(["claim", "keep"]);
  });
});

describe("a customer who leaves", () => {
  test("the namespace empties although its policies are protected; claims and volumes stay", async () => {
    const leaving = ships.filter((s) => s.tenant === stranger.tenant);
    expect((await api.remove(`/api/v1/namespaces/${stranger.tenant}`)).ok).toBe(true);
    await eventually("the namespace has gone", 60_000, async () => {
      const answer = await api.get<KubeObject & { status?: unknown }>(`/api/v1/namespaces/${stranger.tenant}`);
      return answer.code === 404
        ? { done: true, value: null }
        : { done: false, seen: JSON.stringify(answer.body.status) };
    });
    for (const { id } of leaving)
      expect((await api.get(`/apis/coordination.k8s.io/v1/namespaces/roadstead-registry/leases/${id}`)).ok).toBe(true);
    const volumes = await api.list<
      KubeObject & { spec: { claimRef: { namespace: string } }; status: { phase: string } }
    >("/api/v1/persistentvolumes");
    const kept = volumes.filter((v) => v.spec.claimRef.namespace === stranger.tenant);
    expect(kept).toHaveLength(leaving.length);
    expect(new Set(kept.map((v) => v.status.phase))).toEqual(new Set(["Released"]));
  });
});
