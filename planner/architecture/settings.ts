// The parts of a lock that follow from the requirements and the candidate alone.
import { natGateways } from "../plan/modes/eks";
import { BACKUP_DAYS, snapshotInterval } from "../plan/recovery";
import type { Candidate, Plan } from "../plan/schema";
import { MAX_SHIPS_STARTED_AT_CREATION, MIN_TERMINATION_GRACE_SECONDS } from "../predicates";
import type { Requirements } from "../requirements/schema";
import { kubeProxyMode, networkRange } from "./cluster-network";
import { isHostMode } from "./hosts";
import type { Architecture, LockedNodePool } from "./schema";

/** The fleet mission: metrics for a week in 50 GiB. */
const METRICS_DAYS = 7;
const METRICS_GIB = 50;
const LOG_DAYS = 90;
/** A start replays events and may migrate; GroundSeg gives maintenance two hours. */
const START_SECONDS = 7_200;

const STORAGE_CLASS: Record<string, string> = { eks: "roadstead-gp3", doks: "roadstead-block" };

type Settings = Omit<
  Architecture,
  "stack" | "role" | "platformStack" | "hosts" | "cells" | "cell" | "tenants" | "ships" | "tombstones" | "nodePools"
>;

export function settingsOf(
  requirements: Requirements,
  plan: Plan,
  candidate: Candidate,
  override: string | null,
  recorded: Architecture | null,
): Settings {
  const { existing, regions, access, alerts, ships } = requirements;
  const clustered = !isHostMode(candidate.mode);
  const drRegion = regions.dr ?? null;
  const pays = (kind: RegExp): boolean => candidate.lines.some((l) => l.resources.some((r) => kind.test(r)));
  return {
    schema: "roadstead/architecture/1",
    environment: requirements.environment,
    mode: candidate.mode,
    provider: candidate.provider,
    region: candidate.region,
    zones: candidate.provider === "aws" ? candidate.zones : [],
    drRegion,
    decision: { candidate: candidate.id, priority: requirements.priorities, why: candidate.why, override },
    cost: { ...candidate.monthly, budget: requirements.budget?.monthly ?? null, pricedOn: plan.pricedOn },
    service: {
      sla: requirements.sla,
      rpoHours: requirements.recovery.rpoHours ?? null,
      rtoHours: requirements.recovery.rtoHours ?? null,
      compliance: requirements.compliance,
      residency: regions.residency ?? "none",
    },
    network: networkOf(requirements, candidate, recorded),
    cluster: clustered
      ? {
          kubeconfigSecret: candidate.mode === "existing-cluster" ? (existing.kubeconfigSecret ?? null) : null,
          storageClass: STORAGE_CLASS[candidate.mode] ?? existing.storageClass ?? "",
          highAvailability: requirements.sla >= 99.9,
          logRetentionDays: LOG_DAYS,
          adminArns: candidate.mode === "eks" ? (access.clusterAdmins ?? []) : [],
          ...(candidate.mode === "eks" ? kubeProxyMode(requirements, recorded) : {}),
          ...(candidate.mode === "existing-cluster" && existing.cluster ? { existing: existing.cluster } : {}),
        }
      : null,
    image: {
      repository: ships.image.repository,
      digest: ships.image.digest ?? null,
      architectures: ships.image.architectures,
    },
    access: { sshPublicKeys: access.sshPublicKeys ?? [], adminCidrs: access.adminCidrs ?? [] },
    dns: { domain: requirements.domain ?? null, zoneId: existing.zoneId ?? null },
    monitoring: {
      enabled: clustered && existing.monitoring === undefined,
      existing: existing.monitoring ?? null,
      retentionDays: METRICS_DAYS,
      storageGiB: METRICS_GIB,
      pagerDutySecret: alerts.pagerDuty?.secret ?? null,
      slackSecret: alerts.slack?.secret ?? null,
    },
    isolation: { podSecurity: "restricted", networkPolicies: clustered, admissionPolicies: clustered },
    backup: {
      // What the plan prices is what is built.
      enabled: pays(/bucket|lifecyclePolicy/i),
      everyHours: snapshotInterval(requirements),
      retentionDays: BACKUP_DAYS,
      objectLock: false,
      drRegion,
      ...(requirements.backups && !clustered ? { offHost: requirements.backups } : {}),
    },
    ...(candidate.mode === "groundseg" && requirements.hosts?.groundseg
      ? { groundseg: requirements.hosts.groundseg }
      : {}),
    release: {
      maxConcurrent: 5,
      failureTolerance: ships.count > MAX_SHIPS_STARTED_AT_CREATION ? 2 : 0,
      soakMinutes: 5,
      terminationGraceSeconds: MIN_TERMINATION_GRACE_SECONDS,
      startupBudgetSeconds: START_SECONDS,
    },
    versions: requirements.versions,
  };
}

function networkOf(
  requirements: Requirements,
  candidate: Candidate,
  recorded: Architecture | null,
): Architecture["network"] {
  const { existing } = requirements;
  const network = {
    cidr: networkRange(requirements, recorded),
    nat: "none" as const,
    vpcId: existing.vpcId ?? null,
    privateSubnetIds: existing.privateSubnetIds ?? [],
    publicSubnetIds: existing.publicSubnetIds ?? [],
    flowLogs: false,
  };
  if (candidate.mode === "eks")
    return {
      ...network,
      nat: existing.vpcId ? "none" : natGateways({ requirements }),
      flowLogs: existing.vpcId === undefined,
      ...(requirements.cluster.interfaceEndpoints === true && !existing.vpcId ? { interfaceEndpoints: true } : {}),
    };
  if (candidate.mode === "doks") return network;
  return isHostMode(candidate.mode) && candidate.provider === "aws" && existing.vpcId ? network : null;
}

/** Node pools by role, zone and type: their names are identity. */
export function nodePoolsOf(candidate: Candidate): LockedNodePool[] {
  const pools = new Map<string, LockedNodePool>();
  for (const node of candidate.nodes) {
    if (node.role === "host") continue;
    const zone = candidate.provider === "aws" ? node.zone : null;
    const name = [node.role, zone, node.type.replace(/[^a-z0-9]+/g, "-")].filter(Boolean).join("-");
    const known = pools.get(name);
    if (known) known.count += node.count;
    else
      pools.set(name, {
        name,
        role: node.role,
        type: node.type,
        arch: node.arch,
        zone,
        count: node.count,
        shipsPerNode: node.ships,
        maxPods: null,
      });
  }
  return [...pools.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
