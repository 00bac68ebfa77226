// A newer vere on a host: brought beside the old one by checksum, and given to one ship at a time through gates. There is no
// way back once it has written to a pier, so what is not known refuses.
import { LIB, MAINTENANCE_LOCK, MARKS, PIERS, STATE, type HostFile } from "./file";
import { AS_SHIP, HOLD_MARK, SHIP_SCRIPT } from "./ship-script";

export const UPGRADE = `${LIB}/upgrade`;

/** How long a version runs on its first ship before a second one gets it. */
const PILOT_HOURS = 24;
/** Minutes that a ship is waited for; after that it is left to go on. */
const START_MINUTES = 60;

/**
 * Exit codes: 0 runs the version, 64 usage, 69 on the new one and not up yet, 70 on it and down, 73 has the old one as before, 75 later,
 * 77 refused. Any other, 71 among them, is an end that nobody meant, and says nothing of what the ship has.
 */
export const upgradeScript = (): HostFile => ({ path: UPGRADE, mode: "0755", content: script });

const script = `#!/bin/sh
# Usage: upgrade install VERSION SHA256 | upgrade ID VERSION --backup-taken [--now]. See docs/runbooks/RuntimeUpgrade.md.
set -eu
root=\${ROADSTEAD_ROOT:-}
lib=$root${LIB}
ship=$root${SHIP_SCRIPT}
usage() { sed -n 's/^# Usage: //p' "$0" >&2; exit 64; }
case \${2:-} in '' | .* | *[!0-9A-Za-z.-]*) usage ;; esac
dir=$lib/vere/$2
if [ "$1" = install ]; then # beside what is there; nothing runs it yet
  umask 022
  [ "$(cat "$dir/archive" 2>/dev/null)" != "\${3:?SHA256}" ] || exit 0
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
if [ -z "\${ROADSTEAD_APART:-}" ]; then # goes on when whoever asked for it is cut off
  log=$root/run/roadstead/upgrade.$$
  mkdir -p "$root/run/roadstead"
  : >"$log"
  ROADSTEAD_APART=1 setsid "$0" "$id" "$version" \${backup:+--backup-taken} \${now:+--now} >"$log" 2>&1 </dev/null &
  tail -f -n +1 --pid=$! "$log" >&2 || true
  code=0
  wait $! || code=$?
  [ $code -lt 128 ] || "$lib/maintain" resume >&2 || true # killed: it could start nobody
  exit $code
fi
say() { echo "roadstead: $id: $*"; }
out() { trap - EXIT; exit "$1"; }
refuse() { say "refused: $*. Nothing was changed"; out 77; }
${AS_SHIP}
exec 9>"$root${MAINTENANCE_LOCK}"
flock -n 9 || { say "other maintenance is running: try again when it has ended"; exit 75; }
marks=$root${MARKS}
mkdir -p "$marks"
hold() {
${HOLD_MARK}
}
# Left by an upgrade that was killed.
[ ! -e "$marks/$id" ] || { say "was left stopped, and starts"; "$ship" start "$id" && "$ship" wait "$id"; } 2>&1 || true

(cd "$dir" 2>/dev/null && sha256sum -c --quiet sum) || refuse "vere $version is not here as it was fetched: sudo ${UPGRADE} install $version SHA256"
old=$("$ship" binary "$id") record=$("$ship" vere "$id")
have=\${record%% *}
[ -n "$have" ] || have=$(as_ship "$old" -R 2>&1 | sed -n 's/^urbit v*\\([0-9][^ ]*\\).*/\\1/p' | head -n 1)
[ -n "$have" ] || refuse "which vere it runs now cannot be read"
unit=roadstead-ship@$id.service
# Set while no newer vere can have written to the pier: its own one goes on.
back=
# shellcheck disable=SC2317 # by a trap
cut() { # an end that nobody meant: who was stopped is started, with what its record names
  set +e
  trap '' HUP INT TERM
  [ -z "$back" ] || "$ship" vere "$id" "$record"
  exec 8>&-
  [ ! -e "$marks/$id" ] || "$ship" start "$id"
  now=$("$ship" vere "$id")
  now=\${now:-$have}
  say "this ended unexpectedly. It has vere \${now%% *} and is $(systemctl is-active "$unit")"
  exit 71
}
trap cut EXIT
trap 'exit 71' HUP INT TERM
active() { systemctl is-active --quiet "$1"; }
well() { # the new one runs: 0 answers, 1 ended, 2 not yet
  code=2 n=0
  while [ $code = 2 ] && [ $n -lt ${START_MINUTES} ]; do
    [ $n = 0 ] || say "is still starting, $n min"
    n=$((n + 1)) code=0
    "$ship" wait "$id" "\${ROADSTEAD_MINUTE:-60}" || code=$?
  done
  [ $code != 0 ] || { sleep "\${ROADSTEAD_SETTLE:-20}"; "$ship" wait "$id" 60 || code=$?; }
  return $code
}
proven() {
  "$ship" vere "$id" "$version $(date +%s)"
  say "runs vere $version"
  # New ships of this host get it too, once every ship has it.
  for env in "$root"/etc/roadstead/ships/*.env; do
    has=$("$ship" vere "$(basename "$env" .env)")
    [ "\${has%% *}" = "$version" ] || out 0
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
[ "$(printf '%s\\n' "$have" "$version" | sort -V | tail -n 1)" = "$version" ] || refuse "vere $version is older than its $have, and there is no way back"

case $("$ship" status "$id" 2>/dev/null) in
*"quarantine: "?*) refuse "it is quarantined" ;;
"first boot: done"*) ;;
*) refuse "it has not had its first boot" ;;
esac
pilot=none
for env in "$root"/etc/roadstead/ships/*.env; do
  other=$(basename "$env" .env)
  has=$("$ship" vere "$other")
  case $other:\${has%% *} in "$id":*) continue ;; *:"$version") ;; *) continue ;; esac
  [ "$pilot" != none ] || pilot=unwell
  case \${has#* } in *[!0-9]*) continue ;; esac
  { active "roadstead-ship@$other.service" && "$ship" wait "$other" 1; } || continue
  [ "$pilot" = proven ] || pilot=young
  [ $(($(date +%s) - \${has#* })) -lt ${PILOT_HOURS * 3600} ] || pilot=proven
done
case $pilot in
unwell) refuse "the ship that has vere $version already is not well with it" ;;
young) [ -n "$now" ] || refuse "the first ship with vere $version has not run ${PILOT_HOURS} hours with it (--now does not wait)" ;;
esac
pier=$root${PIERS}/$id
# The runtime copies the snapshot for its new epoch, and writes another when it converts it.
need=$(du -sk "$pier/.urb/chk") || need=
need=\${need%%[!0-9]*}
free=$(df -Pk "$pier" | awk 'NR == 2 { print $4 }')
case \${need:-x}\${free:-x} in *[!0-9]*) refuse "room could not be told" ;; esac
need=$((need * 2 + 1048576))
[ "$free" -ge "$need" ] || refuse "it needs $need KiB free and there are $free"
if [ -z "$backup" ]; then # one that the backups made since its last start
  at=$(sed -n 's/^time=\\(20.*Z\\)$/\\1/p' "$root${STATE}/backup/$id" 2>/dev/null || true)
  since=$(systemctl show -p ActiveEnterTimestamp --value "$unit")
  { [ -n "$at" ] && [ -n "$since" ] && at=$(date -d "$at" +%s) && [ "$at" -le "$(date +%s)" ] && [ "$at" -ge "$(($(date -d "$since" +%s) - 900))" ]; } ||
    refuse "no backup since its last start is known here: take a snapshot of its volume, then say --backup-taken"
fi
{ active "$unit" && "$ship" wait "$id" 5; } || refuse "it does not run and answer now: an upgrade is no repair"

again() { # everything is as it was
  exec 8>&-
  code=0
  { "$ship" start "$id" && "$ship" wait "$id"; } 2>&1 || code=$?
  say "not upgraded: $*. It has vere $have as before$([ $code = 0 ] || echo ', and does not answer')"
  out 73
}
# On both places first: the new one's record may get to one of them alone.
"$ship" vere "$id" "$record" 2>&1 || refuse "its record cannot be written"
hold
back=1
say "stops"
"$ship" stop "$id" 2>&1 || again "it did not stop cleanly"
loom=$(sed -n 's/^LOOM=//p' "$root/etc/roadstead/ships/$id.env")
say "is prepared by vere $have"
as_ship "$old" prep --loom "$loom" "$pier" </dev/null || again "prep failed"
info=$(as_ship "$old" info --loom "$loom" "$pier" 2>&1 | tr -d '\\r')
snapshot=$(echo "$info" | sed -n 's/.* at event \\([0-9][0-9]*\\)$/\\1/p' | tail -n 1)
event=$(echo "$info" | sed -n 's/.*disk: .*event=\\([0-9][0-9]*\\).*/\\1/p' | tail -n 1)
{ [ -n "$event" ] && [ "$snapshot" = "$event" ]; } || again "its snapshot is at event \${snapshot:-unknown} and its log at event \${event:-unknown}"
seen() { (cd "$pier/.urb" && find log chk -type f ! -name lock.mdb -printf '%p %s %T@\\n' | sort | sha256sum); }
before=$(seen)
"$ship" vere "$id" "$version unproven"
back=
exec 8>&-
say "starts with vere $version at event $event"
"$ship" start "$id" 2>&1 || true
code=0
well || code=$?
case $code in 0) proven ;; 1) ;; *) unwell ;; esac
hold # whoever started it now would run the new one
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
`;
