// The guard around every start of a ship: one POSIX script, called by the units with a command and a ship's id.
// It is where "a ship never runs twice, and an old copy never runs again" is kept on a host.
import { LIB, MARKS, PIERS, STATE, type HostFile } from "./file";

export const SHIP_SCRIPT = `${LIB}/ship`;

/** Of a script: runs a program as the ships' user. */
export const AS_SHIP = `as_ship() { if [ "$(id -u)" = 0 ]; then runuser -u urbit -- "$@"; else "$@"; fi; }`;

/** Of a script that has `marks` and `id`: holds the ship's mark on 8. A start that was under way takes the mark along, so it is looked at again. */
export const HOLD_MARK = `until
exec 8>>"$marks/$id"
flock 8
[ "$marks/$id" -ef "/proc/$$/fd/8" ]
do :; done`;

/** Free MiB that a first boot is not started without: twice the 762 MB of a new planet (urbit#7275) and room for its log. */
export const FIRST_BOOT_MIB = 2048;

/** Exit codes: 0 go on, 75 try again later, 76 not stopped cleanly, 77 quarantined, 78 nothing to run yet, or not here. ExecCondition skips the unit on all but 0. */
export function shipScript(): HostFile {
  return {
    path: SHIP_SCRIPT,
    mode: "0755",
    content: `#!/bin/sh
# Usage: ship COMMAND ID. Refuses to start a ship that may be running elsewhere or may be an old copy.
set -eu
umask 077
root=\${ROADSTEAD_ROOT:-}
cmd=\${1:?command} id=\${2:?ship}
case $id in *[!a-z0-9-]*) echo "not a ship's id: $id" >&2; exit 64 ;; esac
env=$root/etc/roadstead/ships/$id.env
[ -r "$env" ] || { echo "this host has no ship $id" >&2; exit 64; }
# shellcheck disable=SC1090 # one file a ship
. "$env"
# The record is kept twice: on the root disk, which an empty volume cannot forge, and on the volume, which outlives the host.
here=$root${STATE}/ships/$id
there=$root${PIERS}/.roadstead/$id
pier=$root${PIERS}/$id
key=$root/run/roadstead/keys/$id
unit=roadstead-ship@$id.service
mark=$root${MARKS}/$id
# The pier's own vere: a newer one only comes through the upgrade. The volume's word first, it belongs to the pier.
vere=$(cat "$there/vere" "$here/vere" 2>/dev/null | head -n 1 || true)
default=\${ROADSTEAD_URBIT:-$root/usr/local/bin/urbit}
urbit=$default
[ -z "$vere" ] || urbit=$root${LIB}/vere/\${vere%% *}/urbit

say() { echo "roadstead: $id: $*" >&2; }
${AS_SHIP}
put() { # put NAME VALUE: on both places, through a rename, on disk before anything else happens; where one fails, still on the other
  failed=
  for dir in "$here" "$there"; do
    { mkdir -p "$dir" && printf '%s\\n' "$2" >"$dir/.$1" && sync "$dir/.$1" && mv "$dir/.$1" "$dir/$1" && sync "$dir"; } || failed=1
  done
  [ -z "$failed" ]
}
both() { cat "$here/$1" "$there/$1" 2>/dev/null || true; }
first_boot() { # the furthest of the two records counts
  case $(both first-boot | tr '\\n' ' ') in *done*) echo "done" ;; *started*) echo started ;; *) echo never ;; esac
}
recorded_event() { both event | grep -E '^[0-9]+$' | sort -n | tail -n 1; }
# Always by the ship's own loom: what a stop left undone is done first, and with another loom that corrupts the snapshot.
pier_event() { as_ship "$urbit" info --loom "$LOOM" "$pier" 2>&1 | sed -n 's/.*disk: .*event=\\([0-9][0-9]*\\).*/\\1/p' | tail -n 1; }
# Becomes the runtime, so that a stop reaches it and nobody else. It prints a key that it cannot read, and ends: from
# there on nothing gets into a log.
become() {
  out=$(mktemp -u)
  mkfifo "$out"
  # shellcheck disable=SC2094 # a pipe with a name, not a file
  { rm "$out"; exec sed -u '/dawn: invalid private keys/,$ { /dawn: invalid private keys/!d; s/.*/dawn: invalid private keys (not shown)/ }'; } <"$out" &
  exec "$default" "$@" >"$out" 2>&1
}
has_pier() { [ -d "$pier/.urb" ]; }
# Whether the lock knows that it has booted for good. Once after a breach that says nothing: its owner's word is on record.
sealed() { [ "\${SEALED:-0}" = 1 ] && [ -z "$(both breached)" ]; }
imported() { [ "\${IMPORTED:-0}" = 1 ] && [ -z "$(both breached)" ]; }
adopt() { # from now on this version, and no other by itself
  [ -n "$vere" ] || case $(readlink "$default" || true) in
  */vere/*/urbit) put vere "$(basename "$(dirname "$(readlink "$default")")") $(date +%s)" ;;
  esac
}
refuse() { say "$*"; exit 78; }
free_port() { # free_port udp|tcp PORT
  held=$(ss -Hlnp "--$1" "sport = :$2") || refuse "cannot see who holds $1 port $2"
  [ -z "$held" ] || refuse "its $1 port $2 is held already, by $(echo "$held" | sed -n 's/.*users:((\\(.*\\)))/\\1/p;1q')"
}
room() { # what the runtime maps at its start: its loom, and another one of 2 GiB
  need=$((1 << ((LOOM > 31 ? LOOM : 31) - 20)))
  tries=0
  while :; do # swap may come a little later
    have=$(awk '/^(MemTotal|SwapTotal):/ { s += $2 } END { print int(s / 1024) }' "\${ROADSTEAD_MEMINFO:-/proc/meminfo}")
    { [ "$have" -lt "$need" ] && [ $tries -lt 6 ]; } || break
    tries=$((tries + 1))
    sleep "\${ROADSTEAD_SETTLE:-5}"
  done
  [ "$have" -ge "$need" ] || refuse "it maps $need MiB of memory at once, and this host has $have MiB with its swap"
  free_port udp "$AMES_PORT"
  free_port tcp "$HTTP_PORT"
}
# What the runtime refused with, in its own form and only as its last words: anywhere else they may be a peer's.
words() {
  sleep "\${ROADSTEAD_SETTLE:-1}" # its last lines are on their way
  journalctl --sync 2>/dev/null || true
  journalctl -o cat -n 20 "_SYSTEMD_INVOCATION_ID=\${INVOCATION_ID:-none}" 2>/dev/null |
    grep -aoE '^[[:cntrl:]]*([a-z]+: ){0,2}(double-boot detected|corrupt pier, snapshot \\([0-9]+\\) from future|locked by PID [0-9]+|stale snapshot|invalid private keys|unable to cue|mismatch)' | sort -u | tr '\\n' ' ' || true
}
healthy() { case $(curl -s -o /dev/null -m 5 -w '%{http_code}' "http://127.0.0.1:$HTTP_PORT/~_~/healthz" || true) in 204 | 429) ;; *) false ;; esac }
burn() { [ ! -e "$key" ] || shred -u "$key" 2>/dev/null || rm -f "$key"; }
quarantined() { # why; nothing when it is not
  { [ ! -e "$here/quarantine" ] && [ ! -e "$there/quarantine" ]; } || { why=$(both quarantine | head -n 1); echo "\${why:-unknown}"; }
}
quarantine() {
  # On a full disk nothing can be written, and yet renamed.
  put quarantine "$1" || for dir in "$here" "$there"; do [ -e "$dir/quarantine" ] || mv "$dir/first-boot" "$dir/quarantine" || true; done
  burn
  [ ! -x "$root/etc/roadstead/alarm" ] || "$root/etc/roadstead/alarm" "$(hostname): $id is quarantined: $1" || say "nobody was told"
  say "QUARANTINED: $1. It will not be started. Read docs/components/vps-planet.md#quarantine before anything else."
  exit 77
}
mounted() {
  [ "\${VOLUME:-0}" = 0 ] || mountpoint -q "$root${PIERS}" || { say "the pier volume is not mounted"; exit 75; }
}
refuse_quarantined() {
  reason=$(quarantined)
  [ -z "$reason" ] || { say "quarantined: $reason"; burn; exit 77; }
}

case $cmd in
key) # the boot key on standard input, once, after the host is up
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
claim) # before the first boot: never -> started, under a lock, before the key is used
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
  free=$(df -Pk "$root${PIERS}" | awk 'NR == 2 { print int($4 / 1024) }')
  [ "$free" -ge ${FIRST_BOOT_MIB} ] || refuse "a first boot needs ${FIRST_BOOT_MIB} MiB for its pier, and there are $free free"
  rm -f "$here/breached" "$there/breached"
  put first-boot started
  ;;
boot)
  set -- -t -x --loom "$LOOM" -p "$AMES_PORT"
  case $FIRST_BOOT in
  key) become "$@" -w "\${SHIP_NAME#\\~}" -k "$key" -c "$pier" ;;
  fake) become "$@" -F "\${SHIP_NAME#\\~}" -c "$pier" ;;
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
burn) # after every first boot
  burn
  [ "$(first_boot) \${SERVICE_RESULT:-}" != "started exit-code" ] || has_pier || case $(words) in
  *dawn:*) quarantine "its key was refused before anything reached the network: release it with --key-refused, and bring the right key" ;;
  esac
  ;;
check) # before every later run
  mounted
  refuse_quarantined
  if [ -e "$mark" ]; then
    exec 8<"$mark"
    flock -n 8 || { say "its pier is being worked on"; exit 75; }
    rm -f "$mark" # whoever starts it now has undone that stop
  fi
  [ -x "$urbit" ] || refuse "its pier was last run by vere \${vere%% *}, which is not on this host: sudo ${LIB}/upgrade install \${vere%% *} SHA256"
  case $(first_boot) in
  never)
    if ! has_pier; then
      ! sealed || quarantine "the lock says that this ship has booted for good, but its volume is empty"
      say "has not had its first boot"
      exit 78
    fi
    # Of a sealed ship an import is over: the same pier once more is an old copy.
    { imported && ! sealed; } || quarantine "there is a pier, and no record of its first boot"
    # Where its owner says that it stopped: an older pier than that is an old copy from the first run on.
    [ -z "\${SINCE:-}" ] || [ -n "$(recorded_event || true)" ] || put event "$SINCE"
    put first-boot "done"
    ;;
  started) quarantine "its first boot was started and did not finish" ;;
  *) has_pier || quarantine "it has had its first boot, but its volume is empty" ;;
  esac
  ran=$(both loom | head -n 1)
  case $ran in
  '' | "$LOOM "* | *' stopped') ;;
  *)
    say "its loom was \${ran% *} in a run that did not end cleanly, and is $LOOM now: that can corrupt the snapshot. Set LOOM back in $env, start it, stop it cleanly"
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
  # For the ship's own user, who cannot read the record.
  mkdir -p "$root/run/roadstead/vere"
  chmod 0711 "$root/run/roadstead" "$root/run/roadstead/vere"
  ln -sfn "$urbit" "$root/run/roadstead/vere/$id"
  ;;
# Directly: it reads no key, and between a last word on a pipe and the journal the end of the unit can take whoever reads it.
run) exec "$root/run/roadstead/vere/$id" -t --loom "$LOOM" -p "$AMES_PORT" --http-port "$HTTP_PORT" -b 127.0.0.1 "$pier" ;;
after) # after every run: refusal lines quarantine, a clean stop is recorded
  case "\${SERVICE_RESULT:-} \${EXIT_STATUS:-}" in
  exit-code*) # whoever refuses ends so, and is not started again; one that crashed or was killed is, whatever peers had printed
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
    say "stopped cleanly at event \${event:-unknown}"
    ;;
  esac
  ;;
release) # a person's decision after reading the docs
  case \${3:-} in
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
stop) # for work on its pier, by whoever holds a lock on its mark: while it is held no start gets through
  systemctl stop "$unit"
  # The ship's own record says so: systemd takes an end by a signal for a success, and forgets units that are not enabled.
  [ "$(systemctl show -p Result --value "$unit") $(sed -n 's/.* //p' "$here/loom" 2>/dev/null || true)" = "success stopped" ] ||
    { say "did not stop cleanly, so nothing is done to its pier"; exit 76; }
  ;;
start) # undoes it, also for whoever was killed in between
  [ ! -e "$mark" ] || flock "$mark" true
  # A start on purpose does not count among those of a ship that keeps falling.
  systemctl reset-failed "$unit" 2>/dev/null || true
  code=0
  systemctl start "$unit" || code=$?
  rm -f "$mark"
  exit $code
  ;;
wait) # 0 it answers, 1 it ended, 2 neither within so many seconds
  until=$(($(date +%s) + \${3:-900}))
  while :; do
    case $(systemctl is-active "$unit" || true) in active) ! healthy || exit 0 ;; activating | reloading) ;; *) exit 1 ;; esac
    [ "$(date +%s)" -lt "$until" ] || exit 2
    sleep "\${ROADSTEAD_SETTLE:-1}"
  done
  ;;
binary) echo "$urbit" ;;
vere) # which version, and since when or that it is unproven
  if [ $# -gt 2 ]; then put vere "$3"; else echo "$vere"; fi
  ;;
park) quarantine "\${3:?why}" ;;
status)
  ! journalctl -b -o cat -u "$unit" 2>/dev/null | grep -q 'cannot protect from double-boot' ||
    say "warning: the runtime could not ask its galaxy whether it runs elsewhere; the record here is the only guard"
  [ ! -e "$root${STATE}/backup/$id" ] || say "last copy: $(tr '\\n' ' ' <"$root${STATE}/backup/$id")"
  # Scripts read this: one line, and nothing behind it.
  echo "first boot: $(first_boot); last clean stop at event: $(recorded_event || true); quarantine: $(quarantined)"
  ;;
*) echo "unknown command: $cmd" >&2; exit 64 ;;
esac
`,
  };
}
