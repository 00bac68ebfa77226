// Arguments of MonitoringStack and ShipProbes. Structure is plain, leaves that may come from another resource are Inputs.
import type { Input } from "@pulumi/pulumi";

/** What kind of cluster is watched; decides which control-plane components can be scraped at all. */
export const MonitoredPlatform = {
  /** AWS runs the control plane: scheduler, controller manager and etcd are not reachable. */
  Eks: "eks",
  /** DigitalOcean runs the control plane. */
  Doks: "doks",
  /** Any other conformant cluster; treated as managed, since nothing is known about its control plane. */
  Existing: "existing-cluster",
} as const;
export type MonitoredPlatform = (typeof MonitoredPlatform)[keyof typeof MonitoredPlatform];

/** Monitoring the user has already. Nothing is installed beside it. */
export const ExistingMonitoring = {
  None: "none",
  Prometheus: "prometheus",
  Datadog: "datadog",
  NewRelic: "newrelic",
} as const;
export type ExistingMonitoring = (typeof ExistingMonitoring)[keyof typeof ExistingMonitoring];

/** What to do when a chart version is not recorded. */
export const MissingVersions = {
  /** Throw, naming every missing one. What `up` uses. */
  Refuse: "refuse",
  /** Register the chart with a version no repository has, so that a preview is complete and an `up` still fails. */
  Mark: "mark",
} as const;
export type MissingVersions = (typeof MissingVersions)[keyof typeof MissingVersions];

export interface ChartPin {
  /** The chart's version, as in its repository. Changing it upgrades in place. */
  version: string;
}

/** Chart versions. None has a default: an upgrade of Roadstead is never an upgrade of your monitoring. */
export interface MonitoringCharts {
  /** prometheus-community/kube-prometheus-stack: Prometheus, Alertmanager, Grafana, operator, exporters. */
  kubePrometheusStack?: ChartPin;
  /** prometheus-community/prometheus-blackbox-exporter: asks each ship's web page from outside its pod. */
  blackboxExporter?: ChartPin;
  /** grafana-community/loki: logs, and the alerts that only logs can give (a refusal line of the runtime). */
  loki?: ChartPin;
  /** grafana/alloy: brings the ships' logs to Loki. Without it Loki stays empty. */
  alloy?: ChartPin;
}

export interface MonitoredShip {
  /** Object name of the ship: the @p without its sig. */
  id: string;
  /** Namespace the ship lives in. */
  namespace: string;
  /** Tenant label on its metrics and alerts. Default: the namespace. */
  tenant?: string;
}

export interface AlertRouting {
  /** PagerDuty Events v2 routing key. Default: nobody is paged. Give it as a Pulumi secret; it is stored in one Secret and mounted as a file. */
  pagerDutyRoutingKey?: Input<string>;
  /** Slack incoming webhook URL. Default: no message. The same holds for it. */
  slackWebhookUrl?: Input<string>;
  /** URL of a dead man's switch that raises the alarm when the Watchdog alert stops arriving. Default: silence is not noticed, and `warnings` says so. */
  heartbeatUrl?: Input<string>;
}

export interface CostPart {
  /** What is paid for, such as `ship nodes`. */
  item: string;
  /** Planned amount a month. */
  monthly: number;
}

/** The planned cost, shown on the cost dashboard beside what is running. Prometheus sees no bill. */
export interface PlannedCost {
  /** Planned amount a month, in `currency`. */
  monthly: number;
  /** Three letters, such as USD. */
  currency: string;
  /** The most it may cost a month. Default: none. */
  budget?: number;
  /** Parts of the amount. Default: only the total is shown. */
  parts?: CostPart[];
}

export interface MonitoringStackArgs {
  /** Kind of cluster. */
  platform: MonitoredPlatform;
  /** Chart versions; required for everything that is installed. */
  charts: MonitoringCharts;
  /** Storage class of the metric, log and alert volumes; encrypted. Changing it needs the volumes recreated: history is lost. */
  storageClass: string;
  /** GiB of the metric volume. Default 50. Prometheus keeps at most 80 % of it. Growing is in place. */
  storageGiB?: number;
  /** Days of metrics and logs. Default 7. In place. */
  retentionDays?: number;
  /** GiB of the log volume. Default 50. Growing is in place. */
  logStorageGiB?: number;
  /** Availability promised per ship, in per cent; alerts measure against it. Default 99. In place. */
  sla?: number;
  /** Ships of this stack's cell. Those of other cells are probed by their own stack, with ShipProbes. Default: none. */
  ships?: MonitoredShip[];
  /** Cell the ships belong to. Default c1. */
  cell?: string;
  /** Ships are asked at https://<id>.<domain>. Default: no domain, so no web probe; readiness alone counts. */
  domain?: string;
  /** Regular expression of the namespaces ships live in. Default `t-[0-9a-f]{10}`. */
  shipNamespaces?: string;
  /** Where alerts go. Default: nowhere but Alertmanager's own page. */
  routing?: AlertRouting;
  /** Planned cost for the cost dashboard. Default: unknown, and the dashboard says so. */
  cost?: PlannedCost;
  /** Monitoring that exists already. Default none. Anything else installs nothing and says in `scrape` what to scrape. */
  existing?: ExistingMonitoring;
  /** Where the runbooks can be read. Default `docs/runbooks`, the folder in the package. */
  runbookBaseUrl?: string;
  /** What to do when a chart version is missing. Default refuse. */
  missingVersions?: MissingVersions;
}

export interface ShipProbesArgs {
  /** Cell the ships belong to. */
  cell: string;
  /** Ships to ask. */
  ships: MonitoredShip[];
  /** Ships are asked at https://<id>.<domain>. */
  domain: string;
}
