// The list of bad input: each a clear message on stderr, exit code 2, no stack trace, nothing written.
import * as fs from "node:fs";
import * as path from "node:path";
import { filesIn, ONE_PLANET, roadstead, TOO_DEAR, workspace } from "./fake-io";

async function refused(files: Record<string, string | Buffer>, args: string[]): Promise<string> {
  const dir = workspace(files);
  const before = filesIn(dir);
  const { code, stdout, stderr } = await roadstead(dir, args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).not.toMatch(/\n\s+at |TypeError|ZodError/);
  expect(filesIn(dir)).toEqual(before);
  return stderr;
}
const plan = (text: string | Buffer, ...more: string[]) =>
  refused({ "r.yaml": text }, ["plan", "r.yaml", "--html", "out.html", ...more]);

test("unknown keys name themselves and the nearest known key", async () => {
  const stderr = await plan("ships: { cuont: 3 }\nbuget: { monthly: 5 }\n");
  expect(stderr).toContain("ships.cuont");
  expect(stderr).toContain("did you mean count?");
  expect(stderr).toContain("did you mean budget?");
});

test.each(["-1", "0", "1.5", "100000", "1e99"])("a count of %s is refused", async (count) => {
  expect(await plan(`ships: { count: ${count} }\n`)).toContain("ships.count");
});

test("a bad @p is refused", async () => {
  expect(await plan("ships: [~sampel-palnot]\n")).toContain("~sampel-palnot");
});

test("the same ship twice is refused, with both places", async () => {
  expect(await plan("ships: [~sampel-palnet, ~sampel-palnet]\n")).toContain("ships[0]");
});

test("a budget in a currency without a rate is refused, with the option that gives one", async () => {
  const text = "ships: [~sampel-palnet]\nbudget: { monthly: 50, currency: EUR }\n";
  expect(await plan(text)).toContain("--rate EUR=");
  const dir = workspace({ "r.yaml": text });
  expect((await roadstead(dir, ["plan", "r.yaml", "--rate", "EUR=1.08"])).code).toBe(0);
});

test("a region no provider has is refused, with the nearest", async () => {
  expect(await plan("ships: { count: 1 }\nregions: { allowed: [us-est-1] }\n")).toContain("us-east-1");
});

test("a 10 MB file is refused by its size, before it is read", async () => {
  const dir = workspace({ "r.yaml": Buffer.alloc(10 * 1024 * 1024, "a: 1\n") });
  const started = process.hrtime.bigint();
  const { code, stderr } = await roadstead(dir, ["plan", "r.yaml", "--html", "out.html"]);
  expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(500);
  expect(code).toBe(2);
  expect(stderr).toMatch(/10\.0 MiB; accepted: .* at most 1 MiB/);
  expect(fs.readdirSync(dir)).toEqual(["r.yaml"]);
});

test("a YAML bomb is refused", async () => {
  const rows = Array.from({ length: 20 }, (_, i) => `a${i + 1}: &a${i + 1} [${"*a" + i + ","}${"*a" + i}]`);
  expect(await plan(`a0: &a0 [x, x]\n${rows.join("\n")}\n`)).toContain("alias");
});

test("duplicate keys are refused with their line", async () => {
  expect(await plan("ships: { count: 1 }\nsla: 99\nsla: 99.9\n")).toMatch(/line 3/);
});

test("a missing file and a directory are refused", async () => {
  expect(await refused({}, ["plan", "nowhere.yaml"])).toContain("nowhere.yaml: no such file");
  expect(await refused({ "dir/x.yaml": "" }, ["plan", "dir"])).toContain("dir: is a directory");
  expect(await refused({ "x.yaml": "" }, ["plan", "x.yaml/y.yaml"])).toContain("no such file");
});

test.each([
  ["text that is not UTF-8", Buffer.from([0x73, 0xff, 0xfe, 0x00]), "UTF-8"],
  ["an empty file", "", "mapping"],
  ["a list", "- 1\n- 2\n", "mapping"],
  ["a broken document", "ships: { count: 1\n", "line"],
  ["two documents", "ships: { count: 1 }\n---\nships: { count: 2 }\n", "document"],
])("%s is refused", async (_what, text, message) => {
  expect(await plan(text)).toContain(message);
});

test("a file that is not a regular file is refused instead of waited for", async () => {
  const dir = workspace();
  fs.symlinkSync("/dev/zero", path.join(dir, "zero.yaml"));
  const { code, stderr } = await roadstead(dir, ["plan", "zero.yaml"]);
  expect(code).toBe(2);
  expect(stderr).toContain("not a regular file");
});

test("all problems come at once, counted", async () => {
  const stderr = await plan("ships: { count: -1 }\nsla: 98\nregions: { residency: mars }\n");
  for (const where of ["ships.count", "sla", "regions.residency", "3 problems; nothing was written"])
    expect(stderr).toContain(where);
});

test.each([
  [["--set", "ships.memoryGiB"], "path=value"],
  [["--set", "ships.named.0.memoryGiB=2"], "a place in a list"],
  [["--set", "__proto__.x=1"], "path=value"],
  [["--set", "constructor.prototype.x=1"], "constructor"],
  [["--set", "ships.memoryGiB=[1"], "not YAML"],
  [["--set", "ships.memoryGiB=-2"], "ships.memoryGiB"],
  [["--rate", "EUR"], "CUR=usd"],
  [["--rate", "EUR=0"], "CUR=usd"],
  [["--rate", "USD=2"], "one US dollar"],
  [["--prices", "none.yaml"], "none.yaml: no such file"],
  [["--candidate", "vps/aws/us-east-1"], "--reason"],
  [["--candidate", "vsp/aws/us-east-1", "--reason", "x"], "Did you mean vps/aws/us-east-1"],
  [["--reason", "because"], "--candidate"],
  [["--write"], "--stack"],
  [["--stack", "prod"], "--write"],
  [["--force"], "--write"],
  [["--json", "--mermaid"], "give one of them"],
  [["--diff", "prod", "--write", "--stack", "prod"], "it only compares"],
  [["--diff", "old.json"], "old.json: no such file"],
  [["--diff", "nostack"], "no stack is recorded here"],
  [["--stack", "staging", "--write"], "--stack prod"],
])("options %j are refused with what is accepted", async (options, message) => {
  expect(await refused({ "r.yaml": ONE_PLANET }, ["plan", "r.yaml", ...options])).toContain(message);
  expect(({} as { x?: unknown }).x).toBeUndefined();
});

test("a price file with a wrong line is refused whole", async () => {
  const prices = "schema: roadstead/prices/1\nprices: [{ provider: aws, item: x, value: -1, unit: hour }]\n";
  const stderr = await refused({ "r.yaml": ONE_PLANET, "p.yaml": prices }, ["plan", "r.yaml", "--prices", "p.yaml"]);
  expect(stderr).toContain("p.yaml: prices[0].value");
});

test.each([
  [
    "HIPAA where no agreement is signed",
    "ships: { count: 1 }\ncompliance: [hipaa]\nregions: { allowed: [nyc3] }\n",
    "compliance",
  ],
  ["99.99 % on one host", "ships: { count: 1 }\nsla: 99.99\nplatform: vps\n", "sla|single-host"],
  ["comets on GroundSeg", "ships: { types: { comet: 3 } }\nplatform: groundseg\n", "ship-type"],
  ["a budget nothing fits", TOO_DEAR, "budget"],
])("%s: valid wishes that cannot be met together exit 3 with the reason", async (_what, text, code) => {
  const dir = workspace({ "r.yaml": text });
  const { code: exit, stdout } = await roadstead(dir, ["plan", "r.yaml"]);
  expect(exit).toBe(3);
  expect(stdout).toMatch(new RegExp(`^ +(${code}):`, "m"));
  expect(stdout).toContain("The nearest change that does");
});
