#!/bin/sh
# The pages in a real browser: axe-core on every page and in every state, each main task by keyboard alone, weight, print,
# zoom, high contrast, and no scripts. Two languages and two widths; --full takes all languages, three widths, light and
# dark.
#
#   scripts/browser-tests.sh [--full]
#
# Needs Debian's chromium, nodejs, npm, python3 and iso-codes.
set -eu
cd "$(dirname "$0")/.."
[ "${1:-}" != --full ] || export STOA_BROWSER_FULL=1
cargo build --quiet -p stoa
cd tests/browser
npm ci --silent --no-audit --no-fund
exec node --test --test-reporter=spec all.test.mjs
