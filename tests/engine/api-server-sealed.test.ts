// A ship that has booted lets go of its boot key, on a real API server: its claim is read, the lock says sealed, and the next
// `up` takes the Secret away. Its pod goes on as it was.
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { ANNOTATION, keyName, REGISTRY_NAMESPACE } from "../../components/fleet/render/names";
import { eventually } from "../cluster/control-plane/api";
import { isReady, type Pod, readyShips } from "../cluster/fleet/deploy";
import { examples, prepare } from "./engine/examples";
import { expectDone, expectUnchanged } from "./engine/expectations";
import { Project } from "./engine/project";
import { onCluster, type RealCluster, realCluster } from "./engine/real-cluster";

const [booted, waiting] = examples["existing-cluster"].ships as [string, string];

let cluster: RealCluster;
let project: Project;
let stack: string;
let tenant: string;

beforeAll(async () => {
  cluster = await realCluster("retained");
  project = new Project();
  [stack] = (await prepare(project, onCluster(examples["existing-cluster"], cluster))) as [string];
  expectDone(await project.up(stack));
  const pods = await readyShips(cluster.api, 2, 60_000);
  tenant = pods[0]!.metadata.namespace!;
});
afterAll(async () => {
  const left = project?.left();
  project?.remove();
  await cluster?.stop();
  expect(left).toEqual([]);
});

/** As a person runs it, with kubectl on the PATH. */
function seal(...more: string[]): { exit: number | null; said: string } {
  const main = path.join(__dirname, "../../dist/cli/main.js");
  const bin = path.dirname(cluster.programs.kubectl);
  const done = spawnSync(process.execPath, [main, "ship", "seal", stack, "--kubeconfig", cluster.kubeconfig, ...more], {
    cwd: project.root,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });
  return { exit: done.status, said: done.stdout + done.stderr };
}
const keys = async (): Promise<string[]> =>
  (await cluster.api.list(`/api/v1/namespaces/${tenant}/secrets`)).map((s) => s.metadata.name).sort();
const podOf = async (ship: string): Promise<Pod> =>
  (await cluster.api.get<Pod>(`/api/v1/namespaces/${tenant}/pods/${ship}-0`)).body;

test("while no ship has booted nothing is sealed", async () => {
  const before = await keys();
  expect(before).toEqual([keyName(booted), keyName(waiting)].sort());
  expect(seal("--write")).toMatchObject({ exit: 0, said: expect.stringMatching(/0 of 2 can be sealed/) });
  expectUnchanged(await project.up(stack));
  expect(await keys()).toEqual(before);
});

test("a ship that has booted loses its Secret with the next up, and is neither restarted nor less ready", async () => {
  const claim = `/apis/coordination.k8s.io/v1/namespaces/${REGISTRY_NAMESPACE}/leases/${booted}`;
  for (const firstBoot of ["started", "done"]) {
    const noted = await cluster.api.merge(`${claim}?fieldManager=kubectl-patch`, {
      metadata: { annotations: { [ANNOTATION.firstBoot]: firstBoot } },
    });
    expect(noted.message).toBe("");
  }
  const before = await podOf(booted);
  expect(seal("--write")).toMatchObject({ exit: 0, said: expect.stringMatching(/1 sealed/) });

  const from = project.cloud.journal().length;
  expectDone(await project.up(stack));
  const done = project.cloud.journal().slice(from);
  expect(done.map((e) => `${e.op} ${e.type.split(":").pop()!} ${e.id}`).sort()).toEqual([
    `delete Secret ${tenant}/${keyName(booted)}`,
    `update StatefulSet ${tenant}/${booted}`,
  ]);
  expect(await keys()).toEqual([keyName(waiting)]);
  // Time for whoever would restart it.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const after = await podOf(booted);
  expect([after.metadata.uid, isReady(after)]).toEqual([before.metadata.uid, true]);
  // The kubelet takes the file out of the running pod, and starts a pod without it: the mount is optional.
  const { volumes } = after.spec as unknown as { volumes: { name: string; secret?: { optional?: boolean } }[] };
  expect(volumes.find((v) => v.name === "key")!.secret!.optional).toBe(true);
  expectUnchanged(await project.up(stack));
});

test("restarted without its key it is there again", async () => {
  const { metadata } = await podOf(booted);
  expect((await cluster.api.remove(`/api/v1/namespaces/${tenant}/pods/${booted}-0`)).message).toBe("");
  const again = await eventually("it is ready again", 60_000, async () => {
    const pod = await podOf(booted);
    const back = pod.metadata?.uid !== metadata.uid && pod.status?.conditions !== undefined && isReady(pod);
    return back ? { done: true, value: pod } : { done: false, seen: pod.status?.phase ?? "no pod" };
  });
  expect(JSON.stringify(again.spec)).toContain('{"name":"ROADSTEAD_SEALED","value":"true"}');
});
