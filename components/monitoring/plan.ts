// Validates the arguments of MonitoringStack and decides everything that is plain: all problems at once, before any child.
import { InputPropertiesError } from "@pulumi/pulumi/errors";
import { ExistingMonitoring, MissingVersions, type ChartPin, type MonitoringStackArgs } from "./args";
import type { RuleInput } from "./render/alerts";
import type { DashboardsInput } from "./render/dashboards";
import type { ValuesInput } from "./render/values";

export interface ChartPlan {
  chart: "kubePrometheusStack" | "blackboxExporter" | "loki" | "alloy";
  /** Logical name suffix. */
  key: string;
  name: string;
  repo: string;
  version: string;
}
export interface MonitoringPlan {
  existing: ExistingMonitoring;
  rules: RuleInput;
  dashboards: DashboardsInput;
  values: ValuesInput;
  charts: ChartPlan[];
  warnings: string[];
}

/** No repository has it: a preview is complete, and an `up` that slips through fails instead of taking the latest. */
export const UNPINNED = "0.0.0-not-recorded";
const PROMETHEUS_COMMUNITY = "https://prometheus-community.github.io/helm-charts";
const SOURCES: Omit<ChartPlan, "version">[] = [
  { chart: "kubePrometheusStack", key: "prometheus", name: "kube-prometheus-stack", repo: PROMETHEUS_COMMUNITY },
  { chart: "blackboxExporter", key: "blackbox", name: "prometheus-blackbox-exporter", repo: PROMETHEUS_COMMUNITY },
  { chart: "loki", key: "loki", name: "loki", repo: "https://grafana-community.github.io/helm-charts" },
  { chart: "alloy", key: "alloy", name: "alloy", repo: "https://grafana.github.io/helm-charts" },
];

export function planMonitoring(name: string, args: MonitoringStackArgs): MonitoringPlan {
  const errors: { propertyPath: string; reason: string }[] = [];
  const bad = (propertyPath: string, reason: string) => errors.push({ propertyPath, reason });
  const whole = (path: string, value: number, least: number) => {
    if (!Number.isInteger(value) || value < least) bad(path, `received ${value}; a whole number of at least ${least}`);
    return value;
  };

  const existing = args.existing ?? ExistingMonitoring.None;
  const install = existing === ExistingMonitoring.None;
  const sla = args.sla ?? 99;
  if (!(sla > 0 && sla < 100)) bad("sla", `received ${sla}; a per cent between 0 and 100, such as 99.9`);
  if (install && !args.storageClass)
    bad("storageClass", "received nothing; name an encrypted storage class, or metrics are lost with each pod");
  const shipNamespaces = args.shipNamespaces ?? "t-[0-9a-f]{10}";
  try {
    new RegExp(shipNamespaces);
  } catch {
    bad("shipNamespaces", `received ${JSON.stringify(shipNamespaces)}; a regular expression of namespace names`);
  }
  if (/["`{]{2}|"|`|\n/.test(shipNamespaces)) bad("shipNamespaces", "quotes and line breaks cannot stand in a query");
  const ids = new Set<string>();
  for (const [i, ship] of (args.ships ?? []).entries()) {
    if (ids.has(ship.id)) bad(`ships[${i}].id`, `received ${ship.id} twice; a ship is watched once`);
    ids.add(ship.id);
  }
  const storageGiB = whole("storageGiB", args.storageGiB ?? 50, 2);
  const retentionDays = whole("retentionDays", args.retentionDays ?? 7, 1);
  const logStorageGiB = whole("logStorageGiB", args.logStorageGiB ?? 50, 1);

  const mark = args.missingVersions === MissingVersions.Mark;
  const warnings: string[] = [];
  const charts = SOURCES.map((source) => {
    const pin = (args.charts as Record<string, ChartPin | undefined>)[source.chart];
    if (install && !pin?.version) {
      const text = `received no version of ${source.name}; record one under versions.charts.${source.chart} in the requirements`;
      if (mark) warnings.push(`charts.${source.chart}: ${text}`);
      else bad(`charts.${source.chart}`, text);
    }
    return { ...source, version: pin?.version || UNPINNED };
  });

  if (errors.length > 0)
    throw new InputPropertiesError({
      message: `MonitoringStack ${name}: ${errors.length} ${errors.length === 1 ? "argument is" : "arguments are"} not usable:\n${errors.map((e) => `  - ${e.propertyPath}: ${e.reason}`).join("\n")}`,
      errors,
    });

  const routing = args.routing ?? {};
  const probed = Boolean(args.domain);
  if (install) {
    if (!routing.pagerDutyRoutingKey && !routing.slackWebhookUrl)
      warnings.push("alerts reach nobody: neither a PagerDuty key nor a Slack webhook is set");
    if (!routing.heartbeatUrl)
      warnings.push(
        "silence is not noticed: no dead man's switch receives the Watchdog alert (PagerDuty alone cannot)",
      );
    if (!probed) warnings.push("ships are not asked from outside: no domain is set, so readiness alone counts as up");
    warnings.push("Ames is not watched: it is UDP, which the blackbox exporter cannot ask");
  }
  return {
    existing,
    rules: { sla, shipNamespaces, probed, runbookBaseUrl: args.runbookBaseUrl ?? "docs/runbooks" },
    dashboards: { sla, shipNamespaces, probed, cost: args.cost ?? null },
    values: {
      platform: args.platform,
      storageClass: args.storageClass,
      storageGiB,
      retentionDays,
      logStorageGiB,
      shipNamespaces,
      routed: Boolean(routing.pagerDutyRoutingKey || routing.slackWebhookUrl || routing.heartbeatUrl),
      logs: true,
      lokiVersion: args.charts.loki?.version ?? null,
    },
    charts: install ? charts : [],
    warnings,
  };
}
