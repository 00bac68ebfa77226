// `roadstead doctor HOST` as a command: what it takes and refuses, and an ssh that answers, lies, is slow or is not there.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { FACT_BYTES, hostQuestions } from "../../../cli/doctor/host/script";
import { hostFacts, printable, readAnswer } from "../../../cli/doctor/host/facts";
import { lookFromOutside, type Network, realNetwork } from "../../../cli/doctor/host/outside";
import { roadstead, workspace } from "../fake-io";
import { healthy, SHIP } from "./host-states";

const HOSTS = (
  names: string[],
): string => `ships: { named: ${JSON.stringify(names.map((_, i) => ({ name: ["~sampel-palnet", "~ridlur-figbud"][i], key: { secret: `key${i}` } })))} }
environment: prod
platform: bare-metal
existing: { hosts: [${names.map((n, i) => `{ name: ${n}, memoryGiB: 6, diskGiB: 500, arch: x86_64, monthly: 12, address: 192.0.2.${i + 1} }`).join(", ")}] }
access: { sshPublicKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)} me"], adminCidrs: [192.168.1.0/24] }
versions: { vere: { version: "4.6", sha256: { x86_64: ${"a".repeat(64)} } } }
`;

/** A stack recorded as a person records it, and an ssh beside it that does what a script of the test says. */
async function place(ssh: string, names = ["attic"]): Promise<{ dir: string; env: Record<string, string> }> {
  const dir = workspace({
    "Pulumi.yaml": "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n",
    "r.yaml": HOSTS(names),
    // -G is asked for the way there; everything else is the conversation.
    "bin/ssh": `#!/bin/sh\necho "$@" >>"$CALLS"\ncase " $* " in *" -G "*) echo "hostname 127.0.0.1"; exit ;; esac\n${ssh}\n`,
    "bin/pulumi": '#!/bin/sh\necho \'{"attic":"198.51.100.7"}\'\n',
  });
  for (const program of ["ssh", "pulumi"]) fs.chmodSync(path.join(dir, "bin", program), 0o755);
  expect(await roadstead(dir, ["plan", "./r.yaml", "--stack", "prod", "--write"])).toMatchObject({ code: 0 });
  return { dir, env: { PATH: `${path.join(dir, "bin")}:${process.env.PATH}`, CALLS: path.join(dir, "calls") } };
}
const calls = ({ env }: { env: Record<string, string> }) => fs.readFileSync(env.CALLS!, "utf8").trim().split("\n");
const ask = async (there: { dir: string; env: Record<string, string> }, ...args: string[]) =>
  roadstead(there.dir, ["doctor", ...args], { env: there.env });

/** An ssh that finds the mark in the script it is sent, and answers with a file. */
const ANSWERS = `mark=$(sed -n "s/^  printf '.n%s{.*{' //p")
printf 'Welcome to attic!\\n%s' "$mark"; cat "$(dirname "$CALLS")/answer.json"; echo`;
const answerOf = (facts: Record<string, { code: number; out: string }>) =>
  JSON.stringify({ schema: "roadstead/host-facts/1", facts });

describe("which host is meant", () => {
  test.each([
    [["attic"], /attic: is a host of prod, no stack\. To look at the live host: roadstead doctor attic --stack prod/],
    [["cellar"], /there is no stacks\/Pulumi\.cellar\.yaml; stacks here: prod/],
    [["cellar", "--stack", "prod"], /is no host of prod; accepted: attic/],
    [["--stack", "prod"], /name a host/],
    [["attic", "--address", "192.0.2.7"], /--address goes with --stack/],
    [["attic", "--stack", "prod", "--address", "-oProxyCommand=id"], /accepted: user@address/],
    [["-x@host", "--stack", "prod"], /unknown option|accepted: user@address/],
    [["keeper@-oProxyCommand=id"], /accepted: user@address/],
    [["keeper@a b"], /accepted: user@address/],
    [["keeper@h;id"], /accepted: user@address/],
    [["attic", "--stack", "prod", "--ssh-option", "--"], /--ssh-option/],
    [["prod", "--ssh-option", "Port=22"], /--ssh-option goes with a host/],
    [["attic", "--stack", "prod", "--repair"], /a host is only read/],
    [["attic", "--stack", "prod", "--yes"], /go with --repair/],
    [["--cluster", "kube.yaml", "--address", "x"], /are for a host/],
  ])("%p is refused with what would be right", async (args, says) => {
    const there = await place("exit 255");
    const done = await ask(there, ...args);
    expect(done).toMatchObject({ code: 2, stdout: "" });
    expect(done.stderr).toMatch(says);
    expect(fs.existsSync(there.env.CALLS!)).toBe(false);
  });

  test("one of several hosts is never guessed by an address", async () => {
    const there = await place("exit 255", ["attic", "cellar"]);
    const done = await ask(there, "keeper@192.0.2.7", "--stack", "prod");
    expect(done).toMatchObject({ code: 2 });
    expect(done.stderr).toMatch(/has 2 hosts: attic, cellar; say which one/);
  });

  test.each([
    [["attic", "--stack", "prod"], "keeper@192.0.2.1"],
    [["attic", "--stack", "prod", "--address", "me@2001:db8::7"], "me@2001:db8::7"],
    [["me@192.0.2.9", "--stack", "prod"], "me@192.0.2.9"],
    [["me@192.0.2.9"], "me@192.0.2.9"],
  ])("%p logs in to %s, strictly, after the user's own options", async (args, login) => {
    const there = await place("exit 255");
    await ask(there, ...args, "--ssh-option", "Port=2222", "--ssh-option", "StrictHostKeyChecking=no");
    for (const call of calls(there)) {
      expect(call).toContain(` -- ${login}`);
      // ssh takes the first value it is given.
      expect(call).toMatch(/BatchMode=yes .*StrictHostKeyChecking=yes .*Port=2222 .*StrictHostKeyChecking=no/);
    }
  });
});

describe("what ssh says", () => {
  const said = (text: string, code = 255) => `printf '%s\\n' '${text}' >&2; exit ${code}`;
  test.each([
    ["Host key verification failed.", 13, /did not prove/],
    ["me@192.0.2.1: Permission denied (publickey).", 13, /was not let in/],
    ["sudo: a password is required", 13, /may not become root/],
    ["ssh: connect to host 192.0.2.1 port 22: Connection timed out", 1, /cannot be reached/],
    ["ssh: Could not resolve hostname x: Name or service not known", 1, /say where it is/],
    ["something else", 1, /gave no answer that can be read: something else/],
  ])("%s: exit %d", async (text, code, says) => {
    const there = await place(said(text));
    const done = await ask(there, "attic", "--stack", "prod");
    expect(done.code).toBe(code);
    expect(done.stdout).toMatch(says);
    expect(done.stdout.split("\n")[0]).toMatch(/^attic, do this first: /);
  });

  test("no ssh at all is said", async () => {
    const there = await place("exit 255");
    const done = await ask({ ...there, env: { ...there.env, PATH: "/nonexistent" } }, "attic", "--stack", "prod");
    expect(done).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/install OpenSSH's client/) });
  });

  test("an answer is found after the host's greeting, compared, and printed with what to do first", async () => {
    const there = await place(ANSWERS);
    fs.writeFileSync(path.join(there.dir, "answer.json"), answerOf(healthy()));
    const done = await ask(there, "attic", "--stack", "prod", "--json");
    const { schema, host, login, stack, findings, exit } = JSON.parse(done.stdout) as Record<string, unknown> & {
      findings: { id: string; level: string }[];
    };
    expect({ schema, host, login, stack, exit }).toEqual({
      schema: "roadstead/host-doctor/1",
      host: "attic",
      login: "keeper@192.0.2.1",
      stack: "prod",
      exit: done.code,
    });
    // Another host's files: its own would be equal.
    expect(findings.filter((f) => f.id.startsWith("file/") && f.level === "look").length).toBeGreaterThan(0);
    expect(findings.find((f) => f.id === "login")).toMatchObject({ level: "ok" });
    expect(findings.find((f) => f.id === "outside")).toMatchObject({ level: "look" });
  });

  test.each([
    ["nothing", ""],
    ["half of it", '{"schema":"roadstead/host-facts/1","facts":{"now":{"co'],
    ["another schema", '{"schema":"x","facts":{}}'],
    ["a field more", '{"schema":"roadstead/host-facts/1","facts":{},"exit":0}'],
    ["too much", `"${"x".repeat(5 * 1024 * 1024)}"`],
    ["a fact too long", answerOf({ now: { code: 0, out: "1".repeat(FACT_BYTES + 1) } })],
  ])("an answer of %s is not believed", async (_what, text) => {
    const there = await place(ANSWERS);
    fs.writeFileSync(path.join(there.dir, "answer.json"), text);
    const done = await ask(there, "attic", "--stack", "prod");
    expect(done.code).toBe(1);
    expect(done.stdout).toMatch(/no answer that can be read|cannot be reached/);
  });

  test("an answer with the marks of a terminal, or of a shell, is text and no more", async () => {
    const evil = "\u001b[2J\u009b1mgone\u202e\r\u0007 '; rm -rf / # `id` $(id)";
    const there = await place(ANSWERS);
    const facts = Object.fromEntries(
      Object.entries(healthy()).map(([k, v]) => [k, { code: 0, out: `${v.out}\n${evil}` }]),
    );
    facts[`ship/${SHIP}/record`]!.out = `/srv/ships/.roadstead quarantine ${evil}`;
    facts.failed!.out = `a'; rm -rf \n${evil}\nroadstead-x.service`;
    facts.certificates!.out = `${evil} 5`;
    fs.writeFileSync(path.join(there.dir, "answer.json"), answerOf(facts));
    for (const args of [[], ["--json"]]) {
      const done = await ask(there, "attic", "--stack", "prod", ...args);
      expect(done.code).toBe(12);
      expect(printable(done.stdout)).toBe(done.stdout.replace(/[✗!✓→…]/g, (c) => printable(c)));
      const commands = done.stdout.split("\n").filter((l) => /^ +→|"fix"/.test(l));
      expect(commands.join("\n")).not.toMatch(/rm -rf|\$\(id\)|`id`/);
    }
  });
});

test("an answer counts only after its own mark", () => {
  const good = answerOf({ now: { code: 0, out: "5" } });
  expect(readAnswer(`noise\nm1 x${good}`, "m1 ")).toBeNull();
  expect(readAnswer(`noise\nm1${good}\n`, "m1")).toEqual({ now: { code: 0, out: "5" } });
  expect(readAnswer(`m2${good}`, "m1")).toBeNull();
});

test("the script takes only plain words into its text", () => {
  for (const evil of ["/etc/x; id", "/etc/$(id)", "a b", "'"])
    expect(() => hostQuestions({ mark: "m", paths: [evil], units: [] })).toThrow(/not a plain word/);
});

test("a program that fails, or is not there, is no answer: never that nothing waits, nothing failed and nothing was killed", () => {
  const asked = hostQuestions({ mark: "m", paths: [], units: ["ssh.service"] });
  const facts = (programs: Record<string, string>) => {
    const dir = workspace(Object.fromEntries(Object.entries(programs).map(([p, text]) => [p, `#!/bin/sh\n${text}\n`])));
    for (const program of Object.keys(programs)) fs.chmodSync(path.join(dir, program), 0o755);
    const { stdout } = spawnSync("sh", ["-s"], { input: asked.replace(/^PATH=/m, `PATH=${dir}:`), encoding: "latin1" });
    const { pending, failed, atWork, killed, udpPorts, maintenance, audit } = hostFacts(readAnswer(stdout, "m")!);
    return { pending, failed, atWork, killed, udpPorts, maintenance, audit };
  };
  const programs = ["apt-get", "systemctl", "journalctl", "ss", "auditctl"];
  const nothing = { pending: null, failed: null, atWork: null, killed: null, udpPorts: null };
  for (const code of [1, 100, 127])
    expect(facts(Object.fromEntries(programs.map((p) => [p, `echo "E: broken" >&2; exit ${code}`])))).toEqual({
      ...nothing,
      maintenance: null,
      audit: null,
    });
  // What they print is read as before, empty or not.
  const quiet = facts({ ...Object.fromEntries(programs.map((p) => [p, "exit 0"])), auditctl: "echo enabled 1" });
  expect(quiet).toMatchObject({ pending: [], failed: [], atWork: [], killed: [], udpPorts: [], maintenance: {} });
  expect(
    facts({
      "apt-get":
        "echo 'Inst openssl [3.0] (3.1 Debian-Security:12/stable-security)'; echo 'Inst vim [1] (2 Debian:12/stable)'",
      systemctl:
        "case $* in *failed*) echo 'broken\\\\x2dthing.service loaded failed failed A thing' ;; *activating*) echo 'roadstead-pack.service loaded activating start pack' ;; esac",
      journalctl:
        "case $* in *-k*) echo '1.0 host kernel: Out of memory: Killed process 7 (urbit)'; echo '2.0 host kernel: all is well' ;; *pack*) echo '1790000000.123 host pack: done' ;; esac",
      ss: "echo 'UNCONN 0 0 0.0.0.0:34543 0.0.0.0:*'",
      auditctl: "case $1 in -s) echo enabled 1 ;; -l) printf '%s\\n' one two three ;; esac",
    }),
  ).toEqual({
    pending: ["openssl"],
    failed: ["broken\\x2dthing.service"],
    atWork: ["roadstead-pack.service"],
    killed: ["1.0 host kernel: Out of memory: Killed process 7 (urbit)"],
    udpPorts: [34543],
    maintenance: { pack: 1790000000 },
    audit: { enabled: true, rules: 3 },
  });
});

describe("the network outside", () => {
  // A pair of this test alone, valid for a hundred years, trusted by nobody.
  const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgnUYPzpiheFHoGae7
xpi/y3VSGjSty/1Jg9ZZsiVF8euhRANCAAQT01tcIgqKx1AEW+93LpDWRNMWc41t
tun2kz8mBGjUta7SCDD+EbBwfwSUNhatto82f+vTRefz5gHtPXsam1Cp
-----END PRIVATE KEY-----`;
  const cert = `-----BEGIN CERTIFICATE-----
MIIBkTCCATigAwIBAgIUMAYPRgRnXFvxdMw/tPlP3GaOme8wCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjExNDM5MjZaGA8yMTI2MTAyODE0Mzky
NlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBPT
W1wiCorHUARb73cukNZE0xZzjW226faTPyYEaNS1rtIIMP4RsHB/BJQ2Fq22jzZ/
69NF5/PmAe09exqbUKmjcDBuMB0GA1UdDgQWBBSMNWJhoGiBEOI6Yh/MD33WwIvm
vTAfBgNVHSMEGDAWgBSMNWJhoGiBEOI6Yh/MD33WwIvmvTAPBgNVHRMBAf8EBTAD
AQH/MBsGA1UdEQQUMBKCEHNoaXAuZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDRwAw
RAIgf3ejDekgapTXSsWuEi+qpyfTbww74dyTcXyL9kxWCb0CIDhWSeWdE/mVe0k2
gu6IuMMwCaSTe8RSDY0udoWq1Otw
-----END CERTIFICATE-----`;

  test("a certificate is described, trusted or not, and the runtime's page by its status", async () => {
    const asked: string[] = [];
    const server = https.createServer({ key, cert }, (request, response) => {
      asked.push(`${request.headers.host} ${request.url}`);
      response.writeHead(request.url === "/~_~/healthz" ? 404 : 200).end("x".repeat(100_000));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const network = realNetwork();
    const page = await network.page("127.0.0.1", "ship.example.com", port);
    expect(page).toMatchObject({ status: 404, distrust: expect.stringMatching(/SELF_SIGNED/) });
    expect(page!.certificateEnds).toBeGreaterThan(4_000_000_000);
    expect(asked).toEqual(["ship.example.com /~_~/healthz"]);
    expect(await network.connect("127.0.0.1", port)).toBe("open");
    await new Promise((resolve) => server.close(resolve));
    expect(await network.connect("127.0.0.1", port)).toBe("closed");
    expect(await network.page("127.0.0.1", "ship.example.com", port)).toBeNull();
  });

  const never: Network = {
    own: ["203.0.113.5"],
    resolve: () => Promise.resolve([]),
    connect: () => Promise.reject(new Error("nothing is to be tried")),
    page: () => Promise.reject(new Error("nothing is to be tried")),
  };
  test.each([
    ["127.0.0.1", false, /on the host itself/],
    ["203.0.113.5", false, /on the host itself/],
    ["203.0.113.9", true, /through another host/],
    ["nowhere.example.com", false, /has no address/],
  ])("%s is not looked at from where it would say nothing", async (hostname, proxied, says) => {
    const seen = await lookFromOutside({ hostname, proxied, names: ["x"], httpPorts: [] }, never);
    expect(seen.notChecked).toMatch(says);
    expect(seen.ports).toEqual({});
  });
});
