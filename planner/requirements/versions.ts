// Versions, checksums and digests: what has no default.
import { z } from "zod";
import { VERSION, VERSION_LOOKS } from "../host-fields";
import { digest, image, sha256 } from "./fields";

const version = z.string().regex(VERSION, VERSION_LOOKS);

const binary = z.strictObject({
  version,
  sha256: z.strictObject({ x86_64: sha256.optional(), arm64: sha256.optional() }).optional(),
});
const chart = z.strictObject({ version, digest: digest.optional() });

export const versionsSchema = z
  .strictObject({
    kubernetes: z
      .string()
      .regex(/^1\.\d{2}$/, "a minor version such as 1.34")
      .optional()
      .describe("Kubernetes minor version of a cluster Roadstead builds."),
    vere: binary.optional().describe("The vere release hosts run, with its checksums."),
    groundseg: binary.optional().describe("The GroundSeg release, with its checksums."),
    hostImage: z
      .strictObject({
        digitalocean: z.string().optional(),
        aws: z
          .string()
          .regex(/^ami-[0-9a-f]{8,17}$/, "an AMI id such as ami-0123456789abcdef0")
          .optional(),
      })
      .optional()
      .describe("Operating system images of hosts: a droplet image slug, an AMI id of the region."),
    addons: z
      .strictObject({
        vpcCni: version.optional(),
        kubeProxy: version.optional(),
        coredns: version.optional(),
        ebsCsi: version.optional(),
        podIdentityAgent: version.optional(),
        snapshotController: version.optional(),
        metricsServer: version.optional(),
      })
      .optional()
      .describe("EKS add-on versions."),
    charts: z
      .strictObject({
        kubePrometheusStack: chart.optional(),
        blackboxExporter: chart.optional(),
        loki: chart.optional(),
        alloy: chart.optional(),
        envoyGateway: chart.optional(),
        awsLoadBalancerController: chart.optional(),
      })
      .optional()
      .describe("Helm chart versions."),
    images: z
      .strictObject({ kubectl: image.optional() })
      .optional()
      .describe("Other container images: kubectl is what the claim's init container runs."),
  })
  .describe(
    "Versions, checksums and digests. They have no default: what is missing is marked, and `up` refuses without it.",
  );
