export { Backups, BackupProvider, type BackupsArgs } from "./backups";
export { RESTORING, SNAPSHOT_INTERVALS, snapshotSchedule, type SnapshotSchedule } from "./render/schedule";
export {
  DRILL_LABEL,
  drillProblems,
  judgeDrill,
  renderDrill,
  type Drill,
  type DrillArgs,
  type DrillEvidence,
  type DrillProblem,
  type DrillVerdict,
  type Manifest,
} from "./render/drill";
