// Fields that several parts of the requirements share.
import { z } from "zod";
import { SHA256 } from "../host-fields";

export const COMPLIANCE = ["gdpr", "hipaa", "soc2", "iso27001", "pci"] as const;
export type Compliance = (typeof COMPLIANCE)[number];

export const ARCHITECTURES = ["x86_64", "arm64"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];
export const sha256 = z
  .string()
  .regex(SHA256, "64 lower-case hex digits")
  .describe("A SHA-256 checksum, 64 lower-case hex digits.");
export const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "sha256: and 64 lower-case hex digits")
  .describe("An image digest, sha256: and 64 lower-case hex digits.");
export const secretName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, "a Pulumi config key: a letter, then letters, digits, _ . or -")
  .describe("The name of a Pulumi config secret, never the secret itself.");
export const image = z
  .strictObject({
    repository: z.string().min(1).describe("The image's repository, without tag or digest."),
    digest: digest
      .optional()
      .describe("The image's digest. Without one, plans and previews are marked and `up` refuses."),
    architectures: z
      .array(z.enum(ARCHITECTURES))
      .min(1)
      .describe("Architectures the image is built for; they decide which node families may be used."),
  })
  .describe("The container image ships run, by digest. Default: tloncorp/vere, which is built for x86_64 only.");
