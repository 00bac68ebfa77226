// What a preview says of the loss of each host: who stops, what stays, what is gone and what to do.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostFiles, Ledger } from "../../preview/result";
import { roadstead, workspace } from "../cli/fake-io";

jest.setTimeout(120_000);

const root = join(__dirname, "../..");
const file = join(root, "examples/two-racks.yaml");
type Told = { hosts: Pick<HostFiles, "host" | "loss">[]; ledger: Ledger };
const preview = async (args: string[], cwd = root) => {
  const { code, stdout, stderr } = await roadstead(cwd, ["preview", ...args]);
  if (code !== 0) throw new Error(stderr);
  return stdout;
};
const of = async (wish: string): Promise<Told> =>
  JSON.parse(await preview(["./r.yaml", "--json"], workspace({ "r.yaml": wish }))) as Told;

describe("two racks", () => {
  let told: Told;
  beforeAll(async () => (told = JSON.parse(await preview([file, "--json"])) as Told));

  test("each customer's ships stand in both racks, as evenly as whole ships allow", () => {
    const rack = new Map(told.hosts.flatMap((h) => h.loss.ships.map((s) => [s, h.loss.domain] as const)));
    const count = (tenant: string, domain: string) =>
      told.ledger.ships.filter((s) => s.tenant === tenant && rack.get(s.name!) === domain).length;
    for (const tenant of new Set(told.ledger.ships.map((s) => s.tenant)))
      expect(Math.abs(count(tenant, "rack north") - count(tenant, "rack south"))).toBeLessThanOrEqual(1);
    expect(told.hosts.flatMap((h) => h.loss.ships)).toHaveLength(9);
  });

  test("each host's script has its own disk, and leaves its key to the operators", async () => {
    const dir = workspace({ "r.yaml": readFileSync(file, "utf8") });
    await preview(["./r.yaml", "--out", "out"], dir);
    expect(told.hosts.map((h) => h.host)).toEqual(["north-1", "north-2", "south-1"]);
    told.hosts.forEach(({ host }, i) => {
      const script = readFileSync(join(dir, `out/hosts/${host}/script.sh`), "utf8");
      expect(script).toContain(`DEVICE=/dev/disk/by-id/nvme-eui.0025385b1141000${i + 1}\n`);
      expect(script).toContain("KEY=operator\n");
    });
  });

  test("is told host by host and rack by rack, what they have in common once", async () => {
    const text = (await preview([file])).replace(/\s+/g, " ");
    for (const { host, loss } of told.hosts)
      expect(text).toContain(`${host} (${loss.domain}) stops ${loss.ships.length} ships: ${loss.ships.join(", ")}`);
    expect(text.split("Stays:")).toHaveLength(2);
    expect(text).toContain("rack north as a whole (2 hosts) stops 4 of 9 ships");
    expect(text).toContain("docs/runbooks/HostLost.md");
  });
});

const planet = "ships: [~sampel-palnet]\nplatform: vps\n";
test.each([
  [
    "at DigitalOcean",
    `${planet}regions: { allowed: [nyc3] }\n`,
    "volume, claims and address",
    "without your copy of the volume's key",
  ],
  ["on AWS", `${planet}regions: { allowed: [us-west-2] }\n`, "in its zone", "the snapshots can be read, never started"],
  [
    "on a root disk of one's own",
    "ships: [~sampel-palnet]\nplatform: bare-metal\nexisting: { hosts: [{ memoryGiB: 8, diskGiB: 200, monthly: 0 }] }\n",
    "its root disk with the piers",
    "there is no copy off the host",
  ],
])("a planet %s: what stays, what is gone, and that the old one never starts again", async (_, wish, stays, gone) => {
  const [host] = (await of(wish)).hosts;
  expect(host!.loss).toMatchObject({
    ships: ["~sampel-palnet"],
    survives: expect.stringContaining(stays),
    lost: expect.stringContaining(gone),
    then: expect.stringMatching(/never (let|start) the old (host|machine)/),
  });
});

test("the page it names is there", () => {
  const page = readFileSync(join(root, "docs/runbooks/HostLost.md"), "utf8");
  for (const place of ["DigitalOcean", "AWS", "own machine"]) expect(page).toMatch(new RegExp(`^## .*${place}`, "im"));
});
