#!/bin/bash
# The whole program through HTTP beside its peer: PostgreSQL by pgbench with the same rows, in the same run on the same
# disk. Cold start and idle memory first.
#
#   scripts/bench-http.sh [SECONDS]
#
# Needs Debian's wrk and postgresql. Everything listens on 127.0.0.1; the load is bounded in time and connections.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-5}
work=$(mktemp -d "${TMPDIR:-/tmp}/stoa-bench.XXXXXX")
chmod 755 "$work"
server=
finish() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
    scripts/postgres.sh stop "$work/pg" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

cargo build --release --quiet -p stoa
stoa=target/release/stoa
now() { date +%s%N; }
up() { # up PORT: starts the server and waits until it is ready; prints the milliseconds that took
    local begun; begun=$(now)
    STOA_LIMITS__REQUESTS_PER_SECOND=0 $stoa up --listen "127.0.0.1:$1" --data "$work/data" >"$work/stoa.log" 2>&1 &
    server=$!
    until curl -fs -o /dev/null "http://127.0.0.1:$1/readyz"; do
        kill -0 "$server" 2>/dev/null || { cat "$work/stoa.log" >&2; exit 1; }
        sleep 0.005
    done
    echo $((($(now) - begun) / 1000000))
}
port=18099
base="http://127.0.0.1:$port"
echo "machine: $(nproc) cores, $(uname -m); load $(cut -d' ' -f1 /proc/loadavg)"
up $port >"$work/cold"; echo "cold start on an empty folder, until ready: $(cat "$work/cold") ms"
sleep 2
echo "resident memory, idle: $(awk '/VmRSS/ {printf "%.1f MB", $2 / 1000}' "/proc/$server/status")"

key=$($stoa key create --name bench --role admin --data "$work/data" 2>/dev/null)
call() { curl -fsS -X "$1" -H "Authorization: Bearer $key" -H 'content-type: application/json' "$base$2" ${3:+-d "$3"}; }
for register in open personal; do
    personal=$([ $register = personal ] && echo ', "personalData": true' || true)
    call POST /registries/v1/registries "{\"code\": \"$register\", \"name\": \"$register\", \"schema\": {\"type\": \"object\",
        \"properties\": {\"number\": {\"type\": \"integer\"}, \"name\": {\"type\": \"string\"$personal}, \"place\": {\"type\": \"string\"}}}}" >/dev/null
    call POST /registries/v1/registries/$register/publish '{}' >/dev/null
done
record='{"number": 12345, "name": "a row of about a hundred bytes, as many of a register are", "place": "some place"}'
cat >"$work/create.lua" <<LUA
wrk.method = "POST"
wrk.body = '$record'
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer $key"
LUA
cat >"$work/read.lua" <<LUA
wrk.headers["authorization"] = "Bearer $key"
LUA
cpu() { awk '{print ($14 + $15) * 10000}' "/proc/$server/stat"; } # microseconds
settle() { # What the last load left for the background (sealing, events) is done before the next one begins.
    local before waited=0
    while before=$(cpu); sleep 1; [ $(($(cpu) - before)) -gt 30000 ] && [ $waited -lt 60 ]; do waited=$((waited + 1)); done
    [ $waited = 0 ] || echo "  (the background was done after $waited s)"
}
load() { # load NAME SCRIPT PATH
    settle
    local before; before=$(cpu)
    wrk -t 1 -c 64 -d "${seconds}s" --latency -s "$2" "$base$3" >"$work/wrk.txt"
    local after; after=$(cpu)
    awk -v name="$1" -v cpu=$((after - before)) '
        /requests in/ {count = $1} /Requests\/sec/ {rate = $2} / 99%/ {late = $2} /Non-2xx/ {bad = $0}
        END {printf "%s, 64 connections: %.0f/s, %.1f us CPU each, 99%% within %s %s\n", name, rate, cpu / count, late, bad}' "$work/wrk.txt"
}
one() { call POST "/registries/v1/registries/$1/records" "$record" | sed 's/.*"id":"\([^"]*\)".*/\1/'; }
open=$(one open); personal=$(one personal)
load "durable create with audit and event" "$work/create.lua" /registries/v1/registries/open/records
load "durable create of personal data (history sealed)" "$work/create.lua" /registries/v1/registries/personal/records
load "read by key, read log off" "$work/read.lua" "/registries/v1/registries/open/records/$open"
load "read by key, with read log" "$work/read.lua" "/registries/v1/registries/personal/records/$personal"

url=$(scripts/postgres.sh start "$work/pg" | tail -n 1)
psql -q "$url" <<'SQL'
CREATE TABLE record (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, content TEXT NOT NULL);
SQL
printf "INSERT INTO record (content) VALUES ('%s');\n" "$record" >"$work/insert.sql"
printf '\\set id random(1, 1000)\nSELECT content FROM record WHERE id = :id;\n' >"$work/select.sql"
for script in insert select; do
    pgbench -n -M prepared -T "$seconds" -c 64 -j 2 -f "$work/$script.sql" "$url" 2>/dev/null |
        sed -n "s/^tps = \([0-9.]*\).*/pgbench: plain $script of the same row, 64 clients: \1\/s/p"
done
