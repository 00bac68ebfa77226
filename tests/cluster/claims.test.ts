// The registry of claims on a real API server: the policy compiles and says no to whatever would let a ship run twice.
import { ANNOTATION, REGISTRY_NAMESPACE, sharedName } from "../../components/fleet/render/names";
import { CLAIM_POLICY } from "../../components/fleet/render/registry";
import {
  NAMESPACE_POLICY,
  PLATFORM_POLICY,
  SHIP_POLICY,
  SINGLE_POLICY,
  WORKLOAD_POLICY,
} from "../../components/isolation/render/admission";
import type { LockedShip } from "../../planner/architecture/schema";
import { type Answer, type Api, eventually, type KubeObject } from "./control-plane/api";
import type { ControlPlane } from "./control-plane/start";
import {
  clusterFor,
  manifestObjects,
  mustCreate,
  policiesChecked,
  type PolicyStatus,
  readyShips,
} from "./fleet/deploy";
import { neighbours, smallFleet } from "./fleet/small";

let plane: ControlPlane;
let api: Api;
let ships: LockedShip[];
let own: LockedShip, sibling: LockedShip, stranger: LockedShip;
let policies: PolicyStatus[];

const leases = `/apis/coordination.k8s.io/v1/namespaces/${REGISTRY_NAMESPACE}/leases`;
const claim = (ship: { id: string }): string => `${leases}/${ship.id}`;
const annotate = (who: Api, ship: { id: string }, annotations: Record<string, string | null>): Promise<Answer> =>
  who.merge(claim(ship), { metadata: { annotations } });
const boot = (who: Api, ship: { id: string }, to: string | null): Promise<Answer> =>
  annotate(who, ship, { [ANNOTATION.firstBoot]: to });
const event = (who: Api, ship: { id: string }, to: string | null): Promise<Answer> =>
  annotate(who, ship, { [ANNOTATION.lastEvent]: to });

beforeAll(async () => {
  const fleet = await smallFleet();
  const [architecture] = fleet.architectures;
  ships = architecture!.ships;
  [own, sibling, stranger] = neighbours(ships);
  plane = await clusterFor(architecture!);
  api = plane.api;
  await mustCreate(api, manifestObjects(fleet));
  await readyShips(api, ships.length, 60_000);
  policies = await policiesChecked(api);
  await eventually("the claims' policy is enforced", 30_000, async () => {
    const answer = await api.merge(claim(ships[5]!), { spec: { holderIdentity: "prod/nobody" } });
    if (!answer.ok) return { done: true, value: null };
    const back = `prod/${ships[5]!.tenant}`;
    await api.merge(claim(ships[5]!), { spec: { holderIdentity: back } });
    return { done: false, seen: "a claim changed hands" };
  });
}, 180_000);
afterAll(() => plane?.stop());

const refused = (answer: Answer, why: RegExp): void => {
  expect(answer.ok).toBe(false);
  expect(answer.message).toMatch(why);
};

test("every admission policy compiles without a warning of the server's type checker", () => {
  const tenants = [PLATFORM_POLICY, SINGLE_POLICY, WORKLOAD_POLICY, SHIP_POLICY, NAMESPACE_POLICY];
  expect(policies.map((p) => p.metadata.name).sort()).toEqual([CLAIM_POLICY, ...tenants].sort());
  expect(policies.flatMap((p) => p.status?.typeChecking?.expressionWarnings ?? [])).toEqual([]);
});

describe("nobody, the deployer included", () => {
  test("changes the holder of a claim", async () => {
    refused(
      await api.merge(claim(own), { spec: { holderIdentity: "other/tenant" } }),
      /holder of a claim never changes/,
    );
    refused(await api.merge(claim(own), { spec: { holderIdentity: null } }), /holder|no such key/);
  });

  test("deletes a claim, one or all, or their namespace", async () => {
    refused(await api.remove(claim(own)), /a claim is never deleted/);
    refused(await api.remove(leases), /a claim is never deleted/);
    refused(await api.remove(`/api/v1/namespaces/${REGISTRY_NAMESPACE}`), /a claim is never deleted/);
    expect(await api.list(leases)).toHaveLength(ships.length);
  });

  test("has the garbage collector delete a claim", async () => {
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "gone", uid: "00000000-0000-4000-8000-000000000000" };
    const answer = await api.merge(claim(stranger), { metadata: { ownerReferences: [owner] } });
    // Whether the reference is taken or not, the claim stays.
    if (answer.ok) await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect((await api.get(claim(stranger))).ok).toBe(true);
    await api.merge(claim(stranger), { metadata: { ownerReferences: null } });
  });

  test("declares a claim a second time", async () => {
    const { metadata, apiVersion, kind, spec } = (await api.get<KubeObject>(claim(own))).body;
    const again = await api.create({
      apiVersion,
      kind,
      metadata: { name: metadata.name, namespace: REGISTRY_NAMESPACE },
      spec: { ...(spec as object), holderIdentity: "other/tenant" },
    });
    expect([again.code, again.reason]).toEqual([409, "AlreadyExists"]);
  });
});

describe("the record of a first boot", () => {
  test("goes forward only: never, started, done", async () => {
    refused(await boot(api, own, "twice"), /a first boot happens once/);
    expect((await boot(api, own, "started")).ok).toBe(true);
    refused(await boot(api, own, "never"), /a first boot happens once/);
    refused(await boot(api, own, null), /a first boot happens once/);
    expect((await boot(api, own, "done")).ok).toBe(true);
    for (const back of ["started", "never", "", null]) refused(await boot(api, own, back), /a first boot happens once/);
  });

  test("goes back only with a new word of the owner that the identity was breached", async () => {
    const breach = (reason: string, to: string): Promise<Answer> =>
      annotate(api, own, { [ANNOTATION.breach]: reason, [ANNOTATION.firstBoot]: to });
    expect((await breach("2026-11-21 keys changed", "never")).ok).toBe(true);
    expect((await boot(api, own, "done")).ok).toBe(true);
    refused(await breach("2026-11-21 keys changed", "never"), /a first boot happens once/);
    refused(await breach("", "never"), /a first boot happens once/);
    refused(await breach("2026-12-01 again", "whenever"), /a first boot happens once/);
    expect((await breach("2026-12-01 again", "never")).ok).toBe(true);
  });
});

describe("the last event number of a claim", () => {
  test("only grows, and stays a number", async () => {
    for (const nonsense of ["many", "-1", "1.5", ""]) refused(await event(api, sibling, nonsense), /only grows/);
    expect((await event(api, sibling, "100")).ok).toBe(true);
    for (const less of ["99", "none", "many", "", null]) refused(await event(api, sibling, less), /only grows/);
    expect((await event(api, sibling, "100")).ok).toBe(true);
    // As text, 1000 would be smaller than 999.
    expect((await event(api, sibling, "999")).ok).toBe(true);
    expect((await event(api, sibling, "1000")).ok).toBe(true);
  });

  test("goes back with a breach only, and to a number or none even then", async () => {
    const breach = (reason: string, to: string): Promise<Answer> =>
      annotate(api, sibling, { [ANNOTATION.breach]: reason, [ANNOTATION.lastEvent]: to });
    refused(await breach("one", "many"), /only grows/);
    expect((await breach("two", "none")).ok).toBe(true);
    expect((await event(api, sibling, "5")).ok).toBe(true);
  });
});

describe("a ship's own token", () => {
  /** As the kubelet asks for it: bound to the pod, so that the server knows the pod's name. */
  async function tokenOf(ship: LockedShip, pod: string | null = `${ship.id}-0`): Promise<Api> {
    const { tenant, cell } = ship;
    const uid = pod === null ? "" : (await api.get(`/api/v1/namespaces/${tenant}/pods/${pod}`)).body.metadata.uid;
    const bound = pod === null ? {} : { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: pod, uid } };
    const path = `/api/v1/namespaces/${tenant}/serviceaccounts/${sharedName(cell)}/token`;
    const answer = await api.post<{ status: { token: string } }>(path, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds: 3600, ...bound },
    });
    expect(answer.message).toBe("");
    return api.withToken(answer.body.status.token);
  }
  // One whose claim no other test moves.
  const untouched = (): LockedShip => ships.find((s) => s.tenant === stranger.tenant && s !== stranger)!;

  test("moves its own claim on", async () => {
    const ship = untouched();
    const self = await tokenOf(ship);
    expect((await self.get(claim(ship))).ok).toBe(true);
    expect((await boot(self, ship, "started")).ok).toBe(true);
    expect((await boot(self, ship, "done")).ok).toBe(true);
    refused(await boot(self, ship, "never"), /a first boot happens once/);
  });

  test("does not move another ship's claim, whether of its own customer or another", async () => {
    const self = await tokenOf(own);
    refused(await boot(self, sibling, "started"), /moves on its own claim only/);
    refused(await boot(self, stranger, "started"), /forbidden/i);
    expect((await api.get(claim(sibling))).body.metadata.annotations?.[ANNOTATION.firstBoot]).toBe("never");
  });

  test("does not declare its own breach, nor change anything but annotations of run state", async () => {
    const self = await tokenOf(own);
    refused(
      await annotate(self, own, { [ANNOTATION.breach]: "three", [ANNOTATION.firstBoot]: "never" }),
      /own claim only/,
    );
    refused(await self.merge(claim(own), { spec: { leaseDurationSeconds: 5 } }), /own claim only/);
    refused(await self.remove(claim(own)), /forbidden/i);
  });

  test("is worth nothing without its pod, or from another pod of the same account", async () => {
    refused(await boot(await tokenOf(own, null), own, "started"), /own claim only|no such key/);
    const base = { apiVersion: "v1", kind: "Pod", metadata: { name: "intruder", namespace: own.tenant } };
    const existing = (await api.get(`/api/v1/namespaces/${own.tenant}/pods/${sibling.id}-0`)).body;
    // The quota has room for the customer's ships only: the other ship makes room.
    await api.merge(`/apis/apps/v1/namespaces/${own.tenant}/statefulsets/${sibling.id}/scale`, {
      spec: { replicas: 0 },
    });
    await eventually("there is room", 30_000, async () => {
      const spec = { ...(existing.spec as object), nodeName: undefined, hostname: undefined };
      const { ok, message } = await api.create({ ...base, spec });
      return ok ? { done: true, value: null } : { done: false, seen: message };
    });
    refused(await boot(await tokenOf(own, "intruder"), own, "started"), /own claim only/);
  });

  test("opens nothing else: no list of claims, no secrets, no pods", async () => {
    const self = await tokenOf(own);
    for (const path of [
      leases,
      `/api/v1/namespaces/${own.tenant}/secrets`,
      `/api/v1/namespaces/${own.tenant}/pods`,
      `/api/v1/namespaces`,
      claim(stranger),
    ])
      expect((await self.get(path)).code).toBe(403);
  });
});
