// `roadstead ship seal`, with a kubectl that answers from a file: only a claim that is this stack's and says so seals a ship.
import * as fs from "node:fs";
import * as path from "node:path";
import { ANNOTATION, claimHolder, REGISTRY_NAMESPACE } from "../../../components/fleet/render/names";
import type { LockedShip } from "../../../planner/architecture/schema";
import { parseStackFile } from "../../../planner/architecture/stack-file";
import { filesIn, roadstead, workspace } from "../fake-io";

const FILE = `environment: prod
ships:
  named:
    - { name: ~sampel-palnet, key: { secret: sampel-palnet-key } }
    - { name: ~ridlur-figbud, key: { secret: ridlur-figbud-key } }
    - { name: ~wicdev-wisryt, fake: true }
platform: eks
experience: expert
regions: { allowed: [us-west-2] }
versions: { kubernetes: "1.34" }
`;
const KUBECTL = `#!/bin/sh
printf '%s\\n' "$*" >> "$(dirname "$0")/../asked"
[ ! -e "$(dirname "$0")/../down" ] || { echo "Unable to connect to the server: refused" >&2; exit 1; }
[ ! -e "$(dirname "$0")/../meanwhile" ] || echo "  roadstead:nec-key: { secure: v1:abc }" >> "$(dirname "$0")/../stacks/Pulumi.prod.yaml"
cat "$(dirname "$0")/../leases.json"
`;

let dir: string;
let ships: LockedShip[];
const stackFile = (): string => path.join(dir, "stacks/Pulumi.prod.yaml");
const lock = () => parseStackFile("Pulumi.prod.yaml", fs.readFileSync(stackFile(), "utf8"));
const shipOf = (id: string): LockedShip => lock().architecture!.ships.find((s) => s.id === id)!;
const seal = (...more: string[]) =>
  roadstead(dir, ["ship", "seal", "prod", ...more], { env: { PATH: `${path.join(dir, "bin")}:/usr/bin:/bin` } });

/** What the cluster's claims say, by ship. */
function claims(said: Record<string, { firstBoot?: string; holder?: string }>): void {
  const items = Object.entries(said).map(([name, { firstBoot, holder }]) => ({
    metadata: { name, annotations: firstBoot === undefined ? {} : { [ANNOTATION.firstBoot]: firstBoot } },
    spec: { holderIdentity: holder ?? claimHolder("prod", ships.find((s) => s.id === name)!.tenant) },
  }));
  fs.writeFileSync(path.join(dir, "leases.json"), JSON.stringify({ items }));
}

beforeEach(async () => {
  dir = workspace({
    "Pulumi.yaml": "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n",
    "roadstead.yaml": FILE,
  });
  fs.mkdirSync(path.join(dir, "bin"));
  fs.writeFileSync(path.join(dir, "bin/kubectl"), KUBECTL, { mode: 0o755 });
  const made = await roadstead(dir, ["plan", "roadstead.yaml", "--stack", "prod", "--write"]);
  if (made.code !== 0) throw new Error(made.stderr);
  ships = lock().architecture!.ships;
});

test("a ship whose claim says that it has booted is recorded as sealed, without its key; one that has not keeps its own", async () => {
  claims({ "sampel-palnet": { firstBoot: "done" }, "ridlur-figbud": { firstBoot: "started" } });
  const done = await seal("--write");
  expect([done.code, done.stderr]).toEqual([0, ""]);
  expect(done.stdout).toMatch(/1 sealed\..*no ship is restarted/);
  expect(shipOf("sampel-palnet")).toMatchObject({ sealed: true, key: null });
  expect(shipOf("ridlur-figbud")).toMatchObject({ sealed: false, key: { secret: "ridlur-figbud-key" } });
  // Asked once, where the claims are, and for nothing else.
  const asked = fs.readFileSync(path.join(dir, "asked"), "utf8").trim().split("\n");
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain(`get leases.coordination.k8s.io --namespace ${REGISTRY_NAMESPACE}`);
  expect(done.stdout).toMatch(
    /pulumi up --stack prod .*\n {2}pulumi config rm --stack prod roadstead:sampel-palnet-key/,
  );
  expect(done.stdout).not.toMatch(/ridlur-figbud-key/);
});

test("what was sealed stays sealed when it is planned again, and is not asked about any more", async () => {
  claims({ "sampel-palnet": { firstBoot: "done" }, "ridlur-figbud": { firstBoot: "done" } });
  expect((await seal("--write")).code).toBe(0);
  expect((await roadstead(dir, ["plan", "roadstead.yaml", "--stack", "prod", "--write"])).code).toBe(0);
  expect(shipOf("sampel-palnet")).toMatchObject({ sealed: true, key: null });
  expect((await seal("--write")).stdout).toMatch(
    /Every ship of this stack that boots from a key or was brought in is sealed/,
  );
});

test("a stack file that is changed while the cluster is asked is left as it is", async () => {
  claims({ "sampel-palnet": { firstBoot: "done" } });
  fs.writeFileSync(path.join(dir, "meanwhile"), "");
  const done = await seal("--write");
  expect(done).toMatchObject({ code: 2, stdout: "" });
  expect(done.stderr).toMatch(/was changed meanwhile; nothing was written/);
  expect(fs.readFileSync(stackFile(), "utf8")).toContain("roadstead:nec-key");
  expect(shipOf("sampel-palnet").sealed).toBe(false);
});

test("without --write nothing is written, and the command that does is named", async () => {
  claims({ "sampel-palnet": { firstBoot: "done" }, "ridlur-figbud": { firstBoot: "never" } });
  const before = filesIn(path.join(dir, "stacks"));
  const shown = await seal();
  expect([shown.code, filesIn(path.join(dir, "stacks"))]).toEqual([0, before]);
  expect(shown.stdout).toMatch(/1 of 2 can be sealed \(nothing was written\)[\s\S]*roadstead ship seal prod --write/);
});

test.each<[string, Record<string, { firstBoot?: string; holder?: string }>, RegExp]>([
  [
    "that is another stack's",
    { "sampel-palnet": { firstBoot: "done", holder: "staging/t-0123456789" } },
    /belongs to staging/,
  ],
  ["that is not there, as in another cluster", {}, /no claim of it/],
  ["without a record", { "sampel-palnet": {} }, /first boot is null/],
  ["with a record nobody knows", { "sampel-palnet": { firstBoot: "perhaps" } }, /first boot is "perhaps"/],
])("unknown is not yes: a claim %s seals nothing, exit 5", async (_what, said, why) => {
  claims(said);
  const before = filesIn(path.join(dir, "stacks"));
  const { code, stdout } = await seal("--write");
  expect([code, filesIn(path.join(dir, "stacks"))]).toEqual([5, before]);
  expect(stdout).toMatch(why);
});

test("a cluster that does not answer seals nothing", async () => {
  fs.writeFileSync(path.join(dir, "down"), "");
  const before = filesIn(path.join(dir, "stacks"));
  const { code, stderr } = await seal("--write");
  expect([code, filesIn(path.join(dir, "stacks"))]).toEqual([1, before]);
  expect(stderr).toMatch(/Unable to connect/);
}, 20_000);

test("a lock that was changed by hand is not written over", async () => {
  claims({ "sampel-palnet": { firstBoot: "done" } });
  fs.writeFileSync(
    stackFile(),
    fs.readFileSync(stackFile(), "utf8").replace(/(architectureDigest: "?sha256:)..../, "$1ffff"),
  );
  const before = filesIn(path.join(dir, "stacks"));
  expect([(await seal("--write")).code, filesIn(path.join(dir, "stacks"))]).toEqual([7, before]);
});
