// `roadstead ship drill` on a real API server, with the real kubectl. No kubelet: the test says for it how the look ended and what
// it printed, for the driver that the disk is deleted, and for AWS whose snapshot it is. What is made, admitted, closed and taken away is real.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { clusterScript } from "../../cli/ship/import-script";
import { shipDrill, type ShipDrillOptions } from "../../cli/ship/drill";
import { notedOf } from "../../cli/ship/drill-facts";
import { type Done, Kubectl, type Program, runProgram } from "../../cli/ship/kubectl";
import { ANNOTATION, REGISTRY_NAMESPACE } from "../../components/fleet/render/names";
import type { Digest } from "../../planner/architecture/digest";
import { writeStackFile } from "../../planner/architecture/stack-file";
import type { LockedShip } from "../../planner/architecture/schema";
import { fakeIo, workspace } from "../cli/fake-io";
import { type Api, eventually, type KubeObject } from "./control-plane/api";
import type { ControlPlane } from "./control-plane/start";
import { clusterFor, manifestObjects, mustCreate, type Pod, readyShips } from "./fleet/deploy";
import { smallFleet } from "./fleet/small";
import { modest } from "./fleet/tenants";

let plane: ControlPlane;
let api: Api;
let dir: string;
let ship: LockedShip;

const EVENT = 4711;
const NAMESPACES = `/api/v1/namespaces?labelSelector=${encodeURIComponent("roadstead.dev/drill")}`;
const PODS = "/api/v1/pods?labelSelector=job-name%3Dlook";

beforeAll(async () => {
  const fleet = await smallFleet();
  const [architecture] = fleet.architectures;
  ship = architecture!.ships[0]!;
  plane = await clusterFor(architecture!);
  api = plane.api;
  await mustCreate(api, manifestObjects(fleet));
  await readyShips(api, architecture!.ships.length, 60_000);
  const claim = `/apis/coordination.k8s.io/v1/namespaces/${REGISTRY_NAMESPACE}/leases/${ship.id}`;
  for (const annotations of [{ [ANNOTATION.firstBoot]: "started" }, { [ANNOTATION.lastEvent]: String(EVENT) }]) {
    const noted = await api.merge(claim, { metadata: { annotations } });
    if (!noted.ok) throw new Error(noted.message);
  }
  dir = workspace({
    "Pulumi.yaml": "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n",
    [`stacks/Pulumi.${architecture!.stack}.yaml`]: writeStackFile("", {
      architecture: architecture!,
      requirementsDigest: `sha256:${"0".repeat(64)}` as Digest,
    }),
  });
}, 600_000);
afterAll(() => plane?.stop());

/** What only AWS knows: whose volume a snapshot is of. */
async function snapshotOfThePier(args: readonly string[]): Promise<Done> {
  const piers = await volumesOf(ship.tenant);
  const pier = piers.find((v) => v.spec.claimRef?.name === `pier-${ship.id}`)!;
  const id = args[args.indexOf("--snapshot-ids") + 1];
  return {
    code: 0,
    out: JSON.stringify([{ id, at: new Date().toISOString(), volume: pier.spec.csi!.volumeHandle }]),
    err: "",
  };
}

/** What only a kubelet could say is said here: everything else goes to kubectl. */
function kubectl(log: string): Program {
  return (io, name, args, input) => {
    if (name === "aws") return snapshotOfThePier(args);
    if (name !== "kubectl") return Promise.resolve({ code: 1, out: "", err: "there is no cloud here" });
    if (args.includes("logs")) return Promise.resolve({ code: 0, out: log, err: "" });
    return runProgram(io, plane.programs.kubectl, args, input);
  };
}

async function drill(log: string, options: ShipDrillOptions = {}) {
  const io = fakeIo(dir, { env: process.env });
  const code = await shipDrill(
    "prod",
    ship.name!,
    { kubeconfig: plane.kubeconfig, snapshot: "snap-0123456789abcdef0", json: true, ...options },
    io,
    { pauseMs: 200, removalMs: 180_000, program: kubectl(log) },
  );
  return { code, out: io.stdout, err: io.stderr };
}

const looking = (): Promise<Pod> =>
  eventually("the look runs", 120_000, async () => {
    const [pod] = await api.list<Pod>(PODS);
    return pod?.status.phase === "Running"
      ? { done: true, value: pod }
      : { done: false, seen: JSON.stringify(pod?.status.conditions ?? "no pod") };
  });

/** The kubelet's word for how the look ended. */
async function ends(pod: Pod, exitCode: number): Promise<void> {
  const now = new Date().toISOString();
  const terminated = { exitCode, reason: exitCode === 0 ? "Completed" : "Error", startedAt: now, finishedAt: now };
  const image = "tloncorp/vere";
  const answer = await api.merge(`/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/status`, {
    status: {
      phase: exitCode === 0 ? "Succeeded" : "Failed",
      containerStatuses: [
        { name: "look", image, imageID: image, ready: false, restartCount: 0, state: { terminated } },
      ],
    },
  });
  if (!answer.ok) throw new Error(answer.message);
}

interface Volume extends KubeObject {
  spec: { claimRef?: { namespace?: string; name?: string }; csi?: { volumeHandle: string } };
  status?: { phase?: string };
}
const volumesOf = async (namespace: string): Promise<Volume[]> =>
  (await api.list<Volume>("/api/v1/persistentvolumes")).filter((v) => v.spec.claimRef?.namespace === namespace);

/** The driver's part: a disk whose claim is gone goes, as its class says. */
async function driverDeletes(namespace: string): Promise<void> {
  await eventually("the copy's disk is let go of", 150_000, async () => {
    const volumes = await volumesOf(namespace);
    for (const v of volumes)
      if (v.status?.phase === "Released") await api.remove(`/api/v1/persistentvolumes/${v.metadata.name}`);
    return volumes.length === 0
      ? { done: true, value: null }
      : { done: false, seen: volumes.map((v) => `${v.metadata.name} ${v.status?.phase}`).join(", ") };
  });
}

async function nothingLeft(): Promise<void> {
  expect((await api.list<KubeObject>(NAMESPACES)).map((n) => n.metadata.name)).toEqual([]);
  for (const kind of [
    "/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents",
    "/apis/storage.k8s.io/v1/storageclasses",
    "/api/v1/persistentvolumes",
  ]) {
    const names = (await api.list<KubeObject>(kind)).map((o) => o.metadata.name);
    expect(names.filter((n) => n.startsWith("roadstead-drill-"))).toEqual([]);
  }
  expect((await api.get(`/api/v1/namespaces/${ship.tenant}/persistentvolumeclaims/pier-${ship.id}`)).ok).toBe(true);
}

test("a drill is admitted as it is, runs on a disk of its own where nothing else may, and leaves nothing", async () => {
  const running = drill(`  disk: live=&, event=${EVENT}\n`);
  const pod = await looking();
  const namespace = pod.metadata.namespace!;
  // No token, no second pod, no way in: by the server's own word.
  expect(JSON.stringify(pod.spec)).not.toContain("serviceAccountToken");
  expect((await api.create(modest("second", namespace), "?dryRun=All")).message).toMatch(/exceeded quota: one-look/);
  expect(
    (
      await api.create(
        {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name: "way-in", namespace },
          spec: { selector: {}, ports: [{ port: 80 }] },
        },
        "?dryRun=All",
      )
    ).message,
  ).toMatch(/exceeded quota: one-look/);
  const [copy] = await volumesOf(namespace);
  const pier = (await volumesOf(ship.tenant)).map((v) => v.spec.csi!.volumeHandle);
  expect(pier).not.toContain(copy!.spec.csi!.volumeHandle);
  await ends(pod, 0);
  await driverDeletes(namespace);
  const done = await running;
  expect(JSON.parse(done.out)).toMatchObject({
    verdict: "pass",
    event: EVENT,
    noted: { event: EVENT, at: expect.stringMatching(/^\d{4}-/) as string },
    ship: ship.name,
    left: [],
  });
  expect(done.code).toBe(0);
  await nothingLeft();
}, 400_000);

test("a copy that is behind fails, and one that cannot be read: neither leaves anything", async () => {
  for (const [log, exitCode, reason] of [
    [`  disk: live=&, event=${EVENT - 11}\n`, 0, /11 behind/],
    ["mars: corrupt pier\n", 1, /ended with 1/],
  ] as const) {
    const running = drill(log);
    const pod = await looking();
    await ends(pod, exitCode);
    await driverDeletes(pod.metadata.namespace!);
    const done = await running;
    expect(JSON.parse(done.out)).toMatchObject({ verdict: "fail", reason: expect.stringMatching(reason) as string });
    expect(done.code).toBe(1);
    await nothingLeft();
  }
}, 600_000);

test("Ctrl-C in the middle takes everything away", async () => {
  const running = drill("");
  const pod = await looking();
  process.emit("SIGINT", "SIGINT");
  await driverDeletes(pod.metadata.namespace!);
  expect((await running).code).toBe(8);
  await nothingLeft();
}, 400_000);

test("a cluster where another stack holds the ship is not the ship's, and gets nothing", async () => {
  const text = fs.readFileSync(path.join(dir, "stacks/Pulumi.prod.yaml"), "utf8");
  expect(text).toContain(ship.tenant);
  await expect(drill("", { context: "no-such-context" })).rejects.toThrow(/no-such-context/);
  const other = { ...ship, tenant: "t-0000000000" };
  const asking = new Kubectl({ cwd: dir, env: process.env }, { kubeconfig: plane.kubeconfig }, kubectl(""));
  await expect(notedOf(asking, other, "prod")).rejects.toThrow(/belongs to prod\/.*Is this the right cluster/);
  await nothingLeft();
}, 60_000);

test("the script of an import reads a real claim, and leaves a ship alone that has run", () => {
  const script = clusterScript(ship, "prod", EVENT, { path: dir, format: "directory", root: "", bytes: 1 });
  const env = { ...process.env, KUBECTL: `${plane.programs.kubectl} --kubeconfig ${plane.kubeconfig}` };
  const { status, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8", env });
  expect(stderr).toContain(`its claim says 'prod/${ship.tenant}|started|${EVENT}|'`);
  expect(stderr).toContain("nothing was started");
  expect(status).toBe(1);
});
