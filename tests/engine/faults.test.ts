// What goes wrong on the way: a cloud that fails, an engine that is killed. After `roadstead doctor --repair` running `up`
// again converges, nothing is made twice and no ship is started twice.
import * as fs from "node:fs";
import * as path from "node:path";
import { canary, EXISTING_SERVER, type ExampleName, examples, prepare } from "./engine/examples";
import { type CloudObject, type Fault, type JournalEntry, Project, type Repair } from "./engine/project";

const SEED = Number(process.env.ROADSTEAD_SEED ?? 20_261_121);

/** What a ship runs in. */
const RUNS = /:(Droplet|Instance|StatefulSet)$/;

const twice = (journal: JournalEntry[]): string[] => {
  // A password that is made up exists in the state only: whoever lost it makes another.
  const made = journal.filter((e) => e.op === "create" && e.urn !== "" && !e.type.startsWith("random:"));
  const urns = made.map((e) => e.urn);
  return urns.filter((urn, i) => urns.indexOf(urn) !== i);
};

/** Everything that ever ran a ship was made once. (Two creations of one urn would be two ships, and `twice` tells.) */
const started = (journal: JournalEntry[]): number =>
  journal.filter((e) => e.op === "create" && RUNS.test(e.type)).length;

const running = (project: Project): CloudObject[] => project.cloud.all().filter((o) => RUNS.test(o.type));

function settled(repair: Repair): Repair {
  if (repair.exit !== 0) throw new Error(`doctor --repair: exit ${repair.exit}\n${repair.output}`);
  return repair;
}

async function converges(project: Project, stack: string, name: ExampleName): Promise<void> {
  settled(project.recover(stack));
  expect(project.pendingCreates(stack)).toEqual([]);
  const up = await project.up(stack);
  if (up.code !== 0) throw new Error(up.output.slice(-4_000));
  expect(Object.keys((await project.up(stack)).changes)).toEqual(["same"]);
  const journal = project.cloud.journal();
  expect(twice(journal)).toEqual([]);
  expect(started(journal)).toBe(examples[name].ships.length);
  expect(running(project)).toHaveLength(examples[name].ships.length);
  for (const ship of examples[name].ships) expect(project.checkpoint(stack)).not.toContain(canary(ship));
}

/** A stack in a project of its own, and the way back from wherever `act` leaves it. */
async function afterwards(name: ExampleName, act: (project: Project, stack: string) => Promise<void>): Promise<void> {
  const project = new Project();
  try {
    const [stack] = await prepare(project, examples[name]);
    await act(project, stack!);
    expect(project.left()).toEqual([]);
    await converges(project, stack!, name);
  } finally {
    project.remove();
  }
}

async function killedUp(project: Project, stack: string, fault: Fault): Promise<void> {
  const killed = await project.up(stack, [], [fault]);
  expect(killed.signal).toBe("SIGKILL");
}

describe("a creation that fails", () => {
  const project = new Project();
  afterAll(() => project.remove());

  test("fails up, and up again makes the rest", async () => {
    const [stack] = await prepare(project, examples["doks"]);
    const failed = await project.up(stack!, [], [{ on: "create", type: "StatefulSet", nth: 2, what: "fail" }]);
    expect(failed.code).not.toBe(0);
    expect(failed.output).toMatch(/injected: create of kubernetes:apps\/v1:StatefulSet failed/);
    expect(project.repair(stack!)).toMatchObject({ exit: 0, steps: [] });
    const done = await project.up(stack!);
    expect(done.code).toBe(0);
    expect(twice(project.cloud.journal())).toEqual([]);
    expect(running(project).filter((o) => o.type.endsWith(":StatefulSet"))).toHaveLength(examples["doks"].ships.length);
  });
});

test("a creation that hangs is ended at the limit, leaves no process, and up again converges", () =>
  afterwards("existing-cluster", async (project, stack) => {
    const hang: Fault[] = [{ on: "create", type: "PersistentVolumeClaim", nth: 1, what: "hang" }];
    const stuck = await project.pulumi(["up", "--yes", "--skip-preview", "--stack", stack], hang, 20_000);
    expect(stuck.timedOut).toBe(true);
  }));

describe(`an engine killed at any point (ROADSTEAD_SEED=${SEED})`, () => {
  const NAMES: ExampleName[] = ["existing-cluster", "existing-cluster", "vps-digitalocean", "vps-aws"];
  const random = randomFrom(SEED);
  const points = NAMES.flatMap((name) =>
    (["kill-before", "kill-after"] as const).map((what) => ({ name, what, at: random() })),
  );

  test.each(points)("$name, $what, at $at of its creations", ({ name, what, at }) =>
    afterwards(name, async (project, stack) => {
      const count = creationsOf(project, stack);
      await killedUp(project, stack, { on: "create", nth: 1 + Math.floor(at * count), what });
    }),
  );
});

/** mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    // Two digits are enough to name a point, and never reach 1.
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * 100) / 100;
  };
}

/** How many objects a cloud makes for the stack, as its preview has them. */
function creationsOf(project: Project, stack: string): number {
  const graph = project.previewed(stack);
  return graph.filter((r) => r.custom && !r.type.startsWith("pulumi:")).length;
}

describe("a ship's own objects, made just before the engine was killed", () => {
  test.each(["Lease", "StatefulSet"])(
    "%s: up without repair is refused by the object itself, with it the ship is taken over",
    (kind) =>
      afterwards("existing-cluster", async (project, stack) => {
        await killedUp(project, stack, { on: "create", type: kind, nth: 1, what: "kill-after" });
        project.wholeState(stack);
        const pending = project.pendingCreates(stack);
        expect(pending.filter((urn) => urn.includes(`:${kind}::`))).not.toEqual([]);
        await project.pulumi(["cancel", "--yes", "--stack", stack]);
        const refused = await project.up(stack);
        expect(refused.code).not.toBe(0);
        expect(refused.output).toMatch(/already exists/);
      }),
  );
});

describe("what is a cluster's and no namespace's, made just before the engine was killed", () => {
  test.each(["Namespace", "ValidatingAdmissionPolicy"])(
    "%s: the repair takes it over without a word of anybody's",
    (kind) =>
      afterwards("existing-cluster", async (project, stack) => {
        await killedUp(project, stack, { on: "create", type: `:${kind}$`, nth: 1, what: "kill-after" });
        const { steps } = settled(project.repair(stack));
        const own = steps.filter((s) => s.urn.includes(`:${kind}::`));
        expect(own).not.toEqual([]);
        expect(own.map((s) => s.outcome)).toEqual(expect.arrayContaining(["taken over"]));
      }),
  );

  test("another stack's: not adopted, exit 12, and up is refused by it", async () => {
    const project = new Project();
    try {
      const [stack] = await prepare(project, examples["existing-cluster"]);
      await killedUp(project, stack!, { on: "create", type: ":Namespace$", nth: 1, what: "kill-before" });
      project.wholeState(stack!);
      const urn = project.pendingCreates(stack!).find((u) => u.includes(":Namespace::"))!;
      const { inputs } = project.pendingResource(stack!, urn);
      const metadata = inputs!.metadata as { name: string; annotations: Record<string, string> };
      const annotations = { ...metadata.annotations, "roadstead.dev/stack": "staging" };
      const theirs = { ...inputs, metadata: { ...metadata, annotations } };
      const type = "kubernetes:core/v1:Namespace";
      const object = { scope: EXISTING_SERVER, type, id: metadata.name, urn: "", inputs: theirs, outs: theirs };
      project.cloud.create(object, `${EXISTING_SERVER} v1 Namespace /${metadata.name}`);

      const repair = project.repair(stack!);
      expect(repair.exit).toBe(12);
      expect(repair.steps.find((s) => s.urn === urn)).toMatchObject({
        outcome: "foreign",
        why: "it says that stack staging made it",
      });
      expect(project.resources(stack!).map((r) => r.urn)).not.toContain(urn);
      expect((await project.up(stack!)).output).toMatch(/already exists/);
      expect(running(project)).toEqual([]);
    } finally {
      project.remove();
    }
  });
});

describe("an engine killed while it changes or takes something", () => {
  const project = new Project();
  const name = "existing-cluster";
  let stack: string;
  afterAll(() => project.remove());
  beforeAll(async () => {
    [stack] = (await prepare(project, examples[name])) as [string];
    expect((await project.up(stack)).code).toBe(0);
  });

  test.each<Fault["what"]>(["kill-before", "kill-after"])("update, %s: repaired, up converges", async (what) => {
    const quota = project.cloud.all().find((o) => o.type.endsWith(":ResourceQuota"))!;
    const inputs = { ...quota.inputs, spec: { hard: { pods: what === "kill-before" ? "1" : "2" } } };
    project.cloud.update({ ...quota, inputs, outs: { ...quota.outs, ...inputs } });
    expect((await project.refresh(stack)).code).toBe(0);
    await killedUp(project, stack, { on: "update", type: "ResourceQuota", what });
    expect(settled(project.repair(stack)).steps).toMatchObject([{ was: "updating", outcome: "refreshed" }]);
    expect((await project.up(stack)).code).toBe(0);
    expect(Object.keys((await project.up(stack)).changes)).toEqual(["same"]);
    expect(project.cloud.all().find((o) => o.id === quota.id && o.type === quota.type)!.inputs).toEqual(quota.inputs);
    expect(twice(project.cloud.journal())).toEqual([]);
  });
});

describe("an engine killed while it takes a removed ship's workload", () => {
  const example = examples["existing-cluster"];
  const gone = example.ships.at(-1)!;

  test.each<Fault["what"]>(["kill-before", "kill-after"])(
    "%s: repaired, up takes the rest once, claim and pier stay",
    async (what) => {
      const project = new Project();
      try {
        const [stack] = (await prepare(project, example)) as [string];
        expect((await project.up(stack)).code).toBe(0);
        const ships = example.requirements.ships as { named: unknown[] };
        await project.record({ ...example.requirements, ships: { ...ships, named: ships.named.slice(0, -1) } });
        await killedUp(project, stack, { on: "delete", type: "StatefulSet", what });
        expect(settled(project.repair(stack)).steps).toEqual(
          expect.arrayContaining([
            expect.objectContaining({ type: "kubernetes:apps/v1:StatefulSet", was: "deleting", outcome: "refreshed" }),
          ]),
        );
        const up = await project.up(stack);
        if (up.code !== 0) throw new Error(up.output.slice(-4_000));
        expect(Object.keys((await project.up(stack)).changes)).toEqual(["same"]);
        expect(running(project).filter((o) => o.id.includes(gone))).toEqual([]);
        expect(running(project)).toHaveLength(example.ships.length - 1);
        expect(started(project.cloud.journal())).toBe(example.ships.length);
        const kept = project.cloud
          .all()
          .filter((o) => /:(Lease|PersistentVolumeClaim)$/.test(o.type) && o.id.includes(gone));
        expect(kept).toHaveLength(2);
      } finally {
        project.remove();
      }
    },
  );
});

describe("a state file that is not whole", () => {
  const killed = (project: Project, stack: string) =>
    killedUp(project, stack, { on: "create", type: "PersistentVolumeClaim", nth: 1, what: "kill-after" });
  const keptIn = (folder: string) => fs.readdirSync(folder).filter((f) => f.includes(".broken-"));

  // What is left of it when a machine goes down, or its disk is full.
  test.each([
    ["is empty", 0],
    ["is cut in half", 0.5],
  ])("%s: it is put back from the one before, and kept", (_what, part) =>
    afterwards("existing-cluster", async (project, stack) => {
      await killed(project, stack);
      project.wholeState(stack);
      const file = project.stateFile(stack);
      const whole = fs.readFileSync(file);
      // As the engine does before it writes.
      fs.copyFileSync(file, `${file}.bak`);
      const broken = whole.subarray(0, whole.length * part);
      fs.writeFileSync(file, broken);
      expect(project.repair(stack, [], false)).toMatchObject({ exit: 10 });
      expect(fs.readFileSync(file)).toEqual(broken);
      settled(project.recover(stack));
      expect(keptIn(path.dirname(file))).toHaveLength(1);
    }),
  );

  // What a killed engine leaves: it begins the attributes anew before it puts the state in its place.
  test("has empty attributes: pulumi reads nothing, with the repair the state itself is believed", () =>
    afterwards("existing-cluster", async (project, stack) => {
      await killed(project, stack);
      const file = project.stateFile(stack);
      const state = fs.readFileSync(file);
      fs.writeFileSync(`${file}.attrs`, "");
      expect((await project.pulumi(["stack", "export", "--stack", stack])).output).toMatch(
        /failed to load checkpoint: EOF/,
      );
      expect(project.repair(stack, [], false)).toMatchObject({ exit: 10 });
      expect(fs.readFileSync(file)).toEqual(state);
      settled(project.recover(stack));
      expect(keptIn(path.dirname(file))).toEqual([expect.stringMatching(/\.attrs\.broken-/)]);
    }));
});

describe("somebody else's object where the killed engine was about to make one", () => {
  const claimOf = (ship: string, holder: string, firstBoot = "never"): CloudObject => {
    const annotations = { "roadstead.dev/first-boot": firstBoot, "roadstead.dev/last-event": "none" };
    const metadata = { name: ship, namespace: "roadstead-registry", annotations };
    const spec = { holderIdentity: holder };
    const inputs = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
    const type = "kubernetes:coordination.k8s.io/v1:Lease";
    return { scope: EXISTING_SERVER, type, id: `roadstead-registry/${ship}`, urn: "", inputs, outs: inputs };
  };

  test("a ship's claim: not adopted, exit 12, and up is refused by it", async () => {
    const project = new Project();
    try {
      const [stack] = await prepare(project, examples["existing-cluster"]);
      await killedUp(project, stack!, { on: "create", type: ":Lease$", nth: 1, what: "kill-before" });
      project.wholeState(stack!);
      const urn = project.pendingCreates(stack!).find((u) => u.includes(":Lease::"))!;
      const ship = examples["existing-cluster"].ships.find((s) => urn.endsWith(`::${s}-claim`))!;
      const theirs = claimOf(ship, "somebody-else/t-0123456789");
      project.cloud.create(theirs, `${EXISTING_SERVER} coordination.k8s.io/v1 Lease roadstead-registry/${ship}`);

      const repair = project.recover(stack!);
      expect(repair.exit).toBe(12);
      expect(repair.steps.find((s) => s.urn === urn)).toMatchObject({
        outcome: "foreign",
        why: "the claim is held by somebody-else/t-0123456789",
      });
      expect(project.resources(stack!).map((r) => r.urn)).not.toContain(urn);
      const refused = await project.up(stack!, ["--continue-on-error"]);
      expect(refused.code).not.toBe(0);
      expect(refused.output).toMatch(/already exists/);
      expect(project.cloud.all().find((o) => o.id === theirs.id)).toEqual(theirs);
      expect(running(project).map((o) => o.id.split("/")[1])).not.toContain(ship);
    } finally {
      project.remove();
    }
  });

  test("a host's claim: not adopted, exit 12, and no host is made", async () => {
    const project = new Project();
    try {
      const [stack] = await prepare(project, examples["vps-aws"]);
      await killedUp(project, stack!, { on: "create", type: "ssm/parameter", nth: 1, what: "kill-before" });
      project.wholeState(stack!);
      const urn = project.pendingCreates(stack!).find((u) => u.includes("ssm/parameter"))!;
      const { inputs } = project.pendingResource(stack!, urn);
      const insecureValue = JSON.stringify({ ...JSON.parse(String(inputs!.insecureValue)), holder: "staging" });
      const type = "aws:ssm/parameter:Parameter";
      const theirs = { ...inputs, insecureValue };
      const id = String(inputs!.name);
      const taken = `${type} ${String(inputs!.region)} ${id}`;
      project.cloud.create({ scope: "aws", type, id, urn: "", inputs: theirs, outs: theirs }, taken);

      const repair = project.recover(stack!);
      expect(repair.exit).toBe(12);
      expect(repair.steps.find((s) => s.urn === urn)).toMatchObject({ outcome: "foreign" });
      expect((await project.up(stack!)).output).toMatch(/already exists/);
      expect(running(project)).toEqual([]);
    } finally {
      project.remove();
    }
  });
});

describe("a repair that something is in the way of", () => {
  const project = new Project();
  let stack: string;
  afterAll(() => project.remove());
  beforeAll(async () => {
    [stack] = (await prepare(project, examples["existing-cluster"])) as [string];
  });

  test("without anything pending there is nothing to do, and nothing is written", async () => {
    expect((await project.up(stack)).code).toBe(0);
    const before = project.checkpoint(stack);
    expect(project.repair(stack)).toMatchObject({ exit: 0, steps: [], backup: null });
    expect(project.checkpoint(stack)).toBe(before);
  });

  test("an update that runs keeps its lock: exit 11, nothing is changed", async () => {
    const before = project.checkpoint(stack);
    const [lock, alive] = project.lockOfRunning(stack);
    try {
      expect(project.repair(stack)).toMatchObject({
        exit: 11,
        output: expect.stringMatching(/another update is running/),
      });
      expect(fs.existsSync(lock)).toBe(true);
      expect(project.checkpoint(stack)).toBe(before);
    } finally {
      alive.kill();
      fs.rmSync(lock);
    }
  });
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
