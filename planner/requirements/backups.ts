// Wishes for copies of piers off their hosts.
import { z } from "zod";
import {
  AGE_RECIPIENT,
  BACKUP_RHYTHMS,
  BUCKET,
  BUCKET_ENDPOINT,
  BUCKET_PREFIX,
  BUCKET_REGION,
  isAgeRecipient,
} from "../backups";
import { secretName } from "./fields";

export const backupsSchema = z
  .strictObject({
    bucket: z
      .string()
      .regex(BUCKET, "a bucket's name: 3 to 63 lower-case letters, digits, dots and dashes")
      .describe("A bucket of yours, in another place than the hosts. Roadstead neither makes nor reads it."),
    endpoint: z
      .string()
      .regex(BUCKET_ENDPOINT, "an https address without a path, such as https://nyc3.digitaloceanspaces.com")
      .optional()
      .describe("Where the bucket is, for any storage that speaks S3. Default: Amazon S3 in `region`."),
    region: z
      .string()
      .regex(BUCKET_REGION, "a region's name, such as us-east-1")
      .optional()
      .describe("The bucket's region. Required without an endpoint."),
    prefix: z
      .string()
      .regex(BUCKET_PREFIX, "a path such as fleet/prod, without a slash at either end")
      .optional()
      .describe("What the objects' names begin with. Default: the ship's name."),
    recipients: z
      .array(
        z
          .string()
          .regex(AGE_RECIPIENT, "a public key of age: age1 and 58 more characters, as age-keygen prints it")
          .refine(
            (key) => !AGE_RECIPIENT.test(key) || isAgeRecipient(key),
            "a public key of age without a slip in it: its checksum is wrong",
          ),
      )
      .min(1)
      .max(8)
      .describe(
        "Public keys of age that the copies are encrypted to; each alone opens them. Their secret keys stay off the hosts. Give two, kept in two places.",
      ),
    credentials: z
      .strictObject({ secret: secretName })
      .describe(
        "The Pulumi config secret with the id and the secret of a key that may write to the bucket, and nothing else.",
      ),
    every: z
      .enum(BACKUP_RHYTHMS)
      .default("weekly")
      .describe("How often each pier is copied, daily or weekly; the ship is stopped meanwhile. Default weekly."),
  })
  .refine((b) => b.endpoint !== undefined || b.region !== undefined, {
    path: ["region"],
    error: "the bucket's region, since without an endpoint it is at Amazon S3",
  })
  .optional()
  .describe(
    "Encrypted copies of piers, made by their hosts at night and sent to a bucket. They are archives: a pier that has run on since its copy is never run from it without a breach. Hosts only, and not under GroundSeg.",
  );
export type BackupWishes = NonNullable<z.infer<typeof backupsSchema>>;
