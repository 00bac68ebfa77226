// Helm values of the four charts. Each line that is not the chart's default says which trap it avoids.
import { ALERT_KEYS_SECRET } from "./alertmanager";
import { BLACKBOX_SERVICE, SHIP_MODULE } from "./probes";

export const NAMESPACE = "roadstead-monitoring";
export const GRAFANA_SECRET = "roadstead-grafana-admin";
export const ALERTMANAGER_SECRET = "roadstead-alertmanager";
export const LOG_RULES_CONFIGMAP = "roadstead-log-rules";
export const LOKI = "roadstead-loki";
/** Namespaces that carry it may hold monitors and rules. A tenant cannot label its namespace. */
export const MONITORS_LABEL = { "roadstead.dev/monitors": "allowed" };

export interface ValuesInput {
  platform: "eks" | "doks" | "existing-cluster";
  storageClass: string;
  storageGiB: number;
  retentionDays: number;
  logStorageGiB: number;
  shipNamespaces: string;
  /** Whether any alert key is given. */
  routed: boolean;
  /** Whether Loki is installed, so that Grafana gets its source. */
  logs: boolean;
  /** Version of the Loki chart; its deployment mode changed its name in 13. */
  lokiVersion: string | null;
}
export type Values = Record<string, unknown>;

const claim = (storageClass: string, gib: number) => ({
  volumeClaimTemplate: {
    spec: {
      storageClassName: storageClass,
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: `${gib}Gi` } },
    },
  },
});

/** Prometheus stops at 80 % of its volume: the size limit does not count the write-ahead log, and a full volume crash-loops. */
export const retentionSize = (storageGiB: number): string => `${Math.floor(storageGiB * 0.8)}GB`;

export function kubePrometheusStackValues(input: ValuesInput): Values {
  const trusted = { matchLabels: MONITORS_LABEL };
  const off = { enabled: false };
  return {
    fullnameOverride: "roadstead",
    defaultRules: {
      create: true,
      // Components nobody can scrape on a managed control plane would be reported down for ever.
      rules: {
        etcd: false,
        kubeControllerManager: false,
        kubeSchedulerAlerting: false,
        kubeSchedulerRecording: false,
        kubeProxy: false,
        windows: false,
      },
      // Replaced by Roadstead's own, which has a runbook here and a tenant label. One alert, not a whole group.
      disabled: { Watchdog: true },
    },
    // The control plane belongs to the provider; kube-proxy listens on loopback unless configured otherwise.
    kubeControllerManager: off,
    kubeScheduler: off,
    kubeEtcd: off,
    kubeProxy: off,
    prometheus: {
      prometheusSpec: {
        // True means "only objects labelled with this release": rules and probes made here would be ignored in silence.
        ruleSelectorNilUsesHelmValues: false,
        serviceMonitorSelectorNilUsesHelmValues: false,
        podMonitorSelectorNilUsesHelmValues: false,
        probeSelectorNilUsesHelmValues: false,
        scrapeConfigSelectorNilUsesHelmValues: false,
        // Whoever may create a monitor in a tenant's namespace must not steer Prometheus.
        ruleNamespaceSelector: trusted,
        serviceMonitorNamespaceSelector: trusted,
        podMonitorNamespaceSelector: trusted,
        probeNamespaceSelector: trusted,
        scrapeConfigNamespaceSelector: trusted,
        retention: `${input.retentionDays}d`,
        retentionSize: retentionSize(input.storageGiB),
        // Without it metrics live in an emptyDir and are lost whenever the pod moves.
        storageSpec: claim(input.storageClass, input.storageGiB),
        walCompression: true,
      },
    },
    alertmanager: {
      alertmanagerSpec: {
        // The configuration is a Secret made beside the chart: keys in values would land in the rendered release.
        useExistingSecret: true,
        configSecret: ALERTMANAGER_SECRET,
        secrets: input.routed ? [ALERT_KEYS_SECRET] : [],
        // Silences would be lost with the pod.
        storage: claim(input.storageClass, 1),
      },
    },
    grafana: {
      fullnameOverride: "roadstead-grafana",
      // A password the chart makes itself changes with every rendering.
      admin: { existingSecret: GRAFANA_SECRET, userKey: "admin-user", passwordKey: "admin-password" },
      // Its sidecars would otherwise read every ConfigMap and Secret of the cluster.
      rbac: { namespaced: true },
      defaultDashboardsTimezone: "browser",
      "grafana.ini": {
        "auth.anonymous": { enabled: false },
        users: { allow_sign_up: false },
        analytics: { reporting_enabled: false, check_for_updates: false },
      },
      sidecar: {
        // Whoever may create a ConfigMap in a tenant's namespace would plant dashboards.
        dashboards: {
          enabled: true,
          label: "grafana_dashboard",
          labelValue: "1",
          searchNamespace: NAMESPACE,
          resource: "configmap",
        },
        datasources: { enabled: true, searchNamespace: NAMESPACE, resource: "configmap" },
      },
      additionalDataSources: input.logs
        ? [
            {
              name: "Loki",
              uid: "loki",
              type: "loki",
              access: "proxy",
              url: `http://${LOKI}.${NAMESPACE}.svc:3100`,
              editable: false,
            },
          ]
        : [],
    },
    "kube-state-metrics": {
      // The cost dashboard counts nodes by type; labels are dropped unless they are asked for.
      metricLabelsAllowlist: ["nodes=[node.kubernetes.io/instance-type,topology.kubernetes.io/zone]"],
    },
  };
}

export function blackboxValues(): Values {
  return {
    fullnameOverride: BLACKBOX_SERVICE,
    config: {
      modules: {
        [SHIP_MODULE]: {
          prober: "http",
          timeout: "8s",
          http: {
            method: "GET",
            valid_status_codes: [200],
            fail_if_not_ssl: true,
            follow_redirects: true,
            preferred_ip_protocol: "ip4",
            ip_protocol_fallback: true,
          },
        },
      },
    },
  };
}

export function lokiValues(input: ValuesInput): Values {
  const none = { replicas: 0 };
  const major = Number.parseInt(input.lokiVersion ?? "", 10);
  return {
    fullnameOverride: LOKI,
    // The community chart calls one process Monolithic since 13; before it was SingleBinary.
    deploymentMode: major < 13 ? "SingleBinary" : "Monolithic",
    loki: {
      // One tenant, reachable inside the monitoring namespace only (NetworkPolicy).
      auth_enabled: false,
      commonConfig: { replication_factor: 1 },
      storage: { type: "filesystem" },
      schemaConfig: {
        configs: [
          {
            // A fixed day in the past: moving it would hide what is stored already.
            from: "2024-04-01",
            store: "tsdb",
            object_store: "filesystem",
            schema: "v13",
            index: { prefix: "loki_index_", period: "24h" },
          },
        ],
      },
      limits_config: { retention_period: `${input.retentionDays * 24}h` },
      compactor: { retention_enabled: true, delete_request_store: "filesystem" },
      structuredConfig: {
        ruler: {
          storage: { type: "local", local: { directory: "/rules" } },
          rule_path: "/var/loki/rules-work",
          alertmanager_url: `http://roadstead-alertmanager.${NAMESPACE}.svc:9093`,
          enable_alertmanager_v2: true,
          ring: { kvstore: { store: "inmemory" } },
        },
      },
    },
    singleBinary: {
      replicas: 1,
      persistence: { enabled: true, storageClass: input.storageClass, size: `${input.logStorageGiB}Gi` },
      // Rules as a mounted ConfigMap: the chart's sidecar would read ConfigMaps of the whole cluster.
      // With one tenant Loki calls it `fake` and looks for rules in a folder of that name.
      extraVolumes: [{ name: "roadstead-rules", configMap: { name: LOG_RULES_CONFIGMAP } }],
      extraVolumeMounts: [{ name: "roadstead-rules", mountPath: "/rules/fake", readOnly: true }],
    },
    sidecar: { rules: { enabled: false } },
    read: none,
    write: none,
    backend: none,
    gateway: { enabled: false },
    chunksCache: { enabled: false },
    resultsCache: { enabled: false },
    lokiCanary: { enabled: false },
    test: { enabled: false },
    minio: { enabled: false },
  };
}

/** Alloy reads logs through the Kubernetes API, so it needs no host path; only the ships' namespaces. */
export function alloyValues(input: ValuesInput): Values {
  return {
    fullnameOverride: "roadstead-alloy",
    crds: { create: false },
    controller: { type: "deployment", replicas: 1 },
    alloy: {
      enableReporting: false,
      configMap: {
        content: `discovery.kubernetes "ships" {
  role = "pod"
}

discovery.relabel "ships" {
  targets = discovery.kubernetes.ships.targets

  rule {
    source_labels = ["__meta_kubernetes_namespace"]
    regex         = ${JSON.stringify(input.shipNamespaces)}
    action        = "keep"
  }
  rule {
    source_labels = ["__meta_kubernetes_namespace"]
    target_label  = "namespace"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_name"]
    target_label  = "pod"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_container_name"]
    target_label  = "container"
  }
}

loki.source.kubernetes "ships" {
  targets    = discovery.relabel.ships.output
  forward_to = [loki.write.loki.receiver]
}

loki.write "loki" {
  endpoint {
    url = "http://${LOKI}.${NAMESPACE}.svc:3100/loki/api/v1/push"
  }
}
`,
      },
    },
  };
}
