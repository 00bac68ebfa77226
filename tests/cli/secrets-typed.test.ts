// A secret typed where none belongs, into a file or on the command line, is shown nowhere.
import { withoutSecrets } from "../../planner/requirements/secrets";
import { ONE_PLANET, roadstead, workspace } from "./fake-io";

const BOOT = `0w3mT.${Array(12).fill("AbCdE").join(".")}`;
const PRIVATE =
  "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----";

test.each<[string, string[]]>([
  ["a stack to the doctor", ["doctor", BOOT]],
  ["a stack to preview", ["preview", BOOT]],
  ["a stack to list", ["ship", "list", BOOT]],
  ["a command", [BOOT]],
  ["an option", ["plan", "r.yaml", `--${BOOT}`]],
  ["too many arguments", ["schema", "plan", BOOT]],
  ["a number", ["preview", "r.yaml", "--change", BOOT]],
  ["a path of --set", ["plan", "r.yaml", "--set", `${BOOT}=3`]],
  ["--set without a path", ["plan", "r.yaml", "--set", BOOT]],
  ["a value of --set at a place in a list", ["plan", "r.yaml", "--set", `ships[0].key.secret=${BOOT}`]],
  ["a value of --set", ["plan", "r.yaml", "--set", `domain=${BOOT}`]],
  ["a ship to remove", ["ship", "remove", "r.yaml", BOOT]],
  ["a ship to add", ["ship", "add", "r.yaml", BOOT]],
  ["a secret's name", ["ship", "add", "r.yaml", "~zod", "--key", BOOT]],
  ["a file", ["plan", BOOT]],
  ["a rate", ["plan", "r.yaml", "--rate", BOOT]],
  ["a candidate", ["plan", "r.yaml", "--candidate", BOOT, "--reason", "x"]],
  ["a private key as a stack", ["doctor", PRIVATE]],
])("%s", async (_, args) => {
  const dir = workspace({ "r.yaml": ONE_PLANET });
  const { code, stdout, stderr } = await roadstead(dir, args);
  expect(code).toBe(2);
  expect(stderr).not.toBe("");
  for (const secret of ["AbCdE", "b3BlbnNza"]) expect(stdout + stderr).not.toContain(secret);
});

test("a value that --set refuses is not repeated, whatever it looks like", async () => {
  const dir = workspace({ "r.yaml": ONE_PLANET });
  for (const set of ["ships[0].key.secret=hunter2", "hosts.groundseg.password=hunter2", "hosts.x='hunter2"]) {
    const { code, stdout, stderr } = await roadstead(dir, ["plan", "r.yaml", "--set", set]);
    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain("hunter2");
  }
});

test("names of secrets, and words about them, are shown as ever", () => {
  const said = "r.yaml: put key: { secret: sampel-palnet-key } behind its name, and the token: in the stack's config";
  expect(withoutSecrets(said)).toBe(said);
});
