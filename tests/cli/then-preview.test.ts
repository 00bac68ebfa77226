import { filesIn, ONE_PLANET, roadstead, TOO_DEAR, workspace } from "./fake-io";

test("nothing fits: says so, previews the first change by name, exits 0, says what to do next, writes nothing", async () => {
  const dir = workspace({ "r.yaml": TOO_DEAR });
  const { code, stdout, stderr } = await roadstead(dir, ["plan", "r.yaml", "--then-preview"]);
  expect(code).toBe(0);
  const change = /^ {2}1\. (.+)$/m.exec(stdout)![1]!;
  expect(stdout).toContain(`Nothing fits the wishes as they are. Preview of change 1: ${change}`);
  expect(stdout).toMatch(/GroundSegHost|VpsPlanet|Cluster/);
  expect(stderr).toMatch(/Next:\n.*change.*\n.*--set /);
  expect(filesIn(dir)).toEqual({ "r.yaml": TOO_DEAR });
});

test("something fits: previews it", async () => {
  const { code, stdout } = await roadstead(workspace({ "r.yaml": ONE_PLANET }), ["plan", "r.yaml", "--then-preview"]);
  expect(code).toBe(0);
  expect(stdout).toContain("Preview of vps/");
  expect(stdout).toContain("VpsPlanet");
});
