#!/bin/sh
# Kills the store's process under load, 200 times or as often as is said, and checks after each ten that nothing
# acknowledged is lost, nothing is there by half, and in the end that every event was delivered. Then it kills the whole
# program a tenth as often while signed reports come in.
#
#   scripts/crash-test.sh [KILLS]
set -eu
cd "$(dirname "$0")/.."
kills=${1:-200}
STOA_CRASH_KILLS=$kills cargo test -p stoa-store --test crash -- kills
STOA_CRASH_KILLS=$(((kills + 9) / 10)) cargo test -p stoa --test it -- ingest
