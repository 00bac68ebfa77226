// MonitoringStack: Prometheus, Alertmanager, Grafana, Loki and the alerts of a fleet, in a namespace of their own.
// It refuses a chart without a version and a Grafana without a password of its own.
import {
  ComponentResource,
  all,
  getStack,
  output,
  secret,
  type ComponentResourceOptions,
  type CustomResourceOptions,
  type Input,
  type Output,
  type Resource,
} from "@pulumi/pulumi";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Chart } from "@pulumi/kubernetes/helm/v4/chart";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { heldBy } from "../fleet/render/names";
import { ExistingMonitoring, type AlertRouting, type MonitoringStackArgs } from "./args";
import { planMonitoring, type MonitoringPlan } from "./plan";
import { ShipProbes } from "./probes";
import { ALERT_KEYS_SECRET, KEY_FILES, alertmanagerYaml } from "./render/alertmanager";
import { dashboardConfigMaps, ingressPolicy, logRulesConfigMap, prometheusRule, scrapeHints } from "./render/objects";
import {
  ALERTMANAGER_SECRET,
  GRAFANA_SECRET,
  MONITORS_LABEL,
  NAMESPACE,
  alloyValues,
  blackboxValues,
  kubePrometheusStackValues,
  lokiValues,
} from "./render/values";

/**
 * Monitoring of a fleet on Kubernetes: metrics, logs, dashboards, and alerts that reach somebody.
 *
 * @example
 * new MonitoringStack("prod", {
 *   platform: "eks",
 *   storageClass: "roadstead-gp3",
 *   charts: { kubePrometheusStack: { version: "…" }, blackboxExporter: { version: "…" }, loki: { version: "…" }, alloy: { version: "…" } },
 *   routing: { pagerDutyRoutingKey: config.requireSecret("pagerDuty") },
 * }, { provider });
 *
 * Creates, in the namespace roadstead-monitoring:
 *   Namespace, NetworkPolicy
 *   RandomPassword → Secret of Grafana's admin; Secret of Alertmanager's configuration; Secret of the alert keys
 *   ConfigMap of log rules, one ConfigMap a dashboard (4)
 *   four charts: kube-prometheus-stack, blackbox exporter, Loki, Alloy
 *   PrometheusRule, and a Probe a tenant with a domain
 *
 * Costs the metric, log and silence volumes (101 GiB by default) and room on the system nodes; the plan has the lines.
 * Destroy order is the reverse: rules and probes before the charts that bring their definitions, the namespace last.
 * Metric and log volumes are claims inside the namespace and go with it.
 */
export class MonitoringStack extends ComponentResource {
  /** Namespace everything was installed in; empty when monitoring exists already. */
  public readonly namespace: Output<string>;
  /** Name of the Secret with Grafana's user and password; empty when monitoring exists already. */
  public readonly grafanaSecretName: Output<string>;
  /** What an existing monitoring has to scrape; empty when one is installed. */
  public readonly scrape: Output<string[]>;
  /** What is weaker than it looks, such as alerts that reach nobody. */
  public readonly warnings: Output<string[]>;
  /** True once charts, rules and probes are there. */
  public readonly ready: Output<boolean>;

  constructor(name: string, args: MonitoringStackArgs, opts?: ComponentResourceOptions) {
    super("roadstead:index:MonitoringStack", name, {}, opts);
    const plan = planMonitoring(name, args);
    const install = plan.existing === ExistingMonitoring.None;
    const made = install ? createStack(this, name, args, plan) : [];

    this.namespace = output(install ? NAMESPACE : "");
    this.grafanaSecretName = output(install ? GRAFANA_SECRET : "");
    this.scrape = output(install ? [] : scrapeHints(plan.existing, plan.rules, args.domain ?? null));
    this.warnings = output(plan.warnings);
    this.ready = all(made.map((r) => r.urn)).apply(() => true);
    this.registerOutputs({
      namespace: this.namespace,
      grafanaSecretName: this.grafanaSecretName,
      scrape: this.scrape,
      warnings: this.warnings,
      ready: this.ready,
    });
  }
}

function createStack(parent: Resource, name: string, args: MonitoringStackArgs, plan: MonitoringPlan): Resource[] {
  const namespace = createNamespace(name, { parent });
  const within: CustomResourceOptions = { parent, dependsOn: [namespace] };
  const policy = new NetworkPolicy(`${name}-ingress`, ingressPolicy(), within);
  const configuration = [
    ...grafanaPassword(name, parent, within),
    ...alertRouting(name, args.routing ?? {}, within),
    new ConfigMap(`${name}-log-rules`, logRulesConfigMap(plan.rules), within),
    ...dashboardConfigMaps(plan.dashboards).map(
      ({ key, manifest }) => new ConfigMap(`${name}-dashboard-${key}`, manifest, within),
    ),
  ];
  const charts = installCharts(name, plan, { parent, dependsOn: [namespace, ...configuration] });
  // The charts bring the definitions of these two kinds.
  const after: CustomResourceOptions = { parent, dependsOn: charts };
  const rules = new CustomResource(`${name}-rules`, prometheusRule(plan.rules, args.cost ?? null), after);
  const probes =
    args.domain && (args.ships ?? []).length > 0
      ? [
          new ShipProbes(
            `${name}-probes`,
            { cell: args.cell ?? "c1", ships: args.ships ?? [], domain: args.domain },
            after,
          ),
        ]
      : [];
  return [namespace, policy, ...configuration, ...charts, rules, ...probes];
}

function createNamespace(name: string, opts: CustomResourceOptions): Namespace {
  return new Namespace(
    `${name}-namespace`,
    {
      metadata: {
        name: NAMESPACE,
        labels: {
          "app.kubernetes.io/part-of": "roadstead",
          ...MONITORS_LABEL,
          // node-exporter reads the host's /proc, /sys and root and shares its network: only `privileged` admits it.
          // No tenant may create anything here.
          "pod-security.kubernetes.io/enforce": "privileged",
          "pod-security.kubernetes.io/warn": "baseline",
          "pod-security.kubernetes.io/audit": "baseline",
        },
        annotations: heldBy(getStack()),
      },
    },
    // The name is fixed, so a replacement must not collide with what it replaces.
    { ...opts, deleteBeforeReplace: true },
  );
}

/** A password of its own, in a Secret the chart only names: never the chart's default, never among its values. */
function grafanaPassword(name: string, parent: Resource, within: CustomResourceOptions): Resource[] {
  const password = new RandomPassword(`${name}-grafana-password`, { length: 32, special: false }, { parent });
  return [
    new Secret(
      `${name}-grafana-admin`,
      {
        metadata: { name: GRAFANA_SECRET, namespace: NAMESPACE },
        stringData: { "admin-user": "admin", "admin-password": secret(password.result) },
      },
      // The chart refers to it by this fixed name.
      { ...within, deleteBeforeReplace: true },
    ),
  ];
}

/** Alertmanager's configuration names files; the files are the keys of a second Secret. */
function alertRouting(name: string, routing: AlertRouting, within: CustomResourceOptions): Resource[] {
  const keys: Record<string, Input<string>> = {};
  if (routing.pagerDutyRoutingKey) keys[KEY_FILES.pagerDuty] = secret(routing.pagerDutyRoutingKey);
  if (routing.slackWebhookUrl) keys[KEY_FILES.slack] = secret(routing.slackWebhookUrl);
  if (routing.heartbeatUrl) keys[KEY_FILES.heartbeat] = secret(routing.heartbeatUrl);
  // The charts refer to both by these fixed names.
  const fixed = { ...within, deleteBeforeReplace: true };
  const configuration = new Secret(
    `${name}-alertmanager`,
    {
      metadata: { name: ALERTMANAGER_SECRET, namespace: NAMESPACE },
      stringData: {
        "alertmanager.yaml": alertmanagerYaml({
          pagerDuty: KEY_FILES.pagerDuty in keys,
          slack: KEY_FILES.slack in keys,
          heartbeat: KEY_FILES.heartbeat in keys,
        }),
      },
    },
    fixed,
  );
  if (Object.keys(keys).length === 0) return [configuration];
  return [
    configuration,
    new Secret(
      `${name}-alert-keys`,
      { metadata: { name: ALERT_KEYS_SECRET, namespace: NAMESPACE }, stringData: keys },
      fixed,
    ),
  ];
}

function installCharts(name: string, plan: MonitoringPlan, opts: ComponentResourceOptions): Chart[] {
  const values = {
    kubePrometheusStack: kubePrometheusStackValues(plan.values),
    blackboxExporter: blackboxValues(),
    loki: lokiValues(plan.values),
    alloy: alloyValues(plan.values),
  };
  return plan.charts.map(
    (c) =>
      new Chart(
        `${name}-${c.key}`,
        {
          chart: c.name,
          version: c.version,
          name: `roadstead-${c.key}`,
          namespace: NAMESPACE,
          repositoryOpts: { repo: c.repo },
          values: values[c.chart],
        },
        opts,
      ),
  );
}
