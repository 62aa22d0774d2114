# shellcheck shell=bash
# Names, messages and time: what every other file of the lab uses.

# Where things stand. LAB_HOME is the folder of the programs, LAB_DIR the one folder of all state.
LAB_ADDRESS=127.0.0.1
LAB_REGION=RegionOne
export LAB_ADDRESS LAB_REGION

say()  { printf '%s\n' "$*"; }
warn() { printf 'Warning: %s\n' "$*" >&2; }
die()  { printf 'Error: %s\n' "$*" >&2; exit 1; }

# minutes:seconds since the number of seconds given
elapsed_since() {
  local seconds=$(( $(date +%s) - $1 ))
  printf '%02d:%02d' $(( seconds / 60 )) $(( seconds % 60 ))
}

# Sets every path of the lab for the folder given; it must be absolute and plain, since it is written into many
# configuration files with different rules of quoting.
use_dir() {
  LAB_DIR=$(realpath -m -- "$1")
  [[ $LAB_DIR =~ ^/[A-Za-z0-9._/-]+$ ]] || die "the folder $LAB_DIR has characters other than letters, digits, '.', '_', '-': choose another --dir."
  # A unix socket's path may have 107 bytes; the longest one below the folder has 44.
  [ ${#LAB_DIR} -le 60 ] || die "the folder's name $LAB_DIR is longer than 60 characters: choose a shorter --dir."
  # shellcheck disable=SC2034 # this and the next lines: used by the other files
  ETC=$LAB_DIR/etc DATA=$LAB_DIR/data RUN=$LAB_DIR/run LOGS=$LAB_DIR/logs TLS=$LAB_DIR/tls
  # shellcheck disable=SC2034
  PIDS=$RUN/pids VENV=$LAB_DIR/venv STAMPS=$LAB_DIR/stamps GUEST=$LAB_DIR/guest PRIVATE=$LAB_DIR/private
  # shellcheck disable=SC2034
  JOURNAL=$LAB_DIR/changes.journal CLOUDS=$LAB_DIR/clouds.yaml SECRETS=$LAB_DIR/secrets.env
  # Nothing else is exported: RabbitMQ, for one, takes a variable LOGS for its own.
  export LAB_HOME LAB_DIR
}

make_dirs() {
  mkdir -p "$ETC" "$DATA/home" "$DATA/lock" "$RUN/api" "$RUN/ovn" "$RUN/private" "$LOGS" "$TLS" "$PIDS" "$STAMPS" "$GUEST" "$PRIVATE"
  # Sockets in here need no password; data and configuration hold secrets.
  chmod 700 "$ETC" "$DATA" "$RUN"
}

# Waits until the command given succeeds: wait_for SECONDS WHAT COMMAND...
wait_for() {
  local limit=$1 what=$2 started
  shift 2
  started=$(date +%s)
  until "$@" >/dev/null 2>&1; do
    if [ $(( $(date +%s) - started )) -ge "$limit" ]; then
      printf 'Error: %s is not ready after %s s.\n' "$what" "$limit" >&2
      return 1
    fi
    sleep 0.3
  done
}

port_open() { (exec 3<>"/dev/tcp/$LAB_ADDRESS/$1") 2>/dev/null; }

# The API behind the port answers something other than "bad gateway" or nothing.
http_answers() {
  local code
  code=$(curl -s -o /dev/null -m 5 -w '%{http_code}' "http://$LAB_ADDRESS:$1/" 2>/dev/null) || return 1
  [ "$code" != 000 ] && [ "$code" -lt 500 ]
}

# A pid file holds the number and the time of the process's start, so that a number used anew (after a reboot, say) is
# never taken for the lab's process.
started_at() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
write_pid() { printf '%s %s\n' "$1" "$(started_at "$1")" > "$2"; } # pid file
live_pid() { # file; prints the pid if that very process lives
  local pid began
  read -r pid began 2>/dev/null < "$1" || return 1
  [ -n "$began" ] && [ "$(started_at "$pid")" = "$began" ] && printf '%s' "$pid"
}

need_root() { [ "$(id -u)" = 0 ] || die "this needs root: packages, a network namespace and private mounts are made. Run it with sudo, on a machine that may be changed."; }
