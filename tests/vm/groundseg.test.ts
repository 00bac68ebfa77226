// A GroundSeg host at DigitalOcean from an empty disk: Docker, its rules and its ships' end under Debian's own kernel, on an
// encrypted volume. GroundSeg itself and the provider are stand-ins.
import type { Architecture } from "../../planner/architecture/schema";
import { groundseg } from "../components/host/sample";
import { INSIDE, OUTSIDE, OUTSIDE_V6, VERSIONS } from "../host/downloads";
import { rendered } from "../host/hosts";
import { listener } from "../host/listener";
import { blankVolume, devicePath, holds, publicKey, stopAll, Vm } from "./machine/vm";
import { answers } from "./machine/world";

const PASSWORD = "CANARY of the harbour";
const GROUNDSEG = "/usr/local/lib/roadstead/groundseg";
const SHIPS = ["sampel-palnet", "ridlur-figbud"] as const;
const PAGES = [80, 443, 2375, 3000, 6060, 8000, 8081, 8082, 19999];
const AMES = [34343, 34344, 34345, 34346];
/** Emulated, on a busy machine. */
const SET_UP = 2400;

const sample = groundseg();
const { userData } = rendered({
  host: sample.host,
  lock: {
    ...sample.lock,
    versions: VERSIONS as Architecture["versions"],
    access: { ...sample.lock.access, sshPublicKeys: [publicKey] },
  },
});
const volume = blankVolume("harbour", 2 ** 31);
const harbour = new Vm("harbour", userData);

const failed = () => harbour.get("systemctl list-units --state=failed --plain --no-legend | awk '{ print $1 }'");
const page = (path: string, text: string) =>
  harbour.get(`curl -sS -o /dev/null -w '%{http_code}' --data-binary @- http://127.0.0.1:3000/${path}`, {
    input: text,
  });
const runs = () => harbour.until("GroundSeg", "curl -s -o /dev/null http://127.0.0.1:3000/");
const shipsRun = () =>
  harbour.until("the ships", `[ "$(docker ps -q --filter status=running | wc -l)" = ${SHIPS.length} ]`);
const ended = () => harbour.until("the end of the boot", "systemctl is-system-running | grep -E 'running|degraded'");
const stops = (ship: string) =>
  harbour.get(`cat /opt/nativeplanet/docker/volumes/${ship}/_data/stopped-cleanly 2>/dev/null | wc -l`);

afterAll(stopAll);

// The tests are one story, in order.
it("ends its set-up in a running system with no unit failed, Docker on the encrypted volume, and GroundSeg not listening", async () => {
  await harbour.boot([volume]);
  await harbour.until("the set-up", "[ -e /var/lib/roadstead/bootstrap.done ]", SET_UP);
  await ended();
  expect(await failed()).toBe("");
  expect(await harbour.get(`blkid -p -s TYPE -o value ${devicePath(volume)}`)).toBe("crypto_LUKS");
  expect(await harbour.get("findmnt -no SOURCE /opt/nativeplanet")).toBe("/dev/mapper/roadstead");
  expect(await harbour.get("docker info --format '{{.DockerRootDir}} {{.KernelVersion}}'")).toMatch(
    /^\/opt\/nativeplanet\/docker \S+-cloud-amd64$/,
  );
  expect(await harbour.get("systemctl is-active groundseg || true")).toBe("inactive");
  expect(await harbour.get("ss -Hltn | grep -cE ':(3000|8000) ' || true")).toBe("0");
});

it("takes its password over SSH, and adds no swap to the host's own", async () => {
  const done = await harbour.sh(`${GROUNDSEG} password`, { input: `${PASSWORD}\n` });
  expect(done).toMatchObject({ code: 0, out: "" });
  expect(done.err).not.toContain(PASSWORD);
  await runs();
  expect([await page("login", PASSWORD), await page("setup", "a stranger's password")]).toEqual(["200", "403"]);
  expect(await harbour.get("swapon --show=SIZE --noheadings | tr -d ' '")).toBe("2G");
  expect(await harbour.get("cat /opt/nativeplanet/calls")).toBe("groundseg --http-port=8000");
});

it("runs its ships in containers, on the recorded ports", async () => {
  await harbour.get(
    "mkdir -p /opt/image/bin && cp /bin/busybox /opt/image/bin/ && tar -c -C /opt/image . | docker import - box >/dev/null",
    { limit: 600 },
  );
  for (const ship of SHIPS) expect(await page("ship", ship)).toBe("200");
  await shipsRun();
  expect(JSON.parse(await harbour.get(`${GROUNDSEG} status`))).toMatchObject({
    unit: "active",
    dockerData: true,
    ships: SHIPS.map((id, i) => ({ id, http: 8081 + i, ames: 34344 + i, given: { http: 8081 + i, ames: 34344 + i } })),
    dockerUser: { ipv4: { closed: true, udp: [34344, 34345], other: 0, reached: true } },
  });
});

it("answers to the world on the web and the ships' Ames ports, to the administrator on SSH too, to nobody on a page", async () => {
  for (const [i, ship] of SHIPS.entries()) {
    await harbour.get(`cat >/opt/test/${ship}.py`, { input: listener(["0.0.0.0"], [80], [34344 + i, 34346]) });
    await harbour.get(
      `rm -f /run/listening; systemd-run -q --unit=inside-${ship} nsenter -n -t $(docker inspect -f '{{.State.Pid}}' ${ship}) python3 /opt/test/${ship}.py`,
    );
    await harbour.until("the listener", "[ -e /run/listening ]");
  }
  await harbour.get("bash -c ': </dev/tcp/127.0.0.1/8081'");
  expect(await answers(OUTSIDE.stranger, INSIDE.v4, [22, ...PAGES], AMES)).toBe("tcp/80 tcp/443 udp/34344 udp/34345");
  expect(await answers(OUTSIDE.admin, INSIDE.v4, [22, ...PAGES], AMES)).toBe(
    "tcp/22 tcp/80 tcp/443 udp/34344 udp/34345",
  );
  // Containers are not reached by IPv6 at all.
  expect(await answers(OUTSIDE_V6.stranger, INSIDE.v6, [22, ...PAGES], [])).toBe("tcp/80 tcp/443");
  // It is DOCKER-USER that is silent, and nftables.
  await harbour.get("iptables -F DOCKER-USER && nft delete table inet roadstead");
  expect(await answers(OUTSIDE.stranger, INSIDE.v4, [3000, 8000, 8081, 8082], [])).toBe(
    "tcp/3000 tcp/8000 tcp/8081 tcp/8082",
  );
  await harbour.get("/usr/local/lib/roadstead/docker-user && systemctl restart roadstead-firewall");
  expect(await answers(OUTSIDE.stranger, INSIDE.v4, [3000, 8000, 8081, 8082], [])).toBe("");
});

it("powers off only when its ships have stopped by themselves and the volume is closed", async () => {
  await harbour.powerOff();
  expect(harbour.consoleAll()).not.toMatch(/Failed (unmounting|to unmount|deactivating)|target is busy/);
  expect(harbour.holds([PASSWORD, "roadstead-containers"])).toEqual(["roadstead-containers"]);
  expect(holds(volume.file, [PASSWORD])).toEqual([]);
});

it("comes up again with volume, rules, GroundSeg and ships, and asks nobody for a password", async () => {
  await harbour.boot([volume]);
  await runs();
  await shipsRun();
  await ended();
  expect(await failed()).toBe("");
  expect([await stops(SHIPS[0]), await stops(SHIPS[1])]).toEqual(["1", "1"]);
  expect([await page("login", PASSWORD), await page("setup", "a stranger's password")]).toEqual(["200", "403"]);
  expect(await harbour.get("iptables -S DOCKER-USER")).toMatch(/34345 -j RETURN[^]*-A DOCKER-USER -j DROP/);
  expect(await answers(OUTSIDE.stranger, INSIDE.v4, PAGES, [])).toBe("tcp/80 tcp/443");
});
