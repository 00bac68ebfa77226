import { EXIT, EXIT_MEANING } from "../../cli/exit";
import { filesIn, ONE_PLANET, roadstead, workspace } from "./fake-io";

test("--version prints the package's version alone and exits 0", async () => {
  const { version } = jest.requireActual<{ version: string }>("../../package.json");
  expect(await roadstead(workspace(), ["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

test("a misspelt command exits 2, suggests the right one, and prints nothing on stdout", async () => {
  const { code, stdout, stderr } = await roadstead(workspace(), ["plna"]);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain("unknown command 'plna'");
  expect(stderr).toContain("Did you mean plan?");
});

test.each([
  [["plan"], "missing required argument 'file'"],
  [["plan", "a.yaml", "b.yaml"], "too many arguments"],
  [["plan", "a.yaml", "--jsn"], "Did you mean --json?"],
  [["preview", "a.yaml", "--change", "zero"], "accepted: a whole number from 1"],
  [["schema", "world"], "accepted: requirements, plan, architecture"],
  [[], "Usage: roadstead"],
])("wrong usage %j exits 2 with what to do on stderr", async (args, message) => {
  const { code, stdout, stderr } = await roadstead(workspace(), args);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(message);
});

test("help lists every command that exists and no other, and every exit code", async () => {
  const { code, stdout } = await roadstead(workspace(), ["--help"]);
  expect(code).toBe(0);
  const commands = [...stdout.split("Exit codes")[0]!.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm)].map((m) => m[1]);
  expect(commands).toEqual(["init", "plan", "preview", "doctor", "schema", "help"]);
  for (const meaning of Object.values(EXIT_MEANING)) expect(stdout).toContain(meaning);
});

test("exit codes are those of the design", () => {
  expect(EXIT).toEqual({
    done: 0,
    failed: 1,
    usage: 2,
    nothingFeasible: 3,
    partial: 4,
    refused: 5,
    aborted: 6,
    stale: 7,
    cancelled: 8,
    timeout: 9,
    approval: 10,
    locked: 11,
    quarantine: 12,
    unauthenticated: 13,
    bug: 255,
  });
});

describe("a bug", () => {
  const withBug = async (env: Record<string, string>) => {
    const dir = workspace({ "r.yaml": ONE_PLANET });
    const out = jest.fn(() => {
      throw new TypeError("cannot write this");
    });
    return roadstead(dir, ["plan", "r.yaml", "--json"], { out, env });
  };
  test("exits 255 with one short message and no stack trace", async () => {
    const { code, stderr } = await withBug({});
    expect(code).toBe(255);
    expect(stderr).toContain("a bug: cannot write this");
    expect(stderr).not.toMatch(/\n\s+at /);
  });
  test("shows its stack trace when asked", async () => {
    const { stderr } = await withBug({ ROADSTEAD_DEBUG: "1" });
    expect(stderr).toMatch(/\n\s+at /);
  });
});

test("colour is for terminals, and not with NO_COLOR", async () => {
  const dir = workspace({ "r.yaml": ONE_PLANET });
  const coloured = await roadstead(dir, ["plan", "r.yaml"], { outIsTerminal: true });
  expect(coloured.stdout).toContain("\u001b[");
  for (const io of [
    {},
    { outIsTerminal: true, env: { NO_COLOR: "1" } },
    { outIsTerminal: true, env: { TERM: "dumb" } },
  ])
    expect((await roadstead(dir, ["plan", "r.yaml"], io)).stdout).not.toContain("\u001b[");
  expect(filesIn(dir)).toEqual({ "r.yaml": ONE_PLANET });
});

test("a stack that no environment can have is not told to be recorded", async () => {
  for (const command of [["preview"], ["doctor"], ["ship", "list"], ["host", "render"]]) {
    const { code, stderr } = await roadstead(workspace(), [...command, "mine"]);
    expect(code).toBe(2);
    expect(stderr).toContain("A stack is called dev, staging, prod, or as one of their cells, such as prod-c2");
    expect(stderr).not.toContain("--stack mine");
  }
  // A cell is recorded with its environment.
  expect((await roadstead(workspace(), ["preview", "prod-c2"])).stderr).toContain("--stack prod --write");
});
