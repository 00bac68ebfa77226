// When volumes are snapshotted and how many snapshots are kept, in the terms AWS accepts.

/** The intervals Data Lifecycle Manager knows, in hours. */
export const SNAPSHOT_INTERVALS = [1, 2, 3, 4, 6, 8, 12, 24] as const;
/** The most snapshots of one volume a schedule keeps. */
export const MAX_SNAPSHOTS = 1000;

export interface SnapshotSchedule {
  /** Hours between two snapshots: the longest known interval that is not longer than asked. */
  intervalHours: number;
  /** Snapshots kept of each volume. */
  keep: number;
  /** Days the copies in another region are kept. */
  keepCopyDays: number;
}

/** Null when no known interval is short enough, or more snapshots would be kept than a schedule can. */
export function snapshotSchedule(everyHours: number, retentionDays: number): SnapshotSchedule | null {
  const intervalHours = SNAPSHOT_INTERVALS.filter((hours) => hours <= everyHours).at(-1);
  if (intervalHours === undefined) return null;
  const keep = Math.max(1, Math.ceil((retentionDays * 24) / intervalHours));
  return keep > MAX_SNAPSHOTS ? null : { intervalHours, keep, keepCopyDays: retentionDays };
}

/** What snapshot schedules select: volumes of all cells bear the environment's tag, not their stack's. */
export const backupTag = (environment: string): string => `roadstead-${environment}`;

/** What a restore means, wherever backups are shown. */
export const RESTORING =
  "A periodic snapshot is an old copy: starting a ship from it makes the network see the past, and only a breach by the " +
  "ship's owner repairs that. Only a snapshot taken after a clean stop, with the original volume gone for good, may be started.";
