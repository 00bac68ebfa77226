// What an AWS account gives, and what our roles may do in it.
const iam = ["tests/components/eks/iam.test.ts"];
const quotas = ["tests/planner/quotas.test.ts"];

module.exports = [
  {
    id: "any-listener-deleted",
    part: "components",
    title: "the load balancer controller may change and delete what is not its cluster's",
    file: "components/eks/render/load-balancer.ts",
    find: "      Resource: [BALANCERS, TARGETS, LISTENERS],\n      Condition: own,\n",
    replace: "      Resource: [BALANCERS, TARGETS, LISTENERS],\n",
    suites: iam,
  },
  {
    id: "any-group-opened",
    part: "components",
    title: "the load balancer controller may open security groups of other clusters",
    file: "components/eks/render/load-balancer.ts",
    find: "[`aws:ResourceTag/kubernetes.io/cluster/${clusterName}`]",
    replace: '["aws:ResourceTag/kubernetes.io/managed"]',
    suites: iam,
  },
  {
    id: "rotation-not-counted",
    part: "planner",
    title: "the vCPU quota asked for leaves no room to rotate nodes",
    file: "planner/plan/quotas.ts",
    find: "const rotating = cluster ? ROTATING_NODES : 0;",
    replace: "const rotating = 0 * ROTATING_NODES;",
    suites: quotas,
  },
  {
    id: "second-region-not-asked",
    part: "planner",
    title: "no quota is asked for in the region the fleet would be built anew in",
    file: "planner/plan/quotas.ts",
    find: "  if (secondRegion !== null) {",
    replace: "  if (secondRegion !== null && fleet.snapshots < 0) {",
    suites: quotas,
  },
  {
    id: "stated-quota-ignored",
    part: "planner",
    title: "a plan is chosen that needs more than the account is said to have",
    file: "planner/plan/filter.ts",
    find: "    if (have !== undefined)\n      above(",
    replace: "    if (have !== undefined && have < 0)\n      above(",
    suites: [...quotas, "tests/bad-input.test.ts"],
  },
  {
    id: "two-versions-up",
    part: "planner",
    title: "a recorded cluster is sent two Kubernetes versions up",
    file: "planner/architecture/cluster-network.ts",
    find: "if (to === from || to === from + 1) return [];",
    replace: "if (to >= from) return [];",
    suites: ["tests/planner/architecture/cluster-network.test.ts"],
  },
  {
    id: "quota-below-ships",
    part: "planner",
    title: "a lock whose customer's quota is below its ships is taken",
    file: "planner/architecture/check.ts",
    find: "if (quota[key] < needs[key]) short(key, needs[key]);",
    replace: "if (needs[key] < 0) short(key, needs[key]);",
    suites: ["tests/bad-input.test.ts"],
  },
];
