export { Backups, BackupProvider, type BackupsArgs } from "./backups";
export { RESTORING, SNAPSHOT_INTERVALS, snapshotSchedule, type SnapshotSchedule } from "./render/schedule";
