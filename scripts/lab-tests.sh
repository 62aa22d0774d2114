#!/bin/bash
# The checks end to end against a real cloud: the lab, in both its profiles. In `scs` everything passes but what the tiny
# guest does not have; in `broken` each fault of lab/openstack/faults.md is found, its reason names the object, and nothing
# else changes. A run that is killed leaves nothing after `stoa check cleanup`.
#
#   lab/openstack/lab up --profile scs --dir /srv/lab     # about five minutes, as root; see lab/openstack/README.md
#   scripts/lab-tests.sh /srv/lab [SUITE-GIT-DIR]
#
# With a clone of SovereignCloudStack/standards both suites run in both profiles, and their verdicts are compared.
# Environment: STOA, the program, instead of building it for release. The profile is `scs` again at the end.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
lab=$(realpath "$1") suite=${2:+$(realpath "$2")}
cd "$(dirname "$0")/.."
if [ -z "${STOA:-}" ]; then
    cargo build --quiet --release -p stoa
    STOA=target/release/stoa
fi
STOA=$(realpath "$STOA")
export STOA OS_CLIENT_CONFIG_FILE=$lab/clouds.yaml REQUESTS=$lab/logs/requests.log
export PORTS="5000 8774 8776 8778 9292 9311 9696 9876 9001 8080"
work=$(mktemp -d)
export XDG_STATE_HOME=$work/state
profile() { lab/openstack/lab profile "$1" --dir "$lab" >"$work/profile.log" 2>&1 || { cat "$work/profile.log" >&2; exit 1; }; }
finish() { profile scs; rm -rf "$work"; }
trap finish EXIT
trap 'exit 130' INT TERM

check() { # profile
    profile "$1"
    echo "== profile $1"
    local code=0
    "$STOA" check cloud lab --beyond --domain-config "$lab/domain-manager-test.yaml" --format json --output "$work/$1.json" \
        >"$work/$1.txt" 2>"$work/$1.err" || code=$?
    [ "$code" -le 3 ] && [ "$code" != 1 ] && [ "$code" != 2 ] || { cat "$work/$1.err" >&2; return 1; }
    grep -F 'requests to the API' "$work/$1.txt"
    if [ -n "$suite" ]; then scripts/compare-suites.sh "$suite" lab "$lab/compare"; fi
}
things() {
    OS_CLOUD=lab "$lab/venv/bin/python" - <<'PYTHON'
import openstack
cloud = openstack.connect(cloud="lab")
things = [*cloud.compute.servers(), *cloud.block_storage.volumes(), *cloud.block_storage.backups(), *cloud.network.networks()]
print("\n".join(sorted({thing.name for thing in things if str(thing.name).startswith("_scs-")})))
PYTHON
}
things >"$work/before"
check scs
check broken

python3 - "$work/scs.json" "$work/broken.json" lab/openstack/faults.md <<'PYTHON'
import json, re, sys

# What the lab's guest does not have, in a cloud that is otherwise whole.
NOT_THERE = {"scs-0101-rngd": -1}
NAMES = {1: "PASS", 0: "ABORT", -1: "FAIL"}
OWN = {"domain manager (scs-0302)": "domain-manager-check", "secure connections (scs-0125)": "scs-0125-tls"}


def read(path):
    verdicts, said = {}, {}
    for invocation in json.load(open(path))["run"]["invocations"].values():
        verdicts.update(invocation["results"])
        for line in invocation["stderr"]:
            for case in invocation["results"]:
                if case in line:
                    said.setdefault(case, []).append(line)
    return verdicts, said


def faults(path):
    """(test case, verdict, names of objects) of each row."""
    for line in open(path):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 4 or cells[1] not in NAMES.values():
            continue
        first, *more = [part.strip() for part in cells[0].split(",")]
        first = OWN.get(first, first)
        stem = first.rsplit("-", 1)[0]
        for case in [first] + [stem + part for part in more]:
            yield case, cells[1], re.findall(r"`([^`]+)`", cells[2])


good, _ = read(sys.argv[1])
bad, said = read(sys.argv[2])
wrong = []
for case, verdict in good.items():
    if verdict != NOT_THERE.get(case, 1):
        wrong.append(f"scs: {case}: {NAMES[verdict]}")
expected = {}
for case, verdict, objects in faults(sys.argv[3]):
    expected[case] = verdict
    if NAMES.get(bad.get(case)) != verdict:
        wrong.append(f"broken: {case}: {NAMES.get(bad.get(case))}, expected {verdict}")
    for name in objects:
        if not any(name in line for line in said.get(case, [])):
            wrong.append(f"broken: {case}: no reason names `{name}`: {said.get(case)}")
for case, verdict in bad.items():
    if case not in expected and verdict != good.get(case):
        wrong.append(f"broken: {case}: {NAMES[verdict]}, in scs {NAMES.get(good.get(case))}")
if len(good) < 90 or set(good) != set(bad):
    wrong.append(f"{len(good)} and {len(bad)} test cases, expected the same, at least 90")
print(f"{len(good)} test cases in scs; {len(expected)} with a fault in broken")
print("\n".join(wrong) or "all as expected")
sys.exit(bool(wrong))
PYTHON

echo "== killed while it tries a server and a volume"
profile scs
"$STOA" check cloud lab --tests 'scs-0101-ent|scs-0117' >/dev/null 2>&1 &
pid=$!
sleep 8
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
"$STOA" check cleanup lab
left=$(comm -13 "$work/before" <(things))
[ -z "$left" ] || { echo "left in the cloud: $left" >&2; exit 1; }
echo "nothing is left"
