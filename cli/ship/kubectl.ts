// kubectl as a child process: it knows every way to log in to a cluster, plugins of the clouds included, and users have it.
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT, Stop, usage } from "../exit";
import type { Io } from "../io";

export interface KubectlOptions {
  kubeconfig?: string;
  context?: string;
}

export interface Done {
  code: number | null;
  out: string;
  err: string;
}

const LIMIT_MS = 60_000;
const ATTEMPTS = 4;
const UNHEARD =
  /Unable to connect|connection refused|connection reset|timeout|timed out|TLS handshake|TooManyRequests|etcdserver/i;
const MAX_OUTPUT = 16 * 1024 * 1024;

export class Kubectl {
  private readonly own: string[];

  constructor(
    private readonly io: Pick<Io, "cwd" | "env">,
    { kubeconfig, context }: KubectlOptions,
    private readonly program: Program = runProgram,
  ) {
    this.own = [
      ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
      ...(context === undefined ? [] : ["--context", context]),
      "--request-timeout=30s",
    ];
  }

  /** An object as the server has it; null when it is not there, or its kind is not. */
  async get<T>(...args: string[]): Promise<T | null> {
    const done = await this.again(["get", ...args, "--output", "json"]);
    if (done.code === 0) return answer<T>(done, `get ${args.join(" ")}`);
    if (/\(NotFound\)|doesn't have a resource type/.test(done.err)) return null;
    throw refusal(`get ${args.join(" ")}`, done);
  }

  async create(object: unknown): Promise<void> {
    const done = await this.run(["create", "--filename", "-"], JSON.stringify(object));
    if (done.code !== 0) throw refusal("create", done);
  }

  /** What is gone already is gone. */
  async remove(kind: string, name: string): Promise<void> {
    const done = await this.again(["delete", kind, name, "--ignore-not-found", "--wait=false"]);
    if (done.code !== 0) throw refusal(`delete ${kind} ${name}`, done);
  }

  /** What may be said twice is, when the server did not hear it: a drill that gives up leaves a copy of a pier behind. */
  private async again(args: readonly string[]): Promise<Done> {
    for (let attempt = 1; ; attempt++) {
      const done = await this.run(args);
      if (done.code === 0 || attempt === ATTEMPTS || !UNHEARD.test(done.err)) return done;
      await sleep(attempt * 1000);
    }
  }

  run(args: readonly string[], input = ""): Promise<Done> {
    return this.program(this.io, "kubectl", [...this.own, ...args], input);
  }
}

/** Runs a program of the user's PATH to its end, arguments as they are. */
export type Program = (
  io: Pick<Io, "cwd" | "env">,
  name: string,
  args: readonly string[],
  input?: string,
) => Promise<Done>;

export const runProgram: Program = (io, name, args, input = "") =>
  new Promise((resolve, reject) => {
    // In a group of its own: a Ctrl-C is answered by this process, which still needs it to tidy up.
    const child = spawn(name, args, { cwd: io.cwd, env: io.env, stdio: ["pipe", "pipe", "pipe"], detached: true });
    const parts: Record<"out" | "err", string> = { out: "", err: "" };
    const keep = (which: "out" | "err") => (data: Buffer) => {
      if (parts[which].length < MAX_OUTPUT) parts[which] += data.toString();
    };
    child.stdout.on("data", keep("out"));
    child.stderr.on("data", keep("err"));
    child.stdin.on("error", () => undefined);
    const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(limit);
      reject(error.code === "ENOENT" ? usage(`${name} is needed, and is not on PATH. Install it`) : error);
    });
    child.on("close", (code) => {
      clearTimeout(limit);
      resolve({ code, ...parts });
    });
    child.stdin.end(input);
  });

function answer<T>(done: Done, what: string): T {
  try {
    return JSON.parse(done.out) as T;
  } catch {
    throw refusal(what, { ...done, err: "its answer is not what kubectl says: is another program called so?" });
  }
}

const UNAUTHENTICATED = /Unauthorized|must be logged in|provide credentials|getting credentials|current-context/;

export function refusal(what: string, { code, err }: Done): Stop {
  const said = err.trim().split("\n").slice(-3).join("\n") || `ended with ${code ?? "a signal, after a minute"}`;
  return new Stop(UNAUTHENTICATED.test(err) ? EXIT.unauthenticated : EXIT.failed, `kubectl ${what}: ${said}`);
}
