#!/bin/sh
# All tests of the workspace. Where Debian's PostgreSQL is installed, or STOA_TEST_PG names a server that may be written to,
# everything that touches a store runs on both engines; without one those tests are reported as ignored.
#
#   scripts/test.sh [arguments of cargo test]
set -eu
cd "$(dirname "$0")/.."

folder=""
stop() { [ -z "$folder" ] || scripts/postgres.sh stop "$folder" >/dev/null 2>&1 || true; }
trap stop EXIT
trap 'exit 130' INT TERM

if [ -z "${STOA_TEST_PG:-}" ] && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    folder=$(mktemp -d "${TMPDIR:-/tmp}/stoa-pg.XXXXXX")
    # The server's own user must be able to reach its folder.
    chmod 755 "$folder"
    STOA_TEST_PG=$(scripts/postgres.sh start "$folder" | tail -n 1)
    export STOA_TEST_PG
fi
if [ -z "${STOA_TEST_PG:-}" ]; then
    echo "test.sh: on SQLite only (install Debian's postgresql for the other engine)" >&2
    cargo test --workspace "$@"
    exit
fi
echo "test.sh: on SQLite and PostgreSQL" >&2
# The tests of the other engine are ignored unless they are asked for.
case " $* " in
*" -- "*) both="$*" ;;
*) both="$* --" ;;
esac
# shellcheck disable=SC2086 # arguments of cargo test are words
cargo test --workspace $both --include-ignored
# Whole systems run once more with every database on the server.
echo "test.sh: whole systems on PostgreSQL" >&2
# shellcheck disable=SC2086
STOA_TEST_ENGINE=postgres cargo test -p stoa-identity -p stoa-registries -p stoa-monitor -p stoa-web -p stoa-portal $both --include-ignored
