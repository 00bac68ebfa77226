import * as fs from "node:fs";
import * as path from "node:path";
import { initCommand } from "../../cli/init";
import type { Stop } from "../../cli/exit";
import { loadRequirements } from "../../planner";
import { CANCELLED, type Cancelled, type Prompter, QUESTIONS } from "../../cli/wizard/questions";
import { fakeIo, filesIn, roadstead, workspace } from "./fake-io";

type Reply = string | string[] | Cancelled;

/** Answers in order; running out of them is a test's fault. Every question asked is kept. */
function scripted(replies: Reply[]): Prompter & { asked: string[]; refused: string[] } {
  const next = (message: string): Reply => {
    prompter.asked.push(message);
    if (replies.length === 0) throw new Error(`no reply left for: ${message}`);
    return replies.shift()!;
  };
  const prompter = {
    asked: [] as string[],
    refused: [] as string[],
    intro: () => undefined,
    outro: () => undefined,
    select: async <T extends string>(message: string, choices: { value: T }[]) => {
      const reply = next(message);
      if (reply !== CANCELLED && !choices.some((c) => c.value === reply))
        throw new Error(`${message}: no choice ${String(reply)}`);
      return reply as T | Cancelled;
    },
    multiselect: async <T extends string>(message: string) => next(message) as T[] | Cancelled,
    text: async (message: string, _initial: string, check: (v: string) => string | undefined) => {
      let reply = next(message);
      while (typeof reply === "string") {
        const fault = check(reply);
        if (fault === undefined) break;
        prompter.refused.push(fault);
        reply = next(message);
      }
      return reply as string | Cancelled;
    },
  };
  return prompter;
}

const SKIP_ALL: Reply[] = ["skip", "skip", "", "skip", "skip", [], "skip", "skip"];
const read = (dir: string, file = "r.yaml") => fs.readFileSync(path.join(dir, file), "utf8");
const requirementsIn = (dir: string) => {
  const loaded = loadRequirements(read(dir), "r.yaml");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.requirements;
};

test("at most eight questions are asked, every one can be skipped, and the file is valid at once", async () => {
  const dir = workspace();
  const prompter = scripted([...SKIP_ALL]);
  const io = fakeIo(dir);
  expect(await initCommand("r.yaml", {}, io, prompter)).toBe(0);
  expect(Object.keys(QUESTIONS)).toHaveLength(8);
  expect(prompter.asked).toHaveLength(8);
  expect(requirementsIn(dir).ships.count).toBe(1);
  expect(io.stdout).toMatch(/^vps\/\S+: \$/);
});

test("answers end up where the planner reads them, in a commented file", async () => {
  const dir = workspace();
  const prompter = scripted(["production", "dozens", "48 planets, 2 moons", "expert", "2000", ["soc2"], "us", "99.9"]);
  await initCommand("r.yaml", {}, fakeIo(dir), prompter);
  expect(requirementsIn(dir)).toMatchObject({
    purpose: "production",
    environment: "prod",
    ships: { count: 50, types: { planet: 48, moon: 2 } },
    experience: "expert",
    budget: { monthly: 2000, currency: "USD" },
    compliance: ["soc2"],
    regions: { residency: "us" },
    sla: 99.9,
    platform: "auto",
  });
  expect(read(dir)).toMatch(/^# platform: auto +# the planner chooses/m);
});

test("a budget of another amount is asked for in the same question", async () => {
  const dir = workspace();
  await initCommand(
    "r.yaml",
    {},
    fakeIo(dir),
    scripted(["skip", "one", "1", "skip", "other", "a lot", "$1,250", [], "skip", "skip"]),
  );
  expect(requirementsIn(dir).budget?.monthly).toBe(1250);
});

test("names are checked while they are typed, and a boot key is never kept or shown", async () => {
  const dir = workspace();
  const key = "0w1.ABCDE.FGHIJ";
  const prompter = scripted([
    "skip",
    "skip",
    key,
    "~sampel-palnot",
    "3 stras",
    "0",
    "~sampel-palnet ~zod",
    ...SKIP_ALL.slice(3),
  ]);
  const io = fakeIo(dir);
  await initCommand("r.yaml", {}, io, prompter);
  expect(prompter.refused).toHaveLength(4);
  expect(requirementsIn(dir).ships.named.map((s) => s.name)).toEqual(["~sampel-palnet", "~zod"]);
  expect(`${io.stdout}${io.stderr}${prompter.refused.join()}${JSON.stringify(filesIn(dir))}`).not.toContain(key);
});

describe("Ctrl-C", () => {
  test("keeps the answers, writes no file, exits 8 and says what resumes; the next run asks the rest only", async () => {
    const dir = workspace();
    const stopped = scripted(["production", "hundreds", "250", CANCELLED]);
    const stop = await initCommand("r.yaml", {}, fakeIo(dir), stopped).catch((e: unknown) => e as Stop);
    expect(stop).toMatchObject({ exit: 8, message: expect.stringMatching(/\n {2}roadstead init r\.yaml$/) });
    expect(Object.keys(filesIn(dir))).toEqual([".roadstead/init-answers.json"]);

    const resumed = scripted(["expert", "none", ["gdpr"], "eu", "99.9"]);
    await initCommand("r.yaml", {}, fakeIo(dir), resumed);
    expect(resumed.asked).toHaveLength(5);
    expect(requirementsIn(dir)).toMatchObject({ ships: { count: 250 }, experience: "expert", compliance: ["gdpr"] });
    expect(Object.keys(filesIn(dir))).toEqual(["r.yaml"]);
  });

  test("answers kept for another file, or torn, are not used", async () => {
    const dir = workspace();
    await initCommand("other.yaml", {}, fakeIo(dir), scripted(["production", CANCELLED])).catch(() => undefined);
    const prompter = scripted([...SKIP_ALL]);
    await initCommand("r.yaml", {}, fakeIo(dir), prompter);
    expect(prompter.asked).toHaveLength(8);
    const torn = workspace({ ".roadstead/init-answers.json": '{"file":' });
    const again = scripted([...SKIP_ALL]);
    await initCommand("r.yaml", {}, fakeIo(torn), again);
    expect(again.asked).toHaveLength(8);
  });
});

describe("for scripts", () => {
  test("--no-input writes the defaults; without it and without a terminal nothing is asked or written", async () => {
    const dir = workspace();
    const refused = await roadstead(dir, ["init", "r.yaml"]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("--answers FILE") });
    expect(filesIn(dir)).toEqual({});
    expect((await roadstead(dir, ["init", "r.yaml", "--no-input"])).code).toBe(0);
    expect(requirementsIn(dir).ships.count).toBe(1);
  });

  test("--answers takes YAML or JSON; --json prints one object with what to run next", async () => {
    const answers = "purpose: production\nships: [~zod, ~nus]\nbudget: 800\nregion: [us-east-1]\n";
    const dir = workspace({ "a.yaml": answers, "a.json": '{"scale":"few"}' });
    const { code, stdout, stderr } = await roadstead(dir, ["init", "r.yaml", "--answers", "a.yaml", "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      file: "r.yaml",
      changed: ["(new file)"],
      next: ["roadstead plan r.yaml", expect.any(String)],
    });
    expect(requirementsIn(dir)).toMatchObject({ regions: { allowed: ["us-east-1"] }, budget: { monthly: 800 } });
    expect((await roadstead(dir, ["init", "s.yaml", "--answers", "a.json"])).code).toBe(0);
  });

  test.each([
    ["purpose: profit\n", "purpose"],
    ["porpose: personal\n", 'porpose: received "personal"; accepted: one of the keys purpose, scale'],
    ["ships: [~zod, ~zod]\n", "~zod twice"],
    ["ships: 0\n", "1 to 10000"],
    ["sla: 98\n", "sla"],
    ["a: 1\na: 2\n", "unique"],
    ["region: mars\n", "regions.allowed"],
  ])("answers %j are refused and nothing is written", async (text, message) => {
    const dir = workspace({ "a.yaml": text });
    const { code, stdout, stderr } = await roadstead(dir, ["init", "r.yaml", "--answers", "a.yaml"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(filesIn(dir)).toEqual({ "a.yaml": text });
  });
});

describe("running it again", () => {
  const MINE = `# my fleet
environment: staging # not prod yet
ships:
  count: 12 # counted twice
  memoryGiB: 2
budget: { monthly: 500, currency: USD } # asked finance
sla: 99
domain: fleet.example.com
`;

  test("changes the answered keys only; other keys and every comment stay", async () => {
    const dir = workspace({ "r.yaml": MINE, "a.yaml": "ships: 20\nbudget: 900\npurpose: production\n" });
    const { stderr } = await roadstead(dir, ["init", "r.yaml", "--answers", "a.yaml"]);
    expect(stderr).toContain("changed: purpose, ships, budget.monthly");
    const text = read(dir);
    for (const kept of [
      "# my fleet",
      "# not prod yet",
      "# counted twice",
      "# asked finance",
      "memoryGiB: 2",
      "domain: fleet.example.com",
    ])
      expect(text).toContain(kept);
    expect(requirementsIn(dir)).toMatchObject({
      environment: "staging",
      ships: { count: 20, memoryGiB: 2 },
      budget: { monthly: 900 },
    });
  });

  test("skipping every question leaves the file byte for byte", async () => {
    const dir = workspace({ "r.yaml": MINE });
    const prompter = scripted(["skip", "", "skip", "skip", [], "skip", "skip"]);
    const io = fakeIo(dir);
    await initCommand("r.yaml", {}, io, prompter);
    expect(prompter.asked).not.toContain("How many ships, roughly?");
    expect(read(dir)).toBe(MINE);
    expect(io.stderr).toContain("unchanged");
  });

  test("names: those that stay keep their settings, new ones are added, absent ones go", async () => {
    const text = "ships:\n  named:\n    - { name: ~zod, memoryGiB: 8 } # big\n    - { name: ~nus }\n";
    const dir = workspace({ "r.yaml": text, "a.yaml": "ships: ~zod ~bus\n" });
    await roadstead(dir, ["init", "r.yaml", "--answers", "a.yaml"]);
    expect(requirementsIn(dir).ships.named.map((s) => [s.name, s.memoryGiB])).toEqual([
      ["~zod", 8],
      ["~bus", 4],
    ]);
    expect(read(dir)).toContain("# big");
  });

  test("a count below the names in the file is refused: no name is dropped silently", async () => {
    for (const text of ["ships:\n  named: [{ name: ~zod }, { name: ~nus }]\n", "ships: [~zod, ~nus]\n"]) {
      const dir = workspace({ "r.yaml": text, "a.yaml": "ships: 1\n" });
      const { code, stderr } = await roadstead(dir, ["init", "r.yaml", "--answers", "a.yaml"]);
      expect(code).toBe(2);
      expect(stderr).toContain("2");
      expect(read(dir)).toBe(text);
    }
  });

  test("a file that is not requirements is refused and left alone", async () => {
    for (const text of ["- a\n", "a: [\n", "ships: { count: 1 }\nunknown: 1\n"]) {
      const dir = workspace({ "r.yaml": text, "a.yaml": "ships: 3\n" });
      expect((await roadstead(dir, ["init", "r.yaml", "--answers", "a.yaml"])).code).toBe(2);
      expect(read(dir)).toBe(text);
    }
  });

  test("a JSON file stays JSON", async () => {
    const dir = workspace({ "r.json": '{ "ships": { "count": 2 } }\n', "a.yaml": "ships: 3\n" });
    await roadstead(dir, ["init", "r.json", "--answers", "a.yaml"]);
    expect(JSON.parse(read(dir, "r.json"))).toEqual({ ships: { count: 3 } });
  });
});

test.each([
  ["personal", "dev"],
  ["development", "dev"],
  ["production", "prod"],
])(
  "ships for %s purposes are planned for the stack %s, and the command plan prints next records there",
  async (purpose, stack) => {
    const dir = workspace({ "a.yaml": `purpose: ${purpose}\nships: 1\n` });
    expect((await roadstead(dir, ["init", "--answers", "a.yaml"])).code).toBe(0);
    const { stderr } = await roadstead(dir, ["plan", "roadstead.yaml"]);
    const next = /roadstead (plan .* --stack (\w+) --write)/.exec(stderr)!;
    expect(next[2]).toBe(stack);
    expect((await roadstead(dir, next[1]!.split(" "))).code).toBe(0);
  },
);
