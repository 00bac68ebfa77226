// Where backups go and how volumes are snapshotted. It can only put away: nothing here starts a ship.
import * as pulumi from "@pulumi/pulumi";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { MAX_SNAPSHOTS, RESTORING, snapshotSchedule } from "./render/schedule";

/* eslint-disable @typescript-eslint/no-require-imports -- a stack of one provider does not load the other's SDK */
const load = {
  aws: () => require("./aws") as typeof import("./aws"),
  digitalOcean: () => require("./spaces") as typeof import("./spaces"),
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Where backups are kept. */
export const BackupProvider = { Aws: "aws", DigitalOcean: "digitalocean" } as const;
export type BackupProvider = (typeof BackupProvider)[keyof typeof BackupProvider];

export interface BackupsArgs {
  provider: BackupProvider;
  /** Region of the ships. Changing it replaces the bucket, which is protected: the change is refused. */
  region: string;
  /** A second region. Default none. AWS: it gets copies of objects and snapshots, added in place. DigitalOcean: the one bucket is made there instead. */
  drRegion?: string | null;
  /** Hours between two snapshots of every pier volume, one at least (AWS only): rounded down to 1, 2, 3, 4, 6, 8, 12 or 24. In place. */
  everyHours: number;
  /** How long snapshots are kept, in days. In place: fewer days deletes the oldest. */
  retentionDays: number;
  /** Object lock on the bucket (AWS only): nobody deletes a version before `retentionDays` are over. Default false. Only at creation. */
  objectLock?: boolean;
  /** Value of the tag `roadstead.dev/backup` on the volumes to snapshot; what `ClusterAddons` got. In place. */
  backupTag: string;
  /** Take volume snapshots (AWS only). Default true; false where no volume carries the tag. In place. */
  snapshots?: boolean;
  /** Whether buckets and their keys refuse to be deleted. Default true. In place. */
  protect?: boolean;
  /** Tags for every AWS resource. Default none. In place. */
  tags?: Record<string, string>;
}

/**
 * Backups of one environment.
 *
 *     new Backups("prod", {
 *       provider: BackupProvider.Aws, region: "us-west-2", drRegion: "us-east-1",
 *       everyHours: 24, retentionDays: 30, backupTag: "prod",
 *     });
 *
 * Makes on AWS: a KMS key and a bucket (versioned, encrypted, TLS only, private, to infrequent access after 30 days, old
 * versions gone after 90), its access logs in a bucket of their own, a snapshot schedule for tagged volumes with its role;
 * with `drRegion` key and buckets there, replication, and copies of every snapshot. On DigitalOcean: one private, versioned Spaces bucket.
 *
 * Monthly on AWS: key 1.00 a region, snapshots 0.05 a GB, objects 0.023 a GB and 0.0125 after 30 days, between regions
 * 0.02 a GB. On DigitalOcean: Spaces 5.00 with 250 GiB, then 0.02 a GiB.
 *
 * Restoring: see `restoring`. There is no argument to start a ship from a snapshot, and one that tries is refused.
 *
 * Destroyed never by accident: buckets and keys are protected. Snapshots already taken stay when the schedule goes.
 */
export class Backups extends pulumi.ComponentResource {
  public readonly bucketName: pulumi.Output<string>;
  /** The bucket's region. */
  public readonly bucketRegion: pulumi.Output<string>;
  /** S3 endpoint of the bucket. */
  public readonly endpoint: pulumi.Output<string>;
  /** Bucket in the second region; empty without one. */
  public readonly drBucketName: pulumi.Output<string>;
  /** What a restore means for a ship. */
  public readonly restoring: pulumi.Output<string>;

  constructor(name: string, args: BackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("Backups", name, backupProblems(args));
    super("roadstead:index:Backups", name, {}, opts);

    const context = { name, args, parent: this };
    const made =
      args.provider === BackupProvider.Aws
        ? load.aws().createAwsBackups(context)
        : load.digitalOcean().createSpaces(context);

    this.bucketName = made.bucketName;
    this.bucketRegion = made.bucketRegion;
    this.endpoint = made.endpoint;
    this.drBucketName = made.drBucketName;
    this.restoring = pulumi.output(RESTORING);
    this.registerOutputs({
      bucketName: this.bucketName,
      bucketRegion: this.bucketRegion,
      endpoint: this.endpoint,
      drBucketName: this.drBucketName,
      restoring: this.restoring,
    });
  }
}

export interface BackupContext {
  name: string;
  args: BackupsArgs;
  parent: pulumi.Resource;
}

export interface MadeBackups {
  bucketName: pulumi.Output<string>;
  bucketRegion: pulumi.Output<string>;
  endpoint: pulumi.Output<string>;
  drBucketName: pulumi.Output<string>;
}

function backupProblems(args: BackupsArgs): ArgumentProblem[] {
  const problems = restoreProblems(args);
  if (args.provider === BackupProvider.Aws && snapshotSchedule(args.everyHours, args.retentionDays) === null) {
    problems.push({
      path: "everyHours",
      received: `${given(args.everyHours)} with retentionDays ${given(args.retentionDays)}`,
      accepted: `1 or more, and at most ${MAX_SNAPSHOTS} snapshots kept of one volume`,
      fix: "snapshot less often, or keep fewer days",
    });
  }
  if (!Number.isInteger(args.retentionDays) || args.retentionDays < 1) {
    problems.push({
      path: "retentionDays",
      received: given(args.retentionDays),
      accepted: "a whole number of days, one at least",
      fix: "say how far back a backup must reach",
    });
  }
  if (args.drRegion === args.region) {
    problems.push({
      path: "drRegion",
      received: given(args.drRegion),
      accepted: `another region than ${args.region}, or none`,
      fix: "a copy in the same region is lost with it",
    });
  }
  if (args.provider === BackupProvider.DigitalOcean && args.objectLock === true) {
    problems.push({
      path: "objectLock",
      received: "true",
      accepted: "false: a Spaces bucket made here cannot lock objects",
      fix: "leave it out, or keep backups on AWS",
    });
  }
  return problems;
}

/** Callers without types can pass anything: whatever would turn a snapshot into a running ship is refused by name. */
function restoreProblems(args: BackupsArgs): ArgumentProblem[] {
  return Object.keys(args)
    .filter((key) => /restore|snapshot(id|arn)|from(snapshot|backup)|startship|boot/i.test(key))
    .map((key) => ({
      path: key,
      received: given((args as unknown as Record<string, unknown>)[key]),
      accepted: "no restore: backups only put away",
      fix: "read docs/components/backups.md on what a restore costs a ship",
    }));
}
