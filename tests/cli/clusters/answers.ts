// kubectl's answers for a look-alike, where no API server runs: nodes are ready, and daemon sets are on all of them.
import type { Answer, Ask } from "../../../cli/doctor/cluster/kubectl";
import type { LookAlike, Thing } from "./look-alikes";

const KIND: Record<string, string> = {
  nodes: "Node",
  storageclasses: "StorageClass",
  csidrivers: "CSIDriver",
  csinodes: "CSINode",
  volumeattachments: "VolumeAttachment",
  "daemonsets.apps": "DaemonSet",
};
const answered = (text: string): Answer => ({ ok: true, text });
export const refused = (why: Extract<Answer, { ok: false }>["why"]): Answer => ({
  ok: false,
  why,
  said: `Error from server: ${why}`,
});

/** `instead` answers first: what is forbidden, or what pods have asked for. */
export function answersOf(
  { version, things }: LookAlike,
  instead: (args: string[]) => Answer | null = () => null,
): Ask & { asked: string[][] } {
  const linux = things.filter((t) => t.kind === "Node").length;
  const live = (thing: Thing): Thing =>
    thing.kind === "Node"
      ? {
          ...thing,
          status: { ...(thing.status as object), conditions: [{ type: "Ready", status: "True" }] },
        }
      : thing.kind === "DaemonSet"
        ? { status: { desiredNumberScheduled: linux, numberReady: linux }, ...thing }
        : thing;
  const asked: string[][] = [];
  const ask = (...args: string[]): Answer => {
    asked.push(args);
    const other = instead(args);
    if (other !== null) return other;
    const [verb, kind = "", name = ""] = args;
    if (verb !== "get") throw new Error(`only reads, and yet: ${args.join(" ")}`);
    if (kind === "--raw") return answered(JSON.stringify({ gitVersion: version }));
    if (kind === "pods" || kind === "services") return answered("");
    if (kind === "configmap") {
      const namespace = args[args.indexOf("-n") + 1];
      const map = things.find(
        (t) => t.kind === "ConfigMap" && t.metadata.name === name && t.metadata.namespace === namespace,
      );
      const key = /\['(.*)'\]/.exec(args.at(-1)!)![1]!;
      return map === undefined ? refused("absent") : answered((map.data as Record<string, string>)[key] ?? "");
    }
    const items = things.filter((t) => t.kind === KIND[kind]).map(live);
    return KIND[kind] === undefined ? refused("absent") : answered(JSON.stringify({ items }));
  };
  return Object.assign(ask, { asked });
}
