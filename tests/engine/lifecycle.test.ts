// From nothing to nothing, for a small example of every mode and every file of examples/ up to 60 ships: what `up` makes, that it stays as it is, and what `destroy`
// leaves. What nobody may lose is what is left.
import { exampleFiles } from "./engine/example-files";
import { outOfOrder } from "./engine/destroy-order";
import { type Example, examples, prepare } from "./engine/examples";
import { type CloudObject, type JournalEntry, type Outcome, Project } from "./engine/project";

const all: Record<string, Example> = { ...examples, ...exampleFiles };
const asked = (process.env.ROADSTEAD_EXAMPLES ?? Object.keys(all).join(",")).split(",");

/** Types whose loss is the loss of a ship, or lets it run twice. */
const KEPT =
  /^(digitalocean:index\/volume:Volume|aws:ebs\/volume:Volume|aws:ssm\/parameter:Parameter|kubernetes:(core\/v1:(PersistentVolumeClaim|Namespace)|coordination.k8s.io\/v1:Lease|admissionregistration.k8s.io\/v1:ValidatingAdmissionPolicy(Binding)?|storage.k8s.io\/v1:StorageClass))$/;

describe.each(asked)("%s", (name) => {
  const example = all[name]!;
  // Piers on a machine of one's own are no cloud's: the stack holds the script that makes their host, and nothing else.
  const inClouds = example.requirements.platform === "bare-metal" ? [] : [...example.ships].sort();
  const project = new Project();
  let stacks: string[] = [];
  let given = 0;

  beforeAll(async () => {
    stacks = await prepare(project, example);
    given = project.cloud.all().length;
  });
  afterAll(() => {
    const left = project.left();
    project.remove();
    expect(left).toEqual([]);
  });

  test("the first preview passes every mandatory policy", async () => {
    const [platform] = stacks;
    const seen = await project.preview(platform!, ["--policy-pack", project.path("policies")]);
    expectDone(seen);
    expect(mandatory(seen)).toEqual([]);
    expect(project.cloud.journal().slice(given)).toEqual([]);
  });

  test("up makes everything, each thing once", async () => {
    for (const stack of stacks) expectDone(await project.up(stack));
    const made = project.cloud.journal().slice(given);
    expect(made.filter((e) => e.op !== "create")).toEqual([]);
    expect(twice(made)).toEqual([]);
    expect(shipsIn(project.cloud.all())).toEqual(inClouds);
    const known = stacks.map((stack) => project.checkpoint(stack)).join();
    expect(example.ships.filter((ship) => !known.includes(ship))).toEqual([]);
  });

  test("a second up changes nothing", async () => {
    const before = project.cloud.journal().length;
    for (const stack of stacks) expectUnchanged(await project.up(stack));
    expect(project.cloud.journal()).toHaveLength(before);
  });

  test("refresh finds nothing changed", async () => {
    for (const stack of stacks) expectUnchanged(await project.refresh(stack));
  });

  test("every policy runs and no mandatory one is violated", async () => {
    for (const stack of stacks) {
      const seen = await project.preview(stack, ["--policy-pack", project.path("policies"), "--expect-no-changes"]);
      expectDone(seen);
      expect(seen.output).not.toMatch(/can't run policy/i);
      expect(mandatory(seen)).toEqual([]);
    }
  });

  test("destroy is refused while ships exist, and takes nothing away", async () => {
    const before = project.cloud.journal().length;
    for (const stack of [...stacks].reverse()) {
      const refused = await project.destroy(stack);
      expect(refused.code).not.toBe(0);
      expect(refused.output).toMatch(/protect/);
    }
    expect(project.cloud.journal().slice(before)).toEqual([]);
  });

  // After a refusal the engine goes on with what the refused thing does not stand on. What a chart made is known to its chart
  // alone, and the engine does not follow that: monitoring may go, and `up` brings it back.
  test.each([
    ["without a preview, as the Automation API does it,", []],
    ["of all that is not protected", ["--exclude-protected"]],
  ])("destroy %s leaves the ships and all they stand on", async (_how, options) => {
    const before = project.cloud.journal().length;
    for (const stack of [...stacks].reverse()) {
      const refused = await project.destroy(stack, ["--skip-preview", ...options]);
      if (options.length > 0) continue;
      expect(refused.code).not.toBe(0);
      expect(refused.output).toMatch(new RegExp(`${stack}-destroy-guard.* cannot be deleted`));
    }
    const taken = project.cloud.journal().slice(before);
    expect(taken.filter((e) => e.op !== "delete" || !e.urn.includes("helm.sh/v4:Chart$"))).toEqual([]);
  });

  test("after an explicit unprotect only piers and claims are left", async () => {
    const before = project.cloud.journal().length;
    for (const stack of [...stacks].reverse()) {
      await project.must(["state", "unprotect", "--all", "--yes", "--stack", stack]);
      expectDone(await project.destroy(stack));
    }
    const taken = project.cloud.journal().slice(before);
    // A droplet's end lets its volume go.
    expect(taken.filter((e) => e.op !== "delete" && e.op !== "release")).toEqual([]);
    expect(outOfOrder(taken)).toEqual([]);
    const left = project.cloud.all();
    expect(left.filter((o) => !KEPT.test(o.type)).map(named)).toEqual([]);
    expect(shipsIn(left)).toEqual(inClouds);
  });
});

test("a destroy in the wrong order is seen", () => {
  const entry = (type: string) => ({ op: "delete" as const, scope: "aws", type, id: "x", urn: "" });
  expect(outOfOrder([entry("aws:eks/nodeGroup:NodeGroup"), entry("kubernetes:apps/v1:StatefulSet")])).toEqual([
    "a StatefulSet went after a NodeGroup",
  ]);
});

function expectDone(outcome: Outcome): void {
  if (outcome.code !== 0) throw new Error(outcome.output.slice(-6_000));
}

function expectUnchanged(outcome: Outcome): void {
  expectDone(outcome);
  if (Object.keys(outcome.changes).some((op) => op !== "same")) throw new Error(outcome.output.slice(-6_000));
}

const named = ({ type, id }: CloudObject): string => `${type} ${id}`;

function twice(made: JournalEntry[]): string[] {
  const seen = new Set<string>();
  return made.map((e) => e.urn).filter((urn) => seen.has(urn) || !seen.add(urn));
}

/** Ids of the ships that a claim and a place for the pier are there for. */
function shipsIn(objects: CloudObject[]): string[] {
  const text = (o: CloudObject): string => JSON.stringify(o.inputs);
  const names = Object.values(all).flatMap((e) => e.ships);
  const theirs = objects.filter((o) => /:(Volume|PersistentVolumeClaim|Parameter)$/.test(o.type)).map(text);
  return [...new Set(names)].filter((ship) => theirs.some((inputs) => inputs.includes(ship))).sort();
}

function mandatory({ events }: Outcome): string[] {
  return events
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const { policyEvent } = JSON.parse(line) as {
        policyEvent?: { enforcementLevel: string; policyName: string; message: string };
      };
      return policyEvent?.enforcementLevel === "mandatory" ? [`${policyEvent.policyName}: ${policyEvent.message}`] : [];
    });
}
