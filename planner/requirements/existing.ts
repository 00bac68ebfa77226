// What exists already and is to be used: networks, hosts, a cluster and what is known of it.
import { z } from "zod";
import { HOST_ADDRESS, STABLE_DEVICE } from "../host-fields";
import { clusterFactsSchema } from "./cluster-facts";
import { ARCHITECTURES, COMPLIANCE, secretName } from "./fields";

const hostSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, "2 to 40 lower-case letters, digits and dashes, starting with a letter")
    .optional()
    .describe("The host's name. Default: host-1, host-2 … in the order given."),
  memoryGiB: z.number().min(1).max(4096),
  diskGiB: z.number().min(10).max(1_000_000),
  arch: z.enum(ARCHITECTURES).optional().describe("Default x86_64."),
  dataDevice: z
    .string()
    .regex(STABLE_DEVICE, "a stable path such as /dev/disk/by-id/nvme-eui.0025385b1141a1f3")
    .optional()
    .describe(
      "A blank disk for the piers, by its stable path: it is encrypted and mounted, and refused when it holds anything. Without it piers live on the root disk. It never changes once the host is made.",
    ),
  address: z
    .string()
    .regex(HOST_ADDRESS, "a host name or an address, such as 192.168.1.20")
    .optional()
    .describe("Where administrators reach it over SSH. Default: its name."),
  failureDomain: z
    .string()
    .regex(/^[^\p{C}]{1,63}$/u, "1 to 63 visible characters")
    .optional()
    .describe(
      "What fails together with it: its rack, site or power circuit, in your words. One customer's new ships are spread over these. Default: the host itself.",
    ),
  monthly: z
    .number()
    .min(0)
    .optional()
    .describe("What the host costs you a month, in the budget's currency. Without it the price is unknown."),
});
export type OwnHost = z.infer<typeof hostSchema>;

export const existingSchema = z
  .strictObject({
    vpcId: z
      .string()
      .regex(/^vpc-[0-9a-f]{8,17}$/, "a VPC id such as vpc-0123456789abcdef0")
      .optional(),
    privateSubnetIds: z
      .array(z.string())
      .optional()
      .describe("Private subnets of the existing VPC, one a zone, in zone order."),
    publicSubnetIds: z.array(z.string()).optional(),
    kubeconfigSecret: secretName.optional().describe("The Pulumi config secret that holds a cluster's kubeconfig."),
    clusterMonthly: z
      .number()
      .min(0)
      .optional()
      .describe("What the existing cluster costs a month for these ships, in the budget's currency."),
    clusterAllocatableGiB: z
      .number()
      .min(1)
      .optional()
      .describe("Memory the existing cluster can still give to ships in all. Default: what its nodes have left."),
    storageClass: z
      .string()
      .min(1)
      .optional()
      .describe("The existing cluster's storage class for piers; must keep volumes (reclaimPolicy Retain)."),
    cluster: clusterFactsSchema.optional(),
    sandbox: z
      .strictObject({
        runtimeClass: z
          .string()
          .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "the name of a RuntimeClass, such as gvisor"),
        customers: z.array(z.string()).min(1).describe("Customers whose ships run in it, as ships.named names them."),
      })
      .optional()
      .describe(
        "A RuntimeClass of the existing cluster for customers nobody trusts. Whether vere works in it is not known: try it with a fake ship.",
      ),
    zoneId: z.string().min(1).optional().describe("An existing DNS zone."),
    monitoring: z
      .enum(["prometheus", "datadog", "newrelic"])
      .optional()
      .describe("Monitoring you have already; Roadstead then installs none."),
    residency: z.enum(["us", "eu"]).optional().describe("Where your own hosts or cluster stand, as you can show it."),
    compliance: z
      .array(z.enum(COMPLIANCE))
      .optional()
      .describe("Frameworks you hold evidence for on your own hosts or cluster."),
    quotas: z
      .strictObject({
        onDemandVcpu: z.number().int().min(0).optional(),
        elasticIps: z.number().int().min(0).optional(),
        droplets: z.number().int().min(0).optional(),
      })
      .optional()
      .describe(
        "Account quotas as they are now; without them the providers' defaults are assumed and increases are listed.",
      ),
    hosts: z.array(hostSchema).min(1).max(1000).optional().describe("Hosts you own."),
  })
  .default({})
  .describe("What exists already and is to be used.");
