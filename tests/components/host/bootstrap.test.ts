import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { secretInText } from "../../../planner/predicates";
import { deliverUserData, renderHost, USER_DATA_LIMIT, type RenderedHost } from "../../../components/host/render";
import { bareMetal, groundseg, host, lock, planet, ship } from "./sample";
import { temporary } from "./temporary";

const kinds = { vps: planet, groundseg, "bare-metal": bareMetal } as const;
const render = (kind: keyof typeof kinds): RenderedHost => {
  const sample = kinds[kind]();
  return renderHost(sample.host, sample.lock);
};
const file = (r: RenderedHost, path: string): string => {
  const found = r.files.find((f) => f.path === path);
  if (!found) throw new Error(`no ${path}`);
  return found.content;
};

describe.each(["vps", "groundseg", "bare-metal"] as const)("the bootstrap of a %s host", (kind) => {
  const rendered = render(kind);

  it.each(["user-data", "script.sh"])("is what the golden %s says", (name) => {
    const golden = join(__dirname, "golden", kind, name);
    const text = name === "user-data" ? rendered.userData : rendered.script;
    if (process.env.UPDATE_GOLDEN) writeFileSync(golden, text);
    expect(text).toBe(readFileSync(golden, "utf8"));
  });

  it("is cloud-init that parses and carries the same files as the script", () => {
    expect(rendered.userData.startsWith("#cloud-config\n")).toBe(true);
    const doc = parse(rendered.userData);
    const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
    expect(doc.write_files).toEqual(
      rendered.files.map((f) => ({ path: f.path, permissions: f.mode, content: f.content })).sort(byPath),
    );
    for (const f of rendered.files)
      expect(rendered.script).toContain(`put ${f.path} ${f.mode} <<'ROADSTEAD_FILE'\n${f.content}ROADSTEAD_FILE\n`);
    expect(doc).toMatchObject({
      ssh_pwauth: false,
      disable_root: true,
      runcmd: expect.arrayContaining([["systemctl", "start", "--no-block", "roadstead-bootstrap.service"]]),
    });
    expect(doc.users).toHaveLength(1);
  });

  it("reads as shell to sh and bash", () => {
    const dir = temporary("roadstead-sh-");
    const shells = rendered.files.filter((f) => f.content.startsWith("#!/bin/sh"));
    expect(shells.length).toBeGreaterThan(2);
    for (const [i, text] of [rendered.script, ...shells.map((f) => f.content)].entries()) {
      const path = join(dir, `${i}.sh`);
      writeFileSync(path, text);
      for (const sh of ["sh", "bash"]) execFileSync(sh, ["-n", path]);
    }
  });

  it("holds nothing that looks like a secret", () => {
    expect(secretInText(rendered.userData)).toBeNull();
    expect(secretInText(rendered.script)).toBeNull();
  });

  it("fits the user-data limits of both providers", () => {
    const ec2 = deliverUserData({ name: "home", provider: "aws" }, rendered.userData);
    const sent = ec2.userDataBase64 ? Buffer.from(ec2.userDataBase64, "base64") : Buffer.from(ec2.userData ?? "");
    expect(sent.length).toBeLessThanOrEqual(16_384);
    expect((ec2.userDataBase64 ? gunzipSync(sent) : sent).toString()).toBe(rendered.userData);
    expect(deliverUserData({ name: "home", provider: "digitalocean" }, rendered.userData)).toEqual({
      userData: rendered.userData,
    });
  });

  it("is the same text every time", () => {
    expect(render(kind)).toEqual(rendered);
  });
});

describe("user-data", () => {
  it("is refused over the limit instead of cut", () => {
    const noise = Array.from({ length: USER_DATA_LIMIT.digitalocean + 1 }, (_, i) =>
      String.fromCharCode(33 + ((i * i * 7) % 90)),
    ).join("");
    expect(() => deliverUserData({ name: "home", provider: "digitalocean" }, noise)).toThrow(
      /received 65537 bytes; accepted: 65536 bytes/,
    );
  });
});

describe("missing versions", () => {
  const { host: h, lock: l } = planet();
  const without = { ...l, versions: {} };

  it("stop the rendering that up would apply", () => {
    expect(() => renderHost(h, without)).toThrow(/versions\.vere\.sha256\.x86_64: received nothing/);
    expect(() =>
      renderHost(
        { ...h, arch: "arm64" },
        { ...l, versions: { vere: { version: "4.6", sha256: { x86_64: "a".repeat(64) } } } },
      ),
    ).toThrow(/versions\.vere\.sha256\.arm64/);
  });

  it("are marked in a preview, which then fetches nothing", () => {
    const r = renderHost(h, without, { allowMissing: true });
    expect(r.missing).toEqual(["versions.vere.sha256.x86_64"]);
    expect(r.userData).toContain("# MISSING: versions.vere.sha256.x86_64\n");
    expect(r.script).toContain("# MISSING: versions.vere.sha256.x86_64\n");
    expect(r.steps.find((s) => s.id === "vere")?.run).toContain("exit 1");
    expect(r.userData).not.toMatch(/upgrade install \S+ [0-9a-f]{64}/);
  });
});

describe("a planet's host", () => {
  const r = render("vps");

  it("lets in SSH from the admin networks, Caddy and the ship's own Ames port, and nothing else", () => {
    const accepts = file(r, "/etc/roadstead/firewall.nft")
      .split("\n")
      .filter((l) => /dport/.test(l))
      .map((l) => l.trim());
    expect(accepts).toEqual([
      "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
      "ip saddr { 203.0.113.7/32 } tcp dport 22 accept",
      "ip6 saddr { 2001:db8::/48 } tcp dport 22 accept",
      "tcp dport { 80, 443 } accept",
      "udp dport 443 accept",
      "udp dport { 34543 } accept",
    ]);
    expect(file(r, "/etc/roadstead/firewall.nft")).not.toContain("flush ruleset");
  });

  it("gives vere the port that the firewall opens", () => {
    expect(file(r, "/etc/roadstead/ships/sampel-palnet.env")).toContain("AMES_PORT=34543\n");
  });

  it("keeps first boot and later runs in different units and never kills the worker first", () => {
    const run = file(r, "/etc/systemd/system/roadstead-ship@.service");
    const boot = file(r, "/etc/systemd/system/roadstead-first-boot@.service");
    expect(run).not.toContain("ship boot");
    expect(boot).not.toContain("ship run");
    for (const text of [run, boot]) {
      expect(text).toContain("KillMode=mixed\n");
      expect(text).toContain("TimeoutStopSec=2700\n");
      expect(text).toContain("Requires=roadstead-volume.service\n");
    }
    expect(run).toContain("TemporaryFileSystem=/srv/ships:ro\nBindPaths=-/srv/ships/%i\n");
    expect(run).toContain("\nPrivateUsers=yes\n");
    expect(run).toContain("ExecCondition=+/usr/bin/nsenter -t 1 -m /usr/local/lib/roadstead/ship check %i\n");
  });

  it("blocks the runtime's pages and does not buffer streams", () => {
    const caddy = file(r, "/etc/caddy/Caddyfile");
    expect(caddy).toContain("sampel-palnet.fleet.example.com {");
    expect(caddy).toContain("@runtime path /~_~ /~_~/*\n  respond @runtime 404");
    expect(caddy).toContain("flush_interval -1");
  });

  it("breaks neither Docker nor IPv6 with its sysctls", () => {
    const sysctl = file(r, "/etc/sysctl.d/zz-roadstead.conf");
    expect(sysctl).toContain("vm.max_map_count");
    expect(sysctl).not.toMatch(/^[^#]*(ip_forward|accept_ra|rp_filter|disable_ipv6)/m);
  });

  it("serves no page to the world without a domain", () => {
    const bare = renderHost(host(), lock([ship("sampel-palnet")], { dns: { domain: null, zoneId: null } }));
    expect(bare.files.some((f) => f.path.includes("caddy"))).toBe(false);
    expect(file(bare, "/etc/roadstead/firewall.nft")).not.toMatch(/443/);
  });

  it("starts a comet without a key and everything else only with one", () => {
    const comet = renderHost(host(), lock([ship("drift", { name: null, class: "comet", key: null })]));
    expect(file(comet, "/etc/roadstead/ships/drift.env")).toContain("FIRST_BOOT=comet\n");
    expect(comet.steps.find((s) => s.id === "ships")?.run).toContain("roadstead-first-boot@drift");
    expect(r.steps.find((s) => s.id === "ships")?.run).not.toContain("roadstead-first-boot@");
  });
});

describe("a GroundSeg host", () => {
  const r = render("groundseg");

  it("lets containers be reached on the ships' Ames ports only", () => {
    const rules = file(r, "/usr/local/lib/roadstead/docker-user");
    expect([...rules.matchAll(/--ctorigdstport (\d+)/g)].map((m) => m[1])).toEqual(["34344", "34345"]);
    expect(rules).toMatch(/-A DOCKER-USER -j DROP\nCOMMIT/);
  });

  it("never opens the setup pages", () => {
    expect(file(r, "/etc/roadstead/firewall.nft")).not.toMatch(/3000|8000|19999/);
  });

  it("keeps Docker and its volumes on the pier volume, and Docker down without it", () => {
    expect(JSON.parse(file(r, "/etc/docker/daemon.json"))["data-root"]).toBe("/opt/nativeplanet/docker");
    expect(file(r, "/etc/systemd/system/docker.service.d/10-roadstead.conf")).toContain(
      "Requires=roadstead-volume.service",
    );
  });

  it("refuses comets", () => {
    const sample = groundseg();
    sample.lock.ships.push(
      ship("drift", {
        name: null,
        class: "comet",
        key: null,
        host: "harbour",
        httpPort: 8090,
        ames: { inbound: "direct", port: 34350 },
      }),
    );
    expect(() => renderHost(sample.host, sample.lock)).toThrow(/GroundSeg does not support comets/);
  });
});

describe("problems", () => {
  it("are all reported at once", () => {
    const bad = lock([ship("sampel-palnet")], {
      access: { sshPublicKeys: [], adminCidrs: ["0.0.0.0/0"] },
      versions: {},
    });
    const run = () => renderHost(host({ memoryGiB: 1 }), bad);
    for (const path of ["access.sshPublicKeys", "access.adminCidrs[0]", "memoryGiB", "versions.vere.sha256.x86_64"])
      expect(run).toThrow(path);
  });

  it("name the ship that holds a port already", () => {
    const sample = bareMetal();
    sample.lock.ships[1]!.httpPort = 8081;
    expect(() => renderHost(sample.host, sample.lock)).toThrow(/tcp\/8081, which is sampel-palnet's/);
  });
});
