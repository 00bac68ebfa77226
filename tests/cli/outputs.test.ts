import * as fs from "node:fs";
import * as path from "node:path";
import { filesIn, ONE_PLANET, roadstead, workspace } from "./fake-io";

jest.setTimeout(60_000);

const PRICES = "schema: roadstead/prices/1\n";

describe("plan --html writes over nothing but its own report", () => {
  const files = {
    "r.yaml": ONE_PLANET,
    "thesis.html": "<!doctype html><title>years of work</title>",
    "Pulumi.yaml": "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n",
    "stacks/Pulumi.prod.yaml": "encryptionsalt: v1:abc=:v1:def\n",
    "prices.yaml": PRICES,
    "empty.html": "",
    "other/r.yaml": ONE_PLANET,
  };

  test.each<[string, string, string]>([
    ["a stack file", "stacks/Pulumi.prod.yaml", "Pulumi project or stack file"],
    ["a stack file not written yet", "stacks/Pulumi.dev.yaml", "Pulumi project or stack file"],
    ["the project file", "Pulumi.yaml", "Pulumi project or stack file"],
    ["the requirements file itself", "r.yaml", "is an input"],
    ["the requirements file by another path", "./other/../r.yaml", "is an input"],
    ["the prices file", "prices.yaml", "is an input"],
    ["another requirements file", "other/r.yaml", "is not a Roadstead report"],
    ["a page somebody else made", "thesis.html", "is not a Roadstead report"],
    ["a file that is empty yet", "empty.html", "is not a Roadstead report"],
    ["a directory", "stacks", "is a directory"],
  ])("refuses %s with exit code 2 and writes nothing", async (_what, target, says) => {
    const dir = workspace(files);
    const args = ["plan", "r.yaml", "--prices", "prices.yaml", "--html", target];
    const { code, stdout, stderr } = await roadstead(dir, args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(says);
    expect(filesIn(dir)).toEqual(Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))));
  });

  test("refuses the requirements file through a link", async () => {
    const dir = workspace({ "r.yaml": ONE_PLANET });
    fs.symlinkSync("r.yaml", path.join(dir, "report.html"));
    expect(await roadstead(dir, ["plan", "r.yaml", "--html", "report.html"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is an input"),
    });
    expect(fs.readFileSync(path.join(dir, "r.yaml"), "utf8")).toBe(ONE_PLANET);
  });

  test("replaces a report it made before", async () => {
    const dir = workspace({ "r.yaml": ONE_PLANET });
    expect((await roadstead(dir, ["plan", "r.yaml", "--html", "report.html"])).code).toBe(0);
    const args = ["plan", "r.yaml", "--set", "ships.memoryGiB=8", "--html", "report.html"];
    const before = filesIn(dir)["report.html"];
    expect((await roadstead(dir, args)).code).toBe(0);
    expect(filesIn(dir)["report.html"]).not.toBe(before);
  });
});

describe("preview --out stays where it is told", () => {
  const wish = "environment: dev\nplatform: vps\nships: [~sampel-palnet]\n";

  test.each<[string, string]>([
    ["a link to another directory", "out"],
    ["a directory behind such a link", "out/inner"],
  ])("refuses %s and writes nothing", async (_what, out) => {
    const elsewhere = workspace();
    const dir = workspace({ "wish.yaml": wish });
    fs.symlinkSync(elsewhere, path.join(dir, "out"));
    const { code, stdout, stderr } = await roadstead(dir, ["preview", "wish.yaml", "--out", out]);
    expect([code, stdout, filesIn(elsewhere)]).toEqual([2, "", {}]);
    expect(stderr).toContain("symbolic link");
  });
});
