// `roadstead ship import`: what it takes for a pier, whose word it wants, and what it writes down.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { filesIn, roadstead, workspace } from "../fake-io";

const EVENT_LOG = gunzipSync(fs.readFileSync(path.join(__dirname, "../../planner/ships/event-log.mdb.gz")));
const KEY = "0wAAAAA.BBBBB.CCCCC.DDDDD.EEEEE.FFFFF.GGGGG.HHHHH.IIIII.JJJJJ.KKKKK";
const FILE =
  "# ours\nenvironment: prod\nships:\n  named:\n    - { name: ~marzod, key: { secret: star } } # first\nplatform: vps\n";
const VERE = `#!/bin/sh\n[ "$1 $2 $3" = "info --loom 31" ] || exit 1\necho "  disk: live=&, event=4711" >&2\n`;

function project(files: Record<string, string | Buffer> = {}): string {
  const dir = workspace({
    "Pulumi.yaml": "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n",
    "r.yaml": FILE,
    "pier/.urb/log/0i0/data.mdb": EVENT_LOG,
    "pier/.urb/chk/image.bin": "x",
    vere: VERE,
    ...files,
  });
  fs.chmodSync(path.join(dir, "vere"), 0o755);
  return dir;
}
const WORD = ["--source-stopped-for-good", "--by", "Ada Lovelace"];
const importing = (dir: string, ...args: string[]) => roadstead(dir, ["ship", "import", "r.yaml", ...args]);
const good = (dir: string, ...more: string[]) =>
  importing(dir, "~sampel-palnet", "--pier", "pier", ...WORD, "--at-event", "4711", ...more);
const at = (dir: string, file: string) => fs.readFileSync(path.join(dir, file), "utf8");
const LINE =
  "    - { name: ~sampel-palnet, imported: { sourceStoppedForGood: true, atEvent: 4711, by: Ada Lovelace } }\n";

test("the word goes into the requirements, beside what is there, and the next commands are printed", async () => {
  const dir = project();
  const done = await good(dir);
  expect(done.code).toBe(0);
  expect(at(dir, "r.yaml")).toBe(FILE.replace("platform", `${LINE}platform`));
  expect(done.stdout).toBe(
    "roadstead plan r.yaml --stack prod --write\npulumi up --stack prod --policy-pack policies\n",
  );
  expect(done.stderr).toMatch(/then the same command again/);
  expect(Object.keys(filesIn(dir))).not.toContain("stacks/Pulumi.prod.yaml");
});

test("the event is read from the pier by a vere that is named, and must be the one that is attested", async () => {
  const dir = project();
  const read = ["~sampel-palnet", "--pier", "pier", ...WORD, "--vere", "./vere"];
  expect((await importing(dir, ...read, "--at-event", "4712")).stderr).toMatch(
    /pier is at event 4711.*It is an older copy, which must never run/,
  );
  expect((await importing(dir, ...read, "--at-event", "4710")).stderr).toMatch(/It ran on after that stop/);
  expect((await importing(dir, ...read, "--loom", "32")).stderr).toMatch(/could not read the pier's event/);
  expect(at(dir, "r.yaml")).toBe(FILE);
  expect((await importing(dir, ...read)).code).toBe(0);
  expect(at(dir, "r.yaml")).toContain("atEvent: 4711");
});

const refusals: [string, (dir: string) => Promise<{ code: number; stdout: string; stderr: string }>, RegExp][] = [
  [
    "without the attestation",
    (d) => importing(d, "~sampel-palnet", "--pier", "pier", "--by", "Ada", "--at-event", "1"),
    /says that ~sampel-palnet was stopped cleanly[^]*only a breach from its owner's wallet/,
  ],
  [
    "without a name behind it",
    (d) => importing(d, "~sampel-palnet", "--pier", "pier", "--source-stopped-for-good", "--at-event", "1"),
    /--by NAME is missing/,
  ],
  [
    "without the event of the stop",
    (d) => importing(d, "~sampel-palnet", "--pier", "pier", ...WORD),
    /--at-event N is missing/,
  ],
  [
    "of no ship",
    (d) => importing(d, "~sampel-palnt", "--pier", "pier", ...WORD, "--at-event", "1"),
    /accepted: the ship's @p/,
  ],
  [
    "of another ship's pier",
    (d) => importing(d, "~ridlur-figbud", "--pier", "pier", ...WORD, "--at-event", "1"),
    /received the pier of ~sampel-palnet; accepted: the pier of ~ridlur-figbud/,
  ],
  [
    "of a key",
    (d) => {
      fs.writeFileSync(path.join(d, "a.key"), KEY);
      return importing(d, "~sampel-palnet", "--pier", "a.key", ...WORD, "--at-event", "1");
    },
    /is a boot key/,
  ],
  [
    "of a ship that runs",
    (d) => {
      fs.writeFileSync(path.join(d, "pier/.vere.lock"), "123");
      return good(d);
    },
    /\.vere\.lock in it: the ship runs/,
  ],
  [
    "of an archive that leads out",
    (d) => {
      fs.mkdirSync(path.join(d, "in"));
      execFileSync("tar", ["-P", "-C", path.join(d, "in"), "-czf", path.join(d, "out.tgz"), "../pier", "../r.yaml"]);
      return importing(d, "~sampel-palnet", "--pier", "out.tgz", ...WORD, "--at-event", "1");
    },
    /names that lead out of it/,
  ],
  ["of no pier", (d) => importing(d, "~sampel-palnet", "--pier", "stacks", ...WORD, "--at-event", "1"), /no such file/],
  [
    "with a key beside it",
    (d) => importing(d, "~marzod", "--pier", "other", ...WORD, "--at-event", "1"),
    /~marzod has a key; accepted: a ship without one/,
  ],
];
test.each(refusals)("refused %s: nothing is written and no key is shown", async (_, attempt, why) => {
  const dir = project({ "other/.urb/log/0i0/data.mdb": "?" });
  const done = await attempt(dir);
  expect(done).toMatchObject({ code: 2, stdout: "" });
  expect(done.stderr).toMatch(why);
  expect(done.stderr).not.toContain("BBBBB");
  expect(at(dir, "r.yaml")).toBe(FILE);
});

test("a later event takes the place of an earlier one, never the other way round", async () => {
  const dir = project();
  await good(dir);
  const with_ = (n: string) => importing(dir, "~sampel-palnet", "--pier", "pier", ...WORD, "--at-event", n);
  expect((await with_("4700")).stderr).toMatch(
    /imported at event 4711, and this pier is at event 4700.*older copy never runs/,
  );
  expect(
    (await importing(dir, "~sampel-palnet", "--pier", "pier", ...WORD, "--at-event", "4800", "--disk", "50")).stderr,
  ).toMatch(/is there already; accepted: diskGiB in its own line/);
  expect((await with_("4800")).code).toBe(0);
  expect(at(dir, "r.yaml")).toBe(FILE.replace("platform", `${LINE.replace("4711", "4800")}platform`));
});

describe("once it is recorded", () => {
  async function recorded(text: string): Promise<string> {
    const dir = project({ "r.yaml": text });
    expect((await good(dir)).code).toBe(0);
    const planned = await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write"]);
    if (planned.code !== 0) throw new Error(planned.stdout + planned.stderr);
    return dir;
  }
  const ALONE = FILE.replace(/ {4}- .*\n/, "    - { name: ~ridlur-figbud, key: { secret: a } }\n");

  test("the same command gives the steps, for a host by its login", async () => {
    const dir = await recorded(ALONE.replace("vps", "multi-vps"));
    const before = at(dir, "r.yaml");
    const done = await good(dir, "--script", "bring.sh");
    expect(done).toMatchObject({ code: 0, stdout: "sh bring.sh USER@ADDRESS\n" });
    expect(at(dir, "bring.sh")).toContain(`pier=\${ROADSTEAD_PIER:-'${path.join(dir, "pier")}'}`);
    expect(at(dir, "bring.sh")).toMatch(/'SINCE=4711'/);
    expect(at(dir, "r.yaml")).toBe(before);
    expect((await good(dir)).stdout).toBe(at(dir, "bring.sh"));
  });

  test("for a cluster by its namespace and claim", async () => {
    const dir = await recorded(`${ALONE.replace("vps", "eks")}experience: expert\nregions: { allowed: [us-west-2] }\n`);
    const { stdout } = await good(dir);
    expect(stdout).toMatch(/namespace=t-[0-9a-f]{10} ship=sampel-palnet pod=sampel-palnet-0/);
    expect(stdout).toMatch(/"\$claim" = 'prod\/t-[0-9a-f]{10}\|never\|4711\|'/);
  });

  test("GroundSeg has its own way in, and no step of ours claims otherwise", async () => {
    const dir = await recorded(ALONE.replace("vps", "groundseg"));
    expect((await good(dir)).stdout).toMatch(/^# GroundSeg takes piers/);
  });

  test("a ship that has run here is not brought in again", async () => {
    const dir = await recorded(ALONE.replace("vps", "multi-vps"));
    const file = path.join(dir, "stacks/Pulumi.prod.yaml");
    const state =
      "  roadstead:runState:\n    sampel-palnet: { claim: claimed, firstBoot: done, lastEvent: 4711, cleanStopEvent: null }\n";
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(/^config:\n/m, `config:\n${state}`));
    const done = await good(dir);
    expect(done).toMatchObject({ code: 2, stdout: "" });
    expect(done.stderr).toMatch(/~sampel-palnet, which was brought into prod/);
  });

  test("nor one that may have: it was recorded with a key, and nothing says that it never booted", async () => {
    const keyed =
      "environment: prod\nships:\n  named:\n    - { name: ~sampel-palnet, key: { secret: a } }\nplatform: vps\n";
    const dir = project({ "r.yaml": keyed });
    const plan = (...more: string[]) => roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write", ...more]);
    expect((await plan()).code).toBe(0);
    fs.writeFileSync(path.join(dir, "r.yaml"), keyed.replace(", key: { secret: a }", ""));
    const done = await good(dir);
    expect(done).toMatchObject({ code: 2, stdout: "" });
    expect(done.stderr).toMatch(/may have had its first boot in prod.*--attest-never-deployed/);
    // The way it names, for whoever planned only.
    expect((await plan()).stderr).toMatch(/without its key it could not/);
    expect((await plan("--attest-never-deployed")).code).toBe(0);
    expect((await good(dir)).code).toBe(0);
  });

  test("nor one that another stack holds", async () => {
    const dir = await recorded(ALONE.replace("vps", "multi-vps"));
    fs.writeFileSync(path.join(dir, "r.yaml"), "environment: dev\nships: [~litzod]\nplatform: vps\n");
    const done = await good(dir);
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(/held by stack prod/);
  });
});

test("a volume that the pier would fill is refused with the size that would do", async () => {
  const dir = project();
  // Nothing but a hole: it takes no room here.
  fs.truncateSync(path.join(dir, "pier/.urb/chk/image.bin"), 25 * 1024 ** 3);
  const done = await good(dir);
  expect(done.code).toBe(2);
  expect(done.stderr).toMatch(/the pier has 25\.0 GiB, and its volume 20; .*--disk 51/);
  expect((await good(dir, "--disk", "51")).code).toBe(0);
});
