// The three scripts of a ship's pod. POSIX sh; they are run for real by tests/components/fleet/entrypoint.test.ts.
// Paths can be moved by ROADSTEAD_* variables, which only the tests set.

const shared = `volume=\${ROADSTEAD_VOLUME:-/urbit}
run=\${ROADSTEAD_RUN:-/run/roadstead}
pier=$volume/pier
refused=$volume/roadstead-refused

has_pier() { [ -d "$pier/.urb/log" ]; }
`;

/**
 * Init container: the only place with a token. Compares and sets the claim before the key can be used, and leaves a
 * verdict for the ship's container. An API server that cannot be asked means no verdict: the pod waits.
 */
export const CLAIM_SCRIPT = `#!/bin/sh
# Roadstead: asks the registry whether this ship may run, and notes a first boot before it happens.
set -u
${shared}
verdict() {
  printf '%s\\n' "$1" > "$run/verdict.new" && mv "$run/verdict.new" "$run/verdict" || exit 1
  printf 'roadstead: claim: %s\\n' "$1"
  exit 0
}
lease() { kubectl --namespace "$ROADSTEAD_REGISTRY" --request-timeout=30s "$@"; }
# The test makes it a compare-and-set: the server refuses when somebody else was first.
advance() {
  lease patch lease "$ROADSTEAD_SHIP" --type=json --patch "[
    {\\"op\\":\\"test\\",\\"path\\":\\"/metadata/annotations/roadstead.dev~1first-boot\\",\\"value\\":\\"$1\\"},
    {\\"op\\":\\"replace\\",\\"path\\":\\"/metadata/annotations/roadstead.dev~1first-boot\\",\\"value\\":\\"$2\\"}]" > /dev/null
}

rm -f "$run/verdict"
state=$(lease get lease "$ROADSTEAD_SHIP" --output 'jsonpath={.spec.holderIdentity}|{.metadata.annotations.roadstead\\.dev/first-boot}|{.metadata.annotations.roadstead\\.dev/last-event}|') || exit 1
holder=\${state%%|*}; rest=\${state#*|}
first_boot=\${rest%%|*}; rest=\${rest#*|}
last_event=\${rest%%|*}

[ "$holder" = "$ROADSTEAD_HOLDER" ] || verdict "quarantine the claim belongs to '$holder', not to $ROADSTEAD_HOLDER"
case $last_event in
  none) ;;
  '' | *[!0-9]*) verdict "quarantine the claim's last event '$last_event' is not a number" ;;
esac
case $first_boot in
  never)
    if has_pier; then
      [ "$ROADSTEAD_MODE" = import ] || verdict "quarantine there is a pier, and no record of its first boot"
      advance never 'done' || exit 1
      verdict "run $last_event"
    fi
    [ "$ROADSTEAD_MODE" != import ] || verdict "quarantine the ship is imported, but its pier has not been brought in"
    [ "$ROADSTEAD_SEALED" != true ] || verdict "quarantine the ship has booted for good, but its claim says it never did"
    advance never started || exit 1
    verdict boot
    ;;
  started)
    has_pier || verdict "quarantine its first boot was started, and the volume has no pier"
    advance started 'done' || exit 1
    verdict "run $last_event"
    ;;
  done)
    has_pier || verdict "quarantine it has had its first boot, and the volume has no pier"
    verdict "run $last_event"
    ;;
  *) verdict "quarantine the claim's first boot is '$first_boot'" ;;
esac
`;

/**
 * The ship's container. The shell stays and hands SIGTERM on: after an exec nobody could see the runtime's refusal, and
 * the restart that follows could find the galaxy silent and boot an old copy.
 */
export const ENTRYPOINT_SCRIPT = `#!/bin/sh
# Roadstead: first boot and later runs are two different command lines, and a ship that may be an old copy is not run.
set -u
${shared}
keys=\${ROADSTEAD_KEYS:-/run/keys}
termination=\${ROADSTEAD_TERMINATION:-/dev/termination-log}
urbit=\${ROADSTEAD_URBIT:-urbit}
child=
stopping=

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

# On the volume, so that a new pod does not try again: the runtime's check passes when its galaxy does not answer.
watch() {
  while IFS= read -r line || [ -n "$line" ]; do
    printf '%s\\n' "$line"
    case $line in
      *"double-boot detected"*) printf '%s\\n' "$line" > "$refused" ;;
    esac
  done
}

supervise() {
  rm -f "$run/output"
  mkfifo "$run/output" || park "the runtime's output cannot be watched"
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
  wait "$watcher"
  child=
  [ ! -e "$refused" ] || park "the runtime refused it: $(head -n 1 "$refused")"
  exit "$code"
}

# The event log's last event. Releases differ in whether info takes --loom.
event() {
  for loom in '' "--loom $ROADSTEAD_LOOM"; do
    # shellcheck disable=SC2086 # no argument, or two
    found=$("$urbit" info $loom "$pier" 2>&1 | sed -n 's/.*disk: live=[^,]*, event=\\([0-9][0-9]*\\).*/\\1/p' | tail -n 1)
    [ -z "$found" ] || { printf '%s\\n' "$found"; return; }
  done
}

later_run() {
  has_pier || park "the volume has no pier, and this is not a first boot"
  if [ "$1" != none ]; then
    now=$(event)
    [ -n "$now" ] || park "its event number cannot be read, so it may be older than event $1"
    [ "$now" -ge "$1" ] || park "its pier is at event $now, older than the recorded event $1: an old copy"
  fi
  supervise -t --http-port "$ROADSTEAD_HTTP_PORT" -p "$ROADSTEAD_AMES_PORT" --loom "$ROADSTEAD_LOOM" "$pier"
}

first_boot() {
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
  printf 'run none\\n' > "$run/verdict.new" && mv "$run/verdict.new" "$run/verdict" || park "the verdict cannot be spent"
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
  [ "$1" = startup ]
  exit
fi
code=$(curl --silent --output /dev/null --max-time 8 --write-out '%{http_code}' "http://127.0.0.1:$ROADSTEAD_HTTP_PORT/~_~/healthz")
[ "$code" = 204 ] || [ "$code" = 429 ]
`;

export const SCRIPTS = {
  "claim.sh": CLAIM_SCRIPT,
  "entrypoint.sh": ENTRYPOINT_SCRIPT,
  "probe.sh": PROBE_SCRIPT,
} as const;
