#!/bin/bash
# Usage: hold.sh LAYERS MOUNT SEED INIT…, with a tar to unpack on standard input unless SEED is -, in a mount namespace of its own. The disk of one machine: cached layers below, everything it
# writes in memory. Boots it, and boots it again when it asks for a reboot. When this process ends, nothing is left.
set -uo pipefail
layers=$1 work=$2 seed=$3
shift 3
here=$(dirname "$(readlink -f "$0")")
mount -t tmpfs -o size=4g,mode=0755 tmpfs "$work" || exit
mkdir "$work/upper" "$work/overlay" "$work/root"
mount -t overlay overlay -o "lowerdir=$layers,upperdir=$work/upper,workdir=$work/overlay" "$work/root" || exit
[ "$seed" = - ] || tar -x -C "$work/root" -f - || exit
while :; do
  setpriv --pdeathsig KILL unshare --mount --uts --pid --net --ipc --cgroup --fork --kill-child=KILL --propagation private \
    "$here/boot.sh" "$work/root" "$@"
  code=$?
  # A pid namespace whose first process asks for a reboot ends by SIGHUP, for a halt by SIGINT.
  [ "$code" = 129 ] || exit "$code"
done
