#!/bin/bash
# Others' clients for OpenID Connect against the identity block: npm openid-client and PyPI Authlib.
#
#   scripts/client-tests.sh
#
# Needs Debian's nodejs, npm, python3 and python3-venv. Everything listens on 127.0.0.1.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d "${TMPDIR:-/tmp}/stoa-clients.XXXXXX")
server=
finish() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

cargo build --quiet -p stoa
STOA_BASE=http://127.0.0.1:18097
export STOA_BASE STOA_LIMITS__ANONYMOUS_PER_SECOND=0
target/debug/stoa up --only identity --listen 127.0.0.1:18097 --data "$work/data" >"$work/stoa.log" 2>&1 &
server=$!
until curl -fs -o /dev/null "$STOA_BASE/readyz"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/stoa.log" >&2; exit 1; }
    sleep 0.1
done
STOA_KEY=$(target/debug/stoa key create --name clients --role admin --data "$work/data" 2>/dev/null)
export STOA_KEY

(cd tests/clients && npm ci --silent --no-audit --no-fund && node --test --test-reporter=spec openid-client.test.mjs)
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check -r tests/clients/requirements.txt
"$work/venv/bin/python" tests/clients/authlib_test.py
