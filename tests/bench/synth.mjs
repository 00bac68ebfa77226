// The yardstick: cdk8s synthesising as many objects as the preview has, of the kinds a ship is made of.
import { App, ApiObject, Chart } from "cdk8s";

const [outdir, count] = [process.argv[2], Number(process.argv[3])];
const app = new App({ outdir });
const PER_SHIP = 5;
const labels = { "app.kubernetes.io/part-of": "bench", "app.kubernetes.io/managed-by": "cdk8s" };
const KINDS = [
  (name, namespace) => ({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name, namespace, labels },
    spec: { holderIdentity: "bench" },
  }),
  (name, namespace) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace, labels },
    spec: {
      accessModes: ["ReadWriteOncePod"],
      storageClassName: "bench",
      resources: { requests: { storage: "20Gi" } },
    },
  }),
  (name, namespace) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels },
    spec: { selector: { ship: name }, ports: [{ name: "http", port: 8080 }] },
  }),
  (name, namespace) => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, namespace, labels },
    spec: {
      parentRefs: [{ name: "edge" }],
      hostnames: [`${name}.example.com`],
      rules: [{ backendRefs: [{ name, port: 8080 }] }],
    },
  }),
  (name, namespace) => ({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, namespace, labels },
    spec: {
      replicas: 1,
      serviceName: name,
      selector: { matchLabels: { ship: name } },
      updateStrategy: { type: "OnDelete" },
      template: {
        metadata: { labels: { ship: name } },
        spec: {
          containers: [
            {
              name: "ship",
              image: "bench/ship",
              ports: [{ containerPort: 8080 }],
              resources: { requests: { cpu: "250m", memory: "4096Mi" }, limits: { memory: "4096Mi" } },
              volumeMounts: [{ name: "pier", mountPath: "/urbit" }],
            },
          ],
          volumes: [{ name: "pier", persistentVolumeClaim: { claimName: name } }],
        },
      },
    },
  }),
];
let chart;
for (let i = 0; i < count; i++) {
  if (i % (50 * PER_SHIP) === 0) chart = new Chart(app, `cell-${i}`);
  const ship = `ship-${Math.floor(i / PER_SHIP)}`;
  new ApiObject(chart, `${ship}-${i % PER_SHIP}`, KINDS[i % PER_SHIP](ship, `t-${i % 20}`));
}
app.synth();
