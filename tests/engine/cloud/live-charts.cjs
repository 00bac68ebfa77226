// What charts' programs would do on a real API server, as far as our own objects wait for it. Charts are not to be had here:
// of Envoy Gateway's release there are its definitions, of the load balancer controller's chart what it does to a Service of
// its class. Which definitions a chart brings is in the file ROADSTEAD_CHART_DEFINITIONS names.
const { readFileSync } = require("node:fs");
const { setTimeout } = require("node:timers");
const { Refused } = require("./store.cjs");

const RELEASE = "kubernetes:helm.sh/v3:Release";
const CONTROLLER = "aws-load-balancer-controller";
/** What the controller answers for, and what it holds such a Service with (docs/guide/service/nlb.md of its repository). */
const CLASS = "service.k8s.aws/nlb";
const FINALIZER = "service.k8s.aws/resources";
const SERVED_MS = 15_000;

const isRelease = (type) => type === RELEASE;
const isBalanced = ({ kind, spec }) => kind === "Service" && spec?.loadBalancerClass === CLASS;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** As Helm does: definitions that are there already are left as they are, and all are served before anything else is made. */
async function installDefinitions(api, { chart }) {
  const file = process.env.ROADSTEAD_CHART_DEFINITIONS;
  const brought = file ? (JSON.parse(readFileSync(file, "utf8"))[String(chart).split("@")[0]] ?? []) : [];
  for (const definition of brought)
    await api.create(definition, {}).catch((error) => {
      if (error.reason !== "AlreadyExists") throw error;
    });
  for (const { spec } of brought) {
    const kind = { apiVersion: `${spec.group}/${spec.versions[0].name}`, kind: spec.names.kind };
    for (const until = Date.now() + SERVED_MS; !(await api.serves(kind)); await sleep(100))
      if (Date.now() > until)
        throw new Refused(`${kind.kind} is not served ${SERVED_MS / 1000} s after its definition`);
  }
}

/** The load balancer: with an address, and holding its Service until the controller has deleted it. */
async function balance(api, service) {
  await needController(api, service);
  const held = [...(service.metadata.finalizers ?? []), FINALIZER];
  await api.jsonPatch(service, [{ op: "add", path: "/metadata/finalizers", value: held }]);
  const hostname = `${service.metadata.name}.elb.amazonaws.com`;
  await api.status(service, { loadBalancer: { ingress: [{ hostname }] } });
  return api.get(service);
}

/** A Service that is going lets go of its load balancer, while there is somebody to take it down. */
async function unbalance(api, service) {
  await needController(api, service);
  for (let tries = 5; tries > 0; tries -= 1) {
    const { metadata } = await api.get(service);
    const at = (metadata.finalizers ?? []).indexOf(FINALIZER);
    if (at < 0) return;
    const path = `/metadata/finalizers/${at}`;
    const patch = [
      { op: "test", path, value: FINALIZER },
      { op: "remove", path },
    ];
    // The garbage collector takes its own off at the same time, and places shift.
    const done = await api.jsonPatch(service, patch).catch(() => null);
    if (done !== null) return;
  }
  throw new Refused(`Service ${service.metadata.name}: its finalizer could not be taken off`);
}

async function needController(api, { metadata }) {
  const charts = await api.list({ apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: "kube-system" } });
  if (!charts.some((c) => c.data?.chart === CONTROLLER && !c.metadata.deletionTimestamp))
    throw new Refused(`Service ${metadata.name}: nobody answers for ${CLASS}: its controller is not there`);
}

module.exports = { balance, installDefinitions, isBalanced, isRelease, unbalance };
