// Clusters, monitoring, backups.
const eks = ["tests/components/eks"];
const part = "components";

module.exports = [
  {
    id: "piers-deleted-with-claims",
    part,
    title: "the storage class deletes a pier with its claim",
    file: "components/eks/render/addons.ts",
    find: 'reclaimPolicy: "Retain",',
    replace: 'reclaimPolicy: "Delete",',
    suites: eks,
  },
  {
    id: "world-open-endpoint",
    part,
    title: "a cluster's API open to 0.0.0.0/0 is accepted",
    file: "components/eks/cluster.ts",
    find: "if (worldOpenCidr(cidr) || !IPv4",
    replace: "if (!IPv4",
    suites: eks,
  },
  {
    id: "created-in-apply",
    part,
    title: "the closed default group is created inside apply, so a preview cannot show it",
    file: "components/eks/network.ts",
    find:
      "  new DefaultSecurityGroup(\n    `${name}-default-closed`,\n" +
      "    { vpcId: vpc.id, region: args.region, tags: tagged(args, `${name}-default-closed`) },\n    { parent },\n  );",
    replace:
      "  vpc.id.apply(\n    (vpcId) =>\n      new DefaultSecurityGroup(\n        `${name}-default-closed`,\n" +
      "        { vpcId, region: args.region, tags: tagged(args, `${name}-default-closed`) },\n        { parent },\n      ),\n  );",
    suites: eks,
  },
  {
    id: "admin-named-by-index",
    part,
    title: "administrators' access is named by its place in the list",
    file: "components/eks/cluster.ts",
    find: 'const key = principalArn.replace(/^arn:[^:]+:iam::/, "").replace(/[^A-Za-z0-9]+/g, "-");',
    replace: "const key = String(args.adminArns!.indexOf(principalArn));",
    suites: ["tests/components/identity.test.ts", ...eks],
  },
  {
    id: "node-metadata-v1",
    part,
    title: "nodes answer metadata requests without a token",
    file: "components/eks/node-pool.ts",
    find: 'httpTokens: "required",',
    replace: 'httpTokens: "optional",',
    suites: eks,
  },
  {
    id: "policies-accepted-and-ignored",
    part,
    title: "the CNI does not enforce network policies",
    file: "components/eks/render/addons.ts",
    find: 'enableNetworkPolicy: "true"',
    replace: 'enableNetworkPolicy: "false"',
    suites: eks,
  },
  {
    id: "grafana-default-password",
    part,
    title: "Grafana has its chart's default password",
    file: "components/monitoring/render/values.ts",
    find: 'admin: { existingSecret: GRAFANA_SECRET, userKey: "admin-user", passwordKey: "admin-password" },',
    replace: 'adminPassword: "prom-operator",',
    suites: ["tests/components/monitoring"],
  },
];
