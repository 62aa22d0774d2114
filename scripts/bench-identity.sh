#!/bin/bash
# The identity block beside npm oidc-provider with its memory adapter, in the same run: programs' tokens, whole code flows,
# keys and discovery; and sign-ins by password beside other requests.
#
#   scripts/bench-identity.sh [SECONDS]
#
# Environment: PEOPLE is how many people are enrolled first, 1000 without it. PEER, a folder in which `npm i oidc-provider jose`
# was run, runs the peer too. Needs Debian's wrk, curl, nodejs. Everything listens on 127.0.0.1; the load is bounded.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-4}
work=$(mktemp -d "${TMPDIR:-/tmp}/stoa-bench.XXXXXX")
server=""
down() { if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; server=""; fi; }
finish() { down; rm -rf "$work"; }
trap finish EXIT
trap 'exit 130' INT TERM

cargo build --release --quiet -p stoa
cargo build --release --quiet -p stoa-identity --example flows
stoa=target/release/stoa
flows=target/release/examples/flows
port=18096
issuer="http://127.0.0.1:$port/identity"
password="correct horse battery staple"
export STOA_LIMITS__REQUESTS_PER_SECOND=0 STOA_LIMITS__ANONYMOUS_PER_SECOND=0
echo "machine: $(nproc) cores, $(uname -m); load $(cut -d' ' -f1 /proc/loadavg)"

cpu() { awk '{print ($14 + $15) * 10000}' "/proc/$server/stat"; } # microseconds
memory() { awk '/VmRSS/ {printf "%.1f MB", $2 / 1000}' "/proc/$server/status"; }
settle() { # What the last load left for the background is done before the next one begins.
    local before waited=0
    while before=$(cpu); sleep 1; [ $(($(cpu) - before)) -gt 30000 ] && [ $waited -lt 60 ]; do waited=$((waited + 1)); done
}
load() { # name address [script of wrk]
    settle
    local before; before=$(cpu)
    wrk -t 1 -c 64 -d "${seconds}s" --latency ${3:+-s "$3"} "$2" >"$work/wrk.txt"
    awk -v cpu=$(($(cpu) - before)) -v name="$1" '
        /requests in/ {count = $1} /Requests\/sec/ {rate = $2} / 99%/ {late = $2} /Non-2xx/ {bad = $0}
        END {printf "%s, 64 connections: %.0f/s, %.1f us CPU each, 99%% within %s %s\n", name, rate, cpu / count, late, bad}' "$work/wrk.txt"
}
token_script() { # id secret
    cat <<LUA
wrk.method = "POST"
wrk.body = "grant_type=client_credentials"
wrk.headers["content-type"] = "application/x-www-form-urlencoded"
wrk.headers["authorization"] = "Basic $(printf '%s' "$1:$2" | base64 -w 0)"
LUA
}

"$stoa" up --only identity --listen "127.0.0.1:$port" --data "$work/data" >"$work/stoa.log" 2>&1 &
server=$!
until curl -fs -o /dev/null "http://127.0.0.1:$port/readyz"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/stoa.log" >&2; exit 1; }
    sleep 0.02
done
key=$("$stoa" key create --name bench --role admin --data "$work/data" 2>/dev/null)
post() { curl -fsS -X POST -H "Authorization: Bearer $key" -H 'content-type: application/json' "$issuer$1" -d "$2"; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
program=$(post /v1/clients '{"client_id": "program", "client_name": "Program", "grant_types": ["client_credentials"],
    "redirect_uris": [], "scope": "reports.read", "audiences": ["https://api.example.org"]}' | field client_secret)
service=$(post /v1/clients '{"client_id": "service", "client_name": "Service", "scope": "openid profile",
    "redirect_uris": ["https://rp.example.org/callback"], "id_token_signed_response_alg": "ES256"}' | field client_secret)
activation=$(post /v1/people '{"profile": {"name": "Amina Juma", "birthdate": "1990-04-21"},
    "identifiers": [{"kind": "username", "value": "amina"}]}' | field activation_url)

# A person sets a password, signs in and agrees, as a browser does; the cookies are kept.
jar=$work/cookies
page() { curl -fsS -b "$jar" -c "$jar" -H 'accept: text/html' -L "$@"; }
hidden() { grep -o "name=\"$1\" value=\"[^\"]*\"" "$work/page" | head -n 1 | sed 's/.*value="//; s/"$//'; }
page "$activation" >"$work/page"
page -o /dev/null "$issuer/activate" -d "guard=$(hidden guard)" -d "code=$(hidden code)" --data-urlencode "password=$password" \
    --data-urlencode "again=$password"
asked="client_id=service&redirect_uri=https%3A%2F%2Frp.example.org%2Fcallback&response_type=code&scope=openid%20profile"
asked="$asked&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
page "$issuer/authorize?$asked" >"$work/page"
page "$issuer/sign-in" -d "guard=$(hidden guard)" -d "t=$(hidden t)" -d name=amina --data-urlencode "password=$password" >"$work/page"
curl -fsS -b "$jar" -c "$jar" -o /dev/null "$issuer/sign-in/consent" -d "guard=$(hidden guard)" -d "t=$(hidden t)" -d claims=name \
    -d claims=birthdate
cookie=$(awk '/stoa_/ {printf "%s%s=%s", sep, $6, $7; sep = "; "}' "$jar")

people=${PEOPLE:-1000}
cat >"$work/enrol.lua" <<LUA
wrk.method = "POST"
wrk.body = '{"profile": {"name": "Somebody Else", "birthdate": "1990-04-21"}, "is_distinct": true}'
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer $key"
LUA
enrolled=0
while [ "$enrolled" -lt "$people" ]; do
    wrk -t 1 -c 64 -d 10s -s "$work/enrol.lua" "$issuer/v1/people" >"$work/wrk.txt"
    enrolled=$((enrolled + $(awk '/requests in/ {print $1}' "$work/wrk.txt")))
    rate=$(awk '/Requests\/sec/ {print $2}' "$work/wrk.txt")
done
settle
echo "people enrolled: $enrolled, the last at $rate/s; resident memory: $(memory)"

echo "== the identity block"
load "keys" "$issuer/.well-known/jwks.json"
load "discovery" "$issuer/.well-known/openid-configuration"
token_script program "$program" >"$work/token.lua"
load "token of a program (ES256 JWT)" "$issuer/oauth/token" "$work/token.lua"
settle; before=$(cpu)
"$flows" code "$seconds" 32 "$issuer/authorize" "$issuer/oauth/token" "$issuer/oidc/userinfo" service "$service" \
    https://rp.example.org/callback "$cookie" | tee "$work/flows.txt"
awk -v cpu=$(($(cpu) - before)) -v seconds="$seconds" '{rate = $3 + 0; printf "  %.0f us CPU each\n", cpu / (rate * seconds)}' "$work/flows.txt"
settle
"$flows" sign-in "$seconds" 8 "$issuer" amina "$password" 200
settle
echo "resident memory after the load: $(memory)"
down

[ -n "${PEER:-}" ] || exit 0
echo "== oidc-provider $(sed -n 's/.*"version": "\([^"]*\)".*/\1/p' "$PEER/node_modules/oidc-provider/package.json")"
port=18095
base="http://127.0.0.1:$port"
NODE_ENV=production node scripts/bench-identity-peer.mjs "$port" "$PEER" "$work/peer-cookie" >"$work/peer.log" 2>&1 &
server=$!
for _ in $(seq 100); do [ -s "$work/peer-cookie" ] && break; sleep 0.1; done
[ -s "$work/peer-cookie" ] || { cat "$work/peer.log" >&2; exit 1; }
load "keys" "$base/jwks"
load "discovery" "$base/.well-known/openid-configuration"
token_script program secret >"$work/token.lua"
load "token of a program (ES256 JWT)" "$base/token" "$work/token.lua"
before=$(cpu)
"$flows" code "$seconds" 32 "$base/auth" "$base/token" "$base/me" service secret https://rp.example.org/callback \
    "$(cat "$work/peer-cookie")" | tee "$work/flows.txt"
awk -v cpu=$(($(cpu) - before)) -v seconds="$seconds" '{rate = $3 + 0; printf "  %.0f us CPU each\n", cpu / (rate * seconds)}' "$work/flows.txt"
echo "resident memory after the load: $(memory)"
