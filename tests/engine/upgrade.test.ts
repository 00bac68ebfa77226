// Today's program meets what the last recorded version built. It may add, and update in place; what holds a ship is neither
// replaced nor deleted nor moved, and no ship stops. Every difference is printed.
import { type Baseline, lastRecorded, read, restore } from "./baselines/baseline";
import { type ExampleName, examples } from "./engine/examples";
import { type JournalEntry, type Outcome, Project } from "./engine/project";
import { losses, lost, moved, steps, told } from "./engine/stateful";

const { folder, version, commit, date, examples: recorded } = lastRecorded();
const from = `${version} (${commit.slice(0, 7)}, ${date.slice(0, 10)})`;

/** What today's program would take away; a preview that is refused counts, with what it says. */
const findings = (seen: Outcome): string[] => [
  ...losses(steps(seen)),
  ...(seen.code === 0 ? [] : [seen.output.slice(-3_000)]),
];

function print(title: string, seen: Outcome[]): void {
  const lines = seen.flatMap((s) => told(steps(s)));
  process.stderr.write(`${[title, ...(lines.length > 0 ? lines : ["  no difference"])].join("\n")}\n`);
}

test("every mode has a baseline", () => {
  expect(recorded).toEqual(Object.keys(examples).sort());
});

describe.each(recorded)("%s as recorded", (name) => {
  const baseline = read(folder, name);
  const project = new Project();
  let stacks: string[] = [];
  beforeAll(async () => {
    stacks = await restore(project, baseline);
  });
  afterAll(() => project.remove());

  test("with the lock as it is, a preview takes nothing away", async () => {
    const seen: Outcome[] = [];
    // A cell's preview reads what the platform of the recorded version gave it.
    for (const stack of stacks) seen.push(await project.preview(stack));
    print(`${name}: ${from}, the same lock`, seen);
    expect(seen.flatMap(findings)).toEqual([]);
  });

  test("planned again with today's versions, up replaces, deletes and moves nothing that holds a ship", async () => {
    const before = project.cloud.all();
    await project.record({ ...baseline.example.requirements, ...saidToday(name) });
    const done: Outcome[] = [];
    for (const stack of stacks) done.push(await project.pulumi(["up", "--yes", "--stack", stack]));
    print(`${name}: ${from}, planned again`, done);
    expect(done.flatMap(findings)).toEqual([]);
    expect(lost(project.cloud.journal())).toEqual([]);
    expect(moved(before, project.cloud.all())).toEqual([]);
    expect(scriptsUnderShips(project.cloud.journal())).toEqual([]);
  });
});

/** Scripts that were exchanged under a running ship, or taken while a template still named them. */
function scriptsUnderShips(journal: JournalEntry[]): string[] {
  const last = journal.findLastIndex((e) => e.type.endsWith(":StatefulSet") && e.op === "update");
  return journal
    .filter((e, n) => /\/ship-scripts-/.test(e.id) && (e.op === "update" || (e.op === "delete" && n < last)))
    .map((e) => `${e.op} ${e.id}`);
}

/** What of a fleet's surroundings a plan asks for today, and may not have asked for then: versions, and what a cluster can do. */
function saidToday(name: string): Record<string, unknown> {
  const { versions, existing } = examples[name as ExampleName].requirements;
  return existing === undefined ? { versions } : { versions, existing };
}

describe("this test can fail", () => {
  const MUTATIONS: [string, ExampleName, string, RegExp][] = [
    ["a volume that lay elsewhere", "vps-digitalocean", "digitalocean:index/volume:Volume", /Volume \S+-volume/],
    [
      "a claim of another storage class",
      "existing-cluster",
      "kubernetes:core/v1:PersistentVolumeClaim",
      /PersistentVolumeClaim \S+-pier/,
    ],
  ];
  const ELSEWHERE: Record<string, (o: Record<string, unknown>) => void> = {
    "digitalocean:index/volume:Volume": (o) => (o.region = "ams3"),
    "kubernetes:core/v1:PersistentVolumeClaim": (o) =>
      ((o.spec as Record<string, unknown>).storageClassName = "another"),
  };

  test.each(MUTATIONS)("%s is found", async (_, name, type, found) => {
    const project = new Project();
    try {
      const [platform] = await restore(project, mutated(read(folder, name), type, ELSEWHERE[type]!));
      expect(findings(await project.preview(platform!)).join("\n")).toMatch(found);
    } finally {
      project.remove();
    }
  });
});

/** As if the recorded version had made these objects with other properties. */
function mutated(baseline: Baseline, type: string, change: (o: Record<string, unknown>) => void): Baseline {
  for (const { deployment } of baseline.stacks)
    for (const resource of deployment.deployment.resources.filter((r) => r.type === type))
      for (const side of ["inputs", "outputs"]) change(resource[side] as Record<string, unknown>);
  return baseline;
}
