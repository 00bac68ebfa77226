// Starts a control plane in a process of its own, which ends with this one, however this one ends.
import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { Api } from "./api";
import { programs, type Programs } from "./programs";
import { newRun } from "./runs.cjs";
import { stagesFor } from "./stages";

export interface ControlPlane {
  /** As a cluster administrator. */
  api: Api;
  /** For kubectl, as a cluster administrator. */
  kubeconfig: string;
  programs: Programs;
  /** Its private folder: logs and data. */
  dir: string;
  /** How long it took to be ready. */
  ms: number;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Zones of the nodes: volumes are made in the zone of the node a pod was given. */
  zones?: readonly string[];
  /** Ports of etcd (client, peer) and of the API to try first. Default: any free ones. */
  ports?: readonly number[];
  /** Default: the programs `npm run tools` built. */
  programs?: Programs;
  /** Default 120 seconds: builds may run beside it. */
  limitMs?: number;
}

interface Said {
  event: "ready" | "failed" | "ended";
  message?: string;
  /** Whether a port was taken by another program. */
  busy?: boolean;
  port?: number;
  token?: string;
  ca?: string;
  kubeconfig?: string;
  ms?: number;
}

const TRIES = 3;

export async function startControlPlane(options: StartOptions = {}): Promise<ControlPlane> {
  const wanted = options.programs ?? programs();
  for (let attempt = 1; ; attempt++) {
    const ports = attempt === 1 ? options.ports : undefined;
    const started = await startOnce({ ...options, ports, programs: wanted });
    if ("api" in started) return started;
    if (!started.busy || attempt === TRIES) throw new Error(`the control plane did not start: ${started.message}`);
  }
}

async function startOnce(options: StartOptions & { programs: Programs }): Promise<ControlPlane | Said> {
  const dir = newRun();
  const limitMs = options.limitMs ?? 120_000;
  const keeper = spawn(process.execPath, [path.join(__dirname, "keeper.cjs"), dir], {
    stdio: ["pipe", "pipe", fs.openSync(path.join(dir, "keeper.log"), "w")],
    // A Ctrl-C goes to this process only; its end closes the keeper's input, and the keeper ends the others in order.
    detached: true,
  });
  // Neither the process nor its pipes keep a test run alive that forgot to stop it.
  keeper.unref();
  for (const pipe of [keeper.stdin, keeper.stdout]) (pipe as unknown as { unref(): void }).unref();
  keeper.stdin!.on("error", () => undefined);
  const said = messages(keeper);
  const left = new Promise((resolve) => keeper.once("exit", resolve));
  const { programs: binaries, ports } = options;
  keeper.stdin!.write(
    `${JSON.stringify({ programs: binaries, ports, limitMs, stages: stagesFor(options.zones ?? []) })}\n`,
  );
  // The keeper has its own limit; this one is for a keeper that says nothing.
  const first = await said(limitMs + 10_000);
  if (first.event !== "ready") return first;
  const { port, token, ca, kubeconfig, ms } = first;
  return {
    api: new Api({ port: port!, token: token!, ca: fs.readFileSync(ca!, "utf8") }),
    kubeconfig: kubeconfig!,
    programs: binaries,
    dir,
    ms: ms!,
    stop: async () => {
      keeper.stdin!.end();
      await said(20_000);
      // It says so before it is gone itself.
      await within(10_000, left);
    },
  };
}

async function within(limitMs: number, happens: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([happens, limit]);
  clearTimeout(timer);
}

/** The keeper's next message, asked for one by one. */
function messages(keeper: ChildProcess): (limitMs: number) => Promise<Said> {
  const queue: Said[] = [];
  let wake: () => void = () => undefined;
  createInterface({ input: keeper.stdout! }).on("line", (line) => {
    queue.push(JSON.parse(line) as Said);
    wake();
  });
  keeper.on("exit", (code) => {
    queue.push({ event: "failed", message: `its keeper ended (${code})` });
    wake();
  });
  return async (limitMs) => {
    if (queue.length === 0) {
      await within(limitMs, new Promise<void>((resolve) => (wake = resolve)));
    }
    return queue.shift() ?? { event: "failed", message: `its keeper said nothing within ${limitMs / 1000} s` };
  };
}
