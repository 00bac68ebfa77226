// The ordered steps that turn files into a running host. Each one does nothing when its result is there already.
import { accessFiles, adminUser } from "./access";
import { BACKUP_PACKAGES, backupFiles } from "./backup";
import { diskFiles } from "./disk";
import { edgeFiles } from "./edge";
import { GROUNDSEG_BASE, LIB, PIERS, STATE, unit, type HostFile, type HostStep } from "./file";
import { groundsegFiles } from "./groundseg";
import { HostKind, VolumeKey, type HostSettings, type PinnedBinary } from "./settings";
import { shipScript } from "./ship-script";
import { maintenance, shipEnvironment, shipUnits } from "./ship-units";
import { systemFiles } from "./system";
import { UPGRADE, upgradeScript } from "./upgrade";
import { mountPoint, usesLuks, volumeFiles, volumeKey } from "./volume";

export const BOOTSTRAP = `${LIB}/bootstrap`;
export const BOOTSTRAP_LOCK = `${STATE}/bootstrap.lock`;

/** Every file of the host but the bootstrap itself, in a fixed order. */
export function hostFiles(settings: HostSettings): HostFile[] {
  const ships =
    settings.kind === HostKind.GroundSeg
      ? groundsegFiles(settings)
      : [
          ...settings.ships.map((s) => shipEnvironment(s, settings)),
          shipScript(),
          ...shipUnits(settings),
          ...maintenance(),
          ...backupFiles(settings),
          upgradeScript(),
        ];
  return [
    bootstrapUnit(),
    ...systemFiles(settings.kind !== HostKind.GroundSeg),
    ...accessFiles(settings),
    ...volumeFiles(settings),
    ...diskFiles(settings),
    ...ships,
    ...edgeFiles(settings),
  ];
}

/** cloud-init runs its commands once; a mirror that is down for a minute must not leave half a host. */
const bootstrapUnit = (): HostFile =>
  unit(
    "roadstead-bootstrap.service",
    `[Unit]
Description=First set-up of this host
ConditionPathExists=!${STATE}/bootstrap.done
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=${BOOTSTRAP}
Restart=on-failure
RestartSec=60
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
`,
  );

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export function hostSteps(settings: HostSettings): HostStep[] {
  const groundseg = settings.kind === HostKind.GroundSeg;
  return [
    packages(settings),
    user(settings),
    {
      id: "ssh",
      why: "keys only, checked before sshd reads it",
      run: `if changed ssh /etc/ssh/sshd_config.d/10-roadstead.conf; then
  mkdir -p /run/sshd
  sshd -t
  systemctl try-reload-or-restart ssh
  applied ssh
fi`,
    },
    {
      id: "kernel",
      why: "mappings and swap a loom needs",
      run: `if changed sysctl /etc/sysctl.d/zz-roadstead.conf; then
  sysctl -q --system
  applied sysctl
fi${swap(settings)}`,
    },
    {
      id: "firewall",
      why: "closed before anything listens",
      run: `nft -c -f /etc/roadstead/firewall.nft
systemctl enable -q roadstead-firewall
if changed firewall /etc/roadstead/firewall.nft /etc/systemd/system/roadstead-firewall.service; then
  systemctl restart roadstead-firewall
  applied firewall
fi
if changed fail2ban /etc/fail2ban/jail.d/10-roadstead.local; then
  systemctl enable -q fail2ban
  systemctl restart fail2ban
  applied fail2ban
fi
if changed audit /etc/audit/rules.d/10-roadstead.rules; then
  # A container has no audit subsystem of its own; ships run without one.
  if augenrules --load >/dev/null; then applied audit; else echo "roadstead: this kernel takes no audit rules" >&2; fi
fi
systemctl enable -q --now roadstead-reboot.timer roadstead-disk.timer unattended-upgrades`,
    },
    ...volume(settings),
    ...(groundseg
      ? [groundsegStep(settings.groundseg, settings)]
      : [vereStep(settings.vere, settings), shipStep(settings)]),
    ...(settings.domain
      ? [
          {
            id: "edge",
            why: "TLS in front of the ships",
            run: `caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile >/dev/null
systemctl enable -q caddy
if changed caddy /etc/caddy/Caddyfile; then
  systemctl restart caddy
  applied caddy
fi`,
          },
        ]
      : []),
  ];
}

function packages(settings: HostSettings): HostStep {
  const wanted = [
    ...["openssh-server", "sudo", "curl", "ca-certificates", "nftables", "iproute2", "fail2ban", "python3-systemd"],
    ...["unattended-upgrades", "auditd", "e2fsprogs", "util-linux"],
    ...(settings.dataDevice ? ["cryptsetup"] : []),
    ...(usesLuks(settings) && volumeKey(settings) === VolumeKey.Tang ? ["clevis-luks"] : []),
    ...(settings.kind === HostKind.GroundSeg ? ["docker.io", "iptables", "procps"] : []),
    ...(settings.domain ? ["caddy"] : []),
    ...(settings.backup ? BACKUP_PACKAGES : []),
  ];
  // Debian starts what it installs: Docker with its data on the root disk before the volume is there, Caddy before the firewall.
  const later = [
    ...(settings.kind === HostKind.GroundSeg ? ["docker.service", "docker.socket"] : []),
    ...(settings.domain ? ["caddy.service"] : []),
  ].join(" ");
  const mask = later ? `systemctl mask -q ${later}\n  ` : "";
  // Also after a set-up that was cut off in between.
  const unmask = later ? `\nsystemctl unmask -q ${later}` : "";
  return {
    id: "packages",
    why: "what the other steps need, from the distribution with its security updates",
    run: `# shellcheck disable=SC1091 # the distribution's
. /etc/os-release
case $ID in debian | ubuntu) ;; *) echo "roadstead: needs Debian 12 or Ubuntu 22.04 or later, this is $ID" >&2; exit 1 ;; esac
installed() { dpkg-query -W -f '\${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
absent=
for p in ${wanted.join(" ")}; do
  installed "$p" || absent="$absent $p"
done
# One clock is kept, by whatever keeps it already.
command -v chronyd >/dev/null || command -v ntpd >/dev/null || installed systemd-timesyncd || absent="$absent systemd-timesyncd"
if [ -n "$absent" ]; then
  export DEBIAN_FRONTEND=noninteractive
  # confold: our files are written before the packages that own the directories.
  ${mask}dpkg --force-confold --configure -a
  apt-get -q -o DPkg::Lock::Timeout=600 update
  # shellcheck disable=SC2086 # several packages
  apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold install --no-install-recommends $absent
fi${unmask}`,
  };
}

function user(settings: HostSettings): HostStep {
  const name = adminUser(settings);
  return {
    id: "users",
    why: "one person's account with keys, one system account for ships",
    run: `id -u ${name} >/dev/null 2>&1 || useradd --create-home --shell /bin/bash --user-group ${name}
home=$(getent passwd ${name} | cut -d : -f 6)
chmod go-rwx "$home"
[ -d "$home/.ssh" ] || install -d -m 0700 -o ${name} -g ${name} "$home/.ssh"
[ -e "$home/.ssh/authorized_keys" ] || touch "$home/.ssh/authorized_keys"
chown ${name}: "$home/.ssh/authorized_keys"
chmod 0600 "$home/.ssh/authorized_keys"
authorize() { grep -qxF "$1" "$home/.ssh/authorized_keys" || printf '%s\\n' "$1" >>"$home/.ssh/authorized_keys"; }
${settings.access.sshPublicKeys.map((k) => `authorize ${quoted(k)}\n`).join("")}# Every other way in ends with the next step.
ssh-keygen -lf "$home/.ssh/authorized_keys" >/dev/null || { echo "roadstead: no line of $home/.ssh/authorized_keys is an SSH key: nobody could log in" >&2; exit 1; }
visudo -cqf /etc/sudoers.d/10-roadstead${
      settings.kind === HostKind.GroundSeg
        ? ""
        : `
id -u urbit >/dev/null 2>&1 || useradd --system --user-group --home-dir ${PIERS} --no-create-home --shell /usr/sbin/nologin urbit`
    }`,
  };
}

/**
 * Beside an encrypted volume swap has a key of its own that is new at every boot, or what is on the volume would be on the
 * root disk in the clear. A host whose swap was made before stays as it is.
 */
function swap(settings: HostSettings): string {
  const gib = settings.swapGiB;
  if (gib === 0) return "";
  const plain = `grep -q '^/swapfile.roadstead ' /etc/fstab || echo '/swapfile.roadstead none swap sw 0 0' >>/etc/fstab
swapon --show=NAME --noheadings | grep -qx /swapfile.roadstead || swapon /swapfile.roadstead`;
  const encrypted = `grep -qs '^roadstead-swap ' /etc/crypttab ||
  echo 'roadstead-swap /swapfile.roadstead /dev/urandom swap,cipher=aes-xts-plain64,size=512,nofail' >>/etc/crypttab
if ! grep -q '^/dev/mapper/roadstead-swap ' /etc/fstab; then
  echo '/dev/mapper/roadstead-swap none swap nofail 0 0' >>/etc/fstab
  systemctl daemon-reload
fi
systemctl start 'dev-mapper-roadstead\\x2dswap.swap'`;
  return `
if [ ! -e /swapfile.roadstead ]; then
  (umask 077 && fallocate -l ${gib}G /swapfile.roadstead.new)
  mkswap -q /swapfile.roadstead.new
  mv /swapfile.roadstead.new /swapfile.roadstead
fi
${
  usesLuks(settings)
    ? `if grep -q '^/swapfile.roadstead ' /etc/fstab; then
  swapon --show=NAME --noheadings | grep -qx /swapfile.roadstead || swapon /swapfile.roadstead
else
${encrypted.replaceAll(/^/gm, "  ")}
fi`
    : plain
}`;
}

function volume(settings: HostSettings): HostStep[] {
  if (!settings.dataDevice)
    return [
      {
        id: "piers",
        why: "piers in a directory of the root disk",
        run: `[ -d ${PIERS} ] || install -d ${PIERS}`,
      },
    ];
  return [
    {
      id: "volume",
      why: "a blank volume is prepared; one that holds anything is only opened if it is ours",
      run: `${LIB}/volume prepare
systemctl enable -q --now roadstead-volume${
        settings.kind === HostKind.GroundSeg ? `\nchmod 0711 ${mountPoint(settings)}` : ""
      }`,
    },
  ];
}

const refused = (path: string): string =>
  `# MISSING: ${path}. Without a checksum nothing is fetched and nothing runs.
echo "roadstead: ${path} was not given, so nothing was fetched" >&2
exit 1`;

/** Release archives of urbit/vere on GitHub: linux-x86_64.tgz and linux-aarch64.tgz, each holding one program. */
function vereStep(vere: PinnedBinary | undefined, settings: HostSettings): HostStep {
  const why = "the runtime, by checksum, beside the others; a ship changes its own through the upgrade alone";
  if (!vere) return { id: "vere", why, run: refused(`versions.vere.sha256.${settings.arch}`) };
  const version = vere.version.replace(/^v/, "");
  return {
    id: "vere",
    why,
    run: `${UPGRADE} install ${version} ${vere.sha256}
[ -e /usr/local/bin/urbit ] || ln -s ${LIB}/vere/${version}/urbit /usr/local/bin/urbit`,
  };
}

function shipStep(settings: HostSettings): HostStep {
  const keyless = settings.ships.filter((s) => s.fake || (s.class === "comet" && !s.keySecret));
  return {
    id: "ships",
    why: "ships start when their pier is there; the others wait for their key",
    run: `[ -d ${PIERS}/.roadstead ] || install -d -m 0700 ${PIERS}/.roadstead
# Ships make their piers here, and none of them can take away the record beside them.
chown root:urbit ${PIERS}
chmod 1771 ${PIERS}
systemctl enable -q --now roadstead-pack.timer roadstead-roll-chop.timer roadstead-prep.timer
${settings.backup ? "systemctl enable -q --now roadstead-backup.timer\n" : ""}${settings.ships.map((s) => `systemctl enable -q roadstead-ship@${s.id}\nsystemctl start --no-block roadstead-ship@${s.id}`).join("\n")}${keyless
      .map((s) => `\n[ -d ${PIERS}/${s.id} ] || systemctl start --no-block roadstead-first-boot@${s.id}`)
      .join("")}`,
  };
}

function groundsegStep(groundseg: PinnedBinary | undefined, settings: HostSettings): HostStep {
  const why = "GroundSeg, by checksum, listening only behind the firewalls and with its password";
  if (!groundseg) return { id: "groundseg", why, run: refused(`versions.groundseg.sha256.${settings.arch}`) };
  const arch = settings.arch === "arm64" ? "arm64" : "amd64";
  const version = groundseg.version.replace(/^v/, "");
  const path = `${GROUNDSEG_BASE}/groundseg`;
  return {
    id: "groundseg",
    why,
    run: `# GroundSeg finds its ships' volumes in this one place.
if [ ! -L /var/lib/docker ]; then
  [ ! -d /var/lib/docker ] || rmdir /var/lib/docker
  ln -s ${GROUNDSEG_BASE}/docker /var/lib/docker
fi
systemctl enable -q --now docker roadstead-containers
[ -d ${path} ] || install -d ${path}
# Piers that are uploaded, exported and backed up lie in here.
chmod 0700 ${path}
if [ ! -x ${path}/groundseg ]; then
  # Checked before it has its place, and always the same file beside it: a wrong one does not fill the disk.
  curl -fsSL --proto =https --retry 5 --retry-delay 5 -o ${path}/groundseg.new 'https://bin.infra.native.computer/groundseg_${arch}_v${version}_latest'
  echo "${groundseg.sha256}  ${path}/groundseg.new" | sha256sum -c --quiet -
  chmod 0755 ${path}/groundseg.new
  mv ${path}/groundseg.new ${path}/groundseg
fi
systemctl enable -q --now groundseg`,
  };
}

/** The steps as one program, run by either delivery. */
export function bootstrapFile(settings: HostSettings): HostFile {
  const steps = hostSteps(settings)
    .map((s) => `# ${s.id}: ${s.why}\nstep=${s.id}\n${s.run}`)
    .join("\n\n");
  return {
    path: BOOTSTRAP,
    mode: "0755",
    content: `#!/bin/sh
# Brings this host to what its files say. Running it again changes nothing.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
[ "$(id -u)" = 0 ] || { echo "roadstead: must run as root" >&2; exit 1; }
mkdir -p ${STATE}/applied
# One at a time, whoever starts it; only root may hold it up.
(umask 077 && : >>${BOOTSTRAP_LOCK})
exec 9>>${BOOTSTRAP_LOCK}
flock 9
# shellcheck disable=SC2154 # assigned in the trap itself
trap 'code=$?; [ $code = 0 ] || { echo "$step" >${STATE}/bootstrap.failed; echo "roadstead: stopped at step $step" >&2; }' EXIT
step=start
# changed NAME FILE…: whether the files differ from those that NAME was applied with.
changed() {
  name=$1
  shift
  sum=$(cat "$@" | sha256sum)
  [ "$(cat "${STATE}/applied/$name" 2>/dev/null)" != "$sum" ]
}
applied() { printf '%s\\n' "$sum" >"${STATE}/applied/$1"; }
systemctl daemon-reload

${steps}

rm -f ${STATE}/bootstrap.failed
[ -e ${STATE}/bootstrap.done ] || touch ${STATE}/bootstrap.done
`,
  };
}
