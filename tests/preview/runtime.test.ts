import * as pulumi from "@pulumi/pulumi";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { runProgram } from "../../preview/runtime";

const where = { project: "roadstead", stack: "test" };
const CANARY = "canary-value-that-must-not-show";

class Group extends pulumi.ComponentResource {
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("test:index:Group", name, {}, opts);
    const first = new RandomPassword(
      `${name}-first`,
      { length: 8 },
      { parent: this, protect: true, retainOnDelete: true },
    );
    new RandomPassword(
      `${name}-second`,
      { length: 9, keepers: { key: pulumi.secret(CANARY), waits: first.result } },
      { parent: this, ignoreChanges: ["length"], deleteBeforeReplace: true, dependsOn: [first] },
    );
    this.registerOutputs({});
  }
}

describe("a program under the mock runtime", () => {
  test("is recorded with parents, options and what waits for what", async () => {
    const { resources } = await runProgram(where, () => void new Group("g"));
    const second = resources.find((r) => r.name === "g-second")!;
    expect(second.urn).toBe(
      "urn:pulumi:test::roadstead::test:index:Group$random:index/randomPassword:RandomPassword::g-second",
    );
    expect(second.parent).toBe("urn:pulumi:test::roadstead::test:index:Group::g");
    expect(second.options).toEqual({ deleteBeforeReplace: true, ignoreChanges: ["length"] });
    expect(second.dependsOn).toEqual([resources.find((r) => r.name === "g-first")!.urn]);
    expect(resources.find((r) => r.name === "g-first")!.options).toEqual({ protect: true, retainOnDelete: true });
  });

  test("shows no secret and does not invent what is known after deployment", async () => {
    const run = await runProgram(where, () => void new Group("g"));
    expect(run.resources.find((r) => r.name === "g-second")!.inputs.keepers).toEqual({ key: "[secret]", waits: null });
    expect(JSON.stringify(run)).not.toContain(CANARY);
  });

  test("that fails rejects, and leaves nothing behind for the next one", async () => {
    const failing = runProgram(where, () => {
      new Group("left-over");
      throw new Error("refused on purpose");
    });
    const next = runProgram(where, () => void new Group("g"));
    await expect(failing).rejects.toThrow("refused on purpose");
    expect((await next).resources.map((r) => r.name)).not.toContain("left-over");
  });

  test("leaves what the provider would answer open, down to what is made of it", async () => {
    const run = await runProgram(where, () => {
      const account = getCallerIdentityOutput({}).accountId;
      new RandomPassword("p", { length: 8, keepers: { arn: pulumi.interpolate`arn:aws:iam::${account}:root` } });
    });
    expect(run.resources.find((r) => r.name === "p")!.inputs.keepers).toEqual({ arn: null });
    expect(run.lookups).toEqual(["aws:index/getCallerIdentity:getCallerIdentity"]);
  });

  test("that asks what nobody listed fails, since its answer would look known", async () => {
    const asks = () => void pulumi.runtime.invokeOutput("aws:index/getUnheardOf:getUnheardOf", {}).apply((x) => x);
    await expect(runProgram(where, asks)).rejects.toThrow("does not know what it answers");
  });

  test("may not declare the same resource twice", async () => {
    const twice = () => {
      new RandomPassword("p", { length: 8 });
      new RandomPassword("p", { length: 8 });
    };
    await expect(runProgram(where, twice)).rejects.toThrow("the same URN");
  });

  test("warns into the result, not onto the screen", async () => {
    const shown = jest.spyOn(console, "warn").mockImplementation(() => undefined);
    const run = await runProgram(where, () => void pulumi.log.warn("mind the gap"));
    expect(run.warnings).toEqual(["mind the gap"]);
    expect(shown).not.toHaveBeenCalled();
    shown.mockRestore();
  });
});
