import fs from "node:fs";
import { parseStackFile } from "../../planner/architecture/stack-file";
import type { Architecture } from "../../planner/architecture/schema";
import { diagnose } from "../../cli/doctor/diagnose";
import type { Facts } from "../../cli/doctor/facts";
import { lookAround, type Probe } from "../../cli/doctor/probe";
import { quotaNeeds } from "../../cli/doctor/quotas";
import { doctorCommand } from "../../cli/doctor";
import { projectOf, stackConfig } from "../../cli/project";
import { fakeIo, filesIn, roadstead, workspace } from "./fake-io";

const { patp } = jest.requireActual<{ patp(n: number): string }>("urbit-ob");

const LOCK = "stacks/Pulumi.prod.yaml";
const VPS = `environment: prod
ships: { named: [{ name: ~sampel-palnet, key: { secret: sampel-palnet-key } }] }
platform: vps
regions: { allowed: [nyc3] }
access:
  sshPublicKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)} me]
  adminCidrs: [203.0.113.7/32]
versions:
  vere: { version: "3.5", sha256: { x86_64: ${"a".repeat(64)} } }
  hostImage: { digitalocean: ubuntu-24-04-x64 }
`;
const FLEET = `environment: prod
ships: { count: 60 }
platform: eks
regions: { allowed: [us-east-1] }
alerts: { pagerDuty: { secret: pagerduty } }
`;

async function recorded(text: string): Promise<{ dir: string; architecture: Architecture; lock: string }> {
  const dir = workspace({ "r.yaml": text });
  const { code, stderr } = await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write"]);
  if (code !== 0) throw new Error(stderr);
  const lock = filesIn(dir)[LOCK]!;
  return { dir, lock, architecture: parseStackFile("Pulumi.prod.yaml", lock).architecture! };
}

/** Everything is there. */
const HEALTHY: Facts = {
  stack: "prod",
  file: LOCK,
  project: "roadstead",
  projectFound: true,
  policyPack: "policies",
  environmentProblems: [],
  hostKeys: { keys: {}, problems: [] },
  cellStacks: [],
  nodeMajor: 20,
  program: { main: "dist/stacks", built: true },
  pulumi: { version: "v3.248.0" },
  languageHost: true,
  plugins: ["digitalocean@4.80.1", "aws@7.48.0", "kubernetes@4.34.2"],
  pluginsNeeded: [{ name: "digitalocean", version: "4.80.1" }],
  backend: { url: "https://api.pulumi.com", from: "pulumi login" },
  stackExists: true,
  passphrase: false,
  credentials: { aws: "AWS_PROFILE", digitalocean: "DIGITALOCEAN_TOKEN", spaces: "SPACES_ACCESS_KEY_ID" },
  config: { keys: { "roadstead:sampel-palnet-key": "secure" }, secretsProvider: "other" },
  missing: [],
  runState: {},
  lockProblems: [],
};

describe("diagnose", () => {
  let planet: Architecture;
  let fleet: Architecture;
  beforeAll(async () => {
    planet = (await recorded(VPS)).architecture;
    fleet = (await recorded(FLEET)).architecture;
  });
  test("says which hosts `up` delivers to; there it needs the secrets, elsewhere they are brought after it", () => {
    const unset = { config: { keys: {}, secretsProvider: "other" as const } };
    const found = (facts: Partial<Facts>) =>
      Object.fromEntries(diagnose(planet, { ...HEALTHY, ...unset, ...facts }).findings.map((f) => [f.id, f]));
    const byHand = found({});
    expect(byHand["host-keys/none"]).toMatchObject({
      level: "look",
      what: expect.stringContaining("without a recorded SSH key (sampel-palnet)"),
      fix: expect.stringContaining(`pulumi config set --stack prod --path 'roadstead:hostKeys["sampel-palnet"]' 'KEY'`),
    });
    expect(byHand["secret/sampel-palnet-key"]).toMatchObject({ level: "look" });
    const over = found({ hostKeys: { keys: { "sampel-palnet": "ssh-ed25519 AAAA" }, problems: [] } });
    expect(over["host-keys"]).toMatchObject({ level: "ok" });
    expect(over["host-keys/none"]).toBeUndefined();
    expect(over["secret/sampel-palnet-key"]).toMatchObject({ level: "blocks" });
    const wrong = found({ hostKeys: { keys: {}, problems: ["hostKeys.x: received: nonsense", "do this"] } });
    expect(wrong["host-keys/wrong"]).toMatchObject({ level: "blocks", fix: "do this" });
  });

  const blocking = (a: Architecture, facts: Partial<Facts>) => {
    const d = diagnose(a, { ...HEALTHY, ...facts });
    return { exit: d.exit, ids: d.findings.filter((f) => f.level === "blocks").map((f) => f.id), next: d.next };
  };

  test("nothing in the way: exit 0, and the next commands are preview and up", () => {
    expect(blocking(planet, {})).toEqual({
      exit: 0,
      ids: [],
      next: [
        "roadstead preview prod",
        "pulumi preview --stack prod --policy-pack policies",
        "pulumi up --stack prod --policy-pack policies",
        "# once a host is set up, how it is:",
        "roadstead doctor sampel-palnet --stack prod",
      ],
    });
  });

  test("a machine of one's own is set up by hand before it is asked how it is: its key made first, the script, the key", async () => {
    const { architecture } = await recorded(fs.readFileSync("examples/two-racks.yaml", "utf8"));
    const steps = (keys: Record<string, string>) =>
      diagnose(architecture, { ...HEALTHY, hostKeys: { keys, problems: [] } }).next;
    const next = steps({});
    const from = next.indexOf("pulumi up --stack prod --policy-pack policies");
    expect(next.slice(from + 1, from + 8)).toEqual([
      "# a machine of yours is set up by hand the first time, as root:",
      expect.stringMatching(/^\(umask 077; set -C; head -c 64 \/dev\/urandom > north-1-volume\.key\) {3}#/),
      "roadstead host render prod --script --host north-1 > north-1.sh",
      "ssh root@north-1.example.net sh -s < north-1.sh",
      expect.stringMatching(/^ssh keeper@north-1\.example\.net 'sudo \S+\/volume key' < north-1-volume\.key {3}#/),
      "# and north-2, south-1 in the same way",
      "# once a host is set up, how it is:",
    ]);
    // Where `up` delivers, it was set up before.
    const known = "ssh-ed25519 AAAA";
    expect(steps({ "north-1": known, "south-1": known })).toContain("ssh root@north-2.example.net sh -s < north-2.sh");
    expect(steps({ "north-1": known, "north-2": known, "south-1": known }).join()).not.toContain("by hand");
  });

  test.each<[string, Partial<Facts>, string[], number]>([
    ["no CLI", { pulumi: null, languageHost: false, plugins: null }, ["cli"], 5],
    ["a CLI without its language host", { languageHost: false }, ["language-host"], 5],
    ["an old Node", { nodeMajor: 18 }, ["node"], 5],
    ["a program that is not built", { program: { main: "dist/stacks", built: false } }, ["program"], 5],
    ["nobody logged in", { backend: null }, ["login"], 13],
    [
      "no credentials",
      { credentials: { aws: null, digitalocean: null, spaces: null } },
      ["credentials/digitalocean"],
      13,
    ],
    ["a passphrase nobody gave", { config: { ...HEALTHY.config, secretsProvider: "passphrase" } }, ["passphrase"], 13],
    ["no login and no CLI", { backend: null, pulumi: null }, ["cli", "login"], 5],
    ["no Pulumi.yaml", { projectFound: false }, ["project"], 5],
    ["a ship in two cells", { environmentProblems: ["~zod is in two"] }, ["environment/1"], 5],
    ["an edited lock", { lockProblems: ["the digest differs"] }, ["lock/1"], 7],
    [
      "a missing checksum",
      { missing: [{ path: "versions.vere", what: "the vere release", why: "nobody recorded it", how: "sha256sum" }] },
      ["missing/versions.vere"],
      5,
    ],
    [
      "a key in the clear",
      { config: { keys: { "roadstead:sampel-palnet-key": "plain" }, secretsProvider: "other" } },
      ["secret/sampel-palnet-key"],
      5,
    ],
  ])("%s blocks, with its exit code", (_what, facts, ids, exit) => {
    expect(blocking(planet, facts)).toMatchObject({ ids, exit });
  });

  test("every finding that is not fine says what to do", () => {
    const facts = {
      ...HEALTHY,
      pulumi: null,
      plugins: null,
      backend: null,
      config: { keys: {}, secretsProvider: "none" as const },
    };
    for (const a of [planet, fleet])
      for (const f of diagnose(a, facts).findings) expect(f.fix === "").toBe(f.level === "ok");
  });

  test("a missing plugin is downloaded by the first preview, so it does not block", () => {
    const d = diagnose(planet, { ...HEALTHY, plugins: [] });
    expect(d.exit).toBe(0);
    expect(d.findings.find((f) => f.id === "plugin/digitalocean")?.fix).toContain(
      "pulumi plugin install resource digitalocean 4.80.1",
    );
  });

  test("from nothing to up: every command, in the order to run them", () => {
    const { next } = blocking(planet, {
      program: { main: "dist/stacks", built: false },
      backend: null,
      stackExists: null,
      config: { keys: {}, secretsProvider: "none" },
      cellStacks: ["prod-c2"],
    });
    expect(next).toEqual([
      "npm ci && npm run build",
      "pulumi login",
      "pulumi stack init prod",
      "pulumi config set --secret --stack prod sampel-palnet-key < sampel-palnet-key",
      "roadstead preview prod",
      "pulumi preview --stack prod --policy-pack policies",
      "pulumi up --stack prod --policy-pack policies",
      "# once a host is set up, how it is:",
      "roadstead doctor sampel-palnet --stack prod",
      "pulumi stack init prod-c2",
      "roadstead doctor prod-c2",
      "pulumi up --stack prod-c2 --policy-pack policies",
    ]);
  });

  test("a cell's platform comes before it", () => {
    const cell: Architecture = { ...fleet, role: "cell", stack: "prod-c2", platformStack: "prod" };
    const { next } = blocking(cell, { stack: "prod-c2" });
    const at = (command: string) => next.findIndex((n) => n.startsWith(command));
    expect(at("pulumi up --stack prod ")).toBeGreaterThanOrEqual(0);
    expect(at("pulumi up --stack prod ")).toBeLessThan(at("pulumi up --stack prod-c2"));
  });

  test("quotas are asked for first, and every ship without a key gets a command that sets one, by name only", () => {
    const named = fleet.ships.slice(0, 2).map((s, i) => ({ ...s, id: ["zod", "bus"][i]!, name: ["~zod", "~bus"][i]! }));
    const { next } = blocking({ ...fleet, ships: named }, {});
    expect(next[0]).toMatch(/^# ask first.*vCPU.*L-1216C47A/);
    expect(next).toContain("pulumi config set --secret --stack prod zod-key < zod-key");
    expect(next).toContain("pulumi config set --secret --stack prod bus-key < bus-key");
  });

  test("ships created stopped are started one by one after `up`, with commands this version has", () => {
    const [ship] = fleet.ships;
    const ships = Array.from({ length: 60 }, (_, i) => ({ ...ship!, id: `ship-${i}`, name: `~ship-${i}` }));
    const cells = [{ ...fleet.cells[0]!, parked: true }];
    const { next } = blocking({ ...fleet, ships, cells }, {});
    const after = next.slice(next.indexOf("pulumi up --stack prod --policy-pack policies") + 1);
    expect(after[0]).toMatch(/60 ships are created stopped.*one|Start one/);
    expect(after[1]).toBe(`kubectl -n ${ship!.tenant} scale statefulset/ship-0 --replicas=1`);
    expect(after).toContain("# and 49 more in the same way");
    expect(after.length).toBeLessThan(15);
    expect(after.filter((l) => l.startsWith("roadstead up"))).toEqual([]);
    const state = { claim: "claimed" as const, firstBoot: "done" as const, lastEvent: 7, cleanStopEvent: 7 };
    const ran = blocking({ ...fleet, ships: ships.slice(0, 2), cells }, { runState: { "ship-0": state } });
    expect(ran.next.filter((l) => l.startsWith("kubectl")).join("\n")).not.toContain("ship-0 ");
    const none = blocking({ ...fleet, ships, cells: [{ ...cells[0]!, parked: false }] }, {});
    expect(none.next.join("\n")).not.toContain("kubectl");
  });

  test("a host's boot key is handed over after `up`, so it does not block; a cluster's alert secret does", () => {
    const unset = { config: { keys: {}, secretsProvider: "other" as const } };
    expect(blocking(planet, unset).ids).toEqual([]);
    expect(blocking(fleet, unset).ids).toContain("secret/pagerduty");
  });

  test("a fleet on AWS is told which quotas to ask for, with need, default and source", () => {
    const vcpu = quotaNeeds(fleet).find((q) => q.quota.includes("vCPU"))!;
    expect(vcpu.default).toBe(5);
    expect(vcpu.need).toBeGreaterThan(30);
    expect(vcpu.source).not.toBe("");
    expect(quotaNeeds(planet)).toEqual([]);
  });
});

describe("the probe", () => {
  const files: Record<string, string> = {};
  const probe = (over: Partial<Probe> = {}): Probe => ({
    run: () => null,
    exists: (f) => f in files,
    read: (f) => files[f] ?? null,
    home: "/home/me",
    nodeVersion: "v22.1.0",
    ...over,
  });
  const look = async (env: Record<string, string>, over: Partial<Probe> = {}) => {
    const { dir, architecture } = await recorded(VPS);
    const io = fakeIo(dir, { env });
    return lookAround(io, probe(over), projectOf(io), architecture, "prod");
  };

  test("an empty machine has nothing, and says so without failing", async () => {
    expect(await look({})).toMatchObject({
      nodeMajor: 22,
      pulumi: null,
      languageHost: false,
      plugins: null,
      backend: null,
      stackExists: null,
      credentials: { aws: null, digitalocean: null, spaces: null },
    });
  });

  test("plugins and version come from the CLI; the wanted versions from the SDKs installed", async () => {
    const run = (_c: string, args: readonly string[]) =>
      args[0] === "version"
        ? "v3.248.0\n"
        : '[{"name":"digitalocean","kind":"resource","version":"4.80.1"},{"name":"nodejs","kind":"language","version":"1"}]';
    const read = (file: string) => (fs.existsSync(file) ? fs.readFileSync(file, "utf8") : null);
    const facts = await look({}, { run, read });
    expect(facts.pulumi).toEqual({ version: "v3.248.0" });
    expect(facts.plugins).toEqual(["digitalocean@4.80.1"]);
    expect(facts.pluginsNeeded).toEqual([{ name: "digitalocean", version: expect.stringMatching(/^4\.\d+\.\d+$/) }]);
  });

  test("a backend's address is shown without the password it may carry", async () => {
    const { backend } = await look({ PULUMI_BACKEND_URL: "postgres://me:hunter2@db.example.com/state?x=hunter2" });
    expect(backend).toEqual({ url: "postgres://db.example.com/state", from: "PULUMI_BACKEND_URL" });
  });

  test("a stack in a backend of files is looked up", async () => {
    files["/state/.pulumi/stacks/roadstead/prod.json"] = "{}";
    expect((await look({ PULUMI_BACKEND_URL: "file:///state" })).stackExists).toBe(true);
    expect((await look({ PULUMI_BACKEND_URL: "file:///elsewhere" })).stackExists).toBe(false);
  });
});

describe("doctor STACK", () => {
  const empty: Probe = {
    run: () => null,
    exists: () => false,
    read: () => null,
    home: "/home/me",
    nodeVersion: "v20.0.0",
  };

  test("prints blocking findings first and the commands last; --json prints one object with the same", async () => {
    const { dir } = await recorded(FLEET);
    const io = fakeIo(dir);
    expect(await doctorCommand("prod", {}, io, empty)).toBe(5);
    expect(io.stdout).toMatch(
      /to settle before `pulumi up --stack prod`[\s\S]*✗[\s\S]*versions\.kubernetes[\s\S]*✓[\s\S]*pulumi up --stack prod-c2 --policy-pack policies\n/,
    );
    const json = fakeIo(dir);
    await doctorCommand("prod", { json: true }, json, empty);
    expect(JSON.parse(json.stdout)).toMatchObject({ schema: "roadstead/doctor/1", stack: "prod", exit: 5 });
  });

  test("hundreds of keys take ten lines and a number; --json lists them all", async () => {
    const names = Array.from({ length: 40 }, (_, i) => patp(65536 * (i + 1) + 256 + 1));
    const text = `environment: prod
ships: { named: [${names.map((n) => `{ name: ${n}, key: { secret: ${n.slice(1)}-key } }`).join(", ")}] }
platform: eks
regions: { allowed: [us-east-1] }
`;
    const { dir } = await recorded(text);
    const io = fakeIo(dir);
    await doctorCommand("prod-c2", {}, io, empty);
    expect(io.stdout).toMatch(/… and 25 more like these[\s\S]*# and 25 more like these/);
    expect(io.stdout.match(/config set --secret/g)!.length).toBeLessThan(25);
    const json = fakeIo(dir);
    await doctorCommand("prod-c2", { json: true }, json, empty);
    const { next } = JSON.parse(json.stdout) as { next: string[] };
    expect(next.filter((n) => n.startsWith("pulumi config set"))).toHaveLength(35);
  });

  test("a directory without a Pulumi.yaml is told what to do; one with it is fine", async () => {
    const { dir } = await recorded(VPS);
    const without = fakeIo(dir);
    await doctorCommand("prod", {}, without, empty);
    expect(without.stdout).toMatch(/✗ there is no Pulumi\.yaml[\s\S]*→ work in a checkout/);
    fs.writeFileSync(`${dir}/Pulumi.yaml`, "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n");
    const found = fakeIo(dir);
    await doctorCommand("prod", {}, found, empty);
    expect(found.stdout).not.toContain("no Pulumi.yaml");
  });

  test.each(["stacks/Pulumi.prod-c2.yaml", LOCK])("a missing %s of the environment blocks", async (file) => {
    const { dir } = await recorded(FLEET);
    fs.rmSync(`${dir}/${file}`);
    const io = fakeIo(dir);
    expect(await doctorCommand(file === LOCK ? "prod-c2" : "prod", {}, io, empty)).toBe(5);
    expect(io.stdout.replace(/\s+/g, " ")).toMatch(new RegExp(`✗ ${file.split("/")[1]}: .*no lock`));
  });

  test("never prints a value of the environment or of the stack file's secrets", async () => {
    const { dir, lock } = await recorded(VPS);
    const canary = "canary-value-0w1234";
    fs.writeFileSync(
      `${dir}/${LOCK}`,
      lock.replace(
        "config:\n",
        `config:\n  roadstead:sampel-palnet-key: ${canary}\n  digitalocean:token:\n    secure: ${canary}\n`,
      ),
    );
    const env = {
      DIGITALOCEAN_TOKEN: canary,
      AWS_SECRET_ACCESS_KEY: canary,
      PULUMI_ACCESS_TOKEN: canary,
      PULUMI_CONFIG_PASSPHRASE: canary,
    };
    for (const json of [true, false]) {
      const io = fakeIo(dir, { env });
      expect(await doctorCommand("prod", { json }, io, empty)).toBe(5);
      expect(io.stdout).toContain("in the clear");
      expect(io.stdout + io.stderr).not.toContain(canary);
    }
  });

  test("a stack that is not recorded, or not there, or a path, exits 2 with what to do", async () => {
    const dir = workspace({ [LOCK]: "config: {}\n" });
    expect(await roadstead(dir, ["doctor", "prod"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--stack prod --write"),
    });
    expect(await roadstead(dir, ["doctor", "staging"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("stacks here: prod"),
    });
    expect(await roadstead(dir, ["doctor", "../prod"])).toMatchObject({ code: 2, stdout: "" });
  });
});

test("stackConfig tells how a value is kept, and never the value", () => {
  const config = stackConfig("encryptionsalt: v1:x\nconfig:\n  a:b:\n    secure: v1:y\n  a:c: open\n  a:d: { e: 1 }\n");
  expect(config).toEqual({ keys: { "a:b": "secure", "a:c": "plain", "a:d": "plain" }, secretsProvider: "passphrase" });
});
