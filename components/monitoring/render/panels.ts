// A dashboard's panels as plain Grafana JSON. The SDK is not used on purpose: it has no alert list panel, gives panels
// no id, and adds 57 ms and 13 MB to every preview (docs/components/monitoring-stack.md).

export interface Target {
  expr: string;
  legend?: string;
  /** A table row a series, now, instead of a curve. */
  instant?: boolean;
}
interface PanelCommon {
  title: string;
  description?: string;
  /** Width of 24 columns. */
  w: number;
  h: number;
}
export interface MetricPanel extends PanelCommon {
  kind: "stat" | "timeseries" | "table" | "bargauge";
  targets: Target[];
  /** Grafana's unit id, such as bytes, percentunit, s. */
  unit: string;
  decimals?: number;
  min?: number;
  max?: number;
  /** Values at which the colour changes; the first colour holds below. */
  steps?: { color: string; from: number }[];
  /** Columns to hide and rename, for tables. */
  rename?: Record<string, string>;
}
export interface LogPanel extends PanelCommon {
  kind: "logs";
  expr: string;
}
export interface AlertListPanel extends PanelCommon {
  kind: "alertlist";
  /** What it lists. */
  states: ("firing" | "pending")[];
}
export interface TextPanel extends PanelCommon {
  kind: "text";
  markdown: string;
}
export type Panel = MetricPanel | LogPanel | AlertListPanel | TextPanel;

export interface Variable {
  name: string;
  label: string;
  query: string;
  multi?: boolean;
}
export interface DashboardInput {
  uid: string;
  title: string;
  description: string;
  from: string;
  variables?: Variable[];
  panels: Panel[];
  /** True when a log source is needed. */
  logs?: boolean;
}

const PROMETHEUS = { type: "prometheus", uid: "${datasource}" };
const LOKI = { type: "loki", uid: "${logs}" };
const GREEN = [{ color: "blue", from: 0 }];

export function dashboard(input: DashboardInput): Record<string, unknown> {
  return {
    uid: input.uid,
    title: input.title,
    description: input.description,
    tags: ["roadstead"],
    schemaVersion: 39,
    version: 1,
    editable: false,
    graphTooltip: 1,
    refresh: "1m",
    time: { from: input.from, to: "now" },
    timezone: "browser",
    annotations: { list: [] },
    links: [
      {
        title: "Roadstead",
        type: "dashboards",
        tags: ["roadstead"],
        asDropdown: true,
        keepTime: true,
        includeVars: true,
        icon: "external link",
        targetBlank: false,
        tooltip: "",
        url: "",
      },
    ],
    templating: {
      list: [
        source("datasource", "Metrics", "prometheus"),
        ...(input.logs ? [source("logs", "Logs", "loki")] : []),
        ...(input.variables ?? []).map(queried),
      ],
    },
    panels: place(input.panels),
  };
}

const source = (name: string, label: string, type: string) => ({
  name,
  label,
  type: "datasource",
  query: type,
  hide: 0,
  multi: false,
  includeAll: false,
  refresh: 1,
  regex: "",
  current: {},
  options: [],
});

const queried = (v: Variable) => ({
  name: v.name,
  label: v.label,
  type: "query",
  datasource: PROMETHEUS,
  query: { query: v.query, refId: v.name },
  definition: v.query,
  refresh: 2,
  sort: 1,
  hide: 0,
  regex: "",
  multi: v.multi ?? false,
  includeAll: v.multi ?? false,
  ...(v.multi ? { allValue: ".*" } : {}),
  current: {},
  options: [],
});

/** Rows of 24 columns, left to right; a panel that does not fit starts the next row. */
function place(panels: Panel[]): Record<string, unknown>[] {
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  return panels.map((panel, index) => {
    if (x + panel.w > 24) {
      x = 0;
      y += rowHeight;
      rowHeight = 0;
    }
    const gridPos = { x, y, w: panel.w, h: panel.h };
    x += panel.w;
    rowHeight = Math.max(rowHeight, panel.h);
    return {
      id: index + 1,
      title: panel.title,
      ...(panel.description ? { description: panel.description } : {}),
      gridPos,
      ...body(panel),
    };
  });
}

function body(panel: Panel): Record<string, unknown> {
  switch (panel.kind) {
    case "text":
      return { type: "text", options: { mode: "markdown", content: panel.markdown } };
    case "alertlist":
      return {
        type: "alertlist",
        options: {
          viewMode: "list",
          groupMode: "default",
          maxItems: 50,
          sortOrder: 3,
          datasource: "Alertmanager",
          alertInstanceLabelFilter: "",
          stateFilter: {
            firing: panel.states.includes("firing"),
            pending: panel.states.includes("pending"),
            error: true,
            noData: false,
            normal: false,
          },
        },
      };
    case "logs":
      return {
        type: "logs",
        datasource: LOKI,
        targets: [{ refId: "A", datasource: LOKI, expr: panel.expr, queryType: "range" }],
        options: { showTime: true, wrapLogMessage: true, sortOrder: "Descending", enableLogDetails: true },
      };
    default:
      return metric(panel);
  }
}

function metric(panel: MetricPanel): Record<string, unknown> {
  const refs = "ABCDEFGHIJ";
  const table = panel.kind === "table";
  return {
    type: panel.kind,
    datasource: PROMETHEUS,
    targets: panel.targets.map((t, i) => ({
      refId: refs[i],
      datasource: PROMETHEUS,
      expr: t.expr,
      legendFormat: t.legend ?? "__auto",
      ...(t.instant || table
        ? { instant: true, range: false, format: table ? "table" : "time_series" }
        : { range: true }),
    })),
    fieldConfig: {
      defaults: {
        unit: panel.unit,
        ...(panel.decimals !== undefined ? { decimals: panel.decimals } : {}),
        ...(panel.min !== undefined ? { min: panel.min } : {}),
        ...(panel.max !== undefined ? { max: panel.max } : {}),
        color: { mode: panel.kind === "timeseries" ? "palette-classic" : "thresholds" },
        thresholds: {
          mode: "absolute",
          steps: (panel.steps ?? GREEN).map((s, i) => ({ color: s.color, value: i === 0 ? null : s.from })),
        },
        ...(panel.kind === "timeseries"
          ? { custom: { lineWidth: 1, fillOpacity: 10, showPoints: "never", spanNulls: false } }
          : {}),
      },
      overrides: [],
    },
    ...(table
      ? {
          transformations: [
            { id: "merge", options: {} },
            {
              id: "organize",
              options: { excludeByName: { Time: true }, renameByName: panel.rename ?? {} },
            },
          ],
        }
      : {}),
    options: options(panel.kind),
  };
}

function options(kind: MetricPanel["kind"]): Record<string, unknown> {
  const reduceOptions = { calcs: ["lastNotNull"], fields: "", values: false };
  switch (kind) {
    case "stat":
      return { reduceOptions, colorMode: "value", graphMode: "area", textMode: "auto", justifyMode: "auto" };
    case "bargauge":
      return { reduceOptions, orientation: "horizontal", displayMode: "basic", showUnfilled: true };
    case "table":
      return { showHeader: true, cellHeight: "sm" };
    case "timeseries":
      return {
        legend: { displayMode: "list", placement: "bottom", showLegend: true },
        tooltip: { mode: "multi", sort: "desc" },
      };
  }
}
