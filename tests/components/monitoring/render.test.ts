import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { alertmanagerConfig, alertmanagerYaml } from "../../../components/monitoring/render/alertmanager";
import {
  BURN_WINDOWS,
  HIGH_MEMORY_RATIO,
  SHIP_JOB,
  fleetRules,
  logRules,
  type Rule,
} from "../../../components/monitoring/render/alerts";
import { renderDashboards } from "../../../components/monitoring/render/dashboards";
import { costRules, dashboardConfigMaps, logRulesConfigMap } from "../../../components/monitoring/render/objects";
import { renderProbes } from "../../../components/monitoring/render/probes";
import {
  kubePrometheusStackValues,
  lokiValues,
  retentionSize,
  type ValuesInput,
} from "../../../components/monitoring/render/values";

const RUNBOOKS = join(__dirname, "../../../docs/runbooks");
const input = { sla: 99.9, shipNamespaces: "t-[0-9a-f]{10}", probed: true, runbookBaseUrl: "docs/runbooks" };
const allAlerts = () =>
  [...fleetRules(input), ...logRules(input)]
    .flatMap((g) => g.rules)
    .filter((r): r is Rule & { alert: string } => !!r.alert);
const alert = (name: string) => allAlerts().filter((a) => a.alert === name);

describe("alerts", () => {
  test.each(allAlerts().map((a) => [a.alert, a] as const))(
    "%s says how bad, what, why, and has a runbook that exists",
    (name, rule) => {
      expect(["critical", "warning", "info", "none"]).toContain(rule.labels?.severity);
      expect(rule.labels?.tenant).toBeTruthy();
      expect(rule.annotations?.summary).toBeTruthy();
      expect(rule.annotations?.description).toBeTruthy();
      expect(rule.annotations?.runbook_url).toBe(`docs/runbooks/${name}.md`);
      expect(existsSync(join(RUNBOOKS, `${name}.md`))).toBe(true);
    },
  );

  test("no runbook is left without its alert", () => {
    const names = new Set(allAlerts().map((a) => `${a.alert}.md`));
    const strangers = readdirSync(RUNBOOKS).filter((f) => /^(Urbit|Watchdog)/.test(f) && !names.has(f));
    expect(strangers).toEqual([]);
  });

  test("every runbook has meaning, impact, diagnosis, mitigation, and links that lead somewhere", () => {
    for (const name of new Set(allAlerts().map((a) => a.alert))) {
      const text = readFileSync(join(RUNBOOKS, `${name}.md`), "utf8");
      expect(text.match(/^#+ .*/gm)).toEqual([`# ${name}`, "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]);
      for (const [, file] of text.matchAll(/\]\(([^)]+)\)/g)) expect(existsSync(join(RUNBOOKS, file!))).toBe(true);
    }
  });

  test("no runbook tells anybody to start a second copy, restore a snapshot, or delete by force", () => {
    for (const name of new Set(allAlerts().map((a) => a.alert))) {
      const commands = readFileSync(join(RUNBOOKS, `${name}.md`), "utf8").match(/`[^`]+`/g) ?? [];
      for (const command of commands)
        expect(command).not.toMatch(
          /--force|--grace-period|delete (pod|pvc|pv|lease)|restore|snapshot|replicas[ =]?[2-9]|rollout restart/,
        );
    }
  });

  test("a ship is offline after five minutes, and only when it should run", () => {
    const [offline] = alert("UrbitShipOffline");
    expect(offline).toMatchObject({ for: "5m", labels: { severity: "critical" } });
    const up = fleetRules(input)[0]!.rules.find((r) => r.record === "roadstead:ship_up")!;
    expect(up.expr).toContain("roadstead:ship_wanted > 0");
  });

  test("high memory is 3.5 GiB of the usual limit for fifteen minutes", () => {
    const [high] = alert("UrbitShipHighMemory");
    expect(high).toMatchObject({ for: "15m", labels: { severity: "warning" } });
    expect(HIGH_MEMORY_RATIO * 4).toBe(3.5);
    expect(high!.expr).toContain("3758096384");
  });

  test("the fleet is measured against the promised availability, for ten minutes", () => {
    expect(alert("UrbitFleetUptimeBelowSLA")).toMatchObject([
      { for: "10m", labels: { severity: "critical" }, expr: "100 * roadstead:fleet_up:ratio < 99.9" },
    ]);
  });

  test("the error budget burns over four pairs of windows, guarded against too few samples", () => {
    const burns = alert("UrbitFleetErrorBudgetBurn");
    expect(burns.map((b) => [b.labels?.long, b.labels?.short, b.for, b.labels?.severity])).toEqual([
      ["1h", "5m", "2m", "critical"],
      ["6h", "30m", "15m", "critical"],
      ["1d", "2h", "1h", "warning"],
      ["3d", "6h", "3h", "warning"],
    ]);
    for (const [i, burn] of burns.entries()) {
      expect(burn.expr).toContain(`> ${BURN_WINDOWS[i]!.factor} * 0.001`);
      expect(burn.expr).toMatch(/count_over_time\(.*\) >= \d+$/);
      for (const window of [burn.labels!.long, burn.labels!.short])
        expect(fleetRules(input)[1]!.rules.map((r) => r.record)).toContain(`roadstead:fleet_errors:ratio_${window}`);
    }
  });

  test("a ship declared twice is critical at once", () => {
    expect(alert("UrbitShipRunsTwice")).toMatchObject([{ labels: { severity: "critical" } }]);
    expect(alert("UrbitShipRunsTwice")[0]!.for).toBeUndefined();
  });

  test("a refusal line of the runtime raises the quarantine alert", () => {
    expect(alert("UrbitShipQuarantined")[0]!.expr).toContain("double-boot detected");
    const file = parse(logRulesConfigMap(input).data["roadstead.yaml"]);
    expect(file.groups[0].rules.map((r: Rule) => r.alert)).toContain("UrbitShipQuarantined");
  });

  test("certificates are watched exactly when ships have addresses", () => {
    const names = (probed: boolean) => fleetRules({ ...input, probed }).flatMap((g) => g.rules.map((r) => r.alert));
    expect(names(true)).toContain("UrbitCertificateExpiresNow");
    expect(names(false)).not.toContain("UrbitCertificateExpiresNow");
    expect(names(false)).toContain("UrbitShipMetricsMissing");
  });
});

describe("probes", () => {
  const ships = [
    { id: "zod", namespace: "t-0123456789", tenant: "acme" },
    { id: "bud", namespace: "t-0123456789", tenant: "acme" },
    { id: "nec", namespace: "t-abcdef0123", tenant: "umbrella" },
  ];
  const probes = renderProbes({ cell: "c1", domain: "fleet.example.com", namespace: "roadstead-monitoring", ships });
  const spec = (i: number) => probes[i]!.manifest.spec as any; // eslint-disable-line @typescript-eslint/no-explicit-any

  test("one object a tenant, labelled with the tenant's own namespace", () => {
    expect(probes.map((p) => p.key)).toEqual(["t-0123456789", "t-abcdef0123"]);
    expect(spec(0).targets.staticConfig.labels).toEqual({ namespace: "t-0123456789", tenant: "acme", cell: "c1" });
    expect(spec(0).jobName).toBe(SHIP_JOB);
  });

  test("the ship's name can be read back from its address", () => {
    const { static: targets, relabelingConfigs } = spec(0).targets.staticConfig;
    const regex = new RegExp(`^(?:${relabelingConfigs[0].regex})$`);
    expect(targets.map((t: string) => regex.exec(t)?.[1])).toEqual(["bud", "zod"]);
  });

  test("the order ships are given in changes nothing", () => {
    const again = renderProbes({
      cell: "c1",
      domain: "fleet.example.com",
      namespace: "roadstead-monitoring",
      ships: [...ships].reverse(),
    });
    expect(again).toEqual(probes);
  });
});

describe("chart values", () => {
  const values: ValuesInput = {
    platform: "eks",
    storageClass: "gp3",
    storageGiB: 50,
    retentionDays: 7,
    logStorageGiB: 50,
    shipNamespaces: "t-[0-9a-f]{10}",
    routed: true,
    logs: true,
    lokiVersion: "18.2.0",
  };
  const kps = kubePrometheusStackValues(values) as any; // eslint-disable-line @typescript-eslint/no-explicit-any

  test("no monitor, rule or probe is ignored for want of a release label, in all five kinds", () => {
    const selectors = Object.entries(kps.prometheus.prometheusSpec).filter(([k]) =>
      k.endsWith("SelectorNilUsesHelmValues"),
    );
    expect(selectors).toHaveLength(5);
    expect(selectors.every(([, v]) => v === false)).toBe(true);
  });

  test("a tenant's namespace can neither steer Prometheus nor plant a dashboard", () => {
    const spec = kps.prometheus.prometheusSpec;
    for (const kind of ["rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig"])
      expect(spec[`${kind}NamespaceSelector`]).toEqual({ matchLabels: { "roadstead.dev/monitors": "allowed" } });
    expect(kps.grafana.sidecar.dashboards.searchNamespace).toBe("roadstead-monitoring");
    expect(kps.grafana.sidecar.datasources.searchNamespace).toBe("roadstead-monitoring");
  });

  test("components of a control plane nobody can scrape raise no alert for ever", () => {
    for (const part of ["kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy"])
      expect(kps[part]).toEqual({ enabled: false });
  });

  test("metrics survive a moved pod, and stop at 80 % of the volume", () => {
    const spec = kps.prometheus.prometheusSpec;
    expect(spec.storageSpec.volumeClaimTemplate.spec.resources.requests.storage).toBe("50Gi");
    expect(spec).toMatchObject({ retention: "7d", retentionSize: "40GB" });
    expect(retentionSize(100)).toBe("80GB");
    expect(kps.alertmanager.alertmanagerSpec.storage.volumeClaimTemplate).toBeDefined();
  });

  test("Grafana's password is only named", () => {
    expect(kps.grafana.admin.existingSecret).toBe("roadstead-grafana-admin");
    expect(JSON.stringify(kps)).not.toMatch(/adminPassword/);
  });

  test("Loki's one process goes by the name its chart version knows", () => {
    expect(lokiValues(values).deploymentMode).toBe("Monolithic");
    expect(lokiValues({ ...values, lokiVersion: "6.30.0" }).deploymentMode).toBe("SingleBinary");
  });
});

describe("Alertmanager", () => {
  const all = { pagerDuty: true, slack: true, heartbeat: true };

  test("keys are files, never text", () => {
    const text = alertmanagerYaml(all);
    expect(text).toContain("routing_key_file: /etc/alertmanager/secrets/roadstead-alert-keys/pagerduty-routing-key");
    expect(text).not.toMatch(/(routing_key|api_url|service_key|[^_]url): /);
  });

  test.each([
    [all, ["silent", "page", "notify", "heartbeat"]],
    [{ pagerDuty: true, slack: false, heartbeat: false }, ["silent", "page"]],
    [{ pagerDuty: false, slack: false, heartbeat: false }, ["silent"]],
  ])("every route of %j leads to a receiver that exists", (flags, receivers) => {
    const config = alertmanagerConfig(flags) as any; // eslint-disable-line @typescript-eslint/no-explicit-any
    expect(config.receivers.map((r: { name: string }) => r.name)).toEqual(receivers);
    for (const route of [config.route, ...config.route.routes]) expect(receivers).toContain(route.receiver);
  });

  test("an alert of one tenant cannot hide the same alert of another", () => {
    const config = alertmanagerConfig(all) as any; // eslint-disable-line @typescript-eslint/no-explicit-any
    expect(config.route.group_by).toEqual(["namespace", "alertname"]);
    const bySeverity = config.inhibit_rules.filter((r: { source_matchers: string[] }) =>
      /severity/.test(r.source_matchers[0]!),
    );
    expect(bySeverity.length).toBeGreaterThan(0);
    for (const rule of bySeverity) expect(rule.equal).toContain("namespace");
  });
});

describe("dashboards", () => {
  const dashboards = renderDashboards({ ...input, cost: { monthly: 1596, currency: "USD", budget: 2000 } });
  type Shown = { id: number; type: string; title: string; targets?: any[]; fieldConfig?: any; gridPos: any }; // eslint-disable-line @typescript-eslint/no-explicit-any
  const panels = (i: number) => dashboards[i]!.json.panels as Shown[];
  const queries = dashboards.flatMap((d) =>
    (d.json.panels as Shown[]).flatMap((p) => (p.type === "logs" ? [] : (p.targets ?? []))),
  );
  const KNOWN = [
    "roadstead:",
    "container_cpu_usage_seconds_total",
    "container_network_receive_packets_total",
    "container_network_transmit_packets_total",
    "container_network_transmit_bytes_total",
    "kube_node_labels",
    "kube_node_status_allocatable",
    "kube_persistentvolumeclaim_resource_requests_storage_bytes",
    "kube_pod_container_resource_requests",
    "kube_pod_container_status_restarts_total",
    "kubelet_volume_stats_",
    "probe_duration_seconds",
    "probe_ssl_earliest_cert_expiry",
    "ALERTS",
  ];

  test("there are four, each with its own id and title", () => {
    expect(dashboards.map((d) => d.key)).toEqual(["fleet-overview", "ship", "cost", "alerts"]);
    expect(new Set(dashboards.map((d) => d.json.uid)).size).toBe(4);
    expect(new Set(dashboards.map((d) => d.json.title)).size).toBe(4);
  });

  test("every query goes through the data source variable", () => {
    expect(queries.length).toBeGreaterThan(30);
    for (const q of queries) expect(q.datasource).toEqual({ type: "prometheus", uid: "${datasource}" });
    for (const d of dashboards)
      expect((d.json.templating as any).list[0]).toMatchObject({ name: "datasource", type: "datasource" }); // eslint-disable-line @typescript-eslint/no-explicit-any
  });

  test("rates follow the scrape interval, and every metric is one that is scraped", () => {
    for (const { expr } of queries) {
      if (/\brate\(/.test(expr)) expect(expr).toContain("[$__rate_interval]");
      expect(KNOWN.some((k) => expr.includes(k))).toBe(true);
    }
  });

  test("every panel has a unit, an id of its own, and no panel lies over another", () => {
    for (let i = 0; i < dashboards.length; i++) {
      const shown = panels(i);
      expect(new Set(shown.map((p) => p.id)).size).toBe(shown.length);
      for (const p of shown) if (p.fieldConfig) expect(p.fieldConfig.defaults.unit).toBeTruthy();
      for (const [a, p] of shown.entries())
        for (const q of shown.slice(a + 1)) {
          const apart =
            p.gridPos.x + p.gridPos.w <= q.gridPos.x ||
            q.gridPos.x + q.gridPos.w <= p.gridPos.x ||
            p.gridPos.y + p.gridPos.h <= q.gridPos.y ||
            q.gridPos.y + q.gridPos.h <= p.gridPos.y;
          expect(apart).toBe(true);
        }
    }
  });

  test("each fits into a ConfigMap the sidecar looks for", () => {
    for (const { manifest } of dashboardConfigMaps({ ...input, cost: null })) {
      expect(manifest.metadata.labels).toMatchObject({ grafana_dashboard: "1" });
      expect(JSON.stringify(manifest).length).toBeLessThan(1024 * 1024);
    }
  });

  test("a cost that is not known is said, not shown as nothing", () => {
    const [, , cost] = renderDashboards({ ...input, cost: null });
    expect(JSON.stringify(cost!.json)).toContain("was not recorded");
    expect(JSON.stringify(cost!.json)).not.toContain("planned_monthly");
    expect(costRules({ monthly: 1, currency: "USD", parts: [{ item: "nodes", monthly: 1 }] }).rules).toHaveLength(2);
  });
});
