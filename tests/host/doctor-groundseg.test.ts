// The doctor of a GroundSeg host, with its real Docker and firewall, and GroundSeg's own files as a stub of it writes them.
import { hostSettings, renderSettings } from "../../components/host/render";
import { of, Owner } from "./doctor-outside";
import { DEVICE, disk } from "./disk";
import { internet, seed, VERSIONS } from "./downloads";
import { Machine, stopAll } from "./machine/machine";

const owner = new Owner();
let machine: Machine;
const GROUNDSEG = "/usr/local/lib/roadstead/groundseg";

const REQUIREMENTS = `ships:
  named:
    - { name: ~sampel-palnet }
    - { name: ~ridlur-figbud }
environment: dev
platform: groundseg
regions: { allowed: [us-west-2] }
hosts: { groundseg: { password: { secret: pageWord } } }
versions: ${JSON.stringify({ groundseg: VERSIONS.groundseg, hostImage: { aws: VERSIONS.hostImage.aws } })}
`;

beforeAll(async () => {
  const lock = await owner.records(REQUIREMENTS);
  const host = lock.hosts[0]!;
  // Its disk has another name here than on AWS.
  const { userData } = renderSettings({ ...hostSettings(host, lock), dataDevice: DEVICE });
  machine = await Machine.start({ files: [...internet, ...disk, ...seed(userData)] });
  await machine.until("the bootstrap", "[ -e /var/lib/roadstead/bootstrap.done ]", 300);
  owner.knows(machine, host.name);
}, 600_000);
afterAll(async () => {
  await stopAll();
  owner.leaves();
});

const only = ["file/etc/roadstead/volume.env"];
const waits = ["ship/sampel-palnet/groundseg", "ship/ridlur-figbud/groundseg"];

it("before its password is there, that is what is to be done, and nothing is broken", () => {
  const { found, code } = owner.findings();
  expect(of(found, "blocks")).toEqual([]);
  expect(code).toBe(0);
  expect(found.find((f) => f.id === "groundseg/password")).toMatchObject({
    level: "look",
    fix: expect.stringMatching(/^pulumi config get pageWord \| ssh .*groundseg password'$/),
  });
  expect(of(found, "look")).toEqual(expect.arrayContaining(only));
});

it("with its password, it names the ships that a person has to add", () => {
  expect(machine.run([GROUNDSEG, "password"], { input: "CANARY of the harbour" })).toMatchObject({ code: 0 });
  const { found, code } = owner.findings();
  expect(of(found, "blocks")).toEqual([]);
  expect(code).toBe(0);
  expect(of(found, "look")).toEqual(expect.arrayContaining([...only, ...waits]));
  expect(of(found, "ok")).toEqual(expect.arrayContaining(["groundseg", "docker-user", "volume", "firewall"]));
});

it("what containers publish in the open, and settings that others may read, are found and named", () => {
  machine.get("ip6tables -F DOCKER-USER; chmod 0755 /opt/nativeplanet/groundseg/settings");
  const { found, code } = owner.findings();
  expect(code).toBe(5);
  expect(found.find((f) => f.id === "docker-user")).toMatchObject({
    level: "blocks",
    what: expect.stringMatching(/by IPv6$/),
  });
  expect(of(found, "blocks")).toEqual(expect.arrayContaining(["docker-user", "groundseg/modes"]));
});
