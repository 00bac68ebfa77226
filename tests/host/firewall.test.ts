// The rules as packets see them: a machine that listens everywhere, and an outside in another network namespace.
import { INSIDE, internet, OUTSIDE, OUTSIDE_V6 } from "./downloads";
import { rendered, samples, type Sample } from "./hosts";
import { listener, PROBE, TCP, UDP } from "./listener";
import { Machine, stopAll } from "./machine/machine";

const scripts = [
  { path: "/opt/test/listen.py", content: listener([INSIDE.v4, INSIDE.v6]) },
  { path: "/opt/test/probe.py", content: PROBE },
];
afterAll(stopAll);

const answers = (machine: Machine, source: string, target: string, tcp = TCP, udp = UDP): string =>
  machine.get(
    `ip netns exec internet python3 /opt/test/probe.py ${source} ${target} ${tcp.join(",")} ${udp.join(",")}`,
  );

describe("the firewall of a host", () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await Machine.start({ root: "installed", boots: false, files: [...internet, ...scripts] });
    machine.get("/opt/test/network; setsid python3 /opt/test/listen.py >/dev/null 2>&1 </dev/null &");
    await machine.until("the listener", "[ -e /run/listening ]");
  }, 180_000);

  const load = (sample: Sample) => {
    const file = rendered(sample).files.find((f) => f.path === "/etc/roadstead/firewall.nft")!;
    machine.write([file]);
    machine.get(`nft -f ${file.path}`);
  };
  const all = [...TCP.map((p) => `tcp/${p}`), ...UDP.map((p) => `udp/${p}`)].join(" ");

  it("is what closes: without it every port answers", () => {
    expect(answers(machine, OUTSIDE.stranger, INSIDE.v4)).toBe(all);
    expect(answers(machine, OUTSIDE_V6.stranger, INSIDE.v6)).toBe(all);
  });

  it.each([
    ["planet at DigitalOcean", "tcp/80 tcp/443 udp/443 udp/34543"],
    ["planet without a domain", "udp/34543"],
    ["GroundSeg at DigitalOcean", "tcp/80 tcp/443 udp/443 udp/34344 udp/34345"],
    ["bare metal", "udp/34543 udp/34544"],
  ] as const)(
    "%s: the world reaches the web and Ames, the administrator SSH as well, and nobody anything else",
    (name, world) => {
      load(samples[name]);
      for (const [source, target] of [
        [OUTSIDE.stranger, INSIDE.v4],
        [OUTSIDE_V6.stranger, INSIDE.v6],
      ] as const)
        expect(answers(machine, source, target)).toBe(world);
      for (const [source, target] of [
        [OUTSIDE.admin, INSIDE.v4],
        [OUTSIDE_V6.admin, INSIDE.v6],
      ] as const)
        expect(answers(machine, source, target)).toBe(`tcp/22 ${world}`);
    },
  );

  it("loaded again leaves the tables of others as they are", () => {
    machine.get("nft add table inet f2b-table; nft add table ip nat");
    load(samples["bare metal"]);
    expect(machine.get("nft list tables")).toMatch(/f2b-table[^]*nat|nat[^]*f2b-table/);
  });

  it("lets the machine itself out, and its answers in", () => {
    machine.get("setsid ip netns exec internet python3 /opt/test/serve.py >/dev/null 2>&1 </dev/null &");
    machine.get(
      "for i in 1 2 3 4 5 6 7 8; do curl -fsS -o /dev/null https://github.com/ && exit; sleep 1; done; exit 1",
    );
  });
});

describe("what containers publish on a GroundSeg host", () => {
  let machine: Machine;
  const { files } = rendered(samples["GroundSeg at DigitalOcean"]);
  const chosen = files.filter((f) => /docker-user$|daemon\.json$|firewall\.nft$/.test(f.path));
  const PUBLISHED = { web: 8081, ames: 34344, other: 34400 };

  beforeAll(async () => {
    machine = await Machine.start({ root: "installed", boots: false, files: [...internet, ...scripts, ...chosen] });
    machine.get("/opt/test/network && nft -f /etc/roadstead/firewall.nft && mkdir -p /opt/nativeplanet");
    machine.get("setsid dockerd >/var/log/dockerd 2>&1 </dev/null &");
    await machine.until("Docker", "docker info >/dev/null 2>&1", 120);
    machine.get(
      `mkdir -p /opt/image/bin && cp /bin/busybox /opt/image/bin/ && tar -c -C /opt/image . | docker import - box >/dev/null`,
    );
    const p = PUBLISHED;
    machine.get(
      `docker run -d --name ship -p ${p.web}:80 -p ${p.ames}:${p.ames}/udp -p ${p.other}:${p.other}/udp box /bin/busybox sleep 3600`,
      { limit: 120_000 },
    );
    machine.write([{ path: "/opt/test/inside.py", content: listener(["0.0.0.0"], [80], [p.ames, p.other]) }]);
    machine.get(
      `setsid nsenter -n -t $(docker inspect -f '{{.State.Pid}}' ship) python3 /opt/test/inside.py >/dev/null 2>&1 </dev/null &`,
    );
    await machine.until("the container", "[ -e /run/listening ]");
  }, 400_000);

  const published = (source: string, target: string) =>
    answers(machine, source, target, [PUBLISHED.web], [PUBLISHED.ames, PUBLISHED.other]);

  it("is open to the world past the host's own rules: that is what DOCKER-USER is for", () => {
    const p = PUBLISHED;
    expect(published(OUTSIDE.stranger, INSIDE.v4)).toBe(`tcp/${p.web} udp/${p.ames} udp/${p.other}`);
  });

  it("is closed but for the ships' Ames ports, also to the administrator, and reachable on the host", () => {
    machine.get("/usr/local/lib/roadstead/docker-user");
    for (const source of [OUTSIDE.stranger, OUTSIDE.admin])
      expect(published(source, INSIDE.v4)).toBe(`udp/${PUBLISHED.ames}`);
    machine.get(`bash -c ': </dev/tcp/127.0.0.1/${PUBLISHED.web}'`);
  });

  it("is closed to the provider's private network as well", () => {
    machine.get(
      `ip link add eth1 type veth peer name eth1 netns internet && ip addr add 10.9.0.10/24 dev eth1 && ip link set eth1 up &&
       ip -n internet addr add 10.9.0.20/24 dev eth1 && ip -n internet link set eth1 up`,
    );
    expect(published("10.9.0.20", "10.9.0.10")).toBe(`udp/${PUBLISHED.ames}`);
  });

  it("has its data where the pier volume is", () => {
    expect(machine.get("docker info --format '{{.DockerRootDir}} {{.LoggingDriver}}'")).toBe(
      "/opt/nativeplanet/docker local",
    );
  });

  it("stays closed when the rules are applied again", () => {
    const rules = () => machine.get("iptables -S DOCKER-USER; ip6tables -S DOCKER-USER");
    const before = rules();
    machine.get("/usr/local/lib/roadstead/docker-user");
    expect(rules()).toBe(before);
  });
});
