// What is known of a cluster Roadstead did not build, as `roadstead doctor --cluster` prints it. Facts only: what nobody
// knows is `unknown`, and unknown is never taken for yes.
import { z } from "zod";
import { ARCHITECTURES } from "./fields";

export const DISTRIBUTIONS = ["gke", "aks", "doks", "k3s", "other"] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

export const KNOWN = ["yes", "no", "unknown"] as const;
export type Known = (typeof KNOWN)[number];

/** How one came to know that policies are enforced: its maker says so, somebody says so, or two pods tried. */
export const POLICY_BASES = ["documented", "declared", "tested"] as const;

const known = (what: string) => z.enum(KNOWN).default("unknown").describe(`${what} Default unknown, which is not yes.`);
const objectName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "the name of a Kubernetes object");
const names = z.array(objectName).optional();

const storageClassFacts = z.strictObject({
  name: objectName,
  provisioner: z.string().min(1),
  readWriteOncePod: known("Whether one pod only can have a volume of it (ReadWriteOncePod): CSI drivers only."),
  reclaimPolicy: z
    .enum(["Retain", "Delete", "unknown"])
    .default("unknown")
    .describe("What becomes of a volume when its claim is deleted. Piers need Retain. Default unknown."),
  bindingMode: z
    .enum(["WaitForFirstConsumer", "Immediate", "unknown"])
    .default("unknown")
    .describe("When a volume is made. Piers need WaitForFirstConsumer. Default unknown."),
  expansion: known("Whether a volume can grow."),
  encrypted: known("Whether its volumes are encrypted where they lie."),
});
export type StorageClassFacts = z.infer<typeof storageClassFacts>;

const nodeFacts = z.strictObject({
  count: z.number().int().min(1).max(5_000).describe("Nodes that are alike, and take pods."),
  arch: z.enum(ARCHITECTURES),
  memoryGiB: z.number().min(0).max(24_000).describe("Memory one such node can still give to pods, in GiB."),
  cpu: z.number().min(0).max(2_000).optional().describe("vCPU it can still give. Without it, CPU is not counted."),
  volumes: z
    .number()
    .int()
    .min(0)
    .max(1_000)
    .optional()
    .describe(
      "Volumes of the storage class it can still attach. Without it the driver states no limit (CSINode), which Kubernetes takes for none.",
    ),
});
export type NodeFacts = z.infer<typeof nodeFacts>;

export const clusterFactsSchema = z
  .strictObject({
    distribution: z.enum(DISTRIBUTIONS).default("other").describe("gke, aks, doks, k3s or other. Default other."),
    kubernetes: z
      .string()
      .regex(/^1\.\d{2}$/, "a minor version such as 1.34")
      .describe("Minor version of its API server."),
    storageClasses: z.array(storageClassFacts).min(1).max(100),
    snapshotClasses: z
      .array(z.strictObject({ name: objectName, driver: z.string().min(1) }))
      .optional()
      .describe("Volume snapshot classes. Without it: unknown; empty: none."),
    networkPolicies: z
      .strictObject({
        enforced: known("Whether NetworkPolicies are enforced."),
        by: z.string().min(1).optional().describe("What enforces them, such as cilium or calico."),
        basis: z
          .enum(POLICY_BASES)
          .optional()
          .describe("How it is known: documented by its maker, declared by you, or tested with two pods."),
      })
      .prefault({})
      .describe("Whether one customer's ships can be kept from another's."),
    nodes: z.array(nodeFacts).min(1).max(200).describe("Nodes that take ships, grouped by what they have left."),
    ingressClasses: names.describe("Ingress classes. Without it: unknown."),
    gatewayClasses: names.describe("Gateway API classes. Without it: unknown."),
    runtimeClasses: names.describe("Runtime classes. Without it: unknown."),
    loadBalancers: known("Whether a Service of type LoadBalancer gets an address."),
  })
  .describe(
    "What the existing cluster can do. `roadstead doctor --cluster KUBECONFIG` reads it and prints this block.",
  );
export type ClusterFacts = z.infer<typeof clusterFactsSchema>;
