// The deliberate faults of `npm run test:mutations` can still be applied: when the source moves, its fault moves with it.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import faults from "./faults/index.cjs";

const root = join(__dirname, "../..");

test.each(faults)("$id: the text it replaces stands once in $file", ({ file, find, replace }) => {
  expect(readFileSync(join(root, file), "utf8").split(find).length - 1).toBe(1);
  expect(replace).not.toBe(find);
});

test("there are twenty at least, each with a name of its own, in every part of the house that decides something", () => {
  expect(faults.length).toBeGreaterThanOrEqual(20);
  expect(new Set(faults.map((f) => f.id)).size).toBe(faults.length);
  expect([...new Set(faults.map((f) => f.part))].sort()).toEqual([
    "cli",
    "components",
    "planner",
    "policies",
    "preview",
    "stacks",
  ]);
});

test("each names where it should be noticed, and that is there", () => {
  for (const { suites } of faults) {
    expect(suites.length).toBeGreaterThan(0);
    for (const suite of suites)
      expect(existsSync(join(root, typeof suite === "string" ? suite : suite.path))).toBe(true);
  }
});

describe("npm run test:mutations", () => {
  const ask = (...args: string[]) =>
    spawnSync(process.execPath, [join(__dirname, "run.mjs"), ...args], { encoding: "utf8", timeout: 30_000 });

  test("lists every fault without running anything", () => {
    const asked = ask("--list");
    expect(asked.stdout.trim().split("\n")).toHaveLength(faults.length);
    for (const { id, title } of faults) expect(asked.stdout).toMatch(new RegExp(`^${id} .*${escaped(title)}$`, "m"));
  });

  test.each([["--only", "no-such-fault"], ["--jobs", "0"], ["--commit"]])(
    "refuses %s %s with exit code 2, and says what is accepted",
    (...args) => {
      const asked = ask(...args);
      expect([asked.status, asked.stdout]).toEqual([2, ""]);
      expect(asked.stderr).toContain("npm run test:mutations --");
    },
  );

  const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
});
