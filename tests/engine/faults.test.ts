// What goes wrong on the way: a cloud that fails, an engine that is killed. Running `up` again converges, nothing is made
// twice and no ship is started twice.
import { examples, prepare } from "./engine/examples";
import { type Fault, type JournalEntry, Project } from "./engine/project";

const twice = (journal: JournalEntry[]): string[] => {
  const urns = journal.filter((e) => e.op === "create" && e.urn !== "").map((e) => e.urn);
  return urns.filter((urn, i) => urns.indexOf(urn) !== i);
};

async function converges(project: Project, stack: string): Promise<void> {
  for (const step of [await project.recover(stack), await project.up(stack)])
    if (step.code !== 0) throw new Error(step.output.slice(-4_000));
  expect(Object.keys((await project.up(stack)).changes)).toEqual(["same"]);
  expect(twice(project.cloud.journal())).toEqual([]);
}

describe("a creation that fails", () => {
  const project = new Project();
  afterAll(() => project.remove());

  test("fails up, and up again makes the rest", async () => {
    const [stack] = await prepare(project, examples["doks"]);
    const failed = await project.up(stack!, [], [{ on: "create", type: "StatefulSet", nth: 2, what: "fail" }]);
    expect(failed.code).not.toBe(0);
    expect(failed.output).toMatch(/injected: create of kubernetes:apps\/v1:StatefulSet failed/);
    const done = await project.up(stack!);
    expect(done.code).toBe(0);
    expect(twice(project.cloud.journal())).toEqual([]);
    expect(project.cloud.all().filter((o) => o.type.endsWith(":StatefulSet"))).toHaveLength(
      examples["doks"].ships.length,
    );
  });
});

describe("a creation that hangs", () => {
  const project = new Project();
  afterAll(() => project.remove());

  test("is ended at the limit, leaves no process, and up again converges", async () => {
    const [stack] = await prepare(project, examples["existing-cluster"]);
    const hang: Fault[] = [{ on: "create", type: "PersistentVolumeClaim", nth: 1, what: "hang" }];
    const stuck = await project.pulumi(["up", "--yes", "--skip-preview", "--stack", stack!], hang, 15_000);
    expect(stuck.timedOut).toBe(true);
    expect(project.left()).toEqual([]);
    await converges(project, stack!);
  });
});

describe("an engine killed at any point", () => {
  // Early, in the middle and late; every creation is counted, whichever provider does it. Others are in flight beside it.
  test.each<[number, Fault["what"]]>([
    [3, "kill-before"],
    [20, "kill-after"],
    [38, "kill-before"],
    [45, "kill-after"],
  ])("creation %d, %s: recovered, up again converges and nothing is made twice", async (nth, what) => {
    const project = new Project();
    try {
      const [stack] = await prepare(project, examples["existing-cluster"]);
      const killed = await project.up(stack!, [], [{ on: "create", nth, what }]);
      expect(killed.signal).toBe("SIGKILL");
      expect(project.left()).toEqual([]);
      await converges(project, stack!);
    } finally {
      project.remove();
    }
  });
});

describe("a ship's own objects, made just before the engine was killed", () => {
  test.each(["Lease", "StatefulSet"])(
    "%s: up without recovery is refused by the object itself, with it the ship is taken over",
    async (kind) => {
      const project = new Project();
      try {
        const [stack] = await prepare(project, examples["existing-cluster"]);
        const killed = await project.up(stack!, [], [{ on: "create", type: kind, nth: 1, what: "kill-after" }]);
        expect(killed.signal).toBe("SIGKILL");
        project.mendCheckpoint(stack!);
        const pending = project.pendingCreates(stack!);
        expect(pending.filter((urn) => urn.includes(`:${kind}::`))).not.toEqual([]);
        await project.pulumi(["cancel", "--yes", "--stack", stack!]);
        const refused = await project.up(stack!);
        expect(refused.code).not.toBe(0);
        expect(refused.output).toMatch(/already exists/);
        await converges(project, stack!);
        expect(project.cloud.all().filter((o) => o.type.endsWith(`:${kind}`))).toHaveLength(
          examples["existing-cluster"].ships.length,
        );
      } finally {
        project.remove();
      }
    },
  );
});

describe("somebody changes or deletes by hand", () => {
  const project = new Project();
  afterAll(() => project.remove());

  test("refresh sees it, and up puts it back", async () => {
    const [stack] = await prepare(project, examples["vps-digitalocean"]);
    expect((await project.up(stack!)).code).toBe(0);
    const firewall = project.cloud.all().find((o) => o.type.endsWith(":Firewall"))!;
    const opened = { inboundRules: [{ protocol: "tcp", portRange: "22", sourceAddresses: ["0.0.0.0/0"] }] };
    const inputs = { ...firewall.inputs, ...opened };
    project.cloud.update({ ...firewall, inputs, outs: { ...firewall.outs, ...opened } });
    expect((await project.refresh(stack!)).changes).toMatchObject({ update: 1 });
    expect((await project.up(stack!)).changes).toMatchObject({ update: 1 });
    const back = project.cloud.all().find((o) => o.id === firewall.id)!;
    expect(back.inputs).toEqual(firewall.inputs);
  });
});
