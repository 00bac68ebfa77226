// What `doctor --repair` plans and whom it believes, on states that real engines left when they were killed.
import * as fs from "node:fs";
import * as path from "node:path";
import { knownId, NAMED } from "../../cli/doctor/repair/identity";
import {
  type Outcome,
  planRepair,
  type RepairPlan,
  settle,
  stagedState,
  type Words,
} from "../../cli/doctor/repair/plan";
import { pendingOf, resourcesOf, type StackState, type StateResource } from "../../cli/doctor/repair/state";
import { lease, pendingUrn, STATES, stateOf } from "./doctor-states/states";

const NO_WORDS: Words = { forget: [], found: {} };

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

  /** The state without what vouches for a tenant's namespace, whose creation was cut off. */
  function namespaceAlone(): { state: StackState; urn: string; id: string } {
    const state = stateOf("killed-at-claim");
    const namespace = resourcesOf(state).find((r) => r.type.endsWith(":Namespace") && r.id !== "roadstead-registry")!;
    const { urn, id } = namespace;
    state.deployment = {
      resources: resourcesOf(state)
        .filter((r) => r.urn !== urn && !lease(r))
        .map((r) => ({ ...r, dependencies: [] })),
      pending_operations: [{ type: "creating", resource: { ...namespace, id: undefined, outputs: undefined } }],
    };
    return { state, urn, id: id! };
  }

  test("a namespace of a release that named no holder takes a person's word, which is not enough against another's label", () => {
    const { state, urn, id } = namespaceAlone();
    const word = { forget: [], found: { [urn]: id } };
    const relabelled = (r: StateResource) => ({
      ...r.inputs!,
      metadata: { name: id, labels: { "roadstead.dev/tenant": "t-1" } },
    });
    expect(outcomesOf(state).outcomes).toMatchObject([{ outcome: "unsettled" }]);
    expect(outcomesOf(state, undefined, word).outcomes).toMatchObject([{ outcome: "taken over" }]);
    expect(outcomesOf(state, relabelled, word).outcomes).toMatchObject([{ outcome: "foreign" }]);
  });

  test.each<[string, string | undefined, string]>([
    ["this stack", "prod", "taken over"],
    ["another stack", "staging", "foreign"],
    ["another stack whose name begins alike", "prod-c2", "foreign"],
    ["nobody", undefined, "unsettled"],
  ])("a namespace that says that %s made it, whatever a person says", (_who, holder, outcome) => {
    const { state, urn, id } = namespaceAlone();
    const wanted = pendingOf(state)[0]!.resource.inputs!.metadata as { annotations?: Record<string, string> };
    wanted.annotations = { "roadstead.dev/stack": "prod" };
    const there = (r: StateResource) => {
      const metadata = structuredClone(r.inputs!.metadata) as { annotations?: Record<string, string> };
      metadata.annotations = holder === undefined ? {} : { "roadstead.dev/stack": holder };
      return { ...r.inputs!, metadata };
    };
    expect(outcomesOf(state, there).outcomes).toMatchObject([{ outcome }]);
    const said = outcomesOf(state, there, { forget: [], found: { [urn]: id } }).outcomes;
    expect(said).toMatchObject([{ outcome: outcome === "unsettled" ? "taken over" : outcome }]);
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
