// What a plan says for hosts is what the components build: their resources, added up by the catalog's prices, to the cent.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Candidate, checkRequirements, defaultCatalog, plan, type Requirements } from "../../planner";
import { buildArchitectures } from "../../planner/architecture";
import { priceOf } from "../../planner/catalog/catalog";
import { readObject } from "../../planner/requirements/load";
import { previewArchitectures } from "../../preview";
import type { GraphResource } from "../../preview/graph";

jest.setTimeout(120_000);

const catalog = defaultCatalog();
const HOURS = 730;
const HOSTED = new Set(["vps", "multi-vps", "groundseg", "bare-metal", "hybrid"]);

const read = (value: unknown): Requirements => {
  const loaded = checkRequirements(value, "wish.yaml");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.requirements;
};

async function built(requirements: Requirements): Promise<{ chosen: Candidate; resources: GraphResource[] }> {
  const planned = plan(requirements);
  const { stacks, problems } = buildArchitectures({
    requirements,
    plan: planned,
    candidateId: planned.chosen!,
    stack: requirements.environment,
    previous: new Map(),
  });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const { graph } = await previewArchitectures(stacks);
  return { chosen: planned.candidates.find((c) => c.id === planned.chosen)!, resources: graph.resources };
}

/** What nobody decides by building: how much is written, sent, and kept of it. */
const BY_USE = /^(snapshots|backup bucket|access logs|internet egress|second region|copies|replica|transfer|requests)/;

/** The bill of these resources, each by its own inputs. */
function billOf(resources: readonly GraphResource[], region: string): number {
  const price = (provider: "aws" | "digitalocean", item: string): number => {
    const { value } = priceOf(catalog, provider, item, region);
    if (value === null) throw new Error(`no price of ${item}`);
    return value;
  };
  const assigned = resources.filter((r) => r.type.endsWith(":ReservedIpAssignment")).length;
  expect(resources.filter((r) => r.type.endsWith(":ReservedIp"))).toHaveLength(assigned);
  return resources.reduce((sum, { type, inputs }) => {
    const size = Number(inputs.size);
    switch (type) {
      case "digitalocean:index/droplet:Droplet": {
        const own = price("digitalocean", `droplet:${String(inputs.size)}`);
        if (inputs.backups !== true) return sum + own;
        const { plan } = inputs.backupPolicy as { plan: string };
        return sum + own * (1 + price("digitalocean", plan === "weekly" ? "backupsWeekly" : "backupsDaily"));
      }
      case "digitalocean:index/volume:Volume":
        return sum + size * price("digitalocean", "volume");
      case "aws:ec2/instance:Instance": {
        const root = (inputs.rootBlockDevice as { volumeSize: number }).volumeSize;
        const own = HOURS * price("aws", `ec2:${String(inputs.instanceType)}`);
        return sum + own + root * price("aws", "gp3Storage");
      }
      case "aws:ebs/volume:Volume":
        return sum + size * price("aws", "gp3Storage");
      case "aws:ec2/eip:Eip":
        return sum + HOURS * price("aws", "publicIpv4");
      case "aws:kms/key:Key":
        return sum + price("aws", "kmsKey");
      default:
        return sum;
    }
  }, 0);
}

const folder = join(__dirname, "../../examples");
const examples = readdirSync(folder).flatMap((file): [string, Requirements][] => {
  const data = readObject(readFileSync(join(folder, file), "utf8"), file);
  if (!data.ok) throw new Error(file);
  const requirements = read(data.value);
  const mode = plan(requirements).chosen?.split("/")[0] ?? "";
  return HOSTED.has(mode) ? [[file, requirements]] : [];
});
const at = (region: string) => ({ regions: { allowed: [region] } });
const planet = { ships: ["~sampel-palnet"], platform: "vps" };
const own = (name: string, monthly: number) => ({ name, memoryGiB: 16, diskGiB: 500, monthly });
const wishes: [string, object][] = [
  ["a planet at DigitalOcean", { ...planet, ...at("nyc3") }],
  [
    "a planet at DigitalOcean with weekly backups and its claim in another region",
    { ...planet, ...at("nyc3"), hosts: { providerBackups: "weekly", claimRegion: "sfo3" } },
  ],
  [
    "GroundSeg at DigitalOcean with daily backups",
    { ships: { count: 6 }, platform: "groundseg", ...at("nyc3"), hosts: { providerBackups: "daily" } },
  ],
  [
    "a planet on AWS, claimed in another region",
    { ...planet, ...at("us-west-2"), hosts: { claimRegion: "us-east-1" } },
  ],
  ["a planet on AWS", { ...planet, ...at("us-west-2") }],
  [
    "three ships of two sizes on AWS",
    {
      ships: { count: 3, named: [{ name: "~sampel-palnet", memoryGiB: 8 }] },
      platform: "multi-vps",
      ...at("us-east-1"),
    },
  ],
  ["GroundSeg at DigitalOcean, with its claims", { ships: { count: 12 }, platform: "groundseg", ...at("nyc3") }],
  [
    "GroundSeg at DigitalOcean, a mix of memories",
    { ships: { count: 9, named: [{ name: "~sampel-palnet", memoryGiB: 8 }] }, platform: "groundseg", ...at("nyc3") },
  ],
  ["GroundSeg on AWS", { ships: { count: 9 }, platform: "groundseg", ...at("us-west-2") }],
  [
    "own hosts and the overflow at DigitalOcean",
    { ships: { count: 8 }, platform: "hybrid", existing: { hosts: [own("attic", 12), own("cellar", 9.5)] } },
  ],
];

/** By hand: a planet of 4 GiB is a droplet of $24 and 20 GiB at $0.10; weekly backups are a fifth of the droplet, a claim elsewhere 1 GiB. */
test.each([
  [{}, 24 + 2],
  [{ hosts: { providerBackups: "weekly" } }, 24 + 2 + 4.8],
  [{ hosts: { providerBackups: "daily" } }, 24 + 2 + 7.2],
  [{ hosts: { claimRegion: "sfo3" } }, 24 + 2 + 0.1],
])("a planet at DigitalOcean with %j costs $%d", (more, monthly) => {
  const planned = plan(read({ ...planet, ...at("nyc3"), ...more }));
  expect(planned.candidates.find((c) => c.id === planned.chosen)!.monthly.mid).toBe(monthly);
});

test("every example on hosts is among them", () => expect(examples.length).toBeGreaterThanOrEqual(5));

test.each([...examples, ...wishes.map(([name, wish]) => [name, read(wish)] as [string, Requirements])])(
  "%s",
  async (_, requirements) => {
    const { chosen, resources } = await built(requirements);
    const mine = (requirements.existing.hosts ?? []).reduce((sum, h) => sum + (h.monthly ?? 0), 0);
    const ofUse = chosen.lines.filter((l) => BY_USE.test(l.item)).reduce((sum, l) => sum + l.monthly!, 0);
    if (chosen.provider !== "aws") expect(ofUse).toBe(0);
    const bill =
      billOf(resources, chosen.region) + (HOSTED.has(chosen.mode) && /own|hybrid/.test(chosen.id) ? mine : 0);
    expect(chosen.monthly.incomplete).toBe(false);
    expect(bill).toBeGreaterThan(0);
    expect(Math.abs(chosen.monthly.mid! - ofUse - bill)).toBeLessThan(0.05);
  },
);
