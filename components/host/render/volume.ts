// The pier volume: prepared once, opened at every boot, never formatted when it holds anything at all.
import { LIB, unit, type HostFile } from "./file";
import { HostKind, HostProvider, type HostSettings } from "./settings";
import { GROUNDSEG_BASE, PIERS } from "./file";

export const mountPoint = (settings: HostSettings): string =>
  settings.kind === HostKind.GroundSeg ? GROUNDSEG_BASE : PIERS;

/**
 * LUKS with a key file on the root disk where the provider's own encryption is not tied to the account (class "basic":
 * it protects a volume that is detached, discarded or snapshotted alone, not against a copy of the root disk). On AWS
 * the volume is encrypted by EBS with KMS, and a key file on the host would add little and could be lost with the host.
 */
export const usesLuks = (settings: HostSettings): boolean =>
  settings.dataDevice !== undefined && settings.provider !== HostProvider.Aws;

export function volumeFiles(settings: HostSettings): HostFile[] {
  if (!settings.dataDevice) return [];
  return [
    {
      path: "/etc/roadstead/volume.env",
      mode: "0644",
      content: `DEVICE=${settings.dataDevice}\nLUKS=${usesLuks(settings) ? 1 : 0}\nMOUNT=${mountPoint(settings)}\nOPTIONS=${
        // Containers may hold programs that change user; a pier never does.
        settings.kind === HostKind.GroundSeg ? "noatime" : "noatime,nosuid,nodev"
      }\n`,
    },
    { path: `${LIB}/volume`, mode: "0755", content: script },
    unit(
      "roadstead-volume.service",
      `[Unit]
Description=Pier volume
DefaultDependencies=no
After=local-fs.target
Conflicts=umount.target
Before=umount.target

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=20min
# Opens and mounts; only the bootstrap may ever prepare a blank volume.
ExecStart=${LIB}/volume open
ExecStop=${LIB}/volume close

[Install]
WantedBy=multi-user.target
`,
    ),
  ];
}

const script = `#!/bin/sh
# Usage: volume prepare|open|close. Formats a blank volume, and nothing else, ever.
# shellcheck disable=SC2153 # DEVICE, LUKS, MOUNT and OPTIONS come from volume.env
set -eu
umask 077
root=\${ROADSTEAD_ROOT:-}
# shellcheck disable=SC1091 # one file a host
. "$root/etc/roadstead/volume.env"
keyfile=$root/etc/roadstead/volume.key
die() { echo "roadstead: volume: $*" >&2; exit 1; }

find_device() { # prints the device; an EBS volume is the one disk that does not carry the root file system
  [ "$DEVICE" = ebs ] || { [ ! -b "$DEVICE" ] || readlink -f "$DEVICE"; return 0; }
  disk=$(findmnt -no SOURCE / | xargs lsblk -nso NAME | grep -oE '[a-z0-9]+' | tail -n 1)
  others=$(lsblk -dnpo NAME,TYPE | awk -v r="/dev/$disk" '$2 == "disk" && $1 != r { print $1 }')
  [ "$(echo "$others" | grep -c .)" -le 1 ] || die "more than one disk beside the root disk, will not guess: $others"
  echo "$others"
}
wait_device() {
  tries=0
  while :; do
    device=$(find_device) || exit 1
    [ -z "$device" ] || return 0
    tries=$((tries + 1))
    [ "$tries" -le 180 ] || die "not attached after 15 minutes: $DEVICE"
    sleep 5
  done
}
is_unsigned() { # blkid -p looks for partition tables, RAID, LUKS and file systems; 2 means that it found none
  ! cryptsetup isLuks "$1" 2>/dev/null || return 1
  code=0
  blkid -p "$1" >/dev/null 2>&1 || code=$?
  [ "$code" = 2 ] && [ -z "$(wipefs -n "$1")" ]
}
is_blank() { # a new volume is all zeros; data that no program knows is data
  is_unsigned "$1" && head -c 1048576 "$1" >/dev/null && [ "$(head -c 1048576 "$1" | tr -d '\\0' | wc -c)" = 0 ]
}
label() { blkid -p -s LABEL -o value "$1" || true; }
unlock() { # sets inner to what holds the file system
  inner=$device
  [ "$LUKS" = 1 ] || return 0
  cryptsetup isLuks "$device" || die "$device holds something that is not ours: left alone"
  [ "$(cryptsetup luksDump "$device" | sed -n 's/^Label:[[:space:]]*//p')" = roadstead ] || die "$device is encrypted, but not by Roadstead: left alone"
  [ -s "$keyfile" ] || die "$device is encrypted and its key is not on this host: put your copy at /etc/roadstead/volume.key and start roadstead-volume again"
  inner=/dev/mapper/roadstead
  [ -b "$inner" ] || cryptsetup open --key-file "$keyfile" "$device" roadstead
  cryptsetup resize --key-file "$keyfile" roadstead
}
open_it() {
  unlock
  [ "$(label "$inner")" = roadstead ] || die "$inner holds a file system that is not ours: left alone"
  mkdir -p "$root$MOUNT"
  mountpoint -q "$root$MOUNT" || mount -o "$OPTIONS" "$inner" "$root$MOUNT"
  resize2fs "$inner" >/dev/null 2>&1 || echo "roadstead: volume: not grown" >&2
}

case \${1:?command} in
prepare)
  wait_device
  # Which volume's preparation was begun: only that one is ever formatted, and only until it has a file system.
  begun=$root/etc/roadstead/volume.preparing
  if is_blank "$device"; then
    if [ "$LUKS" = 1 ]; then
      cat /proc/sys/kernel/random/uuid >"$begun"
      [ -s "$keyfile" ] || head -c 64 /dev/urandom >"$keyfile"
      chmod 0400 "$keyfile"
      cryptsetup luksFormat --batch-mode --type luks2 --label roadstead --uuid "$(cat "$begun")" --key-file "$keyfile" "$device"
      cryptsetup luksHeaderBackup "$device" --header-backup-file "$root/etc/roadstead/volume.header.$(date +%s)"
    else
      echo plain >"$begun"
    fi
  fi
  if [ -e "$begun" ]; then
    unlock
    [ "$LUKS" = 0 ] || [ "$(cryptsetup luksUUID "$device")" = "$(cat "$begun")" ] ||
      die "$device is not the volume whose preparation was cut off: left alone. If it holds a pier, remove $begun"
    if [ "$(label "$inner")" != roadstead ]; then
      is_unsigned "$inner" || die "$inner holds a file system that is not ours: left alone"
      mkfs.ext4 -q -L roadstead -m 1 "$inner"
    fi
    rm "$begun"
  fi
  open_it
  ;;
open) wait_device && open_it ;;
close)
  ! mountpoint -q "$root$MOUNT" || umount "$root$MOUNT"
  [ "$LUKS" = 0 ] || [ ! -b /dev/mapper/roadstead ] || cryptsetup close roadstead
  ;;
*) die "unknown command: $1" ;;
esac
`;
