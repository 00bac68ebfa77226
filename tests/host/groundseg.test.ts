// A GroundSeg host from nothing, its volume and its Docker real; GroundSeg itself is a stub that does what its source says.
import { createHash } from "node:crypto";
import { hostSettings, renderSettings } from "../../components/host/render";
import { deliveries } from "../../components/host/render/delivery";
import { DEVICE, disk } from "./disk";
import { INSIDE, internet, OUTSIDE, OUTSIDE_V6, seed } from "./downloads";
import { harbour } from "./hosts";
import { PROBE } from "./listener";
import { Machine, stopAll, type Done } from "./machine/machine";

// As on AWS, where the provider encrypts: LUKS needs a kernel of its own.
const { host, lock } = harbour();
const { userData, script } = renderSettings({ ...hostSettings(host, lock), provider: "aws", dataDevice: DEVICE });
const GROUNDSEG = "/usr/local/lib/roadstead/groundseg";
const SETTINGS = "/opt/nativeplanet/groundseg/settings";
const CONF = `${SETTINGS}/system.json`;
const CANARY = "CANARY of the harbour";
const SHIPS = ["sampel-palnet", "ridlur-figbud"] as const;
let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start({
    files: [...internet, ...disk, ...seed(userData), { path: "/opt/test/probe.py", content: PROBE }],
  });
  await machine.until("the bootstrap", "[ -e /var/lib/roadstead/bootstrap.done ]", 300);
}, 450_000);
afterAll(stopAll);

const active = (unit: string): string => machine.sh(`systemctl is-active ${unit}`).out.trim();
const calls = (): string[] => machine.sh("cat /opt/nativeplanet/calls").out.split("\n").filter(Boolean);
const password = (input: string): Done => machine.run([GROUNDSEG, "password"], { input });
const conf = () => JSON.parse(machine.read(CONF)) as Record<string, unknown>;
const status = () =>
  JSON.parse(machine.get(`${GROUNDSEG} status`)) as Record<string, Record<string, unknown>> & {
    ships: { id: string; http: number; ames: number; given: { http: number; ames: number } | null }[];
    listening: { port: number; address: string }[];
    unit: string;
  };
const page = (path: string, text: string): string =>
  machine.get(
    `curl -sS -o /dev/null -w '%{http_code}' --data-binary @- http://127.0.0.1:3000/${path} <<'END'\n${text}\nEND`,
  );
/** Without the newline that a here-document ends with. */
const login = (text: string): string =>
  machine.get(
    `printf %s '${text}' | curl -sS -o /dev/null -w '%{http_code}' --data-binary @- http://127.0.0.1:3000/login`,
  );
const outside = (tcp: number[], udp: number[] = []): string[] =>
  [
    [OUTSIDE.stranger, INSIDE.v4],
    [OUTSIDE.admin, INSIDE.v4],
    [OUTSIDE_V6.stranger, INSIDE.v6],
  ].map(([source, target]) =>
    machine.get(
      `ip netns exec internet python3 /opt/test/probe.py ${source} ${target} ${tcp.join(",")} '${udp.join(",")}'`,
    ),
  );
const PAGES = [80, 3000, 6060, 8000, 8081, 8082, 19119, 19999];
const rules = (): string => machine.get("iptables -S DOCKER-USER; ip6tables -S DOCKER-USER");
const stops = (ship: string): string =>
  machine.get(`cat /var/lib/docker/volumes/${ship}/_data/stopped-cleanly 2>/dev/null | wc -l`);
const runs = (what: string) =>
  machine.until(what, "systemctl is-active -q groundseg && curl -s -o /dev/null http://127.0.0.1:3000/");
const shipsRun = () =>
  machine.until("the ships", `[ "$(docker ps -q --filter status=running | wc -l)" = ${SHIPS.length} ]`, 120);

it("comes up with volume, firewall and Docker, and GroundSeg does not listen: it has no password", () => {
  for (const unit of ["roadstead-volume", "roadstead-firewall", "docker", "roadstead-containers", "caddy"])
    expect({ unit, state: active(unit) }).toEqual({ unit, state: "active" });
  expect(active("groundseg")).toBe("inactive");
  expect(machine.get("systemctl list-units --state=failed --plain --no-legend")).not.toContain("groundseg");
  expect(calls()).toEqual([]);
  expect(status()).toMatchObject({ unit: "inactive", settings: { there: false, ready: false }, volume: true });
  expect(status().listening.filter((s) => s.port !== 80)).toEqual([]);
  expect(machine.get("findmnt -no SOURCE /opt/nativeplanet")).toMatch(/^\/dev\/loop/);
  expect(machine.get("docker info --format '{{.DockerRootDir}}'")).toBe("/opt/nativeplanet/docker");
  const since = (unit: string) =>
    Number(machine.get(`systemctl show -p ActiveEnterTimestampMonotonic --value ${unit}`));
  expect(since("roadstead-firewall")).toBeLessThan(since("docker"));
  expect(since("roadstead-volume")).toBeLessThan(since("docker"));
});

it("has what containers publish closed before Docker publishes anything", () => {
  expect(rules()).toMatch(/ctorigdstport 34344 -j RETURN[^]*ctorigdstport 34345 -j RETURN[^]*-j DROP/);
  machine.get("systemctl stop docker.socket docker && iptables -F DOCKER-USER");
  machine.get(
    "mv /usr/local/lib/roadstead/docker-user /opt/test/ && ln -s /bin/false /usr/local/lib/roadstead/docker-user",
  );
  expect(machine.sh("systemctl start docker").code).not.toBe(0);
  expect(active("docker")).not.toBe("active");
  machine.get(
    "mv /opt/test/docker-user /usr/local/lib/roadstead/docker-user && systemctl reset-failed docker && systemctl start docker",
  );
});

it.each([
  ["nothing", ""],
  ["an empty line", "\n"],
  ["eleven characters", "elevenchars\n"],
  ["two lines", "a good password\nand another\n"],
  ["a space at its end", "a good password \n"],
  ["a control character", "a good\tpassword\n"],
  ["what is not text", "\u0000a good password"],
])("refuses %s as a password, and changes nothing", async (_, input) => {
  expect(password(input)).toMatchObject({ code: 1, out: "", err: expect.stringContaining("nothing was changed") });
  expect(machine.sh(`ls -A ${SETTINGS} 2>/dev/null`).out).toBe("");
  // Docker's start asks for it as well.
  await machine.until("the condition", '[ "$(systemctl is-active groundseg)" = inactive ]');
});

it("takes no password while its volume is away: it would be written under it", () => {
  machine.get("systemctl stop docker.socket docker roadstead-volume");
  expect(password(`${CANARY}\n`)).toMatchObject({ code: 1, err: expect.stringContaining("not mounted") });
  expect(machine.get("ls -A /opt/nativeplanet")).toBe("");
  machine.get("systemctl start docker");
});

/** As `pulumi up` has it run over SSH: by the administrator, the password on standard input and not ended by a newline. */
const [delivery] = deliveries({ ...hostSettings(host, lock), groundsegPassword: { secret: "groundseg-password" } });
const delivered = (input: string): Done =>
  machine.run(["su", "-s", "/bin/sh", "-c", delivery!.unattended!, "keeper"], { input });

it("takes its password once, on standard input, and is set up when it first listens", async () => {
  expect(delivered(CANARY)).toEqual({ code: 0, out: "", err: "roadstead: groundseg: has its password and runs\n" });
  await runs("GroundSeg");
  expect(calls()).toEqual(["groundseg --http-port=8000"]);
  expect([login(CANARY), login("another password"), page("setup", "a stranger's password")]).toEqual([
    "200",
    "403",
    "403",
  ]);
  const { salt, pwHash, setup, updateMode, swapVal, gsVersion } = conf();
  expect(pwHash).toBe(
    createHash("sha512")
      .update(`${String(salt)}${CANARY}`)
      .digest("hex"),
  );
  expect({ setup, updateMode, swapVal, gsVersion }).toEqual({
    setup: "complete",
    updateMode: "manual",
    swapVal: -1,
    gsVersion: "v2.8.6",
  });
  expect(machine.get(`stat -c %a:%U ${SETTINGS}/.. ${SETTINGS} ${CONF} ${SETTINGS}/session.key`).split("\n")).toEqual([
    "700:root",
    "700:root",
    "600:root",
    "600:root",
  ]);
  expect(machine.get(`tr -- -_ +/ <${SETTINGS}/session.key | base64 -d | wc -c`)).toBe("32");
});

it("keeps the password nowhere but as its hash", () => {
  expect(
    machine.sh(`grep -rlF '${CANARY}' / --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev 2>/dev/null`, {
      limit: 120_000,
    }).out,
  ).toBe("");
  expect(machine.get("journalctl --no-pager")).not.toContain(CANARY);
  expect(machine.get("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'")).not.toContain(
    CANARY,
  );
  expect(machine.get(`${GROUNDSEG} status`)).not.toContain(String(conf().pwHash));
});

it("does not read another password, and says where it is changed", () => {
  const before = machine.read(CONF);
  const done = password("a second password\n");
  expect(done).toMatchObject({ code: 77, out: "", err: expect.stringContaining("on its page") });
  // Delivered again it is no failure, and said.
  expect(delivered("a third password")).toMatchObject({ code: 0, err: expect.stringContaining("on its page") });
  expect(delivered("")).toMatchObject({ code: 0 });
  expect(machine.read(CONF)).toBe(before);
});

it("finds its ships' volumes, and its ships have the recorded ports when they are added in the recorded order", async () => {
  machine.get(
    "mkdir -p /opt/image/bin && cp /bin/busybox /opt/image/bin/ && tar -c -C /opt/image . | docker import - box >/dev/null",
    { limit: 120_000 },
  );
  for (const ship of SHIPS)
    expect(
      machine.get(
        `printf %s ${ship} | curl -sS -o /dev/null -w '%{http_code}' --data-binary @- http://127.0.0.1:3000/ship`,
      ),
    ).toBe("200");
  await shipsRun();
  expect(status().ships.map((s) => [s.id, s.given!.http - s.http, s.given!.ames - s.ames])).toEqual(
    SHIPS.map((id) => [id, 0, 0]),
  );
  expect(machine.get("ls /opt/nativeplanet/docker/volumes")).toContain(SHIPS[0]);
}, 300_000);

it("says of itself what a doctor asks, in JSON and without a secret", () => {
  expect(status()).toMatchObject({
    volume: true,
    dockerData: true,
    settings: { there: true, ready: true, setup: "complete", mode: "700", sessionKeyMode: "600" },
    unit: "active",
    version: { pinned: "2.8.6", said: "v2.8.6", checksumIsPinned: true, updateMode: "manual" },
    otherShips: [],
    dockerUser: {
      ipv4: { closed: true, udp: [34344, 34345], other: 0, reached: true },
      ipv6: { closed: true, udp: [34344, 34345], other: 0 },
      expected: [34344, 34345],
    },
    swap: { setting: -1, ownFile: false },
    startram: { registered: false, on: false },
  });
  expect(status().listening.map((s) => s.port)).toEqual(expect.arrayContaining([3000, 8000, 8081, 8082]));
  for (const secret of ["salt", "pwHash"])
    expect(machine.get(`${GROUNDSEG} status`)).not.toContain(String(conf()[secret]));
});

it("none of its pages answers from outside, by IPv4 and IPv6, also to the administrator", () => {
  expect(outside(PAGES)).toEqual(["tcp/80", "tcp/80", "tcp/80"]);
});

it("Docker restarted: the ships stop by themselves first, the rules are there, and GroundSeg and its ships come back", async () => {
  const before = rules();
  // Three starts a minute are all that its unit allows.
  machine.get("systemctl reset-failed docker; systemctl restart docker", { limit: 170_000 });
  expect(SHIPS.map(stops)).toEqual(["1", "1"]);
  expect(rules()).toBe(before);
  await runs("GroundSeg");
  await shipsRun();
  expect(outside(PAGES)).toEqual(["tcp/80", "tcp/80", "tcp/80"]);
  // As an upgrade of its package does it.
  machine.get("systemctl stop docker && systemctl reset-failed docker; systemctl start docker", { limit: 170_000 });
  await runs("GroundSeg");
  await shipsRun();
  expect(SHIPS.map(stops)).toEqual(["2", "2"]);
}, 400_000);

it("run again by the script: nothing is formatted, fetched or started anew", () => {
  const since = () =>
    machine.get("systemctl show -p ActiveEnterTimestampMonotonic --value docker groundseg roadstead-volume");
  const [started, uuid, settings] = [since(), machine.get(`blkid -p -s UUID -o value ${DEVICE}`), machine.read(CONF)];
  expect(machine.run(["sh", "-s"], { input: script, limit: 120_000 })).toMatchObject({ code: 0 });
  expect([since(), machine.get(`blkid -p -s UUID -o value ${DEVICE}`), machine.read(CONF)]).toEqual([
    started,
    uuid,
    settings,
  ]);
});

it("comes up again after a reboot, which its ships' own end came before, with the same volume and password", async () => {
  await machine.reboot();
  await runs("GroundSeg");
  await shipsRun();
  expect(SHIPS.map(stops)).toEqual(["3", "3"]);
  for (const ship of SHIPS)
    expect(machine.sh(`ls /var/lib/docker/volumes/${ship}/_data/worker-was-signalled`).code).not.toBe(0);
  expect(login(CANARY)).toBe("200");
  expect(calls().filter((c) => !c.startsWith("groundseg "))).toEqual([]);
  expect(rules()).toMatch(/34345 -j RETURN[^]*-j DROP/);
  expect(outside(PAGES)).toEqual(["tcp/80", "tcp/80", "tcp/80"]);
}, 400_000);

it("started by hand without settings it would take a password from anybody: the unit does not start it", async () => {
  machine.get("systemctl stop groundseg && mv /opt/nativeplanet/groundseg/settings /opt/nativeplanet/groundseg/kept");
  machine.get(
    "setsid /opt/nativeplanet/groundseg/groundseg --http-port=8000 >/dev/null 2>&1 </dev/null & echo $! >/opt/test/pid",
  );
  await machine.until("its page", "curl -s -o /dev/null http://127.0.0.1:3000/");
  expect(calls().slice(-2)).toEqual([
    expect.stringContaining("swap of 16 GB"),
    expect.stringContaining("replaces itself"),
  ]);
  machine.get("pid=$(cat /opt/test/pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.2; done");
  const made = conf();
  machine.get("systemctl start groundseg");
  expect(active("groundseg")).toBe("inactive");
  // What was there before stays: only the password and what the lock says are set.
  expect(password("a better password\n")).toMatchObject({ code: 0 });
  await runs("GroundSeg");
  expect(conf()).toMatchObject({ keyFile: made.keyFile, setup: "complete", updateMode: "manual" });
  expect(login("a better password")).toBe("200");
  machine.get(`systemctl stop groundseg && echo '{"pwHash": ' >${CONF}`);
  machine.get("systemctl start groundseg");
  expect(active("groundseg")).toBe("inactive");
  expect(password(`${CANARY}\n`)).toMatchObject({ code: 1, err: expect.stringContaining("cannot be read") });
  machine.get(
    "rm -r /opt/nativeplanet/groundseg/settings && mv /opt/nativeplanet/groundseg/kept /opt/nativeplanet/groundseg/settings",
  );
});

it("without its volume Docker and GroundSeg stay down, rather than make new piers on the root disk", () => {
  machine.get("systemctl stop groundseg docker docker.socket roadstead-volume", { limit: 120_000 });
  machine.get("mv /etc/roadstead/volume.env /etc/roadstead/volume.aside");
  expect(machine.sh("systemctl start groundseg", { limit: 120_000 }).code).not.toBe(0);
  expect(active("docker")).not.toBe("active");
  expect(machine.get("ls -A /opt/nativeplanet")).toBe("");
  machine.get("mv /etc/roadstead/volume.aside /etc/roadstead/volume.env");
});
