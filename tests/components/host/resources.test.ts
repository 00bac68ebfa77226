// What the three host components register: the plan, and nothing else, in a preview as in an up.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ArgumentsRefused } from "../../../components/refusal";
import { BareMetalHost } from "../../../components/bare-metal";
import { GroundSegHost } from "../../../components/groundseg";
import { bareMetalHostArgs, groundSegHostArgs, HostFoundation, vpsPlanetArgs } from "../../../components/host";
import { nextSteps } from "../../../components/host/next-steps";
import { hostPlace, hostSettings, plannedHost, type PlannedResource } from "../../../components/host/render";
import { VpsPlanet } from "../../../components/vps";
import type { Architecture, LockedHost } from "../../../planner/architecture/schema";
import { preview, up, type Recorded } from "../eks/record";
import { bareMetal, groundseg, host, lock, planet, ship } from "./sample";

const AWS = {
  provider: "aws",
  region: "us-west-2",
  zone: "us-west-2a",
  size: "t3a.medium",
  providerBackups: "none",
} as const;
const onAws = (sample: { host: LockedHost; lock: Architecture }) => ({
  host: { ...sample.host, ...AWS },
  lock: { ...sample.lock, dns: { ...sample.lock.dns, zoneId: "Z0123456789" } },
});

const cases = {
  "a planet at DigitalOcean": planet(),
  "a planet on AWS": onAws(planet()),
  "GroundSeg at DigitalOcean": groundseg(),
  "GroundSeg on AWS": onAws(groundseg()),
};
const make = ({ host: h, lock: l }: { host: LockedHost; lock: Architecture }) =>
  h.kind === "vps" ? new VpsPlanet(h.name, vpsPlanetArgs(h, l)) : new GroundSegHost(h.name, groundSegHostArgs(h, l));

const REGISTERED: Record<keyof typeof cases, string[]> = {
  "a planet at DigitalOcean": [
    "digitalocean:index/dnsRecord:DnsRecord home-dns-sampel-palnet",
    "digitalocean:index/droplet:Droplet home-droplet",
    "digitalocean:index/firewall:Firewall home-firewall",
    "digitalocean:index/reservedIp:ReservedIp home-address",
    "digitalocean:index/reservedIpAssignment:ReservedIpAssignment home-address-assignment",
    expect.stringMatching(/^digitalocean:index\/sshKey:SshKey home-ssh-[0-9a-f]{10}$/),
    "digitalocean:index/volume:Volume home-volume",
    "digitalocean:index/volumeAttachment:VolumeAttachment home-volume-attachment",
    "roadstead:index:VpsPlanet home",
  ],
  "a planet on AWS": [
    "aws:ebs/volume:Volume home-volume",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup home-default-group",
    "aws:ec2/eip:Eip home-address",
    "aws:ec2/eipAssociation:EipAssociation home-address-assignment",
    "aws:ec2/instance:Instance home-instance",
    "aws:ec2/internetGateway:InternetGateway home-gateway",
    "aws:ec2/networkInterface:NetworkInterface home-interface",
    "aws:ec2/route:Route home-route",
    "aws:ec2/routeTable:RouteTable home-routes",
    "aws:ec2/routeTableAssociation:RouteTableAssociation home-association-us-west-2a",
    "aws:ec2/securityGroup:SecurityGroup home-group",
    "aws:ec2/subnet:Subnet home-subnet-us-west-2a",
    "aws:ec2/volumeAttachment:VolumeAttachment home-volume-attachment",
    "aws:ec2/vpc:Vpc home-vpc",
    "aws:route53/record:Record home-dns-sampel-palnet",
    "aws:ssm/parameter:Parameter home-claim-sampel-palnet",
    "roadstead:index:VpsPlanet home",
  ],
  "GroundSeg at DigitalOcean": [
    "digitalocean:index/dnsRecord:DnsRecord harbour-dns-ridlur-figbud",
    "digitalocean:index/dnsRecord:DnsRecord harbour-dns-sampel-palnet",
    "digitalocean:index/droplet:Droplet harbour-droplet",
    "digitalocean:index/firewall:Firewall harbour-firewall",
    "digitalocean:index/reservedIp:ReservedIp harbour-address",
    "digitalocean:index/reservedIpAssignment:ReservedIpAssignment harbour-address-assignment",
    expect.stringMatching(/^digitalocean:index\/sshKey:SshKey harbour-ssh-[0-9a-f]{10}$/),
    "digitalocean:index/volume:Volume harbour-claim-ridlur-figbud",
    "digitalocean:index/volume:Volume harbour-claim-sampel-palnet",
    "digitalocean:index/volume:Volume harbour-volume",
    "digitalocean:index/volumeAttachment:VolumeAttachment harbour-volume-attachment",
    "roadstead:index:GroundSegHost harbour",
  ],
  "GroundSeg on AWS": [
    "aws:ebs/volume:Volume harbour-volume",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup harbour-default-group",
    "aws:ec2/eip:Eip harbour-address",
    "aws:ec2/eipAssociation:EipAssociation harbour-address-assignment",
    "aws:ec2/instance:Instance harbour-instance",
    "aws:ec2/internetGateway:InternetGateway harbour-gateway",
    "aws:ec2/networkInterface:NetworkInterface harbour-interface",
    "aws:ec2/route:Route harbour-route",
    "aws:ec2/routeTable:RouteTable harbour-routes",
    "aws:ec2/routeTableAssociation:RouteTableAssociation harbour-association-us-west-2a",
    "aws:ec2/securityGroup:SecurityGroup harbour-group",
    "aws:ec2/subnet:Subnet harbour-subnet-us-west-2a",
    "aws:ec2/volumeAttachment:VolumeAttachment harbour-volume-attachment",
    "aws:ec2/vpc:Vpc harbour-vpc",
    "aws:route53/record:Record harbour-dns-ridlur-figbud",
    "aws:route53/record:Record harbour-dns-sampel-palnet",
    "aws:ssm/parameter:Parameter harbour-claim-ridlur-figbud",
    "aws:ssm/parameter:Parameter harbour-claim-sampel-palnet",
    "roadstead:index:GroundSegHost harbour",
  ],
};

describe.each(Object.keys(cases) as (keyof typeof cases)[])("%s", (title) => {
  const sample = cases[title];
  let seen: Recorded;
  beforeAll(async () => {
    seen = await preview(() => make(sample));
  });

  it("registers exactly this set, in a preview as in an up", async () => {
    expect(seen.set).toEqual(REGISTERED[title]);
    expect(await up(() => make(sample))).toEqual(seen.set);
  });

  it("is the same graph as the pure plan", () => {
    // The claim names the stack that holds it; the recorder's is called test.
    const pure = plannedHost(sample.host, { ...sample.lock, stack: "test" });
    const custom = seen.resources.filter((r) => r.custom);
    expect(custom.map((r) => [r.type, r.name, r.options]).sort(byName)).toEqual(
      (pure?.resources ?? []).map((r) => [r.type, r.name, r.options]).sort(byName),
    );
    const plain = (r: PlannedResource) =>
      Object.entries(r.inputs).filter(([, v]) => ["string", "number", "boolean"].includes(typeof v));
    for (const r of pure?.resources ?? [])
      expect(seen.one(r.type, r.name).inputs).toMatchObject(JSON.parse(JSON.stringify(Object.fromEntries(plain(r)))));
  });

  it("gives every child the component as its parent", () => {
    const component = seen.resources.find((r) => !r.custom);
    for (const r of seen.resources.filter((r) => r.custom)) expect(r.parent).toBe(component?.urn);
  });

  it("protects and keeps piers and claims, and nothing else", () => {
    // An attachment ends with its host, and is never taken away for itself.
    const kept = seen.resources.filter(
      (r) => r.options.protect || (r.options.retainOnDelete && !r.type.endsWith(":VolumeAttachment")),
    );
    for (const r of kept) expect(r.options).toMatchObject({ protect: true, retainOnDelete: true });
    expect(kept.map((r) => r.name).sort()).toEqual(
      seen.resources
        .filter((r) => /-volume$|-claim-/.test(r.name))
        .map((r) => r.name)
        .sort(),
    );
  });

  it("makes no host before its ships are claimed, never two hosts at once, and none anew for a changed text", () => {
    const machine = seen.resources.find((r) => /:Droplet$|:Instance$/.test(r.type))!;
    for (const claim of Object.values(plannedHost(sample.host, sample.lock)!.claims)) {
      const planned = plannedHost(sample.host, sample.lock)!.resources.find((r) => r.key === claim.ref)!;
      expect(seen.waits(machine, seen.one(planned.type, planned.name))).toBe(true);
    }
    expect(machine.options.deleteBeforeReplace).toBe(true);
    expect(machine.options.ignoreChanges).toContain("userData");
  });

  it("pulls no volume from under a running ship: where the host goes, its end comes before the volume leaves it", () => {
    const machine = seen.resources.find((r) => /:Droplet$|:Instance$/.test(r.type))!;
    const attachment = seen.resources.find((r) => /:VolumeAttachment$/.test(r.type))!;
    if (machine.type.endsWith(":Instance")) expect(attachment.inputs.stopInstanceBeforeDetaching).toBe(true);
    else {
      expect(machine.inputs.gracefulShutdown).toBe(true);
      expect(attachment.options.retainOnDelete).toBe(true);
    }
  });

  it("lets the world reach nothing but Ames and TLS", () => {
    const rules = seen.resources.flatMap((r) => {
      const list = (r.inputs["inboundRules"] ??
        (r.type.endsWith(":SecurityGroup") ? r.inputs["ingress"] : [])) as Record<string, unknown>[];
      return list
        .filter((i) => [i["sourceAddresses"], i["cidrBlocks"]].flat().includes("0.0.0.0/0"))
        .map((i) => `${i["protocol"]}/${i["portRange"] ?? i["fromPort"] ?? "-"}`.replace(/^icmp.*/, "icmp"));
    });
    expect(rules).toEqual(
      sample.host.kind === "vps"
        ? ["icmp", "tcp/80", "tcp/443", "udp/443", "udp/34543"]
        : ["icmp", "udp/34344", "udp/34345"],
    );
  });
});

const byName = (a: unknown[], b: unknown[]): number => String(a[1]).localeCompare(String(b[1]));

describe("a claim", () => {
  it("at DigitalOcean is the planet's own volume, named by the ship", async () => {
    const seen = await preview(() => make(cases["a planet at DigitalOcean"]));
    expect(seen.one("digitalocean:index/volume:Volume").inputs).toMatchObject({
      name: "sampel-palnet",
      region: "nyc3",
    });
  });

  it("at DigitalOcean with a claim region is a second volume there", async () => {
    const args = { ...vpsPlanetArgs(planet().host, planet().lock), claimRegion: "fra1" };
    const seen = await preview(() => new VpsPlanet("home", args));
    expect(seen.one("digitalocean:index/volume:Volume", "home-claim-sampel-palnet").inputs).toMatchObject({
      name: "sampel-palnet",
      region: "fra1",
      size: 1,
    });
  });

  it("on AWS is a parameter that overwrites none", async () => {
    const seen = await preview(() => make(cases["a planet on AWS"]));
    expect(seen.one("aws:ssm/parameter:Parameter").inputs).toMatchObject({
      name: "/roadstead/claims/sampel-palnet",
      overwrite: false,
    });
  });
});

describe("a host on AWS", () => {
  it("hides its metadata from containers and encrypts both disks", async () => {
    const seen = await preview(() => make(cases["a planet on AWS"]));
    expect(seen.one("aws:ec2/instance:Instance").inputs).toMatchObject({
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
      rootBlockDevice: { encrypted: true },
    });
    expect(seen.one("aws:ebs/volume:Volume").inputs).toMatchObject({ encrypted: true, availabilityZone: "us-west-2a" });
  });
});

describe("several hosts of a stack", () => {
  it("share keys and network of one foundation", async () => {
    const two = (sample: { host: LockedHost; lock: Architecture }) => () => {
      const { provider, region } = hostPlace(sample.host, sample.lock);
      const ground = new HostFoundation("ground", {
        provider,
        region,
        zones: sample.host.zone ? [sample.host.zone] : undefined,
        sshPublicKeys: sample.lock.access.sshPublicKeys,
      });
      for (const name of ["one", "two"]) {
        const shared =
          provider === "aws"
            ? { vpcId: ground.vpcId, subnetId: ground.subnetIds["us-west-2a"]! }
            : { sshKeyIds: ground.sshKeyIds };
        const s = ship(`${name}-palnet`, { host: name });
        new VpsPlanet(name, vpsPlanetArgs({ ...sample.host, name }, { ...sample.lock, ships: [s] }, { shared }));
      }
    };
    const digitalOcean = await preview(two(planet()));
    expect(digitalOcean.all("digitalocean:index/sshKey:SshKey")).toHaveLength(1);
    expect(digitalOcean.all("digitalocean:index/droplet:Droplet")).toHaveLength(2);
    const aws = await preview(two(onAws(planet())));
    expect(aws.all("aws:ec2/vpc:Vpc")).toHaveLength(1);
    expect(aws.all("aws:ec2/instance:Instance")).toHaveLength(2);
  });
});

describe("an own host", () => {
  it("registers nothing but itself and gives the script", async () => {
    const sample = bareMetal();
    const program = () => new BareMetalHost("attic", bareMetalHostArgs(sample.host, sample.lock));
    const seen = await preview(program);
    expect(seen.set).toEqual(["roadstead:index:BareMetalHost attic"]);
    expect(await up(program)).toEqual(seen.set);
    expect(plannedHost(sample.host, sample.lock)).toBeNull();
  });
});

describe("arguments that cannot be used", () => {
  it("are refused all at once, before anything is registered", async () => {
    const bad = lock([ship("sampel-palnet")], { access: { sshPublicKeys: [], adminCidrs: ["::/0"] }, versions: {} });
    const small: LockedHost = { ...host(), ...AWS, memoryGiB: 1 };
    let refused: unknown;
    const seen = await preview(() => {
      try {
        new VpsPlanet("home", vpsPlanetArgs(small, bad));
      } catch (error) {
        refused = error;
      }
    });
    expect(refused).toBeInstanceOf(ArgumentsRefused);
    expect((refused as ArgumentsRefused).problems.map((p) => p.path)).toEqual([
      "access.sshPublicKeys",
      "access.adminCidrs[0]",
      "memoryGiB",
      "image",
      "versions.vere.sha256.x86_64",
    ]);
    expect(seen.resources.filter((r) => r.custom)).toEqual([]);
  });

  it("in a preview of an undecided plan are marked instead", async () => {
    const { host: h, lock: l } = planet();
    const seen = await preview(
      () => new VpsPlanet("home", vpsPlanetArgs(h, { ...l, versions: {} }, { allowMissing: true })),
    );
    const { image, userData } = seen.one("digitalocean:index/droplet:Droplet").inputs as Record<string, string>;
    expect(image).toBe("[missing: versions.hostImage.digitalocean]");
    expect(userData).toContain("# MISSING: versions.vere.sha256.x86_64");
  });
});

describe("secrets", () => {
  it("have no way in: a key that a lock wrongly carries is in no input, user-data or step", async () => {
    const canary = "0wCANRY.CANRY.CANRY.CANRY.CANRY.CANRY.CANRY.CANRY.CANRY.CANRY.CANRY";
    for (const sample of Object.values(cases)) {
      const ships = sample.lock.ships.map((s) => ({
        ...s,
        key: { secret: "palnetKey", value: canary } as { secret: string },
      }));
      const seen = await preview(() => make({ host: sample.host, lock: { ...sample.lock, ships } }));
      expect(JSON.stringify(seen.resources)).not.toContain("CANRY");
      expect(JSON.stringify(hostSettings(sample.host, { ...sample.lock, ships }))).not.toContain("CANRY");
    }
  });

  it("are told by name only in the next steps", () => {
    const { host: h, lock: l } = planet();
    const steps = nextSteps(hostSettings(h, l), "192.0.2.1", { recorded: true });
    expect(steps.join("\n")).toContain(
      "pulumi config get palnetKey | ssh keeper@192.0.2.1 'sudo /usr/local/lib/roadstead/ship key sampel-palnet'",
    );
  });
});

describe("planned inputs", () => {
  const planned = Object.values(cases).flatMap((s) => plannedHost(s.host, s.lock)?.resources ?? []);
  it("are inputs that the provider's classes have", () => {
    expect(planned.length).toBeGreaterThan(40);
    for (const r of planned) {
      const [pkg, path, name] = r.type.split(":") as [string, string, string];
      const root = dirname(require.resolve(`@pulumi/${pkg}/package.json`));
      const types = readFileSync(join(root, `${path.replace(/^index\//, "")}.d.ts`), "utf8");
      const args = types.slice(types.indexOf(`export interface ${name}Args`));
      for (const input of Object.keys(r.inputs)) expect(args).toMatch(new RegExp(`^ +${input}\\??: `, "m"));
      const required = [...args.matchAll(/^ {4}(\w+): pulumi\.Input/gm)].map((m) => m[1]);
      expect(Object.keys(r.inputs)).toEqual(expect.arrayContaining(required));
    }
  });
});
