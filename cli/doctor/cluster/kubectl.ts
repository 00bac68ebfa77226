// What a cluster is asked, through the user's own kubectl: it knows every way to sign in. It only reads, and never a Secret.
import { spawnSync } from "node:child_process";
import { EXIT, Stop } from "../../exit";
import type { Io } from "../../io";

/** Why there is no answer. Absent is an answer too: there is no such kind. */
export type Silence = "absent" | "forbidden" | "unauthenticated" | "unreachable" | "failed";
export type Answer = { ok: true; text: string } | { ok: false; why: Silence; said: string };
export type Ask = (...args: string[]) => Answer;

/** Each question; a large fleet's nodes take seconds. */
const LIMIT_SECONDS = 30;
const LARGEST_ANSWER = 256 * 1024 * 1024;

export function kubectlAt(io: Io, kubeconfig: string, context: string | undefined, program = "kubectl"): Ask {
  const whose = ["--kubeconfig", kubeconfig, ...(context === undefined ? [] : ["--context", context])];
  return (...args) => {
    const asked = spawnSync(program, [...whose, `--request-timeout=${LIMIT_SECONDS}s`, ...args], {
      cwd: io.cwd,
      env: io.env as NodeJS.ProcessEnv,
      encoding: "utf8",
      timeout: 2 * LIMIT_SECONDS * 1000,
      maxBuffer: LARGEST_ANSWER,
    });
    if ((asked.error as NodeJS.ErrnoException | undefined)?.code === "ENOENT")
      throw new Stop(EXIT.failed, "kubectl is not on the PATH; install it: https://kubernetes.io/docs/tasks/tools/");
    if (asked.error === undefined && asked.status === 0) return { ok: true, text: asked.stdout };
    const said = (asked.stderr || asked.error?.message || "no answer").trim().split("\n").at(-1)!;
    return { ok: false, why: silence(asked.stderr ?? ""), said };
  };
}

function silence(said: string): Silence {
  if (/doesn't have a resource type|could not find the requested resource|\(NotFound\)/.test(said)) return "absent";
  if (/\(Forbidden\)|forbidden:/i.test(said)) return "forbidden";
  if (/Unauthorized|must be logged in|provide credentials|getting credentials|token.*expired/i.test(said))
    return "unauthenticated";
  if (/connection refused|no such host|i\/o timeout|deadline exceeded|Unable to connect/i.test(said))
    return "unreachable";
  return "failed";
}
