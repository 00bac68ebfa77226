// What a cluster's network is recorded as: its range, how services are routed, and the wishes it cannot fulfil. What is
// recorded stays: another range would replace the network and everything in it.
import ipaddr from "ipaddr.js";
import { LIMITS } from "../catalog/limits";
import type { Candidate } from "../plan/schema";
import { eksVersionProblem, type PredicateProblem } from "../predicates";
import { shown } from "../requirements/problem";
import type { Requirements } from "../requirements/schema";
import { cidrProblems, cidrsOverlap, freeVpcRange, SERVICE_CIDR } from "./cidr-plan";
import { type LockProblem, problem } from "./problem";
import type { Architecture, KubeProxyMode } from "./schema";

/** The recorded range, the wished one, or the first that is free. */
export function networkRange({ cluster }: Requirements, recorded: Architecture | null): string {
  return recorded?.network?.cidr ?? wishedRange(cluster);
}

const wishedRange = ({ cidr, avoidCidrs }: EksWishes["cluster"]): string =>
  cidr ?? freeVpcRange(avoidCidrs ?? []) ?? "10.0.0.0/16";

/** Services beside the ships' own: monitoring, edge, DNS. */
const OTHER_SERVICES = 100;

/**
 * iptables until the ships of the next twelve months pass what it is fit for. EKS documents IPVS for more; Kubernetes
 * deprecated it in 1.35 (KEP-5495), so from there on nftables, which the add-on takes too. A wish comes first.
 */
export function kubeProxyMode(
  { ships, growth, versions, cluster }: Requirements,
  recorded: Architecture | null,
): { kubeProxyMode?: KubeProxyMode } {
  if (cluster.kubeProxyMode !== undefined) return { kubeProxyMode: cluster.kubeProxyMode };
  if (recorded !== null) {
    const mode = recorded.cluster?.kubeProxyMode;
    return mode === undefined ? {} : { kubeProxyMode: mode };
  }
  const most = Math.max(ships.count, growth.in6Months ?? 0, growth.in12Months ?? 0) + OTHER_SERVICES;
  if (most <= LIMITS.kubeProxyServices.value) return {};
  const minor = Number(versions.kubernetes?.split(".")[1] ?? Infinity);
  return { kubeProxyMode: minor >= 35 ? "nftables" : "ipvs" };
}

/** A fleet that has outgrown what it was recorded for. Changing the mode breaks connections, so nothing does it by itself. */
export function kubeProxyWarning({ ships }: Requirements, { mode, cluster }: Pick<Architecture, "mode" | "cluster">) {
  const services = ships.count + OTHER_SERVICES;
  const routed = cluster?.kubeProxyMode ?? "iptables";
  if (mode !== "eks" || routed !== "iptables" || services <= LIMITS.kubeProxyServices.value) return null;
  return `about ${services} services with kube-proxy in iptables mode, which slows down past ${LIMITS.kubeProxyServices.value}: see docs/components/cluster-addons.md for the way to another mode`;
}

/** Everything about network and version that EKS cannot do, all at once. */
export function clusterWishProblems(
  requirements: Requirements,
  candidate: Pick<Candidate, "mode">,
  recorded: Architecture | null,
  neverDeployed = false,
): LockProblem[] {
  if (candidate.mode !== "eks") return [];
  const running = neverDeployed ? undefined : recorded?.versions.kubernetes;
  return [
    ...eksWishProblems(requirements, recorded?.network?.cidr ?? null),
    ...versionStepProblems(requirements.versions.kubernetes, running),
  ].map(({ fix, ...found }) =>
    problem({
      ...found,
      code: found.path === VERSION ? "version" : "network",
      file: null,
      fix: `${fix[0]!.toUpperCase()}${fix.slice(1)}.`,
    }),
  );
}

/**
 * Another environment that may be on the same existing cluster. Registry, admission policies and tenants' ids are a cluster's:
 * whose claims they guard must be one environment's. Two secrets of one name may lead to two clusters, so this is no refusal.
 */
export function sharedClusterWarning(
  candidate: Pick<Candidate, "mode">,
  { environment, existing }: Pick<Requirements, "environment" | "existing">,
  locks: readonly Architecture[],
): string | null {
  if (candidate.mode !== "existing-cluster") return null;
  const others = locks
    .filter((a) => a.environment !== environment && a.role === "platform" && a.mode === "existing-cluster")
    .filter((a) => a.cluster?.kubeconfigSecret === (existing.kubeconfigSecret ?? null))
    .map((a) => a.environment);
  if (others.length === 0) return null;
  return `${others.join(" and ")} takes its existing cluster from a secret of the same name: a cluster holds one environment, and on the same one \`up\` stops at the registry, which is there, before any ship`;
}

const minorOf = (version: string): number => Number(version.split(".")[1]);

/**
 * A control plane goes up one minor version at a time, and never back
 * (docs.aws.amazon.com/eks/latest/userguide/update-cluster.html). `up` would learn it from AWS, half way through.
 */
function versionStepProblems(
  wished: string | undefined,
  running: string | undefined,
): Omit<PredicateProblem, "code">[] {
  if (wished === undefined || running === undefined) return [];
  const [to, from] = [minorOf(wished), minorOf(running)];
  if (to === from || to === from + 1) return [];
  const said = "if nothing of the recorded decision was ever deployed, say so: --attest-never-deployed";
  return [
    {
      path: VERSION,
      received: `${shown(wished)}, where ${running} is recorded`,
      accepted: `${running} or 1.${from + 1}`,
      fix: to < from ? `keep it, EKS takes no cluster back; ${said}` : `bring up 1.${from + 1} first; ${said}`,
    },
  ];
}

type EksWishes = Pick<Requirements, "existing"> & {
  cluster: Pick<Requirements["cluster"], "cidr" | "avoidCidrs">;
  versions: Pick<Requirements["versions"], "kubernetes">;
  access: Pick<Requirements["access"], "adminCidrs">;
};
const VERSION = "versions.kubernetes";

/** `fixed`: the network's range as it is recorded. */
export function eksWishProblems(
  { cluster, existing, versions, access }: EksWishes,
  fixed: string | null,
): Omit<PredicateProblem, "code">[] {
  const problems: Omit<PredicateProblem, "code">[] = [];
  const refuse = (path: string, received: string, accepted: string, fix: string): void => {
    problems.push({ path, received, accepted, fix });
  };
  const ended = versions.kubernetes === undefined ? null : eksVersionProblem(versions.kubernetes, VERSION);
  if (ended !== null) refuse(ended.path, ended.received, ended.accepted, ended.fix);
  (access.adminCidrs ?? []).forEach((range, i) => {
    if (ipaddr.isValidCIDR(range) && ipaddr.parseCIDR(range)[0].kind() === "ipv6")
      refuse(
        `access.adminCidrs[${i}]`,
        shown(range),
        "IPv4 networks: EKS takes no IPv6 ones for the API of an IPv4 cluster",
        "name the network's IPv4 range, or come through a VPN into the VPC",
      );
  });
  // An adopted network is as it is; its owner knows what it is connected to.
  if (existing.vpcId !== undefined) return problems;

  const avoid = cluster.avoidCidrs ?? [];
  avoid.forEach((range, i) => {
    if (cidrsOverlap(range, SERVICE_CIDR))
      refuse(
        `cluster.avoidCidrs[${i}]`,
        shown(range),
        `ranges outside ${SERVICE_CIDR}, where Kubernetes services have their addresses`,
        "a network there cannot be reached from pods: connect it through other addresses",
      );
  });
  if (fixed !== null && cluster.cidr !== undefined && cluster.cidr !== fixed)
    refuse("cluster.cidr", shown(cluster.cidr), `${fixed}, which is recorded`, "another range replaces the network");
  const range = fixed ?? wishedRange(cluster);
  const where = cluster.cidr === undefined ? "cluster.avoidCidrs" : "cluster.cidr";
  for (const p of cidrProblems({ cidr: range, zones: [], avoid: [SERVICE_CIDR, ...avoid] }))
    refuse(where, shown(range), p.accepted, p.fix);
  return problems;
}
