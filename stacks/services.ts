// What serves all cells of an environment beside their platform: the registry of claims, monitoring, backups.
import * as pulumi from "@pulumi/pulumi";
import type { Backups as BackupsClass } from "../components/backup";
import { backupTag } from "../components/backup/render/schedule";
import type { Registry as RegistryClass } from "../components/fleet";
import type { AdmissionPolicies as AdmissionPoliciesClass } from "../components/isolation";
import type {
  MonitoredPlatform,
  MonitoringStack as MonitoringStackClass,
  ShipProbes as ShipProbesClass,
} from "../components/monitoring";
import type { Architecture } from "../planner/architecture/schema";
import { monitoredShips, probesName } from "./cell-plan";
import type { Platform } from "./clusters";
import type { Ground } from "./cell";
import type { StackOutputs, Surroundings } from "./surroundings";
import { stackTags } from "./tags";

/* eslint-disable @typescript-eslint/no-require-imports -- hosts load none of Kubernetes, clusters nothing they do not use */
const load = {
  backups: () => (require("../components/backup") as { Backups: typeof BackupsClass }).Backups,
  registry: () => (require("../components/fleet") as { Registry: typeof RegistryClass }).Registry,
  isolation: () => require("../components/isolation") as { AdmissionPolicies: typeof AdmissionPoliciesClass },
  monitoring: () =>
    require("../components/monitoring") as {
      MonitoringStack: typeof MonitoringStackClass;
      ShipProbes: typeof ShipProbesClass;
    },
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Before any ship: two stacks that declare the same one meet here. */
export function composeRegistry(
  architecture: Architecture,
  platform: Platform,
  parent: pulumi.Resource,
): pulumi.Resource {
  return new (load.registry())(
    `${architecture.stack}-registry`,
    { admissionPolicy: architecture.isolation.admissionPolicies },
    { parent, providers: [platform.provider], dependsOn: platform.foundation },
  );
}

/** What the API server keeps between two updates; before any tenant moves in. */
export function composeAdmission(
  architecture: Architecture,
  platform: Platform,
  parent: pulumi.Resource,
): pulumi.Resource[] {
  if (!architecture.isolation.admissionPolicies) return [];
  const opts = { parent, providers: [platform.provider], dependsOn: platform.foundation };
  return [new (load.isolation().AdmissionPolicies)(`${architecture.stack}-admission`, opts)];
}

export function composeMonitoring(
  architecture: Architecture,
  around: Surroundings,
  platform: Platform,
  parent: pulumi.Resource,
): StackOutputs {
  const { monitoring, versions, service, cost, dns } = architecture;
  if (!monitoring.enabled) return {};
  const { pagerDutySecret, slackSecret } = monitoring;
  const made = new (load.monitoring().MonitoringStack)(
    `${architecture.stack}-monitoring`,
    {
      platform: architecture.mode as MonitoredPlatform,
      charts: versions.charts ?? {},
      storageClass: platform.storageClassName,
      storageGiB: monitoring.storageGiB,
      logStorageGiB: monitoring.storageGiB,
      retentionDays: monitoring.retentionDays,
      sla: service.sla,
      ships: monitoredShips(architecture),
      cell: architecture.cell,
      domain: dns.domain ?? undefined,
      routing: {
        pagerDutyRoutingKey: pagerDutySecret === null ? undefined : around.secret(pagerDutySecret),
        slackWebhookUrl: slackSecret === null ? undefined : around.secret(slackSecret),
      },
      cost:
        cost.mid === null
          ? undefined
          : { monthly: cost.mid, currency: cost.currency, budget: cost.budget ?? undefined },
      missingVersions: around.allowMissing ? "mark" : "refuse",
    },
    { parent, providers: [platform.provider], dependsOn: platform.foundation },
  );
  // Such as alerts that reach nobody: said while there is time.
  made.warnings.apply((all) => all.forEach((warning) => void pulumi.log.warn(warning)));
  return { monitoringNamespace: made.namespace, monitoringWarnings: made.warnings };
}

/** The web probes of a further cell; the platform's own cell is probed by its monitoring. */
export function composeProbes(architecture: Architecture, ground: Ground, parent: pulumi.Resource): StackOutputs {
  new (load.monitoring().ShipProbes)(
    probesName(architecture),
    { cell: architecture.cell, ships: monitoredShips(architecture), domain: architecture.dns.domain! },
    { parent, providers: [ground.provider] },
  );
  return {};
}

export function composeBackups(architecture: Architecture, parent: pulumi.Resource): StackOutputs {
  const { backup, provider, region } = architecture;
  if (!backup.enabled || (provider !== "aws" && provider !== "digitalocean")) return {};
  const made = new (load.backups())(
    architecture.stack,
    {
      provider,
      region,
      drRegion: backup.drRegion,
      everyHours: backup.everyHours,
      retentionDays: backup.retentionDays,
      objectLock: backup.objectLock,
      backupTag: backupTag(architecture.environment),
      tags: stackTags(architecture),
    },
    { parent },
  );
  return { backupBucket: made.bucketName, restoring: made.restoring };
}
