// The network a cluster is recorded with: chosen once, kept for ever, refused with every reason at once.
import { build, type Files, wish, write } from "./fixtures";
import { parseStackFile } from "../../../planner/architecture";
import { sharedClusterWarning } from "../../../planner/architecture/cluster-network";

const eks = (more: Record<string, unknown> = {}, count = 3) => wish({ ships: { count }, ...more });
const locked = (more: Record<string, unknown> = {}, count = 3) =>
  build(eks(more, count), "eks").stacks[0]!.architecture;
const refusals = (more: Record<string, unknown>) => build(eks(more), "eks").problems.map((p) => p.path);

test("takes the first range that overlaps no connected network, or the one that was wished", () => {
  expect(locked().network!.cidr).toBe("10.0.0.0/16");
  expect(locked({ cluster: { avoidCidrs: ["10.0.0.0/15", "10.2.64.0/24"] } }).network!.cidr).toBe("10.3.0.0/16");
  expect(locked({ cluster: { cidr: "192.168.0.0/18" } }).network!.cidr).toBe("192.168.0.0/18");
});

test("refuses ranges that overlap, cannot be had, or are not private, and IPv6 administrators, all at once", () => {
  expect(refusals({ cluster: { cidr: "10.8.0.0/16", avoidCidrs: ["10.8.4.0/24"] } })).toEqual(["cluster.cidr"]);
  expect(refusals({ cluster: { cidr: "10.8.0.0/24" } })).toEqual(["cluster.cidr"]);
  expect(refusals({ cluster: { avoidCidrs: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] } })).toEqual([
    "cluster.avoidCidrs[1]",
    "cluster.avoidCidrs",
  ]);
  expect(
    refusals({
      versions: { kubernetes: "1.29" },
      access: { adminCidrs: ["203.0.113.0/24", "2001:db8::/48"] },
      cluster: { cidr: "203.0.0.0/16" },
    }),
  ).toEqual(["versions.kubernetes", "access.adminCidrs[1]", "cluster.cidr"]);
});

test("an adopted network is as it is", () => {
  const existing = { vpcId: "vpc-0123456789abcdef0", privateSubnetIds: ["subnet-1", "subnet-2", "subnet-3"] };
  expect(refusals({ existing, cluster: { avoidCidrs: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] } })).toEqual(
    [],
  );
  expect(locked({ existing, cluster: { interfaceEndpoints: true } }).network!.interfaceEndpoints).toBeUndefined();
});

test("a recorded range stays: a network connected later is refused, and so is another range", () => {
  const first = write(eks(), "eks", new Map(), {});
  expect(first.problems).toEqual([]);
  const again = (more: Record<string, unknown>) => write(eks(more), "eks", first.after, { force: true });
  expect(again({ cluster: { avoidCidrs: ["10.0.128.0/20"] } }).problems.map((p) => p.path)).toEqual([
    "cluster.avoidCidrs",
  ]);
  expect(again({ cluster: { cidr: "10.9.0.0/16" } }).problems.map((p) => p.path)).toEqual(["cluster.cidr"]);
  expect(again({ cluster: { cidr: "10.0.0.0/16" } }).problems).toEqual([]);
});

test("a recorded cluster goes up one minor version at a time and never back, unless it was never deployed", () => {
  const at = (kubernetes: string) => eks({ versions: { kubernetes } });
  const first = write(at("1.33"), "eks", new Map(), {});
  const to = (kubernetes: string) =>
    write(at(kubernetes), "eks", first.after, { force: true }).problems.map((p) => [p.code, p.path]);
  expect([to("1.33"), to("1.34")]).toEqual([[], []]);
  expect([to("1.35"), to("1.32")]).toEqual([
    [["version", "versions.kubernetes"]],
    [["version", "versions.kubernetes"]],
  ]);
  const attested = write(at("1.35"), "eks", first.after, { force: true, neverDeployed: true });
  expect(attested.problems).toEqual([]);
});

test("an existing cluster that another environment may be on is pointed out, and no other", () => {
  const [prod] = build(eks(), "eks").stacks;
  const on = (kubeconfigSecret: string) => ({
    ...prod!.architecture,
    mode: "existing-cluster" as const,
    cluster: { ...prod!.architecture.cluster!, kubeconfigSecret },
  });
  const wishes = (environment: "prod" | "staging", kubeconfigSecret: string) => ({
    environment,
    existing: { kubeconfigSecret } as never,
  });
  const warned = (...[mode, wish, secret]: ["eks" | "existing-cluster", ReturnType<typeof wishes>, string]) =>
    sharedClusterWarning({ mode }, wish, [on(secret)]);
  expect(warned("existing-cluster", wishes("staging", "there"), "there")).toMatch(
    /^prod takes .*holds one environment/,
  );
  expect(warned("existing-cluster", wishes("staging", "there"), "elsewhere")).toBeNull();
  expect(warned("existing-cluster", wishes("prod", "there"), "there")).toBeNull();
  expect(warned("eks", wishes("staging", "there"), "there")).toBeNull();
});

describe("kube-proxy", () => {
  test.each([
    [900, {}, undefined],
    [901, {}, "nftables"],
    [901, { versions: { kubernetes: "1.34" } }, "ipvs"],
    [901, { versions: { kubernetes: "1.35" } }, "nftables"],
    [50, { cluster: { kubeProxyMode: "nftables" } }, "nftables"],
    [2000, { cluster: { kubeProxyMode: "iptables" } }, "iptables"],
    [50, { growth: { in12Months: 2000 }, versions: { kubernetes: "1.34" } }, "ipvs"],
  ])("for %i ships with %j is in mode %s", (count, more, mode) => {
    expect(locked(more, count).cluster!.kubeProxyMode).toBe(mode);
  });

  test("keeps its mode when a fleet grows or the version moves on, and says when it no longer fits", () => {
    const modeOf = (files: Files) =>
      [...files].map(([f, text]) => parseStackFile(f, text).architecture!.cluster!.kubeProxyMode)[0];
    const small = write(eks({}, 20), "eks", new Map(), {});
    const grown = write(eks({}, 1000), "eks", small.after, { force: true });
    expect([modeOf(small.after), modeOf(grown.after)]).toEqual([undefined, undefined]);
    expect(build(eks({}, 1000), "eks").warnings).toEqual([]);
    expect(grown.warnings.join()).toMatch(/1100 services with kube-proxy in iptables mode/);
    const wished = write(eks({ cluster: { kubeProxyMode: "nftables" } }, 1000), "eks", small.after, { force: true });
    expect([modeOf(wished.after), wished.warnings.join()]).toEqual(["nftables", expect.not.stringMatching(/iptables/)]);
    const ipvs = write(eks({ versions: { kubernetes: "1.34" } }, 950), "eks", new Map(), {});
    const later = write(eks({ versions: { kubernetes: "1.35" } }, 950), "eks", ipvs.after, { force: true });
    expect([modeOf(ipvs.after), modeOf(later.after)]).toEqual(["ipvs", "ipvs"]);
  });
});
