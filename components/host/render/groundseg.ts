// GroundSeg and the Docker under it, closed to the world before it ever listens.
import { amesPorts } from "./access";
import { GROUNDSEG_BASE, LIB, unit, type HostFile } from "./file";
import { HostKind, type HostSettings } from "./settings";

/** The setup page and its socket; reached through an SSH tunnel only. Port 80 is left to Caddy. */
export const GROUNDSEG_UI_PORT = 8000;
export const GROUNDSEG_API_PORT = 3000;

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
      content: `[Unit]\nRequires=roadstead-volume.service\nAfter=roadstead-volume.service roadstead-firewall.service\nRequiresMountsFor=${GROUNDSEG_BASE}\n`,
    },
    {
      path: `${LIB}/docker-user`,
      mode: "0755",
      content: `#!/bin/sh
# Docker publishes ports past the host's input chain; DOCKER-USER is the one chain it leaves to us.
set -eu
wan=$(ip -o route show default | awk '{ for (i = 1; i < NF; i++) if ($i == "dev") { print $(i + 1); exit } }')
[ -n "$wan" ] || { echo "roadstead: no default route, so no way to tell the outside" >&2; exit 1; }
for tables in iptables ip6tables; do
  $tables -w -N DOCKER-USER 2>/dev/null || $tables -w -F DOCKER-USER
  $tables -w -A DOCKER-USER -i "$wan" -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
${ports.map((p) => `  $tables -w -A DOCKER-USER -i "$wan" -p udp -m conntrack --ctorigdstport ${p} -j RETURN\n`).join("")}  $tables -w -A DOCKER-USER -i "$wan" -j DROP
  $tables -w -A DOCKER-USER -j RETURN
done
`,
    },
    unit(
      "roadstead-docker-user.service",
      `[Unit]
Description=Only Ames may reach containers from outside
After=docker.service
BindsTo=docker.service
PartOf=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${LIB}/docker-user

[Install]
WantedBy=docker.service
`,
    ),
    unit(
      "groundseg.service",
      `[Unit]
Description=GroundSeg
Requires=docker.service roadstead-volume.service roadstead-firewall.service roadstead-docker-user.service
After=docker.service roadstead-volume.service roadstead-firewall.service roadstead-docker-user.service
RequiresMountsFor=${GROUNDSEG_BASE}

[Service]
Type=simple
ExecStart=${GROUNDSEG_BASE}/groundseg/groundseg --http-port=${GROUNDSEG_UI_PORT}
Restart=always
RestartSec=10
TimeoutStopSec=600

[Install]
WantedBy=multi-user.target
`,
    ),
  ];
}
