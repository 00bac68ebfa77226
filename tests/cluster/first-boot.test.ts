// The claim's init container for real: its script, kubectl, and a token as the kubelet mounts it, against a real API
// server. What it decides is what stands between a key and a second boot.
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { CLAIM_SCRIPT } from "../../components/fleet/render/entrypoint";
import { ANNOTATION, claimHolder, REGISTRY_NAMESPACE, sharedName } from "../../components/fleet/render/names";
import type { LockedShip } from "../../planner/architecture/schema";
import type { Api } from "./control-plane/api";
import type { ControlPlane } from "./control-plane/start";
import { clusterFor, manifestObjects, mustCreate, readyShips } from "./fleet/deploy";
import { smallFleet } from "./fleet/small";

let plane: ControlPlane;
let api: Api;
let ships: LockedShip[];
let scratch: string;
let n = 0;

beforeAll(async () => {
  const fleet = await smallFleet();
  ships = fleet.architectures[0]!.ships;
  plane = await clusterFor(fleet.architectures[0]!);
  api = plane.api;
  await mustCreate(api, manifestObjects(fleet));
  await readyShips(api, ships.length, 60_000);
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "roadstead-first-boot-"));
  fs.writeFileSync(path.join(scratch, "claim.sh"), CLAIM_SCRIPT);
}, 180_000);
afterAll(async () => {
  if (scratch) fs.rmSync(scratch, { recursive: true });
  await plane?.stop();
});

/** The kubelet's part: a token bound to the pod, and where the API answers. */
async function kubeconfigOf(ship: LockedShip): Promise<string> {
  const { tenant, cell, id } = ship;
  const pod = (await api.get(`/api/v1/namespaces/${tenant}/pods/${id}-0`)).body;
  const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: pod.metadata.name, uid: pod.metadata.uid };
  const answer = await api.post<{ status: { token: string } }>(
    `/api/v1/namespaces/${tenant}/serviceaccounts/${sharedName(cell)}/token`,
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600, boundObjectRef } },
  );
  const config = JSON.parse(fs.readFileSync(plane.kubeconfig, "utf8")) as { users: { user: { token: string } }[] };
  config.users[0]!.user.token = answer.body.status.token;
  const file = path.join(scratch, `kubeconfig-${++n}`);
  fs.writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

interface Boot {
  pier?: boolean;
  mode?: string;
  holder?: string;
  sealed?: boolean;
  kubeconfig?: string;
}

/** One start of the init container; its verdict, or null when it leaves none and the pod waits. */
async function start(ship: LockedShip, { pier = false, mode = "fake", holder, sealed = false, kubeconfig }: Boot = {}) {
  const home = fs.mkdtempSync(path.join(scratch, "start-"));
  const [volume, run] = [path.join(home, "urbit"), path.join(home, "run")];
  fs.mkdirSync(run);
  fs.mkdirSync(path.join(volume, pier ? "pier/.urb/log" : ""), { recursive: true });
  const env = {
    PATH: `${path.dirname(plane.programs.kubectl)}:/usr/bin:/bin`,
    HOME: home,
    KUBECONFIG: kubeconfig ?? (await kubeconfigOf(ship)),
    ROADSTEAD_VOLUME: volume,
    ROADSTEAD_RUN: run,
    ROADSTEAD_SHIP: ship.id,
    ROADSTEAD_HOLDER: holder ?? claimHolder("prod", ship.tenant),
    ROADSTEAD_REGISTRY: REGISTRY_NAMESPACE,
    ROADSTEAD_MODE: mode,
    ROADSTEAD_SEALED: String(sealed),
  };
  const options = { env, timeout: 60_000 };
  await new Promise<void>((resolve) => execFile("sh", [path.join(scratch, "claim.sh")], options, () => resolve()));
  const verdict = path.join(run, "verdict");
  return fs.existsSync(verdict) ? fs.readFileSync(verdict, "utf8").trim() : null;
}

const firstBootOf = async (ship: LockedShip): Promise<string | undefined> => {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${REGISTRY_NAMESPACE}/leases/${ship.id}`;
  return (await api.get(path)).body.metadata.annotations?.[ANNOTATION.firstBoot];
};

test("a ship that never ran boots once; with its pier it runs, without it it is quarantined", async () => {
  const ship = ships[0]!;
  expect(await start(ship)).toBe("boot");
  expect(await firstBootOf(ship)).toBe("started");
  expect(await start(ship)).toMatch(/^quarantine its first boot was started, and the volume has no pier/);
  expect(await start(ship, { pier: true })).toBe("run none");
  expect(await firstBootOf(ship)).toBe("done");
  expect(await start(ship, { pier: true })).toBe("run none");
  expect(await start(ship)).toMatch(/^quarantine it has had its first boot, and the volume has no pier/);
});

test("of two copies that start at the same moment one boots at most", async () => {
  const ship = ships[1]!;
  const kubeconfig = await kubeconfigOf(ship);
  const verdicts = await Promise.all(Array.from({ length: 6 }, () => start(ship, { kubeconfig })));
  expect(verdicts.filter((v) => v === "boot")).toHaveLength(1);
  expect(await firstBootOf(ship)).toBe("started");
});

test("another stack's copy, a pier from nowhere and a sealed ship that never ran are quarantined, and nothing is noted", async () => {
  const ship = ships[2]!;
  expect(await start(ship, { holder: "staging/elsewhere" })).toMatch(/^quarantine the claim belongs to/);
  expect(await start(ship, { pier: true })).toMatch(/^quarantine there is a pier, and no record/);
  expect(await start(ship, { sealed: true })).toMatch(/^quarantine the ship has booted for good/);
  expect(await firstBootOf(ship)).toBe("never");
});

test("an imported ship runs from its pier, and never boots without", async () => {
  const ship = ships[3]!;
  expect(await start(ship, { mode: "import" })).toMatch(/^quarantine the ship is imported/);
  expect(await start(ship, { mode: "import", pier: true })).toBe("run none");
  expect(await firstBootOf(ship)).toBe("done");
});

test("with another ship's token there is no verdict: the pod waits", async () => {
  const [ship, other] = [ships[4]!, ships.find((s) => s.tenant !== ships[4]!.tenant)!];
  expect(await start(ship, { kubeconfig: await kubeconfigOf(other) })).toBeNull();
  const sibling = ships.find((s) => s.tenant === ship.tenant && s !== ship)!;
  expect(await start(ship, { kubeconfig: await kubeconfigOf(sibling) })).toBeNull();
  expect(await firstBootOf(ship)).toBe("never");
});
