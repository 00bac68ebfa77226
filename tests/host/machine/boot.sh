#!/bin/bash
# Usage: boot.sh ROOT INIT…, as the first process of a machine's own namespaces. Gives it its own /proc, /dev and /run, and becomes its init.
set -euo pipefail
root=$1
shift
mount -t proc proc "$root/proc"
# What is not in a namespace belongs to the real machine: settings of the kernel are copies that may be written and read back.
for part in vm kernel fs; do
  copy=$(mktemp -d)
  mount -t tmpfs -o mode=0755 tmpfs "$copy"
  cp -r --no-preserve=all "$root/proc/sys/$part/." "$copy/" 2>/dev/null || true
  mount --move "$copy" "$root/proc/sys/$part"
  rmdir "$copy"
done
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=0755,nosuid tmpfs "$root/dev"
for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
  IFS=: read -r name major minor <<<"$node"
  mknod -m 0666 "$root/dev/$name" c "$major" "$minor"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
hostname machine
cd "$root"
mkdir -p .outside
pivot_root . .outside
# shellcheck disable=SC2016 # for the shell in the new root
exec chroot . /bin/sh -c 'umount -l /.outside && rmdir /.outside && exec env -i container=roadstead-test PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' sh "$@"
