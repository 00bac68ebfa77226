// What closes every bucket of the backups: encryption, no public access, no ACLs, TLS only.
import type * as pulumi from "@pulumi/pulumi";
import type { Key } from "@pulumi/aws/kms/key";
import type { Bucket } from "@pulumi/aws/s3/bucket";
import { BucketOwnershipControls } from "@pulumi/aws/s3/bucketOwnershipControls";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration";

/** Days after which a replaced or deleted version goes for good. */
export const NONCURRENT_DAYS = 90;

/** Null for the key: S3's own. Returns the bucket's policy. */
export function closeBucket(
  parent: pulumi.Resource,
  name: string,
  region: string,
  bucket: Bucket,
  key: Key | null,
  policy: pulumi.Input<string>,
): BucketPolicy {
  new BucketServerSideEncryptionConfiguration(
    name,
    {
      bucket: bucket.id,
      rules: [
        key === null
          ? { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }
          : {
              applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.arn },
              // One call to the key service a bucket instead of one an object.
              bucketKeyEnabled: true,
            },
      ],
      region,
    },
    { parent },
  );
  const closed = new BucketPublicAccessBlock(
    name,
    {
      bucket: bucket.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
      region,
    },
    { parent },
  );
  new BucketOwnershipControls(
    name,
    { bucket: bucket.id, rule: { objectOwnership: "BucketOwnerEnforced" }, region },
    { parent },
  );
  // S3 refuses two of these at once on one bucket.
  return new BucketPolicy(name, { bucket: bucket.id, policy, region }, { parent, dependsOn: [closed] });
}
