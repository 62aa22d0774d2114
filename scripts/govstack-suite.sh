#!/bin/bash
# The official GovStack suite of a block, whole and unmodified, against the real binary in profile `govstack`.
#
#   scripts/govstack-suite.sh [registries] [FOLDER]
#
# FOLDER is a checkout of the suite's repository; without it the repository is cloned at the commit named below. Needs
# Node and npm, and port 3333 of this machine: the suite hard-wires it.
set -euo pipefail
cd "$(dirname "$0")/.."

block=${1:-registries}
case "$block" in
registries) repository=GovStackWorkingGroup/bb-digital-registries commit=bc35ff73e307ad21de06291a6777037a40e19115 scenarios=57 ;;
*) echo "govstack-suite.sh: there is no suite for \`$block\` here yet; there is: registries" >&2; exit 2 ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/stoa-suite.XXXXXX")
server=
finish() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# A copy, so that what the suite writes stays out of the checkout and what lies in it stays out of the run.
if [ -n "${2:-}" ]; then
    git clone -q "$2" "$work/suite"
else
    git clone -q "https://github.com/$repository" "$work/suite"
fi
git -C "$work/suite" checkout -q "$commit"

cargo build -q -p stoa
target/debug/stoa up --profile govstack --only "$block" --listen 127.0.0.1:3333 --data "$work/data" >"$work/stoa.log" 2>&1 &
server=$!
for _ in $(seq 100); do
    kill -0 "$server" 2>/dev/null || { cat "$work/stoa.log" >&2; exit 1; }
    curl -fs -o /dev/null http://127.0.0.1:3333/readyz && break
    sleep 0.1
done

cd "$work/suite/test/openAPI"
npm install --silent --no-audit --no-fund
npx cucumber-js --publish-quiet --format summary --format "json:$work/report.json" 2>&1 | tee "$work/suite.log"
passed=$(grep -oE "^$scenarios scenarios \($scenarios passed\)" "$work/suite.log" || true)
[ -n "$passed" ] || { echo "govstack-suite.sh: not all $scenarios scenarios passed" >&2; exit 1; }
echo "govstack-suite.sh: $passed"
