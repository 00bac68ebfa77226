// `roadstead ship upgrade`, with an ssh that answers from a file: what it asks for, and how it says what the host said.
import * as fs from "node:fs";
import * as path from "node:path";
import { roadstead, workspace } from "../fake-io";

const VERE = `{ version: "4.7", sha256: { x86_64: "${"a".repeat(64)}" } }`;
const FILE = `environment: prod
ships:
  named:
    - { name: ~sampel-palnet, key: { secret: sampel-palnet-key } }
platform: bare-metal
existing: { hosts: [{ name: attic, memoryGiB: 16, diskGiB: 400, arch: x86_64, monthly: 0 }] }
experience: expert
versions: { vere: ${VERE} }
`;
const SSH = `#!/bin/sh
here=$(dirname "$0")/..
printf '%s\\n' "$*" >>"$here/asked"
cat "$here/says"
exit "$(cat "$here/ends")"
`;

let dir: string;
beforeEach(() => {
  dir = workspace({
    "Pulumi.yaml": "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n",
    "roadstead.yaml": FILE,
  });
  fs.mkdirSync(path.join(dir, "bin"));
  fs.writeFileSync(path.join(dir, "bin/ssh"), SSH, { mode: 0o755 });
});
const upgrade = (ends: number, says: string, ...args: string[]) => {
  fs.writeFileSync(path.join(dir, "ends"), String(ends));
  fs.writeFileSync(path.join(dir, "says"), says);
  return roadstead(dir, ["ship", "upgrade", ...args], { env: { PATH: `${path.join(dir, "bin")}:/usr/bin:/bin` } });
};
const asked = () =>
  fs.existsSync(path.join(dir, "asked")) ? fs.readFileSync(path.join(dir, "asked"), "utf8").trim() : "";

const HOST = "keeper@203.0.113.9";

test("asks the host for the version, over an ssh that trusts no unknown host and asks nothing, and shows its words", async () => {
  const done = await upgrade(
    0,
    "roadstead: sampel-palnet: runs vere 4.7\n",
    HOST,
    "~sampel-palnet",
    "v4.7",
    "--backup-taken",
    "--ssh-option",
    "Port=2222",
  );
  expect(done).toMatchObject({
    code: 0,
    stdout: "",
    stderr: expect.stringContaining("sampel-palnet: runs vere 4.7\n"),
  });
  expect(asked()).toMatch(/-o BatchMode=yes -o StrictHostKeyChecking=yes .*-o Port=2222 /);
  expect(asked()).toMatch(
    / -- keeper@203\.0\.113\.9 sudo -n \/usr\/local\/lib\/roadstead\/upgrade sampel-palnet 4\.7 --backup-taken$/,
  );
});

test.each([
  [73, 1, /The ship has its old version/],
  [69, 9, /It is left to start/],
  [70, 12, /no way back to the old version.*RuntimeUpgrade\.md/],
  [75, 11, /Try again later/],
  [77, 5, /A gate refused; the ship runs as before/],
  [127, 1, /bring it its files first/],
  [255, 1, /goes on; the same command says how it stands/],
])("an end with %i at the host is exit %i here, with what it means", async (ends, code, said) => {
  const done = await upgrade(ends, "the reason\n", HOST, "sampel-palnet", "4.7");
  expect(done).toMatchObject({ code, stderr: expect.stringMatching(said) });
  expect(done.stderr).toContain("the reason\n");
});

test.each([1, 2, 71, 126, 137])(
  "an end with %i at the host, which nobody meant, is no word on which version the ship has",
  async (ends) => {
    const done = await upgrade(ends, "", HOST, "sampel-palnet", "4.7");
    expect(done).toMatchObject({ code: 1, stderr: expect.stringMatching(/ended unexpectedly.*the same command says/) });
    expect(done.stderr).not.toMatch(/old version/);
  },
);

test("takes the version from the lock, and refuses another one, another host's ship, and what is no version", async () => {
  const planned = await roadstead(dir, ["plan", "roadstead.yaml", "--stack", "prod", "--write"]);
  expect(planned.code).toBe(0);
  expect((await upgrade(0, "", "attic", "~sampel-palnet", "--stack", "prod")).code).toBe(0);
  expect(asked()).toMatch(/upgrade sampel-palnet 4\.7$/);
  fs.rmSync(path.join(dir, "asked"));
  for (const [args, said] of [
    [["attic", "~sampel-palnet", "4.8", "--stack", "prod"], /the lock of prod says 4\.7; record 4\.8/],
    [["attic", "~zod", "--stack", "prod"], /is no ship of attic; accepted: sampel-palnet/],
    [["cellar", "~sampel-palnet", "--stack", "prod"], /is no host of prod; accepted: attic/],
    [[HOST, "sampel-palnet"], /say which version/],
    [[HOST, "sampel-palnet", "4.7; reboot"], /accepted: a version such as 4\.6/],
    [[HOST, "x; reboot", "4.7"], /accepted: a ship's @p/],
    [["keeper@-oProxyCommand=x", "sampel-palnet", "4.7"], /accepted: user@address/],
  ] as const) {
    const done = await upgrade(0, "", ...args);
    expect(done).toMatchObject({ code: 2, stderr: expect.stringMatching(said) });
  }
  expect(asked()).toBe("");
});

test("what a host says reaches the terminal as text alone", async () => {
  const done = await upgrade(1, "\u001b]0;owned\u0007red \u001b[31m\u202etxt\rover\n", HOST, "sampel-palnet", "4.7");
  expect(done.stderr).toContain("]0;ownedred [31mtxtover\n");
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  expect(done.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});
