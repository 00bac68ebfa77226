// The exact steps that bring a pier onto its ship's volume, as a script for the machine that has the pier. Pure. It puts the
// pier beside its place, looks at it there with the ship's own runtime, offline, and moves it in only when it is at the event
// that was attested. Cut off anywhere, it can be run again.
import { claimHolder, REGISTRY_NAMESPACE } from "../../components/fleet/render/names";
import { PIERS } from "../../components/host/render/file";
import { SHIP_SCRIPT } from "../../components/host/render/ship-script";
import type { LockedShip } from "../../planner/architecture/schema";
import type { Format } from "../../planner/ships/pier";

export interface PierSource {
  /** Absolute path of folder or archive on the machine the script runs on. */
  path: string;
  format: Format;
  /** Where in it the pier is; empty for the top. */
  root: string;
  bytes: number;
}

type Brought = Pick<LockedShip, "id" | "name" | "tenant" | "loom">;

/** Beside the pier's place: never taken for a pier. */
const beside = (id: string): string => `.incoming-${id}`;
const MARGIN_KIB = 1024 * 1024;

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** Where the pier is once it was unpacked. Of a folder only the pier itself is sent. */
const unpacked = (folder: string, { format, root }: PierSource): string =>
  root === "" || format === "directory" ? folder : `${folder}/${root}`;

const EVENT = `sed -n 's/.*disk: live=[^,]*, event=\\([0-9][0-9]*\\).*/\\1/p' | tail -n 1`;

export function clusterScript(ship: Brought, stack: string, atEvent: number, source: PierSource): string {
  const name = ship.name ?? ship.id;
  const incoming = `/urbit/${beside(ship.id)}`;
  return `#!/bin/sh
# Brings the pier of ${name} onto its volume in namespace ${ship.tenant}. Made by \`roadstead ship import\`; holds no secret.
# Usage: sh THIS-FILE, as who may use \`kubectl exec\` there; KUBECTL="kubectl --context NAME" names another cluster or program.
# The ship is up and parked, since its pier is missing: it runs nothing, and has the volume. The pier is copied beside its
# place, looked at by \`urbit info\`, which opens no port, and moved in when it is at event ${atEvent}. Then the pod starts anew.
set -eu
kubectl=\${KUBECTL:-kubectl}
${sourceSettings(source)}namespace=${ship.tenant} ship=${ship.id} pod=${ship.id}-0 incoming=${quoted(incoming)}
${SAY}# shellcheck disable=SC2086 # options may stand in it
k() { $kubectl -n "$namespace" "$@"; }
inside() { k exec "$pod" -c ship -- "$@"; }

# shellcheck disable=SC2086
claim=$($kubectl -n ${REGISTRY_NAMESPACE} get lease "$ship" -o 'jsonpath={.spec.holderIdentity}|{.metadata.annotations.roadstead\\.dev/first-boot}|{.metadata.annotations.roadstead\\.dev/last-event}|') ||
  stop "the claim of ${name} cannot be read: is this the right cluster, and was \\\`pulumi up\\\` run?"
[ "$claim" = ${quoted(`${claimHolder(stack, ship.tenant)}|never|${atEvent}|`)} ] ||
  stop "its claim says '$claim', and should say '${claimHolder(stack, ship.tenant)}|never|${atEvent}|': it is another stack's, has run here, or was made for another event"

[ "$(k get statefulset "$ship" -o 'jsonpath={.spec.replicas}')" != 0 ] || k scale "statefulset/$ship" --replicas=1 >&2
tries=0
until reason=$(inside cat /run/roadstead/quarantine 2>/dev/null); do
  tries=$((tries + 1))
  [ "$tries" -lt "\${ROADSTEAD_TRIES:-120}" ] || stop "$pod is not parked after ten minutes: look at it with kubectl describe"
  [ "$((tries % 12))" -ne 1 ] || say "waits until $pod is up and parked"
  sleep "\${ROADSTEAD_NAP:-5}"
done
case $reason in
*"its pier has not been brought in"*) ;;
*) stop "$pod is parked for another reason: $reason" ;;
esac

if ! inside test -e /urbit/pier; then
  free=$(inside df -Pk /urbit | awk 'NR == 2 { print $4 }')
  [ "$free" -gt ${kib(source)} ] || stop "its volume has $free KiB free, and the pier needs ${kib(source)}: record a larger diskGiB first"
  inside rm -rf "$incoming"
  inside mkdir "$incoming"
  say "copies ${mib(source)} MiB"
  ${sending(source)} | k exec -i "$pod" -c ship -- tar -x -f - -C "$incoming" || stop "the pier could not be unpacked on the volume"
  [ ! -e "$broken" ] || stop "the pier could not be read to its end"
  inside chmod -R u+rwX "$incoming"
  at=${quoted(unpacked(incoming, source))}
else
  say "its pier is in place already, and is looked at there"
  at=/urbit/pier
fi
# shellcheck disable=SC2016 # $1 is the shell's in there
event=$(inside sh -c 'urbit info --loom ${ship.loom} "$1" 2>&1' sh "$at" | ${EVENT})
[ -n "$event" ] || stop "its event number cannot be read there: is it whole, and of this loom (${ship.loom})?"
[ "$event" -eq ${atEvent} ] || stop "the pier is at event $event, and what was attested is a stop at event ${atEvent}"
if [ "$at" != /urbit/pier ]; then
  # shellcheck disable=SC2016
  inside sh -c 'sync; [ ! -e /urbit/pier ] && mv "$1" /urbit/pier && rm -rf "$2" && sync' sh "$at" "$incoming" ||
    stop "it could not be moved into place"
fi
k delete pod "$pod" >&2
say "${name} is at event $event on its volume, and starts. Follow it: kubectl -n $namespace logs -f $pod -c ship"
say "Its old place must never start it again: delete the pier there once it answers here"
`;
}

export function hostScript(ship: Brought, atEvent: number, source: PierSource): string {
  const name = ship.name ?? ship.id;
  const incoming = `${PIERS}/${beside(ship.id)}`;
  return `#!/bin/sh
# Brings the pier of ${name} to its host. Made by \`roadstead ship import\`; holds no secret.
# Usage: sh THIS-FILE USER@ADDRESS, the login \`pulumi up\` ended with. It is copied beside its place, looked at by \`urbit info\`,
# which opens no port, and moved in when it is at event ${atEvent}; the host's own guard then decides whether it may start.
set -eu
login=\${1:?Usage: sh THIS-FILE USER@ADDRESS}
${sourceSettings(source)}${SAY}
ssh "$login" 'sudo sh -s' <<'THERE' || stop "the host does not take it"
set -eu
root=\${ROADSTEAD_ROOT:-}
no() { echo "roadstead: $*" >&2; exit 1; }
env=$root/etc/roadstead/ships/${ship.id}.env
[ -r "$env" ] || no "this host has no ship ${ship.id}: is it the right one, and was \\\`pulumi up\\\` run?"
grep -qx 'IMPORTED=1' "$env" && grep -qx 'SINCE=${atEvent}' "$env" || no "${name} is not imported at event ${atEvent} here: run \\\`pulumi up\\\` with the plan that says so"
! grep -qx 'SEALED=1' "$env" || no "${name} has run since, its plan says: the pier it was imported with is an old copy by now, and never runs again"
# shellcheck disable=SC1090 # one file a ship
. "$env"
[ "\${VOLUME:-0}" = 0 ] || mountpoint -q "$root${PIERS}" || no "the pier volume is not mounted"
status=$("$root${SHIP_SCRIPT}" status ${ship.id})
case $status in
"first boot: never;"*"quarantine: ") ;;
*) no "${name} has run here, or is quarantined ($status)" ;;
esac
[ ! -e "$root${PIERS}/${ship.id}" ] || no "there is a pier of ${name} already; where this script brought it: systemctl start roadstead-ship@${ship.id}"
free=$(df -Pk "$root${PIERS}" | awk 'NR == 2 { print $4 }')
[ "$free" -gt ${kib(source)} ] || no "there are $free KiB free, and the pier needs ${kib(source)}"
rm -rf "$root${incoming}"
install -d -m 0700 "$root${incoming}"
THERE
say "copies ${mib(source)} MiB"
# shellcheck disable=SC2016 # it is the host's
${sending(source)} | ssh "$login" 'sudo tar -x --no-same-owner -f - -C "\${ROADSTEAD_ROOT:-}${incoming}"' || stop "the pier could not be unpacked on the host"
[ ! -e "$broken" ] || stop "the pier could not be read to its end"
ssh "$login" 'sudo sh -s' <<'THERE' || stop "the pier stays beside its place, in ${incoming}"
set -eu
root=\${ROADSTEAD_ROOT:-}
no() { echo "roadstead: $*" >&2; exit 1; }
at=$root${quoted(unpacked(incoming, source))}
chown -R urbit:urbit "$root${incoming}"
chmod -R u+rwX "$root${incoming}"
event=$(runuser -u urbit -- "\${ROADSTEAD_URBIT:-/usr/local/bin/urbit}" info --loom ${ship.loom} "$at" 2>&1 | ${EVENT})
[ -n "$event" ] || no "its event number cannot be read there: is it whole, and of this loom (${ship.loom})?"
[ "$event" -eq ${atEvent} ] || no "the pier is at event $event, and what was attested is a stop at event ${atEvent}"
sync
[ ! -e "$root${PIERS}/${ship.id}" ] || no "there is a pier of ${name} already"
mv "$at" "$root${PIERS}/${ship.id}"
rm -rf "$root${incoming}"
sync
systemctl start roadstead-ship@${ship.id}
THERE
say "${name} is at event ${atEvent} on its host, and starts. Follow it: ssh $login 'sudo journalctl -fu roadstead-ship@${ship.id}'"
say "Its old place must never start it again: delete the pier there once it answers here"
`;
}

const SAY = `say() { printf 'roadstead: %s\\n' "$*" >&2; }
stop() {
  say "$*"
  say "nothing was started"
  exit 1
}
`;

const kib = ({ bytes }: PierSource): number => Math.ceil(bytes / 1024) + MARGIN_KIB;
const mib = ({ bytes }: PierSource): number => Math.ceil(bytes / 1024 / 1024);

/** A failure at this end of the pipe must not look like the end of the pier. */
function sourceSettings({ path, format }: PierSource): string {
  const unzipped =
    format !== "zip"
      ? ""
      : `command -v unzip > /dev/null || { echo "roadstead: unzip is needed here" >&2; exit 1; }
unzip -q "$pier" -d "$scratch/unzipped"
`;
  return `pier=\${ROADSTEAD_PIER:-${quoted(path)}}
[ -r "$pier" ] || { echo "roadstead: $pier is not there" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Not every shell does it when a signal ends it, and an unpacked pier has the ship's keys in it.
trap 'exit 130' HUP INT TERM
broken=$scratch/broken
${unzipped}`;
}

function sending({ format, root }: PierSource): string {
  // The variable keeps a Mac from adding files of its own.
  const tar = (folder: string): string => `COPYFILE_DISABLE=1 tar -C ${folder} -c -f - .`;
  const command = {
    directory: tar(root === "" ? '"$pier"' : `"$pier"/${quoted(root)}`),
    tar: 'cat "$pier"',
    "tar.gz": 'gzip -dc < "$pier"',
    "tar.zst": 'zstd -dcq < "$pier"',
    zip: tar('"$scratch/unzipped"'),
  }[format];
  return `{ ${command} || : > "$broken"; }`;
}
