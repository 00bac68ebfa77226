#!/bin/bash
# Usage: build-image.sh ROOT DIR. Makes DIR/disk.img, the disk of a Debian 12 as a cloud brings it, from ROOT/base of
# tests/host, with DIR/vmlinuz and DIR/initrd of Debian's cloud kernel. Appears whole or not at all.
set -euo pipefail
root=${1:?root} dir=${2:?directory}
suite=bookworm
mirror=${ROADSTEAD_DEBIAN_MIRROR:-http://deb.debian.org/debian}
security=${ROADSTEAD_DEBIAN_SECURITY:-http://deb.debian.org/debian-security}
for stale in "$dir".building.*; do
  [ -d "$stale" ] || continue
  kill -0 "${stale##*.}" 2>/dev/null || rm -rf --one-file-system "$stale"
done
work=$dir.building.$$
trap 'rm -rf --one-file-system "$work"' EXIT
mkdir -p "$work/layer" "$work/overlay" "$work/merged"

unshare --mount --propagation private bash -euo pipefail -c '
  root=$1 work=$2 disk=$work/merged
  mount -t overlay overlay -o "lowerdir=$root/base,upperdir=$work/layer,workdir=$work/overlay" "$disk"
  mount -t proc proc "$disk/proc"; mount --rbind /dev "$disk/dev"
  run() { chroot "$disk" env -i DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
  cp "$disk/etc/apt/sources.list" "$work/sources.list"
  printf "deb %s %s main\n" "$3" "$5" "$3" "$5-updates" "$4" "$5-security" >"$disk/etc/apt/sources.list"
  cat /etc/apt/apt.conf.d/*proxy* >"$disk/etc/apt/apt.conf.d/99proxy" 2>/dev/null || rm -f "$disk/etc/apt/apt.conf.d/99proxy"
  cat /etc/resolv.conf >"$disk/etc/resolv.conf"
  printf "#!/bin/sh\nexit 101\n" >"$disk/usr/sbin/policy-rc.d"
  chmod 0755 "$disk/usr/sbin/policy-rc.d"
  run apt-get -q update
  run apt-get -q -y install --no-install-recommends linux-image-cloud-amd64 initramfs-tools zstd
  run apt-get -q -y clean
  # Back to how the base is: packages come from the archive on the disk, names and addresses from the tests.
  mv "$work/sources.list" "$disk/etc/apt/sources.list"
  rm -rf "$disk/usr/sbin/policy-rc.d" "$disk/etc/apt/apt.conf.d/99proxy" "$disk"/var/lib/apt/lists/*
  : >"$disk/etc/resolv.conf"
  printf "127.0.0.1 localhost\n203.0.113.80 github.com bin.infra.native.computer\n" >"$disk/etc/hosts"
  cp "$disk"/boot/vmlinuz-* "$work/vmlinuz"
  cp "$disk"/boot/initrd.img-* "$work/initrd"
  umount -l "$disk/dev" "$disk/proc"
  mke2fs -q -t ext4 -L root -d "$disk" "$work/disk.img" 6G
' bash "$root" "$work" "$mirror" "$security" "$suite" >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; exit 1; }
rm -rf "$work/layer" "$work/overlay" "$work/merged"
mv -T "$work" "$dir" 2>/dev/null || [ -e "$dir/disk.img" ]
