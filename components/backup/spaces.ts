// Backups on DigitalOcean: one private, versioned Spaces bucket, for copies that were encrypted before they left their hosts.
import * as pulumi from "@pulumi/pulumi";
import { SpacesBucket } from "@pulumi/digitalocean/spacesBucket";
import type { BackupContext, MadeBackups } from "./backups";

const NONCURRENT_DAYS = 90;

export function createSpaces({ name, args, parent }: BackupContext): MadeBackups {
  const region = args.drRegion ?? args.region;
  const bucket = new SpacesBucket(
    `${name}-bucket`,
    {
      region,
      acl: "private",
      forceDestroy: false,
      versioning: { enabled: true },
      lifecycleRules: [
        {
          id: "age",
          enabled: true,
          noncurrentVersionExpiration: { days: NONCURRENT_DAYS },
          abortIncompleteMultipartUploadDays: 7,
        },
      ],
    },
    // Backups outlive the mistake that deletes everything else.
    { parent, protect: args.protect ?? true },
  );
  return {
    bucketName: bucket.name,
    bucketRegion: pulumi.output(region),
    endpoint: pulumi.output(`https://${region}.digitaloceanspaces.com`),
    drBucketName: pulumi.output(""),
  };
}
