import * as pulumi from "@pulumi/pulumi";

/** Where backups are kept. */
export const BackupProvider = { Aws: "aws", DigitalOcean: "digitalocean" } as const;
export type BackupProvider = (typeof BackupProvider)[keyof typeof BackupProvider];

export interface BackupsArgs {
  provider: BackupProvider;
  /** Region of the ships. Changing it replaces the bucket, which is protected: the change is refused. */
  region: string;
  /** A second region that gets copies. Default none. On DigitalOcean the one bucket is made there instead. Adding one adds the copies. */
  drRegion?: string | null;
  /** Hours between two snapshots of every pier volume, 1 to 24 (AWS only). Taken as the next smaller of 1, 2, 3, 4, 6, 8, 12, 24. In place. */
  everyHours: number;
  /** How long snapshots are kept, in days. In place. */
  retentionDays: number;
  /** Object lock on the bucket: nobody deletes a version before `retentionDays` are over. Default false. Only at creation. */
  objectLock?: boolean;
  /** Value of the tag `roadstead.dev/backup` on the volumes to snapshot; what `ClusterAddons` got. */
  backupTag: string;
  /** Take volume snapshots (AWS). Default true; false for hosts that back up by themselves. */
  snapshots?: boolean;
  /** Whether the bucket and its key refuse to be deleted. Default true. */
  protect?: boolean;
  /** Tags for every resource. Default none. In place. */
  tags?: Record<string, string>;
}

export class Backups extends pulumi.ComponentResource {
  public readonly bucketName!: pulumi.Output<string>;
  /** The bucket's region. */
  public readonly bucketRegion!: pulumi.Output<string>;
  /** S3 endpoint of the bucket, for restic. */
  public readonly endpoint!: pulumi.Output<string>;
  /** Bucket in the second region; empty without one. */
  public readonly drBucketName!: pulumi.Output<string>;
  /** What a restore means for a ship, in one sentence. */
  public readonly restoring!: pulumi.Output<string>;

  constructor(name: string, args: BackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:Backups", name, {}, opts);
    void args;
  }
}
