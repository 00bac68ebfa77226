// `roadstead doctor` as somebody outside of a machine runs it: the command is a process whose network is the one outside, its ssh the
// real one. Beside it the stack that records the machine, as a person records it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Architecture } from "../../planner/architecture/schema";
import { parseStackFile, writeStackFile } from "../../planner/architecture/stack-file";
import { roadstead } from "../cli/fake-io";
import { INSIDE, OUTSIDE } from "./downloads";
import type { Machine } from "./machine/machine";

export interface Found {
  id: string;
  level: string;
  what: string;
  fix: string;
}
export interface Said {
  code: number | null;
  out: string;
  err: string;
}

export class Owner {
  readonly dir = mkdtempSync(join(tmpdir(), "roadstead-doctor-"));
  readonly key = join(this.dir, "id");
  readonly known = join(this.dir, "known_hosts");
  private machine?: Machine;
  private host = "";

  /** Plans and records, with an administrator's key of its own; only the swap is left out, which would be the whole machine's. */
  async records(requirements: string): Promise<Architecture> {
    spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", this.key]);
    const publicKey = readFileSync(`${this.key}.pub`, "utf8").trim();
    const access = `access: { sshPublicKeys: ["${publicKey}"], adminCidrs: [${OUTSIDE.admin}/32] }\n`;
    writeFileSync(join(this.dir, "Pulumi.yaml"), "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n");
    writeFileSync(join(this.dir, "r.yaml"), requirements + access);
    const { code, stderr } = await roadstead(this.dir, ["plan", "./r.yaml", "--stack", "dev", "--write"]);
    if (code !== 0) throw new Error(`plan ended with ${code}: ${stderr}`);
    const file = join(this.dir, "stacks/Pulumi.dev.yaml");
    const text = readFileSync(file, "utf8");
    const { architecture: a, requirementsDigest } = parseStackFile("Pulumi.dev.yaml", text);
    const architecture = { ...a!, hosts: a!.hosts.map((h) => ({ ...h, swapGiB: 0 })) };
    writeFileSync(file, writeStackFile(text, { architecture, requirementsDigest: requirementsDigest! }));
    return architecture;
  }

  /** From here on the machine is known, and is meant. */
  knows(machine: Machine, host: string): void {
    this.machine = machine;
    this.host = host;
    writeFileSync(this.known, `${INSIDE.v4} ${machine.read("/etc/ssh/ssh_host_ed25519_key.pub")}\n`);
  }

  get here(): string[] {
    return [this.host, "--stack", "dev", "--address", INSIDE.v4];
  }

  doctor(...args: string[]): Said {
    const pid = (this.machine as unknown as { pid(): string }).pid();
    const ssh = [
      "IdentitiesOnly=yes",
      `IdentityFile=${this.key}`,
      `UserKnownHostsFile=${this.known}`,
      "GlobalKnownHostsFile=/dev/null",
    ];
    const done = spawnSync(
      "nsenter",
      [
        `--net=/proc/${pid}/root/run/netns/internet`,
        process.execPath,
        "-r",
        join(__dirname, "from-outside.cjs"),
        join(__dirname, "../../cli/main.ts"),
        "doctor",
        ...args,
        ...ssh.flatMap((o) => ["--ssh-option", o]),
      ],
      {
        cwd: this.dir,
        encoding: "utf8",
        timeout: 240_000,
        maxBuffer: 16 << 20,
        env: { PATH: process.env.PATH, NO_COLOR: "1" },
      },
    );
    return { code: done.status, out: done.stdout, err: done.stderr };
  }

  findings(...args: string[]): { code: number | null; found: Found[]; next: string[] } {
    const done = this.doctor(...(args.length > 0 ? args : this.here), "--json");
    if (done.out === "") throw new Error(done.err);
    const { findings: found, next } = JSON.parse(done.out) as { findings: Found[]; next: string[] };
    return { code: done.code, found, next };
  }

  leaves = (): void => rmSync(this.dir, { recursive: true });
}

export const of = (found: Found[], level: string): string[] => found.filter((f) => f.level === level).map((f) => f.id);
