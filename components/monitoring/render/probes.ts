// Web probes of ships as prometheus-operator Probe objects: one a tenant, since a Probe has one set of labels.
import { SHIP_JOB } from "./alerts";

export interface ProbedShip {
  id: string;
  namespace: string;
  tenant: string;
}
export interface ProbeInput {
  cell: string;
  domain: string;
  /** Namespace of Prometheus and the blackbox exporter. */
  namespace: string;
  ships: ProbedShip[];
}
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: Record<string, unknown>;
}

export const BLACKBOX_SERVICE = "roadstead-blackbox";
export const BLACKBOX_PORT = 9115;
/** Module of the blackbox exporter: a page over verified TLS. */
export const SHIP_MODULE = "ship_web";
export const PROBE_SECONDS = 30;

/** Probes keyed by namespace, in order of namespace, so that a ship that moves in or out changes one object. */
export function renderProbes(input: ProbeInput): { key: string; manifest: Manifest }[] {
  const namespaces = [...new Set(input.ships.map((s) => s.namespace))].sort();
  const suffix = `.${input.domain}`.replace(/\./g, "\\.");
  return namespaces.map((namespace) => {
    const ships = input.ships.filter((s) => s.namespace === namespace).sort((a, b) => (a.id < b.id ? -1 : 1));
    return {
      key: namespace,
      manifest: {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "Probe",
        metadata: {
          name: `ships-${input.cell}-${namespace}`,
          namespace: input.namespace,
          labels: { "app.kubernetes.io/part-of": "roadstead", "roadstead.dev/cell": input.cell },
        },
        spec: {
          jobName: SHIP_JOB,
          interval: `${PROBE_SECONDS}s`,
          scrapeTimeout: "10s",
          module: SHIP_MODULE,
          prober: { url: `${BLACKBOX_SERVICE}.${input.namespace}.svc:${BLACKBOX_PORT}`, path: "/probe" },
          targets: {
            staticConfig: {
              // The operator would set `namespace` to its own: alerts must name the tenant's.
              labels: { namespace, tenant: ships[0]!.tenant, cell: input.cell },
              // /~/login is Arvo's own page: it answers only when the ship itself does, not merely its runtime.
              static: ships.map((s) => `https://${s.id}.${input.domain}/~/login`),
              relabelingConfigs: [
                {
                  sourceLabels: ["instance"],
                  regex: `https://(.+)${suffix}/.*`,
                  targetLabel: "ship",
                  replacement: "$1",
                },
              ],
            },
          },
        },
      },
    };
  });
}
