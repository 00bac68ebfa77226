// What kwok does in the place of kubelets and of the EBS driver: nodes are ready, pods run once they have a node, and
// volumes are made in the zone of the node their first pod was given.

interface Stage {
  name: string;
  kind: string;
  /** CEL expressions that must all hold. */
  when: string[];
  does: Record<string, unknown>;
}

/** Provisioner of the piers' storage class. */
export const DRIVER = "ebs.csi.aws.com";
/** The provisioner a claim was given to, and those whose volumes are made here: of EKS and of DOKS. */
const PROVISIONER = "volume.kubernetes.io/storage-provisioner";
const DRIVERS = [DRIVER, "dobs.csi.digitalocean.com"];

/** Nodes are named so that a stage, which sees the claim only, can tell the zone of the node it was given. */
export const nodeName = (pool: string, n: number, zone: string): string => `${pool}-${n}.${zone}`;

export function stagesFor(zones: readonly string[]): string {
  const all = [NODE_READY, POD_READY, POD_GONE, ...zones.map(volumeIn)];
  return all.map((stage) => `---\n${JSON.stringify(document(stage))}\n`).join("");
}

const document = ({ name, kind, when, does }: Stage) => ({
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind: "Stage",
  metadata: { name },
  spec: {
    resourceRef: { apiGroup: "v1", kind },
    selector: { matchExpressions: when.map((expression) => ({ cel: { expression } })) },
    ...does,
  },
});

const status = (lines: string[]) => ({
  steps: [{ patch: { subresource: "status", root: "status", template: lines.join("\n") } }],
});

const condition = (type: string) => ["- type: " + type, '  status: "True"', "  lastTransitionTime: {{ Now | Quote }}"];

const NODE_READY: Stage = {
  name: "node-ready",
  kind: "Node",
  when: ["!has(self.status.phase)"],
  does: status(["phase: Running", "conditions:", ...condition("Ready"), "  reason: KubeletReady"]),
};

/** Its init container has ended well and its probes succeed: what a container really does is for other suites. */
const POD_READY: Stage = {
  name: "pod-ready",
  kind: "Pod",
  when: ["!has(self.metadata.deletionTimestamp)", "has(self.spec.nodeName)", "!has(self.status.podIP)"],
  does: status([
    "phase: Running",
    "startTime: {{ Now | Quote }}",
    "podIP: {{ PodIPWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace | Quote }}",
    "conditions:",
    ...["Initialized", "ContainersReady", "Ready"].flatMap(condition),
    "containerStatuses:",
    "{{ range .spec.containers }}",
    "- name: {{ .name | Quote }}",
    "  image: {{ .image | Quote }}",
    "  ready: true",
    "  started: true",
    "  restartCount: 0",
    "  state: { running: { startedAt: {{ Now | Quote }} } }",
    "{{ end }}",
    "initContainerStatuses:",
    "{{ range .spec.initContainers }}",
    "- name: {{ .name | Quote }}",
    "  image: {{ .image | Quote }}",
    "  ready: true",
    "  restartCount: 0",
    "  state: { terminated: { exitCode: 0, reason: Completed, startedAt: {{ Now | Quote }}, finishedAt: {{ Now | Quote }} } }",
    "{{ end }}",
  ]),
};

const POD_GONE: Stage = {
  name: "pod-gone",
  kind: "Pod",
  when: ["has(self.metadata.deletionTimestamp)"],
  does: { next: { delete: true } },
};

/** What the driver's provisioner does: a volume for a claim, only to be used in the zone of the node it is first for. */
function volumeIn(zone: string): Stage {
  const provisioner = `{{ index .metadata.annotations "${PROVISIONER}" }}`;
  return {
    name: `volume-in-${zone}`,
    kind: "PersistentVolumeClaim",
    when: [
      "!has(self.metadata.deletionTimestamp)",
      "!has(self.spec.volumeName)",
      "has(self.metadata.annotations)",
      `'${PROVISIONER}' in self.metadata.annotations && self.metadata.annotations['${PROVISIONER}'] in ${JSON.stringify(DRIVERS)}`,
      `'volume.kubernetes.io/selected-node' in self.metadata.annotations && self.metadata.annotations['volume.kubernetes.io/selected-node'].endsWith('.${zone}')`,
    ],
    does: {
      steps: [
        {
          apply: {
            template: [
              "apiVersion: v1",
              "kind: PersistentVolume",
              "metadata:",
              "  name: pvc-{{ .metadata.uid }}",
              "  annotations:",
              `    pv.kubernetes.io/provisioned-by: ${provisioner}`,
              "spec:",
              "  accessModes: [ReadWriteOncePod]",
              "  capacity: { storage: {{ .spec.resources.requests.storage | Quote }} }",
              // The class's own, which an object made by hand does not inherit.
              "  persistentVolumeReclaimPolicy: Retain",
              "  storageClassName: {{ .spec.storageClassName | Quote }}",
              "  volumeMode: Filesystem",
              "  claimRef:",
              "    apiVersion: v1",
              "    kind: PersistentVolumeClaim",
              "    name: {{ .metadata.name | Quote }}",
              "    namespace: {{ .metadata.namespace | Quote }}",
              "    uid: {{ .metadata.uid | Quote }}",
              "  csi:",
              `    driver: ${provisioner}`,
              "    fsType: ext4",
              "    volumeHandle: vol-{{ .metadata.uid }}",
              "  nodeAffinity:",
              "    required:",
              "      nodeSelectorTerms:",
              "      - matchExpressions:",
              `        - { key: topology.kubernetes.io/zone, operator: In, values: [${zone}] }`,
            ].join("\n"),
          },
        },
      ],
    },
  };
}
