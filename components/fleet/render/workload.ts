// The StatefulSet of one ship: its command lines, probes, limits and what it may not do.
import { imageReference } from "../../../planner/predicates";
import type { LockedShip } from "../../../planner/architecture/schema";
import type { CellContext } from "./context";
import {
  claimHolder,
  keyName,
  LABEL,
  NODE_ROLE,
  OWN,
  pierName,
  REGISTRY_NAMESPACE,
  sharedName,
  SHIPS_TAINT_KEY,
} from "./names";
import { scriptsName, TAKE_SCRIPTS } from "./scripts";

/** How a ship that never ran begins. */
export type BootMode = "key" | "comet" | "fake" | "import";

export function bootMode(ship: Pick<LockedShip, "class" | "fake" | "imported">): BootMode {
  if (ship.imported) return "import";
  if (ship.fake) return "fake";
  return ship.class === "comet" ? "comet" : "key";
}

/** Numbers, since the kubelet cannot tell from a name that a user is not root. */
const USER = 10_000;
const PROBE_SECONDS = 30;
export const KUBERNETES_ARCH: Record<string, string> = { x86_64: "amd64", arm64: "arm64" };
const TOKEN_SECONDS = 3600;
/**
 * What the container that notes on the claim requests of what was planned for its ship, so that the pod as a whole requests
 * just that. A waiting shell takes about one MiB; kubectl, once a start and once a stop, stays under the limit.
 */
const KEEPER = { memoryMiB: 16, cpuMilli: 1 } as const;
const KUBECTL_LIMIT = "128Mi";

export function shipLabels(ship: Pick<LockedShip, "id" | "tenant" | "cell">): Record<string, string> {
  return {
    ...OWN,
    "app.kubernetes.io/name": "ship",
    [LABEL.ship]: ship.id,
    [LABEL.cell]: ship.cell,
    [LABEL.tenant]: ship.tenant,
  };
}

export const shipSelector = (id: string): Record<string, string> => ({ [LABEL.ship]: id });

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** What the provider allows beyond the pod's own time: the kubelet says that it has ended, then the object goes. */
const END_MARGIN_SECONDS = 300;

/**
 * A first boot or a migration takes minutes to hours, a parked ship never starts: the rollout waits for ships to be ready,
 * not the provider, so its condition is met at once. The other way, skipAwait, holds for deletion as well
 * (pulumi-kubernetes #3154): token, role and node would be taken from a ship that is still writing.
 */
const waitsForItsEnd = (graceSeconds: number): Record<string, string> => ({
  "pulumi.com/waitFor": "jsonpath={.metadata.uid}",
  "pulumi.com/timeoutSeconds": String(graceSeconds + END_MARGIN_SECONDS),
});

/** Metadata and spec of a ship's StatefulSet. */
export function shipWorkload(ship: LockedShip, context: CellContext, parent?: string): Record<string, unknown> {
  return {
    metadata: {
      name: ship.id,
      namespace: ship.tenant,
      labels: shipLabels(ship),
      annotations: waitsForItsEnd(context.terminationGraceSeconds),
    },
    spec: {
      replicas: context.parked ? 0 : 1,
      // A changed template restarts nothing by itself: the rollout stops and starts ships one by one.
      updateStrategy: { type: "OnDelete" },
      serviceName: ship.id,
      selector: { matchLabels: shipSelector(ship.id) },
      template: { metadata: { labels: shipLabels(ship) }, spec: podSpec(ship, context, parent) },
    },
  };
}

/** Of every pod that mounts a pier: the pier's owner, and nothing that pod security `restricted` refuses. */
export const PIER_POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  // Piers are many GiB: changing the owner of every file at each start would take longer than the start.
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
} as const;

function podSpec(ship: LockedShip, context: CellContext, parent?: string): Record<string, unknown> {
  return {
    serviceAccountName: sharedName(ship.cell),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: context.terminationGraceSeconds,
    securityContext: PIER_POD_SECURITY,
    ...placement(ship, context),
    initContainers: [claimContainer(ship, context, parent), keepContainer(ship, context)],
    containers: [shipContainer(ship, context)],
    volumes: volumes(ship),
  };
}

/** A volume lives in one zone and an image on some architectures: the pod goes where both are. */
function placement(ship: LockedShip, context: CellContext): Record<string, unknown> {
  const own = context.placements?.[ship.tenant];
  const nodeSelector = { ...(context.dedicatedNodes ? { [NODE_ROLE.key]: NODE_ROLE.ships } : {}), ...own?.nodeLabels };
  const tolerations = [
    ...(context.dedicatedNodes ? [{ key: SHIPS_TAINT_KEY, operator: "Exists", effect: "NoSchedule" }] : []),
    ...(own?.nodeTaints ?? []).map(({ key, value, effect }) => ({
      key,
      operator: "Equal",
      value,
      effect: effect ?? "NoSchedule",
    })),
  ];
  const architectures = (context.image.architectures ?? []).map((a) => KUBERNETES_ARCH[a] ?? a);
  const expressions = [
    ...(ship.zone === null ? [] : [{ key: "topology.kubernetes.io/zone", operator: "In", values: [ship.zone] }]),
    ...(architectures.length === 0 ? [] : [{ key: "kubernetes.io/arch", operator: "In", values: architectures }]),
  ];
  return {
    ...(own?.runtimeClass === undefined ? {} : { runtimeClassName: own.runtimeClass }),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }),
    ...(tolerations.length === 0 ? {} : { tolerations }),
    ...(expressions.length === 0
      ? {}
      : {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchExpressions: expressions }],
              },
            },
          },
        }),
  };
}

const env = (values: Record<string, string>) => Object.entries(values).map(([name, value]) => ({ name, value }));

/** What both containers with a token see: the pier to look at, the way to the registry. */
function withToken(
  name: string,
  context: CellContext,
  command: string[],
  scripts: Record<string, unknown>[],
): Record<string, unknown> {
  return {
    name,
    image: imageReference(context.kubectl),
    command,
    securityContext: restricted,
    volumeMounts: [
      { name: "pier", mountPath: "/urbit", readOnly: true },
      { name: "run", mountPath: "/run/roadstead" },
      // Their own: kubectl does what a configuration in its home says, and the ship must not be able to put one there.
      { name: "claim-tmp", mountPath: "/tmp" },
      ...scripts,
      // Only in these two: the ship's own container cannot ask the API for anything.
      { name: "token", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true },
    ],
  };
}

const claimEnvironment = (ship: LockedShip, context: CellContext): Record<string, string> => ({
  HOME: "/tmp",
  ROADSTEAD_SHIP: ship.id,
  ROADSTEAD_HOLDER: claimHolder(context.stack, ship.tenant),
  ROADSTEAD_REGISTRY: REGISTRY_NAMESPACE,
});

function claimContainer(ship: LockedShip, context: CellContext, parent?: string): Record<string, unknown> {
  return {
    ...withToken(
      "claim",
      context,
      ["/bin/sh", "-c", TAKE_SCRIPTS],
      [
        { name: "scripts", mountPath: "/roadstead" },
        { name: "scripts-source", mountPath: "/run/scripts", readOnly: true },
      ],
    ),
    env: env({
      ...claimEnvironment(ship, context),
      ROADSTEAD_MODE: bootMode(ship),
      ROADSTEAD_SEALED: String(ship.sealed),
      ...(parent === undefined ? {} : { ROADSTEAD_PARENT: parent }),
    }),
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: KUBECTL_LIMIT } },
  };
}

/** A sidecar in Kubernetes' sense (1.29): it runs beside the ship and is stopped after it. */
function keepContainer(ship: LockedShip, context: CellContext): Record<string, unknown> {
  return {
    ...withToken(
      "keep",
      context,
      ["/bin/sh", "/roadstead/keep.sh"],
      [{ name: "scripts", mountPath: "/roadstead", readOnly: true }],
    ),
    restartPolicy: "Always",
    env: env(claimEnvironment(ship, context)),
    resources: {
      requests: { cpu: `${KEEPER.cpuMilli}m`, memory: `${KEEPER.memoryMiB}Mi` },
      limits: { memory: KUBECTL_LIMIT },
    },
  };
}

function shipContainer(ship: LockedShip, context: CellContext): Record<string, unknown> {
  const probe = (kind: "startup" | "ready") => ({
    exec: { command: ["/bin/sh", "/roadstead/probe.sh", kind] },
    periodSeconds: PROBE_SECONDS,
    timeoutSeconds: 10,
  });
  return {
    name: "ship",
    image: imageReference(context.image),
    command: ["/bin/sh", "/roadstead/entrypoint.sh"],
    env: env({
      HOME: "/tmp",
      ROADSTEAD_MODE: bootMode(ship),
      ROADSTEAD_NAME: (ship.name ?? "").replace(/^~/, ""),
      ROADSTEAD_HTTP_PORT: String(ship.httpPort),
      ROADSTEAD_AMES_PORT: String(ship.ames.port),
      ROADSTEAD_LOOM: String(ship.loom),
    }),
    ports: [
      { name: "http", containerPort: ship.httpPort, protocol: "TCP" },
      { name: "ames", containerPort: ship.ames.port, protocol: "UDP" },
    ],
    resources: {
      requests: {
        cpu: `${Math.max(1, ship.cpuMilli - KEEPER.cpuMilli)}m`,
        memory: `${ship.memoryMiB - KEEPER.memoryMiB}Mi`,
      },
      // No CPU limit: a throttled ship only takes longer over each event, and over its snapshot at shutdown.
      limits: { memory: `${ship.limitMiB}Mi` },
    },
    securityContext: restricted,
    startupProbe: {
      ...probe("startup"),
      failureThreshold: Math.max(1, Math.ceil(context.startupBudgetSeconds / PROBE_SECONDS)),
    },
    // No liveness probe: a ship that packs, replays or migrates answers nobody and must not be killed for it.
    readinessProbe: { ...probe("ready"), failureThreshold: 2 },
    volumeMounts: [
      { name: "pier", mountPath: "/urbit" },
      { name: "run", mountPath: "/run/roadstead" },
      { name: "tmp", mountPath: "/tmp" },
      { name: "scripts", mountPath: "/roadstead", readOnly: true },
      { name: "key", mountPath: "/run/keys", readOnly: true },
    ],
  };
}

function volumes(ship: LockedShip): Record<string, unknown>[] {
  return [
    { name: "pier", persistentVolumeClaim: { claimName: pierName(ship.id) } },
    { name: "run", emptyDir: {} },
    { name: "tmp", emptyDir: {} },
    { name: "claim-tmp", emptyDir: {} },
    { name: "scripts", emptyDir: {} },
    // Optional: an update that brings other scripts takes these away, and a pod that has its copy must not need them again.
    { name: "scripts-source", configMap: { name: scriptsName(ship.cell), optional: true } },
    // Optional: once a ship is sealed its Secret is gone, and it must start all the same.
    { name: "key", secret: { secretName: keyName(ship.id), optional: true, defaultMode: 0o440 } },
    {
      name: "token",
      projected: {
        sources: [
          { serviceAccountToken: { path: "token", expirationSeconds: TOKEN_SECONDS } },
          { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
          { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
        ],
      },
    },
  ];
}
