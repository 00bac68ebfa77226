// Promises of the house itself: the import arrows, purity, and names that say nothing.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..");

const cases: Record<string, [path: string, text: string]> = {
  rightward: ["planner/plan/wrong.ts", 'export * from "../../cli/main";\n'],
  preview: ["components/fleet/wrong.ts", 'export * from "../../preview/graph";\n'],
  pack: ["cli/wrong.ts", 'import "../policies/index";\n'],
  purePlanner: ["planner/wrong.ts", 'export * from "@pulumi/pulumi";\n'],
  pureRules: ["policies/rules/wrong.ts", 'export * from "@pulumi/aws/ec2/vpc";\n'],
  pureRender: ["components/fleet/render/wrong.ts", 'export * from "@pulumi/pulumi";\n'],
  apply: [
    "components/fleet/wrong.ts",
    "export const f = (o: never, C: never) => (o as any).apply((v: any) => new (C as any)(v));\n",
  ],
  leftward: ["components/fleet/right.ts", 'export * from "../../planner/predicates";\n'],
};

describe("lint holds the arrows of the design", () => {
  const reported = {} as Record<string, string[]>;
  beforeAll(() => {
    // ESLint is an ES module: it runs in a process of its own, once for all cases.
    const script = `
      import { ESLint } from "eslint";
      const eslint = new ESLint({ cwd: ${JSON.stringify(root)} });
      const out = {};
      for (const [name, [filePath, text]] of Object.entries(${JSON.stringify(cases)}))
        out[name] = (await eslint.lintText(text, { filePath }))[0].messages.map((m) => m.ruleId);
      console.log(JSON.stringify(out));`;
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: root, encoding: "utf8" });
    Object.assign(reported, JSON.parse(out));
  }, 30_000);

  test.each([
    ["the planner may not import what stands to its right", "rightward", "import-x/no-restricted-paths"],
    ["a component may not import the preview", "preview", "import-x/no-restricted-paths"],
    ["nobody imports the pack that serves the policies", "pack", "import-x/no-restricted-paths"],
    ["the planner imports no Pulumi", "purePlanner", "no-restricted-imports"],
    ["policy rules import no Pulumi", "pureRules", "no-restricted-imports"],
    ["renderers import no Pulumi", "pureRender", "no-restricted-imports"],
    ["nothing is created inside apply", "apply", "no-restricted-syntax"],
  ])("%s", (_, name, rule) => {
    expect(reported[name]).toContain(rule);
  });
  test("an import to the left is fine", () => {
    expect(reported["leftward"]).toEqual([]);
  });
});

test("no file has a name that says nothing", () => {
  const files = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n");
  expect(files.filter((f) => /(^|\/)(utils?|helpers?|common|misc|manager|shared|lib)(\/|\.[cm]?ts$)/.test(f))).toEqual(
    [],
  );
});

test("the lock file names no registry, and every dependency has a caret or tilde range", () => {
  expect(readFileSync(join(root, "package-lock.json"), "utf8")).not.toMatch(/"resolved": "https?:/);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
    string,
    Record<string, string>
  >;
  for (const range of Object.values({ ...manifest.dependencies, ...manifest.devDependencies }))
    expect(range).toMatch(/^[\^~]\d/);
});

test("the lock file has every optional dependency of every platform, or npm ci refuses it elsewhere", () => {
  type Entry = { optionalDependencies?: Record<string, string> };
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, Entry>;
  };
  const missing = Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      (name) => !packages[`${path}/node_modules/${name}`] && !packages[`node_modules/${name}`],
    ),
  );
  expect(missing).toEqual([]);
});

test("everything package.json exports is built from a file that exists", () => {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, { default?: string }>;
  };
  for (const target of Object.values(exports))
    if (target.default)
      expect(existsSync(join(root, target.default.replace("./dist/", "").replace(/\.js$/, ".ts")))).toBe(true);
});

test("every relative link of a page leads somewhere", () => {
  const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" }).trim().split("\n");
  expect(pages.length).toBeGreaterThan(20);
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
      .map((m) => m[1]!)
      .filter((target) => !existsSync(join(root, page, "..", target)))
      .map((target) => `${page} → ${target}`),
  );
  expect(broken).toEqual([]);
});
