// Units that run ships: first boot and later runs are two different units, since they are two different command lines.
import { LIB, MAINTENANCE_LOCK, MARKS, PIERS, unit, type HostFile } from "./file";
import { AS_SHIP, HOLD_MARK, SHIP_SCRIPT } from "./ship-script";
import type { HostSettings, HostShip } from "./settings";

const firstBootOf = (ship: HostShip): string =>
  ship.fake ? "fake" : ship.class === "comet" && !ship.keySecret ? "comet" : "key";

/** What the guard script and the units know about one ship. Holds no secret. */
export function shipEnvironment(ship: HostShip, settings: HostSettings): HostFile {
  const lines = [
    `SHIP_NAME='${ship.name ?? ship.id}'`,
    `FIRST_BOOT=${firstBootOf(ship)}`,
    `LOOM=${ship.loom ?? 31}`,
    `AMES_PORT=${ship.amesPort}`,
    `HTTP_PORT=${ship.httpPort}`,
    `SEALED=${ship.sealed ? 1 : 0}`,
    `IMPORTED=${ship.imported ? 1 : 0}`,
    ...(ship.importedAtEvent === undefined ? [] : [`SINCE=${ship.importedAtEvent}`]),
    `VOLUME=${settings.dataDevice ? 1 : 0}`,
  ];
  return { path: `/etc/roadstead/ships/${ship.id}.env`, mode: "0644", content: lines.join("\n") + "\n" };
}

// As root and in the host's own mounts: + alone lifts neither TemporaryFileSystem nor BindPaths.
const GUARD = `+/usr/bin/nsenter -t 1 -m ${SHIP_SCRIPT}`;

// MemoryDenyWriteExecute is left out: nobody has shown that vere runs under it.
const sandbox = `User=urbit
Group=urbit
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
# Ships share a user. In a user namespace of its own none gets into another's process, and past its mounts by /proc/PID/root.
PrivateUsers=yes
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
ProtectProc=invisible
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @debug @module @mount @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
UMask=0077
# A dump of a ship holds its keys.
LimitCORE=0
OOMScoreAdjust=-500`;

/** Seconds a ship gets to finish its event, flush its log and write its snapshot: vere itself has no timeout. */
export const STOP_SECONDS = 2700;

// A loom may not be mapped without it, and the boot itself waits for no swap whose key is new.
const SWAP = "dev-mapper-roadstead\\x2dswap.swap swapfile.roadstead.swap";

export function shipUnits(settings: HostSettings): HostFile[] {
  const volume = settings.dataDevice
    ? `Requires=roadstead-volume.service
After=roadstead-volume.service
RequiresMountsFor=${PIERS}
`
    : "";
  // Hidden are the piers that are there by then: its own is not, and is made beside them.
  const piers = settings.ships.map(({ id }) => `-${PIERS}/${id}`).join(" ");
  return [
    unit(
      "roadstead-first-boot@.service",
      `[Unit]
Description=First boot of ship %i
Wants=network-online.target
After=network-online.target ${SWAP}
${volume}# After: a stop of the other unit is over before this one starts. replace: and would not stand in the way of its start.
Conflicts=roadstead-ship@%i.service
After=roadstead-ship@%i.service
OnSuccess=roadstead-ship@%i.service
OnSuccessJobMode=replace

[Service]
Type=oneshot
ExecCondition=${GUARD} claim %i
ExecStart=${SHIP_SCRIPT} boot %i
ExecStartPost=${GUARD} booted %i
# The key is burned whatever happened: it is used once.
ExecStopPost=${GUARD} burn %i
KillMode=mixed
TimeoutStartSec=6h
TimeoutStopSec=${STOP_SECONDS}
ReadWritePaths=${PIERS}
InaccessiblePaths=${piers}
TemporaryFileSystem=/run/roadstead/keys:ro
BindReadOnlyPaths=-/run/roadstead/keys/%i
${sandbox}
`,
    ),
    unit(
      "roadstead-ship@.service",
      `[Unit]
Description=Ship %i
Wants=network-online.target
After=network-online.target ${SWAP}
${volume}# Three tries an hour: a ship that keeps falling needs a person, not a loop.
StartLimitIntervalSec=1h
StartLimitBurst=3

[Service]
Type=exec
# Anything but 0 parks the unit without a restart.
ExecCondition=${GUARD} check %i
ExecStart=${SHIP_SCRIPT} run %i
ExecStopPost=${GUARD} after %i
# mixed: only the king gets SIGTERM; a worker that gets it too can lose its event.
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec=${STOP_SECONDS}
# Only after a crash. A runtime that ends with a code of its own refuses something: it is parked until somebody looks.
Restart=on-abnormal
RestartSec=30
LimitNOFILE=65536
# No pier but its own.
TemporaryFileSystem=${PIERS}:ro
BindPaths=-${PIERS}/%i
InaccessiblePaths=-/run/roadstead/keys
${sandbox}

[Install]
WantedBy=multi-user.target
`,
    ),
  ];
}

/** Maintenance: stop, work, start, one ship at a time, never while a ship runs. */
export function maintenance(): HostFile[] {
  const timer = (task: string, when: string): HostFile[] => [
    unit(
      `roadstead-${task}.service`,
      `[Unit]
Description=${task} of every ship, one at a time

[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=${LIB}/maintain ${task}
# However it ended: a ship that it stopped is started.
ExecStopPost=${LIB}/maintain resume
`,
    ),
    unit(
      `roadstead-${task}.timer`,
      `[Unit]
Description=${task} of every ship

[Timer]
OnCalendar=${when}
RandomizedDelaySec=30min
Persistent=no

[Install]
WantedBy=timers.target
`,
    ),
  ];
  return [
    { path: `${LIB}/maintain`, mode: "0755", content: MAINTAIN },
    ...timer("pack", "Sun *-*-* 03:10:00"),
    ...timer("roll-chop", "*-*-01 02:10:00"),
    // Half a month from the other: a pier that cannot be made ready for an upgrade is known before one is needed.
    ...timer("prep", "*-*-15 02:10:00"),
  ];
}

const MAINTAIN = `#!/bin/sh
# Usage: maintain pack|roll-chop|prep|resume. Each running ship in turn: stop it, work on its pier, start it, wait until it answers.
set -eu
umask 077
root=\${ROADSTEAD_ROOT:-}
task=\${1:?task}
ship=$root${SHIP_SCRIPT}
marks=$root${MARKS}
failed=0
say() { echo "roadstead: $id: $*" >&2; }
${AS_SHIP}
case $task in pack | roll-chop | prep | resume) ;; *) echo "unknown task: $task" >&2; exit 64 ;; esac
exec 9>"$root${MAINTENANCE_LOCK}"
flock -n 9 || { echo "roadstead: other maintenance is running: waiting for its end" >&2; flock -w 14400 9; } || exit 75
# Whom an earlier run left stopped, since it was killed.
for mark in "$marks"/*; do
  [ ! -e "$mark" ] || "$ship" start "$(basename "$mark")" || failed=1
done
[ "$task" != resume ] || exit $failed
trap 'exit 1' HUP INT TERM
mkdir -p "$marks"
for env in "$root"/etc/roadstead/ships/*.env; do
  [ -e "$env" ] || continue
  id=$(basename "$env" .env)
  pier=$root${PIERS}/$id
  systemctl is-active --quiet "roadstead-ship@$id.service" || { say "not running, left alone"; continue; }
  # Each of these writes a second copy of the snapshot beside the first.
  need=$(du -sk "$pier/.urb/chk") || need=
  need=\${need%%[!0-9]*}
  free=$(df -Pk "$pier" | awk 'NR == 2 { print $4 }')
  case \${need:-x}\${free:-x} in *[!0-9]*)
    say "$task: room could not be told: left running"
    failed=1
    continue
    ;;
  esac
  need=$((need + 1048576))
  if [ "$free" -lt "$need" ]; then
    say "$task needs $need KiB free and there are $free: left running"
    failed=1
    continue
  fi
  ${HOLD_MARK}
  trap 'exec 8>&-; "$ship" start "$id"' EXIT
  if "$ship" stop "$id"; then
    loom=$(sed -n 's/^LOOM=//p' "$env")
    urbit=$("$ship" binary "$id")
    work() { as_ship "$urbit" "$1" --loom "$loom" "$pier" </dev/null || { say "$1 failed"; false; }; }
    case $task in
    roll-chop) work roll && work chop ;;
    *) work "$task" ;;
    esac || failed=1
  else
    failed=1
  fi
  trap - EXIT
  exec 8>&-
  { "$ship" start "$id" && "$ship" wait "$id"; } || { say "does not come up again: the other ships are left as they are"; exit 1; }
done
exit $failed
`;
