// Taking a stack down. Nothing goes while there are ships, whichever way it is asked for; then everything in the order in
// which one thing stands on another.
import { outOfOrder } from "./engine/destroy-order";
import { type ExampleName, examples, prepare } from "./engine/examples";
import { Project } from "./engine/project";

describe.each<ExampleName>(["vps-digitalocean", "vps-aws", "existing-cluster", "eks"])("%s", (name) => {
  const project = new Project();
  let stacks: string[] = [];
  let before = 0;
  afterAll(() => project.remove());

  beforeAll(async () => {
    stacks = await prepare(project, examples[name]);
    for (const stack of stacks) await project.must(["up", "--yes", "--skip-preview", "--stack", stack]);
    before = project.cloud.journal().length;
  });

  // After a refusal the engine goes on with what the refused thing does not stand on. What a chart made is known to its chart
  // alone, and the engine does not follow that: monitoring may go, and `up` brings it back.
  test.each([
    ["without a preview, as the Automation API does it,", []],
    ["of all that is not protected", ["--exclude-protected"]],
  ])("destroy %s leaves the ships and all they stand on", async (_how, options) => {
    for (const stack of [...stacks].reverse()) {
      const refused = await project.destroy(stack, ["--skip-preview", ...options]);
      if (options.length > 0) continue;
      expect(refused.code).not.toBe(0);
      expect(refused.output).toMatch(new RegExp(`${stack}-destroy-guard.* cannot be deleted`));
    }
    const taken = project.cloud.journal().slice(before);
    expect(taken.filter((e) => e.op !== "delete" || !e.urn.includes("helm.sh/v4:Chart$"))).toEqual([]);
    before += taken.length;
  });

  test("after an explicit unprotect, everything goes in order", async () => {
    for (const stack of [...stacks].reverse()) {
      await project.must(["state", "unprotect", "--all", "--yes", "--stack", stack]);
      await project.must(["destroy", "--yes", "--skip-preview", "--stack", stack]);
    }
    const taken = project.cloud.journal().slice(before);
    expect(taken.length).toBeGreaterThan(0);
    expect(outOfOrder(taken)).toEqual([]);
  });
});

test("an order that is wrong is seen", () => {
  const entry = (type: string) => ({ op: "delete" as const, scope: "aws", type, id: "x", urn: "" });
  expect(outOfOrder([entry("aws:eks/nodeGroup:NodeGroup"), entry("kubernetes:apps/v1:StatefulSet")])).toEqual([
    "a StatefulSet went after a NodeGroup",
  ]);
});
