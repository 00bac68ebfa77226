#!/bin/sh
# Sets up harbour. Run as root; running it again changes nothing. Holds no secret.
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
  case $id in '*') continue ;; esac
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
    udp dport { 34344, 34345 } accept
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
DEVICE=/dev/disk/by-id/scsi-0DO_Volume_harbour
LUKS=1
MOUNT=/opt/nativeplanet
OPTIONS=noatime
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
for at in / /opt/nativeplanet; do
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

put /etc/docker/daemon.json 0644 <<'ROADSTEAD_FILE'
{
  "data-root": "/opt/nativeplanet/docker",
  "log-driver": "local"
}
ROADSTEAD_FILE

put /etc/systemd/system/docker.service.d/10-roadstead.conf 0644 <<'ROADSTEAD_FILE'
[Unit]
Requires=roadstead-volume.service
After=roadstead-volume.service roadstead-firewall.service
RequiresMountsFor=/opt/nativeplanet

[Service]
ExecStartPre=/usr/local/lib/roadstead/docker-user
ROADSTEAD_FILE

put /usr/local/lib/roadstead/docker-user 0755 <<'ROADSTEAD_FILE'
#!/bin/sh
set -eu
for tables in iptables ip6tables; do
$tables-restore -w -n <<END
*filter
:DOCKER-USER - [0:0]
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER -i docker0 -j RETURN
-A DOCKER-USER -i br-+ -j RETURN
-A DOCKER-USER -p udp -m conntrack --ctorigdstport 34344 -j RETURN
-A DOCKER-USER -p udp -m conntrack --ctorigdstport 34345 -j RETURN
-A DOCKER-USER -j DROP
COMMIT
END
done
ROADSTEAD_FILE

put /etc/roadstead/groundseg.json 0644 <<'ROADSTEAD_FILE'
{"version":"2.8.6","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","settings":{"updateMode":"manual","swapVal":-1,"gsVersion":"v2.8.6"},"ships":[{"id":"sampel-palnet","http":8081,"ames":34344},{"id":"ridlur-figbud","http":8082,"ames":34345}],"udp":[34344,34345]}
ROADSTEAD_FILE

put /usr/local/lib/roadstead/groundseg 0755 <<'ROADSTEAD_FILE'
#!/usr/bin/python3
"""Usage: groundseg password|ready|status|stop. The password is one line on standard input; no other argument is read."""
import base64, getpass, hashlib, json, os, re, secrets, signal, subprocess, sys, time

BASE = "/opt/nativeplanet"
HOME = BASE + "/groundseg"
SETTINGS = HOME + "/settings"
CONF = SETTINGS + "/system.json"


def say(text):
    print("roadstead: groundseg: " + text, file=sys.stderr)


def die(text, code=1):
    say(text)
    sys.exit(code)


def read(path):
    try:
        with open(path) as f:
            found = json.load(f)
        return found if isinstance(found, dict) else None
    except (OSError, ValueError):
        return None


def asks(*command):
    """What it ends with and prints; nothing of one that cannot be run or does not answer."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=60)
        return done.returncode, done.stdout
    except (OSError, subprocess.SubprocessError):
        return None, ""


def run(*command):
    return asks(*command)[1]


def ready(conf):
    return bool(conf and conf.get("pwHash")) and conf.get("setup") in (None, "", "complete")


def asked():
    if sys.stdin.isatty():
        text = getpass.getpass("New password of GroundSeg: ")
        if getpass.getpass("Again: ") != text:
            die("these were two different passwords: nothing was changed")
        return text
    given = sys.stdin.buffer.read(4097)
    try:
        return given.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        die("the password is not text: nothing was changed")


def put(path, text, instead=False):
    new = f"{path}.roadstead.{os.getpid()}"
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
        f.write(text)
        f.flush()
        os.fsync(f.fileno())
    try:
        os.replace(new, path) if instead else os.link(new, path)
    finally:
        if not instead:
            os.unlink(new)


def password():
    if not os.path.ismount(BASE):
        die("its volume is not mounted: wait for the end of the set-up, or open the volume")
    there = os.path.lexists(CONF)
    if there and not ready(read(CONF)):
        subprocess.run(["systemctl", "stop", "groundseg"])
    conf = read(CONF) if there else {}
    if conf is None:
        die(CONF + " cannot be read: nothing was changed")
    if ready(conf):
        die("has its password already; none was read. It is changed on its page, under its settings", 77)
    text = asked()
    if len(text) < 12 or len(text) > 1024:
        die("a password has 12 to 1024 characters: nothing was changed")
    if not text.isprintable() or text != text.strip():
        die("a password is one line, without spaces around it: nothing was changed")
    made = read("/etc/roadstead/groundseg.json")
    salt = secrets.token_urlsafe(32)
    conf.update(made["settings"], salt=salt, pwHash=hashlib.sha512((salt + text).encode()).hexdigest(), setup="complete")
    os.makedirs(SETTINGS, exist_ok=True)
    os.chmod(SETTINGS, 0o700)
    if not os.path.lexists(SETTINGS + "/session.key"):
        put(SETTINGS + "/session.key", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    put(CONF, json.dumps(conf, indent=4), instead=there)
    if not os.access(HOME + "/groundseg", os.X_OK):
        return say("has its password, and starts when the set-up is done")
    if subprocess.run(["systemctl", "start", "groundseg"]).returncode:
        die("has its password, and did not start: journalctl -u groundseg")
    say("has its password and runs")


def veres():
    """The first process of each ship's runtime, by container; and whether Docker said all of it."""
    found, code, names = {}, *asks("docker", "ps", "--format", "{{.Names}}")
    sure = code == 0
    for name in names.split():
        code, table = asks("docker", "top", name, "-eo", "pid,ppid,comm")
        sure = sure and code == 0
        lines = [p.split(None, 2) for p in table.splitlines()[1:]]
        inside = {p[0] for p in lines if p[2].startswith("urbit")}
        first = [int(p[0]) for p in lines if p[0] in inside and p[1] not in inside]
        if first:
            found[name] = first
    return found, sure


def stop():
    asked, silent = set(), False
    while True:
        found, sure = veres()
        if sure and not found:
            return
        if not sure and not silent:
            say("Docker does not say which ships run: asking on")
        silent = not sure
        for name, pids in found.items():
            for pid in pids:
                if pid in asked:
                    continue
                asked.add(pid)
                say(name + " is asked to stop")
                try:
                    os.kill(pid, signal.SIGTERM)
                except ProcessLookupError:
                    pass
        time.sleep(1)


def published(tables):
    ports, closed, other = [], False, 0
    for rule in run(tables, "-S", "DOCKER-USER").splitlines()[1:]:
        port = re.fullmatch(r"-A DOCKER-USER -p udp -m conntrack --ctorigdstport (\d+) -j RETURN", rule)
        if rule == "-A DOCKER-USER -j DROP":
            closed = True
            break
        if port:
            ports.append(int(port[1]))
        elif not re.search(r" -i (docker0|br-\+) | RELATED,ESTABLISHED ", rule):
            other += 1
    reached = "-A FORWARD -j DOCKER-USER" in run(tables, "-S", "FORWARD").splitlines()
    return {"closed": closed, "udp": ports, "other": other, "reached": reached}


def status():
    made = read("/etc/roadstead/groundseg.json") or {}
    conf = read(CONF) or {}
    given = {}
    for pier in conf.get("piers") or []:
        if isinstance(pier, str) and re.fullmatch("[a-z-]{3,60}", pier):
            ship = read(f"{SETTINGS}/pier/{pier}.json") or {}
            given[pier] = {"http": ship.get("http_port"), "ames": ship.get("ames_port"), "network": ship.get("network"), "boot": ship.get("boot_status")}
    recorded = made.get("ships", [])
    try:
        with open(HOME + "/groundseg", "rb") as f:
            sum = hashlib.sha256(f.read()).hexdigest()
    except OSError:
        sum = None
    sockets = [s.split()[3].rsplit(":", 1) for s in run("ss", "-Hltn").splitlines()]
    watched = {*[80,3000,6060,8000,19119,19999], *(s["http"] for s in recorded)}
    mode = lambda path: oct(os.stat(path).st_mode & 0o777)[2:] if os.path.exists(path) else None
    print(json.dumps({
        "volume": os.path.ismount(BASE),
        "dockerData": os.path.realpath("/var/lib/docker") == BASE + "/docker",
        "settings": {"there": os.path.exists(CONF), "ready": ready(conf), "setup": conf.get("setup"), "mode": mode(SETTINGS), "sessionKeyMode": mode(SETTINGS + "/session.key")},
        "unit": run("systemctl", "is-active", "groundseg").strip(),
        "version": {"pinned": made.get("version"), "said": conf.get("gsVersion"), "checksumIsPinned": sum and sum == made.get("sha256"), "updateMode": conf.get("updateMode")},
        "listening": sorted(({"port": int(p), "address": a} for a, p in sockets if int(p) in watched), key=lambda s: (s["port"], s["address"])),
        "ships": [{**s, "given": given.get(s["id"])} for s in recorded],
        "otherShips": sorted(set(given) - {s["id"] for s in recorded}),
        "dockerUser": {"ipv4": published("iptables"), "ipv6": published("ip6tables"), "expected": made.get("udp")},
        "swap": {"setting": conf.get("swapVal"), "ownFile": os.path.exists(HOME + "/swapfile"), "active": [s.split()[0] for s in open("/proc/swaps")][1:]},
        "startram": {"registered": bool(conf.get("wgRegistered")), "on": bool(conf.get("wgOn"))},
    }))


os.umask(0o077)
if os.geteuid():
    die("must run as root")
commands = {f.__name__: f for f in (password, status, stop)}
commands["ready"] = lambda: sys.exit(not ready(read(CONF)))
if len(sys.argv) != 2 or sys.argv[1] not in commands:
    die(__doc__, 2)
commands[sys.argv[1]]()
ROADSTEAD_FILE

put /etc/systemd/system/roadstead-containers.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=Ships in containers stop by themselves
Requires=docker.service
After=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/usr/local/lib/roadstead/groundseg stop
TimeoutStopSec=900

[Install]
WantedBy=docker.service
ROADSTEAD_FILE

put /etc/systemd/system/groundseg.service 0644 <<'ROADSTEAD_FILE'
[Unit]
Description=GroundSeg
Requires=docker.service roadstead-volume.service roadstead-firewall.service roadstead-containers.service
After=docker.service roadstead-volume.service roadstead-firewall.service roadstead-containers.service
RequiresMountsFor=/opt/nativeplanet

[Service]
Type=simple
ExecCondition=/usr/local/lib/roadstead/groundseg ready
ExecStart=/opt/nativeplanet/groundseg/groundseg --http-port=8000
Restart=always
RestartSec=10
TimeoutStopSec=600

[Install]
WantedBy=multi-user.target docker.service
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

ridlur-figbud.fleet.example.com {
  @runtime path /~_~ /~_~/*
  respond @runtime 404
  request_body {
    max_size 512MiB
  }
  reverse_proxy 127.0.0.1:8082 {
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
for p in openssh-server sudo curl ca-certificates nftables iproute2 fail2ban python3-systemd unattended-upgrades auditd e2fsprogs util-linux cryptsetup docker.io iptables procps caddy; do
installed "$p" || absent="$absent $p"
done
command -v chronyd >/dev/null || command -v ntpd >/dev/null || installed systemd-timesyncd || absent="$absent systemd-timesyncd"
if [ -n "$absent" ]; then
export DEBIAN_FRONTEND=noninteractive
systemctl mask -q docker.service docker.socket caddy.service
dpkg --force-confold --configure -a
apt-get -q -o DPkg::Lock::Timeout=600 update
# shellcheck disable=SC2086 # several packages
apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold install --no-install-recommends $absent
fi
systemctl unmask -q docker.service docker.socket caddy.service

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
chmod 0711 /opt/nativeplanet

step=groundseg
if [ ! -L /var/lib/docker ]; then
[ ! -d /var/lib/docker ] || rmdir /var/lib/docker
ln -s /opt/nativeplanet/docker /var/lib/docker
fi
systemctl enable -q --now docker roadstead-containers
[ -d /opt/nativeplanet/groundseg ] || install -d /opt/nativeplanet/groundseg
chmod 0700 /opt/nativeplanet/groundseg
if [ ! -x /opt/nativeplanet/groundseg/groundseg ]; then
curl -fsSL --proto =https --retry 5 --retry-delay 5 -o /opt/nativeplanet/groundseg/groundseg.new 'https://bin.infra.native.computer/groundseg_amd64_v2.8.6_latest'
echo "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  /opt/nativeplanet/groundseg/groundseg.new" | sha256sum -c --quiet -
chmod 0755 /opt/nativeplanet/groundseg/groundseg.new
mv /opt/nativeplanet/groundseg/groundseg.new /opt/nativeplanet/groundseg/groundseg
fi
systemctl enable -q --now groundseg

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
