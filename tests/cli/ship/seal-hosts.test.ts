// `roadstead ship seal` of ships on hosts, with an ssh that answers from a file: only a record that says so seals a ship.
import * as fs from "node:fs";
import * as path from "node:path";
import { parseStackFile } from "../../../planner/architecture/stack-file";
import { roadstead, workspace } from "../fake-io";

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const FILE = `environment: prod
ships:
  named:
    - { name: ~sampel-palnet, key: { secret: sampel-palnet-key } }
    - { name: ~ridlur-figbud, key: { secret: ridlur-figbud-key } }
platform: bare-metal
existing: { hosts: [{ name: attic, memoryGiB: 32, diskGiB: 500, arch: x86_64, monthly: 12, address: 192.0.2.9 }] }
`;
const SSH = `#!/bin/sh
here=$(dirname "$0")/..
printf '%s\\n' "$*" >>"$here/asked"
cat >>"$here/asked"
[ ! -e "$here/down" ] || { echo "ssh: connect to host 192.0.2.9 port 22: Connection refused" >&2; exit 255; }
cat "$here/answer"
`;

let dir: string;
const file = (): string => path.join(dir, "stacks/Pulumi.prod.yaml");
const sealed = () =>
  parseStackFile("Pulumi.prod.yaml", fs.readFileSync(file(), "utf8"))
    .architecture!.ships.filter((s) => s.sealed)
    .map((s) => s.id);
const seal = (...more: string[]) =>
  roadstead(dir, ["ship", "seal", "prod", ...more], { env: { PATH: `${path.join(dir, "bin")}:/usr/bin:/bin` } });
const recognised = () => {
  const text = fs.readFileSync(file(), "utf8");
  fs.writeFileSync(file(), text.replace(/^config:\n/m, `config:\n  roadstead:hostKeys:\n    attic: ${HOST_KEY}\n`));
};
const answers = (records: Record<string, string>) =>
  fs.writeFileSync(
    path.join(dir, "answer"),
    Object.entries(records)
      .map(([id, record]) => `${id} ${record}\n`)
      .join(""),
  );
const DONE = "first boot: done; last clean stop at event: 42; quarantine: ";

beforeEach(async () => {
  dir = workspace({
    "Pulumi.yaml": "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n",
    "roadstead.yaml": FILE,
  });
  fs.mkdirSync(path.join(dir, "bin"));
  fs.writeFileSync(path.join(dir, "bin/ssh"), SSH, { mode: 0o755 });
  const made = await roadstead(dir, ["plan", "roadstead.yaml", "--stack", "prod", "--write"]);
  if (made.code !== 0) throw new Error(made.stderr);
});

test("a ship whose host says that it has booted is sealed; one that has not keeps its key", async () => {
  recognised();
  answers({ "sampel-palnet": DONE, "ridlur-figbud": "first boot: never; last clean stop at event: ; quarantine: " });
  const done = await seal("--write");
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(/1 sealed\. The next up declares their keys no more/);
  expect(done.stdout).toContain("pulumi config rm --stack prod roadstead:sampel-palnet-key");
  expect(done.stdout).not.toContain("ridlur-figbud-key");
  expect(sealed()).toEqual(["sampel-palnet"]);
  expect(fs.readFileSync(file(), "utf8")).toContain(HOST_KEY);
  const asked = fs.readFileSync(path.join(dir, "asked"), "utf8");
  expect(asked).toContain("StrictHostKeyChecking=yes");
  expect(asked).toContain("keeper@192.0.2.9");
  expect(asked).not.toMatch(/ship (key|release|boot)/);
});

test.each<[string, Record<string, string>, number]>([
  ["is quarantined", { "sampel-palnet": `${DONE}its volume is empty` }, 5],
  ["is at its first boot", { "sampel-palnet": DONE.replace("done", "started") }, 5],
  ["has a record of another shape", { "sampel-palnet": "first boot: perhaps; quarantine: " }, 5],
  ["is not spoken of", {}, 5],
])("a ship that %s is not sealed", async (_how, records, exit) => {
  recognised();
  answers(records);
  expect((await seal("--write")).code).toBe(exit);
  expect(sealed()).toEqual([]);
});

test("a host that does not answer seals nothing, and says why", async () => {
  recognised();
  fs.writeFileSync(path.join(dir, "down"), "");
  const done = await seal("--write");
  expect(done.code).toBe(5);
  expect(done.stdout).toContain("attic did not answer: ssh: connect to host 192.0.2.9 port 22: Connection refused");
  expect(sealed()).toEqual([]);
});

test("a host whose SSH key is not recorded holds no declared key and is not asked", async () => {
  expect(await seal("--write")).toMatchObject({ code: 0, stdout: "No ship of this stack has a key declared.\n" });
  expect(fs.existsSync(path.join(dir, "asked"))).toBe(false);
});
