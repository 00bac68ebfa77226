// Customers: who may talk to whom, what each may take.
const isolation = ["tests/components/isolation"];
const part = "components";

module.exports = [
  {
    id: "dns-without-tcp",
    part,
    title: "ships may not ask for names over TCP",
    file: "components/isolation/render/tenant.ts",
    find: 'ports: [{ protocol: "UDP", port: 53 }, tcp(53)],',
    replace: 'ports: [{ protocol: "UDP", port: 53 }],',
    suites: [...isolation, { path: "tests/cluster/traffic.test.ts" }],
  },
  {
    id: "edge-rule-selects-all",
    part,
    title: "the rule for the gateway lets every namespace in",
    file: "components/isolation/render/tenant.ts",
    find: "from: [{ namespaceSelector: namespaceOf(namespace) }],",
    replace: "from: [{ namespaceSelector: { matchLabels: {} } }],",
    suites: [...isolation, { path: "tests/cluster/traffic.test.ts" }],
  },
  {
    id: "deny-selects-nothing",
    part,
    title: "the default deny selects pods that do not exist",
    file: "components/isolation/render/tenant.ts",
    find: '{ name: "default-deny", spec: { podSelector: everyPod,',
    replace: '{ name: "default-deny", spec: { podSelector: { matchLabels: { app: "ship" } },',
    suites: [...isolation, { path: "tests/cluster/traffic.test.ts" }],
  },
  {
    id: "pod-security-dropped",
    part,
    title: "a customer's namespace does not enforce pod security",
    file: "components/isolation/render/tenant.ts",
    find: "const levels = { enforce: plan.podSecurity, audit:",
    replace: "const levels = { audit:",
    suites: [...isolation, { path: "tests/cluster/isolation.test.ts" }],
  },
  {
    id: "quota-one-pod-more",
    part,
    title: "a quota leaves room for a second copy",
    file: "components/isolation/render/tenant.ts",
    find: "pods: String(q.ships),",
    replace: "pods: String(q.ships + 1),",
    suites: [...isolation, { path: "tests/cluster/isolation.test.ts" }],
  },
  {
    id: "limit-below-loom",
    part,
    title: "the default limit is the loom without headroom",
    file: "components/isolation/render/tenant.ts",
    find: "`${loomMiB(loom) + LOOM_HEADROOM_MIB}Mi`",
    replace: "`${loomMiB(loom)}Mi`",
    suites: isolation,
  },
];
