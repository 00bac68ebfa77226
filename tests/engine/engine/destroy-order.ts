// In which order a stack is taken down (what stands on something goes before it).
import type { JournalEntry } from "./project";

/** What stands on something goes before it: ships, then nodes, then the cluster, then its network. */
const BEFORE: [string, string][] = [
  ["StatefulSet", "NodeGroup"],
  ["StatefulSet", "KubernetesNodePool"],
  ["ConfigMap", "NodeGroup"],
  ["TargetGroupBinding", "TargetGroup"],
  ["TargetGroupBinding", "StatefulSet"],
  ["Listener", "TargetGroup"],
  ["LoadBalancer", "SecurityGroupIngressRule"],
  ["NodeGroup", "Cluster"],
  ["Addon", "Cluster"],
  ["AccessEntry", "Cluster"],
  ["KubernetesNodePool", "KubernetesCluster"],
  ["Cluster", "Subnet"],
  ["KubernetesCluster", "Vpc"],
  ["VolumeAttachment", "Instance"],
  ["Instance", "NetworkInterface"],
  ["NetworkInterface", "Subnet"],
  ["NatGateway", "Subnet"],
  ["Subnet", "Vpc"],
];

/** On a host these wait for each other; those of another host are none of its business. */
const OF_ONE_HOST = /^(VolumeAttachment|Instance|NetworkInterface|Droplet)$/;

/** In a stack these go before what they stand on; another cell's stack may have gone before, as a whole. */
const OF_ONE_STACK = /^(TargetGroupBinding|Listener|LoadBalancer)$/;

/** Every pair of kinds that went in the wrong order. */
export function outOfOrder(taken: JournalEntry[]): string[] {
  const went = taken.map((e) => ({
    kind: e.type.split(":").pop()!,
    stack: e.urn.split("::")[0]!,
    host: e.urn
      .replace(/-[^-]+$/, "")
      .split("::")
      .pop()!,
  }));
  const wrong = (first: string, then: string): boolean =>
    went.some(
      (a, i) =>
        a.kind === then &&
        went
          .slice(i + 1)
          .some(
            (b) =>
              b.kind === first &&
              (!OF_ONE_HOST.test(then) || a.host === b.host) &&
              (!OF_ONE_STACK.test(first) || a.stack === b.stack),
          ),
    );
  return BEFORE.filter(([first, then]) => wrong(first, then)).map(([first, then]) => `a ${first} went after a ${then}`);
}
