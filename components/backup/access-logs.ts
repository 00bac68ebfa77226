// Who read, wrote or deleted what in a backup bucket: S3's server access logs, in a bucket of their own.
import * as pulumi from "@pulumi/pulumi";
import { Bucket } from "@pulumi/aws/s3/bucket";
import { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration";
import { BucketLogging } from "@pulumi/aws/s3/bucketLogging";
import { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning";
import { closeBucket, NONCURRENT_DAYS } from "./bucket";
import type { BackupContext } from "./backups";
import { acceptAccessLogs } from "./render/documents";

/**
 * S3 delivers only inside a region, never to a bucket with object lock, and only to one that encrypts under S3's own key
 * (AES256): a key of the account is refused. https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
 */
export function createAccessLogs(
  { name: vault, args, parent }: BackupContext,
  region: string,
  source: Bucket,
): BucketLogging {
  const name = `${vault}-logs`;
  const bucket = new Bucket(
    name,
    { forceDestroy: false, region, tags: { Name: name, ...args.tags } },
    // Whoever deletes backups must not be able to delete the trace of it along with them.
    { parent, protect: args.protect ?? true },
  );
  const versioning = new BucketVersioning(
    name,
    { bucket: bucket.id, versioningConfiguration: { status: "Enabled" }, region },
    { parent },
  );
  const policy = closeBucket(
    parent,
    name,
    region,
    bucket,
    null,
    pulumi.all([bucket.arn, source.arn]).apply(([logsArn, sourceArn]) => acceptAccessLogs(logsArn, sourceArn)),
  );
  new BucketLifecycleConfiguration(
    name,
    {
      bucket: bucket.id,
      rules: [
        {
          id: "age",
          status: "Enabled",
          filter: { prefix: "" },
          // A line about a backup is of use for as long as the backup is.
          expiration: { days: Math.max(args.retentionDays, NONCURRENT_DAYS) },
          noncurrentVersionExpiration: { noncurrentDays: NONCURRENT_DAYS },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
      ],
      region,
    },
    // Rules on old versions mean nothing before there are versions.
    { parent, dependsOn: [versioning] },
  );
  return new BucketLogging(
    `${vault}-bucket`,
    { bucket: source.id, targetBucket: bucket.id, targetPrefix: "access/", region },
    // Before the policy S3 may not write there, and logging is refused.
    { parent, dependsOn: [policy] },
  );
}
