// The four dashboards: the fleet, one ship, cost, alerts. Pure data; each becomes a ConfigMap Grafana's sidecar picks up.
import { SHIP_JOB } from "./alerts";
import { dashboard, type MetricPanel, type Panel } from "./panels";

export interface DashboardsInput {
  sla: number;
  shipNamespaces: string;
  probed: boolean;
  cost: { monthly: number; currency: string; budget?: number } | null;
}
export interface Dashboard {
  /** Key and file name; also what its ConfigMap is called. */
  key: string;
  json: Record<string, unknown>;
}

/** Currency units Grafana knows; another one is shown as a plain number with its name in the title. */
const MONEY: Record<string, string> = { USD: "currencyUSD", EUR: "currencyEUR", GBP: "currencyGBP" };

const stat = (title: string, expr: string, unit: string, extra: Partial<MetricPanel> = {}): MetricPanel => ({
  kind: "stat",
  title,
  w: 4,
  h: 4,
  unit,
  targets: [{ expr, instant: true }],
  ...extra,
});
const curve = (title: string, expr: string, unit: string, extra: Partial<MetricPanel> = {}): MetricPanel => ({
  kind: "timeseries",
  title,
  w: 12,
  h: 8,
  unit,
  targets: [{ expr }],
  ...extra,
});

export function renderDashboards(input: DashboardsInput): Dashboard[] {
  return [fleet(input), ship(input), cost(input), alerts(input)];
}

function fleet({ sla, shipNamespaces: ns }: DashboardsInput): Dashboard {
  const red = (from: number) => [
    { color: "green", from: 0 },
    { color: "red", from },
  ];
  const up = [
    { color: "red", from: 0 },
    { color: "green", from: sla / 100 },
  ];
  const top = (title: string, expr: string, unit: string): MetricPanel => ({
    kind: "bargauge",
    title,
    w: 12,
    h: 9,
    unit,
    min: 0,
    targets: [{ expr, legend: "{{pod}}{{persistentvolumeclaim}}", instant: true }],
  });
  return {
    key: "fleet-overview",
    json: dashboard({
      uid: "roadstead-fleet",
      title: "Roadstead / Fleet overview",
      description: "Every ship that should run: how many do, how well, and what they use.",
      from: "now-24h",
      panels: [
        stat("Ships that should run", "sum(roadstead:ship_wanted) or vector(0)", "none"),
        stat("Online", "sum(roadstead:ship_up) or vector(0)", "none", { steps: [{ color: "green", from: 0 }] }),
        stat("Offline", "count(roadstead:ship_up == 0) or vector(0)", "none", { steps: red(1) }),
        stat("Stopped on purpose", "count(roadstead:ship_wanted == 0) or vector(0)", "none"),
        stat(`Uptime now (promised ${sla} %)`, "roadstead:fleet_up:ratio", "percentunit", { decimals: 2, steps: up }),
        stat("Uptime over 30 days", "1 - roadstead:fleet_errors:ratio_30d", "percentunit", {
          decimals: 3,
          steps: up,
          description: "Ship time up over ship time wanted; shorter when metrics are kept for less than 30 days.",
        }),
        curve("Uptime of the fleet", "roadstead:fleet_up:ratio", "percentunit", { max: 1 }),
        curve("Pier volumes, used", `sum(kubelet_volume_stats_used_bytes{namespace=~"${ns}"})`, "bytes", {
          targets: [
            { expr: `sum(kubelet_volume_stats_used_bytes{namespace=~"${ns}"})`, legend: "used" },
            { expr: `sum(kubelet_volume_stats_capacity_bytes{namespace=~"${ns}"})`, legend: "capacity" },
          ],
        }),
        curve(
          "CPU of all ships",
          `sum(rate(container_cpu_usage_seconds_total{namespace=~"${ns}", container!=""}[$__rate_interval]))`,
          "short",
          { description: "Cores." },
        ),
        curve("Memory of all ships", "sum(roadstead:ship_memory_bytes)", "bytes"),
        top("Most memory", "topk(10, roadstead:ship_memory_bytes)", "bytes"),
        top(
          "Fullest piers",
          `topk(10, kubelet_volume_stats_used_bytes{namespace=~"${ns}"} / kubelet_volume_stats_capacity_bytes{namespace=~"${ns}"})`,
          "percentunit",
        ),
        {
          kind: "table",
          title: "Offline now",
          w: 24,
          h: 7,
          unit: "none",
          targets: [{ expr: "roadstead:ship_up == 0" }],
          rename: { ship: "Ship", namespace: "Tenant namespace", Value: "Up" },
        },
      ],
    }),
  };
}

function ship({ shipNamespaces: ns, probed }: DashboardsInput): Dashboard {
  const pod = `namespace=~"${ns}", pod=~"$ship-[0-9]+"`;
  const claim = `namespace=~"${ns}", persistentvolumeclaim="pier-$ship"`;
  const web: Panel[] = probed
    ? [
        curve("Web: time to answer", `probe_duration_seconds{job="${SHIP_JOB}", ship="$ship"}`, "s", {
          description: "The login page, from inside the cluster through the public name.",
        }),
        stat("Certificate valid for", `probe_ssl_earliest_cert_expiry{job="${SHIP_JOB}", ship="$ship"} - time()`, "s", {
          steps: [
            { color: "red", from: 0 },
            { color: "orange", from: 3 * 86_400 },
            { color: "green", from: 14 * 86_400 },
          ],
        }),
      ]
    : [];
  return {
    key: "ship",
    json: dashboard({
      uid: "roadstead-ship",
      title: "Roadstead / One ship",
      description: "What one ship does and how long its volume lasts.",
      from: "now-7d",
      logs: true,
      variables: [{ name: "ship", label: "Ship", query: "label_values(roadstead:ship_wanted, ship)" }],
      panels: [
        stat("Up", `roadstead:ship_up{ship="$ship"}`, "bool_yes_no", {
          steps: [
            { color: "red", from: 0 },
            { color: "green", from: 1 },
          ],
        }),
        stat("Should run", `roadstead:ship_wanted{ship="$ship"}`, "bool_yes_no"),
        stat("Restarts, 24 h", `sum(increase(kube_pod_container_status_restarts_total{${pod}}[24h]))`, "none", {
          decimals: 0,
          steps: [
            { color: "green", from: 0 },
            { color: "orange", from: 1 },
            { color: "red", from: 4 },
          ],
        }),
        stat(
          "Pier full in",
          `kubelet_volume_stats_available_bytes{${claim}} / (deriv(kubelet_volume_stats_used_bytes{${claim}}[1d]) > 0)`,
          "s",
          { description: "At yesterday's pace. Empty when the pier did not grow." },
        ),
        ...web.filter((p) => p.kind === "stat"),
        curve("CPU", `sum(rate(container_cpu_usage_seconds_total{${pod}, container!=""}[$__rate_interval]))`, "short", {
          description: "Cores.",
        }),
        curve("Memory", `roadstead:ship_memory_bytes{pod=~"$ship-[0-9]+"}`, "bytes", {
          targets: [
            { expr: `roadstead:ship_memory_bytes{pod=~"$ship-[0-9]+"}`, legend: "used" },
            { expr: `roadstead:ship_memory_limit_bytes{pod=~"$ship-[0-9]+"}`, legend: "limit" },
          ],
        }),
        curve("Pier size", `kubelet_volume_stats_used_bytes{${claim}}`, "bytes", {
          targets: [
            { expr: `kubelet_volume_stats_used_bytes{${claim}}`, legend: "used" },
            { expr: `kubelet_volume_stats_capacity_bytes{${claim}}`, legend: "volume" },
          ],
        }),
        curve("Packets", `sum(rate(container_network_receive_packets_total{${pod}}[$__rate_interval]))`, "pps", {
          description: "All traffic of the pod. Ames is not counted apart: nothing measures it from outside safely.",
          targets: [
            {
              expr: `sum(rate(container_network_receive_packets_total{${pod}}[$__rate_interval]))`,
              legend: "received",
            },
            { expr: `sum(rate(container_network_transmit_packets_total{${pod}}[$__rate_interval]))`, legend: "sent" },
          ],
        }),
        ...web.filter((p) => p.kind === "timeseries"),
        {
          kind: "logs",
          title: "Log",
          w: 24,
          h: 10,
          expr: `{namespace=~"${ns}", pod=~"$ship-[0-9]+"}`,
        },
      ],
    }),
  };
}

function cost({ shipNamespaces: ns, cost: planned }: DashboardsInput): Dashboard {
  const unit = (planned && MONEY[planned.currency]) ?? "none";
  const named = planned && !MONEY[planned.currency] ? ` (${planned.currency})` : "";
  const money: Panel[] = planned
    ? [
        stat(`Planned a month${named}`, `sum(roadstead:planned_monthly{part="total"})`, unit, { w: 6 }),
        stat(
          `Planned a ship${named}`,
          `sum(roadstead:planned_monthly{part="total"}) / (count(roadstead:ship_wanted) > 0)`,
          unit,
          { w: 6, decimals: 2 },
        ),
        ...(planned.budget !== undefined
          ? [stat(`Budget${named}`, `sum(roadstead:planned_monthly{part="budget"})`, unit, { w: 6 })]
          : []),
        {
          kind: "bargauge",
          title: `Planned a month, by part${named}`,
          w: 24,
          h: 7,
          unit,
          min: 0,
          targets: [
            { expr: `sort_desc(roadstead:planned_monthly{part!~"total|budget"})`, legend: "{{part}}", instant: true },
          ],
        },
      ]
    : [
        {
          kind: "text",
          title: "Planned cost",
          w: 24,
          h: 4,
          markdown: "The planned cost was not recorded with this stack. `roadstead plan --stack … --write` records it.",
        },
      ];
  return {
    key: "cost",
    json: dashboard({
      uid: "roadstead-cost",
      title: "Roadstead / Cost",
      description:
        "What was planned beside what drives the bill. Prometheus sees no bill: the provider's is the truth.",
      from: "now-30d",
      panels: [
        ...money,
        curve("Nodes by type", "count by (label_node_kubernetes_io_instance_type) (kube_node_labels)", "none", {
          targets: [
            {
              expr: "count by (label_node_kubernetes_io_instance_type) (kube_node_labels)",
              legend: "{{label_node_kubernetes_io_instance_type}}",
            },
          ],
        }),
        curve("Storage asked for", "sum(kube_persistentvolumeclaim_resource_requests_storage_bytes)", "bytes", {
          targets: [
            {
              expr: `sum(kube_persistentvolumeclaim_resource_requests_storage_bytes{namespace=~"${ns}"})`,
              legend: "ships",
            },
            {
              expr: `sum(kube_persistentvolumeclaim_resource_requests_storage_bytes{namespace!~"${ns}"})`,
              legend: "everything else",
            },
          ],
        }),
        curve(
          "Sent by ships",
          `sum(rate(container_network_transmit_bytes_total{namespace=~"${ns}"}[$__rate_interval]))`,
          "Bps",
          { description: "Inside and outside the cluster together: an upper bound of what egress is billed on." },
        ),
        curve("Memory asked for, of what nodes have", "roadstead:fleet_up:ratio", "percentunit", {
          description: "Paid for and not asked for is what a smaller node mix would save.",
          targets: [
            {
              expr: `sum(kube_pod_container_resource_requests{resource="memory"}) / sum(kube_node_status_allocatable{resource="memory"})`,
              legend: "asked for",
            },
          ],
          max: 1,
        }),
      ],
    }),
  };
}

function alerts(_input: DashboardsInput): Dashboard {
  return {
    key: "alerts",
    json: dashboard({
      uid: "roadstead-alerts",
      title: "Roadstead / Alerts",
      description: "What is wrong now, what was, and how long it took.",
      from: "now-7d",
      panels: [
        stat("Firing, critical", `count(ALERTS{alertstate="firing", severity="critical"}) or vector(0)`, "none", {
          w: 6,
          steps: [
            { color: "green", from: 0 },
            { color: "red", from: 1 },
          ],
        }),
        stat("Firing, warning", `count(ALERTS{alertstate="firing", severity="warning"}) or vector(0)`, "none", {
          w: 6,
          steps: [
            { color: "green", from: 0 },
            { color: "orange", from: 1 },
          ],
        }),
        stat(
          "Mean time to resolve",
          `sum(count_over_time(ALERTS{alertstate="firing", severity=~"critical|warning"}[7d])) * 30 / sum(changes(ALERTS_FOR_STATE{severity=~"critical|warning"}[7d]) + 1)`,
          "s",
          {
            w: 6,
            description: "Firing time of a week over the number of times an alert began. An estimate at 30 s samples.",
          },
        ),
        stat("Watchdog", `count(ALERTS{alertname="Watchdog", alertstate="firing"}) or vector(0)`, "bool_on_off", {
          w: 6,
          description: "Always on while alerting works.",
          steps: [
            { color: "red", from: 0 },
            { color: "green", from: 1 },
          ],
        }),
        { kind: "alertlist", title: "Now", w: 12, h: 12, states: ["firing", "pending"] },
        {
          kind: "table",
          title: "Firing, by tenant",
          w: 12,
          h: 12,
          unit: "none",
          targets: [
            {
              expr: `count by (alertname, severity, tenant, ship) (ALERTS{alertstate="firing", severity=~"critical|warning"})`,
            },
          ],
          rename: { alertname: "Alert", severity: "Severity", tenant: "Tenant", ship: "Ship", Value: "Count" },
        },
        curve("History", `sum by (alertname) (ALERTS{alertstate="firing", severity=~"critical|warning"})`, "none", {
          w: 24,
          targets: [
            {
              expr: `sum by (alertname) (ALERTS{alertstate="firing", severity=~"critical|warning"})`,
              legend: "{{alertname}}",
            },
          ],
        }),
      ],
    }),
  };
}
