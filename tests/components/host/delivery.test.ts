// What the host components hand to the provider of remote commands, and to whom they refuse to talk.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { BareMetalHost } from "../../../components/bare-metal";
import { GroundSegHost } from "../../../components/groundseg";
import { bareMetalHostArgs, groundSegHostArgs, vpsPlanetArgs } from "../../../components/host";
import type { HostSsh } from "../../../components/host/delivery";
import { nextSteps } from "../../../components/host/next-steps";
import { renderHost } from "../../../components/host/render";
import { deliveries, hostKeyProblem, plannedDeliveries } from "../../../components/host/render/delivery";
import { hostSettings } from "../../../components/host/render/settings";
import { VpsPlanet } from "../../../components/vps";
import { preview, type Recorded } from "../eks/record";
import { bareMetal, groundseg, lock, planet, ship } from "./sample";
import { temporary } from "./temporary";

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const CANARY = "0wcanar.yCANA.RYcan";
const COMMAND = "command:remote:Command";
const ssh: HostSsh = { hostKey: HOST_KEY, secrets: { palnetKey: pulumi.secret(CANARY) } };
const home = planet();

const planetWith = (over: Partial<HostSsh> = {}, sample = home) =>
  preview(() => new VpsPlanet("home", vpsPlanetArgs(sample.host, sample.lock, { ssh: { ...ssh, ...over } })));
const commands = (seen: Recorded) => seen.resources.filter((r) => r.type === COMMAND);
const messageOf = async (made: Promise<unknown>): Promise<string> =>
  made.then(
    () => "",
    (error: Error) => error.message,
  );

describe("a planet that is reached over SSH", () => {
  let seen: Recorded;
  beforeAll(async () => void (seen = await planetWith()));

  it("has its set-up run once host, volume and address are joined, and its key delivered after it", () => {
    expect(commands(seen).map((r) => r.name)).toEqual(["home-set-up", "home-deliver-key-sampel-palnet"]);
    const [setUp, key] = commands(seen);
    expect(setUp!.inputs).toMatchObject({ stdin: renderHost(home.host, home.lock).script });
    expect(key!.dependsOn).toEqual(expect.arrayContaining([expect.stringContaining("home-set-up")]));
    for (const joined of ["home-firewall", "home-volume-attachment", "home-address-assignment"])
      expect(setUp!.dependsOn).toEqual(expect.arrayContaining([expect.stringContaining(joined)]));
  });

  it("runs nothing on the host when it is taken away, and is replaced by no change", () => {
    for (const { inputs } of commands(seen)) {
      expect(inputs).not.toHaveProperty("delete");
      expect(inputs).not.toHaveProperty("triggers");
    }
  });

  it("hands the key over as a secret, on standard input, and nowhere else", () => {
    const [setUp, key] = commands(seen);
    expect(key!.inputs.stdin).toBe("[secret]");
    expect(JSON.stringify(key!.inputs.create)).not.toContain(CANARY);
    expect(JSON.stringify(setUp!.inputs)).not.toContain(CANARY);
    const others = seen.resources.filter((r) => r.type !== COMMAND);
    expect(JSON.stringify(others.map((r) => r.inputs))).not.toContain(CANARY);
  });

  it("leaves user-data as it is without", async () => {
    const without = await preview(() => new VpsPlanet("home", vpsPlanetArgs(home.host, home.lock)));
    const userData = (of: Recorded) => of.resources.find((r) => r.type.endsWith(":Droplet"))!.inputs.userData;
    expect(userData(seen)).toBe(userData(without));
    expect(commands(without)).toEqual([]);
  });
});

describe("is not declared", () => {
  it.each([
    ["the key of a sealed ship", { sealed: true }],
    ["the key of an imported ship", { imported: true }],
    ["the key of a fake ship", { fake: true }],
    ["a key that nobody named", { key: null }],
  ])("%s", async (_what, over) => {
    const sample = { host: home.host, lock: lock([ship("sampel-palnet", over)]) };
    expect(commands(await planetWith({}, sample)).map((r) => r.name)).toEqual(["home-set-up"]);
  });

  it("what is not at hand, and the next steps say how it is delivered by hand", async () => {
    expect(commands(await planetWith({ secrets: {} })).map((r) => r.name)).toEqual(["home-set-up"]);
    const settings = hostSettings(home.host, home.lock);
    const steps = nextSteps(settings, "192.0.2.1", { recorded: true, delivered: new Set() }).join("\n");
    expect(steps).toContain(
      "pulumi config get palnetKey | ssh keeper@192.0.2.1 'sudo /usr/local/lib/roadstead/ship key sampel-palnet'",
    );
    const over = nextSteps(settings, "192.0.2.1", { recorded: true, delivered: new Set(["palnetKey"]) }).join("\n");
    expect(over).not.toContain("pulumi config get");
    expect(over).toContain("Delivered over SSH, or found not to be needed: the boot key of ~sampel-palnet.");
  });
});

describe("refuses", () => {
  it.each<[string, Partial<HostSsh>, RegExp]>([
    [
      "a host without a key to recognise it by",
      { hostKey: undefined as never },
      /ssh\.hostKey: received nothing.*ssh-keyscan/s,
    ],
    ["a key with the address in front", { hostKey: `192.0.2.1 ${HOST_KEY}` }, /without the address in front/],
    [
      "an RSA key, which the provider would ask for by a name that sshd has not",
      { hostKey: "ssh-rsa AAAAB3NzaC1yc2E" },
      /ssh\.hostKey/,
    ],
    ["root, whose logins the set-up ends", { user: "root" }, /ssh\.user: received root/],
    ["a user whom the set-up does not let in", { user: "debian" }, /ssh\.user: received debian; accepted: keeper/],
  ])("%s", async (_what, over, says) => {
    expect(await messageOf(planetWith(over))).toMatch(says);
  });

  it("the key of another ship, before it leaves for the host", () => {
    const [key] = deliveries(hostSettings(home.host, home.lock));
    expect(key!.refusal!(CANARY)).toBeNull();
    // A jammed pair whose first atom is 0, the ship ~zod: made up, and no key of anybody's.
    const another = "0w9";
    expect(key!.refusal!(another)).toMatch(/the key of ~zod, or a damaged one; accepted: the key of ~sampel-palnet/);
  });

  it.each([
    [HOST_KEY, null],
    [`${HOST_KEY} root@home`, null],
    [HOST_KEY.slice(0, 50), expect.stringContaining("cut off")],
    [HOST_KEY.replace("ssh-ed25519", "ecdsa-sha2-nistp256"), expect.stringContaining("not the key it says")],
    [`${HOST_KEY}\n${HOST_KEY}`, expect.stringContaining("not one public host key")],
    ["SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDsMrFSB8OwZjpjHgs", expect.stringContaining("not one public host key")],
  ])("host key %#", (key, found) => {
    expect(hostKeyProblem(key)).toEqual(found);
  });
});

describe("what up runs for a boot key, on a host that says of its ship", () => {
  const [, delivery] = plannedDeliveries(hostSettings(home.host, home.lock), "", { secrets: new Set(["palnetKey"]) });
  const record = (firstBoot: string, quarantine = "") =>
    `first boot: ${firstBoot}; last clean stop at event: ; quarantine: ${quarantine}`;
  /** `then`: what its record is once it has its key, or once it is looked at again. */
  const run = (what: "create" | "update", said: string, { unit = "inactive", then = said } = {}) => {
    const dir = temporary("roadstead-up-");
    const put = (name: string, text: string) => fs.writeFileSync(path.join(dir, name), text, { mode: 0o755 });
    put("record", said);
    put("sudo", '#!/bin/sh\nshift\nexec "$@"\n');
    put("sleep", "#!/bin/sh\n");
    put("systemctl", `#!/bin/sh\necho ${unit}\n`);
    put(
      "ship",
      `#!/bin/sh\ncase $1 in key) cat >${dir}/key ;; status) cat ${dir}/record ;; esac\necho '${then}' >${dir}/record\n`,
    );
    const command = String(delivery!.inputs[what]).replaceAll("/usr/local/lib/roadstead/ship", `${dir}/ship`);
    const { status, stdout, stderr } = spawnSync("sh", ["-c", command], {
      input: CANARY,
      encoding: "utf8",
      env: { ...process.env, PATH: `${dir}:${process.env.PATH}` },
    });
    expect(stdout + stderr).not.toContain(CANARY);
    return { code: status, out: stdout + stderr, delivered: fs.existsSync(path.join(dir, "key")) };
  };

  it("that it never booted: the first time it is given its key and followed; a second time, for whatever reason, it is not", () => {
    expect(run("create", record("never"), { then: record("done") })).toMatchObject({ code: 0, delivered: true });
    const again = run("update", record("never"), { then: record("done") });
    expect(again).toMatchObject({ code: 77, delivered: false });
    expect(again.out).toMatch(
      /was seen booted before, and this host has no record of that, so its key is not delivered again:.*HostLost\.md.*After a breach only, its new key is brought by hand/,
    );
  });

  it.each<["create" | "update"]>([["create"], ["update"]])(
    "anything else, %s only looks: booted is fine, quarantined, broken off or unreadable is not, and what runs is followed",
    (what) => {
      expect(run(what, record("done"))).toMatchObject({ code: 0, delivered: false });
      expect(run(what, record("done", "its volume is empty"))).toMatchObject({ code: 77, delivered: false });
      expect(run(what, record("started"))).toMatchObject({ code: 77, delivered: false });
      expect(run(what, "perhaps")).toMatchObject({ code: 77, delivered: false });
      expect(run(what, record("started"), { unit: "activating", then: record("done") })).toMatchObject({
        code: 0,
        delivered: false,
      });
      expect(run(what, record("never"), { unit: "activating", then: record("done") })).toMatchObject({
        code: 0,
        delivered: false,
      });
    },
  );

  it("that its first boot still runs after twenty minutes: up does not succeed, and the next one looks again without a key", () => {
    const late = run("create", record("never"), { unit: "activating", then: record("started") });
    expect(late).toMatchObject({ code: 75, delivered: false });
    expect(late.out).toMatch(/still has its first boot; run up again, which looks again and needs no key/);
    expect(run("create", record("done"))).toMatchObject({ code: 0, delivered: false });
  }, 60_000);
});

test("secrets that may be delivered again are, by the same command", () => {
  const { host, lock: harbour } = groundseg();
  const settings = { ...hostSettings(host, harbour), groundsegPassword: { secret: "page" } };
  const [, password] = plannedDeliveries(settings, "", { secrets: new Set(["page"]) });
  expect(password!.inputs.create).toContain("groundseg password");
  expect(password!.inputs).not.toHaveProperty("update");
});

test("a machine of one's own is reached at its address, by anybody but root", async () => {
  const { host, lock: own } = bareMetal();
  const args = { ...bareMetalHostArgs(host, own, { ssh: { ...ssh, user: "debian" } }), address: "192.0.2.9" };
  const seen = await preview(() => new BareMetalHost("attic", args));
  expect(commands(seen).map((r) => r.name)).toEqual(["attic-set-up", "attic-deliver-key-sampel-palnet"]);
  const root = { ...args, ssh: { ...ssh, user: "root" } };
  expect(await messageOf(preview(() => new BareMetalHost("attic", root)))).toMatch(/ssh\.user: received root/);
});

test("a GroundSeg host is given no boot key: its page takes them", async () => {
  const { host, lock: harbour } = groundseg();
  const seen = await preview(() => new GroundSegHost("harbour", groundSegHostArgs(host, harbour, { ssh })));
  expect(commands(seen).map((r) => r.name)).toEqual(["harbour-set-up"]);
});

test("the pier volume on AWS bears the tag that the stack's snapshot schedule selects, and nothing else does", async () => {
  const at = {
    provider: "aws",
    region: "us-west-2",
    zone: "us-west-2a",
    size: "t3a.medium",
    providerBackups: "none",
  } as const;
  const backup = { enabled: true, everyHours: 24 } as never;
  const seen = await preview(
    () =>
      new VpsPlanet(
        "home",
        vpsPlanetArgs({ ...home.host, ...at }, { ...home.lock, backup, dns: { domain: null, zoneId: null } }),
      ),
  );
  const tagged = seen.resources.filter((r) => JSON.stringify(r.inputs).includes("roadstead.dev/backup"));
  expect(tagged.map((r) => r.name)).toEqual(["home-volume"]);
  expect(tagged[0]!.inputs.tags).toMatchObject({ "roadstead.dev/backup": "roadstead-prod" });
});
