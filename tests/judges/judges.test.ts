// What programs others wrote say about what Roadstead renders: every failed check has a verdict in docs/judges.md, and every
// verdict there is about a check that fails.
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { allowedFrom, allowedTo, connections, faultsOf, rangeOf } from "./analyzer";
import { checkov, type Judged } from "./checkov";
import { address } from "./cloud/terraform";
import { brokenCloud, brokenPods, CLOUD_FAULTS, LEAKED, POD_FAULTS } from "./controls";
import { type Rendered, renderFleets, write } from "./fleets";
import { kubeScore } from "./kube-score";
import { asAdmitted, othersBeside } from "./others";
import { disagreement, type Finding, verdictsOn } from "./verdicts";

const KUBERNETES = "1.34";
const AGREED = { unjudged: [], stale: [], twice: [] };
const CONTROL = "control: ";
const HTTP = "protocols:TCP,dst_ports:8080";

let root: string;
let fleets: Rendered[];
const fleet = (name: string): Rendered => fleets.find((f) => f.fleet === name)!;
const withPods = (): Rendered[] => fleets.filter((f) => f.objects.some((o) => ["StatefulSet", "Job"].includes(o.kind)));

beforeAll(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "roadstead-judges-"));
  fleets = await renderFleets(root);
  const control = (fault: string): string => path.join(root, "judged", CONTROL + fault);
  for (const fault of CLOUD_FAULTS) write(control(fault.fault), [], brokenCloud(fault, fleet(fault.fleet).cloud));
  for (const fault of POD_FAULTS) write(control(fault.fault), brokenPods(fault, fleet("existing-cluster").objects), []);
  write(control("a leaked key"), [LEAKED], []);
}, 300_000);
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const isControl = (finding: Finding): boolean => finding.fleet.startsWith(CONTROL);

describe("checkov", () => {
  let judged: Judged;
  beforeAll(() => {
    judged = checkov(path.join(root, "judged"));
  }, 600_000);
  const inControl = (fault: string): Finding[] => judged.findings.filter((f) => f.fleet === CONTROL + fault);

  test("is the pinned version, and reads every file", () => {
    expect(judged.version).toBe("3.3.30");
    expect(judged.unread).toEqual([]);
  });

  test("looks at every ship, drill, bucket, key, role, cluster, node, host and volume", () => {
    const pods = fleets.flatMap(({ fleet, objects }) =>
      objects
        .filter((o) => ["StatefulSet", "Job"].includes(o.kind))
        .map((o) => `${fleet}: ${o.kind}.${o.metadata.namespace}.${o.metadata.name}`),
    );
    const judgedTypes =
      /^(aws_(s3_bucket|kms_key|iam_role|iam_role_policy|eks_cluster|launch_template|instance|ebs_volume|security_group)|digitalocean_(droplet|firewall|spaces_bucket))\./;
    const cloud = fleets.flatMap(({ fleet, cloud }) =>
      cloud.map((r) => address(r.type, r.name)).flatMap((a) => (judgedTypes.test(a) ? [`${fleet}: ${a}`] : [])),
    );
    expect(pods.length).toBeGreaterThan(20);
    expect(cloud.length).toBeGreaterThan(60);
    expect([...pods, ...cloud].filter((r) => !judged.seen.has(r))).toEqual([]);
  });

  test("fails nothing that has no verdict, and every verdict is about something it fails", () => {
    const findings = judged.findings.filter((f) => !isControl(f));
    expect(disagreement(findings, verdictsOn("checkov"))).toEqual(AGREED);
  });

  test.each(CLOUD_FAULTS)("sees $fault", ({ fault, fleet: of, check, type, seenOn = type }) => {
    const at = (finding: Finding): boolean => finding.check === check && finding.resource.startsWith(seenOn);
    const before = judged.findings.filter((f) => f.fleet === of && at(f)).length;
    expect(inControl(fault).filter(at).length).toBeGreaterThan(before);
  });

  test.each(POD_FAULTS.filter((f) => f.checkov !== null))("sees $fault", ({ fault, checkov: check }) => {
    const clean = judged.findings.filter((f) => !isControl(f) && f.check === check);
    expect(clean).toEqual([]);
    expect(inControl(fault).filter((f) => f.check === check)).not.toEqual([]);
  });

  test("sees a key that was left in a file, and none in what is rendered", () => {
    const secrets = judged.findings.filter((f) => f.check.startsWith("CKV_SECRET"));
    expect(new Set(secrets.map((f) => f.fleet))).toEqual(new Set([`${CONTROL}a leaked key`]));
  });
});

describe("kube-score", () => {
  test("fails nothing that has no verdict, and every verdict is about something it fails", () => {
    const scores = withPods().map(({ fleet, dir }) => kubeScore(fleet, dir, KUBERNETES));
    expect(
      disagreement(
        scores.flatMap((s) => s.findings),
        verdictsOn("kube-score"),
      ),
    ).toEqual(AGREED);
  });

  test("looks at every ship and drill", () => {
    for (const { fleet, dir, objects } of withPods()) {
      const { seen } = kubeScore(fleet, dir, KUBERNETES);
      const pods = objects.filter((o) => ["StatefulSet", "Job"].includes(o.kind));
      expect(seen).toEqual(
        expect.arrayContaining(pods.map((o) => `${o.kind}.${o.metadata.namespace}.${o.metadata.name}`)),
      );
    }
  });

  test.each(POD_FAULTS.filter((f) => f.kubeScore !== null))("sees $fault", ({ fault, kubeScore: check }) => {
    const dir = path.join(root, "judged", CONTROL + fault);
    const clean = kubeScore("existing-cluster", fleet("existing-cluster").dir, KUBERNETES).findings;
    expect(clean.map((f) => f.check)).not.toContain(check);
    expect(kubeScore(fault, dir, KUBERNETES).findings.map((f) => f.check)).toContain(check);
  });
});

describe("network-config-analyzer", () => {
  const faultsIn = ({ fleet, objects }: Rendered): Finding[] =>
    faultsOf(fleet, [...asAdmitted(objects), ...othersBeside(objects)]);

  test("finds nothing wrong with the policies that has no verdict, and every verdict is about something it finds", () => {
    const findings = withPods().flatMap((f) => faultsIn(f));
    expect(disagreement(findings, verdictsOn("network-config-analyzer"))).toEqual(AGREED);
  });

  test("reads every policy: one that selects nobody, beside any of them, is seen", () => {
    const { fleet: name, objects } = fleet("eks-hipaa");
    const idle = objects
      .filter((o) => o.kind === "NetworkPolicy")
      .map((o) => {
        const spec = { podSelector: { matchLabels: { nobody: "has-this" } }, policyTypes: ["Ingress"], ingress: [] };
        return { ...o, spec };
      });
    expect(idle.length).toBeGreaterThan(10);
    const others = objects.filter((o) => o.kind !== "NetworkPolicy");
    const findings = faultsOf(name, [...asAdmitted(others), ...idle, ...othersBeside(others)]);
    const seen = new Set(findings.map((f) => f.resource));
    expect(
      idle.map((o) => `NetworkPolicy.${o.metadata.namespace}.${o.metadata.name}`).filter((r) => !seen.has(r)),
    ).toEqual([]);
  });

  // EKS says where its API answers; elsewhere that is known only once there is a cluster.
  test.each([
    ["eks-hipaa", "443"],
    ["eks", "443"],
    ["eks-ames", "443"],
    ["doks", "443,6443,16443"],
    ["existing-cluster", "443,6443"],
  ])("%s: ships reach DNS, of private networks the ports of a Kubernetes API, no ship and no metadata", (name, api) => {
    const { objects, ships } = fleet(name);
    const all = connections([...asAdmitted(objects), ...othersBeside(objects)]);
    expect(ships.size).toBe(objects.filter((o) => o.kind === "StatefulSet").length);
    for (const ship of ships.keys()) {
      const to = all.filter((c) => c.from === ship && c.to !== ship && rangeOf(c.to) === null);
      expect(to.map((c) => `${c.to} ${c.allowed}`)).toEqual(["kube-system/coredns protocols:TCP, UDP,dst_ports:53"]);
      for (const address of ["169.254.169.254", "100.64.0.1", "127.0.0.1"])
        expect(allowedTo(all, ship, address)).toEqual([]);
      for (const address of ["10.0.3.7", "10.99.0.1", "172.16.0.1", "172.20.0.1", "192.168.1.1"])
        expect([[], [`protocols:TCP,dst_ports:${api}`]]).toContainEqual(allowedTo(all, ship, address));
    }
  });

  test.each(["eks-hipaa", "eks", "doks", "existing-cluster"])("%s: from outside nobody reaches a ship", (name) => {
    const { objects, ships } = fleet(name);
    const all = connections([...asAdmitted(objects), ...othersBeside(objects)]);
    expect(all.filter((c) => ships.has(c.to) && rangeOf(c.from) !== null)).toEqual([]);
  });

  test("eks-ames: peers reach each ship on its own port, and load balancers ask whether it is up", () => {
    const { objects, ships, cloud } = fleet("eks-ames");
    const subnets = cloud.filter((r) => r.type === "aws:ec2/subnet:Subnet");
    const inside = (name: RegExp): string[] =>
      subnets.filter((r) => name.test(r.name)).map((r) => String(r.inputs.cidrBlock).replace(/\.\d+\/\d+$/, ".7"));
    expect(inside(/public/).length).toBeGreaterThan(1);
    const all = connections([...asAdmitted(objects), ...othersBeside(objects)]);
    expect(new Set(ships.values()).size).toBe(ships.size);
    for (const [ship, port] of ships) {
      const ames = `protocols:UDP,dst_ports:${port}`;
      for (const peer of ["8.8.8.8", "192.0.66.1"]) expect(allowedFrom(all, peer, ship)).toEqual([ames]);
      for (const balancer of inside(/public/)) expect(allowedFrom(all, balancer, ship)).toEqual([HTTP]);
      for (const node of inside(/private/)) expect(allowedFrom(all, node, ship)).toEqual([]);
    }
  });
});
