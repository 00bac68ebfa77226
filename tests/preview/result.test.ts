import { previewArchitectures, type Preview } from "../../preview";
import { treeOf } from "../../preview/tree";
import { mermaid } from "../../preview/mermaid";
import { renderPreview } from "../../cli/render/preview-text";
import { clusterArchitectures, hostArchitectures, stacksOf } from "./architectures";

jest.setTimeout(60_000);

const plain = { paint: (_: unknown, text: string) => text, width: 100 };

describe("a preview of a cluster", () => {
  let preview: Preview;
  beforeAll(async () => {
    preview = await previewArchitectures(
      stacksOf(clusterArchitectures({ cells: 4, shipsPerCell: 25, unnamed: true, versions: {} })),
    );
  });

  test("names every chart among what was not inspected", () => {
    const charts = preview.graph.resources.filter((r) => r.type.startsWith("kubernetes:helm.sh/"));
    expect(charts.length).toBeGreaterThan(0);
    for (const chart of charts) expect(preview.notInspected.join("\n")).toContain(chart.name);
  });

  test("counts every verdict of every rule, and lists all that did not pass", () => {
    const { rules, pass, fail, undecided, findings } = preview.policies;
    expect(rules).toBeGreaterThan(10);
    expect(pass).toBeGreaterThan(0);
    expect(findings.reduce((n, f) => n + f.resources.length, 0)).toBe(fail + undecided);
    expect(fail).toBeGreaterThan(0);
  });

  test("says once for all cells what `up` refuses without", () => {
    const paths = preview.missing.map((m) => m.path);
    expect(paths).toEqual(expect.arrayContaining(["versions.kubernetes", "ships.named"]));
    expect(new Set(paths).size).toBe(paths.length);
    expect(preview.missing.find((m) => m.path === "ships.named")!.what).toContain("100");
    expect(preview.warnings.filter((w) => w.includes("before up"))).toEqual([]);
  });

  test("is as long on a screen for twice the ships", async () => {
    const text = renderPreview(preview, plain);
    const twice = await previewArchitectures(
      stacksOf(clusterArchitectures({ cells: 4, shipsPerCell: 50, unnamed: true, versions: {} })),
    );
    expect(renderPreview(twice, plain).split("\n").length).toBe(text.split("\n").length);
    expect(text).toContain("Ship × 25");
    expect(text).toContain("first boot 100");
    expect(text).toContain("2 more cell stacks like it: prod-c3 to prod-c4");
  });

  test("has a tree whose top accounts for every resource of the stack", () => {
    const roots = treeOf(preview.graph, "prod").filter((l) => l.depth === 0);
    const all = preview.graph.resources.filter((r) => r.stack === "prod" && r.type !== "pulumi:pulumi:Stack");
    expect(roots.reduce((n, l) => n + l.total, 0)).toBe(all.length);
  });

  test("has a diagram that grows with components and not with ships", () => {
    const lines = mermaid(preview.graph).split("\n");
    expect(lines.length).toBeLessThan(400);
    expect(lines.join("\n")).toContain("Ship × 25");
  });
});

describe("a preview of hosts", () => {
  test("lists few ships one by one, with place, claim and key", async () => {
    const preview = await previewArchitectures(stacksOf(hostArchitectures({ shipsPerCell: 2 })));
    expect(renderPreview(preview, plain)).toMatch(
      /~sampel-palnet +planet +c1 +sampel-palnet +first boot +unknown +given +20/,
    );
    expect(preview.hosts.map((h) => h.host)).toEqual(preview.ledger.ships.map((s) => s.place));
  });

  test("warns when the planned cost is above the budget", async () => {
    const [stack] = stacksOf(hostArchitectures());
    stack!.architecture.cost.budget = 50;
    expect((await previewArchitectures([stack!])).warnings.join()).toContain("above the budget of 50");
  });
});

describe("no preview shows an unknown value as if it were known", () => {
  const fleets = {
    "a cluster": clusterArchitectures({ domain: "fleet.example.com" }),
    "hosts at DigitalOcean": hostArchitectures({ domain: "fleet.example.com" }),
  };
  test.each(Object.entries(fleets))("%s", async (_name, architectures) => {
    const { graph } = await previewArchitectures(stacksOf(architectures));
    // Scripts and alert texts may speak of undefined; a policy, an ARN or an address may not.
    const short: string[] = [];
    const walk = (value: unknown): void => {
      if (typeof value === "string" && value.length < 2_000) short.push(value);
      else if (value !== null && typeof value === "object") Object.values(value).forEach(walk);
    };
    graph.resources.forEach((r) => walk(r.inputs));
    expect(short.filter((text) => /undefined|\[object Object\]|Calling \[toString\]/.test(text))).toEqual([]);
  });
});
