// What comes back after a loss, how old it is and how long it takes, for ships whose volumes AWS snapshots. docs/dr.md says
// the same in words. Nothing here was measured by a drill.
import { RHYTHM_HOURS } from "../backups";
import type { Requirements } from "../requirements/schema";
import type { Recovery } from "./schema";

/** Days snapshots, and what is in the bucket, are kept (the fleet mission). */
export const BACKUP_DAYS = 90;
/** The most snapshots of one volume a schedule of Data Lifecycle Manager keeps. */
const SNAPSHOTS_KEPT = 1000;
/**
 * A scheduled snapshot starts within an hour of its time.
 * https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-ami-policy.html
 */
const STARTS_WITHIN_HOURS = 1;
/** Until a snapshot has been copied to another region. Own judgment, unmeasured: no source bounds it. */
const COPY_HOURS = 3;
/** Until somebody has noticed that a region is gone and has decided to leave it. Own judgment. */
const DECIDE_HOURS = 1;
/** Ships started at a time, and minutes a first boot takes. Own judgment: the documentation says "a few minutes". */
const BOOTS_AT_ONCE = 5;
const BOOT_MINUTES = 5;

/** The hours between two snapshots that a schedule can have and still keep every snapshot as long as it should. */
const INTERVALS = [24, 12, 8, 6, 4, 3, 2, 1].filter((hours) => (BACKUP_DAYS * 24) / hours <= SNAPSHOTS_KEPT);

type Wish = Pick<Requirements, "recovery" | "regions">;

/** From a snapshot's time to the moment it can be used where it is needed. */
const delayHours = (r: Wish): number => STARTS_WITHIN_HOURS + (r.regions.dr === undefined ? 0 : COPY_HOURS);

/** The longest interval whose snapshots are young enough in the worst case; a day where nothing was wished. */
export function snapshotInterval(r: Wish): number {
  const wish = r.recovery.rpoHours;
  if (wish === undefined) return 24;
  return INTERVALS.find((hours) => hours + delayHours(r) <= wish) ?? INTERVALS.at(-1)!;
}

/** Snapshots of all ships that lie in the region at a time. */
export const snapshotsKept = (r: Requirements): number =>
  r.ships.count * Math.ceil((BACKUP_DAYS * 24) / snapshotInterval(r));

const WORTH =
  "the copy can be read, not started: the ship comes back empty after a breach by its owner, whose time is not counted";

/** Until a copy that is due has been made and sent: own judgment, unmeasured. */
const SENT_WITHIN_HOURS = 2;

/** Hosts whose volumes nobody snapshots: `rtoHours` where copies are sent to a bucket. */
export function recoveryOnHosts(r: Pick<Requirements, "backups">, rtoHours: number): Recovery {
  if (r.backups === undefined)
    return {
      rpoHours: null,
      rtoHours: null,
      note: "pier volumes have no automatic copy off the host; a lost volume means a breach with the owner's keys. With backups each host sends encrypted copies to a bucket of yours",
    };
  const note = `configured, not measured by a drill; an encrypted copy of each pier goes to ${r.backups.bucket} ${r.backups.every}, and a lost host is rebuilt by hand; ${WORTH}`;
  return { rpoHours: RHYTHM_HOURS[r.backups.every] + SENT_WITHIN_HOURS, rtoHours, note };
}

/**
 * `rtoHours` is for a lost volume or host in the region; with a second region the worse of both cases counts.
 * `minutesToDeploy` is what the platform takes from nothing; null where it is not known.
 */
export function recoveryOnAws(
  r: Requirements,
  inRegion: { rtoHours: number; note: string },
  minutesToDeploy: number | null,
): Recovery {
  const interval = snapshotInterval(r);
  const here = interval + STARTS_WITHIN_HOURS;
  const note = `configured, not measured by a drill; ${inRegion.note}; ${WORTH}`;
  const dr = r.regions.dr;
  if (dr === undefined) return { rpoHours: here, rtoHours: inRegion.rtoHours, note };

  const boots = (Math.ceil(r.ships.count / BOOTS_AT_ONCE) * BOOT_MINUTES) / 60;
  const deploy = minutesToDeploy === null ? inRegion.rtoHours : minutesToDeploy / 60;
  const rtoHours = Math.ceil(DECIDE_HOURS + deploy + boots);
  const rpoHours = interval + delayHours(r);
  return {
    rpoHours: Math.max(here, rpoHours),
    rtoHours: Math.max(inRegion.rtoHours, rtoHours),
    note,
    secondRegion: {
      region: dr,
      rpoHours,
      rtoHours,
      warm: ["copies of every volume snapshot", "a replica of the backup bucket", "the keys both are encrypted with"],
      cold: ["network, cluster or hosts, monitoring", "DNS of the ships", "the ships themselves: none runs there"],
      reasons: [
        `a snapshot every ${interval} h, started within ${STARTS_WITHIN_HOURS} h, copied in about ${COPY_HOURS} h (assumed)`,
        `${DECIDE_HOURS} h to decide, ${Math.round(deploy * 60)} minutes to build, first boots ${BOOTS_AT_ONCE} at a time of ${BOOT_MINUTES} minutes each`,
        "a ship boots there only after its owner's breach, with a new key and an empty pier: nobody else can shorten that",
      ],
    },
  };
}
