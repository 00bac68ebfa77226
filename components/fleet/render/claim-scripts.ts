// The scripts of a ship's pod that have a token: what is asked of the claim before the ship starts, and what is noted on it
// while it runs and after it stopped. Run by a real shell in tests/components/fleet, with a real API server in tests/cluster.
import { POD_LAYOUT } from "./pod-layout";

const registry = `lease() { kubectl --namespace "$ROADSTEAD_REGISTRY" --request-timeout=30s "$@"; }
read_claim() {
  state=$(lease get lease "$ROADSTEAD_SHIP" --output 'jsonpath={.spec.holderIdentity}|{.metadata.annotations.roadstead\\.dev/first-boot}|{.metadata.annotations.roadstead\\.dev/last-event}|') || return 1
  holder=\${state%%|*}; rest=\${state#*|}
  first_boot=\${rest%%|*}; rest=\${rest#*|}
  last_event=\${rest%%|*}
}
# The test makes it a compare-and-set: the server refuses when somebody else was first.
change() {
  lease patch lease "$ROADSTEAD_SHIP" --type=json --patch "[
    {\\"op\\":\\"test\\",\\"path\\":\\"/metadata/annotations/roadstead.dev~1$1\\",\\"value\\":\\"$2\\"},
    {\\"op\\":\\"replace\\",\\"path\\":\\"/metadata/annotations/roadstead.dev~1$1\\",\\"value\\":\\"$3\\"}]" > /dev/null
}
`;

/**
 * Init container: compares and sets the claim before the key can be used, and leaves a verdict for the ship's container.
 * An API server that cannot be asked means no verdict: the pod waits.
 */
export const CLAIM_SCRIPT = `#!/bin/sh
# Roadstead: asks the registry whether this ship may run, and notes a first boot before it happens.
set -u
${POD_LAYOUT}${registry}
# As the first process of its container the shell would not even end when it is told to.
trap 'exit 1' TERM INT

verdict() {
  { printf '%s\\n' "$1" > "$run/verdict.new" && mv "$run/verdict.new" "$run/verdict"; } || exit 1
  printf 'roadstead: claim: %s\\n' "$1"
  exit 0
}
# A moon is reached through its parent: its first boot waits until the parent has had its own.
wait_for_parent() {
  [ -n "\${ROADSTEAD_PARENT:-}" ] || return 0
  while :; do
    of_parent=$(lease get lease "$ROADSTEAD_PARENT" --output 'jsonpath={.metadata.annotations.roadstead\\.dev/first-boot}') || exit 1
    [ "$of_parent" != 'done' ] || return 0
    printf 'roadstead: claim: waits for the first boot of its parent %s\\n' "$ROADSTEAD_PARENT"
    sleep "\${ROADSTEAD_PARENT_SECONDS:-15}" &
    wait "$!"
  done
}

rm -f "$run/verdict"
read_claim || exit 1
[ "$holder" = "$ROADSTEAD_HOLDER" ] || verdict "quarantine the claim belongs to '$holder', not to $ROADSTEAD_HOLDER"
case $last_event in
  none) ;;
  '' | *[!0-9]*) verdict "quarantine the claim's last event '$last_event' is not a number" ;;
esac
case $first_boot in
  never)
    if has_pier; then
      [ "$ROADSTEAD_MODE" = import ] || verdict "quarantine there is a pier, and no record of its first boot"
      change first-boot never 'done' || exit 1
      verdict "run $last_event"
    fi
    [ "$ROADSTEAD_MODE" != import ] || verdict "quarantine the ship is imported, but its pier has not been brought in"
    [ "$ROADSTEAD_SEALED" != true ] || verdict "quarantine the ship has booted for good, but its claim says it never did"
    wait_for_parent
    change first-boot never started || exit 1
    verdict boot
    ;;
  started)
    has_pier || verdict "quarantine its first boot was started, and the volume has no pier"
    change first-boot started 'done' || exit 1
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
 * Sidecar, stopped by the kubelet after the ship's container has ended: notes on the claim that the first boot is over once
 * the ship has answered, and at which event it was stopped. The ship's container, which runs other people's code, has no
 * token. What cannot be noted is left as it was: a smaller number only makes the check weaker.
 */
export const KEEP_SCRIPT = `#!/bin/sh
# Roadstead: notes on the claim that the first boot is over, and the last event of a clean stop.
set -u
${POD_LAYOUT}${registry}
stopping=
napping=
trap 'stopping=1; [ -z "$napping" ] || kill "$napping" 2> /dev/null' TERM INT

nap() {
  sleep "$1" &
  napping=$!
  wait "$napping"
  napping=
}
note_boot() {
  read_claim || return 1
  [ "$holder" = "$ROADSTEAD_HOLDER" ] && [ "$first_boot" = started ] || return 0
  change first-boot started 'done' || return 1
  printf 'roadstead: claim: first boot done\\n'
}
note_stop() {
  read_claim || return 1
  [ "$holder" = "$ROADSTEAD_HOLDER" ] || return 0
  case $last_event in
    none) ;;
    '' | *[!0-9]*) return 0 ;;
    *) [ "$1" -gt "$last_event" ] || return 0 ;;
  esac
  change last-event "$last_event" "$1" || return 1
  printf 'roadstead: claim: stopped cleanly at event %s\\n' "$1"
}

printf 'roadstead: claim: kept while the ship runs\\n'
booted=
noted=
tries=0
while :; do
  left=
  if [ -z "$booted" ] && [ -e "$run/up" ] && has_pier; then
    if note_boot; then booted=1; else left=1; fi
  fi
  event=
  [ ! -f "$run/stopped" ] || IFS= read -r event < "$run/stopped"
  case $event in
    '' | "$noted" | *[!0-9]*) ;;
    *) if note_stop "$event"; then noted=$event; else left=1; fi ;;
  esac
  if [ -n "$stopping" ]; then
    [ -n "$left" ] || exit 0
    tries=$((tries + 1))
    if [ "$tries" -ge 12 ]; then
      printf 'roadstead: claim: could not be asked: what is recorded stays older than the ship\\n' >&2
      exit 1
    fi
  fi
  nap "\${ROADSTEAD_KEEP_SECONDS:-5}"
done
`;
