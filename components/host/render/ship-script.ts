// The guard around every start of a ship: one POSIX script, called by the units with a command and a ship's id.
// It is where "a ship never runs twice, and an old copy never runs again" is kept on a host.
import { LIB, PIERS, STATE, type HostFile } from "./file";

export const SHIP_SCRIPT = `${LIB}/ship`;

/** Exit codes: 0 go on, 75 try again later, 77 quarantined, 78 nothing to run yet. ExecCondition skips the unit on all but 0. */
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
urbit=\${ROADSTEAD_URBIT:-/usr/local/bin/urbit}
# The record is kept twice: on the root disk, which an empty volume cannot forge, and on the volume, which outlives the host.
here=$root${STATE}/ships/$id
there=$root${PIERS}/.roadstead/$id
pier=$root${PIERS}/$id
key=$root/run/roadstead/keys/$id

say() { echo "roadstead: $id: $*" >&2; }
as_ship() { if [ "$(id -u)" = 0 ]; then runuser -u urbit -- "$@"; else "$@"; fi; }
put() { # put NAME VALUE: on both places, through a rename, on disk before anything else happens
  for dir in "$here" "$there"; do
    mkdir -p "$dir"
    printf '%s\\n' "$2" >"$dir/.$1"
    mv "$dir/.$1" "$dir/$1"
    sync "$dir" "$dir/$1" 2>/dev/null || sync
  done
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
  exec "$urbit" "$@" >"$out" 2>&1
}
has_pier() { [ -d "$pier/.urb" ]; }
burn() { [ ! -e "$key" ] || shred -u "$key" 2>/dev/null || rm -f "$key"; }
quarantine() {
  put quarantine "$1"
  burn
  say "QUARANTINED: $1. It will not be started. Read docs/components/vps-planet.md#quarantine before anything else."
  exit 77
}
mounted() {
  [ "\${VOLUME:-0}" = 0 ] || mountpoint -q "$root${PIERS}" || { say "the pier volume is not mounted"; exit 75; }
}
refuse_quarantined() {
  reason=$(both quarantine | head -n 1)
  [ -z "$reason" ] || { say "quarantined: $reason"; burn; exit 77; }
}

case $cmd in
key) # the boot key on standard input, once, after the host is up
  mounted
  refuse_quarantined
  [ "$FIRST_BOOT" = key ] || { say "boots without a key"; exit 64; }
  [ "\${IMPORTED:-0}" = 0 ] || { say "is imported: it goes on with the pier that is brought in, and its key was not read"; exit 64; }
  [ "$(first_boot)" = never ] || { say "has had its first boot; the key is not needed and was not read"; exit 77; }
  mkdir -p "$(dirname "$key")"
  head -c 65536 >"$key"
  if [ "$(grep -c '' <"$key")" != 1 ] || ! grep -Eq '^0w[0-9A-Za-z~.-]+$' "$key"; then
    burn
    say "that is not a boot key: expected one line starting with 0w. A pier comes in another way, see the docs"
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
  [ "\${SEALED:-0}" = 0 ] || quarantine "the lock says that this ship has booted for good, so a first boot would be a second one"
  [ "\${IMPORTED:-0}" = 0 ] || { say "is imported: its pier has not been brought in"; exit 78; }
  [ "$(first_boot)" = never ] || quarantine "a first boot was started before"
  ! has_pier || quarantine "there is a pier already, and no record of its first boot"
  [ "$FIRST_BOOT" != key ] || [ -s "$key" ] || { say "waiting for its key"; exit 78; }
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
  event=$(pier_event || true)
  [ -z "$event" ] || put event "$event"
  put first-boot "done"
  ;;
burn) burn ;;
check) # before every later run
  mounted
  refuse_quarantined
  case $(first_boot) in
  never)
    if ! has_pier; then
      [ "\${SEALED:-0}" = 0 ] || quarantine "the lock says that this ship has booted for good, but its volume is empty"
      say "has not had its first boot"
      exit 78
    fi
    [ "\${IMPORTED:-0}" = 1 ] || quarantine "there is a pier, and no record of its first boot"
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
  put loom "$LOOM running"
  ;;
# Directly: it reads no key, and between a last word on a pipe and the journal the end of the unit can take whoever reads it.
run) exec "$urbit" -t --loom "$LOOM" -p "$AMES_PORT" --http-port "$HTTP_PORT" -b 127.0.0.1 "$pier" ;;
after) # after every run: refusal lines quarantine, a clean stop is recorded
  [ "\${SERVICE_RESULT:-}" != exec-condition ] || exit 0 # it did not run
  sleep "\${ROADSTEAD_SETTLE:-1}" # its last lines are on their way
  journalctl --sync 2>/dev/null || true
  # Whoever refuses does not end with 0: before a clean stop such words are a peer's, who can have any printed.
  if [ "\${SERVICE_RESULT:-} \${EXIT_STATUS:-}" != "success 0" ]; then
    if journalctl -o cat "_SYSTEMD_INVOCATION_ID=\${INVOCATION_ID:-none}" 2>/dev/null | grep -q 'double-boot detected'; then
      quarantine "the runtime refused it: double-boot detected"
    fi
  elif has_pier; then
    event=$(pier_event || true)
    [ -z "$event" ] || put event "$event"
    put loom "$LOOM stopped"
    say "stopped cleanly at event \${event:-unknown}"
  fi
  ;;
release) # a person's decision after reading the docs
  case \${3:-} in
  --no-other-copy-ran)
    has_pier || { say "there is no pier to release"; exit 77; }
    rm -f "$here/event" "$there/event"
    put first-boot "done"
    ;;
  --after-breach)
    ! has_pier || { say "move the old pier away first: it must never run again"; exit 77; }
    rm -f "$here/event" "$there/event"
    put first-boot never
    ;;
  *) say "say why: --no-other-copy-ran (keep this pier) or --after-breach (boot anew with a new key)"; exit 64 ;;
  esac
  rm -f "$here/quarantine" "$there/quarantine"
  say "released"
  ;;
status) echo "first boot: $(first_boot); last clean stop at event: $(recorded_event || true); quarantine: $(both quarantine | head -n 1)" ;;
*) echo "unknown command: $cmd" >&2; exit 64 ;;
esac
`,
  };
}
