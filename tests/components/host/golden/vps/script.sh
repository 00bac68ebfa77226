#!/bin/sh
# Sets up home. Run as root; running it again changes nothing. Holds no secret.
set -eu
[ "$(id -u)" = 0 ] || { echo "roadstead: must run as root" >&2; exit 1; }
# put PATH MODE: writes standard input there if it differs.
put() {
  mkdir -p "$(dirname "$1")"
  new=$(mktemp "$1.XXXXXX")
  cat >"$new"
  # A script that may not be run yet would skip whoever calls it.
  chmod "$2" "$new"
  if cmp -s "$new" "$1"; then rm "$new"; else mv "$new" "$1"; fi
  chmod "$2" "$1"
}

# A set-up that runs already, such as the first one after a boot, is not given other files under its hands.
mkdir -p /var/lib/roadstead
(umask 077 && : >>/var/lib/roadstead/bootstrap.lock)
exec 9>>/var/lib/roadstead/bootstrap.lock
until flock -w 20 9; do
  echo "roadstead: another set-up of this host runs, waiting for it; its last words: $(journalctl -u roadstead-bootstrap -n 1 -o cat 2>/dev/null </dev/null)"
done

for env in /etc/roadstead/ships/*.env; do
  id=$(basename "$env" .env)
  case $id in sampel-palnet | '*') continue ;; esac
  echo "roadstead: $id is set up on this host, and its plan has it here no more: nothing was changed. End it, its pier stays: systemctl disable --now roadstead-ship@$id && rm $env" >&2
  exit 1
done

[ ! -e /etc/roadstead/volume.env ] || { was=$(sed -n 's/^KEY=//p' /etc/roadstead/volume.env); [ "${was:=basic}" = basic ]; } || { echo "roadstead: who keeps the key of this host's volume was settled as $was, and this set-up says basic: nothing was changed. Set volumeKey back. Only if that volume never held a pier: rm /etc/roadstead/volume.env" >&2; exit 1; }
put /etc/systemd/system/roadstead-bootstrap.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=First set-up of this host
ConditionPathExists=!/var/lib/roadstead/bootstrap.done
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/usr/local/lib/roadstead/bootstrap
Restart=on-failure
RestartSec=60
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
ROADSTEAD_FILE

put /etc/sysctl.d/zz-roadstead.conf 0644 <<'ROADSTEAD_FILE'
vm.max_map_count = 1048576
vm.overcommit_memory = 0
vm.swappiness = 10
kernel.dmesg_restrict = 1
kernel.kptr_restrict = 2
kernel.core_uses_pid = 1
-kernel.yama.ptrace_scope = 1
-kernel.unprivileged_bpf_disabled = 1
-dev.tty.ldisc_autoload = 0
fs.protected_fifos = 2
fs.protected_regular = 2
net.ipv4.tcp_syncookies = 1
net.ipv4.conf.*.accept_redirects = 0
net.ipv4.conf.*.send_redirects = 0
net.ipv4.conf.*.accept_source_route = 0
net.ipv6.conf.*.accept_redirects = 0
ROADSTEAD_FILE

put /etc/modprobe.d/roadstead.conf 0644 <<'ROADSTEAD_FILE'
install dccp /bin/true
install sctp /bin/true
install rds /bin/true
install tipc /bin/true
install firewire-core /bin/true
ROADSTEAD_FILE

put /etc/security/limits.d/10-roadstead.conf 0644 <<'ROADSTEAD_FILE'
* hard core 0
ROADSTEAD_FILE

put /etc/apt/apt.conf.d/52roadstead-upgrades 0644 <<'ROADSTEAD_FILE'
#clear Unattended-Upgrade::Origins-Pattern;
#clear Unattended-Upgrade::Allowed-Origins;
Unattended-Upgrade::Origins-Pattern {
  "origin=Debian,codename=${distro_codename}-security,label=Debian-Security";
  "origin=Ubuntu,archive=${distro_codename}-security";
};
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
// roadstead-reboot.timer reboots instead, after the ships have stopped.
Unattended-Upgrade::Automatic-Reboot "false";
ROADSTEAD_FILE

put /usr/local/lib/roadstead/reboot 0755 <<'ROADSTEAD_FILE'
#!/bin/sh
set -eu
umask 077
root=${ROADSTEAD_ROOT:-}
marks=$root/run/roadstead/stopped
off() { echo "roadstead: $1, reboot put off" >&2; exit "$2"; }
look() {
units=$(systemctl list-units --state=active,activating --plain --no-legend 'roadstead-ship@*' 'roadstead-first-boot@*')
case $units in *first-boot*) off "a first boot is running" "$1" ;; esac
}
if [ $# = 0 ]; then
[ -e "$root/run/reboot-required" ] || [ -e "$root/var/run/reboot-required" ] || exit 0
exec 9>"$root/var/lib/roadstead/maintain.lock"
flock -n 9 || off "maintenance is running" 0
look 0
mkdir -p "$marks"
# shellcheck disable=SC2046 # units have no spaces
set -- ships $(echo "$units" | awk '{ print $1 }')
fi
shift
if [ $# -gt 0 ]; then
id=${1#*@}
id=${id%.service}
until
exec 8>>"$marks/$id"
flock 8
[ "$marks/$id" -ef "/proc/$$/fd/8" ]
do :; done
"$root/usr/local/lib/roadstead/ship" stop "$id" || off "$id did not stop cleanly" 1
"$0" "$@"
exit
fi
look 1
systemctl reboot
sleep 900
exit 1
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-reboot.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=Reboot for upgrades after a graceful stop of every ship

[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/usr/local/lib/roadstead/reboot
ExecStopPost=/bin/sh -c '[ $$SERVICE_RESULT = success ] || exec /usr/local/lib/roadstead/maintain resume'
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-reboot.timer 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=Reboot for upgrades

[Timer]
OnCalendar=*-*-* 04:40:00
RandomizedDelaySec=20min
Persistent=no

[Install]
WantedBy=timers.target
ROADSTEAD_FILE

put /etc/ssh/sshd_config.d/10-roadstead.conf 0644 <<'ROADSTEAD_FILE'
AllowUsers keeper
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthenticationMethods publickey
MaxAuthTries 3
LoginGraceTime 30
ClientAliveInterval 300
ClientAliveCountMax 2
TCPKeepAlive no
Compression no
LogLevel VERBOSE
X11Forwarding no
AllowAgentForwarding no
AllowTcpForwarding local
ROADSTEAD_FILE

put /etc/sudoers.d/10-roadstead 0440 <<'ROADSTEAD_FILE'
keeper ALL=(ALL) NOPASSWD:ALL
ROADSTEAD_FILE

put /etc/fail2ban/jail.d/10-roadstead.local 0644 <<'ROADSTEAD_FILE'
[DEFAULT]
backend = systemd
banaction = nftables-multiport
banaction_allports = nftables-allports
ignoreip = 127.0.0.1/8 ::1 203.0.113.7/32 2001:db8::/48

[sshd]
enabled = true
maxretry = 5
bantime = 1h
ROADSTEAD_FILE

put /etc/audit/rules.d/10-roadstead.rules 0640 <<'ROADSTEAD_FILE'
-w /etc/passwd -p wa -k identity
-w /etc/shadow -p wa -k identity
-w /etc/sudoers -p wa -k sudo
-w /etc/sudoers.d -p wa -k sudo
-w /etc/ssh -p wa -k ssh
-w /etc/roadstead -p wa -k roadstead
-w /usr/local/bin/urbit -p wa -k roadstead
-w /usr/local/lib/roadstead -p wa -k roadstead
-w /sbin/insmod -p x -k modules
-w /sbin/modprobe -p x -k modules
ROADSTEAD_FILE

put /etc/roadstead/firewall.nft 0644 <<'ROADSTEAD_FILE'
#!/usr/sbin/nft -f
table inet roadstead
delete table inet roadstead
table inet roadstead {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    ct state invalid drop
    iif "lo" accept
    icmp type { echo-request, destination-unreachable, time-exceeded, parameter-problem } accept
    meta l4proto 58 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
    ip saddr { 203.0.113.7/32 } tcp dport 22 accept
    ip6 saddr { 2001:db8::/48 } tcp dport 22 accept
    tcp dport { 80, 443 } accept
    udp dport 443 accept
    udp dport { 34543 } accept
  }
}
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-firewall.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=Host firewall
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target docker.service shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/roadstead/firewall.nft
ExecReload=/usr/sbin/nft -f /etc/roadstead/firewall.nft

[Install]
WantedBy=sysinit.target
ROADSTEAD_FILE

put /etc/roadstead/volume.env 0644 <<'ROADSTEAD_FILE'
DEVICE=/dev/disk/by-id/scsi-0DO_Volume_sampel-palnet
LUKS=1
MOUNT=/srv/ships
OPTIONS=noatime,nosuid,nodev
KEY=basic
ROADSTEAD_FILE

put /usr/local/lib/roadstead/volume 0755 <<'ROADSTEAD_FILE'
#!/bin/sh
# Usage: volume prepare|open|close|key. Formats a blank volume, and nothing else, ever.
# shellcheck disable=SC2153 # DEVICE, LUKS, MOUNT, OPTIONS, KEY and TANG come from volume.env
set -eu
umask 077
root=${ROADSTEAD_ROOT:-}
# shellcheck disable=SC1091 # one file a host
. "$root/etc/roadstead/volume.env"
case ${KEY:=basic} in basic) keys=$root/etc/roadstead ;; *) keys=$root/run/roadstead ;; esac
keyfile=$keys/volume.key
bring="bring it with: ssh HOST sudo /usr/local/lib/roadstead/volume key <YOUR-COPY"
die() { echo "roadstead: volume: $*" >&2; exit 1; }

find_device() {
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
is_unsigned() {
! cryptsetup isLuks "$1" 2>/dev/null || return 1
code=0
blkid -p "$1" >/dev/null 2>&1 || code=$?
[ "$code" = 2 ] && [ -z "$(wipefs -n "$1")" ]
}
is_blank() {
is_unsigned "$1" && head -c 1048576 "$1" >/dev/null && [ "$(head -c 1048576 "$1" | tr -d '\0' | wc -c)" = 0 ]
}
label() { blkid -p -s LABEL -o value "$1" || true; }
backup_header() { cryptsetup luksHeaderBackup "$device" --header-backup-file "$root/etc/roadstead/volume.header.$(date +%s)"; }
tang_slot() { clevis luks list -d "$device" 2>/dev/null | sed -n 's/^\([0-9][0-9]*\): .*/\1/p' | head -n 1; }
ask_tang() {
[ "$KEY" = tang ] && [ ! -s "$keyfile" ] || return 0
slot=$(tang_slot)
[ -n "$slot" ] || die "$device is not bound to a tang server: $bring"
mkdir -p "$keys"
tries=0
until clevis luks pass -d "$device" -s "$slot" 2>/dev/null | tr -d '\n' >"$keyfile" && [ -s "$keyfile" ]; do
rm -f "$keyfile"
tries=$((tries + 1))
[ "$tries" -le 30 ] || die "no tang server opens $device: $bring"
echo "roadstead: volume: waiting for the tang servers" >&2
sleep 30
done
}
forget() { [ "$KEY" = basic ] || [ ! -e "$keyfile" ] || shred -u "$keyfile" 2>/dev/null || rm -f "$keyfile"; }
unlock() {
inner=$device
[ "$LUKS" = 1 ] || return 0
cryptsetup isLuks "$device" || die "$device holds something that is not ours: left alone"
[ "$(cryptsetup luksDump "$device" | sed -n 's/^Label:[[:space:]]*//p')" = roadstead ] || die "$device is encrypted, but not by Roadstead: left alone"
inner=/dev/mapper/roadstead
[ ! -b "$inner" ] || return 0
ask_tang
[ -s "$keyfile" ] || die "$device is encrypted and its key is not on this host: $bring"
cryptsetup open --key-file "$keyfile" "$device" roadstead || die "the key on this host does not open $device: $bring"
cryptsetup resize --key-file "$keyfile" roadstead
}
open_it() {
unlock
[ "$(label "$inner")" = roadstead ] || die "$inner holds a file system that is not ours: left alone"
mkdir -p "$root$MOUNT"
mountpoint -q "$root$MOUNT" || mount -o "$OPTIONS" "$inner" "$root$MOUNT"
resize2fs "$inner" >/dev/null 2>&1 || echo "roadstead: volume: not grown" >&2
}

case ${1:?command} in
prepare)
wait_device
begun=$root/etc/roadstead/volume.preparing
if is_blank "$device"; then
if [ "$LUKS" = 1 ]; then
mkdir -p "$keys"
[ -s "$keyfile" ] || [ "$KEY" != operator ] || die "$device is blank and waits for the key it is encrypted with: $bring"
cat /proc/sys/kernel/random/uuid >"$begun"
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
echo plain >"$begun"
fi
fi
if [ -e "$begun" ]; then
[ "$LUKS" = 0 ] || [ "$(cryptsetup luksUUID "$device")" = "$(cat "$begun")" ] ||
die "$device is not the volume whose preparation was cut off: left alone. If it holds a pier, remove $begun"
if [ "$KEY" = tang ] && [ -s "$keyfile" ] && [ -z "$(tang_slot)" ]; then
clevis luks bind -y -k "$keyfile" -d "$device" sss "$TANG"
backup_header
fi
unlock
if [ "$(label "$inner")" != roadstead ]; then
is_unsigned "$inner" || die "$inner holds a file system that is not ours: left alone"
mkfs.ext4 -q -L roadstead -m 1 "$inner"
fi
rm "$begun"
[ "$KEY" != tang ] || [ ! -s "$keyfile" ] || mv "$keyfile" "$keys/volume.recovery"
fi
open_it
forget
;;
open)
wait_device
open_it
forget
;;
key)
[ "$LUKS" = 1 ] || die "is not encrypted by this host: no key was read"
mkdir -p "$keys"
head -c 65536 >"$keyfile.new"
chmod 0400 "$keyfile.new"
device=$(find_device)
if [ -z "$device" ] || [ "$(wc -c <"$keyfile.new")" -lt 16 ] ||
{ ! is_blank "$device" && ! cryptsetup open --test-passphrase --key-file "$keyfile.new" "$device"; }; then
rm "$keyfile.new"
die "that key does not open ${device:-$DEVICE, which is not attached}: nothing was changed"
fi
mv "$keyfile.new" "$keyfile"
[ -n "$root" ] || [ -e /var/lib/roadstead/bootstrap.done ] || exec systemctl start --no-block roadstead-bootstrap
[ -n "$root" ] || { systemctl start roadstead-volume && exec /usr/local/lib/roadstead/bootstrap; }
;;
close)
! mountpoint -q "$root$MOUNT" || umount "$root$MOUNT"
[ "$LUKS" = 0 ] || [ ! -b /dev/mapper/roadstead ] || cryptsetup close roadstead
;;
*) die "unknown command: $1" ;;
esac
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-volume.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=Pier volume
DefaultDependencies=no
After=local-fs.target
Conflicts=umount.target
Before=umount.target

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=20min
ExecStart=/usr/local/lib/roadstead/volume open
ExecStop=/usr/local/lib/roadstead/volume close

[Install]
WantedBy=multi-user.target
ROADSTEAD_FILE

put /usr/local/lib/roadstead/disk 0755 <<'ROADSTEAD_FILE'
#!/bin/sh
set -eu
root=${ROADSTEAD_ROOT:-}
notice=$root/run/motd.d/50-roadstead-disk
told=$root/run/roadstead-disk
said=
# shellcheck disable=SC2043 # on some hosts there is one disk only
for at in / /srv/ships; do
most=0
for of in space inodes; do
option=-P
[ $of = space ] || option=-Pi
used=$(df $option "$at") || used=
used=$(echo "$used" | awk 'NR == 2 { sub("%", "", $5); print $5 }')
[ "$of$used" != inodes- ] || used=0
case $used in '' | *[!0-9]*) said="$said$at: its $of cannot be measured. " used=0 ;; esac
[ "$used" -le "$most" ] || most=$used
done
if [ "$most" -ge 92 ]; then
said="$said$at is $most % full: make room now, or stop the ships cleanly. "
elif [ "$most" -ge 80 ]; then
said="$said$at is $most % full: grow it (volumeGiB), or run roadstead-pack and roadstead-roll-chop. "
fi
done
level=$(echo "$said" | sed 's/[0-9]* % full//g')
if [ "$level" != "$(cat "$told" 2>/dev/null || true)" ]; then
alarm=$root/etc/roadstead/alarm
if [ ! -x "$alarm" ] || "$alarm" "$(hostname): ${said:-disks have room again}"; then
echo "$level" >"$told"
else
echo "<3>roadstead: $alarm failed: nobody was told" >&2
fi
fi
if [ -z "$said" ]; then
rm -f "$notice"
exit 0
fi
mkdir -p "$(dirname "$notice")"
echo "roadstead: $said" >"$notice"
echo "<2>roadstead: $said" >&2
exit 1
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-disk.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=Room on the disks

[Service]
Type=oneshot
ExecStart=/usr/local/lib/roadstead/disk
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-disk.timer 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=Room on the disks

[Timer]
OnActiveSec=2min
OnUnitInactiveSec=15min

[Install]
WantedBy=timers.target
ROADSTEAD_FILE

put /etc/roadstead/ships/sampel-palnet.env 0644 <<'ROADSTEAD_FILE'
SHIP_NAME='~sampel-palnet'
FIRST_BOOT=key
LOOM=31
AMES_PORT=34543
HTTP_PORT=8081
SEALED=0
IMPORTED=0
VOLUME=1
ROADSTEAD_FILE

put /usr/local/lib/roadstead/ship 0755 <<'ROADSTEAD_FILE'
#!/bin/sh
# Usage: ship COMMAND ID. Refuses to start a ship that may be running elsewhere or may be an old copy.
set -eu
umask 077
root=${ROADSTEAD_ROOT:-}
cmd=${1:?command} id=${2:?ship}
case $id in *[!a-z0-9-]*) echo "not a ship's id: $id" >&2; exit 64 ;; esac
env=$root/etc/roadstead/ships/$id.env
[ -r "$env" ] || { echo "this host has no ship $id" >&2; exit 64; }
# shellcheck disable=SC1090 # one file a ship
. "$env"
here=$root/var/lib/roadstead/ships/$id
there=$root/srv/ships/.roadstead/$id
pier=$root/srv/ships/$id
key=$root/run/roadstead/keys/$id
unit=roadstead-ship@$id.service
mark=$root/run/roadstead/stopped/$id
vere=$(cat "$there/vere" "$here/vere" 2>/dev/null | head -n 1 || true)
default=${ROADSTEAD_URBIT:-$root/usr/local/bin/urbit}
urbit=$default
[ -z "$vere" ] || urbit=$root/usr/local/lib/roadstead/vere/${vere%% *}/urbit

say() { echo "roadstead: $id: $*" >&2; }
as_ship() { if [ "$(id -u)" = 0 ]; then runuser -u urbit -- "$@"; else "$@"; fi; }
put() {
failed=
for dir in "$here" "$there"; do
{ mkdir -p "$dir" && printf '%s\n' "$2" >"$dir/.$1" && sync "$dir/.$1" && mv "$dir/.$1" "$dir/$1" && sync "$dir"; } || failed=1
done
[ -z "$failed" ]
}
both() { cat "$here/$1" "$there/$1" 2>/dev/null || true; }
first_boot() {
case $(both first-boot | tr '\n' ' ') in *done*) echo "done" ;; *started*) echo started ;; *) echo never ;; esac
}
recorded_event() { both event | grep -E '^[0-9]+$' | sort -n | tail -n 1; }
pier_event() { as_ship "$urbit" info --loom "$LOOM" "$pier" 2>&1 | sed -n 's/.*disk: .*event=\([0-9][0-9]*\).*/\1/p' | tail -n 1; }
become() {
out=$(mktemp -u)
mkfifo "$out"
# shellcheck disable=SC2094 # a pipe with a name, not a file
{ rm "$out"; exec sed -u '/dawn: invalid private keys/,$ { /dawn: invalid private keys/!d; s/.*/dawn: invalid private keys (not shown)/ }'; } <"$out" &
exec "$default" "$@" >"$out" 2>&1
}
has_pier() { [ -d "$pier/.urb" ]; }
sealed() { [ "${SEALED:-0}" = 1 ] && [ -z "$(both breached)" ]; }
imported() { [ "${IMPORTED:-0}" = 1 ] && [ -z "$(both breached)" ]; }
adopt() {
[ -n "$vere" ] || case $(readlink "$default" || true) in
*/vere/*/urbit) put vere "$(basename "$(dirname "$(readlink "$default")")") $(date +%s)" ;;
esac
}
refuse() { say "$*"; exit 78; }
free_port() {
held=$(ss -Hlnp "--$1" "sport = :$2") || refuse "cannot see who holds $1 port $2"
[ -z "$held" ] || refuse "its $1 port $2 is held already, by $(echo "$held" | sed -n 's/.*users:((\(.*\)))/\1/p;1q')"
}
room() {
need=$((1 << ((LOOM > 31 ? LOOM : 31) - 20)))
tries=0
while :; do
have=$(awk '/^(MemTotal|SwapTotal):/ { s += $2 } END { print int(s / 1024) }' "${ROADSTEAD_MEMINFO:-/proc/meminfo}")
{ [ "$have" -lt "$need" ] && [ $tries -lt 6 ]; } || break
tries=$((tries + 1))
sleep "${ROADSTEAD_SETTLE:-5}"
done
[ "$have" -ge "$need" ] || refuse "it maps $need MiB of memory at once, and this host has $have MiB with its swap"
free_port udp "$AMES_PORT"
free_port tcp "$HTTP_PORT"
}
words() {
sleep "${ROADSTEAD_SETTLE:-1}"
journalctl --sync 2>/dev/null || true
journalctl -o cat -n 20 "_SYSTEMD_INVOCATION_ID=${INVOCATION_ID:-none}" 2>/dev/null |
grep -aoE '^[[:cntrl:]]*([a-z]+: ){0,2}(double-boot detected|corrupt pier, snapshot \([0-9]+\) from future|locked by PID [0-9]+|stale snapshot|invalid private keys|unable to cue|mismatch)' | sort -u | tr '\n' ' ' || true
}
healthy() { case $(curl -s -o /dev/null -m 5 -w '%{http_code}' "http://127.0.0.1:$HTTP_PORT/~_~/healthz" || true) in 204 | 429) ;; *) false ;; esac }
burn() { [ ! -e "$key" ] || shred -u "$key" 2>/dev/null || rm -f "$key"; }
quarantined() {
{ [ ! -e "$here/quarantine" ] && [ ! -e "$there/quarantine" ]; } || { why=$(both quarantine | head -n 1); echo "${why:-unknown}"; }
}
quarantine() {
put quarantine "$1" || for dir in "$here" "$there"; do [ -e "$dir/quarantine" ] || mv "$dir/first-boot" "$dir/quarantine" || true; done
burn
[ ! -x "$root/etc/roadstead/alarm" ] || "$root/etc/roadstead/alarm" "$(hostname): $id is quarantined: $1" || say "nobody was told"
say "QUARANTINED: $1. It will not be started. Read docs/components/vps-planet.md#quarantine before anything else."
exit 77
}
mounted() {
[ "${VOLUME:-0}" = 0 ] || mountpoint -q "$root/srv/ships" || { say "the pier volume is not mounted"; exit 75; }
}
refuse_quarantined() {
reason=$(quarantined)
[ -z "$reason" ] || { say "quarantined: $reason"; burn; exit 77; }
}

case $cmd in
key)
mounted
refuse_quarantined
[ "$FIRST_BOOT" = key ] || { say "boots without a key"; exit 64; }
! imported || { say "is imported: it goes on with the pier that is brought in, and its key was not read"; exit 64; }
[ "$(first_boot)" = never ] || { say "has had its first boot; the key is not needed and was not read"; exit 77; }
mkdir -p "$(dirname "$key")"
head -c 65536 >"$key"
if [ "$(grep -c '' <"$key")" != 1 ] || ! grep -Eq '^0w[0-9A-Za-z~.-]+$' "$key"; then
burn
say "that is not a boot key: expected one line starting with 0w. A pier is brought in by: roadstead ship import"
exit 65
fi
if [ "$(id -u)" = 0 ]; then # the ship's own user passes through, but cannot list
chmod 0711 "$root/run/roadstead" "$root/run/roadstead/keys"
chown urbit: "$key"
fi
chmod 0400 "$key"
[ -n "$root" ] || systemctl start --no-block "roadstead-first-boot@$id.service"
say "key received; follow the first boot with: journalctl -fu roadstead-first-boot@$id"
;;
claim)
mounted
refuse_quarantined
mkdir -p "$here"
exec 9>"$here/lock"
flock -n 9 || { say "another first boot is running"; exit 75; }
! sealed || quarantine "the lock says that this ship has booted for good, so a first boot would be a second one"
! imported || { say "is imported: its pier has not been brought in"; exit 78; }
[ "$(first_boot)" = never ] || quarantine "a first boot was started before"
! has_pier || quarantine "there is a pier already, and no record of its first boot"
[ "$FIRST_BOOT" != key ] || [ -s "$key" ] || { say "waiting for its key"; exit 78; }
room
free=$(df -Pk "$root/srv/ships" | awk 'NR == 2 { print int($4 / 1024) }')
[ "$free" -ge 2048 ] || refuse "a first boot needs 2048 MiB for its pier, and there are $free free"
rm -f "$here/breached" "$there/breached"
put first-boot started
;;
boot)
set -- -t -x --loom "$LOOM" -p "$AMES_PORT"
case $FIRST_BOOT in
key) become "$@" -w "${SHIP_NAME#\~}" -k "$key" -c "$pier" ;;
fake) become "$@" -F "${SHIP_NAME#\~}" -c "$pier" ;;
comet) become "$@" -c "$pier" ;;
esac
exit 64
;;
booted)
has_pier || quarantine "the first boot ended without a pier"
urbit=$default
event=$(pier_event || true)
[ -z "$event" ] || put event "$event"
put first-boot "done"
vere=
adopt
;;
burn)
burn
[ "$(first_boot) ${SERVICE_RESULT:-}" != "started exit-code" ] || has_pier || case $(words) in
*dawn:*) quarantine "its key was refused before anything reached the network: release it with --key-refused, and bring the right key" ;;
esac
;;
check)
mounted
refuse_quarantined
if [ -e "$mark" ]; then
exec 8<"$mark"
flock -n 8 || { say "its pier is being worked on"; exit 75; }
rm -f "$mark"
fi
[ -x "$urbit" ] || refuse "its pier was last run by vere ${vere%% *}, which is not on this host: sudo /usr/local/lib/roadstead/upgrade install ${vere%% *} SHA256"
case $(first_boot) in
never)
if ! has_pier; then
! sealed || quarantine "the lock says that this ship has booted for good, but its volume is empty"
say "has not had its first boot"
exit 78
fi
{ imported && ! sealed; } || quarantine "there is a pier, and no record of its first boot"
[ -z "${SINCE:-}" ] || [ -n "$(recorded_event || true)" ] || put event "$SINCE"
put first-boot "done"
;;
started) quarantine "its first boot was started and did not finish" ;;
*) has_pier || quarantine "it has had its first boot, but its volume is empty" ;;
esac
ran=$(both loom | head -n 1)
case $ran in
'' | "$LOOM "* | *' stopped') ;;
*)
say "its loom was ${ran% *} in a run that did not end cleanly, and is $LOOM now: that can corrupt the snapshot. Set LOOM back in $env, start it, stop it cleanly"
exit 78
;;
esac
last=$(recorded_event || true)
if [ -n "$last" ]; then
now=$(pier_event || true)
[ -n "$now" ] || quarantine "its event number cannot be read, so it may be older than event $last"
[ "$now" -ge "$last" ] || quarantine "its pier is at event $now, older than the recorded event $last: an old copy"
fi
room
adopt
put loom "$LOOM running"
mkdir -p "$root/run/roadstead/vere"
chmod 0711 "$root/run/roadstead" "$root/run/roadstead/vere"
ln -sfn "$urbit" "$root/run/roadstead/vere/$id"
;;
run) exec "$root/run/roadstead/vere/$id" -t --loom "$LOOM" -p "$AMES_PORT" --http-port "$HTTP_PORT" -b 127.0.0.1 "$pier" ;;
after)
case "${SERVICE_RESULT:-} ${EXIT_STATUS:-}" in
exit-code*)
case $(words) in
*double-boot*) quarantine "the runtime refused it: double-boot detected" ;;
*future*) quarantine "the runtime refused it: its event log is older than its snapshot" ;;
*locked*) say "parked: another process has its pier open. Find out which, and whose, before it is started" ;;
*stale*) say "parked: its snapshot is behind its log, and only the vere that wrote it can replay: docs/runbooks/RuntimeUpgrade.md" ;;
esac
;;
"success 0")
has_pier || exit 0
event=$(pier_event || true)
[ -z "$event" ] || put event "$event"
put loom "$LOOM stopped"
say "stopped cleanly at event ${event:-unknown}"
;;
esac
;;
release) # a person's decision after reading the docs
case ${3:-} in
--key-refused)
case $(quarantined) in "its key was refused"*) ;; *) say "its key was not refused"; exit 77 ;; esac
! has_pier || { say "there is a pier"; exit 77; }
put first-boot never
;;
--no-other-copy-ran)
has_pier || { say "there is no pier to release"; exit 77; }
rm -f "$here/event" "$there/event"
put first-boot "done"
;;
--after-breach)
! has_pier || { say "move the old pier away first: it must never run again"; exit 77; }
rm -f "$here/event" "$there/event" "$here/loom" "$there/loom"
put breached yes
put first-boot never
;;
*) say "say why: --no-other-copy-ran (keep this pier), --after-breach (boot anew with a new key) or --key-refused"; exit 64 ;;
esac
rm -f "$here/quarantine" "$there/quarantine"
say "released"
;;
stop)
systemctl stop "$unit"
[ "$(systemctl show -p Result --value "$unit") $(sed -n 's/.* //p' "$here/loom" 2>/dev/null || true)" = "success stopped" ] ||
{ say "did not stop cleanly, so nothing is done to its pier"; exit 76; }
;;
start)
[ ! -e "$mark" ] || flock "$mark" true
systemctl reset-failed "$unit" 2>/dev/null || true
code=0
systemctl start "$unit" || code=$?
rm -f "$mark"
exit $code
;;
wait) # 0 it answers, 1 it ended, 2 neither within so many seconds
until=$(($(date +%s) + ${3:-900}))
while :; do
case $(systemctl is-active "$unit" || true) in active) ! healthy || exit 0 ;; activating | reloading) ;; *) exit 1 ;; esac
[ "$(date +%s)" -lt "$until" ] || exit 2
sleep "${ROADSTEAD_SETTLE:-1}"
done
;;
binary) echo "$urbit" ;;
vere)
if [ $# -gt 2 ]; then put vere "$3"; else echo "$vere"; fi
;;
park) quarantine "${3:?why}" ;;
status)
! journalctl -b -o cat -u "$unit" 2>/dev/null | grep -q 'cannot protect from double-boot' ||
say "warning: the runtime could not ask its galaxy whether it runs elsewhere; the record here is the only guard"
[ ! -e "$root/var/lib/roadstead/backup/$id" ] || say "last copy: $(tr '\n' ' ' <"$root/var/lib/roadstead/backup/$id")"
echo "first boot: $(first_boot); last clean stop at event: $(recorded_event || true); quarantine: $(quarantined)"
;;
*) echo "unknown command: $cmd" >&2; exit 64 ;;
esac
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-first-boot@.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=First boot of ship %i
Wants=network-online.target
After=network-online.target dev-mapper-roadstead\x2dswap.swap swapfile.roadstead.swap
Requires=roadstead-volume.service
After=roadstead-volume.service
RequiresMountsFor=/srv/ships
Conflicts=roadstead-ship@%i.service
After=roadstead-ship@%i.service
OnSuccess=roadstead-ship@%i.service
OnSuccessJobMode=replace

[Service]
Type=oneshot
ExecCondition=+/usr/bin/nsenter -t 1 -m /usr/local/lib/roadstead/ship claim %i
ExecStart=/usr/local/lib/roadstead/ship boot %i
ExecStartPost=+/usr/bin/nsenter -t 1 -m /usr/local/lib/roadstead/ship booted %i
ExecStopPost=+/usr/bin/nsenter -t 1 -m /usr/local/lib/roadstead/ship burn %i
KillMode=mixed
TimeoutStartSec=6h
TimeoutStopSec=2700
ReadWritePaths=/srv/ships
InaccessiblePaths=-/srv/ships/sampel-palnet
TemporaryFileSystem=/run/roadstead/keys:ro
BindReadOnlyPaths=-/run/roadstead/keys/%i
User=urbit
Group=urbit
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
PrivateUsers=yes
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
ProtectProc=invisible
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @debug @module @mount @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
UMask=0077
LimitCORE=0
OOMScoreAdjust=-500
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-ship@.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=Ship %i
Wants=network-online.target
After=network-online.target dev-mapper-roadstead\x2dswap.swap swapfile.roadstead.swap
Requires=roadstead-volume.service
After=roadstead-volume.service
RequiresMountsFor=/srv/ships
StartLimitIntervalSec=1h
StartLimitBurst=3

[Service]
Type=exec
ExecCondition=+/usr/bin/nsenter -t 1 -m /usr/local/lib/roadstead/ship check %i
ExecStart=/usr/local/lib/roadstead/ship run %i
ExecStopPost=+/usr/bin/nsenter -t 1 -m /usr/local/lib/roadstead/ship after %i
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec=2700
Restart=on-abnormal
RestartSec=30
LimitNOFILE=65536
TemporaryFileSystem=/srv/ships:ro
BindPaths=-/srv/ships/%i
InaccessiblePaths=-/run/roadstead/keys
User=urbit
Group=urbit
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
PrivateUsers=yes
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
ProtectProc=invisible
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @debug @module @mount @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
UMask=0077
LimitCORE=0
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
ROADSTEAD_FILE

put /usr/local/lib/roadstead/maintain 0755 <<'ROADSTEAD_FILE'
#!/bin/sh
# Usage: maintain pack|roll-chop|prep|resume. Each running ship in turn: stop it, work on its pier, start it, wait until it answers.
set -eu
umask 077
root=${ROADSTEAD_ROOT:-}
task=${1:?task}
ship=$root/usr/local/lib/roadstead/ship
marks=$root/run/roadstead/stopped
failed=0
say() { echo "roadstead: $id: $*" >&2; }
as_ship() { if [ "$(id -u)" = 0 ]; then runuser -u urbit -- "$@"; else "$@"; fi; }
case $task in pack | roll-chop | prep | resume) ;; *) echo "unknown task: $task" >&2; exit 64 ;; esac
exec 9>"$root/var/lib/roadstead/maintain.lock"
flock -n 9 || { echo "roadstead: other maintenance is running: waiting for its end" >&2; flock -w 14400 9; } || exit 75
for mark in "$marks"/*; do
[ ! -e "$mark" ] || "$ship" start "$(basename "$mark")" || failed=1
done
[ "$task" != resume ] || exit $failed
trap 'exit 1' HUP INT TERM
mkdir -p "$marks"
for env in "$root"/etc/roadstead/ships/*.env; do
[ -e "$env" ] || continue
id=$(basename "$env" .env)
pier=$root/srv/ships/$id
systemctl is-active --quiet "roadstead-ship@$id.service" || { say "not running, left alone"; continue; }
need=$(du -sk "$pier/.urb/chk") || need=
need=${need%%[!0-9]*}
free=$(df -Pk "$pier" | awk 'NR == 2 { print $4 }')
case ${need:-x}${free:-x} in *[!0-9]*)
say "$task: room could not be told: left running"
failed=1
continue
;;
esac
need=$((need + 1048576))
if [ "$free" -lt "$need" ]; then
say "$task needs $need KiB free and there are $free: left running"
failed=1
continue
fi
until
exec 8>>"$marks/$id"
flock 8
[ "$marks/$id" -ef "/proc/$$/fd/8" ]
do :; done
trap 'exec 8>&-; "$ship" start "$id"' EXIT
if "$ship" stop "$id"; then
loom=$(sed -n 's/^LOOM=//p' "$env")
urbit=$("$ship" binary "$id")
work() { as_ship "$urbit" "$1" --loom "$loom" "$pier" </dev/null || { say "$1 failed"; false; }; }
case $task in
roll-chop) work roll && work chop ;;
*) work "$task" ;;
esac || failed=1
else
failed=1
fi
trap - EXIT
exec 8>&-
{ "$ship" start "$id" && "$ship" wait "$id"; } || { say "does not come up again: the other ships are left as they are"; exit 1; }
done
exit $failed
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-pack.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=pack of every ship, one at a time

[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/usr/local/lib/roadstead/maintain pack
ExecStopPost=/usr/local/lib/roadstead/maintain resume
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-pack.timer 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=pack of every ship

[Timer]
OnCalendar=Sun *-*-* 03:10:00
RandomizedDelaySec=30min
Persistent=no

[Install]
WantedBy=timers.target
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-roll-chop.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=roll-chop of every ship, one at a time

[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/usr/local/lib/roadstead/maintain roll-chop
ExecStopPost=/usr/local/lib/roadstead/maintain resume
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-roll-chop.timer 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=roll-chop of every ship

[Timer]
OnCalendar=*-*-01 02:10:00
RandomizedDelaySec=30min
Persistent=no

[Install]
WantedBy=timers.target
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-prep.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=prep of every ship, one at a time

[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/usr/local/lib/roadstead/maintain prep
ExecStopPost=/usr/local/lib/roadstead/maintain resume
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-prep.timer 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=prep of every ship

[Timer]
OnCalendar=*-*-15 02:10:00
RandomizedDelaySec=30min
Persistent=no

[Install]
WantedBy=timers.target
ROADSTEAD_FILE

put /usr/local/lib/roadstead/upgrade 0755 <<'ROADSTEAD_FILE'
#!/bin/sh
# Usage: upgrade install VERSION SHA256 | upgrade ID VERSION --backup-taken [--now]. See docs/runbooks/RuntimeUpgrade.md.
set -eu
root=${ROADSTEAD_ROOT:-}
lib=$root/usr/local/lib/roadstead
ship=$root/usr/local/lib/roadstead/ship
usage() { sed -n 's/^# Usage: //p' "$0" >&2; exit 64; }
case ${2:-} in '' | .* | *[!0-9A-Za-z.-]*) usage ;; esac
dir=$lib/vere/$2
if [ "$1" = install ]; then
umask 022
[ "$(cat "$dir/archive" 2>/dev/null)" != "${3:?SHA256}" ] || exit 0
[ ! -e "$dir" ] || { echo "roadstead: a vere $2 of another checksum is here: a release does not change" >&2; exit 1; }
platform=linux-$(uname -m)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
curl -fsSL --proto =https --retry 5 --retry-delay 5 -o "$work/file" "https://github.com/urbit/vere/releases/download/vere-v$2/$platform.tgz"
echo "$3  $work/file" | sha256sum -c --quiet -
tar -xzf "$work/file" -C "$work" --no-same-owner
rm -rf "$dir.new"
install -D -m 0755 "$work/vere-v$2-$platform" "$dir.new/urbit"
(cd "$dir.new" && sha256sum urbit >sum)
echo "$3" >"$dir.new/archive"
mv "$dir.new" "$dir"
exit 0
fi
umask 077
id=$1 version=$2 backup='' now=''
shift 2
for a; do case $a in --backup-taken) backup=1 ;; --now) now=1 ;; *) usage ;; esac; done
case $id in *[!a-z0-9-]*) usage ;; esac
if [ -z "${ROADSTEAD_APART:-}" ]; then
log=$root/run/roadstead/upgrade.$$
mkdir -p "$root/run/roadstead"
: >"$log"
ROADSTEAD_APART=1 setsid "$0" "$id" "$version" ${backup:+--backup-taken} ${now:+--now} >"$log" 2>&1 </dev/null &
tail -f -n +1 --pid=$! "$log" >&2 || true
code=0
wait $! || code=$?
[ $code -lt 128 ] || "$lib/maintain" resume >&2 || true
exit $code
fi
say() { echo "roadstead: $id: $*"; }
out() { trap - EXIT; exit "$1"; }
refuse() { say "refused: $*. Nothing was changed"; out 77; }
as_ship() { if [ "$(id -u)" = 0 ]; then runuser -u urbit -- "$@"; else "$@"; fi; }
exec 9>"$root/var/lib/roadstead/maintain.lock"
flock -n 9 || { say "other maintenance is running: try again when it has ended"; exit 75; }
marks=$root/run/roadstead/stopped
mkdir -p "$marks"
hold() {
until
exec 8>>"$marks/$id"
flock 8
[ "$marks/$id" -ef "/proc/$$/fd/8" ]
do :; done
}
[ ! -e "$marks/$id" ] || { say "was left stopped, and starts"; "$ship" start "$id" && "$ship" wait "$id"; } 2>&1 || true

(cd "$dir" 2>/dev/null && sha256sum -c --quiet sum) || refuse "vere $version is not here as it was fetched: sudo /usr/local/lib/roadstead/upgrade install $version SHA256"
old=$("$ship" binary "$id") record=$("$ship" vere "$id")
have=${record%% *}
[ -n "$have" ] || have=$(as_ship "$old" -R 2>&1 | sed -n 's/^urbit v*\([0-9][^ ]*\).*/\1/p' | head -n 1)
[ -n "$have" ] || refuse "which vere it runs now cannot be read"
unit=roadstead-ship@$id.service
back=
# shellcheck disable=SC2317 # by a trap
cut() {
set +e
trap '' HUP INT TERM
[ -z "$back" ] || "$ship" vere "$id" "$record"
exec 8>&-
[ ! -e "$marks/$id" ] || "$ship" start "$id"
now=$("$ship" vere "$id")
now=${now:-$have}
say "this ended unexpectedly. It has vere ${now%% *} and is $(systemctl is-active "$unit")"
exit 71
}
trap cut EXIT
trap 'exit 71' HUP INT TERM
active() { systemctl is-active --quiet "$1"; }
well() {
code=2 n=0
while [ $code = 2 ] && [ $n -lt 60 ]; do
[ $n = 0 ] || say "is still starting, $n min"
n=$((n + 1)) code=0
"$ship" wait "$id" "${ROADSTEAD_MINUTE:-60}" || code=$?
done
[ $code != 0 ] || { sleep "${ROADSTEAD_SETTLE:-20}"; "$ship" wait "$id" 60 || code=$?; }
return $code
}
proven() {
"$ship" vere "$id" "$version $(date +%s)"
say "runs vere $version"
for env in "$root"/etc/roadstead/ships/*.env; do
has=$("$ship" vere "$(basename "$env" .env)")
[ "${has%% *}" = "$version" ] || out 0
done
ln -sfn "$dir/urbit" "$root/usr/local/bin/.urbit"
mv -T "$root/usr/local/bin/.urbit" "$root/usr/local/bin/urbit"
out 0
}
unwell() { say "has vere $version and does not answer yet. It is left to start: there is no way back, and to stop it now could do harm. Run this again to see"; out 69; }
if [ "$have" = "$version" ]; then
case $record in *unproven) ;; *) say "runs vere $version already"; out 0 ;; esac
code=0
well || code=$?
case $code in 0) proven ;; 2) unwell ;; *) say "has vere $version and is not running; see journalctl -u $unit"; out 70 ;; esac
fi
[ "$(printf '%s\n' "$have" "$version" | sort -V | tail -n 1)" = "$version" ] || refuse "vere $version is older than its $have, and there is no way back"

case $("$ship" status "$id" 2>/dev/null) in
*"quarantine: "?*) refuse "it is quarantined" ;;
"first boot: done"*) ;;
*) refuse "it has not had its first boot" ;;
esac
pilot=none
for env in "$root"/etc/roadstead/ships/*.env; do
other=$(basename "$env" .env)
has=$("$ship" vere "$other")
case $other:${has%% *} in "$id":*) continue ;; *:"$version") ;; *) continue ;; esac
[ "$pilot" != none ] || pilot=unwell
case ${has#* } in *[!0-9]*) continue ;; esac
{ active "roadstead-ship@$other.service" && "$ship" wait "$other" 1; } || continue
[ "$pilot" = proven ] || pilot=young
[ $(($(date +%s) - ${has#* })) -lt 86400 ] || pilot=proven
done
case $pilot in
unwell) refuse "the ship that has vere $version already is not well with it" ;;
young) [ -n "$now" ] || refuse "the first ship with vere $version has not run 24 hours with it (--now does not wait)" ;;
esac
pier=$root/srv/ships/$id
need=$(du -sk "$pier/.urb/chk") || need=
need=${need%%[!0-9]*}
free=$(df -Pk "$pier" | awk 'NR == 2 { print $4 }')
case ${need:-x}${free:-x} in *[!0-9]*) refuse "room could not be told" ;; esac
need=$((need * 2 + 1048576))
[ "$free" -ge "$need" ] || refuse "it needs $need KiB free and there are $free"
if [ -z "$backup" ]; then
at=$(sed -n 's/^time=\(20.*Z\)$/\1/p' "$root/var/lib/roadstead/backup/$id" 2>/dev/null || true)
since=$(systemctl show -p ActiveEnterTimestamp --value "$unit")
{ [ -n "$at" ] && [ -n "$since" ] && at=$(date -d "$at" +%s) && [ "$at" -le "$(date +%s)" ] && [ "$at" -ge "$(($(date -d "$since" +%s) - 900))" ]; } ||
refuse "no backup since its last start is known here: take a snapshot of its volume, then say --backup-taken"
fi
{ active "$unit" && "$ship" wait "$id" 5; } || refuse "it does not run and answer now: an upgrade is no repair"

again() {
exec 8>&-
code=0
{ "$ship" start "$id" && "$ship" wait "$id"; } 2>&1 || code=$?
say "not upgraded: $*. It has vere $have as before$([ $code = 0 ] || echo ', and does not answer')"
out 73
}
"$ship" vere "$id" "$record" 2>&1 || refuse "its record cannot be written"
hold
back=1
say "stops"
"$ship" stop "$id" 2>&1 || again "it did not stop cleanly"
loom=$(sed -n 's/^LOOM=//p' "$root/etc/roadstead/ships/$id.env")
say "is prepared by vere $have"
as_ship "$old" prep --loom "$loom" "$pier" </dev/null || again "prep failed"
info=$(as_ship "$old" info --loom "$loom" "$pier" 2>&1 | tr -d '\r')
snapshot=$(echo "$info" | sed -n 's/.* at event \([0-9][0-9]*\)$/\1/p' | tail -n 1)
event=$(echo "$info" | sed -n 's/.*disk: .*event=\([0-9][0-9]*\).*/\1/p' | tail -n 1)
{ [ -n "$event" ] && [ "$snapshot" = "$event" ]; } || again "its snapshot is at event ${snapshot:-unknown} and its log at event ${event:-unknown}"
seen() { (cd "$pier/.urb" && find log chk -type f ! -name lock.mdb -printf '%p %s %T@\n' | sort | sha256sum); }
before=$(seen)
"$ship" vere "$id" "$version unproven"
back=
exec 8>&-
say "starts with vere $version at event $event"
"$ship" start "$id" 2>&1 || true
code=0
well || code=$?
case $code in 0) proven ;; 1) ;; *) unwell ;; esac
hold
systemctl stop "$unit" || true
if [ "$(seen)" != "$before" ]; then
"$ship" park "$id" "vere $version did not come up and has written to its pier, so vere $have must not run it: docs/runbooks/RuntimeUpgrade.md" 2>&1 || true
rm -f "$marks/$id"
out 70
fi
back=1
"$ship" vere "$id" "$record"
case $("$ship" status "$id" 2>/dev/null) in *"quarantine: "?*)
say "not upgraded: vere $version did not come up, and it is quarantined now. It has vere $have and an unchanged pier"
rm -f "$marks/$id"
out 73
;;
esac
again "vere $version did not come up, and had written nothing"
ROADSTEAD_FILE

put /etc/caddy/Caddyfile 0644 <<'ROADSTEAD_FILE'
{
  admin off
}

sampel-palnet.fleet.example.com {
  @runtime path /~_~ /~_~/*
  respond @runtime 404
  request_body {
    max_size 512MiB
  }
  reverse_proxy 127.0.0.1:8081 {
    flush_interval -1
    transport http {
      response_header_timeout 600s
    }
  }
}
ROADSTEAD_FILE

put /usr/local/lib/roadstead/bootstrap 0755 <<'ROADSTEAD_FILE'
#!/bin/sh
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
[ "$(id -u)" = 0 ] || { echo "roadstead: must run as root" >&2; exit 1; }
mkdir -p /var/lib/roadstead/applied
(umask 077 && : >>/var/lib/roadstead/bootstrap.lock)
exec 9>>/var/lib/roadstead/bootstrap.lock
flock 9
# shellcheck disable=SC2154 # assigned in the trap itself
trap 'code=$?; [ $code = 0 ] || { echo "$step" >/var/lib/roadstead/bootstrap.failed; echo "roadstead: stopped at step $step" >&2; }' EXIT
step=start
changed() {
name=$1
shift
sum=$(cat "$@" | sha256sum)
[ "$(cat "/var/lib/roadstead/applied/$name" 2>/dev/null)" != "$sum" ]
}
applied() { printf '%s\n' "$sum" >"/var/lib/roadstead/applied/$1"; }
systemctl daemon-reload

step=packages
# shellcheck disable=SC1091 # the distribution's
. /etc/os-release
case $ID in debian | ubuntu) ;; *) echo "roadstead: needs Debian 12 or Ubuntu 22.04 or later, this is $ID" >&2; exit 1 ;; esac
installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
absent=
for p in openssh-server sudo curl ca-certificates nftables iproute2 fail2ban python3-systemd unattended-upgrades auditd e2fsprogs util-linux cryptsetup caddy; do
installed "$p" || absent="$absent $p"
done
command -v chronyd >/dev/null || command -v ntpd >/dev/null || installed systemd-timesyncd || absent="$absent systemd-timesyncd"
if [ -n "$absent" ]; then
export DEBIAN_FRONTEND=noninteractive
systemctl mask -q caddy.service
dpkg --force-confold --configure -a
apt-get -q -o DPkg::Lock::Timeout=600 update
# shellcheck disable=SC2086 # several packages
apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold install --no-install-recommends $absent
fi
systemctl unmask -q caddy.service

step=users
id -u keeper >/dev/null 2>&1 || useradd --create-home --shell /bin/bash --user-group keeper
home=$(getent passwd keeper | cut -d : -f 6)
chmod go-rwx "$home"
[ -d "$home/.ssh" ] || install -d -m 0700 -o keeper -g keeper "$home/.ssh"
[ -e "$home/.ssh/authorized_keys" ] || touch "$home/.ssh/authorized_keys"
chown keeper: "$home/.ssh/authorized_keys"
chmod 0600 "$home/.ssh/authorized_keys"
authorize() { grep -qxF "$1" "$home/.ssh/authorized_keys" || printf '%s\n' "$1" >>"$home/.ssh/authorized_keys"; }
authorize 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA owner@example'
ssh-keygen -lf "$home/.ssh/authorized_keys" >/dev/null || { echo "roadstead: no line of $home/.ssh/authorized_keys is an SSH key: nobody could log in" >&2; exit 1; }
visudo -cqf /etc/sudoers.d/10-roadstead
id -u urbit >/dev/null 2>&1 || useradd --system --user-group --home-dir /srv/ships --no-create-home --shell /usr/sbin/nologin urbit

step=ssh
if changed ssh /etc/ssh/sshd_config.d/10-roadstead.conf; then
mkdir -p /run/sshd
sshd -t
systemctl try-reload-or-restart ssh
applied ssh
fi

step=kernel
if changed sysctl /etc/sysctl.d/zz-roadstead.conf; then
sysctl -q --system
applied sysctl
fi
if [ ! -e /swapfile.roadstead ]; then
(umask 077 && fallocate -l 2G /swapfile.roadstead.new)
mkswap -q /swapfile.roadstead.new
mv /swapfile.roadstead.new /swapfile.roadstead
fi
if grep -q '^/swapfile.roadstead ' /etc/fstab; then
swapon --show=NAME --noheadings | grep -qx /swapfile.roadstead || swapon /swapfile.roadstead
else
grep -qs '^roadstead-swap ' /etc/crypttab ||
echo 'roadstead-swap /swapfile.roadstead /dev/urandom swap,cipher=aes-xts-plain64,size=512,nofail' >>/etc/crypttab
if ! grep -q '^/dev/mapper/roadstead-swap ' /etc/fstab; then
echo '/dev/mapper/roadstead-swap none swap nofail 0 0' >>/etc/fstab
systemctl daemon-reload
fi
systemctl start 'dev-mapper-roadstead\x2dswap.swap'
fi

step=firewall
nft -c -f /etc/roadstead/firewall.nft
systemctl enable -q roadstead-firewall
if changed firewall /etc/roadstead/firewall.nft /etc/systemd/system/roadstead-firewall.service; then
systemctl restart roadstead-firewall
applied firewall
fi
if changed fail2ban /etc/fail2ban/jail.d/10-roadstead.local; then
systemctl enable -q fail2ban
systemctl restart fail2ban
applied fail2ban
fi
if changed audit /etc/audit/rules.d/10-roadstead.rules; then
if augenrules --load >/dev/null; then applied audit; else echo "roadstead: this kernel takes no audit rules" >&2; fi
fi
systemctl enable -q --now roadstead-reboot.timer roadstead-disk.timer unattended-upgrades

step=volume
/usr/local/lib/roadstead/volume prepare
systemctl enable -q --now roadstead-volume

step=vere
/usr/local/lib/roadstead/upgrade install 4.6 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
[ -e /usr/local/bin/urbit ] || ln -s /usr/local/lib/roadstead/vere/4.6/urbit /usr/local/bin/urbit

step=ships
[ -d /srv/ships/.roadstead ] || install -d -m 0700 /srv/ships/.roadstead
chown root:urbit /srv/ships
chmod 1771 /srv/ships
systemctl enable -q --now roadstead-pack.timer roadstead-roll-chop.timer roadstead-prep.timer
systemctl enable -q roadstead-ship@sampel-palnet
systemctl start --no-block roadstead-ship@sampel-palnet

step=edge
caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile >/dev/null
systemctl enable -q caddy
if changed caddy /etc/caddy/Caddyfile; then
systemctl restart caddy
applied caddy
fi

rm -f /var/lib/roadstead/bootstrap.failed
[ -e /var/lib/roadstead/bootstrap.done ] || touch /var/lib/roadstead/bootstrap.done
ROADSTEAD_FILE

exec 9>&-
exec /usr/local/lib/roadstead/bootstrap
