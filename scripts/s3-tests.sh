#!/bin/bash
# Blobs in an S3 service: the store's own tests of blobs against one, and a backup and a restore of the whole program with
# its blobs in a bucket. The service is moto from PyPI, on this machine, in a folder of its own below target/.
#
#   scripts/s3-tests.sh
#
# Needs python3 with venv and curl. Builds with the feature `full`, which the normal tests leave out.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=target/s3
[ -x "$tools/bin/moto_server" ] || { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet 'moto[s3,server]==5.*'; }
work=$(mktemp -d "${TMPDIR:-/tmp}/stoa-s3.XXXXXX")
service=
finish() {
    [ -z "$service" ] || { kill "$service" 2>/dev/null && wait "$service" 2>/dev/null; } || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
fail() { echo "s3-tests.sh: $*" >&2; exit 1; }

# A port that nobody listens on: the system gives one out and takes it back.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$tools/bin/moto_server" -H 127.0.0.1 -p "$port" >"$work/service.log" 2>&1 &
service=$!
endpoint="http://127.0.0.1:$port"
for _ in $(seq 100); do
    kill -0 "$service" 2>/dev/null || { cat "$work/service.log" >&2; exit 1; }
    curl -fs -o /dev/null "$endpoint/moto-api/data.json" && break
    sleep 0.1
done
for bucket in stoa-test before after; do curl -fsS -o /dev/null -X PUT "$endpoint/$bucket"; done

STOA_TEST_S3=$endpoint cargo test -p stoa-store --features s3 --test it -- --include-ignored blobs:: | tee "$work/tests.log"
grep -q '^test blobs::an_s3_service_keeps_blobs ... ok$' "$work/tests.log" || fail "the test against the service did not run"

cargo test -p stoa --features full --bin stoa blobs::
cargo build --quiet -p stoa --features full
# A copy: other tests build the program without the feature in its place.
cp target/debug/stoa "$work/stoa"
cd "$work"
config() { # config BUCKET
    printf '[blobs]\nbucket = "%s"\nendpoint = "%s"\naccess_key_id = "test"\nsecret_access_key = "test"\n' "$1" "$endpoint"
}
config before >before.toml
config after >after.toml
printf 'hello' >blob
id=$(sha256sum blob | cut -d' ' -f1)
place=registries/${id:0:2}/$id
# Its own type, since the service reads a body of curl's as a form.
curl -fsS -o /dev/null -X PUT -H 'content-type: application/octet-stream' --data-binary @blob "$endpoint/before/$place"
timeout -s TERM 5 ./stoa --config before.toml up --listen 127.0.0.1:0 --data first >/dev/null 2>up.log || [ $? = 124 ] || { cat up.log >&2; exit 1; }
./stoa --config before.toml backup archive --unencrypted --data first
./stoa verify archive | grep -q "blobs/$place  5 bytes" || fail "the archive does not hold the blob"
./stoa --config after.toml restore archive --data second
[ "$(curl -fsS --aws-sigv4 aws:amz:us-east-1:s3 --user test:test "$endpoint/after/$place")" = hello ] || fail "the blob was not restored into the other bucket"
[ ! -e second/blobs ] || fail "the blob lies in the folder too"
echo "s3-tests.sh: blobs in an S3 service were kept, backed up and restored"
