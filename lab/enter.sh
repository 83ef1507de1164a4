#!/bin/sh
# Runs a command as a process of a pod: started inside its network namespace and a fresh mount, IPC and UTS namespace
# (see enter.ts). Of the lab the process sees only /mnt: its own pod's folder, and in image/ the node and envoy binaries,
# lab/ and node_modules, wherever those really are and whoever may read the way to them; sidecars (ENVOY is given) also the
# classifier's socket. The state directory is empty.
# Everything mounted here goes away with the process.
#
#   enter.sh DIR POD UID NODE ENVOY REPOSITORY COMMAND…       ENVOY may be empty; UID 0 keeps its capabilities
set -eu
dir=$1 pod=$2 uid=$3 node=$4 envoy=$5 repository=$6
shift 6
own=$dir/pods/$pod
view=$dir/view

for file in "$own"/etc/*; do mount --bind "$file" "/etc/${file##*/}"; done
mount -t tmpfs -o mode=1777,size=64m postern-shm /dev/shm
echo "$pod" > /proc/sys/kernel/hostname

mount -t tmpfs -o mode=0755,size=64k postern-view "$view"
mkdir -p "$view/app" "$view/envoy" "$view/image/lab" "$view/image/node_modules"
for file in node envoy package.json; do : > "$view/image/$file"; done
mount --bind "$own/app" "$view/app"
mount --bind "$own/envoy" "$view/envoy"
mount --bind "$node" "$view/image/node"
if [ -n "$envoy" ]; then
  mount --bind "$envoy" "$view/image/envoy"
  mkdir "$view/classifier"
  mount --bind "$dir/classifier" "$view/classifier"
fi
mount --bind "$repository/lab" "$view/image/lab"
mount --bind "$repository/node_modules" "$view/image/node_modules"
mount --bind "$repository/package.json" "$view/image/package.json"
mount --move "$view" /mnt
[ ! -d "$dir" ] || mount -t tmpfs -o ro,mode=0700 postern-hidden "$dir"
cd /mnt/app

[ "$uid" = 0 ] && exec "$@"
exec setpriv --reuid "$uid" --regid "$uid" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
