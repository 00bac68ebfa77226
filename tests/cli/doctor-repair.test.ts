// `doctor --repair`, on states that real engines left when they were killed (tests/engine/faults.test.ts makes such).
import * as fs from "node:fs";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import type { Probe } from "../../cli/doctor/probe";
import { repairCommand, type RepairOptions } from "../../cli/doctor/repair";
import { knownId, NAMED } from "../../cli/doctor/repair/identity";
import {
  type Outcome,
  planRepair,
  type RepairPlan,
  settle,
  stagedState,
  type Words,
} from "../../cli/doctor/repair/plan";
import type { Answer, Pulumi } from "../../cli/doctor/repair/pulumi";
import { parseState, pendingOf, resourcesOf, type StackState, type StateResource } from "../../cli/doctor/repair/state";
import { Stop } from "../../cli/exit";
import { fakeIo, filesIn, roadstead, workspace } from "./fake-io";

const STATES = ["killed-at-claim", "killed-at-workload", "killed-on-aws", "killed-on-digitalocean"] as const;
const textOf = (name: (typeof STATES)[number]): string =>
  fs.readFileSync(path.join(__dirname, "doctor-states", `${name}.json`), "utf8");
const stateOf = (name: (typeof STATES)[number]): StackState => parseState(textOf(name), name);

const NO_WORDS: Words = { forget: [], found: {} };
const pendingUrn = (state: StackState, part: string): string =>
  pendingOf(state).find((p) => p.resource.urn.includes(part))!.resource.urn;

/** The refresh of a provider that has what was wanted, changed by `there`; null: it is not there. */
function refreshed(
  state: StackState,
  plan: RepairPlan,
  there: (r: StateResource) => Record<string, unknown> | null = (r) => r.inputs!,
): StackState {
  const staged = stagedState(state, plan);
  const resources = resourcesOf(staged).flatMap((r) => {
    if (!plan.steps.some((s) => s.action === "ask" && s.urn === r.urn)) return [r];
    const outputs = there(r);
    return outputs === null ? [] : [{ ...r, inputs: outputs, outputs }];
  });
  return { ...staged, deployment: { ...staged.deployment, resources } };
}

function outcomesOf(
  state: StackState,
  there?: (r: StateResource) => Record<string, unknown> | null,
  words: Words = NO_WORDS,
): { outcomes: Outcome[]; state: StackState; by: (part: string) => Outcome } {
  const plan = planRepair(state, words);
  const done = settle(refreshed(state, plan, there), plan, state, "prod");
  return { ...done, by: (part) => done.outcomes.find((o) => o.urn.includes(part))! };
}

interface Claim {
  metadata: { annotations: Record<string, string> };
  spec: { holderIdentity: string };
}
const lease = (r: StateResource): boolean => r.type.endsWith(":Lease");

describe("what is planned", () => {
  test.each(STATES)("%s: every pending operation has one step, and nothing is changed by planning", (name) => {
    const state = stateOf(name);
    const plan = planRepair(state, NO_WORDS);
    expect(plan.steps.map((s) => s.urn).sort()).toEqual(
      pendingOf(state)
        .map((p) => p.resource.urn)
        .sort(),
    );
    expect(state).toEqual(stateOf(name));
  });

  test("objects with a name of their own are asked for by it, on AWS in their region", () => {
    const asked = (name: (typeof STATES)[number]) =>
      planRepair(stateOf(name), NO_WORDS)
        .steps.filter((s) => s.action === "ask")
        .map((s) => s.id);
    expect(asked("killed-at-claim")).toContain("roadstead-registry/sampel-palnet");
    expect(asked("killed-at-workload")).toEqual(["t-3d8edf6221/wicdev-wisryt"]);
    expect(asked("killed-on-aws")).toEqual(["/roadstead/claims/sampel-palnet@us-west-2"]);
  });

  test("objects whose id the provider makes up are left to a person, with the command that looks for them", () => {
    const look = (name: (typeof STATES)[number]) =>
      planRepair(stateOf(name), NO_WORDS).steps.filter((s) => s.action === "look");
    expect(look("killed-on-aws")).toMatchObject([
      {
        type: "aws:ec2/vpc:Vpc",
        search:
          "aws resourcegroupstaggingapi get-resources --region us-west-2 --tag-filters 'Key=Name,Values=prod-hosts-vpc' " +
          "'Key=roadstead:environment,Values=prod' 'Key=roadstead:stack,Values=prod'",
      },
    ]);
    expect(look("killed-on-digitalocean").map((s) => s.search)).toEqual([
      "doctl compute ssh-key list",
      "doctl compute volume list --format ID,Name,Region,Tags",
    ]);
  });

  test("what is staged is owned by nobody, has no outputs, stays pending, and keeps its secrets encrypted", () => {
    const state = stateOf("killed-at-workload");
    const staged = stagedState(state, planRepair(state, NO_WORDS));
    const before = new Set(resourcesOf(state).map((r) => r.urn));
    const added = resourcesOf(staged).filter((r) => !before.has(r.urn));
    expect(added).toMatchObject([{ id: "t-3d8edf6221/wicdev-wisryt", outputs: {}, external: true }]);
    expect(resourcesOf(staged).filter((r) => before.has(r.urn))).toEqual(resourcesOf(state));
    expect(pendingOf(staged)).toEqual(pendingOf(state));
    // A repair that is itself cut off here plans and stages the same again.
    expect(stagedState(staged, planRepair(staged, NO_WORDS))).toEqual(staged);
  });

  test("a type nobody knows is left to a person, one that exists in the state only is dropped", () => {
    const state = stateOf("killed-on-aws");
    const [first, second] = pendingOf(state);
    first!.resource.type = "aws:unheard/of:Thing";
    second!.resource.type = "random:index/randomPassword:RandomPassword";
    expect(planRepair(state, NO_WORDS).steps.map((s) => s.action)).toEqual(["look", "drop"]);
  });

  test("what stands on something the state does not have is not put into it", () => {
    const state = stateOf("killed-at-claim");
    const urn = pendingUrn(state, ":Lease::");
    const { parent } = pendingOf(state).find((p) => p.resource.urn === urn)!.resource;
    state.deployment.resources = resourcesOf(state).filter((r) => r.urn !== parent);
    expect(planRepair(state, NO_WORDS).steps.find((s) => s.urn === urn)).toMatchObject({ action: "look" });
  });

  test("what a later update made is forgotten where it can be there once only, and looked for where it can be twice", () => {
    const aws = stateOf("killed-on-aws");
    for (const { resource } of pendingOf(aws)) resourcesOf(aws).push({ ...resource, id: "there", outputs: {} });
    const by = Object.fromEntries(planRepair(aws, NO_WORDS).steps.map((s) => [s.type, s.action]));
    expect(by).toEqual({ "aws:ssm/parameter:Parameter": "drop", "aws:ec2/vpc:Vpc": "look" });
  });

  test("an update or deletion that was cut off is the provider's to tell", () => {
    const state = stateOf("killed-on-aws");
    const there = resourcesOf(state).find((r) => r.type === "pulumi:providers:aws")!;
    const gone = { ...there, urn: `${there.urn}-gone` };
    state.deployment.pending_operations = [
      { type: "updating", resource: there },
      { type: "deleting", resource: gone },
    ];
    const plan = planRepair(state, NO_WORDS);
    expect(plan.steps.map((s) => s.action)).toEqual(["refresh", "drop"]);
    expect(plan.targets).toEqual([there.urn]);
  });

  test("a word about something that is not pending is refused with what is", () => {
    const state = stateOf("killed-on-aws");
    const refused = (words: Words) => () => planRepair(state, words);
    expect(refused({ forget: ["urn:of:nothing"], found: {} })).toThrow(
      /not a pending creation: urn:of:nothing.*prod-hosts-vpc/s,
    );
    const urn = pendingUrn(state, ":Vpc::");
    expect(refused({ forget: [urn], found: { [urn]: "vpc-1" } })).toThrow(/both found and forgotten/);
  });

  test("each documented id says where, and is filled from inputs the type has", () => {
    for (const [type, { id, source }] of Object.entries(NAMED)) {
      expect(source).toMatch(/Import/);
      const inputs = Object.fromEntries([...id.matchAll(/[{|](\w+)/g)].map(([, name]) => [name!, `the-${name!}`]));
      expect(knownId({ urn: "u", type, inputs })).toMatch(/the-/);
      expect(knownId({ urn: "u", type, inputs: {} })).toBeNull();
      const file = `node_modules/@pulumi/${type.split(":")[0]!}/${type.split(":")[1]!.replace(/^index\//, "")}.d.ts`;
      const declared = fs.readFileSync(path.join(__dirname, "../..", file), "utf8");
      for (const name of Object.keys(inputs)) expect(declared).toMatch(new RegExp(`\\b${name}\\??: pulumi\\.Input`));
    }
  });
});

describe("whose it is", () => {
  test("a claim this stack holds is taken over with everything the engine would have kept, and nothing is pending", () => {
    const before = stateOf("killed-at-claim");
    const { state, outcomes } = outcomesOf(before);
    expect(outcomes.map((o) => o.outcome)).toEqual(outcomes.map(() => "taken over"));
    const taken = resourcesOf(state).filter((r) => lease(r) && r.id === "roadstead-registry/sampel-palnet");
    expect(taken).toMatchObject([{ protect: true, retainOnDelete: true, external: false }]);
    expect(pendingOf(state)).toEqual([]);
  });

  test.each<[string, (claim: Claim) => void, RegExp]>([
    ["another stack's holder", (c) => (c.spec.holderIdentity = "staging/t-3d8edf6221"), /held by staging/],
    ["another tenant's holder", (c) => (c.spec.holderIdentity = "prod/t-0000000000"), /held by prod\/t-0000000000/],
    [
      "a first boot that was",
      (c) => (c.metadata.annotations["roadstead.dev/first-boot"] = "done"),
      /first boot is done/,
    ],
    ["no record of a first boot", (c) => (c.metadata.annotations = {}), /first boot is undefined/],
  ])("a claim with %s is another's: not in the state, not pending", (_what, change, why) => {
    const before = stateOf("killed-at-claim");
    const { state, by } = outcomesOf(before, (r) => {
      const there = structuredClone(r.inputs!);
      if (lease(r)) change(there as unknown as Claim);
      return there;
    });
    expect(by(":Lease::")).toMatchObject({ outcome: "foreign", why: expect.stringMatching(why) });
    expect(resourcesOf(state).filter((r) => r.urn === by(":Lease::").urn)).toEqual([]);
    expect(pendingOf(state).map((p) => p.resource.urn)).not.toContain(by(":Lease::").urn);
  });

  test("a claim that names no holder is not taken over: unknown is not yes", () => {
    const { state, by } = outcomesOf(stateOf("killed-at-claim"), (r) =>
      lease(r) ? { ...r.inputs!, spec: {} } : r.inputs!,
    );
    expect(by(":Lease::").outcome).toBe("unsettled");
    expect(resourcesOf(state).filter((r) => r.urn === by(":Lease::").urn)).toEqual([]);
    expect(pendingOf(state).map((p) => p.resource.urn)).toEqual([by(":Lease::").urn]);
  });

  test("a ship's workload is taken over on the word of its claim", () => {
    expect(outcomesOf(stateOf("killed-at-workload")).outcomes).toMatchObject([
      { outcome: "taken over", why: "the claim of wicdev-wisryt is held by prod/t-3d8edf6221" },
    ]);
  });

  test.each<[string, (state: StackState) => void, string]>([
    ["without its claim", (s) => (s.deployment.resources = resourcesOf(s).filter((r) => !lease(r))), "unsettled"],
    [
      "with a claim that is only looked at",
      (s) =>
        resourcesOf(s)
          .filter(lease)
          .forEach((r) => (r.external = true)),
      "unsettled",
    ],
    [
      "with a claim of somebody else",
      (s) =>
        resourcesOf(s)
          .filter(lease)
          .forEach((r) => ((r.outputs as { spec: { holderIdentity: string } }).spec.holderIdentity = "dev/x")),
      "foreign",
    ],
  ])("a ship's workload %s is not", (_what, change, outcome) => {
    const state = stateOf("killed-at-workload");
    change(state);
    const settled = outcomesOf(state);
    expect(settled.outcomes).toMatchObject([{ outcome }]);
    expect(
      resourcesOf(settled.state).filter((r) => r.type.endsWith(":StatefulSet") && r.urn === settled.outcomes[0]!.urn),
    ).toEqual([]);
  });

  test("a workload of another customer under the same name is another's", () => {
    const { outcomes } = outcomesOf(stateOf("killed-at-workload"), (r) => {
      const there = structuredClone(r.inputs!) as { metadata: { labels: Record<string, string> } };
      there.metadata.labels["roadstead.dev/tenant"] = "t-0000000000";
      return there;
    });
    expect(outcomes).toMatchObject([{ outcome: "foreign" }]);
  });

  test("a namespace carries no holder: it takes a person's word, and their word is not enough against another's label", () => {
    const state = stateOf("killed-at-claim");
    const namespace = resourcesOf(state).find((r) => r.type.endsWith(":Namespace") && r.id !== "roadstead-registry")!;
    const { urn, id } = namespace;
    state.deployment = {
      resources: resourcesOf(state)
        .filter((r) => r.urn !== urn && !lease(r))
        .map((r) => ({ ...r, dependencies: [] })),
      pending_operations: [{ type: "creating", resource: { ...namespace, id: undefined, outputs: undefined } }],
    };
    const word = { forget: [], found: { [urn]: id! } };
    const relabelled = (r: StateResource) => ({
      ...r.inputs!,
      metadata: { name: id, labels: { "roadstead.dev/tenant": "t-1" } },
    });
    expect(outcomesOf(state).outcomes).toMatchObject([{ outcome: "unsettled" }]);
    expect(outcomesOf(state, undefined, word).outcomes).toMatchObject([{ outcome: "taken over" }]);
    expect(outcomesOf(state, relabelled, word).outcomes).toMatchObject([{ outcome: "foreign" }]);
  });

  const parameter =
    (change: object, more: object = {}) =>
    (r: StateResource) => {
      const claim = JSON.parse(String(r.inputs!.insecureValue)) as object;
      return r.type.includes("ssm")
        ? { ...r.inputs!, insecureValue: JSON.stringify({ ...claim, ...change }), ...more }
        : null;
    };
  test.each<[string, (r: StateResource) => Record<string, unknown> | null, string]>([
    ["this stack's", parameter({}), "taken over"],
    ["another stack's", parameter({ holder: "staging" }), "foreign"],
    ["another host's", parameter({ host: "elsewhere" }), "foreign"],
    ["one with other tags", parameter({}, { tags: { "roadstead:stack": "staging" } }), "foreign"],
    [
      "one whose tags and value cannot be read",
      (r) => (r.type.includes("ssm") ? { name: r.inputs!.name } : null),
      "unsettled",
    ],
    ["none", () => null, "not there"],
  ])("a host's claim on AWS: %s", (_what, there, outcome) => {
    const read = (r: StateResource) => (r.type.includes("ssm") ? there(r) : null);
    expect(outcomesOf(stateOf("killed-on-aws"), read).by("ssm/parameter").outcome).toBe(outcome);
  });

  test.each<[string, object, string]>([
    ["with its name and tags", {}, "taken over"],
    ["held by another stack", { description: "Pier and claim of sampel-palnet, held by staging" }, "foreign"],
    ["with another stack's tags", { tags: ["roadstead:stack:staging"] }, "foreign"],
    ["of another ship", { name: "wicdev-wisryt" }, "foreign"],
  ])("a volume at DigitalOcean that a person found, %s", (_what, change, outcome) => {
    const state = stateOf("killed-on-digitalocean");
    const urn = pendingUrn(state, "volume:Volume");
    const word = { forget: [], found: { [urn]: "506f78a4" } };
    const { by, state: after } = outcomesOf(state, (r) => ({ ...r.inputs!, ...change }), word);
    expect(by("volume:Volume").outcome).toBe(outcome);
    expect(resourcesOf(after).some((r) => r.urn === urn)).toBe(outcome === "taken over");
    // The one nobody spoke of is still pending.
    expect(pendingOf(after).map((p) => p.resource.type)).toEqual(["digitalocean:index/sshKey:SshKey"]);
  });
});

/** A backend in memory: what `pulumi` is asked, and the state it keeps. */
function backend(state: StackState | string, there?: (r: StateResource) => Record<string, unknown> | null) {
  const calls: string[] = [];
  const kept = { text: typeof state === "string" ? state : JSON.stringify(state) };
  const answer = (stdout: string, code = 0, stderr = ""): Answer => ({ code, stdout, stderr });
  const pulumi: Pulumi = (args) => {
    calls.push(args.slice(0, args[0] === "stack" ? 2 : 1).join(" "));
    if (args[0] === "stack" && args[1] === "export") return Promise.resolve(answer(kept.text));
    if (args[0] === "stack" && args[1] === "import") {
      const { version, deployment } = JSON.parse(fs.readFileSync(args[args.length - 1]!, "utf8")) as StackState;
      // As pulumi does: "removing pending operation … from snapshot".
      kept.text = JSON.stringify({ version, deployment: { ...deployment, pending_operations: undefined } });
    }
    if (args[0] === "refresh") {
      const staged = JSON.parse(kept.text) as StackState;
      const asked = new Set(args.flatMap((a, i) => (args[i - 1] === "--target" ? [a] : [])));
      const resources = resourcesOf(staged).flatMap((r) => {
        const outputs = asked.has(r.urn) ? (there ?? ((x: StateResource) => x.inputs!))(r) : r.outputs!;
        return outputs === null ? [] : [asked.has(r.urn) ? { ...r, outputs } : r];
      });
      kept.text = JSON.stringify({ ...staged, deployment: { ...staged.deployment, resources } });
    }
    return Promise.resolve(answer(""));
  };
  return { calls, kept, pulumi };
}

describe("the command", () => {
  const project = (backendUrl: string) =>
    workspace({
      "Pulumi.yaml": `name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\nbackend: { url: "${backendUrl}" }\n`,
      "stacks/Pulumi.prod.yaml": "config: {}\n",
    });
  const probe: Probe = {
    run: () => "v3.250.0",
    exists: () => false,
    read: () => null,
    home: "/nonexistent",
    nodeVersion: "v20.0.0",
  };
  const run = async (dir: string, options: RepairOptions, pulumi: Pulumi) => {
    const io = fakeIo(dir);
    try {
      return { code: (await repairCommand("prod", options, io, probe, pulumi)) as number, out: io.stdout };
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      return { code: error.exit as number, out: error.message };
    }
  };

  test("shows what it would do, changes nothing, and its last line is the command that does it", async () => {
    const dir = project("s3://somewhere");
    const before = filesIn(dir);
    const { calls, kept, pulumi } = backend(stateOf("killed-at-claim"));
    const text = kept.text;
    const { code, out } = await run(dir, {}, pulumi);
    expect(code).toBe(10);
    expect(out).toMatch(/sampel-palnet-claim/);
    expect(out.trim().split("\n").pop()!.trim()).toBe("roadstead doctor prod --repair --yes");
    expect(calls).toEqual(["stack export"]);
    expect([kept.text, filesIn(dir)]).toEqual([text, before]);
  });

  test("--yes backs up first, stages, asks, settles; then up", async () => {
    const dir = project("s3://somewhere");
    const { calls, kept, pulumi } = backend(stateOf("killed-at-claim"));
    const text = kept.text;
    const { code, out } = await run(dir, { yes: true }, pulumi);
    expect(code).toBe(0);
    expect(calls).toEqual(["stack export", "stack import", "refresh", "stack export", "stack import"]);
    expect(out.trim().split("\n").pop()!.trim()).toBe("pulumi up --stack prod --policy-pack policies");
    const backup = Object.entries(filesIn(dir)).filter(([f]) => f.startsWith(".roadstead/"));
    expect(backup.map(([, content]) => JSON.parse(content) as unknown)).toEqual([JSON.parse(text)]);
    expect(fs.statSync(path.join(dir, backup[0]![0])).mode & 0o077).toBe(0);
    expect(out).toContain(backup[0]![0]);
    expect(pendingOf(JSON.parse(kept.text) as StackState)).toEqual([]);
    const again = await run(dir, { yes: true }, pulumi);
    expect([again.code, again.out]).toEqual([0, expect.stringContaining("Nothing to repair in prod.")]);
  });

  test("another's claim ends in exit 12 with the command that shows it, and is not in the state", async () => {
    const dir = project("s3://somewhere");
    const { kept, pulumi } = backend(stateOf("killed-at-claim"), (r) =>
      lease(r) ? { ...r.inputs!, spec: { holderIdentity: "dev/t-1" } } : r.inputs!,
    );
    const { code, out } = await run(dir, { yes: true }, pulumi);
    expect(code).toBe(12);
    expect(out).toContain("kubectl -n roadstead-registry get lease.coordination.k8s.io sampel-palnet -o yaml");
    expect(kept.text).not.toContain("dev/t-1");
  });

  test("what only a person can find ends in exit 5 with the words to give, and nothing is changed before", async () => {
    const dir = project("s3://somewhere");
    const { calls, kept, pulumi } = backend(stateOf("killed-on-digitalocean"));
    const { code, out } = await run(dir, { yes: true }, pulumi);
    expect([code, calls]).toEqual([5, ["stack export"]]);
    expect(out).toMatch(/--repair --yes --found 'urn:[^']*=ID' --found 'urn:[^']*=ID'\s*$/);
    expect(pendingOf(JSON.parse(kept.text) as StackState)).toHaveLength(2);
  });

  test("what turns out to carry no holder is remembered, though the backend forgets it, until a word is given", async () => {
    const dir = project("s3://somewhere");
    const { kept, pulumi } = backend(stateOf("killed-at-claim"), (r) =>
      lease(r) ? { ...r.inputs!, spec: {} } : r.inputs!,
    );
    expect((await run(dir, { yes: true }, pulumi)).code).toBe(5);
    expect(kept.text).not.toContain("pending_operations");
    const urn = pendingUrn(stateOf("killed-at-claim"), ":Lease::");
    expect(await run(dir, {}, pulumi)).toMatchObject({ code: 10, out: expect.stringContaining("sampel-palnet-claim") });
    expect((await run(dir, { yes: true, forget: [urn] }, pulumi)).code).toBe(0);
    expect((await run(dir, {}, pulumi)).out).toContain("Nothing to repair");
  });

  test("a refresh that fails settles nothing, leaves nothing owned, and the same command goes on from there", async () => {
    const dir = project("s3://somewhere");
    const { kept, pulumi } = backend(stateOf("killed-at-claim"));
    const failing: Pulumi = (args, limit) =>
      args[0] === "refresh"
        ? Promise.resolve({ code: 1, stdout: "error: no route to the cluster", stderr: "" })
        : pulumi(args, limit);
    const failed = await run(dir, { yes: true }, failing);
    expect(failed).toMatchObject({ code: 1, out: expect.stringContaining("no route to the cluster") });
    const left = resourcesOf(JSON.parse(kept.text) as StackState).filter(
      (r) => lease(r) && r.outputs?.spec === undefined,
    );
    expect(left).toMatchObject([{ external: true }]);
    const again = await run(dir, { yes: true }, pulumi);
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/sampel-palnet-claim .*taken over/) });
    expect((await run(dir, {}, pulumi)).code).toBe(0);
  });

  test.each<[string, Answer, number]>([
    ["logged out", { code: 3, stdout: "", stderr: "error: PULUMI_ACCESS_TOKEN must be set" }, 13],
    ["without the passphrase", { code: 1, stdout: "", stderr: "error: passphrase must be set" }, 13],
    ["locked by another", { code: 1, stdout: "", stderr: "error: the stack is currently locked by 1 lock(s)" }, 11],
    ["unknown to the backend", { code: 6, stdout: "", stderr: "error: no stack named 'prod' found" }, 2],
    ["failing", { code: 1, stdout: "", stderr: "error: something else" }, 1],
    ["answering with garbage", { code: 0, stdout: "}{", stderr: "" }, 2],
    ["answering with another version", { code: 0, stdout: '{"version":9,"deployment":{}}', stderr: "" }, 2],
    [
      "answering without resources' types",
      { code: 0, stdout: '{"version":3,"deployment":{"resources":[{}]}}', stderr: "" },
      2,
    ],
    ["with a stack nothing was made in", { code: 0, stdout: '{"version":3,"deployment":{}}', stderr: "" }, 0],
  ])("pulumi %s", async (_what, answer, exit) => {
    const { code, out } = await run(project("s3://somewhere"), { yes: true }, () => Promise.resolve(answer));
    expect(code).toBe(exit);
    expect(out).not.toBe("");
  });

  test("no pulumi, no such stack, a word that is none, or its options without --repair: exit 2", async () => {
    const dir = project("s3://somewhere");
    const { pulumi } = backend(stateOf("killed-at-claim"));
    const io = fakeIo(dir);
    await expect(repairCommand("prod", {}, io, { ...probe, run: () => null }, pulumi)).rejects.toThrow(
      /not on the PATH/,
    );
    await expect(repairCommand("dev", {}, io, probe, pulumi)).rejects.toThrow(/stacks here: prod/);
    expect(await run(dir, { found: ["vpc-1"] }, pulumi)).toMatchObject({
      code: 2,
      out: expect.stringContaining("URN=ID"),
    });
    expect(await roadstead(dir, ["doctor", "prod", "--yes"])).toMatchObject({ code: 2 });
  });

  describe("on a file backend", () => {
    const checkpoint = (state: StackState) =>
      JSON.stringify({ version: 3, checkpoint: { stack: "prod", latest: state.deployment } });
    const withState = (content: string | Buffer, before: string | Buffer | null, ending = "json") => {
      const dir = project("file://state");
      const place = path.join(dir, "state/.pulumi/stacks/roadstead");
      fs.mkdirSync(place, { recursive: true });
      const file = path.join(place, `prod.${ending}`);
      fs.writeFileSync(file, content);
      if (before !== null) fs.writeFileSync(`${file}.bak`, before);
      return { dir, file, place };
    };
    const whole = checkpoint(stateOf("killed-at-claim"));

    test.each<[string, string | Buffer, string | Buffer, string]>([
      ["empty", "", whole, "json"],
      ["half written", whole.slice(0, 900), whole, "json"],
      ["half written and packed", gzipSync(whole).subarray(0, 500), gzipSync(whole), "json.gz"],
    ])(
      "an %s state file: shown, then put back from the one before; both stay",
      async (_what, broken, before, ending) => {
        const { dir, file, place } = withState(broken, before, ending);
        const { pulumi } = backend(stateOf("killed-at-claim"));
        const shown = await run(dir, {}, pulumi);
        expect(shown).toMatchObject({ code: 10, out: expect.stringContaining("the state") });
        expect(fs.readFileSync(file)).toEqual(Buffer.from(broken));
        expect((await run(dir, { yes: true }, pulumi)).code).toBe(0);
        expect(fs.readFileSync(file)).toEqual(Buffer.from(before));
        expect(fs.readFileSync(`${file}.bak`)).toEqual(Buffer.from(before));
        const aside = fs.readdirSync(place).filter((f) => f.includes(".broken-"));
        expect(aside.map((f) => fs.readFileSync(path.join(place, f)))).toEqual([Buffer.from(broken)]);
      },
    );

    test("empty attributes beside a whole state: shown, then set aside; the state is as it was", async () => {
      const { dir, file } = withState(whole, null);
      fs.writeFileSync(`${file}.attrs`, "");
      const { pulumi } = backend(stateOf("killed-at-claim"));
      expect(await run(dir, {}, pulumi)).toMatchObject({
        code: 10,
        out: expect.stringContaining(".attrs is not whole"),
      });
      expect(fs.existsSync(`${file}.attrs`)).toBe(true);
      expect((await run(dir, { yes: true }, pulumi)).code).toBe(0);
      expect(fs.existsSync(`${file}.attrs`)).toBe(false);
      expect(fs.readFileSync(file, "utf8")).toBe(whole);
    });

    test.each([
      ["no state before it", null],
      ["a state before it that is broken, too", '{"version":3,"chec'],
    ])("an empty state file with %s: nothing is changed, and older states are named", async (_what, before) => {
      const { dir } = withState("", before);
      const files = filesIn(dir);
      const { code, out } = await run(dir, { yes: true }, backend("").pulumi);
      expect([code, out]).toEqual([2, expect.stringContaining("backups")]);
      expect(filesIn(dir)).toEqual(files);
    });

    const locked = (content: object) => {
      const made = withState(whole, null);
      const lock = path.join(made.dir, "state/.pulumi/locks/organization/roadstead/prod/1.json");
      fs.mkdirSync(path.dirname(lock), { recursive: true });
      fs.writeFileSync(lock, JSON.stringify({ username: "me", timestamp: "2026-11-21T00:00:00Z", ...content }));
      return made.dir;
    };
    // Above what Linux gives out: nobody has it.
    const GONE = 2 ** 22 + 1;
    const here = jest.requireActual<{ hostname(): string }>("node:os").hostname();

    test("the lock of a process that is no more is lifted, and that is said", async () => {
      const { calls, pulumi } = backend(stateOf("killed-at-claim"));
      const { code, out } = await run(locked({ pid: GONE, hostname: here }), { yes: true }, pulumi);
      expect([code, calls[0]]).toEqual([0, "cancel"]);
      expect(out).toMatch(/lifts the lock of me@/);
    });

    test("a lock from another machine is lifted only when told so", async () => {
      const dir = locked({ pid: GONE, hostname: "elsewhere" });
      const { calls, pulumi } = backend(stateOf("killed-at-claim"));
      expect(await run(dir, { yes: true }, pulumi)).toMatchObject({
        code: 11,
        out: expect.stringContaining("--lift-lock"),
      });
      expect(calls).toEqual([]);
      expect((await run(dir, { yes: true, liftLock: true }, pulumi)).code).toBe(0);
      expect(calls[0]).toBe("cancel");
    });
  });
});
