// The way in: the user's own ssh, with their config, agent and known hosts. It never asks, and never trusts an unknown host.
import { spawn, spawnSync } from "node:child_process";
import { EXIT, Stop } from "../../exit";
import type { Io } from "../../io";
import { ANSWER_BYTES, short } from "./facts";

export type Silence = "host-key" | "login" | "sudo" | "unreachable" | "too-slow" | "failed";
export type Said = { ok: true; out: string } | { ok: false; why: Silence; said: string };

export interface Login {
  /** user@address, or a name of the user's ssh config. */
  target: string;
  /** `-o` options of the user's. */
  options: readonly string[];
}

/** The whole conversation: a busy small host takes half a minute to count its updates. */
const LIMIT_MS = 180_000;

// ssh takes the first value it is given, so what is decided here stands before the user's options and config.
const DECIDED = [
  "BatchMode=yes",
  "StrictHostKeyChecking=yes",
  "UpdateHostKeys=no",
  "PermitLocalCommand=no",
  "ClearAllForwardings=yes",
  "ForwardAgent=no",
  "ForwardX11=no",
];
const DEFAULTS = ["ConnectTimeout=20", "ServerAliveInterval=15", "ServerAliveCountMax=3"];

const withOptions = ({ options }: Login): string[] => [...DECIDED, ...options, ...DEFAULTS].flatMap((o) => ["-o", o]);

/** What stands before the command on ssh's command line. */
export const sshArguments = (login: Login): string[] => ["-T", ...withOptions(login), "--", login.target];

export const notStarted = (error: NodeJS.ErrnoException): Stop =>
  new Stop(
    EXIT.failed,
    error.code === "ENOENT"
      ? "ssh is not on the PATH; install OpenSSH's client (openssh-client)"
      : `ssh could not be started: ${error.message}`,
  );

/** Runs a script on the host as root, by sudo that asks for nothing. */
export function askHost(io: Io, login: Login, script: string): Promise<Said> {
  // Whatever the login shell is.
  const command = `sh -c 'if [ "$(id -u)" = 0 ]; then exec sh -s; else exec sudo -n sh -s; fi'`;
  return new Promise((resolve, reject) => {
    const ssh = spawn("ssh", [...sshArguments(login), command], {
      cwd: io.cwd,
      env: io.env as NodeJS.ProcessEnv,
      stdio: ["pipe", "pipe", "pipe"],
    });
    let slow = false;
    const limit = setTimeout(() => {
      slow = true;
      ssh.kill("SIGKILL");
    }, LIMIT_MS);
    let [out, err] = ["", ""];
    ssh.stdout.setEncoding("latin1").on("data", (text: string) => {
      out += text;
      if (out.length > ANSWER_BYTES) ssh.kill("SIGKILL");
    });
    ssh.stderr.setEncoding("latin1").on("data", (text: string) => (err = (err + text).slice(-20_000)));
    // A host that hangs up before it has read everything is no fault of this end.
    ssh.stdin.on("error", () => undefined);
    ssh.stdin.end(script);
    ssh.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(limit);
      reject(notStarted(error));
    });
    ssh.on("close", (code) => {
      clearTimeout(limit);
      if (code === 0) return resolve({ ok: true, out });
      const why = slow ? "too-slow" : silence(err);
      const said = err
        .split("\n")
        .filter((l) => l.trim() !== "")
        .at(-1);
      resolve({ ok: false, why, said: short(said ?? `ssh ended with ${code ?? "a signal"}`) });
    });
  });
}

/** OpenSSH and sudo say it in these words, in no language but English. */
function silence(said: string): Silence {
  if (/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/.test(said))
    return "host-key";
  if (/Permission denied \(|Too many authentication failures|No more authentication methods/.test(said)) return "login";
  if (/^sudo:/m.test(said)) return "sudo";
  if (
    /Connection (refused|timed out|reset|closed)|timed out|No route to host|Could not resolve|Network is unreachable|kex_exchange_identification/i.test(
      said,
    )
  )
    return "unreachable";
  return "failed";
}

export interface Route {
  hostname: string;
  /** Through another host: what answers here says nothing of what answers there. */
  proxied: boolean;
  port: number;
}

/** Where ssh would go, by the user's config. Null when ssh does not say. */
export function routeOf(io: Io, login: Login): Route | null {
  const asked = spawnSync("ssh", ["-G", ...withOptions(login), "--", login.target], {
    cwd: io.cwd,
    env: io.env as NodeJS.ProcessEnv,
    encoding: "utf8",
    timeout: 10_000,
  });
  if (asked.status !== 0) return null;
  const value = (name: string) => new RegExp(`^${name} (.+)$`, "mi").exec(asked.stdout)?.[1]?.trim();
  const hostname = value("hostname");
  if (hostname === undefined) return null;
  const proxied = [value("proxyjump"), value("proxycommand")].some((p) => p !== undefined && p !== "none");
  return { hostname, proxied, port: Number(value("port") ?? 22) };
}
