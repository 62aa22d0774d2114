#!/bin/bash
# Every operation of every block, called with thousands of inputs made from its own OpenAPI document: no 5xx, no answer
# that the document does not know.
#
#   scripts/schemathesis.sh [EXAMPLES-PER-OPERATION]
#
# Needs python3 with venv; schemathesis comes from PyPI into a folder of its own below target/.
set -euo pipefail
cd "$(dirname "$0")/.."
examples=${1:-50}
tools=target/schemathesis
[ -x "$tools/bin/schemathesis" ] || { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet 'schemathesis==4.*'; }
work=$(mktemp -d "${TMPDIR:-/tmp}/stoa-schema.XXXXXX")
server=
finish() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

cargo build --quiet -p stoa
STOA_LIMITS__REQUESTS_PER_SECOND=0 STOA_LIMITS__ANONYMOUS_PER_SECOND=0 target/debug/stoa up --listen 127.0.0.1:18098 --data "$work/data" >"$work/stoa.log" 2>&1 &
server=$!
until curl -fs -o /dev/null http://127.0.0.1:18098/readyz; do
    kill -0 "$server" 2>/dev/null || { cat "$work/stoa.log" >&2; exit 1; }
    sleep 0.1
done
target/debug/stoa registry import iso-codes --yes --data "$work/data" >/dev/null 2>&1
key=$(target/debug/stoa key create --name schemathesis --role admin --data "$work/data" 2>/dev/null)
base=http://127.0.0.1:18098
fuzz() { # fuzz DOCUMENT [BASE]
    PYTHONPATH=scripts SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONDONTWRITEBYTECODE=1 \
        "$tools/bin/schemathesis" run "$1" ${2:+--url "$2"} -H "Authorization: Bearer $key" \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        --phases examples,coverage,fuzzing --max-examples "$examples" --workers 1 --request-timeout 10
}
# The document that a published version has for itself, with the register's own fields. It comes first: the calls below
# delete registers.
curl -fsS -o "$work/countries.json" -H "Authorization: Bearer $key" \
    $base/registries/v1/registries/countries/versions/1.0/openapi.json
fuzz "$work/countries.json" $base
fuzz $base/registries/openapi.json
# The monitor, with a subject and a report to ask about.
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
curl -fsS -o /dev/null -H "Authorization: Bearer $key" -H 'content-type: application/json' $base/monitor/v1/accounts \
    -d "{\"subject\": \"cloud-1\", \"keys\": [{\"name\": \"primary\", \"publicKey\": \"$(cut -d' ' -f1,2 "$work/key.pub")\"}]}"
sed -e 's/^subject: .*/subject: cloud-1/' -e "s/^checked_at: .*/checked_at: $(date -u '+%F %T')/" crates/stoa/tests/data/report.yaml >"$work/report.yaml"
secret=$(curl -fsS -X POST -H "Authorization: Bearer $key" $base/monitor/v1/accounts/cloud-1/secrets |
    sed 's/.*"secret":"\([^"]*\)".*/\1/')
printf 'cloud-1:%s' "$secret" | base64 >"$work/token"
target/debug/stoa report submit "$work/report.yaml" --key "$work/key" --to $base/monitor/reports --token-file "$work/token"
fuzz $base/monitor/openapi.json
# Identity, with a client and a person to ask about. The limits per address would end the run: failed credentials are many.
curl -fsS -o /dev/null -H "Authorization: Bearer $key" -H 'content-type: application/json' $base/identity/v1/clients \
    -d '{"client_id": "pension", "client_name": "Pension", "redirect_uris": ["https://pension.example.org/callback"]}'
fuzz $base/identity/openapi.json
