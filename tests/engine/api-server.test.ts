// The compiled program under the real engine on a real Kubernetes API server: what admission, defaults, server-side apply
// and garbage collection make of it. The kubernetes provider is a stand-in that asks as the real one does.
import { readyShips } from "../cluster/fleet/deploy";
import { examples, prepare } from "./engine/examples";
import { type Outcome, Project } from "./engine/project";
import { onCluster, type RealCluster, realCluster } from "./engine/real-cluster";

const example = examples["existing-cluster"];
let cluster: RealCluster;
let project: Project;
let stack: string;

beforeAll(async () => {
  cluster = await realCluster("retained");
  project = new Project();
  [stack] = (await prepare(project, onCluster(example, cluster))) as [string];
});
afterAll(async () => {
  const left = project?.left();
  project?.remove();
  await cluster?.stop();
  expect(left).toEqual([]);
});

test("up makes everything once, and every ship's pod becomes ready", async () => {
  expectDone(await project.pulumi(["up", "--yes", "--stack", stack]));
  const made = project.cloud.journal().filter((e) => e.urn !== "");
  expect(made.filter((e) => e.op !== "create")).toEqual([]);
  expect(new Set(made.map((e) => e.urn)).size).toBe(made.length);
  await readyShips(cluster.api, example.ships.length, 60_000);
});

test("a second up changes nothing: what the server filled in is not undone", async () => {
  expectUnchanged(await project.up(stack));
});

test("refresh finds nothing changed", async () => {
  expectUnchanged(await project.refresh(stack));
});

function expectDone(outcome: Outcome): void {
  if (outcome.code !== 0) throw new Error(outcome.output.slice(-6_000));
}

function expectUnchanged(outcome: Outcome): void {
  expectDone(outcome);
  if (Object.keys(outcome.changes).some((op) => op !== "same")) throw new Error(outcome.output.slice(-6_000));
}
