// Who else is in a cluster: a rule that opens a ship to the gateway means nothing where there is no gateway.
import { EDGE } from "../../components/eks/render/edge";
import { NAMESPACE as MONITORING } from "../../components/monitoring/render/values";
import type { KubeObject } from "../cluster/control-plane/api";

const pod = (namespace: string, name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels },
  spec: { containers: [{ name, image: name }] },
});
const namespace = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
});

const OTHERS = [
  namespace("kube-system"),
  namespace("strangers"),
  pod("kube-system", "coredns", { "k8s-app": "kube-dns" }),
  pod("kube-system", "another-service"),
  pod(EDGE.namespace, "proxy"),
  pod(MONITORING, "blackbox"),
  pod("strangers", "somebody"),
];

/** Those whose namespace is there: not every fleet has a gateway. */
export function othersBeside(objects: readonly KubeObject[]): KubeObject[] {
  const namespaces = [...objects, ...OTHERS].filter((o) => o.kind === "Namespace").map((o) => o.metadata.name);
  return OTHERS.filter((o) => o.kind === "Namespace" || namespaces.includes(o.metadata.namespace!));
}

/** With the label the API server gives every namespace. */
export const asAdmitted = (objects: readonly KubeObject[]): KubeObject[] =>
  objects.map((o) => {
    if (o.kind !== "Namespace") return o;
    const labels = { ...o.metadata.labels, "kubernetes.io/metadata.name": o.metadata.name };
    return { ...o, metadata: { ...o.metadata, labels } };
  });
