#!/bin/sh
# A private PostgreSQL for tests and benchmarks, from Debian's package `postgresql`.
#
#   scripts/postgres.sh start DIR     makes a cluster in DIR, starts it, prints its URL (the last line of standard output)
#   scripts/postgres.sh stop DIR      stops it and removes DIR
#   scripts/postgres.sh url DIR       prints the URL of a running one
#
# It listens on 127.0.0.1 at a port that the system chose and on a socket inside DIR, trusts every local caller, and keeps
# fsync on: what is measured against it must pay for its durability as we do.
#
#   export STOA_TEST_PG="$(scripts/postgres.sh start /tmp/stoa-pg)"
set -eu

say() { echo "postgres.sh: $*" >&2; }

# The folder of initdb and pg_ctl; Debian keeps them out of the PATH.
find_programs() {
    for folder in /usr/lib/postgresql/*/bin; do
        [ -x "$folder/initdb" ] && programs=$folder
    done
    [ -n "${programs:-}" ]
}

programs=""
if ! find_programs; then
    if command -v initdb >/dev/null 2>&1 && command -v pg_ctl >/dev/null 2>&1; then
        programs=$(dirname "$(command -v initdb)")
    elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing Debian's postgresql"
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } >&2
        find_programs || { say "the package postgresql brought no initdb"; exit 1; }
    else
        say "PostgreSQL is not installed: apt-get install postgresql"
        exit 1
    fi
fi

# PostgreSQL refuses to run as root; Debian's package makes the user `postgres`.
as_server() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups -- env HOME="$dir" "$@"
    else
        "$@"
    fi
}

url() { echo "postgres://$(cat "$dir/user")@127.0.0.1:$(cat "$dir/port")/postgres?sslmode=disable"; }

start() {
    if [ -f "$dir/data/postmaster.pid" ] && as_server "$programs/pg_ctl" -D "$dir/data" status >/dev/null 2>&1; then
        url
        return
    fi
    rm -rf "$dir"
    mkdir -p "$dir/data"
    # A fresh port that nobody listens on: the system gives one out and takes it back.
    port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
    echo "$port" >"$dir/port"
    if [ "$(id -u)" = 0 ]; then
        user=postgres
        chown -R postgres:postgres "$dir"
    else
        user=$(id -un)
    fi
    echo "$user" >"$dir/user"
    cd "$dir"
    as_server "$programs/initdb" -D "$dir/data" --username="$user" --locale=C --encoding=UTF8 --auth=trust >"$dir/initdb.log" 2>&1 || {
        cat "$dir/initdb.log" >&2
        exit 1
    }
    as_server "$programs/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -t 60 \
        -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$dir -c fsync=on -c max_connections=400" \
        start >"$dir/start.log" 2>&1 || {
        cat "$dir/start.log" "$dir/data/server.log" >&2
        exit 1
    }
    url
}

stop() {
    [ -d "$dir/data" ] || return 0
    as_server "$programs/pg_ctl" -D "$dir/data" -m immediate -w stop >&2 || true
    rm -rf "$dir"
}

if [ $# -ne 2 ]; then
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
case $2 in
/*) dir=$2 ;;
*) dir=$PWD/$2 ;;
esac
case $1 in
start) start ;;
stop) stop ;;
url) url ;;
*)
    say "unknown command $1"
    exit 2
    ;;
esac
