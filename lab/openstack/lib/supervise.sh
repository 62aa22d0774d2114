# shellcheck shell=bash
# Starts, watches and stops the services; each has a pid file and a log.
#
# A service is a function service_NAME (dashes as underscores) in services/*.sh that sets the array COMMAND. The order
# of ORDER is the order of starting; stopping goes the other way round.

for file in "$LAB_HOME"/services/*.sh; do
  # shellcheck source=/dev/null
  . "$file"
done

ORDER=(
  mysql rabbit memcached log-sink nginx
  ovsdb ovn-north-db ovn-south-db vswitchd ovn-northd ovn-controller
  keystone placement glance barbican neutron nova-api cinder-api
  nova-conductor nova-scheduler cinder-scheduler cinder-volume cinder-backup
  swift-account swift-container swift-object swift-proxy
  octavia-agent octavia-api
  name-server designate-central designate-api designate-worker designate-producer designate-mdns
  virtlogd libvirtd nova-compute
)
# Stopped at the very end, so that the others can say goodbye.
BASE=(nginx log-sink memcached rabbit mysql)

service_pid() { live_pid "$PIDS/$1.pid"; } # name; prints the pid of a living service
is_running() { service_pid "$1" >/dev/null; }
# shellcheck disable=SC2153 # HOLDER is named in private.sh
lab_is_up() { [ -d "$PIDS" ] && is_running "$HOLDER"; }

start_service() {
  local name=$1 pid
  is_running "$name" && return 0
  pid=$(private_pid) || { warn "the private view is not open"; return 1; }
  COMMAND=()
  "service_${name//-/_}" || return 1
  ( service_environment
    exec setsid nsenter -t "$pid" -m --wdns="$LAB_DIR" -- "${COMMAND[@]}" ) >> "$LOGS/$name.log" 2>&1 < /dev/null &
  write_pid $! "$PIDS/$name.pid"
}

start_services() { local name; for name in "$@"; do start_service "$name" || return 1; done; }

signal_service() { # signal name
  local pid
  pid=$(service_pid "$2") && kill "-$1" "$pid" 2>/dev/null
}

# Asks all named services to end, waits, and kills the session of those that do not. The order given is kept.
stop_services() {
  local name pid limit
  for name in "$@"; do signal_service TERM "$name"; done
  limit=$(( $(date +%s) + 25 ))
  for name in "$@"; do
    while pid=$(service_pid "$name"); do
      if [ "$(date +%s)" -ge $limit ]; then
        warn "$name (process $pid) did not end by itself and is killed"
        # The service leads its group: workers of a master that hangs end with it.
        kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null
        sleep 0.2
        break
      fi
      sleep 0.2
    done
    rm -f "$PIDS/$name.pid"
  done
}

restart_service() { stop_services "$1"; start_service "$1"; }

not_base() {
  local name other
  for name in "${ORDER[@]}"; do
    for other in "${BASE[@]}"; do [ "$name" = "$other" ] && continue 2; done
    printf '%s\n' "$name"
  done
}

stop_everything() {
  local name reversed=()
  stop_services nova-compute
  destroy_guests
  while read -r name; do reversed=("$name" "${reversed[@]}"); done < <(not_base)
  stop_services "${reversed[@]}"
  stop_services "${BASE[@]}"
  end_stragglers
  stop_services "$HOLDER"
}

# What services left behind (Erlang's port mapper, privileged helpers, a guest whose supervisor died).
end_stragglers() {
  local pid holder
  holder=$(service_pid "$HOLDER")
  for pid in $(private_processes); do [ "$pid" = "$holder" ] || kill -TERM "$pid" 2>/dev/null; done
  sleep 1
  for pid in $(private_processes); do [ "$pid" = "$holder" ] || kill -KILL "$pid" 2>/dev/null; done
}

# Guests are processes of their own; they are started again by nova-compute.
destroy_guests() {
  local domain
  is_running libvirtd || return 0
  for domain in $(inside virsh -q -c qemu:///system list --name 2>/dev/null); do
    inside virsh -q -c qemu:///system destroy "$domain" >/dev/null 2>&1
  done
}

# Name, pid, memory with children in MB; the last line sums up.
show_services() {
  local name pid memory total=0 down=0
  printf '%-20s %8s %8s\n' service pid 'MB'
  for name in "${ORDER[@]}"; do
    if pid=$(service_pid "$name"); then
      memory=$(ps -o rss= --sid "$pid" | awk '{ s += $1 } END { print int(s / 1024) }')
      total=$(( total + memory ))
      printf '%-20s %8s %8s\n' "$name" "$pid" "$memory"
    else
      down=$(( down + 1 ))
      printf '%-20s %8s %8s  log: %s\n' "$name" down - "$LOGS/$name.log"
    fi
  done
  printf '%-20s %8s %8s\n' total '' "$total"
  [ $down = 0 ]
}
