// Units that run ships: first boot and later runs are two different units, since they are two different command lines.
import { LIB, PIERS, STATE, unit, type HostFile } from "./file";
import { SHIP_SCRIPT } from "./ship-script";
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

// MemoryDenyWriteExecute is left out: nobody has shown that vere runs under it.
const sandbox = `User=urbit
Group=urbit
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ReadWritePaths=${PIERS}
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

export function shipUnits(settings: HostSettings): HostFile[] {
  const volume = settings.dataDevice
    ? `Requires=roadstead-volume.service
After=roadstead-volume.service
RequiresMountsFor=${PIERS}
`
    : "";
  return [
    unit(
      "roadstead-first-boot@.service",
      `[Unit]
Description=First boot of ship %i
Wants=network-online.target
After=network-online.target
${volume}# After: a stop of the other unit is over before this one starts. replace: and would not stand in the way of its start.
Conflicts=roadstead-ship@%i.service
After=roadstead-ship@%i.service
OnSuccess=roadstead-ship@%i.service
OnSuccessJobMode=replace

[Service]
Type=oneshot
ExecCondition=+${SHIP_SCRIPT} claim %i
ExecStart=${SHIP_SCRIPT} boot %i
ExecStartPost=+${SHIP_SCRIPT} booted %i
# The key is burned whatever happened: it is used once.
ExecStopPost=+${SHIP_SCRIPT} burn %i
KillMode=mixed
TimeoutStartSec=6h
TimeoutStopSec=${STOP_SECONDS}
${sandbox}
`,
    ),
    unit(
      "roadstead-ship@.service",
      `[Unit]
Description=Ship %i
Wants=network-online.target
After=network-online.target
${volume}# Three tries an hour: a ship that keeps falling needs a person, not a loop.
StartLimitIntervalSec=1h
StartLimitBurst=3

[Service]
Type=exec
# Anything but 0 parks the unit without a restart.
ExecCondition=+${SHIP_SCRIPT} check %i
ExecStart=${SHIP_SCRIPT} run %i
ExecStopPost=+${SHIP_SCRIPT} after %i
# mixed: only the king gets SIGTERM; a worker that gets it too can lose its event.
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec=${STOP_SECONDS}
# Only after a crash. A runtime that ends with a code of its own refuses something: it is parked until somebody looks.
Restart=on-abnormal
RestartSec=30
LimitNOFILE=65536
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
    {
      path: `${LIB}/maintain`,
      mode: "0755",
      content: `#!/bin/sh
# Usage: maintain pack|roll-chop. Each running ship in turn: stop it, work on its pier, start it.
set -eu
task=\${1:?task}
root=\${ROADSTEAD_ROOT:-}
urbit=\${ROADSTEAD_URBIT:-/usr/local/bin/urbit}
exec 9>"$root/run/lock/roadstead-maintain"
flock -n 9 || { echo "roadstead: maintenance is running already" >&2; exit 75; }
failed=0
as_ship() { if [ "$(id -u)" = 0 ]; then runuser -u urbit -- "$@"; else "$@"; fi; }
for env in "$root"/etc/roadstead/ships/*.env; do
  [ -e "$env" ] || continue
  id=$(basename "$env" .env)
  unit=roadstead-ship@$id.service
  pier=$root${PIERS}/$id
  systemctl is-active --quiet "$unit" || { echo "roadstead: $id: not running, left alone" >&2; continue; }
  # Both tasks write a second copy of the snapshot beside the first.
  need=$(($(du -sk "$pier/.urb/chk" | cut -f 1) + 1048576))
  free=$(df -Pk "$pier" | awk 'NR == 2 { print $4 }')
  if [ "$free" -lt "$need" ]; then
    echo "roadstead: $id: $task needs $need KiB free and there are $free: left running" >&2
    failed=1
    continue
  fi
  systemctl stop "$unit"
  # The ship's own record says so: systemd takes an end by a signal for a success, and forgets units that are not enabled.
  stopped=$(sed -n 's/.* //p' "$root${STATE}/ships/$id/loom" 2>/dev/null || true)
  if [ "$(systemctl show -p Result --value "$unit") $stopped" != "success stopped" ]; then
    echo "roadstead: $id: did not stop cleanly, so nothing is done to its pier" >&2
    failed=1
  else
    loom=$(sed -n 's/^LOOM=//p' "$env")
    case $task in
    pack) as_ship "$urbit" pack --loom "$loom" "$pier" || failed=1 ;;
    roll-chop) { as_ship "$urbit" roll --loom "$loom" "$pier" && as_ship "$urbit" chop --loom "$loom" "$pier"; } || failed=1 ;;
    *) echo "unknown task: $task" >&2; failed=1 ;;
    esac
  fi
  systemctl start "$unit" || failed=1
done
exit $failed
`,
    },
    ...timer("pack", "Sun *-*-* 03:10:00"),
    ...timer("roll-chop", "*-*-01 02:10:00"),
  ];
}
