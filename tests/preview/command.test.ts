import * as fs from "node:fs";
import * as path from "node:path";
import { writeStackFile } from "../../planner/architecture/stack-file";
import type { Architecture } from "../../planner/architecture/schema";
import { filesIn, roadstead, workspace } from "../cli/fake-io";
import { clusterArchitectures, hostArchitectures } from "./architectures";

jest.setTimeout(60_000);

const examples = path.join(__dirname, "../../examples");
const digest = `sha256:${"1".repeat(64)}`;

/** Every key set, so that nothing but what a test takes away is missing. */
const KEYS = `config:\n${clusterArchitectures({ cells: 2 })
  .flatMap((a) => a.ships)
  .map((s) => `  roadstead:${s.key!.secret}:\n    secure: v1:x\n`)
  .join("")}`;

function recorded(architectures: Architecture[], extra = ""): string {
  const files = architectures.map((architecture) => [
    `stacks/Pulumi.${architecture.stack}.yaml`,
    writeStackFile(extra, { architecture, requirementsDigest: digest }),
  ]);
  return workspace({
    "Pulumi.yaml": "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n",
    ...Object.fromEntries(files),
  });
}

describe("roadstead preview STACK", () => {
  test("previews the platform and every cell of the environment", async () => {
    const cwd = recorded(clusterArchitectures({ cells: 2 }), KEYS);
    const { code, stdout, stderr } = await roadstead(cwd, ["preview", "prod"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("pulumi up --stack prod --policy-pack policies\n")]);
    expect(stdout).toMatch(/Stack prod\n[\s\S]*Stack prod-c2\n/);
  });

  test("refuses with --strict what a mandatory policy refuses, and nothing else", async () => {
    const [platform] = clusterArchitectures({ cells: 1 });
    const undigested = { ...platform!, image: { ...platform!.image, digest: null } };
    const refused = await roadstead(recorded([undigested]), ["preview", "prod", "--strict"]);
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining("refused by image-by-digest")]);
    expect((await roadstead(recorded([undigested]), ["preview", "prod"])).code).toBe(0);
    expect((await roadstead(recorded([platform!]), ["preview", "prod", "--strict"])).code).toBe(0);
  });

  test("names the doctor instead of `up` while facts are missing or a mandatory policy fails", async () => {
    const [platform] = clusterArchitectures({ cells: 1 });
    const versions = { ...platform!.versions, kubernetes: undefined };
    const undigested = { ...platform!, image: { ...platform!.image, digest: null } };
    const unset = recorded([platform!]);
    for (const cwd of [recorded([{ ...platform!, versions }], KEYS), recorded([undigested], KEYS), unset]) {
      const { code, stderr } = await roadstead(cwd, ["preview", "prod"]);
      expect(code).toBe(0);
      expect(stderr).toContain("roadstead doctor prod");
      expect(stderr).not.toContain("pulumi up");
    }
  });

  test("says how ships created stopped are started, one by one, with commands that exist", async () => {
    const [platform] = clusterArchitectures({ cells: 1 });
    const parked = { ...platform!, cells: [{ ...platform!.cells[0]!, parked: true }] };
    const { stdout, stderr } = await roadstead(recorded([parked], KEYS), ["preview", "prod"]);
    expect(stdout).toContain("2 created stopped: see the next steps");
    expect(stderr).toMatch(/pulumi up[\s\S]*kubectl -n t-0000000001 scale statefulset\/sampel-palnet --replicas=1/);
  });

  test("a cell without its platform's file is previewed with a warning, and its cost is the environment's", async () => {
    const cwd = recorded(clusterArchitectures({ cells: 2 }));
    fs.rmSync(path.join(cwd, "stacks/Pulumi.prod.yaml"));
    const { code, stdout } = await roadstead(cwd, ["preview", "prod-c2"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Warnings\n[\s\S]*Pulumi\.prod\.yaml.*no lock/);
    expect(stdout.replace(/\s+/g, " ")).toContain("It is the cost of the whole environment prod");
    const whole = await roadstead(recorded(clusterArchitectures({ cells: 2 })), ["preview", "prod"]);
    expect(whole.stdout).not.toContain("the whole environment");
  });

  test("a cost whose lines no lock records says null and why, never an empty list", async () => {
    const cwd = recorded(hostArchitectures());
    expect((await roadstead(cwd, ["preview", "prod", "--out", "out"])).code).toBe(0);
    const cost = JSON.parse(fs.readFileSync(path.join(cwd, "out/cost.json"), "utf8")) as Record<string, unknown>;
    expect(cost).toMatchObject({ environment: "prod", mid: 100, lines: null });
    expect(cost.notes).toEqual([expect.stringContaining("totals only")]);
  });

  test.each(["prod", "prod-c2"])("refuses %s when two cells hold the same ship, with exit code 2", async (stack) => {
    const [platform, cell] = clusterArchitectures({ cells: 2, shipsPerCell: 1 });
    const twin = { ...cell!.ships[0]!, id: platform!.ships[0]!.id, name: platform!.ships[0]!.name };
    const cwd = recorded([platform!, { ...cell!, ships: [twin] }]);
    const { code, stdout, stderr } = await roadstead(cwd, ["preview", stack]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("~sampel-palnet");
  });

  test("refuses a platform one of whose cells has lost its file", async () => {
    const cwd = recorded(clusterArchitectures({ cells: 2 }));
    fs.rmSync(path.join(cwd, "stacks/Pulumi.prod-c2.yaml"));
    const { code, stderr } = await roadstead(cwd, ["preview", "prod"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("Pulumi.prod-c2.yaml")]);
  });

  test("previews one cell alone", async () => {
    const { code, stdout } = await roadstead(recorded(clusterArchitectures({ cells: 2 })), [
      "preview",
      "prod-c2",
      "--json",
    ]);
    expect([code, (JSON.parse(stdout) as { stacks: string[] }).stacks]).toEqual([0, ["prod-c2"]]);
  });

  test("knows which named keys are set in the stack file", async () => {
    const cwd = recorded(
      hostArchitectures({ shipsPerCell: 2 }),
      "config:\n  roadstead:key-sampel-palnet:\n    secure: AAABAOpaqueCiphertext\n",
    );
    const { stdout } = await roadstead(cwd, ["preview", "prod", "--json"]);
    const { ledger } = JSON.parse(stdout) as { ledger: { ships: { id: string; key: string }[] } };
    expect(Object.fromEntries(ledger.ships.map((s) => [s.id, s.key]))).toEqual({
      "sampel-palnet": "given",
      "wicdev-wisryt": "missing",
    });
    expect(stdout).not.toContain("OpaqueCiphertext");
  });

  test("refuses a lock somebody edited, as stale", async () => {
    const cwd = recorded(hostArchitectures());
    const file = path.join(cwd, "stacks/Pulumi.prod.yaml");
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("s-2vcpu-4gb", "s-1vcpu-1gb"));
    const { code, stdout, stderr } = await roadstead(cwd, ["preview", "prod"]);
    expect([code, stdout]).toEqual([7, ""]);
    expect(stderr).toContain("architectureDigest");
  });

  test.each<[string, string[], string]>([
    ["a stack nobody recorded", ["preview", "staging"], "stacks here: prod"],
    ["a change of a recorded stack", ["preview", "prod", "--change", "1"], "give the requirements file instead"],
    [
      "--set on a recorded stack",
      ["preview", "prod", "--set", "ships.memoryGiB=2"],
      "give the requirements file instead",
    ],
    ["a file that is not there", ["preview", "nowhere.yaml"], "nowhere.yaml"],
  ])("refuses %s with exit code 2", async (_name, args, says) => {
    const { code, stdout, stderr } = await roadstead(recorded(hostArchitectures()), args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(says);
  });
});

describe("roadstead preview FILE", () => {
  const wish = "environment: dev\nplatform: vps\nships: [~sampel-palnet]\n";

  test("plans and previews in one, and records nothing", async () => {
    const cwd = workspace({ "wish.yaml": wish });
    const before = filesIn(cwd);
    const { code, stdout, stderr } = await roadstead(cwd, ["preview", "wish.yaml"]);
    expect(code).toBe(0);
    expect(stdout).toContain("1 ship.");
    expect(stdout).toContain("VpsPlanet sampel-palnet");
    expect(stderr).toContain("roadstead plan wish.yaml --stack dev --write");
    expect(filesIn(cwd)).toEqual(before);
  });

  test("the next command plans what was previewed, options included", async () => {
    const args = ["preview", "wish.yaml", "--set", "ships.memoryGiB=8", "--rate", "EUR=1.1"];
    const { stderr } = await roadstead(workspace({ "wish.yaml": wish }), args);
    expect(stderr).toContain("roadstead plan wish.yaml --set ships.memoryGiB=8 --rate EUR=1.1 --stack dev --write");
  });

  test("prints one JSON object, with the cost line by line", async () => {
    const { stdout } = await roadstead(workspace({ "wish.yaml": wish }), ["preview", "wish.yaml", "--json"]);
    const preview = JSON.parse(stdout) as {
      schema: string;
      costs: { lines: unknown[] };
      graph: { resources: unknown[] };
    };
    expect(preview.schema).toBe("roadstead/preview/1");
    expect(preview.costs.lines.length).toBeGreaterThan(0);
    expect(preview.graph.resources.length).toBeGreaterThan(3);
  });

  test("writes files where it is told, and nowhere else", async () => {
    const cwd = workspace({ "wish.yaml": wish });
    expect((await roadstead(cwd, ["preview", "wish.yaml", "--out", "out"])).code).toBe(0);
    const files = Object.keys(filesIn(cwd)).map((f) => path.relative(cwd, path.resolve(cwd, f)));
    expect(files.sort()).toEqual([
      "out/.roadstead-preview.json",
      "out/cost.json",
      "out/graph.json",
      "out/graph.mmd",
      "out/hosts/sampel-palnet/script.sh",
      "out/hosts/sampel-palnet/user-data",
      "wish.yaml",
    ]);
  });

  test("refuses a directory it did not make with exit code 2", async () => {
    const cwd = workspace({ "wish.yaml": wish, "out/thesis.txt": "years of work" });
    const { code, stderr } = await roadstead(cwd, ["preview", "wish.yaml", "--out", "out"]);
    expect([code, fs.readdirSync(path.join(cwd, "out"))]).toEqual([2, ["thesis.txt"]]);
    expect(stderr).toContain("holds files no preview wrote");
  });

  test("ends with 3 and the reasons when nothing fits, and previews the change that does", async () => {
    const file = path.join(examples, "fifty-ships-500-dollars.yaml");
    const cwd = workspace();
    const nothing = await roadstead(cwd, ["preview", file]);
    expect(nothing.code).toBe(3);
    expect(nothing.stdout).toContain("Why nothing fits");
    expect(nothing.stderr).toContain("--change 1");
    const changed = await roadstead(cwd, ["preview", file, "--change", "1"]);
    expect(changed.code).toBe(0);
    expect(changed.stdout).toContain("previewed with change 1");
    expect(changed.stderr).toMatch(/put the change into .*\n.* --set .* --stack \w+ --write\n.*roadstead doctor/);
  });
});

describe("what a component refuses is bad input, not a bug", () => {
  const listed = /existing\.privateSubnetIds: received 1 subnets; accepted: 3/;

  test("in a file: exit code 2, every problem and where to correct it, no stack trace", async () => {
    const wish =
      "platform: eks\nships: { count: 3 }\nregions: { allowed: [us-east-1] }\nsla: 99.9\n" +
      "existing: { vpcId: vpc-0123456789abcdef0, privateSubnetIds: [subnet-0123456789abcdef0] }\n";
    const { code, stdout, stderr } = await roadstead(workspace({ "wish.yaml": wish }), ["preview", "wish.yaml"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(listed);
    expect(stderr).toContain("Correct wish.yaml");
    expect(stderr).not.toMatch(/a bug|ROADSTEAD_DEBUG|\n {4}at /);
  });

  const refusedBy = (change: (a: Architecture) => Architecture) => recorded(clusterArchitectures().map(change));

  test.each<[string, () => string, RegExp]>([
    [
      "a component",
      () => refusedBy((a) => ({ ...a, network: { ...a.network!, vpcId: "vpc-0123456789abcdef0" } })),
      /privateSubnetIds/,
    ],
    ["the stack program", () => refusedBy((a) => ({ ...a, network: null })), /architecture\.network/],
    [
      "a further host's renderer",
      () =>
        recorded(
          hostArchitectures({ cells: 2 }).map((a) =>
            a.role === "cell" ? { ...a, access: { ...a.access, adminCidrs: ["0.0.0.0/0"] } } : a,
          ),
        ),
      /access\.adminCidrs\[0\]/,
    ],
  ])("in a recorded stack, by %s: exit code 2 and how to record again", async (_who, make, says) => {
    const { code, stdout, stderr } = await roadstead(make(), ["preview", "prod"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(says);
    expect(stderr).toContain("roadstead plan FILE --stack prod --write");
    expect(stderr).not.toMatch(/a bug|\n {4}at /);
  });
});

describe("every example", () => {
  const names = fs.readdirSync(examples).filter((n) => n.endsWith(".yaml"));
  test.each(names)("%s can be previewed", async (name) => {
    const change = name === "fifty-ships-500-dollars.yaml" ? ["--change", "1"] : [];
    const { code, stdout } = await roadstead(workspace(), ["preview", path.join(examples, name), ...change]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\d,]+ resources? in \d+ stacks? for [\d,]+ ships?\.\n/);
    expect(stdout.split("\n").length).toBeLessThan(220);
  });
});
