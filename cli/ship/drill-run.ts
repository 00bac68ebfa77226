// One drill on a cluster: make, wait, read, and take everything away again, whatever happened.
import { setTimeout as sleep } from "node:timers/promises";
import type { Drill } from "../../components/backup/render/drill";
import { Stop, EXIT } from "../exit";
import { type Kubectl, refusal } from "./kubectl";

export interface Seen {
  /** Null when it did not end. */
  exitCode: number | null;
  log: string;
  /** Why there is nothing to judge. */
  ended: "looked" | "interrupted" | "out of time";
}

export interface Around {
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal;
  say(text: string): void;
  /** Between two questions to the server. */
  pauseMs: number;
  /** For the look, and for the removal. */
  limitMs: { look: number; removal: number };
}

interface Job {
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] };
}
interface Pod {
  metadata: { name: string };
  status?: {
    phase?: string;
    conditions?: { type: string; status: string; message?: string }[];
    containerStatuses?: {
      state?: { waiting?: { reason?: string; message?: string }; terminated?: { exitCode: number } };
    }[];
  };
}

export async function makeDrill(kubectl: Kubectl, drill: Drill, { signal, say }: Around): Promise<void> {
  for (const object of drill.objects) {
    if (signal.aborted) return;
    say(`makes ${object.kind} ${object.metadata.name}`);
    await kubectl.create(object);
  }
}

export async function awaitLook(kubectl: Kubectl, drill: Drill, around: Around): Promise<Seen> {
  const { signal, say, pauseMs, limitMs } = around;
  const end = Date.now() + limitMs.look;
  let last = "";
  for (;;) {
    if (signal.aborted) return { exitCode: null, log: "", ended: "interrupted" };
    const pods = await kubectl.get<{ items: Pod[] }>("pods", "-n", drill.namespace, "-l", "job-name=look");
    const pod = pods?.items[0];
    const exitCode = pod?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
    if (pod !== undefined && exitCode !== undefined)
      return { exitCode, log: await logOf(kubectl, drill, pod.metadata.name), ended: "looked" };
    const failed = (await kubectl.get<Job>("job", "look", "-n", drill.namespace))?.status?.conditions?.find(
      (c) => c.type === "Failed" && c.status === "True",
    );
    if (failed?.reason === "DeadlineExceeded" || Date.now() > end)
      return { exitCode: null, log: "", ended: "out of time" };
    if (failed !== undefined)
      throw new Stop(EXIT.failed, `the look could not be made: ${failed.message ?? failed.reason}`);
    const now = stateOf(pod);
    if (now !== last) say((last = now));
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

function stateOf(pod: Pod | undefined): string {
  if (pod === undefined) return "waits for its pod";
  const unscheduled = pod.status?.conditions?.find((c) => c.type === "PodScheduled" && c.status === "False");
  const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
  if (unscheduled !== undefined) return `waits for a node: ${unscheduled.message ?? "no reason given"}`;
  if (waiting !== undefined) return `waits: ${waiting.reason ?? ""} ${waiting.message ?? ""}`.trim();
  return pod.status?.phase === "Running" ? "looks at the copy" : "waits for its disk";
}

/** What `urbit info` said: no secret is in it. */
async function logOf(kubectl: Kubectl, drill: Drill, pod: string): Promise<string> {
  const done = await kubectl.run(["logs", pod, "-n", drill.namespace, "--container", "look", "--tail=500"]);
  if (done.code !== 0) throw refusal("logs", done);
  return done.out;
}

/** Everything a drill made, and nothing else. Returns what is still there when the time is over, as kubectl names it. */
export async function removeDrill(kubectl: Kubectl, drill: Drill, around: Omit<Around, "signal">): Promise<string[]> {
  const end = Date.now() + around.limitMs.removal;
  const [namespace, ...rest] = drill.remove.map((r) => ({ kind: kindOf(r), name: r.name }));
  around.say("takes everything away again");
  await kubectl.remove(namespace!.kind, namespace!.name);
  // The disk goes with its claim, the driver still needs its class and its snapshot for that: those go last.
  let left = await remaining(kubectl, drill);
  while (left.length > 0 && Date.now() < end) {
    await sleep(around.pauseMs);
    left = await remaining(kubectl, drill);
  }
  for (const { kind, name } of rest) {
    await kubectl.remove(kind, name);
    while ((await kubectl.get(kind, name)) !== null) {
      if (Date.now() > end) {
        left.push(`${kind}/${name}`);
        break;
      }
      await sleep(around.pauseMs);
    }
  }
  return left;
}

const kindOf = ({ apiVersion, kind }: { apiVersion: string; kind: string }): string => {
  const [group = "", version] = apiVersion.split("/");
  return version === undefined ? kind.toLowerCase() : `${kind.toLowerCase()}.${version}.${group}`;
};

async function remaining(kubectl: Kubectl, { namespace }: Drill): Promise<string[]> {
  const there = await kubectl.get("namespace", namespace);
  const volumes = await kubectl.get<{
    items: { metadata: { name: string }; spec: { claimRef?: { namespace?: string } } }[];
  }>("persistentvolumes");
  return [
    ...(there === null ? [] : [`namespace/${namespace}`]),
    ...(volumes?.items ?? [])
      .filter((v) => v.spec.claimRef?.namespace === namespace)
      .map((v) => `persistentvolume/${v.metadata.name}`),
  ];
}
