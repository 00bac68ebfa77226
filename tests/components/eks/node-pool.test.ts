// Node groups: hardened, labelled, sized as planned, and only of types that EC2 has in their zones.
import { type PoolRole, SHIPS_TAINT, TaintEffect, typesOffered } from "../../../components/eks";
import { groupNamePrefix } from "../../../components/eks/node-pool";
import { confirm, missingTypes } from "../../../components/eks/offerings";
import { REGION, ZONES, buildPool } from "./fleet";
import { asUp, preview, refusal } from "./record";

const decoded = (userData: unknown) => Buffer.from(String(userData), "base64").toString();

describe("NodePool", () => {
  test("gives pods no way to the node's credentials, and encrypts the root disk", async () => {
    const { inputs } = (await preview(() => buildPool())).one("aws:ec2/launchTemplate:LaunchTemplate");
    expect(inputs.metadataOptions).toMatchObject({ httpTokens: "required", httpPutResponseHopLimit: 1 });
    expect(inputs.blockDeviceMappings).toEqual([
      {
        deviceName: "/dev/xvda",
        ebs: { volumeType: "gp3", volumeSize: 30, encrypted: "true", deleteOnTermination: "true" },
      },
    ]);
  });

  test("raises the kernel's map count for looms, and sets max pods only when told", async () => {
    const userData = async (maxPods: number | null) =>
      decoded(
        (await preview(() => buildPool({ maxPods }))).one("aws:ec2/launchTemplate:LaunchTemplate").inputs.userData,
      );
    expect(await userData(null)).toMatch(/^vm\.max_map_count = 1048576$/m);
    expect(await userData(null)).toMatch(/^fs\.inotify\.max_user_instances = 8192$/m);
    expect(await userData(null)).not.toContain("NodeConfig");
    expect(await userData(58)).toMatch(/^kind: NodeConfig$[\s\S]*maxPods: 58$/m);
  });

  test("loads what IPVS needs only where kube-proxy uses it: anything else would rotate every fleet's nodes", async () => {
    const userData = async (ipvs?: boolean) =>
      decoded((await preview(() => buildPool({ ipvs }))).one("aws:ec2/launchTemplate:LaunchTemplate").inputs.userData);
    expect(await userData()).toBe(await userData(false));
    expect(await userData()).not.toContain("modprobe");
    expect(await userData(true)).toMatch(/^modprobe ip_vs_rr$/m);
    expect(await userData(true)).toMatch(/modules-load\.d[\s\S]*^nf_conntrack$/m);
  });

  test("gives a customer's pool its own labels and taints, beside those every pool carries", async () => {
    const taint = { key: "example.com/customer", value: "acme", effect: TaintEffect.NoSchedule };
    const { inputs } = (
      await preview(() => buildPool({ labels: { "example.com/customer": "acme" }, taints: [taint] }))
    ).one("aws:eks/nodeGroup:NodeGroup");
    expect(inputs.labels).toEqual({
      "example.com/customer": "acme",
      "roadstead.dev/role": "ships",
      "roadstead.dev/pool": "p",
    });
    expect(inputs.taints).toEqual([SHIPS_TAINT, taint]);
  });

  test("refuses labels and taints that are not a customer's to set, malformed or given twice", async () => {
    await asUp();
    const taint = (key: string, value = "x") => ({ key, value, effect: TaintEffect.NoSchedule });
    const error = refusal(() =>
      buildPool({
        labels: { "roadstead.dev/role": "system", "node.kubernetes.io/instance-type": "x", customer: "not a value" },
        taints: [taint("roadstead.dev/ships"), taint("a/b"), taint("a/b", "y"), taint("-bad")],
      }),
    );
    expect(error.problems.map((p) => p.path)).toEqual([
      "labels.roadstead.dev/role",
      "labels.node.kubernetes.io/instance-type",
      "labels.customer",
      "taints[0]",
      "taints[3]",
      "taints",
    ]);
  });

  test("gives up a rotation that disruption budgets hold up, rather than force it", async () => {
    const { inputs } = (await preview(() => buildPool())).one("aws:eks/nodeGroup:NodeGroup");
    expect(inputs.forceUpdateVersion ?? false).toBe(false);
    expect(inputs.updateConfig).toEqual({ maxUnavailable: 1 });
  });

  test("labels every node, and keeps what is not a ship off ship nodes", async () => {
    const group = async (role: PoolRole) =>
      (await preview(() => buildPool({ role }))).one("aws:eks/nodeGroup:NodeGroup").inputs;
    expect(await group("ships")).toMatchObject({
      labels: { "roadstead.dev/role": "ships", "roadstead.dev/pool": "p" },
      taints: [{ key: "roadstead.dev/ships", value: "true", effect: "NO_SCHEDULE" }],
    });
    expect((await group("system")).taints ?? []).toEqual([]);
  });

  test("never uses spot, changes one node at a time, and stands beside its successor", async () => {
    const group = (await preview(() => buildPool())).one("aws:eks/nodeGroup:NodeGroup");
    expect(group.inputs).toMatchObject({ capacityType: "ON_DEMAND", updateConfig: { maxUnavailable: 1 } });
    expect(group.inputs.nodeGroupName).toBeUndefined();
    expect(group.inputs.nodeGroupNamePrefix).toBe("p-");
    expect(group.options.deleteBeforeReplace).toBeUndefined();
  });

  test("takes the image of its architecture", async () => {
    const image = async (architecture: "arm64" | "x86_64") =>
      (await preview(() => buildPool({ architecture }))).one("aws:eks/nodeGroup:NodeGroup").inputs.amiType;
    expect(await image("arm64")).toBe("AL2023_ARM_64_STANDARD");
    expect(await image("x86_64")).toBe("AL2023_x86_64_STANDARD");
  });

  test("keeps a pool of no nodes without asking for a maximum of none", async () => {
    const { inputs } = (await preview(() => buildPool({ count: 0 }))).one("aws:eks/nodeGroup:NodeGroup");
    expect(inputs.scalingConfig).toEqual({ minSize: 0, desiredSize: 0, maxSize: 1 });
  });

  test("makes no role when given one", async () => {
    const made = await preview(() => buildPool({ nodeRoleArn: "arn:aws:iam::111122223333:role/nodes" }));
    expect(made.all("aws:iam/role:Role")).toEqual([]);
  });

  test("bounds the group's name with a hash, so that two long names stay two", () => {
    const [a, b] = ["a", "b"].map((end) => groupNamePrefix(`prod-ships-eu-central-1a-r6g.2xlarge-and-more-${end}`));
    expect(a).not.toBe(b);
    for (const prefix of [a!, b!]) expect(prefix).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,36}$/);
    expect(groupNamePrefix("prod-ships-us-west-2a-r6g.2xlarge")).toBe("prod-ships-us-west-2a-r6g-2xlarge-");
  });

  test("refuses counts, disks, pods and types that EKS would refuse later", async () => {
    await asUp();
    const error = refusal(() => buildPool({ count: 451, rootVolumeGiB: 8, maxPods: 2, instanceType: "big" }));
    expect(error.problems.map((p) => p.path)).toEqual(["count", "rootVolumeGiB", "maxPods", "instanceType"]);
  });
});

describe("types that EC2 does not have in a zone", () => {
  const wanted = [
    { pool: "ships-a", instanceType: "r8g.2xlarge", zones: ["us-west-2a"] },
    { pool: "ships-b", instanceType: "r8g.2xlarge", zones: ["us-west-2b"] },
    { pool: "system", instanceType: "m9x.large", zones: ZONES },
  ];

  test("are all named at once, with the zones that have them", () => {
    const problems = missingTypes(wanted, ["r8g.2xlarge"], ["us-west-2a"]);
    expect(problems.map((p) => [p.path, p.received, p.accepted])).toEqual([
      ["ships-b", '"r8g.2xlarge" in us-west-2b', "r8g.2xlarge in us-west-2a"],
      ["system", '"m9x.large" in us-west-2a', "a type EC2 has in these zones"],
      ["system", '"m9x.large" in us-west-2b', "a type EC2 has in these zones"],
    ]);
    expect(missingTypes(wanted.slice(0, 1), ["r8g.2xlarge"], ["us-west-2a"])).toEqual([]);
    expect(missingTypes(wanted, [], [])).toHaveLength(4);
  });

  test("are refused by the answer that every node group waits for", async () => {
    const [a, b] = ["us-west-2a", "us-west-2b"];
    const pools = wanted.slice(0, 2);
    expect(confirm("prod", pools, ["r8g.2xlarge", "r8g.2xlarge"], [a, b])).toBe(true);
    expect(refusal(() => confirm("prod", pools, ["r8g.2xlarge"], [a]))).toMatchObject({
      component: 'Node pools of "prod"',
      problems: [{ path: "ships-b", received: '"r8g.2xlarge" in us-west-2b' }],
    });
    const made = await preview(() =>
      buildPool({ clusterName: "prod", offered: typesOffered("prod", REGION, wanted, {}) }),
    );
    // Unknown until EC2 has answered.
    expect(made.one("aws:eks/nodeGroup:NodeGroup").inputs.clusterName).toBeNull();
    const alone = await preview(() => buildPool({ clusterName: "prod" }));
    expect(alone.one("aws:eks/nodeGroup:NodeGroup").inputs.clusterName).toBe("prod");
  });
});
