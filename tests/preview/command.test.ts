import * as fs from "node:fs";
import * as path from "node:path";
import { writeStackFile } from "../../planner/architecture/stack-file";
import type { Architecture } from "../../planner/architecture/schema";
import { filesIn, roadstead, workspace } from "../cli/fake-io";
import { clusterArchitectures, hostArchitectures } from "./architectures";

jest.setTimeout(60_000);

const examples = path.join(__dirname, "../../examples");
const digest = `sha256:${"1".repeat(64)}`;

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
    const { code, stdout, stderr } = await roadstead(recorded(clusterArchitectures({ cells: 2 })), ["preview", "prod"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("pulumi up --stack prod")]);
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
