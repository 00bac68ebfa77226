// A drill: one volume snapshot becomes a disk where there is no ship and no network, is asked for its event number, and goes.
// Pure: manifests and a verdict. Nothing here can start a ship: the only command is `urbit info`, which opens no port.
import { imageReference } from "../../../planner/predicates";
import type { ShipImage } from "../../fleet/render/context";
import { ANNOTATION, LABEL, SHIPS_TAINT_KEY } from "../../fleet/render/names";
import { KUBERNETES_ARCH, PIER_POD_SECURITY } from "../../fleet/render/workload";
import { shown } from "../../../planner/requirements/problem";

/** On everything a drill makes: the ship whose copy is looked at. Not the label of ships, which services and probes select. */
export const DRILL_LABEL = "roadstead.dev/drill";
const PIER = "/urbit/pier";

export interface DrillArgs {
  /** Name of the drill, a DNS label: its namespace is `roadstead-drill-<id>`. */
  id: string;
  /** Id of the ship whose snapshot it is. */
  ship: string;
  /** Id of the snapshot at the provider, in the cluster's region, such as `snap-0123456789abcdef0`. */
  snapshotHandle: string;
  /** CSI driver of snapshot and disk. Default `ebs.csi.aws.com`. */
  driver?: string;
  /** Parameters of the disk made from it. Default gp3, encrypted. */
  parameters?: Record<string, string>;
  /** Size of the ship's volume: a smaller disk cannot hold the snapshot. */
  diskGiB: number;
  /** The ship's image: another runtime could want to migrate what it finds. */
  image: ShipImage;
  /** The ship's loom. */
  loom: number;
  /** The ship's memory limit in MiB. */
  limitMiB: number;
  /** Kubernetes minor version the pod security standard is pinned to; null where unknown. */
  kubernetes: string | null;
  /** Seconds the look may take. Default 3600: a stop that was not clean is replayed first. */
  deadlineSeconds?: number;
}

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
}

export interface Drill {
  namespace: string;
  /** In the order they are to be applied: the network is closed before there is anything to talk. */
  objects: Manifest[];
  /** What is to be deleted afterwards, in order, whatever the outcome. The snapshot itself stays. */
  remove: { apiVersion: string; kind: string; name: string }[];
}

export function renderDrill(args: DrillArgs): Drill {
  const problems = drillProblems(args).map(
    (p) => `${p.path}: received ${p.received}; accepted ${p.accepted}; ${p.fix}`,
  );
  if (problems.length > 0) throw new Error(`Drill ${shown(args.id)} is refused:\n${problems.join("\n")}`);
  const namespace = `roadstead-drill-${args.id}`;
  const labels = { [DRILL_LABEL]: args.ship, [LABEL.partOf]: "roadstead", [LABEL.managedBy]: "roadstead" };
  const object = (
    apiVersion: string,
    kind: string,
    name: string,
    where: string | null,
    body: Record<string, unknown>,
    annotations?: Record<string, string>,
  ): Manifest => ({
    apiVersion,
    kind,
    metadata: {
      name,
      ...(where === null ? {} : { namespace: where }),
      labels,
      ...(annotations === undefined ? {} : { annotations }),
    },
    ...body,
  });
  const snapshots = "snapshot.storage.k8s.io/v1";
  const driver = args.driver ?? "ebs.csi.aws.com";
  const objects: Manifest[] = [
    {
      ...object("v1", "Namespace", namespace, null, {}),
      metadata: { name: namespace, labels: { ...labels, ...podSecurity(args) } },
    },
    object("networking.k8s.io/v1", "NetworkPolicy", "no-network", namespace, {
      // No rule in either direction: not even names are resolved.
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    }),
    object("v1", "ResourceQuota", "one-look", namespace, {
      // Room for this pod and this disk, and for no way in.
      spec: {
        hard: {
          pods: "1",
          persistentvolumeclaims: "1",
          services: "0",
          "count/statefulsets.apps": "0",
          "count/deployments.apps": "0",
        },
      },
    }),
    object("storage.k8s.io/v1", "StorageClass", namespace, null, {
      provisioner: driver,
      parameters: args.parameters ?? { type: "gp3", encrypted: "true" },
      // Unlike a pier: the copy goes with its claim, and bears no tag that would have it snapshotted in turn.
      reclaimPolicy: "Delete",
      volumeBindingMode: "WaitForFirstConsumer",
    }),
    object(snapshots, "VolumeSnapshotContent", namespace, null, {
      spec: {
        // The backup outlives the drill.
        deletionPolicy: "Retain",
        driver,
        source: { snapshotHandle: args.snapshotHandle },
        volumeSnapshotRef: { name: "copy", namespace },
      },
    }),
    object(snapshots, "VolumeSnapshot", "copy", namespace, {
      spec: { source: { volumeSnapshotContentName: namespace } },
    }),
    object(
      "v1",
      "PersistentVolumeClaim",
      "copy",
      namespace,
      {
        spec: {
          accessModes: ["ReadWriteOncePod"],
          storageClassName: namespace,
          volumeMode: "Filesystem",
          resources: { requests: { storage: `${args.diskGiB}Gi` } },
          dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "copy" },
        },
      },
      // What the admission policy asks of any disk made from a snapshot; nothing reads it as leave to start the ship.
      { [ANNOTATION.breach]: `none: drill ${args.id} looks at a copy and never starts it` },
    ),
    object("batch/v1", "Job", "look", namespace, { spec: job(args, labels) }),
  ];
  return {
    namespace,
    objects,
    remove: [
      { apiVersion: "v1", kind: "Namespace", name: namespace },
      { apiVersion: snapshots, kind: "VolumeSnapshotContent", name: namespace },
      { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", name: namespace },
    ],
  };
}

export interface DrillProblem {
  path: string;
  received: string;
  accepted: string;
  fix: string;
}

/** All that is wrong with a drill's arguments; `renderDrill` refuses every one of them. */
export function drillProblems(args: DrillArgs): DrillProblem[] {
  const problems: DrillProblem[] = [];
  // With the prefix it must be a name of a namespace, 63 characters at most.
  if (!/^[a-z0-9]([a-z0-9-]{0,45}[a-z0-9])?$/.test(args.id))
    problems.push({
      path: "id",
      received: shown(args.id),
      accepted: "small letters, digits and -, 47 at most",
      fix: "name the drill by its day and a letter",
    });
  if (args.snapshotHandle === "")
    problems.push({
      path: "snapshotHandle",
      received: shown(args.snapshotHandle),
      accepted: "the provider's id of a snapshot",
      fix: "take it from the list of snapshots with the tag roadstead.dev/restore",
    });
  if (!args.image.digest)
    problems.push({
      path: "image.digest",
      received: shown(args.image.digest),
      accepted: "the digest the ship ran with",
      fix: "take it from the recorded versions: another runtime could want to migrate the copy",
    });
  return problems;
}

const podSecurity = (args: DrillArgs): Record<string, string> =>
  Object.fromEntries(
    ["enforce", "audit", "warn"].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, "restricted"],
      ...(args.kubernetes === null ? [] : [[`pod-security.kubernetes.io/${mode}-version`, `v${args.kubernetes}`]]),
    ]),
  );

function job(args: DrillArgs, labels: Record<string, string>): Record<string, unknown> {
  const architectures = (args.image.architectures ?? []).map((a) => KUBERNETES_ARCH[a] ?? a);
  return {
    completions: 1,
    parallelism: 1,
    // One look: what fails is reported, not tried until it passes.
    backoffLimit: 0,
    activeDeadlineSeconds: args.deadlineSeconds ?? 3600,
    template: {
      metadata: { labels },
      spec: {
        restartPolicy: "Never",
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        // Beside the network policy: the pod knows no server to ask for a name.
        dnsPolicy: "None",
        dnsConfig: { nameservers: ["127.0.0.1"] },
        securityContext: PIER_POD_SECURITY,
        tolerations: [{ key: SHIPS_TAINT_KEY, operator: "Exists", effect: "NoSchedule" }],
        ...(architectures.length === 0
          ? {}
          : {
              affinity: {
                nodeAffinity: {
                  requiredDuringSchedulingIgnoredDuringExecution: {
                    nodeSelectorTerms: [
                      {
                        matchExpressions: [{ key: "kubernetes.io/arch", operator: "In", values: architectures }],
                      },
                    ],
                  },
                },
              },
            }),
        containers: [
          {
            name: "look",
            image: imageReference(args.image),
            // No shell and no entrypoint: this and nothing else.
            command: ["urbit", "info", "--loom", String(args.loom), PIER],
            env: [{ name: "HOME", value: "/tmp" }],
            resources: {
              requests: { cpu: "250m", memory: `${args.limitMiB}Mi` },
              limits: { memory: `${args.limitMiB}Mi` },
            },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
            volumeMounts: [
              // Writable: the snapshot was taken of a running ship, and what was half written is put right first.
              { name: "copy", mountPath: "/urbit" },
              { name: "tmp", mountPath: "/tmp" },
            ],
          },
        ],
        volumes: [
          { name: "copy", persistentVolumeClaim: { claimName: "copy" } },
          { name: "tmp", emptyDir: {} },
        ],
      },
    },
  };
}

export interface DrillEvidence {
  /** Exit code of the job's container; null when it never ended. */
  exitCode: number | null;
  /** Its output. */
  log: string;
  /** The event on the ship's claim; null where none was noted. */
  noted: number | null;
  /** When that was noted, and when the snapshot was taken, in ISO 8601; null or absent where it is not known. */
  notedAt?: string | null;
  takenAt?: string | null;
  /** Whether the snapshot is known to be of the ship's own volume. Without that no drill passes. */
  own: boolean;
}

export interface DrillVerdict {
  /** Pass: the copy can be read and has the noted event. Inconclusive: it can be read, and nothing says what it should have, or whose it is. */
  verdict: "pass" | "fail" | "inconclusive";
  /** The copy's last event; null when it could not be read. */
  event: number | null;
  /** Events that the noted one is ahead of the copy; null when either is unknown. Lost if all else is lost. */
  behind: number | null;
  reason: string;
}

/** What a drill has shown. Never that the copy may be started: no verdict says so. */
export function judgeDrill({ exitCode, log, noted, notedAt, takenAt, own }: DrillEvidence): DrillVerdict {
  const found = [...log.matchAll(/disk: live=[^,\n]*, event=(\d+)/g)].at(-1)?.[1];
  const event = found === undefined ? null : Number(found);
  const failed = (reason: string): DrillVerdict => ({ verdict: "fail", event, behind: null, reason });
  if (exitCode === null) return failed("urbit info did not end in time");
  if (exitCode !== 0) return failed(`urbit info ended with ${exitCode}`);
  if (event === null) return failed("urbit info named no event");
  if (noted === null)
    return {
      verdict: "inconclusive",
      event,
      behind: null,
      reason: `the copy is at event ${event}; the claim had noted none to compare it with`,
    };
  const behind = Math.max(0, noted - event);
  if (behind > 0 && notedAt && takenAt && Date.parse(takenAt) < Date.parse(notedAt))
    return {
      verdict: "inconclusive",
      event,
      behind,
      reason: `the copy is at event ${event}, ${behind} behind the ${noted} noted at ${notedAt}, after it was taken at ${takenAt}`,
    };
  if (behind > 0) return { ...failed(`the copy is at event ${event}, ${behind} behind the noted ${noted}`), behind };
  // Any ship that ran for longer has the noted event.
  if (!own)
    return {
      verdict: "inconclusive",
      event,
      behind: null,
      reason: `the copy is at event ${event}, the noted one was ${noted}; whose volume it is of could not be asked`,
    };
  return { verdict: "pass", event, behind, reason: `the copy is at event ${event}, the noted one was ${noted}` };
}
