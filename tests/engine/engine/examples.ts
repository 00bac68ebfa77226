// One small example a mode, with ships by name and every version filled in. Names are real @p syntax, keys are made up, and
// versions are fixtures: nothing is downloaded here.
import type { ClusterFacts } from "../../../planner";
import type { Project } from "./project";

export interface Example {
  requirements: Record<string, unknown>;
  /** Values of config secrets, by name. */
  secrets: Record<string, string>;
  /** Ids of the ships. */
  ships: string[];
}

const NAMES = [
  "sampel-palnet",
  "wicdev-wisryt",
  "ravmel-ropdyl",
  "hastuc-dibtux",
  "dister-dozzod",
  "palfun-foslup",
  "fillyd-lacwed",
  "latnes-ritnet",
  "nibtev-sovhec",
  "pagdut-ladbex",
  "marleb-bonmel",
  "naptyr-mippec",
];

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const VERSIONS = {
  kubernetes: "1.34",
  vere: { version: "4.0", sha256: { x86_64: "a".repeat(64), arm64: "b".repeat(64) } },
  groundseg: { version: "2.0.0", sha256: { x86_64: "c".repeat(64), arm64: "d".repeat(64) } },
  hostImage: { digitalocean: "debian-12-x64", aws: "ami-0123456789abcdef0" },
  addons: {
    vpcCni: "v1.0.0-eksbuild.1",
    kubeProxy: "v1.0.0-eksbuild.1",
    coredns: "v1.0.0-eksbuild.1",
    ebsCsi: "v1.0.0-eksbuild.1",
    podIdentityAgent: "v1.0.0-eksbuild.1",
    snapshotController: "v1.0.0-eksbuild.1",
    metricsServer: "v1.0.0-eksbuild.1",
  },
  charts: Object.fromEntries(
    ["kubePrometheusStack", "blackboxExporter", "loki", "alloy", "envoyGateway", "awsLoadBalancerController"].map(
      (c) => [c, { version: "1.0.0" }],
    ),
  ),
  images: {
    kubectl: {
      repository: "registry.example.com/kubectl-with-shell",
      digest: digest("e"),
      architectures: ["x86_64", "arm64"],
    },
  },
};

/** Long enough that it cannot be in a file by chance. */
export const canary = (ship: string): string => `canary-key-of-${ship}-0v7.51fk2.9dh3q.tt1cq`;

const IMAGE = { repository: "tloncorp/vere", digest: digest("f"), architectures: ["x86_64"] };

/** With versions, image, who may get in, and a made-up key for each named ship; what the requirements say themselves stays. */
export function completed(
  requirements: Record<string, unknown> & { ships: Record<string, unknown> },
  names: string[],
  nicknames: string[] = [],
  secrets: Record<string, string> = {},
): Example {
  return {
    requirements: {
      access: {
        sshPublicKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA admin"],
        adminCidrs: ["203.0.113.7/32"],
        clusterAdmins: ["arn:aws:iam::111122223333:role/platform"],
      },
      versions: VERSIONS,
      ...requirements,
      ships: { image: IMAGE, ...requirements.ships },
    },
    secrets: { ...Object.fromEntries(names.map((n) => [`${n}-key`, canary(n)])), ...secrets },
    ships: [...names, ...nicknames],
  };
}

function example(
  platform: string,
  names: string[],
  more: Record<string, unknown> = {},
  secrets: Record<string, string> = {},
): Example {
  const { ships, ...rest } = more as { ships?: Record<string, unknown> };
  const base = { apiVersion: "roadstead/v1", environment: "prod", platform, experience: "expert" };
  const named = names.map((n) => ({ name: `~${n}`, key: { secret: `${n}-key` } }));
  return completed({ ...base, ...rest, ships: { named, memoryGiB: 4, diskGiB: 20, ...ships } }, names, [], secrets);
}

export const EXISTING_SERVER = "https://cluster.example.com:6443";
export const KUBECONFIG = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "there", cluster: { server: EXISTING_SERVER } }],
  users: [{ name: "there", user: { token: "canary-token-of-the-cluster" } }],
});

/** Of the storage class of a real control plane too. */
const PROVISIONER = "ebs.csi.aws.com";

export const examples = {
  "vps-digitalocean": example("vps", NAMES.slice(0, 1), { regions: { allowed: ["nyc3"] } }),
  "vps-aws": example("vps", NAMES.slice(0, 1), { regions: { allowed: ["us-west-2"] } }),
  "multi-vps": example("multi-vps", NAMES.slice(0, 3), { regions: { allowed: ["nyc3"] } }),
  groundseg: example("groundseg", NAMES.slice(0, 4), { regions: { allowed: ["nyc3"] } }),
  // Eleven ships are a pilot cell and a second stack.
  eks: example("eks", NAMES.slice(0, 11), { regions: { allowed: ["us-west-2"] }, customers: 1 }),
  doks: example("doks", NAMES.slice(0, 3), { regions: { allowed: ["nyc3"] } }),
  "existing-cluster": example(
    "existing-cluster",
    NAMES.slice(0, 2),
    {
      existing: {
        kubeconfigSecret: "kubeconfig",
        clusterMonthly: 300,
        clusterAllocatableGiB: 64,
        storageClass: "retained",
        cluster: {
          distribution: "other",
          kubernetes: "1.34",
          storageClasses: [
            {
              name: "retained",
              provisioner: PROVISIONER,
              readWriteOncePod: "yes",
              reclaimPolicy: "Retain",
              bindingMode: "WaitForFirstConsumer",
            },
          ],
          networkPolicies: { enforced: "yes", basis: "declared" },
          nodes: [{ count: 2, arch: "x86_64", memoryGiB: 32 }],
        },
      },
    },
    { kubeconfig: KUBECONFIG },
  ),
} satisfies Record<string, Example>;

export type ExampleName = keyof typeof examples;

/** The cluster that is there before a stack of existing-cluster: its storage class is as the requirements say it is. */
function seed(project: Project, requirements: Example["requirements"]): void {
  const { storageClass, cluster } = requirements.existing as { storageClass: string; cluster?: ClusterFacts };
  const known = cluster?.storageClasses.find((c) => c.name === storageClass);
  const metadata = { name: storageClass };
  const inputs = {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata,
    provisioner: known?.provisioner,
    reclaimPolicy: "Retain",
    volumeBindingMode: "WaitForFirstConsumer",
  };
  const type = "kubernetes:storage.k8s.io/v1:StorageClass";
  project.cloud.create({ scope: EXISTING_SERVER, type, id: metadata.name, urn: "", inputs, outs: inputs }, null);
}

/** Records an example, fills in its secrets, and gives its stacks, the platform first. */
export async function prepare(project: Project, { requirements, secrets }: Example): Promise<string[]> {
  if (requirements.platform === "existing-cluster") seed(project, requirements);
  const stacks = await project.record(requirements, [], requirements.environment as string);
  for (const stack of stacks) await project.secrets(stack, secrets);
  return stacks;
}
