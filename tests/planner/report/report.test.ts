import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { renderHtml, renderMermaid } from "../../../planner/report";
import { esc, fitted, textWidth, ticks, worded, wrapped } from "../../../planner/report/text";
import { plan } from "../../../planner";
import { buildArchitectures } from "../../../planner/architecture/build";
import { candidate, chosenPlan, line, lostPlan, requirements } from "./fixture";

const page = (p = chosenPlan(), r = requirements()) => renderHtml({ requirements: r, plan: p });
const section = (html: string, id: string) =>
  new RegExp(`<section id="${id}"[\\s\\S]*?</section>`).exec(html)?.[0] ?? "";
const order = (html: string) => [...html.matchAll(/<section id="(\w+)"/g)].map((m) => m[1]);

describe("the page", () => {
  test("starts with the decision and its price", () => {
    const decision = section(page(), "decision");
    expect(decision).toContain("Kubernetes on EKS for 12 ships");
    expect(decision).toContain("$120");
    expect(decision).toContain("likely $100 to $150");
    expect(decision).toContain("60 %");
  });

  test("says first that nothing fits, then what would, then why every way lost", () => {
    const html = page(lostPlan());
    expect(order(html).slice(0, 3)).toEqual(["decision", "changes", "candidates"]);
    expect(section(html, "decision")).toContain("Nothing fits these wishes together");
    expect(section(html, "changes")).toContain("--set budget.monthly=120");
    expect(section(html, "candidates")).toContain("Why every way lost");
    expect(html).not.toContain('class="chosen"');
    expect(html).not.toContain("Recommended");
  });

  test("has a row for every candidate, with every reason of the rejected ones", () => {
    const rows = section(page(), "candidates").split("<tbody>")[1]!.match(/<tr/g);
    expect(rows).toHaveLength(3);
    const text = section(page(), "candidates");
    expect(text.match(/Budget a month: 120; needed: 50\./g)).toHaveLength(2);
    expect(text.match(/HIPAA: none; needed: evidence for HIPAA\./g)).toHaveLength(2);
    expect(text.match(/class="chosen"/g)).toHaveLength(1);
  });

  test("shows source, date and basis of every price, and unknown prices as unknown", () => {
    const p = chosenPlan();
    p.candidates[0]!.lines.push(line("something rare", null));
    const costs = section(page(p), "costs");
    for (const l of p.candidates[0]!.lines) expect(costs).toContain(esc(l.item));
    expect(costs.match(/2026-07-20, read/g)).toHaveLength(4);
    expect(costs).toContain("1 price could not be found");
    expect(costs).toMatch(
      /something rare<small>price unknown<\/small><\/th><td class="n" data-label="A month">unknown/,
    );
  });

  test("draws diagram, cost, growth and tornado, each for wide and for narrow screens", () => {
    const html = page();
    for (const id of ["architecture", "costs", "growth", "sensitivity"])
      expect(section(html, id).match(/<svg /g)).toHaveLength(2);
    expect(section(html, "sensitivity").indexOf("memory per ship")).toBeLessThan(
      section(html, "sensitivity").indexOf(">disk per ship"),
    );
    expect(section(html, "architecture")).toContain("2 × r6a.xlarge");
    expect(section(html, "architecture")).toContain("Copies in us-east-1");
    expect(section(html, "growth")).toContain("More nodes than the quota allows.");
  });

  test("lists quotas, questions, warnings and what was assumed", () => {
    const html = page();
    expect(section(html, "quotas")).toContain("ask early");
    expect(section(html, "questions")).toContain("How many in a year?");
    expect(section(html, "warnings")).toContain("Totals leave out tax and support.");
    const asked = section(html, "assumptions");
    expect(asked).toMatch(/Memory a ship<\/dt><dd>4 GiB <span class="assumed">assumed/);
    expect(asked).toMatch(/Budget<\/dt><dd>\$200 a month<\/dd>/);
  });

  test("says what a second region holds, what is built only then, and why it takes that long", () => {
    const p = chosenPlan();
    const there = {
      region: "us-east-1",
      rpoHours: 16,
      rtoHours: 4,
      warm: ["copies"],
      cold: ["ships"],
      reasons: ["why"],
    };
    p.candidates[0]!.recovery.secondRegion = there;
    const said = section(page(p), "security");
    expect(said).toContain("Data lost at most 16 h, ships can boot in us-east-1 after 4 h.");
    for (const word of ["Copies<", "Ships<", "Why.<"]) expect(said).toContain(word);
    expect(section(page(), "security")).not.toContain("If the region is gone");
  });

  test("asks nothing of any other machine and runs nothing", () => {
    const html = page();
    expect(html).not.toMatch(/<script|<link|<img|<iframe|<object|@import|url\(|\bsrc=|\bhref=|\son\w+=/i);
    expect(html).toContain("default-src 'none'");
  });

  test("the same plan gives the same bytes", () => {
    expect(page()).toBe(page());
  });

  test("a plan without lines, nodes, growth or sensitivity is still a page", () => {
    const bare = candidate("managed/own/any", {
      lines: [],
      nodes: [],
      zones: [],
      feasible: false,
      minutesToDeploy: null,
      capacity: { ships: null, boundBy: "unknown" },
      monthly: { low: null, mid: null, high: null, currency: "USD", incomplete: true },
    });
    const html = page({ ...lostPlan(), candidates: [bare], growth: [], sensitivity: [], cheapestChangeThatFits: [] });
    expect(order(html)).toEqual(["decision", "candidates", "architecture", "questions", "warnings", "assumptions"]);
    expect(html).not.toMatch(/NaN|undefined|Infinity|null/);
    const none = page({ ...lostPlan(), candidates: [], growth: [], sensitivity: [], cheapestChangeThatFits: [] });
    expect(none).toContain("Nothing fits");
  });
});

describe("attacks", () => {
  const EVIL = `</title></style><script>alert(1)</script><img src=x onerror=alert(2)>"'&`;

  test("nothing a user writes becomes markup", () => {
    const r = requirements("ships: { named: [{ name: ~zod, customer: acme }] }\n");
    r.ships.named[0]!.customer = EVIL;
    r.ships.named[0]!.name = EVIL;
    r.domain = EVIL;
    r.regions.allowed = [EVIL];
    const p = JSON.parse(JSON.stringify(chosenPlan()), (_key, value) => value);
    const c = p.candidates[0];
    c.region = c.why[0] = c.lines[0].item = c.lines[0].source = c.lines[0].unit = EVIL;
    c.nodes[0].type = c.nodes[0].zone = c.recovery.note = c.security.present[0] = c.capacity.boundBy = EVIL;
    c.recovery.secondRegion = { region: EVIL, rpoHours: 1, rtoHours: 1, warm: [EVIL], cold: [EVIL], reasons: [EVIL] };
    p.candidates[1].rejections[0] = { code: "budget", limit: EVIL, have: EVIL, need: EVIL, fix: EVIL };
    p.growth[1].limitsHit[0] = p.sensitivity[0].input = p.warnings[0] = p.pricedOn = p.requirementsDigest = EVIL;
    p.quotaRequests[0].quota = p.quotaRequests[0].ask = p.quotaRequests[0].provider = EVIL;
    p.clarify[0].question = p.clarify[0].path = EVIL;
    const html = renderHtml({ requirements: r, plan: p });
    expect(html).not.toMatch(/<script|<img|onerror=alert\(2\)>(?!.*&gt;)/i);
    // Only tags of our own are left.
    const tags = new Set([...html.matchAll(/<\/?([a-z][\w-]*)/gi)].map((m) => m[1]!.toLowerCase()));
    for (const tag of ["script", "img", "iframe", "a", "form", "object"]) expect(tags.has(tag)).toBe(false);
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  });

  test("no string leaves a quote, a bracket or a direction mark behind", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (s) => {
        expect(esc(s)).not.toMatch(/[<>"'\u202e\u0000]/); // eslint-disable-line no-control-regex
        expect(esc(s)).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/);
      }),
    );
  });

  test("a Mermaid label cannot end its quotes", () => {
    const p = chosenPlan();
    p.candidates[0]!.nodes[0]!.type = '"] --> evil["x\nclick evil href "javascript:alert(1)"';
    const text = renderMermaid(p);
    expect(text).not.toMatch(/^\s*click|"\] -->/m);
    for (const l of text.split("\n")) expect((l.match(/"/g) ?? []).length % 2).toBe(0);
  });
});

describe("every example", () => {
  const folder = join(__dirname, "../../../examples");
  const files = readdirSync(folder).filter((f) => f.endsWith(".yaml"));
  test.each(files)("%s becomes a page and a flowchart without a gap", (file) => {
    const r = requirements(readFileSync(join(folder, file), "utf8"));
    const p = plan(r);
    const html = renderHtml({ requirements: r, plan: p });
    expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(section(html, "candidates").split("<tbody>")[1]!.match(/<tr/g)).toHaveLength(p.candidates.length);
    expect(renderMermaid(p)).toMatch(/^flowchart TB\n/);
    expect(html.length).toBeLessThan(500_000);
  });
});

describe("a recorded architecture", () => {
  const lockOf = (file: string) => {
    const r = requirements(readFileSync(join(__dirname, "../../../examples", file), "utf8"));
    const p = plan(r);
    const built = buildArchitectures({
      requirements: r,
      plan: p,
      candidateId: p.chosen!,
      stack: r.environment,
      previous: new Map(),
    });
    expect(built.problems).toEqual([]);
    return { r, p, lock: built.stacks[0]!.architecture };
  };

  test("is drawn instead of the candidate: its machines, cells and copies", () => {
    const { r, p, lock } = lockOf("fifty-ships-hipaa.yaml");
    const drawn = section(renderHtml({ requirements: r, plan: p, architecture: lock }), "architecture");
    for (const pool of lock.nodePools.filter((n) => n.count > 0))
      expect(drawn).toContain(`${pool.count} × ${pool.type}`);
    expect(drawn).toContain("Copies in us-east-1");
    expect(drawn).toMatch(/\d+ cells?, \d+ tenants?/);
    const flow = renderMermaid(lock);
    for (const zone of lock.zones) expect(flow).toContain(zone);
  });

  test("of hosts shows each host by name", () => {
    const { r, p, lock } = lockOf("groundseg-12.yaml");
    const drawn = section(renderHtml({ requirements: r, plan: p, architecture: lock }), "architecture");
    for (const host of lock.hosts) expect(drawn).toContain(esc(host.name));
    expect(renderMermaid(lock)).toContain(lock.hosts[0]!.name);
  });
});

describe("text", () => {
  test("fitted text is never wider than its place", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 30, max: 400 }), (s, w) => {
        const cut = fitted(s, w, 12);
        expect(cut === s || textWidth(cut, 12) <= w || [...cut].length <= 2).toBe(true);
        expect(wrapped(s, w, 12, 2).length).toBeLessThanOrEqual(2);
      }),
    );
  });

  test("axis marks start at nothing, are evenly spaced, and reach the top", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1e7, noNaN: true }), (top) => {
        const marks = ticks(top);
        expect(marks[0]).toBe(0);
        expect(marks[marks.length - 1]).toBeGreaterThanOrEqual(top * (1 - 1e-6));
        expect(marks.length).toBeLessThanOrEqual(8);
      }),
    );
  });

  test("words become sentences, names stay as they are", () => {
    expect(worded("vCPU quota")).toBe("vCPU quota");
    expect(worded("r6a.xlarge is enough")).toBe("r6a.xlarge is enough");
    expect(worded("evidence for soc2")).toBe("Evidence for SOC 2");
  });
});
