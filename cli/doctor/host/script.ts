// What a host is asked: one POSIX script, sent over SSH on standard input. It reads only, installs nothing, and never opens a key,
// a pier or a ship's log. It decides nothing either: each fact is what a program printed, judged where the doctor runs.
import { GROUNDSEG_BASE, LIB, MARKS, PIERS, STATE } from "../../../components/host/render/file";

export const FACTS_SCHEMA = "roadstead/host-facts/1";

/** One fact at most; a unit file or a firewall is a few KiB. */
export const FACT_BYTES = 65_536;

export interface Questions {
  /** Stands before the answer, so that a greeting of the host is not taken for it. */
  mark: string;
  /** Files whose digest is wanted. */
  paths: readonly string[];
  /** Units beside those that the host itself has of ours. */
  units: readonly string[];
}

/** Paths and units come from our own renderers; anything else would be a word of the shell. */
const word = (text: string): string => {
  if (!/^[\w@%+=:,./-]+$/.test(text)) throw new Error(`not a plain word: ${JSON.stringify(text)}`);
  return text;
};

export function hostQuestions({ mark, paths, units }: Questions): string {
  return `# Reads only. One JSON object on one line, after ${word(mark)}.
set -u
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C TZ=UTC
export PATH LC_ALL TZ
json() { head -c ${FACT_BYTES} | tr '\\11' ' ' | tr -cd '\\12\\40-\\176' | sed 's/[\\\\"]/\\\\&/g' | awk '{ printf "%s%s", (NR > 1 ? "\\\\n" : ""), $0 }'; }
# fact NAME COMMAND…: what it printed and how it ended; no command waits for ever, and none reads this script.
fact() {
  name=$1
  shift
  code=0
  out=$(timeout -k 2 30 "$@" </dev/null 2>/dev/null) || code=$?
  printf '%s"%s":{"code":%d,"out":"%s"}' "$comma" "$name" "$code" "$(printf '%s' "$out" | json)"
  comma=,
}
ours() { systemctl list-unit-files --plain --no-legend 'roadstead-*' 2>/dev/null | awk '$1 ~ /^[A-Za-z0-9:._-]+$/ { print $1 }'; }
main() {
  comma=
  printf '\\n%s{"schema":"${FACTS_SCHEMA}","facts":{' ${word(mark)}
  fact now date +%s
  fact os sh -c '. /etc/os-release; echo "$ID $VERSION_ID"; uname -rm'
  fact bootstrap sh -c 'for f in done failed; do f=${STATE}/bootstrap.$f; [ ! -e "$f" ] || echo "$(basename "$f") $(stat -c %Y "$f") $(head -n 1 "$f")"; done'
  fact files sh -c 'for f; do [ ! -f "$f" ] || echo "$(stat -c "%a %U" "$f") $(sha256sum <"$f" | cut -c 1-64) $f"; done' sh ${paths.map(word).join(" ")}
  # shellcheck disable=SC2046 # several words
  fact units systemctl show -p Id,LoadState,ActiveState,SubState,Result,UnitFileState,NRestarts,ExecMainStatus,ActiveEnterTimestamp,ExecMainExitTimestamp -- ${units.map(word).join(" ")} $(ours)
  # A pipe ends as its last program does: what is asked stands alone, so that no answer is not an empty one.
  fact failed sh -c 'a=$(systemctl list-units --state=failed --plain --no-legend) || exit; printf "%s\\n" "$a" | awk "{ print \\$1 }"'
  fact jobs sh -c 'a=$(systemctl list-units --state=activating --plain --no-legend "roadstead-*") || exit; printf "%s\\n" "$a" | awk "{ print \\$1 }"'
  fact udp sh -c 'a=$(ss -H -lun) || exit; printf "%s\\n" "$a" | awk "{ print \\$4 }"'
  fact volume cat /etc/roadstead/volume.env
  fact volume-files sh -c 'for f in /etc/roadstead/volume.* /run/roadstead/volume.*; do [ ! -e "$f" ] || echo "$(stat -c "%a %U %s" "$f") $f"; done'
  fact mounts findmnt -rno TARGET,SOURCE,FSTYPE,OPTIONS
  fact crypt sh -c 'for m in ${PIERS} ${GROUNDSEG_BASE}; do s=$(findmnt -rno SOURCE "$m") || continue; t=$(lsblk -rsno TYPE "$s") || exit; echo "$m" $t; done'
  fact disks df -Pk
  fact inodes df -Pi
  fact memory grep -E '^(MemTotal|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo
  fact maps cat /proc/sys/vm/max_map_count
  # Its own -g would end alike for nothing found and nothing read.
  fact killed sh -c 'a=$(journalctl -k -q --no-pager -o short-unix -S -7d) || exit; printf "%s\\n" "$a" | grep "Out of memory: Killed process" | tail -n 3 | cut -c 1-160'
  fact firewall nft list table inet roadstead
  # The file as the kernel would hold it, in a network of its own that ends with the command.
  fact firewall-file unshare -n sh -c 'nft -f /etc/roadstead/firewall.nft && nft list table inet roadstead'
  fact sshd sh -c "sshd -T -C user=root,host=stranger.invalid,addr=192.0.2.1 | grep -E '^(permitrootlogin|passwordauthentication|kbdinteractiveauthentication|permitemptypasswords|pubkeyauthentication) '"
  fact fail2ban fail2ban-client status sshd
  fact upgrades sh -c 'for f in /var/lib/apt/periodic/*; do [ ! -e "$f" ] || echo "$(stat -c %Y "$f") $(basename "$f")"; done'
  fact reboot sh -c 'for f in /run/reboot-required /var/run/reboot-required; do [ ! -e "$f" ] || { stat -c %Y "$f"; break; }; done'
  # Simulated, with no lock and no cache of its own.
  fact pending sh -c 'a=$(apt-get -s -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= upgrade) || exit; printf "%s\\n" "$a" | awk "/^Inst / && /[Ss]ecurity/ { print \\$2 }"'
  fact clock timedatectl show -p NTPSynchronized --value
  fact certificates sh -c 'find /var/lib/caddy/.local/share/caddy/certificates -name "*.crt" 2>/dev/null | head -n 60 | while read -r f; do echo "$(basename "$f" .crt) $(date -d "$(openssl x509 -in "$f" -noout -enddate | cut -d = -f 2)" +%s)"; done'
  fact audit sh -c 'auditctl -s && a=$(auditctl -l) || exit; printf "%s\\n" "$a" | wc -l'
  fact maintenance sh -c 'for t in prep pack roll-chop backup; do at=$(journalctl -q --no-pager -u "roadstead-$t.service" -n 1 -o short-unix) || exit; [ -z "$at" ] || echo "$t \${at%%.*}"; done'
  # That the bucket's credentials are there; never what they are.
  fact backup sh -c '[ ! -s ${PIERS}/.roadstead/.backup/rclone.conf ] || echo credentials; for f in ${STATE}/backup/*; do [ ! -f "$f" ] || echo "$(basename "$f") $(head -n 8 "$f" | tr "\\n" " ")"; done'
  fact runtimes sh -c 'for f in ${LIB}/vere/*/urbit; do [ ! -x "$f" ] || basename "$(dirname "$f")"; done; [ ! -x /usr/local/bin/urbit ] || echo "default $(readlink /usr/local/bin/urbit || echo file)"'
  fact groundseg sh -c '[ ! -x ${LIB}/groundseg ] || exec ${LIB}/groundseg status'
  for env in /etc/roadstead/ships/*.env; do
    id=$(basename "$env" .env)
    case $id in '*' | *[!a-z0-9-]*) continue ;; esac
    fact "ship/$id/env" grep -E '^[A-Z_]+=' "$env"
    fact "ship/$id/record" sh -c 'for d in ${STATE}/ships ${PIERS}/.roadstead; do for f in first-boot event quarantine loom vere; do [ ! -e "$d/$1/$f" ] || echo "$d $f $(head -n 1 "$d/$1/$f")"; done; done' sh "$id"
    fact "ship/$id/has" sh -c '[ ! -d "${PIERS}/$1/.urb" ] || echo pier; [ ! -e "/run/roadstead/keys/$1" ] || echo key; [ ! -e "${MARKS}/$1" ] || echo stopped' sh "$id"
    fact "ship/$id/health" sh -c 'port=$(sed -n "s/^HTTP_PORT=\\([0-9][0-9]*\\)$/\\1/p" "$1"); curl -s -o /dev/null -m 10 -w "%{http_code}" "http://127.0.0.1:$port/~_~/healthz"' sh "$env"
    fact "ship/$id/units" systemctl show -p Id,LoadState,ActiveState,SubState,Result,UnitFileState,NRestarts,ExecMainStatus,ActiveEnterTimestamp,ExecMainExitTimestamp -- "roadstead-ship@$id.service" "roadstead-first-boot@$id.service"
    fact "ship/$id/loom" sh -c 'pid=$(systemctl show -p MainPID --value "roadstead-ship@$1.service"); [ "\${pid:-0}" -gt 0 ] && tr "\\0" "\\n" <"/proc/$pid/cmdline" | sed -n "/^--loom$/{n;p;}"' sh "$id"
  done
  printf '}}\\n'
}
main
`;
}
