#!/bin/bash
# Flavor names beside their peer, the Python parser of the published suite: the same names, in the same run.
#
#   scripts/bench-flavors.sh FOLDER
#
# FOLDER is a checkout (or a bare copy) of SovereignCloudStack/standards. Needs python3 with venv; the parser's own needs
# come from PyPI into a folder below target/.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# = 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
work=$(mktemp -d "${TMPDIR:-/tmp}/stoa-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
git clone -q "$1" "$work/suite"
parser=$work/suite/Tests/iaas/scs_0100_flavor_naming
tools=target/bench-flavors
[ -x "$tools/bin/python" ] || { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet PyYAML click; }

cargo build --release --quiet -p stoa
cargo build --release --quiet -p stoa-standards --example flavor-names
echo "machine: $(nproc) cores, $(uname -m); load $(cut -d' ' -f1 /proc/loadavg)"
echo "== this program, in process, one core"
target/release/examples/flavor-names
"$tools/bin/python" - "$parser" crates/cloud/standards/tests/data/flavor-names.jsonl target/release/stoa <<'PYTHON'
import json, statistics, subprocess, sys, time
parser, table, stoa = sys.argv[1:]
sys.path.insert(0, parser)
from flavor_names import parser_v3, outputter

names = []
for line in open(table):
    name = json.loads(line).get("name")
    try:
        if name and parser_v3(name) is not None:
            names.append(name)
    except ValueError:
        pass

def rate(work):
    best = 0
    for _ in range(5):
        begun, done = time.perf_counter(), 0
        while time.perf_counter() - begun < 1:
            for name in names:
                work(name)
            done += len(names)
        best = max(best, done / (time.perf_counter() - begun))
    return best

print("== the Python parser, in process, one core")
print(f"{len(names)} names")
print(f"read: {rate(parser_v3):.0f}/s")
print(f"read and print: {rate(lambda name: outputter(parser_v3(name))):.0f}/s")

def whole(command, text=None, runs=21):
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run(command, input=text, stdout=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - begun) * 1000)
    return f"{statistics.median(times):.1f} ms (median of {runs})"

many = [f"SCS-{cpus}V-{memory}-{disk}s" for cpus in range(1, 101) for memory in range(1, 11) for disk in range(10, 110, 10)]
cli = [sys.executable, parser + "/cli.py", "parse", "v3"]
print("== whole processes")
print("stoa flavor check, one name:", whole([stoa, "flavor", "check", "SCS-4V-16-100s"]))
print("the Python program, one name:", whole(cli + ["SCS-4V-16-100s"]))
print(f"stoa flavor check, {len(many)} names:", whole([stoa, "flavor", "check"], "\n".join(many).encode()))
print(f"the Python program, {len(many)} names:", whole(cli + many, runs=5))
PYTHON
