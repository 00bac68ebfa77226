// Backups on AWS: a bucket with a key of its own, snapshots by tag, and copies of both in a second region.
import * as pulumi from "@pulumi/pulumi";
import { LifecyclePolicy } from "@pulumi/aws/dlm/lifecyclePolicy";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment";
import { Key } from "@pulumi/aws/kms/key";
import { Bucket } from "@pulumi/aws/s3/bucket";
import { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration";
import { BucketObjectLockConfiguration } from "@pulumi/aws/s3/bucketObjectLockConfiguration";
import { BucketReplicationConfig } from "@pulumi/aws/s3/bucketReplicationConfig";
import { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning";
import { BACKUP_TAG } from "../eks/render/addons";
import { trustService } from "../eks/render/iam-documents";
import { createAccessLogs } from "./access-logs";
import type { BackupContext, MadeBackups } from "./backups";
import { closeBucket, NONCURRENT_DAYS } from "./bucket";
import { copyUnderKey, replicate, tlsOnly } from "./render/documents";
import { type SnapshotSchedule, snapshotSchedule } from "./render/schedule";

/** Days after which an object moves to infrequent access; S3 allows no fewer. */
export const INFREQUENT_ACCESS_DAYS = 30;

export function createAwsBackups(context: BackupContext): MadeBackups {
  const { name, args } = context;
  const here = createVault(context, name, args.region);
  const there = args.drRegion ? createVault(context, `${name}-dr`, args.drRegion) : null;
  if (there !== null) createReplication(context, here, there);
  if (args.snapshots ?? true) createSnapshots(context, there);
  return {
    bucketName: here.bucket.bucket,
    bucketRegion: pulumi.output(args.region),
    endpoint: pulumi.output(`https://s3.${args.region}.amazonaws.com`),
    drBucketName: there?.bucket.bucket ?? pulumi.output(""),
  };
}

/** A bucket, its key, and what makes it safe. */
interface Vault {
  region: string;
  key: Key;
  bucket: Bucket;
  versioning: BucketVersioning;
}

function createVault({ args, parent }: BackupContext, name: string, region: string): Vault {
  const protect = args.protect ?? true;
  const tags = { Name: name, ...args.tags };
  const key = new Key(
    `${name}-key`,
    { description: `Encrypts ${name}`, enableKeyRotation: true, deletionWindowInDays: 30, region, tags },
    // Without the key every backup is noise: it goes only when someone says so twice.
    { parent, protect },
  );
  const bucket = new Bucket(
    `${name}-bucket`,
    { objectLockEnabled: args.objectLock ?? false, forceDestroy: false, region, tags },
    // Backups outlive the mistake that deletes everything else.
    { parent, protect },
  );
  const versioning = new BucketVersioning(
    `${name}-bucket`,
    { bucket: bucket.id, versioningConfiguration: { status: "Enabled" }, region },
    { parent },
  );
  closeBucket(
    parent,
    `${name}-bucket`,
    region,
    bucket,
    key,
    bucket.arn.apply((arn) => tlsOnly(arn)),
  );
  limitBucket({ name, args, parent }, region, bucket, versioning);
  createAccessLogs({ name, args, parent }, region, bucket);
  return { region, key, bucket, versioning };
}

function limitBucket(
  { name, args, parent }: BackupContext,
  region: string,
  bucket: Bucket,
  versioning: BucketVersioning,
): void {
  new BucketLifecycleConfiguration(
    `${name}-bucket`,
    {
      bucket: bucket.id,
      rules: [
        {
          id: "age",
          status: "Enabled",
          filter: { prefix: "" },
          transitions: [{ days: INFREQUENT_ACCESS_DAYS, storageClass: "STANDARD_IA" }],
          noncurrentVersionExpiration: { noncurrentDays: NONCURRENT_DAYS },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
      ],
      region,
    },
    // Rules on old versions mean nothing before there are versions.
    { parent, dependsOn: [versioning] },
  );
  if (args.objectLock ?? false) {
    new BucketObjectLockConfiguration(
      `${name}-bucket`,
      {
        bucket: bucket.id,
        // Governance: an administrator with a permission of its own can still undo a mistake.
        rule: { defaultRetention: { mode: "GOVERNANCE", days: args.retentionDays } },
        region,
      },
      { parent, dependsOn: [versioning] },
    );
  }
}

function createReplication({ name, args, parent }: BackupContext, here: Vault, there: Vault): void {
  const role = new Role(
    `${name}-replication`,
    { assumeRolePolicy: trustService("s3.amazonaws.com"), tags: args.tags },
    { parent },
  );
  const document = pulumi
    .all([here.bucket.arn, here.key.arn, there.bucket.arn, there.key.arn])
    .apply(([sourceArn, sourceKeyArn, targetArn, targetKeyArn]) =>
      replicate({ sourceArn, sourceKeyArn, targetArn, targetKeyArn }),
    );
  const granted = new RolePolicy(`${name}-replication`, { role: role.id, policy: document }, { parent });
  new BucketReplicationConfig(
    `${name}-replication`,
    {
      bucket: here.bucket.id,
      role: role.arn,
      rules: [
        {
          id: "everything",
          status: "Enabled",
          filter: { prefix: "" },
          // A deletion here must not be one there.
          deleteMarkerReplication: { status: "Disabled" },
          sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
          destination: {
            bucket: there.bucket.arn,
            storageClass: "STANDARD_IA",
            encryptionConfiguration: { replicaKmsKeyId: there.key.arn },
          },
        },
      ],
      region: here.region,
    },
    // Both ends must have versions first.
    { parent, dependsOn: [here.versioning, there.versioning, granted] },
  );
}

function createSnapshots({ name, args, parent }: BackupContext, there: Vault | null): void {
  const schedule = snapshotSchedule(args.everyHours, args.retentionDays) as SnapshotSchedule;
  const role = new Role(
    `${name}-snapshots`,
    { assumeRolePolicy: trustService("dlm.amazonaws.com"), tags: args.tags },
    { parent },
  );
  const granted: pulumi.Resource[] = [
    new RolePolicyAttachment(
      `${name}-snapshots`,
      { role: role.name, policyArn: "arn:aws:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole" },
      { parent },
    ),
  ];
  if (there !== null) {
    granted.push(
      new RolePolicy(
        `${name}-snapshots-copy`,
        { role: role.id, policy: there.key.arn.apply((arn) => copyUnderKey(arn)) },
        { parent },
      ),
    );
  }
  new LifecyclePolicy(
    `${name}-snapshots`,
    {
      description: `Snapshots of the pier volumes of ${name}`,
      executionRoleArn: role.arn,
      state: "ENABLED",
      policyDetails: {
        policyType: "EBS_SNAPSHOT_MANAGEMENT",
        resourceTypes: ["VOLUME"],
        targetTags: { [BACKUP_TAG]: args.backupTag },
        schedules: [
          {
            name: `every-${schedule.intervalHours}h`,
            createRule: { interval: schedule.intervalHours, intervalUnit: "HOURS", times: "03:00" },
            retainRule: { count: schedule.keep },
            copyTags: true,
            // What a person sees next to the snapshot in the console, years later.
            tagsToAdd: { "roadstead.dev/restore": "means-breach" },
            crossRegionCopyRules:
              there === null
                ? undefined
                : [
                    {
                      target: there.region,
                      encrypted: true,
                      cmkArn: there.key.arn,
                      copyTags: true,
                      retainRule: { interval: schedule.keepCopyDays, intervalUnit: "DAYS" },
                    },
                  ],
          },
        ],
      },
      region: args.region,
      tags: args.tags,
    },
    { parent, dependsOn: granted },
  );
}
