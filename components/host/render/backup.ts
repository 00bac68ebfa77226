// Copies of piers in a bucket off the host, which only their owner can open. They are archives: an old one never runs again.
import { RHYTHM_HOURS } from "../../../planner/backups";
import { alarm } from "./alarm";
import { LIB, MAINTENANCE_LOCK, MARKS, PIERS, STATE, unit, type HostFile } from "./file";
import type { HostBackup, HostSettings } from "./settings";
import { AS_SHIP, HOLD_MARK, SHIP_SCRIPT } from "./ship-script";

export const BACKUP_SCRIPT = `${LIB}/backup`;

/** What the script needs of the distribution. rclone, since a pier's copy is larger than one request to a bucket may be. */
export const BACKUP_PACKAGES = ["age", "zstd", "rclone"];

export const backupHours = (backup: HostBackup): number => RHYTHM_HOURS[backup.every ?? "weekly"];

export function backupFiles(settings: HostSettings): HostFile[] {
  const { backup } = settings;
  if (!backup) return [];
  return [
    { path: BACKUP_SCRIPT, mode: "0755", content: script(backup, settings) },
    unit(
      "roadstead-backup.service",
      `[Unit]
Description=Encrypted copies of piers, off this host
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=${BACKUP_SCRIPT} run
# However it ended: a ship that it stopped is started.
ExecStopPost=${BACKUP_SCRIPT} resume
`,
    ),
    // Every night, so that what failed is tried again: the script knows whose copy is due.
    unit(
      "roadstead-backup.timer",
      `[Unit]
Description=Encrypted copies of piers

[Timer]
OnCalendar=*-*-* 00:40:00
RandomizedDelaySec=30min
Persistent=no

[Install]
WantedBy=timers.target
`,
    ),
  ];
}

/** How rclone reaches the bucket `b:`, which may only be written to, never looked at. The credentials are in its own file. */
function remote({ endpoint, region }: HostBackup): string {
  const settings = {
    PROVIDER: endpoint ? "Other" : "AWS",
    ...(endpoint ? { ENDPOINT: endpoint } : {}),
    ...(region ? { REGION: region } : {}),
    // S3 refuses rclone's own default where access lists are switched off, as they are in new buckets.
    ...(endpoint ? {} : { ACL: "bucket-owner-full-control" }),
    NO_CHECK_BUCKET: "true",
    NO_HEAD: "true",
  };
  return Object.entries(settings)
    .map(([name, value]) => `RCLONE_S3_${name}=${value}`)
    .join(" ");
}

function script(backup: HostBackup, settings: HostSettings): string {
  const { bucket, prefix, recipients } = backup;
  const every = backupHours(backup);
  const mounted = settings.dataDevice
    ? `mountpoint -q "$root${PIERS}" || { say "the pier volume is not mounted"; exit 75; }\n`
    : "";
  return `#!/bin/sh
# Usage: backup run [ID]|credentials|resume.
set -eu
umask 077
root=\${ROADSTEAD_ROOT:-}
export ${remote(backup)}
ship=$root${SHIP_SCRIPT}
own=$root${PIERS}/.roadstead/.backup
sent=$root${STATE}/backup
marks=$root${MARKS}
said=
say() { echo "roadstead: $*" >&2; }
bad() { say "$*"; said="$said$*. "; }
${AS_SHIP}
last() { sed -n "s/^$1=//p" "$sent/$id" 2>/dev/null; }
# A record that is torn, or of a time to come, is none.
hours() {
  at=$(last time) now=$(date +%s)
  case $at in 20*T*Z) at=$(date -d "$at" +%s) || at=0 ;; *) at=0 ;; esac
  [ "$at" -le "$now" ] || at=0
  echo $(((now - at) / 3600))
}
# Nothing of a ship that has not booted, or is quarantined.
noted() { "$ship" status "$id" | sed -n 's/^first boot: done; last clean stop at event: \\([0-9]*\\); quarantine: *$/at \\1/p'; }
state() { systemctl show -p ActiveState --value "roadstead-ship@$id.service"; }
# Nothing, when it cannot be told.
free() {
  df=$(df -Pk "$own") || return 0
  echo "$df" | awk 'NR == 2 && $4 ~ /^[0-9]+$/ { print $4 }'
}
resume() { # whoever was stopped for its copy and was not started since runs again
  exec 8>&-
  for mark in "$marks"/*; do
    [ ! -e "$mark" ] || ! flock -n "$mark" true || "$ship" start "\${mark##*/}" || bad "\${mark##*/}: does not start after its copy"
  done
}
send() {
  for f in "$own/$id"/*.age; do
    [ -e "$f" ] || continue
    name=${[bucket, ...(prefix ? [prefix] : [])].join("/")}/$id/\${f##*/}
    if ! rclone --config "$own/rclone.conf" copyto --no-check-dest "$f" "b:$name"; then
      bad "$id: its copy did not reach the bucket: tried again at the next run"
      # A ship needs the room more than its copy does.
      free=$(free)
      [ "\${free:-1048576}" -ge 1048576 ] || rm "$f"
      return 1
    fi
    event=\${name#*.event-}
    printf 'time=%s\\nevent=%s\\nsize=%s\\nobject=%s\\n' "$(date -u -r "$f" +%FT%TZ)" "\${event%%.*}" "$(stat -c %s "$f")" "$name" >"$sent/.$id" &&
      sync "$sent/.$id" && mv "$sent/.$id" "$sent/$id" && sync "$sent" && rm "$f" && say "$id: sent $name"
  done
}
# Another one after every start, whoever made it.
still() { echo "$(state) $(sed 's/.* //' "$ran" 2>/dev/null) $(stat -c %i.%z "$ran" 2>/dev/null)"; }
archive() {
  ran=$root${STATE}/ships/$id/loom
  was=$(still)
  event=$(noted)
  case $was in
  "inactive stopped "*) ;;
  *) bad "$id: did not stop cleanly: not copied"; return 1 ;;
  esac
  { as_ship tar -I 'zstd -qT0' -C "$root${PIERS}" -cSf - "$id" </dev/null && : >"$own/whole"; } | age ${recipients.map((r) => `-r ${r}`).join(" ")} -o "$part" || rm -f "$own/whole"
  { [ -e "$own/whole" ] && [ "$(still)" = "$was" ]; } || { bad "$id: not archived, or started meanwhile"; return 1; }
}
copy() {
  pier=$root${PIERS}/$id
  # Of a link, tar would take its name alone.
  { [ ! -L "$pier" ] && [ -d "$pier/.urb" ] && links=$(find "$pier/.urb" -type l) && [ -z "$links" ]; } ||
    { bad "$id: its pier is not there, or is behind a link: not copied"; return 0; }
  mkdir -p "$own/$id"
  part=$own/$id/part
  rm -f "$part" "$own/whole"
  need=$(du -sk "$pier") || need=
  need=\${need:+$((\${need%%[!0-9]*} + 1048576))} free=$(free)
  { [ -n "$need" ] && [ "\${free:-0}" -ge "$need" ]; } ||
    { bad "$id: a copy needs \${need:-unknown} KiB free and there are \${free:-unknown}: left running"; return 0; }
  flock -w 14400 9 || { bad "$id: maintenance does not end: not copied"; return 0; }
  if [ "$(state)" = active ]; then
    ${HOLD_MARK}
    { "$ship" stop "$id" && archive; } || rm -f "$part"
    [ -e "$part" ] || bad "$id: no copy was made"
    resume
    "$ship" wait "$id" || { halt=1; bad "$id: does not come up again: the other ships are left as they are"; }
  else
    archive || rm -f "$part"
  fi
  flock -u 9
  [ -e "$part" ] || return 0
  mv "$part" "$own/$id/$(date -u -r "$part" +%Y%m%dT%H%M%SZ).event-\${event#at }.tar.zst.age"
  send || true
}
each() {
  was=$(noted)
  [ -n "$was" ] || { say "$id: has not booted, or is quarantined: left alone"; return 0; }
  if send; then
    # Nothing happened since its last copy.
    [ "$was $(state)" != "at $(last event | grep . || echo none) inactive" ] || return 0
    if [ -n "$only" ] || [ "$(hours)" -ge ${every - 12} ]; then [ -n "$halt" ] || copy; fi
  fi
  [ "$(hours)" -lt ${every * 2} ] || bad "$id: has no copy younger than ${every * 2} hours"
}

halt=
only=\${2:-}
[ "\${1:?command}" != resume ] || { resume; exit 0; }
${mounted}mkdir -p "$own" "$sent" "$marks"
case $1 in
credentials) # on standard input
  set -f
  # shellcheck disable=SC2046 # two words
  set -- $(head -c 4096)
  case \${1-}\${2-} in *[!A-Za-z0-9/+=_.-]*) set -- ;; esac
  [ $# = 2 ] || { say "expected a key's id and its secret"; exit 65; }
  printf '[b]\\ntype = s3\\naccess_key_id = %s\\nsecret_access_key = %s\\n' "$1" "$2" >"$own/new"
  mv "$own/new" "$own/rclone.conf"
  say "credentials received"
  exit 0
  ;;
run) ;;
*) say "unknown command: $1"; exit 64 ;;
esac
[ -z "$only" ] || "$ship" status "$only" >/dev/null
exec 7>"$root${STATE}/backup.lock" 9>"$root${MAINTENANCE_LOCK}"
flock -n 7 || { say "copies are being made already"; exit 75; }
trap resume EXIT
trap 'exit 143' HUP INT TERM
[ -s "$own/rclone.conf" ] || bad "no copies are made: the bucket's credentials have not come"
for env in "$root"/etc/roadstead/ships/*.env; do
  [ -e "$env" ] || { say "this host has no ships: nothing to copy"; break; }
  id=$(basename "$env" .env)
  [ "\${only:-$id}" != "$id" ] || [ ! -s "$own/rclone.conf" ] || each
done
[ -z "$only" ] || { [ -z "$said" ]; exit; }
told=$root/run/roadstead-backup
notice=$root/run/motd.d/60-roadstead-backup
${alarm("[0-9]", "copies are made again")}
`;
}
