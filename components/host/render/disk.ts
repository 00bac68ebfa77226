// An alarm while there is still room: a ship on a full disk stops, and may not start again.
import { alarm } from "./alarm";
import { LIB, unit, type HostFile } from "./file";
import type { HostSettings } from "./settings";
import { mountPoint } from "./volume";

/** Percent used from which there is something to do soon, and at once. */
export const DISK_ALARM = { soon: 80, now: 92 } as const;

/** The unit fails while a disk is too full, whoever logs in reads it, and /etc/roadstead/alarm, a program of yours, is told of each change. */
export function diskFiles(settings: HostSettings): HostFile[] {
  const watched = settings.dataDevice ? `/ ${mountPoint(settings)}` : "/";
  return [
    {
      path: `${LIB}/disk`,
      mode: "0755",
      content: `#!/bin/sh
# Fails while a disk is fuller than it should be. A program /etc/roadstead/alarm is told once a change, by one argument.
set -eu
root=\${ROADSTEAD_ROOT:-}
notice=$root/run/motd.d/50-roadstead-disk
told=$root/run/roadstead-disk
said=
# shellcheck disable=SC2043 # on some hosts there is one disk only
for at in ${watched}; do
  most=0
  for of in space inodes; do
    option=-P
    [ $of = space ] || option=-Pi
    used=$(df $option "$at") || used=
    used=$(echo "$used" | awk 'NR == 2 { sub("%", "", $5); print $5 }')
    # Where inodes are made as they are needed there is no share of them.
    [ "$of$used" != inodes- ] || used=0
    case $used in '' | *[!0-9]*) said="$said$at: its $of cannot be measured. " used=0 ;; esac
    [ "$used" -le "$most" ] || most=$used
  done
  if [ "$most" -ge ${DISK_ALARM.now} ]; then
    said="$said$at is $most % full: make room now, or stop the ships cleanly. "
  elif [ "$most" -ge ${DISK_ALARM.soon} ]; then
    said="$said$at is $most % full: grow it (volumeGiB), or run roadstead-pack and roadstead-roll-chop. "
  fi
done
${alarm("[0-9]* % full", "disks have room again")}
`,
    },
    unit(
      "roadstead-disk.service",
      `[Unit]
Description=Room on the disks

[Service]
Type=oneshot
ExecStart=${LIB}/disk
`,
    ),
    unit(
      "roadstead-disk.timer",
      `[Unit]
Description=Room on the disks

[Timer]
OnActiveSec=2min
OnUnitInactiveSec=15min

[Install]
WantedBy=timers.target
`,
    ),
  ];
}
