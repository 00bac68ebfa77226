// `roadstead ship upgrade HOST SHIP [VERSION]`: has a host give a newer vere to one of its ships. The gates are the host's own;
// this asks, over the user's own ssh, and says how it ended.
import { spawn } from "node:child_process";
import { HostKind } from "../../components/host/render/settings";
import { UPGRADE } from "../../components/host/render/upgrade";
import { notStarted, sshArguments, type Login } from "../doctor/host/login";
import { hostTarget } from "../doctor/host/target";
import { machineProbe } from "../doctor/probe";
import { EXIT, type ExitCode, usage } from "../exit";
import type { Io } from "../io";

export interface ShipUpgradeOptions {
  stack?: string;
  address?: string;
  sshOption?: string[];
  backupTaken?: boolean;
  now?: boolean;
}

/** An end that nobody meant: killed, a disk that takes no write. Whoever was stopped for it is started, by its own record. */
const UNEXPECTED =
  "It ended unexpectedly, and which version the ship has is not known here: the same command says how it stands.";

/** How the host's script ends, in our codes, and what is to be known then. */
const ENDS: Record<number, [ExitCode, string]> = {
  0: [EXIT.done, ""],
  64: [EXIT.usage, "The host knows no such ship, or has an older Roadstead: bring it its files first."],
  69: [
    EXIT.timeout,
    "It is left to start. The same command says how it stands; no other ship gets the version until then.",
  ],
  70: [EXIT.quarantine, "There is no way back to the old version. What to do now: docs/runbooks/RuntimeUpgrade.md"],
  73: [EXIT.failed, "The ship has its old version; the reason is above."],
  75: [EXIT.locked, "Something else works on a pier there. Try again later."],
  77: [EXIT.refused, "A gate refused; the ship runs as before. The gates: docs/runbooks/RuntimeUpgrade.md"],
  127: [
    EXIT.failed,
    "The host has no upgrade yet: bring it its files first (pulumi up, or roadstead host render STACK --script).",
  ],
  255: [
    EXIT.failed,
    "ssh did not get through. If the upgrade had begun it goes on; the same command says how it stands.",
  ],
};

export async function shipUpgrade(
  word: string,
  name: string,
  version: string | undefined,
  options: ShipUpgradeOptions,
  io: Io,
): Promise<ExitCode> {
  const target = hostTarget(word, options, io, machineProbe(io));
  const id = name.replace(/^~/, "");
  if (!/^[a-z][a-z0-9-]{0,51}$/.test(id)) throw usage(`${name}: accepted: a ship's @p, or a comet's nickname`);
  const { recorded } = target;
  const wished = recorded?.architecture.versions.vere?.version.replace(/^v/, "");
  if (recorded !== null) {
    if (recorded.host.kind === HostKind.GroundSeg)
      throw usage(`${target.name}: is GroundSeg's, which brings its ships' vere itself`);
    const here = recorded.architecture.ships.filter((s) => s.host === recorded.host.name).map((s) => s.id);
    if (!here.includes(id)) throw usage(`${name}: is no ship of ${target.name}; accepted: ${here.join(", ")}`);
  }
  const to = version?.replace(/^v/, "") ?? wished;
  if (to === undefined)
    throw usage(
      recorded === null
        ? "say which version: roadstead ship upgrade user@address SHIP VERSION"
        : `the lock of ${recorded.stack} names no vere: set versions.vere in the requirements, and record it`,
    );
  if (!/^\d[0-9A-Za-z.-]{0,40}$/.test(to)) throw usage(`${to}: accepted: a version such as 4.6`);
  if (wished !== undefined && to !== wished)
    throw usage(
      `${to}: the lock of ${recorded!.stack} says ${wished}; record ${to} in versions.vere first, or leave it out`,
    );
  const flags = [...(options.backupTaken ? ["--backup-taken"] : []), ...(options.now ? ["--now"] : [])];
  io.err(
    `${target.name}: ${id} to vere ${to}; it stops, is prepared and starts, which takes minutes, or longer for a large ship\n`,
  );
  const login: Login = { target: target.login, options: options.sshOption ?? [] };
  const code = await follow(io, login, `sudo -n ${UPGRADE} ${[id, to, ...flags].join(" ")}`);
  if (code === null) {
    io.err("It goes on at the host. The same command says how it stands.\n");
    return EXIT.cancelled;
  }
  const [exit, said] = ENDS[code] ?? [EXIT.failed, UNEXPECTED];
  if (said) io.err(`${said}\n`);
  return exit;
}

/** Its words as they come, to a person; null when that person stops listening. */
function follow(io: Io, login: Login, command: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const ssh = spawn("ssh", [...sshArguments(login), command], {
      cwd: io.cwd,
      env: io.env as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let cancelled = false;
    const cancel = () => {
      cancelled = true;
      ssh.kill();
    };
    process.once("SIGINT", cancel);
    for (const stream of [ssh.stdout, ssh.stderr]) {
      let rest = "";
      stream.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = (lines.pop() ?? "").slice(0, 2000);
        for (const line of lines) io.err(`${printable(line)}\n`);
      });
      stream.on("end", () => rest && io.err(`${printable(rest)}\n`));
    }
    ssh.on("error", (error: NodeJS.ErrnoException) => {
      process.removeListener("SIGINT", cancel);
      reject(notStarted(error));
    });
    ssh.on("close", (code) => {
      process.removeListener("SIGINT", cancel);
      resolve(cancelled ? null : (code ?? 255));
    });
  });
}

/** A host may be somebody else's by now: nothing it says reaches the terminal as a command. */
const printable = (line: string): string =>
  line
    .slice(0, 2000)
    // eslint-disable-next-line no-control-regex -- these are what is taken out
    .replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "");
