// A fleet changes: more ships, fewer ships, more memory, more disk, another zone, another cell. What a ship is made of is
// updated in place or left alone, never replaced and never moved. The table for people is docs/changes.md.
import * as fs from "node:fs";
import { type Example, examples, prepare } from "./engine/examples";
import { madeUpNames } from "./engine/made-up-names";
import { type JournalEntry, Project } from "./engine/project";
import { lost, moved, nameIn, STATEFUL } from "./engine/stateful";

/** What outlives its ship. */
const KEPT = /:(Volume|PersistentVolumeClaim|Lease|Parameter)$/;

type Named = { name: string; customer?: string; key: { secret: string } };
type Ships = { named: Named[]; memoryGiB: number; diskGiB: number };

const withShips = (example: Example, change: (ships: Ships) => Partial<Ships>): Record<string, unknown> => {
  const ships = example.requirements.ships as Ships;
  return { ...example.requirements, ships: { ...ships, ...change(ships) } };
};

/** Records other requirements on the same stack. */
async function change(
  project: Project,
  requirements: object,
  secrets: Record<string, string> = {},
  options: string[] = [],
): Promise<string[]> {
  const stacks = await project.record(requirements, options);
  for (const stack of stacks) await project.secrets(stack, secrets);
  return stacks;
}

/** What `up` did in the cloud. With the preview the CLI does by itself. */
async function up(project: Project, stack = "prod"): Promise<JournalEntry[]> {
  const before = project.cloud.journal().length;
  const done = await project.pulumi(["up", "--yes", "--stack", stack]);
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
    expect(gone.map((e) => e.type.split(":").pop()).sort()).toEqual(
      name === "multi-vps" ? ["Droplet", "ReservedIp"] : ["StatefulSet"],
    );
    expect(gone.filter((e) => !e.urn.includes(last))).toEqual([]);
    // The droplet's end lets its volume go.
    const released = journal.filter((e) => !["delete", "update"].includes(e.op));
    expect(released.map((e) => `${e.op} ${e.type.split(":").pop()}`)).toEqual(
      name === "multi-vps" ? ["release VolumeAttachment"] : [],
    );
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

/** The kinds of object something was done to, each with what. */
const done = (journal: JournalEntry[]): string[] =>
  [...new Set(journal.map((e) => `${e.op} ${e.type.split(":").pop()}`))].sort();

/** Recording is refused with these words, also with --force, and changes no file. */
async function refused(project: Project, requirements: object, words: RegExp): Promise<void> {
  const files = (): string[] =>
    project.stacks().map((s) => fs.readFileSync(project.path("stacks", `Pulumi.${s}.yaml`), "utf8"));
  const before = files();
  for (const options of [[], ["--force"]]) await expect(project.record(requirements, options)).rejects.toThrow(words);
  expect(files()).toEqual(before);
}

describe("a customer gets another name", () => {
  const project = new Project();
  afterAll(() => project.remove());
  const of = (customer: string) =>
    withShips(examples["existing-cluster"], ({ named }) => ({ named: named.map((n) => ({ ...n, customer })) }));

  test("refused, also with --force: the namespace of the name holds the volumes, and no ship is moved silently", async () => {
    await prepare(project, { ...examples["existing-cluster"], requirements: of("Acme") });
    await refused(project, of("Acme Inc."), /customer: received "?Acme Inc\.[\s\S]*holds the volume[\s\S]*ship move/);
  });
});

describe("more disk", () => {
  const grown = (name: "existing-cluster" | "multi-vps", diskGiB: number) =>
    withShips(examples[name], () => ({ diskGiB }));

  test.each([
    ["existing-cluster", "PersistentVolumeClaim"],
    ["multi-vps", "Volume"],
  ] as const)("on %s every %s grows in place, no ship stops, and less is refused", async (name, kind) => {
    const project = new Project();
    try {
      await prepare(project, examples[name]);
      await up(project);
      await change(project, grown(name, 40));
      const before = project.cloud.all();
      const journal = await up(project);
      expect(journal.filter((e) => e.op !== "update")).toEqual([]);
      expect(done(journal)).toContain(`update ${kind}`);
      expect(done(journal)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/StatefulSet|Droplet|VolumeAttachment/)]),
      );
      expect(moved(before, project.cloud.all())).toEqual([]);
      expect(journal.filter((e) => e.type.endsWith(`:${kind}`))).toHaveLength(examples[name].ships.length);
      await refused(project, grown(name, 30), /diskGiB: received "?30"?; accepted: "?at least 40[\s\S]*only grows/);
    } finally {
      project.remove();
    }
  });
});

describe("more memory on hosts", () => {
  const example = examples["multi-vps"];
  const project = new Project();
  afterAll(() => project.remove());
  const larger = withShips(example, () => ({ memoryGiB: 8 }));

  beforeAll(async () => {
    await prepare(project, example);
    await up(project);
  });

  test("is not recorded without --force, which names the hosts that restart", async () => {
    await expect(project.record(larger)).rejects.toThrow(
      new RegExp(`${example.ships[0]} from s-\\S+ to s-[\\s\\S]*stopped and started again[\\s\\S]*--force`),
    );
  });

  test("resizes droplets in place, which restarts them: no volume, address or attachment is touched", async () => {
    await change(project, larger, {}, ["--force"]);
    const journal = await up(project);
    expect(lost(journal)).toEqual([]);
    expect(done(journal)).toEqual(["update Droplet"]);
    expect(journal).toHaveLength(example.ships.length);
  });
});

describe("across the limit of a cell", () => {
  const names = madeUpNames({ galaxy: 0, star: 0, planet: 11, moon: 0, comet: 0 });
  const of = (count: number): Example => ({
    requirements: withShips(examples["existing-cluster"], () => ({
      named: names.slice(0, count).map((n) => ({ name: `~${n}`, key: { secret: `${n}-key` } })),
    })),
    secrets: {
      ...examples["existing-cluster"].secrets,
      ...Object.fromEntries(names.map((n) => [`${n}-key`, `made-up-${n}`])),
    },
    ships: names.slice(0, count),
  });
  const project = new Project();
  afterAll(() => project.remove());

  test("the eleventh ship opens a cell of its own: the ten others, their volumes and claims are not touched", async () => {
    expect(await prepare(project, of(10))).toEqual(["prod"]);
    await up(project);
    const before = project.cloud.all();
    expect(await change(project, of(11).requirements, of(11).secrets)).toEqual(["prod", "prod-c2"]);
    const journal = [...(await up(project)), ...(await up(project, "prod-c2"))];
    expect(lost(journal)).toEqual([]);
    expect(moved(before, project.cloud.all())).toEqual([]);
    const ships = journal.filter((e) => /:(StatefulSet|PersistentVolumeClaim|Lease|Secret)$/.test(e.type));
    expect(ships.map((e) => [e.op, nameIn(e.urn)]).sort()).toEqual(
      ["claim", "key", "pier", "run"].map((part) => ["create", `${names[10]}-${part}`]),
    );
  });

  test("one ship fewer leaves the cells as they are", async () => {
    expect(await change(project, of(10).requirements)).toEqual(["prod", "prod-c2"]);
    const journal = [...(await up(project)), ...(await up(project, "prod-c2"))];
    expect(lost(journal)).toEqual([`delete StatefulSet ${names[10]}-run`]);
    expect(journal.filter((e) => names.slice(0, 10).some((n) => e.urn.includes(n)))).toEqual([]);
  });
});

describe("one zone more on EKS", () => {
  const example = examples.eks;
  const of = (zones: number, count: number): Record<string, unknown> => ({
    ...withShips(example, ({ named }) => ({ named: named.slice(0, count) })),
    cluster: { zones },
  });
  const project = new Project();
  afterAll(() => project.remove());

  beforeAll(async () => {
    await prepare(project, { ...example, requirements: of(2, 4) });
    await up(project);
  });

  test("subnets and nodes are added: no subnet, node group or ship that is there is replaced or moved", async () => {
    await expect(project.record(of(3, 4))).rejects.toThrow(/us-west-2a us-west-2b → .*us-west-2c[\s\S]*--force/);
    await change(project, of(3, 4), {}, ["--force"]);
    const before = project.cloud.all();
    const journal = await up(project);
    expect(lost(journal)).toEqual([]);
    expect(journal.filter((e) => e.op === "delete" && /:NodeGroup$/.test(e.type))).toEqual([]);
    expect(moved(before, project.cloud.all())).toEqual([]);
    expect(done(journal)).toEqual(expect.arrayContaining(["create Subnet", "create NodeGroup"]));
    expect(journal.filter((e) => /:(StatefulSet|PersistentVolumeClaim|Lease)$/.test(e.type))).toEqual([]);
  });

  test("one ship fewer makes no fewer nodes: nobody's ship is evicted", async () => {
    await change(project, of(3, 3));
    const journal = await up(project);
    expect(lost(journal)).toEqual([`delete StatefulSet ${example.ships[3]}-run`]);
    expect(journal.filter((e) => /:(NodeGroup|Subnet)$/.test(e.type))).toEqual([]);
  });
});
