// The machine under the ships: kernel settings, security updates, a reboot that lets ships finish.
import { LIB, MAINTENANCE_LOCK, MARKS, unit, type HostFile } from "./file";
import { HOLD_MARK } from "./ship-script";

/** `ships`: whether units of ours run ships here. */
export function systemFiles(ships: boolean): HostFile[] {
  return [
    {
      path: "/etc/sysctl.d/zz-roadstead.conf",
      mode: "0644",
      // Last by its name: Debian's own protect-links.conf sets some of these again.
      // No ip_forward, accept_ra or strict rp_filter here: they break Docker, IPv6 by SLAAC and reserved addresses.
      content: `# A loom of 2^34 bytes in pages of 16 KiB can need this many mappings; the default of 65530 crashes large ships.
vm.max_map_count = 1048576
# Strict accounting refuses the loom's one large mapping.
vm.overcommit_memory = 0
vm.swappiness = 10
kernel.dmesg_restrict = 1
kernel.kptr_restrict = 2
kernel.core_uses_pid = 1
# Not every kernel has it.
-kernel.yama.ptrace_scope = 1
-kernel.unprivileged_bpf_disabled = 1
-dev.tty.ldisc_autoload = 0
fs.protected_fifos = 2
fs.protected_regular = 2
net.ipv4.tcp_syncookies = 1
# Every interface, by udev those that come later too: for one that is there already, neither all nor default decides.
net.ipv4.conf.*.accept_redirects = 0
net.ipv4.conf.*.send_redirects = 0
net.ipv4.conf.*.accept_source_route = 0
net.ipv6.conf.*.accept_redirects = 0
`,
    },
    {
      path: "/etc/modprobe.d/roadstead.conf",
      mode: "0644",
      // USB storage stays: on an own host it may hold the piers.
      content: `# Protocols and buses that no host of Roadstead uses, so that nobody can have them loaded.
${["dccp", "sctp", "rds", "tipc", "firewire-core"].map((m) => `install ${m} /bin/true\n`).join("")}`,
    },
    {
      path: "/etc/security/limits.d/10-roadstead.conf",
      mode: "0644",
      content: `# What crashes holds keys.\n* hard core 0\n`,
    },
    {
      path: "/etc/apt/apt.conf.d/52roadstead-upgrades",
      mode: "0644",
      content: `#clear Unattended-Upgrade::Origins-Pattern;
#clear Unattended-Upgrade::Allowed-Origins;
Unattended-Upgrade::Origins-Pattern {
  "origin=Debian,codename=\${distro_codename}-security,label=Debian-Security";
  "origin=Ubuntu,archive=\${distro_codename}-security";
};
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
// roadstead-reboot.timer reboots instead, after the ships have stopped.
Unattended-Upgrade::Automatic-Reboot "false";
`,
    },
    {
      path: `${LIB}/reboot`,
      mode: "0755",
      content: `#!/bin/sh
# Reboots when an upgrade asks for it, once every ship has stopped cleanly. Who was stopped for nothing is started by the unit's end.
set -eu
umask 077
root=\${ROADSTEAD_ROOT:-}
marks=$root${MARKS}
off() { echo "roadstead: $1, reboot put off" >&2; exit "$2"; }
look() { # what runs here: a first boot is never cut off
  units=$(systemctl list-units --state=active,activating --plain --no-legend 'roadstead-ship@*' 'roadstead-first-boot@*')
  case $units in *first-boot*) off "a first boot is running" "$1" ;; esac
}
if [ $# = 0 ]; then
  [ -e "$root/run/reboot-required" ] || [ -e "$root/var/run/reboot-required" ] || exit 0
  exec 9>"$root${MAINTENANCE_LOCK}"
  flock -n 9 || off "maintenance is running" 0
  look 0
  mkdir -p "$marks"
  # shellcheck disable=SC2046 # units have no spaces
  set -- ships $(echo "$units" | awk '{ print $1 }')
fi
shift
if [ $# -gt 0 ]; then # one ship, and for the others this again: so each mark is held until the reboot
  id=\${1#*@}
  id=\${id%.service}
  ${HOLD_MARK}
  "$root${LIB}/ship" stop "$id" || off "$id did not stop cleanly" 1
  "$0" "$@"
  exit
fi
# The stops took their time.
look 1
systemctl reboot
# The reboot ends this, or there is none.
sleep 900
exit 1
`,
    },
    unit(
      "roadstead-reboot.service",
      `[Unit]
Description=Reboot for upgrades after a graceful stop of every ship

[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=${LIB}/reboot
${
  ships
    ? `ExecStopPost=/bin/sh -c '[ $$SERVICE_RESULT = success ] || exec ${LIB}/maintain resume'
`
    : ""
}`,
    ),
    unit(
      "roadstead-reboot.timer",
      `[Unit]
Description=Reboot for upgrades

[Timer]
OnCalendar=*-*-* 04:40:00
RandomizedDelaySec=20min
Persistent=no

[Install]
WantedBy=timers.target
`,
    ),
  ];
}
