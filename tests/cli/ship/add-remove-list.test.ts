// A ship more, a ship less, and who is there: in the requirements and in the locks, never in what runs.
import * as fs from "node:fs";
import * as path from "node:path";
import { parseDocument } from "yaml";
import { filesIn, roadstead, workspace } from "../fake-io";

const KEY = "0wAAAAA.BBBBB.CCCCC.DDDDD.EEEEE.FFFFF.GGGGG.HHHHH.IIIII.JJJJJ.KKKKK";
const FILE = `# ours
environment: prod
ships:
  named:
    - { name: ~sampel-palnet, key: { secret: sampel-key } } # first
    - { name: ~ridlur-figbud, key: { secret: ridlur-key } }
    - { name: ~marzod, key: { secret: marzod-key } }
platform: multi-vps
regions: { allowed: [nyc3] }
`;
const project = (files: Record<string, string> = {}): string =>
  workspace({ "Pulumi.yaml": "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n", "r.yaml": FILE, ...files });
async function recordedProject(more: Record<string, string> = {}): Promise<string> {
  const dir = project(more);
  const { code, stderr } = await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write"]);
  if (code !== 0) throw new Error(stderr);
  return dir;
}
const at = (dir: string, file: string) => fs.readFileSync(path.join(dir, file), "utf8");
const runState = (dir: string, state: object) => setIn(dir, ["roadstead:runState"], state);
function setIn(dir: string, at: string[], value: unknown): void {
  const file = path.join(dir, "stacks/Pulumi.prod.yaml");
  const doc = parseDocument(fs.readFileSync(file, "utf8"));
  doc.setIn(["config", ...at], value);
  fs.writeFileSync(file, doc.toString({ lineWidth: 0 }));
}
const ran = { claim: "claimed", firstBoot: "done", lastEvent: 90, cleanStopEvent: null };

describe("ship add", () => {
  test("puts the ship into the file, leaves the rest of it alone, and prints the next commands", async () => {
    const dir = project();
    const done = await roadstead(dir, ["ship", "add", "r.yaml", "~dopzod", "--key", "dopzod-key", "--disk", "40"]);
    expect(done.code).toBe(0);
    expect(at(dir, "r.yaml")).toBe(
      FILE.replace("platform", "    - { name: ~dopzod, diskGiB: 40, key: { secret: dopzod-key } }\nplatform"),
    );
    expect(done.stdout.trim().split("\n")).toEqual([
      "roadstead plan r.yaml --stack prod --write",
      "pulumi config set --secret --stack prod dopzod-key < dopzod.key",
      "pulumi up --stack prod --policy-pack policies",
    ]);
    expect((await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write"])).code).toBe(0);
    expect(at(dir, "stacks/Pulumi.prod.yaml")).toContain("~dopzod");
  });

  test.each([
    [["~sampel-palnet"], /there already/],
    [["~sampel-palnt"], /valid @p/],
    [["sampel-palnet"], /write it as ~sampel-palnet/],
    [["~dopzod", "--loom", "50"], /loom/],
    [["~dopzod", "--memory", "lots"], /accepted: a number/],
    [["~dopzod", "--key", "sampel-key"], /a secret of its own/],
    [["~dopzod", "--key", KEY], /a boot key itself, which is not shown/],
    [["~dopzod", "--key", "dopzod.key"], /the key file itself/],
    [["~dopzod", "--key", "dopzod.tar.gz"], /an archive \(tar\.gz\), not a key.*ship import/],
    [["~dopzod", "--key", "pier"], /a folder, not a key.*ship import/],
  ])("refuses %j, shows no key, and writes nothing", async (args, why) => {
    const dir = project({ "dopzod.key": `${KEY}\n`, "pier/.urb/x": "", "dopzod.tar.gz": "\u001f\u008b" });
    fs.writeFileSync(path.join(dir, "dopzod.tar.gz"), Buffer.from([0x1f, 0x8b, 8, 0]));
    const before = filesIn(dir);
    const done = await roadstead(dir, ["ship", "add", "r.yaml", ...args]);
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(why);
    expect(done.stdout + done.stderr).not.toContain("BBBBB");
    expect(filesIn(dir)).toEqual(before);
  });

  test("refuses a ship that another stack holds, and one that left this stack without a clean stop", async () => {
    const dir = await recordedProject();
    fs.writeFileSync(path.join(dir, "dev.yaml"), "environment: dev\nships: [~litzod]\nplatform: vps\n");
    const held = await roadstead(dir, ["ship", "add", "dev.yaml", "~sampel-palnet"]);
    expect(held).toMatchObject({ code: 2, stdout: "" });
    expect(held.stderr).toMatch(/held by stack prod/);

    runState(dir, { "ridlur-figbud": ran });
    expect((await roadstead(dir, ["ship", "remove", "r.yaml", "~ridlur-figbud"])).code).toBe(0);
    expect(await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write"])).toMatchObject({ code: 0 });
    const back = await roadstead(dir, ["ship", "add", "r.yaml", "~ridlur-figbud"]);
    expect(back.code).toBe(2);
    expect(back.stderr).toMatch(/~ridlur-figbud: received.*no tombstone blocks/);
    expect(at(dir, "r.yaml")).not.toContain("~ridlur-figbud");
  });

  test("refuses everything while a lock cannot be read: it may hold the ship", async () => {
    const dir = await recordedProject();
    fs.writeFileSync(
      path.join(dir, "stacks/Pulumi.dev.yaml"),
      at(dir, "stacks/Pulumi.prod.yaml").replace("~sampel-palnet", "~sampel-palnex"),
    );
    const done = await roadstead(dir, ["ship", "add", "r.yaml", "~dopzod"]);
    expect([2, 7]).toContain(done.code);
    expect(at(dir, "r.yaml")).toBe(FILE);
  });
});

describe("ship remove", () => {
  test("says that volume and name stay, and changes the requirements only", async () => {
    const dir = await recordedProject();
    runState(dir, { "ridlur-figbud": ran });
    const lock = at(dir, "stacks/Pulumi.prod.yaml");
    const done = await roadstead(dir, ["ship", "remove", "r.yaml", "~ridlur-figbud"]);
    expect(done.code).toBe(0);
    expect(done.stderr).toMatch(/its volume is kept/);
    expect(done.stderr).toMatch(/tombstone/);
    expect(done.stdout).toBe(
      "roadstead plan r.yaml --stack prod --write\npulumi up --stack prod --policy-pack policies\n",
    );
    expect(at(dir, "stacks/Pulumi.prod.yaml")).toBe(lock);
    expect(at(dir, "r.yaml")).toContain("# ours");
  });
  test("refuses a ship that is not there, and the only one", async () => {
    const dir = project({ "one.yaml": "ships: [~zod]\n" });
    expect((await roadstead(dir, ["ship", "remove", "r.yaml", "~zod"])).stderr).toMatch(/not among its ships/);
    expect((await roadstead(dir, ["ship", "remove", "one.yaml", "~zod"])).stderr).toMatch(/only ship/);
    expect(at(dir, "one.yaml")).toBe("ships: [~zod]\n");
  });
});

describe("ship list", () => {
  const rows = async (dir: string, target: string) => {
    const { code, stdout } = await roadstead(dir, ["ship", "list", target, "--json"]);
    expect(code).toBe(0);
    return (JSON.parse(stdout) as { ships: Record<string, unknown>[] }).ships;
  };
  test("knows who runs, who waits, who left with the name blocked, and who is only wished for", async () => {
    const dir = await recordedProject();
    runState(dir, { "ridlur-figbud": ran });
    await roadstead(dir, ["ship", "remove", "r.yaml", "~ridlur-figbud"]);
    await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write"]);
    await roadstead(dir, ["ship", "add", "r.yaml", "~dopzod"]);
    expect(await rows(dir, "prod")).toMatchObject([
      { name: "~marzod" },
      { name: "~sampel-palnet", class: "planet", stack: "prod", cell: "c1", state: "first boot", key: "missing" },
      { name: "~ridlur-figbud", state: "removed", lastEvent: 90, nameFree: false },
    ]);
    expect((await rows(dir, "./r.yaml")).at(-1)).toMatchObject({
      name: "~dopzod",
      state: "not recorded",
      key: "missing",
      stack: null,
    });
    const text = (await roadstead(dir, ["ship", "list", "prod"])).stdout;
    expect(text).toMatch(/~ridlur-figbud .*name blocked until its clean stop is recorded/);
  });
  test("says of a key what preview says of it: given once its secret is in the stack file", async () => {
    const dir = await recordedProject();
    const keys = async () => Object.fromEntries((await rows(dir, "prod")).map((r) => [r.name, r.key]));
    const shown = async () => {
      const { stdout } = await roadstead(dir, ["preview", "prod", "--json"]);
      const { ledger } = JSON.parse(stdout) as { ledger: { ships: { name: string; key: string }[] } };
      return Object.fromEntries(ledger.ships.map((s) => [s.name, s.key]));
    };
    expect(await keys()).toEqual({ "~marzod": "missing", "~sampel-palnet": "missing", "~ridlur-figbud": "missing" });
    expect(await keys()).toEqual(await shown());
    setIn(dir, ["roadstead:marzod-key"], { secure: "v1:AAAA" });
    setIn(dir, ["other:sampel-key"], { secure: "v1:AAAA" });
    setIn(dir, ["roadstead:ridlur-key"], "in the clear");
    expect(await keys()).toEqual({ "~marzod": "given", "~sampel-palnet": "missing", "~ridlur-figbud": "missing" });
    expect(await keys()).toEqual(await shown());
    expect((await rows(dir, "./r.yaml")).map((r) => r.key)).toEqual((await rows(dir, "prod")).map((r) => r.key));
  });
  test("of a stack that is not there exits 2", async () => {
    expect((await roadstead(project(), ["ship", "list", "prod"])).code).toBe(2);
  });
});

test("help names every command of ships", async () => {
  const { stdout } = await roadstead(workspace(), ["ship", "--help"]);
  for (const command of ["list", "add", "remove"]) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
});
