// Who gets in: SSH by key only, one firewall file, fail2ban, a small audit.
import { LIB, unit, type HostFile } from "./file";
import { ADMIN_USER, HostKind, type HostSettings } from "./settings";

const isIPv6Cidr = (cidr: string): boolean => cidr.includes(":");

export const adminUser = (settings: HostSettings): string => settings.access.user ?? ADMIN_USER;

export function accessFiles(settings: HostSettings): HostFile[] {
  return [ssh(settings), sudo(settings), fail2ban(settings), audit(), firewall(settings), firewallUnit()];
}

// The number matters: sshd takes the first value it reads, and cloud images ship 50-cloud-init.conf.
function ssh(settings: HostSettings): HostFile {
  const only = settings.kind === HostKind.BareMetal ? "" : `AllowUsers ${adminUser(settings)}\n`;
  return {
    path: "/etc/ssh/sshd_config.d/10-roadstead.conf",
    mode: "0644",
    content: `${only}PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthenticationMethods publickey
MaxAuthTries 3
LoginGraceTime 30
# These go through the encrypted channel; TCP's own keepalives can be forged.
ClientAliveInterval 300
ClientAliveCountMax 2
TCPKeepAlive no
Compression no
# Which key logged in.
LogLevel VERBOSE
X11Forwarding no
AllowAgentForwarding no
# Tunnels to loopback are how the setup pages and a ship without a domain are reached.
AllowTcpForwarding local
`,
  };
}

const sudo = (settings: HostSettings): HostFile => ({
  path: "/etc/sudoers.d/10-roadstead",
  mode: "0440",
  content: `# This user has no password: its SSH key is the only way in.\n${adminUser(settings)} ALL=(ALL) NOPASSWD:ALL\n`,
});

// With keys only this is noise control, no more. Debian 12 has no auth.log, so the packaged backend does not start.
const fail2ban = (settings: HostSettings): HostFile => ({
  path: "/etc/fail2ban/jail.d/10-roadstead.local",
  mode: "0644",
  content: `[DEFAULT]
backend = systemd
banaction = nftables-multiport
banaction_allports = nftables-allports
ignoreip = 127.0.0.1/8 ::1 ${settings.access.adminCidrs.join(" ")}

[sshd]
enabled = true
maxretry = 5
bantime = 1h
`,
});

// Local logs: a root attacker deletes them. They help a person, they are not evidence.
const audit = (): HostFile => ({
  path: "/etc/audit/rules.d/10-roadstead.rules",
  mode: "0640",
  content: `-w /etc/passwd -p wa -k identity
-w /etc/shadow -p wa -k identity
-w /etc/sudoers -p wa -k sudo
-w /etc/sudoers.d -p wa -k sudo
-w /etc/ssh -p wa -k ssh
-w /etc/roadstead -p wa -k roadstead
-w /usr/local/bin/urbit -p wa -k roadstead
-w ${LIB} -p wa -k roadstead
-w /sbin/insmod -p x -k modules
-w /sbin/modprobe -p x -k modules
`,
});

/** GroundSeg's first Ames port; it hands them out itself, the lowest free one (goseg, getOpenUrbitPorts). */
const GROUNDSEG_AMES_PORT = 34344;

/** UDP ports of the ships, ascending; on a GroundSeg host also those that GroundSeg gives to as many ships. */
export function amesPorts(settings: HostSettings): number[] {
  const given = settings.kind === HostKind.GroundSeg ? settings.ships.map((_, i) => GROUNDSEG_AMES_PORT + i) : [];
  return [...new Set([...settings.ships.map((s) => s.amesPort), ...given])].sort((a, b) => a - b);
}

function firewall(settings: HostSettings): HostFile {
  const cidrs = settings.access.adminCidrs;
  const admin = (family: "ip" | "ip6", list: string[]): string =>
    list.length ? `    ${family} saddr { ${list.join(", ")} } tcp dport 22 accept\n` : "";
  const ames = amesPorts(settings);
  return {
    path: "/etc/roadstead/firewall.nft",
    mode: "0644",
    // Only our own table is replaced: Docker and fail2ban keep theirs.
    content: `#!/usr/sbin/nft -f
table inet roadstead
delete table inet roadstead
table inet roadstead {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    ct state invalid drop
    iif "lo" accept
    icmp type { echo-request, destination-unreachable, time-exceeded, parameter-problem } accept
    # ICMPv6, by number since an image may have no /etc/protocols. Without neighbour discovery and router advertisements IPv6 stops.
    meta l4proto 58 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
${admin(
  "ip",
  cidrs.filter((c) => !isIPv6Cidr(c)),
)}${admin("ip6", cidrs.filter(isIPv6Cidr))}${settings.domain ? "    tcp dport { 80, 443 } accept\n    udp dport 443 accept\n" : ""}${ames.length ? `    udp dport { ${ames.join(", ")} } accept\n` : ""}  }
}
`,
  };
}

const firewallUnit = (): HostFile =>
  unit(
    "roadstead-firewall.service",
    `[Unit]
Description=Host firewall
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target docker.service shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/roadstead/firewall.nft
ExecReload=/usr/sbin/nft -f /etc/roadstead/firewall.nft

[Install]
WantedBy=sysinit.target
`,
  );
