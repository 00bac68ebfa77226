// `roadstead doctor HOST` against a live host: the command itself, as a process in the Internet outside of the machine, logs in with
// the real ssh at the real sshd. Then one thing after the other is broken, and each has to be found and named.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { architectureDigest } from "../../planner/architecture/digest";
import type { Architecture } from "../../planner/architecture/schema";
import { parseStackFile, writeStackFile } from "../../planner/architecture/stack-file";
import { roadstead } from "../cli/fake-io";
import { INSIDE, internet, OUTSIDE, seed, VERSIONS } from "./downloads";
import { rendered } from "./hosts";
import { Machine, stopAll } from "./machine/machine";
import { changes, tree } from "./tree";

const ROOT = join(__dirname, "../..");
const CANARY = "0wCANARY.doctr.yCANA.RYdoc.tryCA.NARYd.octry.CANAR.Ydoct.ryCAN.ARYdo";
const [KEYED, FAKE] = ["sampel-palnet", "zod"];
const dir = mkdtempSync(join(tmpdir(), "roadstead-doctor-"));
const key = join(dir, "id");
const known = join(dir, "known_hosts");
let machine: Machine;

afterAll(async () => {
  await stopAll();
  rmSync(dir, { recursive: true });
});

const REQUIREMENTS = (publicKey: string): string => `ships:
  named:
    - { name: ~${KEYED}, key: { secret: palnetKey } }
    - { name: ~${FAKE}, fake: true }
environment: dev
platform: bare-metal
existing: { hosts: [{ name: attic, memoryGiB: 16, diskGiB: 500, arch: x86_64, monthly: 12 }] }
access: { sshPublicKeys: ["${publicKey.trim()}"], adminCidrs: [${OUTSIDE.admin}/32] }
versions: ${JSON.stringify({ vere: VERSIONS.vere })}
`;

/** As a person records it; only the swap is left out, which would be the whole machine's. */
async function recorded(): Promise<Architecture> {
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  writeFileSync(join(dir, "Pulumi.yaml"), "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n");
  writeFileSync(join(dir, "r.yaml"), REQUIREMENTS(readFileSync(`${key}.pub`, "utf8")));
  const planned = await roadstead(dir, ["plan", "./r.yaml", "--stack", "dev", "--write"]);
  expect(planned).toMatchObject({ code: 0 });
  const file = join(dir, "stacks/Pulumi.dev.yaml");
  const text = readFileSync(file, "utf8");
  const { architecture: a, requirementsDigest } = parseStackFile("Pulumi.dev.yaml", text);
  const architecture = { ...a!, hosts: a!.hosts.map((h) => ({ ...h, swapGiB: 0 })) };
  writeFileSync(file, writeStackFile(text, { architecture, requirementsDigest: requirementsDigest! }));
  expect(architectureDigest(architecture)).not.toBe(architectureDigest(a!));
  return architecture;
}

beforeAll(async () => {
  const lock = await recorded();
  const { userData } = rendered({ host: lock.hosts[0]!, lock });
  machine = await Machine.start({ files: [...internet, ...seed(userData)] });
  await machine.until("the bootstrap", "[ -e /var/lib/roadstead/bootstrap.done ]", 300);
  machine.run(["/usr/local/lib/roadstead/ship", "key", KEYED], { input: `${CANARY}\n` });
  for (const port of [8081, 8082])
    await machine.until("the ships", `curl -fsS -o /dev/null http://127.0.0.1:${port}/~_~/healthz`, 120);
  writeFileSync(known, `${INSIDE.v4} ${machine.read("/etc/ssh/ssh_host_ed25519_key.pub")}\n`);
}, 600_000);

interface Found {
  id: string;
  level: string;
  what: string;
  fix: string;
}

/** The command, as a process whose network is the one outside. */
function doctor(...args: string[]): { code: number | null; out: string; err: string } {
  const pid = (machine as unknown as { pid(): string }).pid();
  const ssh = [
    "IdentitiesOnly=yes",
    `IdentityFile=${key}`,
    `UserKnownHostsFile=${known}`,
    "GlobalKnownHostsFile=/dev/null",
  ];
  const done = spawnSync(
    "nsenter",
    [
      `--net=/proc/${pid}/root/run/netns/internet`,
      process.execPath,
      "-r",
      join(__dirname, "from-outside.cjs"),
      join(ROOT, "cli/main.ts"),
      "doctor",
      ...args,
      ...ssh.flatMap((o) => ["--ssh-option", o]),
    ],
    {
      cwd: dir,
      encoding: "utf8",
      timeout: 240_000,
      maxBuffer: 16 << 20,
      env: { PATH: process.env.PATH, NO_COLOR: "1" },
    },
  );
  return { code: done.status, out: done.stdout, err: done.stderr };
}
const HERE = ["attic", "--stack", "dev", "--address", INSIDE.v4];

function findings(...args: string[]): { code: number | null; found: Found[]; next: string[] } {
  const done = doctor(...(args.length > 0 ? args : HERE), "--json");
  if (done.out === "") throw new Error(done.err);
  const { findings: found, next } = JSON.parse(done.out) as { findings: Found[]; next: string[] };
  return { code: done.code, found, next };
}
const of = (found: Found[], level: string): string[] => found.filter((f) => f.level === level).map((f) => f.id);

it("is fine: nothing blocks, and it changed nothing on the host", () => {
  const before = tree(machine);
  const { code, found } = findings();
  expect(of(found, "blocks")).toEqual([]);
  expect(code).toBe(0);
  expect(changes(before, tree(machine))).toEqual([]);
});
