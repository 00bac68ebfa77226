// Whatever a lock or a component's arguments hold: root's shell, nft and Caddy are given nothing to read that is no value.
import { parseArchitecture } from "../../../planner/architecture/check";
import { versionsSchema } from "../../../planner/requirements/schema";
import { hostSettings, renderSettings, VolumeKey, type HostSettings } from "../../../components/host/render";
import { HostRefused } from "../../../components/host/render/rendered";
import { bareMetal, groundseg, planet } from "./sample";

type Path = (string | number)[];
type Plain = Record<PropertyKey, unknown>;

const settingsOf = ({ host, lock }: ReturnType<typeof planet>): HostSettings => hostSettings(host, lock);
const HOSTS: HostSettings[] = [
  settingsOf(planet()),
  settingsOf(groundseg()),
  {
    ...settingsOf(bareMetal()),
    dataDevice: "/dev/disk/by-id/usb-x",
    volumeKey: VolumeKey.Tang,
    tang: [{ url: "http://tang.example", thumbprint: "a".repeat(43) }],
    backup: {
      bucket: "piers",
      endpoint: "https://nyc3.digitaloceanspaces.com",
      region: "us-east-1",
      prefix: "fleet/prod",
      recipients: ["age1y68ks4cadszx3kvd9hwneqee8wt7g4n29vrkpv6qml4pjxehte7sa6yu9d"],
      every: "daily" as const,
    },
  },
].map((s: HostSettings) => ({ ...s, access: { ...s.access, user: "keeper" } }));
const at = (value: unknown, path: Path): unknown => path.reduce<unknown>((v, key) => (v as Plain)[key], value);
const leaves = (value: unknown, path: Path = []): Path[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([k, v]) => leaves(v, [...path, Array.isArray(value) ? Number(k) : k]))
    : typeof value === "string" || typeof value === "number"
      ? [path]
      : [];
function withText(settings: HostSettings, path: Path, text: string): HostSettings {
  const copy = structuredClone(settings);
  (at(copy, path.slice(0, -1)) as Plain)[path.at(-1)!] = text;
  return copy;
}
const rendered = (settings: HostSettings): string | null => {
  try {
    const { script, userData } = renderSettings(settings);
    return `${script}\n${userData}`;
  } catch (error) {
    if (error instanceof HostRefused) return null;
    throw error;
  }
};

const HOSTILE = ["; MARK #", "$(MARK)", "`MARK`", "'; MARK #", '"; MARK #', "\nMARK", " MARK", "} MARK {"];

it("no hostile character of any field gets into what a host is given, but quoted in the comment of an SSH key", () => {
  const cases = HOSTS.flatMap((settings) => leaves(settings).map((path) => ({ settings, path })));
  expect(cases.length).toBeGreaterThan(60);
  const got: string[] = [];
  for (const { settings, path } of cases)
    for (const evil of HOSTILE)
      for (const value of [`${String(at(settings, path))}${evil}`, `${evil}${String(at(settings, path))}`]) {
        const lines = (rendered(withText(settings, path, value)) ?? "").split("\n").filter((l) => l.includes("MARK"));
        const where = path.join(".");
        const key = where === "access.sshPublicKeys.0";
        // In the script quoted, and in the user-data an item of YAML that no shell reads.
        const open = lines.filter((l) => !key || !/^( *authorize '[^']*'| +- ["']?ssh-.*)$/.test(l));
        got.push(...open.map((line) => `${where}: ${line}`));
      }
  expect(got).toEqual([]);
});

it.each<[string, (s: HostSettings) => void]>([
  ["versions.vere.version", (s) => (s.vere!.version = "4.6; touch /tmp/pwned #")],
  ["versions.vere.sha256", (s) => (s.vere!.sha256 = "a; reboot")],
  ["domain", (s) => (s.domain = "x.example.com {\n respond ok\n}\nevil.example.com")],
  ["access.adminCidrs[0]", (s) => (s.access.adminCidrs = ["10.0.0.0/8 } tcp dport 1-65535 accept #"])],
  ["name", (s) => (s.name = "p\nrm -rf /")],
  ["dataDevice", (s) => (s.dataDevice = "/dev/x; reboot")],
  ["ships[0].importedAtEvent", (s) => ((s.ships[0] as unknown as Plain).importedAtEvent = "1; reboot")],
  ["ships[0].loom", (s) => ((s.ships[0] as unknown as Plain).loom = "31; reboot")],
  ["swapGiB", (s) => ((s as unknown as Plain).swapGiB = "2G /x; reboot #")],
  ["arch", (s) => ((s as unknown as Plain).arch = "$(reboot)")],
])("a component's %s is refused by its path when it is more than a value", (path, spoil) => {
  const settings = structuredClone(HOSTS[0]!);
  spoil(settings);
  expect(() => renderSettings(settings)).toThrow(`- ${path}: received`);
});

it("a secret in the wrong field is refused and not shown", () => {
  const settings = {
    ...HOSTS[0]!,
    domain: "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ",
  };
  expect(() => renderSettings(settings)).toThrow(/domain: received \[looks like/);
});

it("requirements and locks take versions that are versions, and nothing a shell would read", () => {
  const fits = (version: string): boolean => versionsSchema.safeParse({ vere: { version } }).success;
  for (const version of ["4.6", "v2.8.6", "4.7-rc1", "v1.20.4-eksbuild.2", "77.6.2", "1.2.3+build"])
    expect(fits(version)).toBe(true);
  for (const version of ["4.6; touch /tmp/pwned #", "4.6\n", "$(id)", "", "latest", "../4.6", "4 6"])
    expect(fits(version)).toBe(false);
  const read = parseArchitecture(
    { versions: { vere: { version: "4.6; id" } }, access: {}, dns: { domain: "x {" } },
    "Pulumi.prod.yaml",
  );
  expect(read.problems.map((p) => p.path)).toEqual(expect.arrayContaining(["versions.vere.version", "dns.domain"]));
});
