#!/bin/sh
# Kills the store's process under load, 200 times or as often as is said, and checks after each ten that nothing
# acknowledged is lost, nothing is there by half, and in the end that every event was delivered.
#
#   scripts/crash-test.sh [KILLS]
set -eu
cd "$(dirname "$0")/.."
STOA_CRASH_KILLS=${1:-200} cargo test -p stoa-store --test crash -- kills
