// Every generated file, read by the program that will read it on a host, of the version that Debian 12 has.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HostFile } from "../../components/host/render";
import { exampleHosts, rendered, samples, type Sample } from "./hosts";
import { Machine, stopAll, type Done } from "./machine/machine";
import { strictProblems } from "./user-data";

const hosts: [string, Sample][] = [...Object.entries(samples), ...exampleHosts()];
let machine: Machine;
beforeAll(async () => {
  machine = await Machine.start({ root: "installed", boots: false });
  // Packages made these; sshd would otherwise complain of what a first boot makes.
  machine.get(
    "ssh-keygen -A && mkdir -p /run/sshd && id -u urbit 2>/dev/null || useradd --system urbit; useradd keeper",
  );
});
afterAll(stopAll);

const verdict = (done: Done): string => (done.code === 0 ? "read" : `${done.code}\n${done.out}${done.err}`);

/** Hosts share most of their files: what was read once is not read again. */
const seen = new Set<string>();
const unseen = (file: HostFile): boolean => {
  const key = `${file.path} ${file.content}`;
  return !seen.has(key) && Boolean(seen.add(key));
};

/** Which programs read a file; one that nobody reads is a mistake of this list. */
const readers: [path: RegExp, read: (file: HostFile, host: Sample) => Done][] = [
  [/^\/etc\/systemd\/system\//, () => ({ code: 0, out: "", err: "" })], // all together, below
  [
    /^\/usr\/local\/lib\/roadstead\/groundseg$/,
    (f) => machine.run(["python3", "-W", "error", "-m", "py_compile", f.path]),
  ],
  [/^\/etc\/roadstead\/groundseg\.json$/, (f) => machine.run(["python3", "-m", "json.tool", f.path])],
  [/^\/usr\/local\/lib\/roadstead\//, (f) => machine.run(["shellcheck", "--shell=dash", "--severity=style", f.path])],
  [/^\/etc\/sysctl\.d\//, (f) => machine.run(["/lib/systemd/systemd-sysctl", "--strict", f.path])],
  [/^\/etc\/apt\/apt\.conf\.d\//, () => machine.run(["apt-config", "dump"])],
  [
    /^\/etc\/modprobe\.d\//,
    () => machine.run(["sh", "-c", "modprobe --showconfig | grep -x 'install firewire_core /bin/true'"]),
  ],
  // pam_limits says nothing of what it cannot read: what it does is asked.
  [
    /^\/etc\/security\/limits\.d\//,
    () => machine.run(["su", "nobody", "-s", "/bin/sh", "-c", '[ "$(ulimit -Hc)" = 0 ]']),
  ],
  [/^\/etc\/ssh\/sshd_config\.d\//, () => machine.run(["sshd", "-t"])],
  [/^\/etc\/sudoers\.d\//, (f) => machine.run(["visudo", "-c", "-f", f.path])],
  [/^\/etc\/fail2ban\//, () => machine.run(["fail2ban-client", "-t"])],
  [/^\/etc\/audit\/rules\.d\//, () => machine.run(["augenrules", "--check"])],
  [/^\/etc\/roadstead\/firewall\.nft$/, (f) => machine.run(["nft", "-c", "-f", f.path])],
  [/^\/etc\/roadstead\/.*\.env$/, (f) => machine.run(["shellcheck", "--shell=sh", "--exclude=SC2034", f.path])],
  [
    /^\/etc\/caddy\/Caddyfile$/,
    (f) => machine.run(["caddy", "validate", "--config", f.path, "--adapter", "caddyfile"]),
  ],
  // Docker 20.10 cannot be asked without starting it: firewall.test.ts does.
  [/^\/etc\/docker\/daemon\.json$/, (f) => machine.run(["python3", "-m", "json.tool", f.path])],
  [/^\/etc\/systemd\/.*\.conf$/, () => ({ code: 0, out: "", err: "" })],
];

describe.each(hosts)("%s", (_, sample) => {
  const { files, userData, script } = rendered(sample);
  beforeAll(() => machine.write(files));

  const fresh = files.filter(unseen);
  if (fresh.length > 0)
    it.each(fresh.map((f) => [f.path, f] as const))("%s is what its program reads", (path, file) => {
      const reader = readers.find(([pattern]) => pattern.test(path));
      if (!reader) throw new Error(`no program is named for ${path}`);
      expect(verdict(reader[1](file, sample))).toBe("read");
    });

  it("its units are what systemd reads, without a word", () => {
    const units = files.map((f) => f.path).filter((p) => /^\/etc\/systemd\/system\/[^/]+$/.test(p));
    const instance = (unit: string) => unit.replace("@.", `@${sample.lock.ships[0]!.id}.`);
    // What the bootstrap fetches is not part of the files.
    for (const program of ["/usr/local/bin/urbit", "/opt/nativeplanet/groundseg/groundseg"])
      machine.get(`mkdir -p $(dirname ${program}) && touch ${program} && chmod 0755 ${program}`);
    const done = machine.run(["systemd-analyze", "verify", "--man=no", ...units.map(instance)]);
    expect(done).toEqual({ code: 0, out: "", err: "" });
  });

  it("its user-data is what cloud-init reads, and nothing slips through its schema", () => {
    machine.write([{ path: "/opt/test/user-data", content: userData }]);
    const done = machine.run(["cloud-init", "schema", "--config-file", "/opt/test/user-data"]);
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining("Valid") });
    expect(done.out + done.err).not.toMatch(/deprecat/i);
    expect(strictProblems(userData)).toEqual([]);
  });

  it("its script is what sh reads, without a word from shellcheck", () => {
    machine.write([{ path: "/opt/test/script.sh", content: script, mode: "0755" }]);
    expect(machine.run(["shellcheck", "--shell=dash", "--severity=style", "/opt/test/script.sh"])).toEqual({
      code: 0,
      out: "",
      err: "",
    });
    expect(machine.run(["dash", "-n", "/opt/test/script.sh"])).toEqual({ code: 0, out: "", err: "" });
  });
});

describe("the programs themselves", () => {
  it.each([
    ["nft", "/etc/roadstead/firewall.nft", "tcp dport 22 accept", "tcp dport 22 acept", ["nft", "-c", "-f"]],
    ["sshd", "/etc/ssh/sshd_config.d/10-roadstead.conf", "PermitRootLogin no", "PermitRootLogins no", ["sshd", "-t"]],
    [
      "caddy",
      "/etc/caddy/Caddyfile",
      "reverse_proxy",
      "reverse_prox",
      ["caddy", "validate", "--adapter", "caddyfile", "--config"],
    ],
  ])("%s refuses a mistake", (name, path, from, to, command) => {
    const { files } = rendered(samples["planet at DigitalOcean"]);
    const file = files.find((f) => f.path === path)!;
    expect(file.content).toContain(from);
    machine.write([{ ...file, content: file.content.replace(from, to) }]);
    expect(machine.run(name === "sshd" ? command : [...command, path]).code).not.toBe(0);
    machine.write([file]);
  });
});

describe("the sandbox of ships", () => {
  it("scores with systemd-analyze security what the golden file says", () => {
    const { files } = rendered(samples["planet at DigitalOcean"]);
    machine.write(files);
    const scores = ["roadstead-ship", "roadstead-first-boot"].map((name) => {
      const out = machine.get(
        `systemd-analyze security --offline=true --no-pager /etc/systemd/system/${name}@.service`,
      );
      const open = [...out.matchAll(/^✗ (\S+)\s+(.*?)\s+([\d.]+)\s*$/gm)].map((m) => `  ${m[3]} ${m[1]}`).sort();
      return `${name}: ${/exposure level for \S+: ([\d.]+ \w+)/.exec(out)![1]}\n${open.join("\n")}\n`;
    });
    const golden = join(__dirname, "golden/security.txt");
    if (process.env.UPDATE_GOLDEN) writeFileSync(golden, scores.join("\n"));
    expect(scores.join("\n")).toBe(readFileSync(golden, "utf8"));
  });
});
