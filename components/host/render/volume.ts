// The pier volume: prepared once, opened at every boot, never formatted when it holds anything at all.
import { GROUNDSEG_BASE, LIB, PIERS, STATE, unit, type HostFile } from "./file";
import { HostKind, HostProvider, VolumeKey, type HostSettings } from "./settings";

export const mountPoint = (settings: HostSettings): string =>
  settings.kind === HostKind.GroundSeg ? GROUNDSEG_BASE : PIERS;

/**
 * LUKS where the provider's own encryption is not tied to the account. With a key file on the root disk (`basic`) it
 * protects a volume that is detached, discarded or snapshotted alone, not against a copy of the root disk; with `tang` or
 * `operator` the key is not on the host's disks. On AWS the volume is encrypted by EBS with KMS, and a key file on the
 * host would add little and could be lost with the host.
 */
export const usesLuks = (settings: HostSettings): boolean =>
  settings.dataDevice !== undefined && settings.provider !== HostProvider.Aws;

export const volumeKey = (settings: HostSettings): VolumeKey => settings.volumeKey ?? VolumeKey.Basic;

/** What clevis binds to: every server is needed, so that one of them alone opens nothing. */
const tangPins = (settings: HostSettings): string => {
  const tang = (settings.tang ?? []).map((t) => ({ url: t.url, thp: t.thumbprint }));
  return JSON.stringify({ t: tang.length, pins: { tang } });
};

export function volumeFiles(settings: HostSettings): HostFile[] {
  if (!settings.dataDevice) return [];
  return [
    {
      path: "/etc/roadstead/volume.env",
      mode: "0644",
      content: `DEVICE=${settings.dataDevice}\nLUKS=${usesLuks(settings) ? 1 : 0}\nMOUNT=${mountPoint(settings)}\nOPTIONS=${
        // Containers may hold programs that change user; a pier never does.
        settings.kind === HostKind.GroundSeg ? "noatime" : "noatime,nosuid,nodev"
      }\n${usesLuks(settings) ? `KEY=${volumeKey(settings)}\n` : ""}${
        volumeKey(settings) === VolumeKey.Tang ? `TANG='${tangPins(settings)}'\n` : ""
      }`,
    },
    { path: `${LIB}/volume`, mode: "0755", content: script(usesLuks(settings)) },
    unit(
      "roadstead-volume.service",
      `[Unit]
Description=Pier volume
DefaultDependencies=no
After=local-fs.target
${volumeKey(settings) === VolumeKey.Tang ? "Wants=network-online.target\nAfter=network-online.target\n" : ""}Conflicts=umount.target
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

/** `luks`: whether the host may have any. Without it EC2's 16 KiB of user-data have room for more. */
const script = (luks: boolean): string => {
  const only = (text: string): string => (luks ? text : "");
  return `#!/bin/sh
# Usage: volume prepare|open|close|key. Formats a blank volume, and nothing else, ever.
# shellcheck disable=SC2153 # DEVICE, LUKS, MOUNT, OPTIONS, KEY and TANG come from volume.env
set -eu
umask 077
root=\${ROADSTEAD_ROOT:-}
# shellcheck disable=SC1091 # one file a host
. "$root/etc/roadstead/volume.env"
${only(`# A key that is somebody else's to keep is in memory while it is needed, and never on a disk.
case \${KEY:=basic} in basic) keys=$root/etc/roadstead ;; *) keys=$root/run/roadstead ;; esac
keyfile=$keys/volume.key
bring="bring it with: ssh HOST sudo ${LIB}/volume key <YOUR-COPY"
`)}die() { echo "roadstead: volume: $*" >&2; exit 1; }

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
${only(`backup_header() { cryptsetup luksHeaderBackup "$device" --header-backup-file "$root/etc/roadstead/volume.header.$(date +%s)"; }
tang_slot() { clevis luks list -d "$device" 2>/dev/null | sed -n 's/^\\([0-9][0-9]*\\): .*/\\1/p' | head -n 1; }
ask_tang() { # the servers may come up later than this host; fifteen minutes
  [ "$KEY" = tang ] && [ ! -s "$keyfile" ] || return 0
  slot=$(tang_slot)
  [ -n "$slot" ] || die "$device is not bound to a tang server: $bring"
  mkdir -p "$keys"
  tries=0
  until clevis luks pass -d "$device" -s "$slot" 2>/dev/null | tr -d '\\n' >"$keyfile" && [ -s "$keyfile" ]; do
    rm -f "$keyfile"
    tries=$((tries + 1))
    [ "$tries" -le 30 ] || die "no tang server opens $device: $bring"
    echo "roadstead: volume: waiting for the tang servers" >&2
    sleep 30
  done
}
forget() { [ "$KEY" = basic ] || [ ! -e "$keyfile" ] || shred -u "$keyfile" 2>/dev/null || rm -f "$keyfile"; }
`)}unlock() { # sets inner to what holds the file system
  inner=$device
${only(`  [ "$LUKS" = 1 ] || return 0
  cryptsetup isLuks "$device" || die "$device holds something that is not ours: left alone"
  [ "$(cryptsetup luksDump "$device" | sed -n 's/^Label:[[:space:]]*//p')" = roadstead ] || die "$device is encrypted, but not by Roadstead: left alone"
  inner=/dev/mapper/roadstead
  [ ! -b "$inner" ] || return 0
  ask_tang
  [ -s "$keyfile" ] || die "$device is encrypted and its key is not on this host: $bring"
  cryptsetup open --key-file "$keyfile" "$device" roadstead || die "the key on this host does not open $device: $bring"
  cryptsetup resize --key-file "$keyfile" roadstead
`)}}
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
${only(`    if [ "$LUKS" = 1 ]; then
      mkdir -p "$keys"
      [ -s "$keyfile" ] || [ "$KEY" != operator ] || die "$device is blank and waits for the key it is encrypted with: $bring"
      cat /proc/sys/kernel/random/uuid >"$begun"
      # A key of somebody's may be a phrase, stretched with less memory than there may be where it is opened. 512 random bits need no stretching.
      stretch="--pbkdf-memory 262144"
      if [ ! -s "$keyfile" ]; then
        head -c 64 /dev/urandom >"$keyfile"
        stretch="--pbkdf pbkdf2 --pbkdf-force-iterations 1000"
      fi
      chmod 0400 "$keyfile"
      # shellcheck disable=SC2086 # several options
      cryptsetup luksFormat --batch-mode --type luks2 --label roadstead --uuid "$(cat "$begun")" --key-file "$keyfile" $stretch "$device"
      backup_header
    else
`)}    echo plain >"$begun"
${only(`    fi
`)}  fi
  if [ -e "$begun" ]; then
${only(`    [ "$LUKS" = 0 ] || [ "$(cryptsetup luksUUID "$device")" = "$(cat "$begun")" ] ||
      die "$device is not the volume whose preparation was cut off: left alone. If it holds a pier, remove $begun"
    if [ "$KEY" = tang ] && [ -s "$keyfile" ] && [ -z "$(tang_slot)" ]; then
      clevis luks bind -y -k "$keyfile" -d "$device" sss "$TANG"
      backup_header
    fi
`)}    unlock
    if [ "$(label "$inner")" != roadstead ]; then
      is_unsigned "$inner" || die "$inner holds a file system that is not ours: left alone"
      mkfs.ext4 -q -L roadstead -m 1 "$inner"
    fi
    rm "$begun"
${only(`    # For its owner to copy, until the next boot: the servers may be lost.
    [ "$KEY" != tang ] || [ ! -s "$keyfile" ] || mv "$keyfile" "$keys/volume.recovery"
`)}  fi
  open_it
${only(`  forget
`)}  ;;
open)
  wait_device
  open_it
${only(`  forget
`)}  ;;
key) # on standard input
  [ "$LUKS" = 1 ] || die "is not encrypted by this host: no key was read"
${only(`  mkdir -p "$keys"
  head -c 65536 >"$keyfile.new"
  chmod 0400 "$keyfile.new"
  device=$(find_device)
  # A blank volume takes any key that is long enough to be one.
  if [ -z "$device" ] || [ "$(wc -c <"$keyfile.new")" -lt 16 ] ||
    { ! is_blank "$device" && ! cryptsetup open --test-passphrase --key-file "$keyfile.new" "$device"; }; then
    rm "$keyfile.new"
    die "that key does not open \${device:-$DEVICE, which is not attached}: nothing was changed"
  fi
  mv "$keyfile.new" "$keyfile"
  [ -n "$root" ] || [ -e ${STATE}/bootstrap.done ] || exec systemctl start --no-block roadstead-bootstrap
  [ -n "$root" ] || { systemctl start roadstead-volume && exec ${LIB}/bootstrap; }
`)}  ;;
close)
  ! mountpoint -q "$root$MOUNT" || umount "$root$MOUNT"
${only(`  [ "$LUKS" = 0 ] || [ ! -b /dev/mapper/roadstead ] || cryptsetup close roadstead
`)}  ;;
*) die "unknown command: $1" ;;
esac
`;
};
