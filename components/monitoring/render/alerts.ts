// Recording rules and alerts of a fleet, as plain data. Prometheus evaluates `fleetRules`, Loki's ruler `logRules`.
// Every alert has a severity, a tenant, and a runbook in docs/runbooks named after it.

export interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}
export interface RuleGroup {
  name: string;
  interval?: string;
  rules: Rule[];
}

export interface RuleInput {
  /** Promised availability in per cent. */
  sla: number;
  /** Regular expression of the namespaces ships live in. */
  shipNamespaces: string;
  /** True when ships are asked from outside, so that silence of the probes is itself an alarm. */
  probed: boolean;
  runbookBaseUrl: string;
}

/** Job label of the web probes, and of nothing else. */
export const SHIP_JOB = "urbit-ships";
const GIB = 2 ** 30;
/** Share of the limit at which memory is high: 3.5 GiB of the usual 4 GiB. */
export const HIGH_MEMORY_RATIO = 0.875;

interface AlertText {
  severity: "critical" | "warning" | "info" | "none";
  summary: string;
  description: string;
  labels?: Record<string, string>;
}

const alertOf =
  (input: RuleInput) =>
  (alert: string, expr: string, wait: string | null, text: AlertText): Rule => ({
    alert,
    expr,
    ...(wait ? { for: wait } : {}),
    // Alertmanager groups by namespace and tenant: a fleet alert has neither of its own.
    labels: { severity: text.severity, tenant: "{{ $labels.namespace }}", ...text.labels },
    annotations: {
      summary: text.summary,
      description: text.description,
      runbook_url: `${input.runbookBaseUrl.replace(/\/+$/, "")}/${alert}.md`,
    },
  });

const FLEET = { tenant: "platform" };
const byShip = (metric: string) => `label_replace(${metric}, "ship", "$1", "statefulset", "(.+)")`;
const volumeRatio = (ns: string) =>
  `kubelet_volume_stats_available_bytes{namespace=~"${ns}"} / kubelet_volume_stats_capacity_bytes{namespace=~"${ns}"}`;

/**
 * The four windows of a 30-day objective: how fast the error budget burns, over a long and a short window.
 * `after` is the guard against few samples: one failed probe of 120 an hour is 0.83 %, more than a fast burn at 99.95 %.
 */
export const BURN_WINDOWS = [
  { factor: 14.4, long: "1h", short: "5m", wait: "2m", severity: "critical", budget: "2 % in an hour" },
  { factor: 6, long: "6h", short: "30m", wait: "15m", severity: "critical", budget: "5 % in six hours" },
  { factor: 3, long: "1d", short: "2h", wait: "1h", severity: "warning", budget: "10 % in a day" },
  { factor: 1, long: "3d", short: "6h", wait: "3h", severity: "warning", budget: "10 % in three days" },
] as const;
const SLO_WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"];

/** Prometheus rules: recording first, then alerts. */
export function fleetRules(input: RuleInput): RuleGroup[] {
  return [
    { name: "roadstead.ships", interval: "30s", rules: shipRecords(input) },
    { name: "roadstead.slo", interval: "1m", rules: sloRecords() },
    { name: "roadstead.ships.alerts", rules: shipAlerts(input) },
    { name: "roadstead.fleet.alerts", rules: [...sloAlerts(input), ...watchers(input)] },
  ];
}

function shipRecords({ shipNamespaces: ns }: RuleInput): Rule[] {
  return [
    {
      // 1 for a ship that should run, 0 for one that was stopped on purpose: a stopped ship is not offline.
      record: "roadstead:ship_wanted",
      expr: `max by (namespace, ship) (${byShip(`kube_statefulset_replicas{namespace=~"${ns}"}`)})`,
    },
    {
      record: "roadstead:ship_ready",
      expr: `max by (namespace, ship) (${byShip(`kube_statefulset_status_replicas_ready{namespace=~"${ns}"}`)})`,
    },
    { record: "roadstead:ship_probe", expr: `max by (namespace, ship) (probe_success{job="${SHIP_JOB}"})` },
    {
      // Up is ready and, where it is asked from outside, answering too.
      record: "roadstead:ship_up",
      expr:
        "((roadstead:ship_ready * on (namespace, ship) roadstead:ship_probe) or on (namespace, ship) roadstead:ship_ready)" +
        " and on (namespace, ship) (roadstead:ship_wanted > 0)",
    },
    { record: "roadstead:fleet_up:ratio", expr: "avg(roadstead:ship_up)" },
    {
      record: "roadstead:ship_memory_bytes",
      expr: `max by (namespace, pod) (container_memory_working_set_bytes{namespace=~"${ns}", container!=""})`,
    },
    {
      record: "roadstead:ship_memory_limit_bytes",
      expr: `max by (namespace, pod) (kube_pod_container_resource_limits{namespace=~"${ns}", resource="memory"})`,
    },
  ];
}

function sloRecords(): Rule[] {
  return SLO_WINDOWS.map((window) => ({
    // Ship-minutes up over ship-minutes wanted: a big outage weighs as many ships as it hits.
    record: `roadstead:fleet_errors:ratio_${window}`,
    expr: `1 - sum(sum_over_time(roadstead:ship_up[${window}])) / sum(count_over_time(roadstead:ship_up[${window}]))`,
  }));
}

function shipAlerts(input: RuleInput): Rule[] {
  const alert = alertOf(input);
  const ns = input.shipNamespaces;
  return [
    alert("UrbitShipOffline", "roadstead:ship_up == 0", "5m", {
      severity: "critical",
      summary: "Ship {{ $labels.ship }} is offline",
      description:
        "{{ $labels.ship }} in {{ $labels.namespace }} should run and has not been ready and reachable for 5 minutes.",
    }),
    alert(
      "UrbitShipRunsTwice",
      `count by (ship) (roadstead:ship_wanted > 0) > 1 or max by (namespace, ship) (${byShip(`kube_statefulset_status_replicas{namespace=~"${ns}"}`)}) > 1`,
      null,
      {
        severity: "critical",
        summary: "Ship {{ $labels.ship }} is declared to run more than once",
        description:
          "More than one copy of {{ $labels.ship }} runs or is about to. Two copies of a ship break it for every peer; only the owner's wallet can repair that.",
        labels: { tenant: "platform" },
      },
    ),
    alert(
      "UrbitShipHighMemory",
      `roadstead:ship_memory_bytes > on (namespace, pod) ${HIGH_MEMORY_RATIO} * roadstead:ship_memory_limit_bytes` +
        ` or (roadstead:ship_memory_bytes unless on (namespace, pod) roadstead:ship_memory_limit_bytes) > ${3.5 * GIB}`,
      "15m",
      {
        severity: "warning",
        summary: "{{ $labels.pod }} uses much of its memory",
        description:
          "{{ $labels.pod }} in {{ $labels.namespace }} has used {{ $value | humanize1024 }}B for 15 minutes: over 87.5 % of its limit (3.5 GiB of 4).",
      },
    ),
    alert(
      "UrbitShipOutOfMemory",
      `(sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total{namespace=~"${ns}"}[15m])) > 0)` +
        ` and on (namespace, pod) (max by (namespace, pod) (kube_pod_container_status_last_terminated_reason{namespace=~"${ns}", reason="OOMKilled"}) == 1)`,
      null,
      {
        severity: "warning",
        summary: "{{ $labels.pod }} was killed for lack of memory",
        description:
          "The kernel ended {{ $labels.pod }} in {{ $labels.namespace }} at its memory limit. It replays its event log now.",
      },
    ),
    alert(
      "UrbitShipRestartLoop",
      `sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total{namespace=~"${ns}"}[1h])) > 3`,
      "5m",
      {
        severity: "critical",
        summary: "{{ $labels.pod }} restarts again and again",
        description: "{{ $labels.pod }} in {{ $labels.namespace }} restarted {{ $value | humanize }} times in an hour.",
      },
    ),
    alert(
      "UrbitPierFillingUp",
      `(${volumeRatio(ns)} < 0.15) and predict_linear(kubelet_volume_stats_available_bytes{namespace=~"${ns}"}[6h], 4 * 24 * 3600) < 0`,
      "1h",
      {
        severity: "warning",
        summary: "Volume {{ $labels.persistentvolumeclaim }} is full within four days",
        description:
          "{{ $value | humanizePercentage }} of {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} is left, and at the pace of six hours none in four days. Piers only grow.",
      },
    ),
    alert("UrbitPierAlmostFull", `${volumeRatio(ns)} < 0.05`, "5m", {
      severity: "critical",
      summary: "Volume {{ $labels.persistentvolumeclaim }} is almost full",
      description:
        "{{ $value | humanizePercentage }} of {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} is left. A ship that cannot write its event log stops.",
    }),
    ...(input.probed
      ? [
          certificate(alert, "UrbitCertificateExpiresSoon", 14, "warning"),
          certificate(alert, "UrbitCertificateExpiresNow", 3, "critical"),
        ]
      : []),
  ];
}

function certificate(
  alert: ReturnType<typeof alertOf>,
  name: string,
  days: number,
  severity: "warning" | "critical",
): Rule {
  return alert(
    name,
    `min by (namespace, ship) (probe_ssl_earliest_cert_expiry{job="${SHIP_JOB}"}) - time() < ${days} * 24 * 3600`,
    "1h",
    {
      severity,
      summary: "The certificate of {{ $labels.ship }} expires in less than " + `${days} days`,
      description:
        "The certificate served for {{ $labels.ship }} is valid for {{ $value | humanizeDuration }} more. Renewal should have happened by itself.",
    },
  );
}

function sloAlerts(input: RuleInput): Rule[] {
  const alert = alertOf(input);
  const allowed = Number((1 - input.sla / 100).toPrecision(6));
  return [
    alert("UrbitFleetUptimeBelowSLA", `100 * roadstead:fleet_up:ratio < ${input.sla}`, "10m", {
      severity: "critical",
      summary: `Less than ${input.sla} % of the fleet is up`,
      description: `{{ $value | humanize }} % of the ships that should run have been up for 10 minutes; ${input.sla} % are promised.`,
      labels: FLEET,
    }),
    ...BURN_WINDOWS.map((w) =>
      alert(
        "UrbitFleetErrorBudgetBurn",
        `roadstead:fleet_errors:ratio_${w.long} > ${w.factor} * ${allowed} and roadstead:fleet_errors:ratio_${w.short} > ${w.factor} * ${allowed}` +
          // A window is only judged once half of its samples can exist: a fleet of an hour has no three-day error rate.
          ` and sum(count_over_time(roadstead:fleet_up:ratio[${w.long}])) >= ${halfOf(w.long)}`,
        w.wait,
        {
          severity: w.severity,
          summary: `The month's downtime of the fleet is being used up ${w.factor} times too fast`,
          description: `{{ $value | humanizePercentage }} of ship time was down over ${w.long}. That spends ${w.budget} of what ${input.sla} % allows in 30 days.`,
          labels: { ...FLEET, long: w.long, short: w.short },
        },
      ),
    ),
  ];
}

/** Half the samples of a window at the 30 s interval of roadstead.ships. */
function halfOf(window: string): number {
  const seconds = Number.parseInt(window, 10) * (window.endsWith("d") ? 86_400 : window.endsWith("h") ? 3600 : 60);
  return seconds / 30 / 2;
}

function watchers(input: RuleInput): Rule[] {
  const alert = alertOf(input);
  const metric = input.probed ? `probe_success{job="${SHIP_JOB}"}` : "roadstead:ship_wanted";
  return [
    alert("UrbitShipMetricsMissing", `absent(${metric})`, "10m", {
      severity: "critical",
      summary: "Nobody is watching the ships",
      description: `No sample of ${metric.replace(/"/g, "'")} for 10 minutes: every other alert of the fleet is blind.`,
      labels: FLEET,
    }),
    alert("Watchdog", "vector(1)", null, {
      severity: "none",
      summary: "Alerting works",
      description: "Always firing. A dead man's switch that stops receiving it knows that alerting is down.",
      labels: FLEET,
    }),
  ];
}

/** What a ship's claim writes when it refuses to let it boot. */
export const QUARANTINE_LINE = "roadstead: quarantine";
/** Lines that mean a ship refused to run, and must not be started again before somebody looked. */
export const REFUSAL_LINES = ["double-boot detected", QUARANTINE_LINE];
/** Lines that mean a ship ran out of something. */
export const EXHAUSTION_LINES = ["bail: meme", "No space left", "pier: work exit"];

/** LogQL alerts for Loki's ruler: what only the log says. */
export function logRules(input: RuleInput): RuleGroup[] {
  const alert = alertOf(input);
  // A refusal is written once, when the ship parks itself; the alert must outlive the line by more than a coffee.
  const lines = (wanted: string[]) =>
    `sum by (namespace, pod) (count_over_time({namespace=~"${input.shipNamespaces}"} |~ \`${wanted.join("|")}\` [6h])) > 0`;
  return [
    {
      name: "roadstead.logs",
      rules: [
        alert("UrbitShipQuarantined", lines(REFUSAL_LINES), null, {
          severity: "critical",
          summary: "{{ $labels.pod }} refused to run",
          description:
            "{{ $labels.pod }} in {{ $labels.namespace }} wrote a refusal: its pier is older than what the network saw, or it runs elsewhere. It stays stopped.",
        }),
        alert("UrbitShipExhausted", lines(EXHAUSTION_LINES), null, {
          severity: "warning",
          summary: "{{ $labels.pod }} ran out of loom, disk or time",
          description:
            "{{ $labels.pod }} in {{ $labels.namespace }} wrote one of: bail: meme, No space left, pier: work exit.",
        }),
      ],
    },
  ];
}
