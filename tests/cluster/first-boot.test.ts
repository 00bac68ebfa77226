// The claim's two containers for real: their scripts, kubectl, and a token as the kubelet mounts it, against a real API
// server. What they decide and note is what stands between a key and a second boot.
import { execFile, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { CLAIM_SCRIPT, KEEP_SCRIPT } from "../../components/fleet/render/claim-scripts";
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
  fs.writeFileSync(path.join(scratch, "keep.sh"), KEEP_SCRIPT);
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
  /** Id of the ship whose first boot this one waits for. */
  parent?: string;
}

/** What both containers are started with. */
const environmentOf = async (ship: LockedShip, home: string, { holder, kubeconfig }: Boot) => ({
  PATH: `${path.dirname(plane.programs.kubectl)}:/usr/bin:/bin`,
  HOME: home,
  KUBECONFIG: kubeconfig ?? (await kubeconfigOf(ship)),
  ROADSTEAD_VOLUME: path.join(home, "urbit"),
  ROADSTEAD_RUN: path.join(home, "run"),
  ROADSTEAD_SHIP: ship.id,
  ROADSTEAD_HOLDER: holder ?? claimHolder("prod", ship.tenant),
  ROADSTEAD_REGISTRY: REGISTRY_NAMESPACE,
});

function folders(pier: boolean): string {
  const home = fs.mkdtempSync(path.join(scratch, "start-"));
  fs.mkdirSync(path.join(home, "run"));
  fs.mkdirSync(path.join(home, "urbit", pier ? "pier/.urb/log" : ""), { recursive: true });
  return home;
}

/** One start of the init container; its verdict, or null when it leaves none and the pod waits. */
async function start(ship: LockedShip, boot: Boot = {}) {
  const { pier = false, mode = "fake", sealed = false, parent } = boot;
  const home = folders(pier);
  const env = {
    ...(await environmentOf(ship, home, boot)),
    ROADSTEAD_MODE: mode,
    ROADSTEAD_SEALED: String(sealed),
    ...(parent === undefined ? {} : { ROADSTEAD_PARENT: parent, ROADSTEAD_PARENT_SECONDS: "1" }),
  };
  const options = { env, timeout: 60_000 };
  await new Promise<void>((resolve) => execFile("sh", [path.join(scratch, "claim.sh")], options, () => resolve()));
  const verdict = path.join(home, "run/verdict");
  return fs.existsSync(verdict) ? fs.readFileSync(verdict, "utf8").trim() : null;
}

/** The sidecar from the ship's first answer to its stop; what it said, and how it ended. */
async function keep(ship: LockedShip, left: { up?: boolean; stopped?: string }, boot: Boot = {}) {
  const home = folders(true);
  if (left.up) fs.writeFileSync(path.join(home, "run/up"), "");
  const env = { ...(await environmentOf(ship, home, boot)), ROADSTEAD_KEEP_SECONDS: "0.2" };
  const child = spawn("sh", [path.join(scratch, "keep.sh")], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const running = new Promise<void>((done) => child.stdout.on("data", (d: Buffer) => ((said += d.toString()), done())));
  child.stderr.on("data", (d: Buffer) => (said += d.toString()));
  const ended = new Promise<number | null>((done) => child.once("exit", done));
  await running;
  if (left.stopped) fs.writeFileSync(path.join(home, "run/stopped"), `${left.stopped}\n`);
  child.kill("SIGTERM");
  return { code: await ended, said };
}

const noted = async (ship: LockedShip, annotation: string): Promise<string | undefined> => {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${REGISTRY_NAMESPACE}/leases/${ship.id}`;
  return (await api.get(path)).body.metadata.annotations?.[annotation];
};
const firstBootOf = (ship: LockedShip) => noted(ship, ANNOTATION.firstBoot);
const lastEventOf = (ship: LockedShip) => noted(ship, ANNOTATION.lastEvent);

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

test("the first boot is noted as done once the ship answers, and the event of a clean stop when it stops", async () => {
  const ship = ships[5]!;
  expect(await start(ship)).toBe("boot");
  expect(await keep(ship, {})).toMatchObject({ code: 0 });
  expect([await firstBootOf(ship), await lastEventOf(ship)]).toEqual(["started", "none"]);
  expect(await keep(ship, { up: true, stopped: "4711" })).toMatchObject({ code: 0 });
  expect([await firstBootOf(ship), await lastEventOf(ship)]).toEqual(["done", "4711"]);
  expect(await start(ship, { pier: true })).toBe("run 4711");
  // An older copy that stopped later changes nothing: the next start is compared with the larger number.
  expect(await keep(ship, { up: true, stopped: "4000" })).toMatchObject({ code: 0 });
  expect(await start(ship, { pier: true })).toBe("run 4711");
  expect(await keep(ship, { up: true, stopped: "5000" })).toMatchObject({ code: 0 });
  expect(await start(ship, { pier: true })).toBe("run 5000");
});

test("nothing is noted with another ship's token, nor on another stack's claim", async () => {
  const ship = ships[5]!;
  const sibling = ships.find((s) => s.tenant === ship.tenant && s !== ship)!;
  const { code, said } = await keep(ship, { stopped: "9000" }, { kubeconfig: await kubeconfigOf(sibling) });
  expect(code).toBe(1);
  expect(said).toMatch(/a ship's pod moves on its own claim only/);
  expect(await keep(ship, { stopped: "9000" }, { holder: "staging/elsewhere" })).toMatchObject({ code: 0 });
  expect(await lastEventOf(ship)).toBe("5000");
});

test("a moon's first boot waits for its parent's, and then happens", async () => {
  const states = await Promise.all(ships.map(firstBootOf));
  const fresh = ships.filter((_, n) => states[n] === "never");
  const [parent, moon] = fresh.filter((s) => fresh.filter((o) => o.tenant === s.tenant).length > 1);
  const booting = start(moon!, { parent: parent!.id });
  await new Promise((r) => setTimeout(r, 3000));
  expect(await firstBootOf(moon!)).toBe("never");
  expect(await start(parent!, { mode: "import", pier: true })).toBe("run none");
  expect(await booting).toBe("boot");
  expect(await firstBootOf(moon!)).toBe("started");
});

test("a pod that is being deleted can still note where its ship stopped", async () => {
  const ship = ships[5]!;
  const kubeconfig = await kubeconfigOf(ship);
  const pod = `/api/v1/namespaces/${ship.tenant}/pods/${ship.id}-0`;
  // Held back, as a kubelet holds a pod back until its containers have ended.
  const held = (finalizers: string[]) => api.merge(pod, { metadata: { finalizers } });
  expect((await held(["roadstead.dev/test"])).ok).toBe(true);
  try {
    expect((await api.remove(pod)).ok).toBe(true);
    expect((await api.get(pod)).body.metadata.deletionTimestamp).toBeDefined();
    expect(await keep(ship, { stopped: "6000" }, { kubeconfig })).toMatchObject({ code: 0 });
    expect(await lastEventOf(ship)).toBe("6000");
  } finally {
    await held([]);
  }
});
