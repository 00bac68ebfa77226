// Alertmanager's configuration, as text without a single key in it: keys are files of a mounted Secret.
import { stringify } from "yaml";

export interface ReceiverFlags {
  pagerDuty: boolean;
  slack: boolean;
  heartbeat: boolean;
}

/** Secret with the keys; mounted by the operator under /etc/alertmanager/secrets/. */
export const ALERT_KEYS_SECRET = "roadstead-alert-keys";
export const KEY_FILES = {
  pagerDuty: "pagerduty-routing-key",
  slack: "slack-webhook-url",
  heartbeat: "heartbeat-url",
} as const;
const file = (key: keyof typeof KEY_FILES) => `/etc/alertmanager/secrets/${ALERT_KEYS_SECRET}/${KEY_FILES[key]}`;

export function alertmanagerConfig(flags: ReceiverFlags): Record<string, unknown> {
  const loud = flags.pagerDuty || flags.slack;
  const details = {
    summary: "{{ .CommonAnnotations.summary }}",
    tenant: "{{ .CommonLabels.tenant }}",
    runbook: "{{ .CommonAnnotations.runbook_url }}",
    firing: "{{ .Alerts.Firing | len }}",
  };
  const page = {
    name: "page",
    ...(flags.pagerDuty
      ? {
          pagerduty_configs: [
            {
              routing_key_file: file("pagerDuty"),
              send_resolved: true,
              // PagerDuty knows critical, error, warning and info, and nothing else.
              severity: '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}',
              description: "{{ .CommonLabels.alertname }}: {{ .CommonAnnotations.summary }}",
              details,
            },
          ],
        }
      : {}),
    ...(flags.slack ? { slack_configs: [slack()] } : {}),
  };
  const notify = { name: "notify", ...(flags.slack ? { slack_configs: [slack()] } : {}) };
  return {
    global: { resolve_timeout: "5m" },
    route: {
      // One zone lost is one incident a tenant and alert, not five hundred.
      group_by: ["namespace", "alertname"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "4h",
      receiver: "silent",
      routes: [
        flags.heartbeat
          ? {
              matchers: ['alertname = "Watchdog"'],
              receiver: "heartbeat",
              group_wait: "0s",
              group_interval: "1m",
              repeat_interval: "1m",
            }
          : { matchers: ['alertname = "Watchdog"'], receiver: "silent" },
        // The chart's own inhibitor alert is a device, not news.
        { matchers: ['alertname = "InfoInhibitor"'], receiver: "silent" },
        ...(loud ? [{ matchers: ['severity = "critical"'], receiver: "page" }] : []),
        ...(flags.slack ? [{ matchers: ['severity = "warning"'], receiver: "notify", repeat_interval: "12h" }] : []),
      ],
    },
    inhibit_rules: [
      {
        source_matchers: ['severity = "critical"'],
        target_matchers: ['severity =~ "warning|info"'],
        equal: ["namespace", "alertname"],
      },
      {
        source_matchers: ['severity = "warning"'],
        target_matchers: ['severity = "info"'],
        equal: ["namespace", "alertname"],
      },
      {
        source_matchers: ['alertname = "InfoInhibitor"'],
        target_matchers: ['severity = "info"'],
        equal: ["namespace"],
      },
      // Without samples the fleet's uptime is unknown, not low.
      {
        source_matchers: ['alertname = "UrbitShipMetricsMissing"'],
        target_matchers: ['alertname = "UrbitFleetUptimeBelowSLA"'],
      },
    ],
    receivers: [
      { name: "silent" },
      ...(loud ? [page] : []),
      ...(flags.slack ? [notify] : []),
      ...(flags.heartbeat
        ? [{ name: "heartbeat", webhook_configs: [{ url_file: file("heartbeat"), send_resolved: false }] }]
        : []),
    ],
  };
}

function slack() {
  return {
    api_url_file: file("slack"),
    send_resolved: true,
    title: "{{ .CommonLabels.alertname }} ({{ .CommonLabels.severity }}, {{ .Alerts.Firing | len }} firing)",
    text: "{{ .CommonAnnotations.summary }}\n{{ .CommonAnnotations.runbook_url }}",
  };
}

export const alertmanagerYaml = (flags: ReceiverFlags): string =>
  stringify(alertmanagerConfig(flags), { lineWidth: 0 });
