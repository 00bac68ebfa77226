// The custom kinds the manifests use. Their own definitions come with the charts that a real cluster installs and are not
// to be had here: these accept every field. So this suite proves names, namespaces and permissions of such objects, and
// nothing about their content.
import { type KubeObject, pluralOf } from "../control-plane/api";

const KINDS: [group: string, version: string, kind: string, scope?: "Cluster"][] = [
  ["gateway.networking.k8s.io", "v1", "GatewayClass", "Cluster"],
  ["gateway.networking.k8s.io", "v1", "Gateway"],
  ["gateway.networking.k8s.io", "v1", "HTTPRoute"],
  ["gateway.envoyproxy.io", "v1alpha1", "EnvoyProxy"],
  ["cilium.io", "v2", "CiliumNetworkPolicy"],
  ["snapshot.storage.k8s.io", "v1", "VolumeSnapshot"],
  ["snapshot.storage.k8s.io", "v1", "VolumeSnapshotContent", "Cluster"],
  ["monitoring.coreos.com", "v1", "PrometheusRule"],
  ["monitoring.coreos.com", "v1", "Probe"],
  ["monitoring.coreos.com", "v1", "ServiceMonitor"],
];

export const definitions = (): KubeObject[] =>
  KINDS.map(([group, version, kind, scope]) => {
    const plural = pluralOf(kind);
    const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    return {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: {
        name: `${plural}.${group}`,
        // The API server wants to see the approval of the groups Kubernetes owns.
        ...(group.endsWith(".k8s.io")
          ? { annotations: { "api-approved.kubernetes.io": "unapproved, for tests" } }
          : {}),
      },
      spec: {
        group,
        scope: scope ?? "Namespaced",
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: open } }],
      },
    };
  });
