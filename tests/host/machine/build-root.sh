#!/bin/bash
# Usage: build-root.sh DIR. Makes DIR/base, a Debian 12 as a cloud image brings it, with a local archive of what the
# bootstrap installs; and DIR/installed, the layer that installing all of it adds. Appears whole or not at all.
set -euo pipefail
dir=${1:?directory}
suite=bookworm
mirror=${ROADSTEAD_DEBIAN_MIRROR:-http://deb.debian.org/debian}
security=${ROADSTEAD_DEBIAN_SECURITY:-http://deb.debian.org/debian-security}
# What an image has before the bootstrap runs; openssl also serves the tests' own download server.
image=(systemd-sysv dbus udev openssh-server sudo locales ifupdown isc-dhcp-client iproute2 cloud-init python3 openssl ca-certificates
  libpam-systemd procps kmod less apparmor)
# What only the tests use: a program for a container, one that reads shell, one that judges a whole host, a server of keys.
judges=(busybox-static shellcheck lynis tang-common)
# What the bootstrap may install, in every mode.
host=(openssh-server sudo curl ca-certificates nftables fail2ban python3-systemd unattended-upgrades auditd e2fsprogs
  util-linux cryptsetup clevis-luks systemd-timesyncd docker.io iptables caddy age zstd rclone)

for program in debootstrap unshare chroot; do
  command -v "$program" >/dev/null || { echo "missing: $program (apt-get install debootstrap util-linux)" >&2; exit 1; }
done
mkdir -p "$(dirname "$dir")"
for stale in "$dir".building.*; do
  [ -d "$stale" ] || continue
  kill -0 "${stale##*.}" 2>/dev/null || rm -rf --one-file-system "$stale"
done
work=$dir.building.$$
trap 'rm -rf --one-file-system "$work"' EXIT
mkdir -p "$work"
base=$work/base

debootstrap --variant=minbase "$suite" "$base" "$mirror" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
cat >"$base/etc/apt/sources.list" <<END
deb $mirror $suite main
deb $mirror $suite-updates main
deb $security $suite-security main
END
cat /etc/apt/apt.conf.d/*proxy* >"$base/etc/apt/apt.conf.d/99proxy" 2>/dev/null || rm -f "$base/etc/apt/apt.conf.d/99proxy"
cp /etc/resolv.conf "$base/etc/resolv.conf"
# No service starts while an image is made; the host's own root has no such file.
printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d"
chmod 0755 "$base/usr/sbin/policy-rc.d"
in_root() {
  unshare --mount --pid --ipc --uts --fork --kill-child --propagation private sh -c '
    mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev"
    root=$1; shift
    exec chroot "$root" env -i DEBIAN_FRONTEND=noninteractive LC_ALL=C HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' sh "$@"
}
logged() { "$@" >>"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; exit 1; }; }
# Nothing here has to outlive a power cut.
echo force-unsafe-io >"$base/etc/dpkg/dpkg.cfg.d/test"
logged in_root "$base" apt-get -q update
logged in_root "$base" apt-get -q -y install --no-install-recommends "${image[@]}" apt-utils busybox-static
logged in_root "$base" apt-get -q -y clean
logged in_root "$base" apt-get -q -y install --no-install-recommends --download-only "${host[@]}" "${judges[@]}"
mkdir -p "$base/srv/archive"
mv "$base"/var/cache/apt/archives/*.deb "$base/srv/archive/"
in_root "$base" sh -c 'cd /srv/archive && apt-ftparchive packages . >Packages' 2>>"$work/log"
# From here on the root installs from its own archive and needs no network.
echo 'deb [trusted=yes] file:/srv/archive ./' >"$base/etc/apt/sources.list"
rm -f "$base/etc/apt/apt.conf.d/99proxy" "$base"/etc/apt/sources.list.d/* "$base/usr/sbin/policy-rc.d" "$base/etc/machine-id" \
  "$base"/etc/ssh/ssh_host_*
rm -rf "$base"/var/lib/apt/lists/*
: >"$base/etc/machine-id"
: >"$base/etc/resolv.conf"
: >"$base/etc/fstab"
mkdir -p "$base/etc/cloud/cloud.cfg.d"
# The locale was generated when a cloud image was made, here it was not.
printf 'datasource_list: [NoCloud]\nlocale: false\n' >"$base/etc/cloud/cloud.cfg.d/90_test.cfg"
# Downloads come from a server in the machine itself, with the names the bootstrap asks for.
mkdir -p "$base/opt/test" "$base/usr/local/share/ca-certificates"
echo '127.0.0.1 localhost github.com bin.infra.native.computer' >"$base/etc/hosts"
logged in_root "$base" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=test \
  -addext subjectAltName=DNS:github.com,DNS:bin.infra.native.computer \
  -keyout /opt/test/server.key -out /usr/local/share/ca-certificates/test.crt
logged in_root "$base" update-ca-certificates

# The packages on top, as a layer of its own: for the programs that only judge a file.
mkdir -p "$work/installed" "$work/overlay" "$work/merged"
unshare --mount --propagation private bash -euo pipefail -c '
  work=$1; shift
  mount -t overlay overlay -o "lowerdir=$work/base,upperdir=$work/installed,workdir=$work/overlay" "$work/merged"
  printf "#!/bin/sh\nexit 101\n" >"$work/merged/usr/sbin/policy-rc.d"; chmod 0755 "$work/merged/usr/sbin/policy-rc.d"
  mount -t proc proc "$work/merged/proc"; mount --rbind /dev "$work/merged/dev"
  run() { chroot "$work/merged" env -i DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
  run apt-get -q update
  run apt-get -q -y install --no-install-recommends "$@"
  rm -f "$work/merged/usr/sbin/policy-rc.d"
' bash "$work" "${host[@]}" "${judges[@]}" >>"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; exit 1; }
rm -rf "$work/overlay" "$work/merged"
# Where each machine mounts its own root, in a mount namespace of its own.
mkdir "$work/mount"

mv -T "$work" "$dir" 2>/dev/null || [ -d "$dir/base" ]
