export { Backups, BackupProvider, type BackupsArgs } from "./backups";
