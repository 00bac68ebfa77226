// The scripts of a ship's own container, which has no token. POSIX sh; run for real by tests/components/fleet.
import { POD_LAYOUT } from "./pod-layout";

/**
 * The ship's container. The shell stays and hands SIGTERM on: after an exec nobody could see the runtime's refusal, and
 * the restart that follows could find the galaxy silent and boot an old copy.
 */
export const ENTRYPOINT_SCRIPT = `#!/bin/sh
# Roadstead: first boot and later runs are two different command lines, and a ship that may be an old copy is not run.
set -u
${POD_LAYOUT}refused=$volume/roadstead-refused
keys=\${ROADSTEAD_KEYS:-/run/keys}
termination=\${ROADSTEAD_TERMINATION:-/dev/termination-log}
urbit=\${ROADSTEAD_URBIT:-urbit}
child=
stopping=

# shellcheck disable=SC2317 # called by the trap
on_stop() {
  stopping=1
  [ -z "$child" ] || kill -TERM "$child" 2> /dev/null
}
trap on_stop TERM INT

# Stays up, never ready, until somebody looks: an exit would be restarted for ever.
park() {
  printf 'roadstead: quarantine: %s\\n' "$1" >&2
  printf '%s\\n' "$1" > "$run/quarantine"
  printf '%s\\n' "$1" 2> /dev/null > "$termination" || :
  while [ -z "$stopping" ]; do
    sleep 3600 &
    child=$!
    wait "$child"
  done
  exit 0
}

# Lines by which the runtime refuses a pier or a key, and ends. Only until the ship has answered: what it prints later may
# come from its peers. A key that cannot be read is printed by the runtime, however many lines it has, and must not get
# into a log.
watch() {
  hidden=
  while IFS= read -r line || [ -n "$line" ]; do
    [ -z "$hidden" ] || continue
    reason=
    case $line in
      *"dawn: invalid private keys"*)
        line="dawn: invalid private keys (not shown)"
        reason="the boot key cannot be read"
        [ -e "$run/up" ] || hidden=1
        ;;
      *"double-boot detected, refusing to boot"*) reason="double-boot" ;;
      *"stale snapshot, downgrade runtime"*)
        reason="its snapshot is older than its event log, and this runtime is another than the one that wrote it: start it with the image it ran on last and stop it cleanly, then change the image"
        ;;
      *"snapshot too big for loom"*) reason="its snapshot does not fit into loom $ROADSTEAD_LOOM: record a larger loom" ;;
      *"dawn: mismatch between"* | *"dawn: unable to cue"*) reason="the boot key is not this ship's" ;;
      *"mars: corrupt pier"*) reason="the runtime finds its pier corrupt" ;;
    esac
    printf '%s\\n' "$line"
    [ -z "$reason" ] || [ -e "$run/up" ] || printf '%s\\n' "$reason" "$line" > "$run/refusal"
  done
}

# A runtime that ended after such a line is not started again. A double boot is noted on the volume, so that a new pod does
# not try again either: the runtime's check passes when its galaxy does not answer. The others can be put right.
park_if_refused() {
  [ -e "$run/refusal" ] || return 0
  { IFS= read -r reason; IFS= read -r line; } < "$run/refusal"
  if [ "$reason" = double-boot ]; then
    printf '%s\\n' "$line" > "$refused"
    park "the runtime refused it: $line"
  fi
  park "$reason ($line)"
}

# The loom of the last run, and whether it ended cleanly. Changed after a stop that was not clean, it can corrupt the
# snapshot (urbit/vere#451).
check_loom() {
  case $ROADSTEAD_LOOM in
    31 | 32 | 33 | 34) ;;
    *) park "loom '$ROADSTEAD_LOOM' is none a ship runs with: 31 to 34" ;;
  esac
  [ -f "$volume/roadstead-loom" ] || return 0
  read -r ran ended < "$volume/roadstead-loom" || return 0
  [ "$ran" = "$ROADSTEAD_LOOM" ] || [ "$ended" = stopped ] ||
    park "its loom was $ran in a run that did not end cleanly, and is $ROADSTEAD_LOOM now: that can corrupt the snapshot; run it once more with loom $ran and stop it cleanly"
}
note_loom() {
  printf '%s %s\\n' "$ROADSTEAD_LOOM" "$1" > "$volume/roadstead-loom.new" && mv "$volume/roadstead-loom.new" "$volume/roadstead-loom"
}

# For the container that has a token: where the ship was when it stopped.
note_stop() {
  note_loom stopped
  now=$(event)
  [ -n "$now" ] || return 0
  printf '%s\\n' "$now" > "$run/stopped.new" && mv "$run/stopped.new" "$run/stopped"
  printf 'roadstead: stopped cleanly at event %s\\n' "$now"
}

supervise() {
  rm -f "$run/output" "$run/up" "$run/refusal"
  mkfifo "$run/output" || park "the runtime's output cannot be watched"
  note_loom running
  watch < "$run/output" &
  watcher=$!
  "$urbit" "$@" > "$run/output" 2>&1 &
  child=$!
  [ -z "$stopping" ] || kill -TERM "$child" 2> /dev/null
  while :; do
    wait "$child"
    code=$?
    kill -0 "$child" 2> /dev/null || break
  done
  # Told to stop just now, too: what it printed last may be a refusal.
  while kill -0 "$watcher" 2> /dev/null; do wait "$watcher"; done
  child=
  park_if_refused
  [ "$code" -ne 0 ] || ! has_pier || note_stop
  exit "$code"
}

# The event log's last event. Always by the ship's own loom: what a stop left undone is done first, and with another loom that
# corrupts the snapshot. Releases before epochs take no --loom, and only work with the smallest.
event() {
  found=$(disk_event --loom "$ROADSTEAD_LOOM" "$pier")
  [ -n "$found" ] || [ "$ROADSTEAD_LOOM" != 31 ] || found=$(disk_event "$pier")
  printf '%s\\n' "$found"
}
disk_event() {
  "$urbit" info "$@" 2>&1 | sed -n 's/.*disk: live=[^,]*, event=\\([0-9][0-9]*\\).*/\\1/p' | tail -n 1
}

later_run() {
  check_loom
  has_pier || park "the volume has no pier, and this is not a first boot"
  if [ "$1" != none ]; then
    now=$(event)
    [ -n "$now" ] || park "its event number cannot be read, so it may be older than event $1"
    [ "$now" -ge "$1" ] || park "its pier is at event $now, older than the recorded event $1: an old copy"
  fi
  # Told to stop while its event log was looked at: it is not started only to be stopped.
  [ -z "$stopping" ] || exit 0
  supervise -t --http-port "$ROADSTEAD_HTTP_PORT" -p "$ROADSTEAD_AMES_PORT" --loom "$ROADSTEAD_LOOM" "$pier"
}

first_boot() {
  check_loom
  [ ! -e "$pier" ] || park "there is something where the pier would be, although this is a first boot"
  set -- -t --http-port "$ROADSTEAD_HTTP_PORT" -p "$ROADSTEAD_AMES_PORT" --loom "$ROADSTEAD_LOOM" -c "$pier"
  case $ROADSTEAD_MODE in
    key)
      count=0
      key=
      for file in "$keys"/* "$volume"/*.key; do
        [ -f "$file" ] || continue
        count=$((count + 1))
        key=$file
      done
      [ "$count" -eq 1 ] || park "a first boot needs exactly one key, and there are $count"
      [ -n "$ROADSTEAD_NAME" ] || park "a first boot needs the ship's name"
      case $key in
        "$keys"/*) ;;
        *) park "its only key lies on the volume, where keys are not put by Roadstead" ;;
      esac
      set -- "$@" -w "$ROADSTEAD_NAME" -k "$key"
      ;;
    comet) ;;
    fake) set -- "$@" -F "$ROADSTEAD_NAME" ;;
    *) park "a ship in mode '$ROADSTEAD_MODE' has no first boot" ;;
  esac
  # Spent before the key is used: a restart of this container continues the pier it finds, or stops.
  { printf 'run none\\n' > "$run/verdict.new" && mv "$run/verdict.new" "$run/verdict"; } || park "the verdict cannot be spent"
  supervise "$@"
}

rm -f "$run/quarantine"
[ ! -e "$refused" ] || park "the runtime refused it before: $(head -n 1 "$refused")"
verdict=
[ ! -f "$run/verdict" ] || IFS= read -r verdict < "$run/verdict"
case $verdict in
  boot) first_boot ;;
  "run "*) later_run "\${verdict#run }" ;;
  "quarantine "*) park "\${verdict#quarantine }" ;;
  *) park "the claim gave no verdict" ;;
esac
`;

/**
 * Probes. 429 means busy, and a busy ship is a healthy one; an httpGet probe would restart it. A parked container counts
 * as started, so that it is not restarted, and is never ready. Never over the control socket: a client that leaves early
 * can bring the ship down.
 */
export const PROBE_SCRIPT = `#!/bin/sh
# Roadstead: probe.sh startup|ready
run=\${ROADSTEAD_RUN:-/run/roadstead}
if [ -e "$run/quarantine" ]; then
  # What a failed probe says is what an event on the pod says.
  printf 'quarantine: %s\\n' "$(cat "$run/quarantine")"
  [ "$1" = startup ]
  exit
fi
code=$(curl --silent --output /dev/null --max-time 8 --write-out '%{http_code}' "http://127.0.0.1:$ROADSTEAD_HTTP_PORT/~_~/healthz")
[ "$code" = 204 ] || [ "$code" = 429 ] || exit 1
# The first boot is over, and what the runtime prints from here on may be its peers' words.
[ -e "$run/up" ] || : > "$run/up"
`;
