// What MonitoringStack creates beside the charts, as plain manifests: rules, dashboards, log rules.
import { stringify } from "yaml";
import { fleetRules, logRules, type RuleGroup, type RuleInput } from "./alerts";
import { renderDashboards, type DashboardsInput } from "./dashboards";
import { LOG_RULES_CONFIGMAP, NAMESPACE } from "./values";

export interface PlannedMoney {
  monthly: number;
  currency: string;
  budget?: number;
  parts?: { item: string; monthly: number }[];
}

/** The planned cost as constant series, so that the cost dashboard can put it beside what runs. */
export function costRules(cost: PlannedMoney): RuleGroup {
  const constant = (part: string, amount: number) => ({
    record: "roadstead:planned_monthly",
    expr: `vector(${amount})`,
    labels: { part, currency: cost.currency },
  });
  return {
    name: "roadstead.cost",
    interval: "5m",
    rules: [
      constant("total", cost.monthly),
      ...(cost.budget !== undefined ? [constant("budget", cost.budget)] : []),
      ...(cost.parts ?? []).map((p) => constant(p.item, p.monthly)),
    ],
  };
}

const LABELS = { "app.kubernetes.io/part-of": "roadstead" };

export function prometheusRule(input: RuleInput, cost: PlannedMoney | null) {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: "roadstead", namespace: NAMESPACE, labels: LABELS },
    spec: { groups: [...fleetRules(input), ...(cost ? [costRules(cost)] : [])] },
  };
}

export function dashboardConfigMaps(input: DashboardsInput) {
  return renderDashboards(input).map((d) => ({
    key: d.key,
    manifest: {
      metadata: {
        name: `roadstead-dashboard-${d.key}`,
        namespace: NAMESPACE,
        labels: { ...LABELS, grafana_dashboard: "1" },
      },
      data: { [`${d.key}.json`]: JSON.stringify(d.json) },
    },
  }));
}

export function logRulesConfigMap(input: RuleInput) {
  return {
    metadata: { name: LOG_RULES_CONFIGMAP, namespace: NAMESPACE, labels: LABELS },
    data: { "roadstead.yaml": stringify({ groups: logRules(input) }, { lineWidth: 0 }) },
  };
}

/** Prometheus, Loki and Alertmanager ask for no password, so only their own namespace may reach them. */
export function ingressPolicy() {
  return {
    metadata: { name: "roadstead-monitoring", namespace: NAMESPACE, labels: LABELS },
    spec: {
      podSelector: {},
      policyTypes: ["Ingress"],
      ingress: [
        { from: [{ podSelector: {} }] },
        // The API server asks the operator's admission webhook, from addresses a policy cannot name.
        { ports: [{ protocol: "TCP", port: 10250 }] },
      ],
    },
  };
}

/** What a monitoring that exists already must scrape for the same alerts to work. */
export function scrapeHints(existing: string, input: RuleInput, domain: string | null): string[] {
  return [
    `${existing} is used as it is: Roadstead installs no monitoring, and none of its alerts fires by itself.`,
    `kube-state-metrics, namespaces ${input.shipNamespaces}: kube_statefulset_replicas, kube_statefulset_status_replicas_ready, kube_statefulset_status_replicas, kube_pod_container_status_restarts_total, kube_pod_container_status_last_terminated_reason, kube_pod_container_resource_limits`,
    `cAdvisor, the same namespaces: container_memory_working_set_bytes, container_cpu_usage_seconds_total, container_network_receive_packets_total, container_network_transmit_packets_total`,
    `kubelet: kubelet_volume_stats_available_bytes, kubelet_volume_stats_capacity_bytes, kubelet_volume_stats_used_bytes`,
    domain
      ? `web checks: GET https://<ship>.${domain}/~/login every 30 s, 200 over verified TLS is up`
      : "web checks: none, since no domain is set; readiness of the pods is all there is",
    'logs: alert on the lines "double-boot detected" and "roadstead: quarantine"',
    "never ask a ship through its conn.sock: a client that goes away with an answer owed can crash it (vere#1100)",
  ];
}
