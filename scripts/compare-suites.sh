#!/bin/bash
# The same cloud, the same moment, both tools: runs Stoa's checks and the published suite against a cloud and compares the
# verdicts, test case by test case, with wall time, CPU time, memory and, where the cloud's own log is given, requests.
#
#   scripts/compare-suites.sh SUITE-GIT-DIR CLOUD [FOLDER]
#
# SUITE-GIT-DIR is a clone of SovereignCloudStack/standards, bare or not; FOLDER (default: a new one) holds the suite, its
# Python environment and all output, and is used again when it is given again. Environment:
#   STOA      the program, instead of building it for release
#   REQUESTS  a file in which the cloud writes a line for each request, to count them; PORTS, separated by blanks, are
#             then those of its public endpoints, which stand in the second field of a line: services ask one another too
#   TESTS     test cases, separated by blanks; all that are automated otherwise
# Ends with 1 when a verdict differs that is not listed below.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,14s/^# \{0,1\}//p' "$0" >&2; exit 2; }
suite=$(realpath "$1") cloud=$2
folder=$(realpath "${3:-$(mktemp -d)}")
cd "$(dirname "$0")/.."

# Test cases that the suite declares and has no code for.
listed="scs-0101-flavor-property scs-0101-image-property scs-0101-rngd"

mkdir -p "$folder"
if [ ! -d "$folder/Tests" ]; then
    git -C "$suite" archive HEAD Tests | tar -x -C "$folder"
fi
if [ ! -x "$folder/venv/bin/python" ]; then
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" --quiet install -r "$folder/Tests/requirements.txt" -r "$folder/Tests/iaas/requirements.txt"
fi
program=${STOA:-}
if [ -z "$program" ]; then
    cargo build --quiet --release -p stoa
    program=target/release/stoa
fi
program=$(realpath "$program")
if [ -n "${TESTS:-}" ]; then
    read -r -a tests <<<"$TESTS"
    pattern="($(IFS='|'; echo "${tests[*]}" | sed 's/[.]/[.]/g'))\$"
else
    mapfile -t tests < <(grep -oE '^ *- id: scs-[0-9]{4}-[A-Za-z0-9_.-]+' "$folder/Tests/scs-compatible-iaas.yaml" \
        | awk '{print $3}' | grep -vE -- '-v[0-9]|-manual|-rec$' | sort -u)
    # All of these, without those that the suite has elsewhere: TLS (scs-0125), domain managers.
    pattern='scs-01([01]|2[0-4])'
fi

measure='
import os, resource, subprocess, sys, time
requests, ports, name, out, *command = sys.argv[1:]
ports = ports.split()
def count():
    if not requests or not os.path.exists(requests):
        return None
    with open(requests, encoding="utf-8", errors="replace") as lines:
        return sum(not ports or line.split(" ", 2)[1:2] in [[port] for port in ports] for line in lines)
before, begun = count(), time.monotonic()
with open(out + ".out", "wb") as stdout, open(out + ".err", "wb") as stderr:
    code = subprocess.run(command, stdout=stdout, stderr=stderr).returncode
wall, used, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN), count()
asked = "" if before is None else ", %d requests" % (after - before)
print("%-9s exit %d, %.1f s wall, %.2f s CPU, %.0f MB%s"
      % (name, code, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, asked))
'
run() { # name command...
    local name=$1
    shift
    python3 -c "$measure" "${REQUESTS:-}" "${PORTS:-}" "$name" "$folder/$name" "$@"
}
echo "cloud $cloud, ${#tests[@]} test cases, output in $folder"
# As the published suite reads the standards, and all that it has code for, whichever version asks for it.
run stoa "$program" check cloud "$cloud" --reading published --beyond --tests "$pattern" --format json --output "$folder/report.json"
(cd "$folder/Tests/iaas" && run published "$folder/venv/bin/python" openstack_test.py -c "$cloud" "${tests[@]}")
grep -F 'requests to the API' "$folder/stoa.out"

python3 -c '
import json, sys
for invocation in json.load(sys.stdin)["run"]["invocations"].values():
    for id, verdict in invocation["results"].items():
        print("%s: %s" % (id, {1: "PASS", 0: "ABORT", -1: "FAIL"}.get(verdict, verdict)))
' <"$folder/report.json" >"$folder/stoa.verdicts"
verdicts() { grep -E '^scs-[^ ]+: (PASS|FAIL|ABORT)$' "$1" | sort -u; }
join -t: -a 1 -a 2 -e ' -' -o 0,1.2,2.2 <(verdicts "$folder/stoa.verdicts") <(verdicts "$folder/published.out") >"$folder/verdicts"
differ=0 same=0
while IFS=: read -r id ours theirs; do
    if [ "$ours" = "$theirs" ]; then
        same=$((same + 1))
    elif [[ " $listed " == *" $id "* ]]; then
        echo "listed    $id: stoa$ours, published$theirs"
    else
        echo "DIFFERENT $id: stoa$ours, published$theirs"
        grep -F " $id " "$folder/stoa.out" | sed 's/^ */            /' || true
        differ=$((differ + 1))
    fi
done <"$folder/verdicts"
echo "$same verdicts are the same, $differ differ"
[ "$differ" = 0 ]
