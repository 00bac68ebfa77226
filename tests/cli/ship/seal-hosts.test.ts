// `roadstead ship seal` of ships on hosts, with an ssh that answers from a file: only a record that says so seals a ship.
import * as fs from "node:fs";
import * as path from "node:path";
import { nextSteps } from "../../../components/host/next-steps";
import { hostSettings } from "../../../components/host/render/settings";
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
const architecture = () => parseStackFile("Pulumi.prod.yaml", fs.readFileSync(file(), "utf8")).architecture!;
const sealed = () =>
  architecture()
    .ships.filter((s) => s.sealed)
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

test("a host that up does not deliver to is asked too: once its key is recorded, up would bring a used key to a host made anew", async () => {
  answers({ "sampel-palnet": DONE, "ridlur-figbud": DONE });
  expect((await seal("--write")).code).toBe(0);
  expect(sealed().sort()).toEqual(["ridlur-figbud", "sampel-palnet"]);
  fs.rmSync(path.join(dir, "asked"));
  expect((await seal("--write")).stdout).toMatch(/^Every ship of this stack .* is sealed/);
  expect(fs.existsSync(path.join(dir, "asked"))).toBe(false);
});

describe("an imported ship", () => {
  const imported = () => architecture().ships.find((s) => s.id === "sampel-palnet")!;
  const brought = FILE.replace(
    "{ name: ~sampel-palnet, key: { secret: sampel-palnet-key } }",
    "{ name: ~sampel-palnet, imported: { sourceStoppedForGood: true, atEvent: 42, by: Ada } }",
  );
  beforeEach(async () => {
    fs.rmSync(file());
    fs.writeFileSync(path.join(dir, "roadstead.yaml"), brought);
    const made = await roadstead(dir, ["plan", "roadstead.yaml", "--stack", "prod", "--write"]);
    if (made.code !== 0) throw new Error(made.stderr);
  });

  test("whose host says that it runs is sealed, stays imported and has no secret to take away: no host takes that pier for new again", async () => {
    answers({ "sampel-palnet": DONE, "ridlur-figbud": "first boot: never; last clean stop at event: ; quarantine: " });
    const done = await seal("--write", "--json");
    const seen = JSON.parse(done.stdout) as { ships: unknown[]; next: string[] };
    expect(seen.ships).toContainEqual({
      ship: "sampel-palnet",
      secret: null,
      standing: "booted",
      why: "it runs from the pier that was brought in",
    });
    expect(seen.next.join()).not.toContain("config rm");
    expect(imported()).toMatchObject({ sealed: true, imported: true, key: null, attestation: { atEvent: 42 } });
    // Planned again it stays so.
    expect((await roadstead(dir, ["plan", "roadstead.yaml", "--stack", "prod", "--write"])).code).toBe(0);
    expect(imported()).toMatchObject({ sealed: true, imported: true });
    const settings = hostSettings(architecture().hosts[0]!, architecture());
    const steps = nextSteps(settings, "192.0.2.9", { recorded: true }).join("\n");
    expect(steps).toContain("~sampel-palnet has booted for good and starts by itself.");
    expect(steps).not.toContain("Bring in the pier");
  });

  test.each([
    ["whose pier was not brought in", DONE.replace("done", "never"), 0],
    ["that is quarantined", `${DONE}its pier is older`, 0],
    ["whose record cannot be read", "first boot: perhaps; quarantine: ", 5],
  ])("%s waits, and may still be brought in", async (_what, record, code) => {
    answers({ "sampel-palnet": record, "ridlur-figbud": DONE });
    expect((await seal("--write")).code).toBe(code);
    expect(imported()).toMatchObject({ sealed: false, imported: true });
  });
});
