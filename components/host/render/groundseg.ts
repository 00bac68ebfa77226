// GroundSeg and the Docker under it, closed to the world before it ever listens.
import { amesPorts } from "./access";
import { GROUNDSEG_BASE, LIB, unit, type HostFile } from "./file";
import { GROUNDSEG_UI_PORT, groundsegCommand } from "./groundseg-command";
import { HostKind, type HostSettings } from "./settings";

export { GROUNDSEG_API_PORT, GROUNDSEG_UI_PORT } from "./groundseg-command";

export const GROUNDSEG = `${LIB}/groundseg`;
/** Seconds its ships may take to stop before a shutdown goes on without them. */
const STOP_SECONDS = 900;

export function groundsegFiles(settings: HostSettings): HostFile[] {
  if (settings.kind !== HostKind.GroundSeg) return [];
  const ports = amesPorts(settings);
  return [
    {
      path: "/etc/docker/daemon.json",
      mode: "0644",
      // Piers live in Docker volumes, so Docker's data belongs on the encrypted volume too.
      content: `{\n  "data-root": "${GROUNDSEG_BASE}/docker",\n  "log-driver": "local"\n}\n`,
    },
    // Docker must not start on the empty directory under an unmounted volume: it would make new, empty piers there.
    {
      path: "/etc/systemd/system/docker.service.d/10-roadstead.conf",
      mode: "0644",
      content: `[Unit]
Requires=roadstead-volume.service
After=roadstead-volume.service roadstead-firewall.service
RequiresMountsFor=${GROUNDSEG_BASE}

[Service]
# Docker keeps the chain that it finds: what it publishes is closed before it is there.
ExecStartPre=${LIB}/docker-user
`,
    },
    {
      path: `${LIB}/docker-user`,
      mode: "0755",
      // By what is let through, not by the interface to the outside: a droplet has a private network as well.
      content: `#!/bin/sh
# Docker publishes ports past the host's input chain; DOCKER-USER is the one chain it leaves to us. Replaced at once, or not at all.
set -eu
for tables in iptables ip6tables; do
  $tables-restore -w -n <<END
*filter
:DOCKER-USER - [0:0]
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER -i docker0 -j RETURN
-A DOCKER-USER -i br-+ -j RETURN
${ports.map((p) => `-A DOCKER-USER -p udp -m conntrack --ctorigdstport ${p} -j RETURN\n`).join("")}-A DOCKER-USER -j DROP
COMMIT
END
done
`,
    },
    {
      path: "/etc/roadstead/groundseg.json",
      mode: "0644",
      content: `${JSON.stringify({
        version: settings.groundseg?.version,
        sha256: settings.groundseg?.sha256,
        settings: {
          // "auto" replaces the program and every ship's runtime within the hour.
          updateMode: "manual",
          // Below zero it makes none: the host has swap of its own. Zero would be its default of 16.
          swapVal: -1,
          ...(settings.groundseg ? { gsVersion: `v${settings.groundseg.version.replace(/^v/, "")}` } : {}),
        },
        ships: settings.ships.map((s) => ({ id: s.id, http: s.httpPort, ames: s.amesPort })),
        udp: ports,
      })}\n`,
    },
    { path: GROUNDSEG, mode: "0755", content: groundsegCommand },
    // Stops after GroundSeg, which would start a ship that ends, and before Docker, which would kill it.
    unit(
      "roadstead-containers.service",
      `[Unit]
Description=Ships in containers stop by themselves
Requires=docker.service
After=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=${GROUNDSEG} stop
TimeoutStopSec=${STOP_SECONDS}

[Install]
WantedBy=docker.service
`,
    ),
    unit(
      "groundseg.service",
      `[Unit]
Description=GroundSeg
Requires=docker.service roadstead-volume.service roadstead-firewall.service roadstead-containers.service
After=docker.service roadstead-volume.service roadstead-firewall.service roadstead-containers.service
RequiresMountsFor=${GROUNDSEG_BASE}

[Service]
Type=simple
# Without a password it would take one from whoever comes first.
ExecCondition=${GROUNDSEG} ready
ExecStart=${GROUNDSEG_BASE}/groundseg/groundseg --http-port=${GROUNDSEG_UI_PORT}
Restart=always
RestartSec=10
TimeoutStopSec=600

[Install]
WantedBy=multi-user.target docker.service
`,
    ),
  ];
}
