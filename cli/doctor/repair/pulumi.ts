// The user's pulumi, one process at a time, each with a limit; its refusals as exits of ours.
import { spawn } from "node:child_process";
import { EXIT, Stop, usage } from "../../exit";
import type { Io } from "../../io";

export interface Answer {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs pulumi with these arguments. Tests hand in their own. */
export type Pulumi = (args: readonly string[], limitMs: number) => Promise<Answer>;

/** How long a process that was asked to stop may take to write its state. */
const GRACE_MS = 30_000;

export function machinePulumi(io: Io): Pulumi {
  return (args, limitMs) =>
    new Promise((resolve, reject) => {
      const env = { ...io.env, PULUMI_SKIP_UPDATE_CHECK: "1" };
      const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
        cwd: io.cwd,
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on("data", (data: Buffer) => stdout.push(data));
      child.stderr.on("data", (data: Buffer) => stderr.push(data));
      let late = false;
      const limit = setTimeout(() => {
        late = true;
        child.kill("SIGINT");
        setTimeout(() => child.kill("SIGKILL"), GRACE_MS).unref();
      }, limitMs);
      child.on("error", (error: NodeJS.ErrnoException) => {
        clearTimeout(limit);
        reject(
          error.code === "ENOENT"
            ? usage("the pulumi CLI is not on the PATH; install it: https://www.pulumi.com/docs/install/")
            : error,
        );
      });
      child.on("close", (code) => {
        clearTimeout(limit);
        if (late)
          reject(
            new Stop(
              EXIT.timeout,
              `pulumi ${args.slice(0, 2).join(" ")} took longer than ${Math.round(limitMs / 1000)} s and was stopped. Run the same command again`,
            ),
          );
        else
          resolve({
            code,
            stdout: Buffer.concat(stdout).toString("utf8"),
            stderr: Buffer.concat(stderr).toString("utf8"),
          });
      });
    });
}

/** Exit codes of pulumi 3.250 (pkg/cmd/pulumi/cmd/exit_codes.go), and the words of older ones. */
const REFUSALS: { test: (a: Answer) => boolean; exit: (said: string) => Stop }[] = [
  {
    test: (a) => /currently locked by|Another update is currently in progress/i.test(a.stderr),
    exit: (said) =>
      new Stop(
        EXIT.locked,
        `another update has this stack:\n${said}\nIf you know that nobody runs it: add --lift-lock`,
      ),
  },
  {
    test: (a) => a.code === 3 || /PULUMI_ACCESS_TOKEN|not logged in|pulumi login/i.test(a.stderr),
    exit: (said) => new Stop(EXIT.unauthenticated, `not logged in to the Pulumi backend:\n${said}\nThen: pulumi login`),
  },
  {
    test: (a) => /passphrase/i.test(a.stderr),
    exit: (said) =>
      new Stop(
        EXIT.unauthenticated,
        `the stack's secrets need their passphrase:\n${said}\nSet PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE`,
      ),
  },
  {
    test: (a) => a.code === 6 || /no stack named/i.test(a.stderr),
    exit: (said) => usage(`the backend has no such stack:\n${said}`),
  },
];

/** The answer, or why there is none. */
export function must(answer: Answer, what: string): Answer {
  if (answer.code === 0) return answer;
  const said = answer.stderr.trim() || answer.stdout.trim();
  const known = REFUSALS.find((r) => r.test(answer));
  throw known?.exit(said) ?? new Stop(EXIT.failed, `${what} failed:\n${said}`);
}
