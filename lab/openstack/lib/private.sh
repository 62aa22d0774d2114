# shellcheck shell=bash
# A private view of the file system for the lab's processes (a mount namespace).
#
# Some programs read fixed places: /etc/swift/swift.conf, /etc/libvirt/qemu.conf, /run/octavia/*.sock, /sbin/mount.nfs.
# Instead of writing there, the lab lays its own files over them, for its own processes alone. Nothing of it is seen by
# the rest of the system, and it is gone with the last process. `lab exec COMMAND` runs a command within.

PRIVATE_SERVICES=(keystone placement nova glance neutron cinder barbican octavia designate swift libvirt)
HOLDER=private-view

# The process whose view is entered: the holder, or any service that still lives.
private_pid() {
  local file pid
  for file in "$PIDS/$HOLDER.pid" "$PIDS"/*.pid; do
    if pid=$(live_pid "$file") && [ "$(readlink "/proc/$pid/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]; then
      printf '%s' "$pid"
      return 0
    fi
  done
  return 1
}

# Every process that lives in the private view, whoever started it: services, their workers, guests, helpers.
private_processes() {
  local pid view link
  pid=$(private_pid) || return 0
  view=$(readlink "/proc/$pid/ns/mnt")
  for link in /proc/[0-9]*/ns/mnt; do
    if [ "$(readlink "$link" 2>/dev/null)" = "$view" ]; then cut -d/ -f3 <<< "$link"; fi
  done
}

prepare_private_files() {
  local name
  mkdir -p "$PRIVATE"/{etc,etc.work,sbin,sbin.work} "$RUN/private/octavia" "$RUN/private/lock" "$DATA"/libvirt/{lib,log,cache} "$DATA/nfs/volumes"
  for name in "${PRIVATE_SERVICES[@]}"; do
    mkdir -p "$ETC/$name"
    ln -sfn "$ETC/$name" "$PRIVATE/etc/$name"
  done
  # libvirt looks its default user up, though guests run as root here.
  for name in passwd group; do cp "/etc/$name" "$PRIVATE/etc/$name"; done
  grep -q '^libvirt-qemu:' /etc/passwd || echo 'libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin' >> "$PRIVATE/etc/passwd"
  for name in libvirt-qemu:64055 kvm:64056 libvirt:64057; do
    grep -q "^${name%:*}:" /etc/group || echo "${name%:*}:x:${name#*:}:" >> "$PRIVATE/etc/group"
  done
  # No NFS server and no device mapper are needed: Cinder's and Nova's "mount -t nfs HOST:/x DIR" becomes a bind mount.
  cat > "$PRIVATE/sbin/mount.nfs" <<EOF
#!/bin/sh
# Called by mount(8) as: mount.nfs HOST:/PATH DIR [options]
exec mount --bind "$DATA/nfs\${1#*:}" "\$2"
EOF
  chmod 755 "$PRIVATE/sbin/mount.nfs"
  # Mount points that only another package would have made.
  for name in /var/lib/libvirt /var/log/libvirt /var/cache/libvirt; do
    [ -d "$name" ] && continue
    journal_add dir "$name"
    mkdir "$name"
  done
}

open_private_view() {
  private_pid >/dev/null && return 0
  prepare_private_files
  # shellcheck disable=SC2016 # the inner shell has arguments of its own
  setsid unshare --mount --propagation private bash -c '
    set -e
    private=$1 run=$2 data=$3
    mount -t overlay -o "lowerdir=/etc,upperdir=$private/etc,workdir=$private/etc.work" lab-etc /etc
    mount -t overlay -o "lowerdir=/usr/sbin,upperdir=$private/sbin,workdir=$private/sbin.work" lab-sbin /usr/sbin
    mount --bind "$run/private" /run
    for part in lib log cache; do mount --bind "$data/libvirt/$part" "/var/$part/libvirt"; done
    touch "$private/ready"
    exec -a lab-private-view sleep infinity
  ' private-view "$PRIVATE" "$RUN" "$DATA" > "$LOGS/$HOLDER.log" 2>&1 < /dev/null &
  write_pid $! "$PIDS/$HOLDER.pid"
  wait_for 10 "the private view of the file system (log: $LOGS/$HOLDER.log)" test -f "$PRIVATE/ready" || return 1
  rm -f "$PRIVATE/ready"
}

# Environment of everything that runs within.
service_environment() {
  PATH=$VENV/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  HOME=$DATA/home LC_ALL=C.UTF-8 PYTHONWARNINGS=ignore MALLOC_ARENA_MAX=2
  OS_NOVA_DISABLE_EVENTLET_PATCHING=1
  REQUESTS_CA_BUNDLE=$TLS/ca.pem
  OS_CLIENT_CONFIG_FILE=$CLOUDS
  OVS_RUNDIR=$RUN/ovn OVN_RUNDIR=$RUN/ovn OVS_LOGDIR=$LOGS OVN_LOGDIR=$LOGS OVS_DBDIR=$DATA/ovn OVN_DBDIR=$DATA/ovn OVS_SYSCONFDIR=$DATA/ovn
  export PATH HOME LC_ALL PYTHONWARNINGS MALLOC_ARENA_MAX OS_NOVA_DISABLE_EVENTLET_PATCHING REQUESTS_CA_BUNDLE OS_CLIENT_CONFIG_FILE
  export OVS_RUNDIR OVN_RUNDIR OVS_LOGDIR OVN_LOGDIR OVS_DBDIR OVN_DBDIR OVS_SYSCONFDIR
  unset PYTHONPATH PYTHONHOME http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
}

# Runs a command within the private view, in the foreground.
inside() {
  local pid
  pid=$(private_pid) || { warn "the lab's private view is not open: run 'lab start' first"; return 1; }
  ( service_environment; exec nsenter -t "$pid" -m --wdns="$LAB_DIR" -- "$@" )
}
