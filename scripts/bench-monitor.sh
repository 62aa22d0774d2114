#!/bin/bash
# The compliance monitor under load: pages over a year (and more) of daily history, and evidence in. With the published
# monitor beside it, the same figures of that one on PostgreSQL in the same run.
#
#   scripts/bench-monitor.sh [SECONDS [YEARS...]]
#
# Environment: SUBJECTS is how many there are, 21 without it. ENGINE=postgres runs ours on PostgreSQL too. PEER, a folder
# with SovereignCloudStack/standards' `Tests` and `compliance-monitor` and a Python environment `venv` with its requirements,
# runs the peer with one year of history.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-4}
[ $# -gt 0 ] && shift
years=${*:-1}
subjects=${SUBJECTS:-21}
work=$(mktemp -d "${TMPDIR:-/tmp}/stoa-bench.XXXXXX")
chmod 755 "$work"
server=""
down() { if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; server=""; fi; }
finish() { down; scripts/postgres.sh stop "$work/pg" >/dev/null 2>&1 || true; rm -rf "$work"; }
trap finish EXIT
trap 'exit 130' INT TERM

cargo build --release --quiet -p stoa
cargo build --release --quiet -p stoa-monitor --example load
stoa=target/release/stoa
port=18098
base="http://127.0.0.1:$port/monitor"
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
if [ "${ENGINE:-}" = postgres ] || [ -n "${PEER:-}" ]; then url=$(scripts/postgres.sh start "$work/pg" | tail -n 1); fi
[ "${ENGINE:-}" != postgres ] || export STOA_STORE__URL="$url"
export STOA_LIMITS__REQUESTS_PER_SECOND=0 STOA_LIMITS__ANONYMOUS_PER_SECOND=0
echo "machine: $(nproc) cores, $(uname -m); load $(cut -d' ' -f1 /proc/loadavg)"

up() {
    "$stoa" up --listen "127.0.0.1:$port" --data "$work/data" >"$work/stoa.log" 2>&1 &
    server=$!
    until curl -fs -o /dev/null "http://127.0.0.1:$port/readyz"; do
        kill -0 "$server" 2>/dev/null || { cat "$work/stoa.log" >&2; exit 1; }
        sleep 0.02
    done
}
cpu() { awk '{print ($14 + $15) * 10000}' "/proc/$server/stat"; } # microseconds
load() { # name address [arguments of wrk]
    local name=$1 address=$2 before; shift 2
    before=$(cpu)
    wrk -t1 -c"${connections:-16}" -d"${seconds}s" --timeout 60s --latency "$@" "$address" >"$work/wrk.txt"
    awk -v cpu="$(($(cpu) - before))" -v name="$name" '
        /requests in/ {count = $1} /Requests\/sec/ {rate = $2} / 99%/ {late = $2} /Non-2xx/ {bad = $0}
        END {printf "%s: %.1f/s, %.0f us CPU each, 99%% within %s %s\n", name, rate, cpu / count, late, bad}' "$work/wrk.txt"
}

for year in $years; do
    rm -rf "$work/data"
    if [ "${ENGINE:-}" = postgres ]; then psql -q "$url" -c 'DROP SCHEMA IF EXISTS stoa_monitor, stoa_node, stoa_registries CASCADE'; fi
    up; down
    database=$work/data/monitor.db
    [ "${ENGINE:-}" != postgres ] || database=$url
    echo "== $year years of daily reports about $subjects subjects, ${ENGINE:-embedded}"
    target/release/examples/load "$database" "$work/key" "$subjects" $((365 * year)) "$work/bodies" 20000
    up
    echo "resident memory, idle: $(awk '/VmRSS|RssAnon/ {printf "%s %.1f MB ", $1, $2 / 1000}' "/proc/$server/status")"
    load "overview" "$base/page/table"
    load "subject" "$base/page/detail/cloud-001/scs-compatible-iaas"
    load "history" "$base/page/history/cloud-001/scs-compatible-iaas"
    load "/status of all" "$base/status"
    key=$("$stoa" key create --name bench --role admin --data "$work/data" 2>/dev/null)
    secret=$(curl -fsS -X POST -H "Authorization: Bearer $key" "$base/v1/accounts/tester/secrets" | sed 's/.*"secret":"\([^"]*\)".*/\1/')
    basic=$(printf 'tester:%s' "$secret" | base64 -w0)
    load "authenticated read" "$base/results?limit=10" -H "Authorization: Basic $basic"
    cat >"$work/ingest.lua" <<LUA
local file = io.open("$work/bodies", "rb")
local headers = {["Content-Type"] = "application/x-signed-yaml", ["Authorization"] = "Basic $basic"}
function request()
    local head = file:read(4)
    if not head then os.exit(1) end
    local a, b, c, d = head:byte(1, 4)
    return wrk.format("POST", "/monitor/reports", headers, file:read(((a * 256 + b) * 256 + c) * 256 + d))
end
LUA
    # The pages while evidence comes in, from another program.
    wrk -t1 -c8 -d"$((seconds + 1))s" --latency "$base/page/table" >"$work/beside.txt" &
    beside=$!
    load "evidence in, pages beside it" "http://127.0.0.1:$port" -s "$work/ingest.lua"
    wait "$beside"
    awk '/Requests\/sec/ {rate = $2} / 99%/ {late = $2} /Non-2xx/ {bad = $0}
        END {printf "pages beside it: %.0f/s, 99%% within %s %s\n", rate, late, bad}' "$work/beside.txt"
    echo "resident memory: $(awk '/VmRSS|RssAnon/ {printf "%s %.1f MB ", $1, $2 / 1000}' "/proc/$server/status")"
    down
done

[ -n "${PEER:-}" ] || exit 0
echo "== the published monitor, one year"
cp -r "$PEER/compliance-monitor" "$PEER/Tests" "$work/"
hash=$("$PEER/venv/bin/python" -c 'from passlib.hash import argon2; print(argon2.hash("secret"))' 2>/dev/null \
    || "$PEER/venv/bin/python" -c 'import argon2; print(argon2.PasswordHasher().hash("secret"))')
{
    printf 'accounts:\n  - subject: tester\n    roles: [append_any, read_any]\n    api_keys: ["%s"]\n    keys: [{public_key: %s, public_key_type: ssh-ed25519, public_key_name: primary}]\n' \
        "$hash" "$(cut -d' ' -f2 "$work/key.pub")"
    for number in $(seq -w 1 $subjects); do printf '  - subject: cloud-0%s\n    delegates: [tester]\n' "$number"; done
} >"$work/compliance-monitor/bootstrap.yaml"
host=$(sed 's#.*@\([^:/]*\).*#\1#' <<<"$url"); pgport=$(sed 's#.*:\([0-9]*\)/.*#\1#' <<<"$url"); user=$(sed 's#.*//\([^:@]*\).*#\1#' <<<"$url")
psql -q "$url" -c "CREATE DATABASE peer" 2>/dev/null || true
psql -q "$url" -c "CREATE ROLE peer LOGIN SUPERUSER" 2>/dev/null || true
cd "$work/compliance-monitor"
SCM_DB_HOST=$host SCM_DB_PORT=$pgport SCM_DB_USER=peer SCM_DB_PASSWORD=x \
    "$PEER/venv/bin/python" -c '
import runpy, sys, uvicorn
run = uvicorn.run
# It listens everywhere by itself; here on loopback only.
uvicorn.run = lambda app, **given: run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", workers=1)
sys.path.insert(0, ".")
runpy.run_path("monitor.py", run_name="__main__")' "$port" >"$work/peer.log" 2>&1 &
server=$!
until curl -fs -o /dev/null "http://127.0.0.1:$port/healthz"; do
    kill -0 "$server" 2>/dev/null || { tail -n 20 "$work/peer.log" >&2; exit 1; }
    sleep 0.2
done
psql -q "postgres://$user@$host:$pgport/peer" <<SQL
INSERT INTO report (reportuuid, checked_at, subject, data)
SELECT gen_random_uuid()::text, now()::timestamp - make_interval(days => day), 'cloud-0' || lpad(s::text, 2, '0'), '{}'
FROM generate_series(1, $subjects) s, generate_series(0, 364) day;
INSERT INTO result2 (checked_at, subject, scopeuuid, version, testcase, result, approval, reportid)
SELECT r.checked_at, r.subject, '50393e6f-2ae1-4c5c-a62c-3b75f2abef3f', '*', tc, 1, true, r.reportid
FROM report r, unnest(ARRAY(SELECT 'scs-0100-case-' || n FROM generate_series(1, 37) n)) tc;
ANALYZE;
SQL
echo "rows: $(psql -At "postgres://$user@$host:$pgport/peer" -c 'SELECT count(*) FROM result2')"
# One after another, and longer: more at a time only wait for each other.
connections=1 seconds=20
for address in page/table status; do load "$address" "http://127.0.0.1:$port/$address" -H "Accept: application/json"; done
load "authenticated read" "http://127.0.0.1:$port/results?limit=10" -H "Authorization: Basic $(printf 'tester:secret' | base64 -w0)"
cat >"$work/ingest-peer.lua" <<LUA
local file = io.open("$work/bodies", "rb")
local headers = {["Content-Type"] = "application/x-signed-yaml", ["Authorization"] = "Basic $(printf 'tester:secret' | base64 -w0)"}
function request()
    local a, b, c, d = file:read(4):byte(1, 4)
    return wrk.format("POST", "/reports", headers, file:read(((a * 256 + b) * 256 + c) * 256 + d))
end
LUA
load "evidence in" "http://127.0.0.1:$port" -s "$work/ingest-peer.lua"
echo "resident memory: $(awk '/VmRSS/ {printf "%.1f MB", $2 / 1000}' "/proc/$server/status")"
