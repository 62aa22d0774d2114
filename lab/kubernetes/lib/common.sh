# shellcheck shell=bash
# Paths, messages, processes.

# shellcheck disable=SC2034 # used by the other files
ADDRESS=127.0.0.1
API_PORT=16443
# API, controller manager, scheduler, kwok, etcd's clients and peers
# shellcheck disable=SC2034
PORTS=("$API_PORT" 10257 10259 10247 12379 12380)

say() { printf '%s\n' "$*"; }
die() { printf 'Error: %s\n' "$*" >&2; exit 1; }

use_dir() {
  LAB_DIR=$(realpath -m -- "$1")
  [[ $LAB_DIR =~ ^/[A-Za-z0-9._/-]+$ ]] || die "the folder $LAB_DIR has characters other than letters, digits, '.', '_', '-'."
  BIN=$LAB_DIR/bin DATA=$LAB_DIR/data LOGS=$LAB_DIR/logs PIDS=$LAB_DIR/pids CERTS=$LAB_DIR/certificates
}
make_dirs() { mkdir -p "$BIN" "$DATA/volumes" "$LOGS" "$PIDS" "$CERTS"; chmod 700 "$LAB_DIR"; }
port_open() { (exec 3<>"/dev/tcp/$ADDRESS/$1") 2>/dev/null; }

# A pid file holds the number and the time of the start, so that a number used anew is not taken for ours.
started_at() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
service_pid() {
  local pid began
  read -r pid began 2>/dev/null < "$PIDS/$1.pid" || return 1
  [ -n "$began" ] && [ "$(started_at "$pid")" = "$began" ] && printf '%s' "$pid"
}
is_running() { service_pid "$1" >/dev/null; }

start_service() {
  is_running "$1" && return 0
  COMMAND=()
  "service_${1//-/_}"
  setsid "${COMMAND[@]}" >> "$LOGS/$1.log" 2>&1 < /dev/null &
  printf '%s %s\n' $! "$(started_at $!)" > "$PIDS/$1.pid"
}

await_service() { # seconds service command...
  local limit=$1 name=$2 began
  shift 2
  began=$(date +%s)
  until "$@" >/dev/null 2>&1; do
    if ! is_running "$name" || [ $(( $(date +%s) - began )) -ge "$limit" ]; then
      printf 'Error: %s did not become ready. Its last words (%s):\n' "$name" "$LOGS/$name.log" >&2
      tail -n 8 "$LOGS/$name.log" | sed 's/^/    /' >&2
      return 1
    fi
    sleep 0.3
  done
}

stop_service() {
  local pid tries=0
  pid=$(service_pid "$1") || return 0
  kill -TERM "$pid"
  while is_running "$1"; do
    tries=$(( tries + 1 ))
    [ $tries -lt 100 ] || { kill -KILL "$pid"; break; }
    sleep 0.2
  done
  rm -f "$PIDS/$1.pid"
}
