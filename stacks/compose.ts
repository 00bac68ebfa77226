// From a recorded architecture to components: the table of contents of a stack.
import * as pulumi from "@pulumi/pulumi";
import { Environment } from "../components/environment";
import type { Architecture } from "../planner/architecture/schema";
import { environmentArgs } from "./cell-plan";
import { guardAgainstDestroy } from "./guard";
import type { StackOutputs, Surroundings } from "./surroundings";

/* eslint-disable @typescript-eslint/no-require-imports -- each mode loads only the SDKs of its own provider */
const load = {
  hosts: () => require("./hosts") as typeof import("./hosts"),
  clusters: () => require("./clusters") as typeof import("./clusters"),
  cell: () => require("./cell") as typeof import("./cell"),
  services: () => require("./services") as typeof import("./services"),
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Makes everything one stack owns and returns its outputs. Decides nothing: the lock has decided. */
export function compose(architecture: Architecture, around: Surroundings): StackOutputs {
  const root = new Environment(architecture.environment, environmentArgs(architecture, around));
  const made =
    architecture.cluster === null
      ? composeOnHosts(architecture, around, root)
      : composeOnCluster(architecture, around, root);
  guardAgainstDestroy(architecture.stack, root);
  return {
    stack: architecture.stack,
    mode: architecture.mode,
    cell: architecture.cell,
    architectureDigest: around.architectureDigest,
    ...made,
  };
}

function composeOnHosts(architecture: Architecture, around: Surroundings, parent: pulumi.Resource): StackOutputs {
  const hosts = load.hosts().composeHosts(architecture, around, parent);
  const backups = architecture.role === "platform" ? load.services().composeBackups(architecture, parent) : {};
  return { ...hosts, ...backups };
}

function composeOnCluster(architecture: Architecture, around: Surroundings, parent: pulumi.Resource): StackOutputs {
  const { composeCell, platformGround } = load.cell();
  if (architecture.role === "cell") {
    const ground = platformGround(architecture, parent);
    return { ...composeCell(architecture, around, ground, parent), ...probesOf(architecture, ground, parent) };
  }
  const platform = load.clusters().composePlatform(architecture, around, parent);
  const { composeMonitoring, composeBackups, composeRegistry, composeAdmission } = load.services();
  const registry = composeRegistry(architecture, platform, parent);
  const admission = composeAdmission(architecture, platform, parent);
  const monitoring = composeMonitoring(architecture, around, platform, parent);
  const backups = composeBackups(architecture, parent);
  const cell = composeCell(
    architecture,
    around,
    // Both stand on the platform's foundation themselves.
    { provider: platform.provider, foundation: [registry, ...admission], ames: platform.ames },
    parent,
  );
  return {
    kubeconfig: pulumi.secret(platform.kubeconfig),
    clusterIdentifier: platform.clusterIdentifier,
    ...platform.outputs,
    ...monitoring,
    ...backups,
    ...cell,
  };
}

function probesOf(architecture: Architecture, ground: import("./cell").Ground, parent: pulumi.Resource): StackOutputs {
  if (!architecture.monitoring.enabled || architecture.dns.domain === null) return {};
  return load.services().composeProbes(architecture, ground, parent);
}
