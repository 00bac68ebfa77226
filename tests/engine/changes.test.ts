// A fleet changes: more ships, fewer ships, more memory. What a ship is made of is updated in place or left alone, never
// replaced and never moved.
import { type Example, examples, prepare } from "./engine/examples";
import { type JournalEntry, Project } from "./engine/project";

/** Replaced, these take the ship with them, or run it twice. */
const STATEFUL =
  /:(Volume|Droplet|Instance|PersistentVolumeClaim|Lease|Namespace|StatefulSet|KubernetesCluster|Cluster|Vpc|Parameter)$/;

/** What outlives its ship. */
const KEPT = /:(Volume|PersistentVolumeClaim|Lease|Parameter)$/;

type Ships = { named: { name: string }[]; memoryGiB: number };

const withShips = (example: Example, change: (ships: Ships) => Partial<Ships>): Record<string, unknown> => {
  const ships = example.requirements.ships as Ships;
  return { ...example.requirements, ships: { ...ships, ...change(ships) } };
};

/** Records other requirements on the same stack. */
async function change(project: Project, requirements: object, secrets: Record<string, string> = {}): Promise<void> {
  await project.record(requirements);
  await project.secrets("prod", secrets);
}

/** What `up` did in the cloud. With the preview the CLI does by itself. */
async function up(project: Project): Promise<JournalEntry[]> {
  const before = project.cloud.journal().length;
  const done = await project.pulumi(["up", "--yes", "--stack", "prod"]);
  if (done.code !== 0) throw new Error(done.output.slice(-4_000));
  return project.cloud.journal().slice(before);
}

describe.each(["existing-cluster", "multi-vps"] as const)("a fleet on %s", (name) => {
  const example = examples[name];
  const all = example.ships;
  const fewer = withShips(example, ({ named }) => ({ named: named.slice(0, -1) }));
  const last = all.at(-1)!;
  const project = new Project();
  afterAll(() => project.remove());

  beforeAll(async () => {
    await prepare(project, { ...example, requirements: fewer });
    await up(project);
  });

  test("one ship more: it is made, and nothing of the others is touched", async () => {
    await change(project, example.requirements, example.secrets);
    const journal = await up(project);
    expect(journal.filter((e) => e.op === "delete")).toEqual([]);
    const touched = journal.filter((e) => STATEFUL.test(e.type)).map((e) => [e.op, e.urn.includes(last)]);
    expect(touched.length).toBeGreaterThan(0);
    expect(touched).toEqual(touched.map(() => ["create", true]));
  });

  test("one ship fewer: what ran it goes, its claim and its volume stay", async () => {
    await change(project, fewer);
    if (name === "multi-vps") await letGo(project, last);
    const journal = await up(project);
    const gone = journal.filter((e) => e.op === "delete" && STATEFUL.test(e.type));
    expect(gone.map((e) => [e.type.split(":").pop(), e.urn.includes(last)])).toEqual([
      [name === "multi-vps" ? "Droplet" : "StatefulSet", true],
    ]);
    expect(journal.filter((e) => !["delete", "update"].includes(e.op))).toEqual([]);
    const kept = project.cloud.all().filter((o) => KEPT.test(o.type) && o.urn.includes(last));
    expect(kept.map((o) => o.type.split(":").pop()).sort()).toEqual(
      name === "multi-vps" ? ["Volume"] : ["Lease", "PersistentVolumeClaim"],
    );
  });
});

/** On hosts the volume leaves the program with its ship: `up` stops at it, takes nothing, and says what to do. */
async function letGo(project: Project, ship: string): Promise<void> {
  const before = project.cloud.journal().length;
  const refused = await project.pulumi(["up", "--yes", "--stack", "prod"]);
  expect(refused.code).not.toBe(0);
  expect(project.cloud.journal().slice(before)).toEqual([]);
  const [, urn] = /pulumi state unprotect '([^']+)'/.exec(refused.output) ?? [];
  expect(urn).toMatch(new RegExp(`:Volume::${ship}-volume$`));
  await project.must(["state", "unprotect", urn!, "--yes", "--stack", "prod"]);
}

describe("more memory on a cluster", () => {
  const example = examples["existing-cluster"];
  const project = new Project();
  afterAll(() => project.remove());

  test("updates workloads and quotas in place, and nothing else", async () => {
    await prepare(project, example);
    await up(project);
    await change(
      project,
      withShips(example, () => ({ memoryGiB: 6 })),
    );
    const journal = await up(project);
    expect(journal.filter((e) => e.op !== "update")).toEqual([]);
    const updated = new Set(journal.map((e) => e.type.split(":").pop()));
    expect([...updated]).toEqual(expect.arrayContaining(["StatefulSet", "ResourceQuota"]));
    expect([...updated].filter((kind) => /PersistentVolumeClaim|Lease|Namespace/.test(kind!))).toEqual([]);
  });
});
