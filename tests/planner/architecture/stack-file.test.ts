import fc from "fast-check";
import { parse, parseDocument } from "yaml";
import {
  architectureDigest,
  configBytes,
  digestOf,
  MAX_CONFIG_BYTES,
  parseStackFile,
  requirementsDigest,
  sizeProblem,
  stackOfFile,
  writeStackFile,
} from "../../../planner/architecture";
import { build, codes, named, wish, write } from "./fixtures";

const requirements = wish({ ships: { named: named([1, 2, 3]) } });
const architecture = build(requirements, "eks").stacks[0]!.architecture;
const lock = { architecture, requirementsDigest: requirementsDigest(requirements) };
const text = writeStackFile("", lock);
const FILE = "Pulumi.prod.yaml";

const theirs = `# kept by the platform team
secretsprovider: awskms://alias/pulumi
encryptionsalt: v1:abcdef=:v1:123:456== # do not lose
config:
  # where
  aws:region: us-west-2
  roadstead:key-1:
    secure: AAABAB2x # the boot key
  web:replicas: "3"
backend:
  url: file://state
`;

describe("writing", () => {
  test("what is not Roadstead's survives, comments included, over any number of writes", () => {
    const once = writeStackFile(theirs, lock);
    for (const line of theirs.trim().split("\n")) expect(once).toContain(line.trim());
    const { config, ...rest } = parse(once) as { config: Record<string, unknown> };
    const before = parse(theirs) as { config: Record<string, unknown> };
    expect(rest).toEqual({
      secretsprovider: "awskms://alias/pulumi",
      encryptionsalt: "v1:abcdef=:v1:123:456==",
      backend: { url: "file://state" },
    });
    for (const key of Object.keys(before.config)) expect(config[key]).toEqual(before.config[key]);
    expect(writeStackFile(once, lock)).toBe(once);
  });

  test("a lock taken away leaves the rest as it was", () => {
    expect(parse(writeStackFile(writeStackFile(theirs, lock), null))).toEqual(parse(theirs));
  });

  test("any other config keeps its value through a round trip", () => {
    const value = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.boolean(),
      fc.integer(),
      fc.record({ secure: fc.base64String() }),
    );
    const key = fc.stringMatching(/^[a-z]{1,8}:[a-zA-Z.-]{1,12}$/).filter((k) => !k.startsWith("roadstead:"));
    fc.assert(
      fc.property(
        fc.dictionary(key, value, { noNullPrototype: true }),
        fc.string({ maxLength: 30 }),
        (config, salt) => {
          const before = parseDocument("{}");
          before.contents = before.createNode({ encryptionsalt: salt, config }) as never;
          const after = parse(writeStackFile(before.toString(), lock)) as {
            encryptionsalt: string;
            config: Record<string, unknown>;
          };
          expect(after.encryptionsalt).toBe(salt);
          for (const [k, v] of Object.entries(config)) expect(after.config[k]).toEqual(v);
          expect(after.config["roadstead:architecture"]).toEqual(architecture);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("strings that another YAML reader would take for dates or numbers are quoted", () => {
    expect(text).toContain('pricedOn: "2026-11-21"');
    const odd = { ...architecture, versions: { kubernetes: "1.30" } };
    expect(writeStackFile("", { ...lock, architecture: odd })).toContain('kubernetes: "1.30"');
  });

  test("each ship is one line, so that a review sees one line a ship", () => {
    for (const s of architecture.ships)
      expect(text.split("\n").filter((l) => l.includes(`id: "${s.id}"`))).toHaveLength(1);
  });
});

describe("reading", () => {
  test("what was written is read back, and the digest is right", () => {
    const read = parseStackFile(FILE, text);
    expect(read).toMatchObject({
      stack: "prod",
      architecture,
      requirementsDigest: lock.requirementsDigest,
      architectureDigest: architectureDigest(architecture),
      problems: [],
      runState: {},
    });
  });

  test.each([
    "",
    "# nothing yet\n",
    "encryptionsalt: v1:x\n",
    "config: {}\n",
    "config:\n",
    "config:\n  aws:region: us-west-2\n",
  ])("a file without a lock is no problem: %j", (empty) => {
    expect(parseStackFile(FILE, empty)).toMatchObject({ architecture: null, problems: [] });
    expect(parseStackFile(FILE, writeStackFile(empty, lock)).problems).toEqual([]);
  });

  test("a hand-edited file is refused with every problem, each with file, path, received, accepted and what to do", () => {
    const edited = text
      .replace('mode: "eks"', 'mode: "moon"')
      .replace("memoryMiB: 4096", "memoryMiB: -1")
      .replace('role: "platform"', 'role: "platform"\n    colour: blue');
    const { architecture: none, problems } = parseStackFile(FILE, edited);
    expect(none).toBeNull();
    expect(problems.map((p) => p.path)).toEqual(
      expect.arrayContaining([
        "config.roadstead:architecture.mode",
        "config.roadstead:architecture.ships[0].memoryMiB",
        "config.roadstead:architecture.colour",
      ]),
    );
    for (const p of problems) {
      expect(p.file).toBe(FILE);
      for (const part of [p.received, p.accepted, p.fix]) expect(part).not.toBe("");
      expect(p.message).toContain(FILE);
    }
    expect(problems.find((p) => p.path.endsWith(".mode"))!.received).toBe('"moon"');
    expect(problems.find((p) => p.path.endsWith(".colour"))!.received).toBe('"blue"');
  });

  test("a valid edit is found by the digest", () => {
    for (const edited of [
      text.replace('zone: "us-west-2a"', 'zone: "us-west-2b"'),
      text.replace(/ {2}roadstead:architectureDigest.*\n/, ""),
    ])
      expect(codes(parseStackFile(FILE, edited))).toEqual(["digest"]);
    const files = new Map([[FILE, text.replace('zone: "us-west-2a"', 'zone: "us-west-2b"')]]);
    const result = write(requirements, "eks", files, { force: true });
    expect([result.exit, codes(result), result.writes]).toEqual([7, ["digest"], []]);
  });

  test.each([
    ["a ship twice", (a: typeof architecture) => void a.ships.push(a.ships[0]!)],
    ["a ship of another cell", (a: typeof architecture) => void (a.ships[0]!.cell = "c9")],
    ["a ship without its tenant", (a: typeof architecture) => void (a.tenants = [])],
    ["a ship on a host that is not there", (a: typeof architecture) => void (a.ships[0]!.host = "elsewhere")],
    ["another stack's lock", (a: typeof architecture) => void (a.stack = "staging")],
    ["memory below the loom", (a: typeof architecture) => void (a.ships[0]!.limitMiB = 1024)],
  ])("%s is refused even with a right digest", (_what, edit) => {
    const bad = structuredClone(architecture);
    edit(bad);
    expect(codes(parseStackFile(FILE, writeStackFile("", { ...lock, architecture: bad })))).toEqual(["invalid"]);
  });

  test("duplicate keys, alias bombs, lists, broken YAML and huge files are refused, never thrown", () => {
    const bomb = `a: &a [x,x]\nb: &b [*a,*a]\nconfig: {c: [*b,*b]}\n`;
    for (const bad of [
      "config: {}\nconfig: {}\n",
      bomb,
      "- a\n",
      "config: [1]\n",
      "a: [",
      "just words",
      "x".repeat(3_000_000),
      `${text}\nconfig:\n  a: b\n`,
    ])
      expect(codes(parseStackFile(FILE, bad))).toEqual(["invalid"]);
    expect(codes(parseStackFile("prod.yaml", text))).toEqual(["invalid"]);
  });

  test("run state is read beside the lock and changes no digest", () => {
    const withState = text.replace(
      "config:\n",
      `config:\n  roadstead:runState:\n    ${architecture.ships[0]!.id}: { claim: claimed, firstBoot: done, lastEvent: 7, cleanStopEvent: null }\n`,
    );
    const read = parseStackFile(FILE, withState);
    expect(read.problems).toEqual([]);
    expect(read.runState[architecture.ships[0]!.id]).toEqual({
      claim: "claimed",
      firstBoot: "done",
      lastEvent: 7,
      cleanStopEvent: null,
    });
    expect(codes(parseStackFile(FILE, withState.replace("firstBoot: done", "firstBoot: maybe")))).toEqual(["invalid"]);
    expect(writeStackFile(withState, lock)).toContain("firstBoot: done");
  });

  test.each([
    ["stacks/Pulumi.prod-c2.yaml", "prod-c2"],
    ["Pulumi.yaml", null],
    ["Pulumi.prod.yml", null],
  ])("%s is stack %s", (file, stack) => {
    expect(stackOfFile(file)).toBe(stack);
  });
});

describe("digests", () => {
  test("change exactly when the architecture changes, not with order or layout", () => {
    const shuffled = Object.fromEntries(Object.entries(architecture).reverse()) as typeof architecture;
    expect(architectureDigest(shuffled)).toBe(architectureDigest(architecture));
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(digestOf(a) === digestOf(b)).toBe(same);
      }),
    );
    for (const [path, value] of [
      ["region", "x"],
      ["zones", []],
      ["mode", "doks"],
    ] as const)
      expect(architectureDigest({ ...architecture, [path]: value })).not.toBe(architectureDigest(architecture));
  });

  test("of requirements do not depend on how the file was written", () => {
    expect(requirementsDigest(wish({ ships: { named: named([1, 2, 3]) } }))).toBe(lock.requirementsDigest);
    expect(requirementsDigest(wish({ ships: { named: named([1, 2]) } }))).not.toBe(lock.requirementsDigest);
  });
});

describe("size", () => {
  test.each(["eks", "multi-vps"] as const)(
    "every stack of 1,000 ships on %s fits the one environment variable it travels in",
    (shape) => {
      const result = write(wish({ ships: { count: 1000 }, customers: 100 }), shape);
      expect(result.problems).toEqual([]);
      expect(Math.max(...[...result.after.values()].map(configBytes))).toBeLessThan(MAX_CONFIG_BYTES / 2);
    },
  );

  test("config is counted as it is carried: JSON inside JSON, other keys too", () => {
    const value = { "a:b": 'x"y', "c:d": { e: "f" } };
    expect(configBytes(JSON.stringify({ config: value }))).toBe(
      Buffer.byteLength(JSON.stringify({ "a:b": 'x"y', "c:d": '{"e":"f"}' })),
    );
  });

  test("a lock that would not fit is refused", () => {
    const full = writeStackFile(`config:\n  other:blob: ${"x".repeat(MAX_CONFIG_BYTES)}\n`, lock);
    expect(sizeProblem(FILE, full)).toMatchObject({ code: "size", file: FILE });
    expect(sizeProblem(FILE, text)).toBeNull();
    const result = write(
      requirements,
      "eks",
      new Map([[FILE, `config:\n  other:blob: ${"x".repeat(MAX_CONFIG_BYTES)}\n`]]),
    );
    expect([codes(result), result.writes]).toEqual([["size"], []]);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}
