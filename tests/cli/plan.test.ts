import * as fs from "node:fs";
import * as path from "node:path";
import { planSchema } from "../../planner";
import { filesIn, ONE_PLANET, roadstead, TOO_DEAR, workspace } from "./fake-io";

const planet = () => workspace({ "r.yaml": ONE_PLANET });

test("the first sentence is the decision, its price and why", async () => {
  const { code, stdout } = await roadstead(planet(), ["plan", "r.yaml"]);
  expect(code).toBe(0);
  const first = stdout.split("\n\n")[0]!.replace(/\s+/g, " ");
  expect(first).toMatch(/^vps\/\S+: \$[\d.]+ \(.*\) a month, because .*\.$/);
});

test("--json prints exactly one plan of the published schema, and nothing else on stdout", async () => {
  for (const [text, exit] of [
    [ONE_PLANET, 0],
    [TOO_DEAR, 3],
  ] as const) {
    const { code, stdout } = await roadstead(workspace({ "r.yaml": text }), ["plan", "r.yaml", "--json"]);
    expect(code).toBe(exit);
    expect(() => planSchema.parse(JSON.parse(stdout))).not.toThrow();
  }
});

test("every way that lost is named with its code, its figures and what would change it", async () => {
  const dir = workspace({ "r.yaml": TOO_DEAR });
  const plan = planSchema.parse(JSON.parse((await roadstead(dir, ["plan", "r.yaml", "--json"])).stdout));
  const text = (await roadstead(dir, ["plan", "r.yaml"])).stdout.replace(/\s+/g, " ");
  expect(plan.candidates.length).toBeGreaterThan(10);
  for (const c of plan.candidates) {
    expect(text).toContain(` ${c.id} `);
    expect(text).toContain(`${c.rejections[0]!.code}: ${c.rejections[0]!.limit}`);
  }
});

test("nothing fits: each change is printed as the --set options that make it fit", async () => {
  const dir = workspace({ "r.yaml": TOO_DEAR });
  const { stdout } = await roadstead(dir, ["plan", "r.yaml"]);
  const [line] = stdout.match(/^ +--set .*$/m)!;
  const { code } = await roadstead(dir, ["plan", "r.yaml", ...line.trim().split(" ")]);
  expect(code).toBe(0);
});

test("--set changes this run only, and repeats", async () => {
  const dir = workspace({ "r.yaml": TOO_DEAR });
  const args = ["plan", "r.yaml", "--json", "--set", "ships.count=3", "--set", "budget.monthly=400"];
  expect((await roadstead(dir, args)).code).toBe(0);
  expect(filesIn(dir)).toEqual({ "r.yaml": TOO_DEAR });
});

test("--set takes what doctor says is missing: checksums by architecture, versions that look like numbers", async () => {
  const dir = workspace({ "r.yaml": `${ONE_PLANET}platform: vps\nregions: { allowed: [nyc3] }\n` });
  const set = ["--set", "versions.vere.version=3.5", "--set", `versions.vere.sha256.x86_64=${"1".repeat(64)}`];
  expect(await roadstead(dir, ["plan", "r.yaml", ...set, "--stack", "prod", "--write"])).toMatchObject({ code: 0 });
  const { stdout } = await roadstead(dir, ["preview", "prod", "--json"]);
  const { missing } = JSON.parse(stdout) as { missing: { path: string }[] };
  expect(missing.map((m) => m.path)).toContain("versions.hostImage.digitalocean");
  expect(missing.filter((m) => m.path.startsWith("versions.vere"))).toEqual([]);
});

test("prices of one's own decide the bill", async () => {
  const prices = `schema: roadstead/prices/1
prices:
  - { provider: digitalocean, item: "droplet:s-2vcpu-4gb", value: 7, unit: month, source: my contract, date: 2026-11-01 }
`;
  const dir = workspace({ "r.yaml": ONE_PLANET, "p.yaml": prices });
  const { stdout } = await roadstead(dir, ["plan", "r.yaml", "--json", "--prices", "p.yaml"]);
  const plan = planSchema.parse(JSON.parse(stdout));
  const vps = plan.candidates.find((c) => c.id === "vps/digitalocean/nyc3")!;
  expect(vps.lines.find((l) => l.item.startsWith("droplet"))).toMatchObject({
    price: 7,
    source: "my contract",
    basis: "given",
  });
});

test("--candidate takes another way that fits; quotas and price follow it", async () => {
  const args = ["plan", "r.yaml", "--candidate", "vps/aws/us-east-1", "--reason", "our account is there"];
  const json = await roadstead(planet(), [...args, "--json"]);
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout)).toMatchObject({ chosen: "vps/aws/us-east-1" });
  expect((await roadstead(planet(), args)).stdout).toMatch(/^vps\/aws\/us-east-1: /);
});

test("--candidate refuses a way that does not fit, with exit 3 and the reason", async () => {
  const { code, stderr } = await roadstead(planet(), [
    "plan",
    "r.yaml",
    "--candidate",
    "multi-vps/aws/us-east-1",
    "--reason",
    "x",
  ]);
  expect(code).toBe(3);
  expect(stderr).toContain("capacity");
});

test("--mermaid prints the diagram alone", async () => {
  const { stdout } = await roadstead(planet(), ["plan", "r.yaml", "--mermaid"]);
  expect(stdout).toMatch(/^(---[\s\S]*?---\n)?\s*(%%.*\n)*\s*(flowchart|graph) /);
  expect(stdout).not.toContain("Ways to host");
});

test("--html writes one page and leaves stdout to the table", async () => {
  const dir = planet();
  const { code, stderr } = await roadstead(dir, ["plan", "r.yaml", "--html", "out/report.html"]);
  expect(code).toBe(0);
  expect(stderr).toContain("Report: out/report.html");
  expect(fs.readFileSync(path.join(dir, "out/report.html"), "utf8")).toMatch(/^<!doctype html>/i);
});

describe("--write", () => {
  const write = ["plan", "r.yaml", "--stack", "prod", "--write"];
  const LOCK = "stacks/Pulumi.prod.yaml";

  test("records the decision; the same command again changes nothing", async () => {
    const dir = planet();
    const first = await roadstead(dir, write);
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining(`Recorded in ${LOCK}`) });
    const before = filesIn(dir);
    expect(before[LOCK]).toContain("roadstead:architectureDigest");
    const again = await roadstead(dir, write);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining("unchanged") });
    expect(filesIn(dir)).toEqual(before);
  });

  test("keeps salt, secrets and other keys of the stack file", async () => {
    const kept =
      "encryptionsalt: v1:abc=:v1:def\nconfig:\n  roadstead:sampel-palnet-key:\n    secure: v1:secret\n  aws:region: us-east-1\n";
    const dir = workspace({ "r.yaml": ONE_PLANET, [LOCK]: kept });
    expect((await roadstead(dir, write)).code).toBe(0);
    for (const line of ["encryptionsalt: v1:abc=:v1:def", "secure: v1:secret", "aws:region: us-east-1"])
      expect(filesIn(dir)[LOCK]).toContain(line);
  });

  test("writes into the project's stackConfigDir, from any folder below it", async () => {
    const dir = workspace({
      "Pulumi.yaml": "name: roadstead\nruntime: nodejs\nstackConfigDir: locks\n",
      "deep/r.yaml": ONE_PLANET,
    });
    expect((await roadstead(path.join(dir, "deep"), write)).code).toBe(0);
    expect(Object.keys(filesIn(dir))).toContain("locks/Pulumi.prod.yaml");
  });

  test("another decision needs --force, and shows what would change", async () => {
    const dir = workspace({ "r.yaml": "ships: { count: 1 }\nenvironment: prod\n" });
    await roadstead(dir, write);
    const before = filesIn(dir);
    const other = [...write, "--candidate", "vps/aws/us-east-1", "--reason", "moved accounts"];
    const refused = await roadstead(dir, other);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--force");
    expect(refused.stderr).toContain("~ provider: digitalocean → aws");
    expect(refused.stderr).toContain("nothing was written");
    expect(filesIn(dir)).toEqual(before);
    const forced = await roadstead(dir, [...other, "--force"]);
    expect(forced).toMatchObject({ code: 0 });
    expect(filesIn(dir)[LOCK]).toContain("moved accounts");
  });

  test("--force moves no ship that may have run; only an attestation that nothing was deployed does", async () => {
    const dir = planet();
    await roadstead(dir, write);
    const other = [...write, "--candidate", "vps/aws/us-east-1", "--reason", "moved accounts", "--force"];
    const { code, stderr } = await roadstead(dir, other);
    expect(code).toBe(2);
    expect(stderr).toContain("~sampel-palnet.provider");
    expect(stderr).toContain("--attest-never-deployed");
    expect((await roadstead(dir, [...other, "--attest-never-deployed"])).code).toBe(0);
  });

  test("a hand-edited lock is refused with its path and left alone", async () => {
    const dir = planet();
    await roadstead(dir, write);
    const text = filesIn(dir)[LOCK]!.replace(/diskGiB: \d+/, "diskGiB: lots");
    fs.writeFileSync(path.join(dir, LOCK), text);
    const { code, stderr } = await roadstead(dir, write);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Pulumi\.prod\.yaml: config\.roadstead:architecture\.ships\[0\]\.diskGiB/);
    expect(filesIn(dir)[LOCK]).toBe(text);
  });

  test("nothing feasible is printed, exits 3 and writes nothing, not even the report", async () => {
    const dir = workspace({ "r.yaml": TOO_DEAR });
    const { code, stdout, stderr } = await roadstead(dir, [
      "plan",
      "r.yaml",
      "--stack",
      "dev",
      "--write",
      "--html",
      "x.html",
    ]);
    expect(code).toBe(3);
    expect(stdout).toContain("Nothing fits");
    expect(stderr).toContain("nothing was written");
    expect(filesIn(dir)).toEqual({ "r.yaml": TOO_DEAR });
  });
});

describe("--diff", () => {
  test("says so when nothing differs, and names what does", async () => {
    const dir = planet();
    await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write"]);
    expect((await roadstead(dir, ["plan", "r.yaml", "--diff", "prod"])).stdout).toBe("No difference to prod.\n");
    const before = filesIn(dir);
    const changed = await roadstead(dir, ["plan", "r.yaml", "--diff", "prod", "--set", "ships.memoryGiB=8"]);
    expect(changed.stdout).toMatch(/~ ships\.sampel-palnet\.memoryMiB: 4096 → 8192/);
    expect(changed.stdout).toMatch(/^Needs --force: .*another decision: sampel-palnet from /m);
    expect(filesIn(dir)).toEqual(before);
  });

  test("shows what --write would do; what it refuses without --force is said, and shown as --force would record it", async () => {
    const text = fs.readFileSync(path.join(__dirname, "../../examples/two-racks.yaml"), "utf8");
    const dir = workspace({ "r.yaml": text });
    const changed = (from: string, to: string) => {
      expect(text).toContain(from);
      fs.writeFileSync(path.join(dir, "r.yaml"), text.replace(from, to));
    };
    const read = async () => {
      const args = ["plan", "r.yaml", "--diff", "prod"];
      const { stdout } = await roadstead(dir, args);
      const json = (await roadstead(dir, [...args, "--json"])).stdout;
      const { stacks, problems, needsForce } = JSON.parse(json) as {
        stacks: { entries: { path: string }[] }[];
        problems: string[];
        needsForce: string[];
      };
      return { stdout, paths: stacks.flatMap((s) => s.entries.map((e) => e.path)), problems, needsForce };
    };
    const write = async (...more: string[]) =>
      (await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write", ...more])).code;
    expect(await write()).toBe(0);

    changed("north-1.example.net", "elsewhere.example.net");
    const freely = await read();
    expect(freely).toMatchObject({ paths: ["hosts.north-1.address"], problems: [], needsForce: [] });
    expect(freely.stdout).not.toContain("--force");

    changed("0025385b11410001", "0025385b11419999");
    expect(await write()).toBe(2);
    const other = await read();
    expect(other).toMatchObject({ paths: ["hosts.north-1.dataDevice"], problems: [] });
    expect(other.needsForce).toEqual([expect.stringContaining("hosts.north-1.dataDevice")]);
    expect(other.stdout).toMatch(/^Needs --force: hosts\.north-1\.dataDevice/m);
    expect(await write("--force")).toBe(0);

    changed("memoryGiB: 64", "memoryGiB: 8");
    expect(await write("--force")).toBe(2);
    expect((await read()).stdout).toMatch(/^Could not be recorded: hosts\.south-1/m);
  });

  test("compares with an older plan, also as JSON", async () => {
    const dir = planet();
    const old = (await roadstead(dir, ["plan", "r.yaml", "--json"])).stdout;
    fs.writeFileSync(path.join(dir, "old.json"), old);
    const args = ["plan", "r.yaml", "--diff", "old.json", "--json"];
    expect(JSON.parse((await roadstead(dir, args)).stdout).stacks).toEqual([{ stack: null, entries: [] }]);
    const { stacks } = JSON.parse((await roadstead(dir, [...args, "--set", "ships.memoryGiB=8"])).stdout);
    expect(stacks[0].entries.map((e: { path: string }) => e.path)).toContain("requirementsDigest");
  });

  test("a file that is no plan is refused with the place", async () => {
    const dir = workspace({ "r.yaml": ONE_PLANET, "old.json": '{"schema":"roadstead/plan/1"}', "torn.json": "{" });
    expect((await roadstead(dir, ["plan", "r.yaml", "--diff", "old.json"])).stderr).toContain("requirementsDigest");
    expect(await roadstead(dir, ["plan", "r.yaml", "--diff", "torn.json"])).toMatchObject({ code: 2, stdout: "" });
  });
});

test("the next commands repeat the options, so that they plan the same", async () => {
  const { stderr } = await roadstead(planet(), ["plan", "r.yaml", "--set", "customers=2", "--rate", "EUR=1.1"]);
  expect(stderr).toContain("roadstead preview r.yaml --set customers=2 --rate EUR=1.1\n");
  expect(stderr).toContain("roadstead plan r.yaml --set customers=2 --rate EUR=1.1 --stack prod --write");
});

test("when something fits, every way that fits and one line for each mode that lost; --all shows each", async () => {
  const dir = planet();
  const plan = planSchema.parse(JSON.parse((await roadstead(dir, ["plan", "r.yaml", "--json"])).stdout));
  const table = async (...more: string[]) =>
    (await roadstead(dir, ["plan", "r.yaml", ...more])).stdout.split("\n\n").find((b) => b.startsWith("Ways"))!;
  const short = await table();
  for (const c of plan.candidates.filter((c) => c.feasible)) expect(short).toContain(` ${c.id} `);
  const fitting = new Set(plan.candidates.filter((c) => c.feasible).map((c) => c.mode));
  const lost = new Set(plan.candidates.map((c) => c.mode).filter((m) => !fitting.has(m)));
  expect(lost.size).toBeGreaterThan(3);
  for (const mode of lost) expect(short.match(new RegExp(`^-  ${mode} +[a-z-]+: .*have`, "gm"))).toHaveLength(1);
  expect(short.split("\n").length).toBe(short.match(/^[*+-] /gm)!.length + 2);
  const all = (await table("--all")).replace(/\s+/g, " ");
  for (const c of plan.candidates) expect(all).toContain(` ${c.id} `);
});

test("a change of many ships is told in ten lines and a number; --json has each", async () => {
  const dir = workspace({ "r.yaml": "ships: { count: 60 }\nplatform: eks\nregions: { allowed: [us-east-1] }\n" });
  expect((await roadstead(dir, ["plan", "r.yaml", "--stack", "dev", "--write"])).code).toBe(0);
  const diff = ["plan", "r.yaml", "--diff", "dev", "--set", "ships.diskGiB=40"];
  const { stdout } = await roadstead(dir, diff);
  expect(stdout).toMatch(/and \d+ more changes/);
  const { stacks } = JSON.parse((await roadstead(dir, [...diff, "--json"])).stdout) as {
    stacks: { entries: unknown[] }[];
  };
  expect(Math.max(...stacks.map((s) => s.entries.length))).toBeGreaterThan(10);
  expect(stdout.split("\n").length).toBeLessThan(stacks.length * 14 + 20);
  const other = ["--set", "ships.memoryGiB=8", "--set", "ships.diskGiB=40", "--set", "regions.allowed=[us-west-2]"];
  const refused = await roadstead(dir, ["plan", "r.yaml", ...other, "--stack", "dev", "--write"]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr.split("\n").length).toBeLessThan(60);
});

describe("what is yours has the price that you give", () => {
  const SHIP = "environment: prod\nships: [~sampel-palnet]\nplatform: bare-metal\n";
  const page = fs.readFileSync("docs/components/bare-metal-host.md", "utf8");
  const example = /```yaml\n([\s\S]*?)```/.exec(page)![1]!;

  test("the example of an own host can be planned as it stands", async () => {
    const dir = workspace({ "r.yaml": SHIP + example });
    expect((await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write"])).code).toBe(0);
  });

  test("without one, the refusal names the field, of hosts and of a cluster", async () => {
    const dir = workspace({
      "r.yaml": SHIP + example.replace(/^ *monthly:.*\n/m, ""),
      "k.yaml": `${SHIP.replace("bare-metal", "existing-cluster")}existing: { kubeconfigSecret: k, storageClass: piers }\n`,
    });
    const host = await roadstead(dir, ["plan", "r.yaml"]);
    expect(host.code).toBe(3);
    expect(host.stdout.replace(/\s+/g, " ")).toMatch(/existing\.hosts\[\]\.monthly/);
    const cluster = await roadstead(dir, ["plan", "k.yaml", "--json"]);
    expect(cluster.stdout).toContain("existing.clusterMonthly");
  });
});
