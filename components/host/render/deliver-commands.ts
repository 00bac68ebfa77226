// The commands that `pulumi up` has run on a host. Nobody reads along, so each ends with 0 only when the host has what it needs.
import { BOOTSTRAP } from "./bootstrap";
import { LIB } from "./file";

/** One word for the shell of the SSH user, for root's. No single quote may be in it. */
const asRoot = (script: string): string => `sudo -n sh -c '\n${script}'`;

/** Runs the script on standard input, if all of it came: a connection may end in the middle of a file. */
export const SET_UP_COMMAND = asRoot(`set -eu
f=$(mktemp)
trap "rm -f $f" EXIT
cat >"$f"
[ "$(tail -n 1 "$f")" = "exec ${BOOTSTRAP}" ] || { echo "roadstead: the script did not arrive whole, so none of it was run" >&2; exit 1; }
sh "$f" </dev/null
`);

/** Seconds after which a first boot is left to itself. */
const FOLLOWED = 1200;

/**
 * Gives a ship its key if it needs one, and follows its first boot. A key that is not needed is not read; a ship that is not
 * through its first boot fails the command with the reason, so that the next `up` looks again.
 */
export const bootKeyCommand = (id: string): string =>
  follow(id, `[ "$active" = activating ] || "$ship" key "$id" || exit`);

/**
 * The same where this command has ended well before, so its ship has booted somewhere: it only looks. A host without a record of
 * that is a new one, or its pier is gone; the key would be used twice.
 */
export const bootKeyLook = (id: string): string =>
  follow(
    id,
    `[ "$active" = activating ] || die "it was seen booted before, and this host has no record of that, so its key is not delivered again: bring its pier in, docs/runbooks/HostLost.md. After a breach only, its new key is brought by hand: sudo $ship key $id"`,
  );

/** `never`: what is done where no first boot is on record. */
const follow = (id: string, never: string): string =>
  asRoot(`set -u
ship=${LIB}/ship id=${id} unit=roadstead-first-boot@${id}
die() { echo "roadstead: $id: $*" >&2; exit 77; }
look() { # the record, and what it is about
  now=$("$ship" status "$id" </dev/null) || exit 1
  case $now in
  *"quarantine: "?*) die "quarantined: \${now##*quarantine: }. See docs/components/vps-planet.md#quarantine" ;;
  "first boot: done;"*) booted="done" ;;
  "first boot: started;"*) booted=started ;;
  "first boot: never;"*) booted=never ;;
  *) die "its record cannot be read: $now" ;;
  esac
  active=$(systemctl show -p ActiveState --value "$unit")
}
look
case $booted in
done) echo "roadstead: $id has had its first boot; its key was not read"; exit 0 ;;
never) ${never} ;;
started) [ "$active" = activating ] || die "its first boot was started and did not finish; see journalctl -u $unit" ;;
esac
t=0
while [ $t -lt ${FOLLOWED} ]; do
  sleep 2
  t=$((t + 2))
  look
  case $booted.$active in
  done.*) echo "roadstead: $id has had its first boot"; exit 0 ;;
  *.failed) die "its first boot failed; see journalctl -u $unit" ;;
  never.inactive) [ $t -lt 120 ] || die "its first boot did not begin; see journalctl -u $unit" ;;
  started.inactive) [ $t -lt 120 ] || die "its first boot was started and did not finish; see journalctl -u $unit" ;;
  esac
  [ $((t % 30)) != 0 ] || echo "roadstead: $id: its first boot runs, $t s"
done
echo "roadstead: $id still has its first boot; run up again, which looks again and needs no key, or follow it with: journalctl -fu $unit" >&2
exit 75
`);
