#!/bin/bash
# The store on both engines beside its peer: PostgreSQL by pgbench, the same rows, the same durability (fsync on), in the
# same run on the same disk.
#
#   scripts/bench-store.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-5}
work=$(mktemp -d "${TMPDIR:-/tmp}/stoa-bench.XXXXXX")
chmod 755 "$work"
finish() { scripts/postgres.sh stop "$work/pg" >/dev/null 2>&1 || true; rm -rf "$work"; }
trap finish EXIT
trap 'exit 130' INT TERM

cargo build --release --quiet -p stoa-store --example bench
url=$(scripts/postgres.sh start "$work/pg" | tail -n 1)
echo "machine: $(nproc) cores, $(uname -m); load $(cut -d' ' -f1 /proc/loadavg)"

echo "== this store, embedded"
target/release/examples/bench "$work/data" "$seconds"
echo "== this store on PostgreSQL"
target/release/examples/bench "$url" "$seconds"

echo "== pgbench on the same PostgreSQL"
psql -q "$url" <<'SQL'
CREATE TABLE entry (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner BIGINT NOT NULL, filler TEXT NOT NULL);
CREATE TABLE account (id BIGINT PRIMARY KEY, version BIGINT NOT NULL, balance BIGINT NOT NULL);
INSERT INTO account SELECT n, 0, 1000 FROM generate_series(0, 99999) n;
SQL
cat >"$work/write.sql" <<'SQL'
INSERT INTO entry (owner, filler) VALUES (1, 'a row of about a hundred bytes, as many of a register''s smaller rows are: name, place, date, state');
SQL
cat >"$work/read.sql" <<'SQL'
\set id random(1, 1000)
SELECT owner, filler FROM entry WHERE id = :id;
SQL
cat >"$work/unit.sql" <<'SQL'
\set a random(0, 49999)
\set b random(50000, 99999)
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT version FROM account WHERE id = :a;
UPDATE account SET version = version + 1, balance = balance - 1 WHERE id = :a;
SELECT version FROM account WHERE id = :b;
UPDATE account SET version = version + 1, balance = balance + 1 WHERE id = :b;
COMMIT;
SQL
bench() { # bench NAME SCRIPT CLIENTS
    pgbench -n -M prepared -T "$seconds" -c "$3" -j 2 -f "$2" "$url" 2>/dev/null |
        sed -n "s/^tps = \([0-9.]*\).*/pgbench: $1, $3 clients: \1\/s/p"
}
bench "single INSERT" "$work/write.sql" 64
bench "keyed SELECT" "$work/read.sql" 64
bench "two reads and two writes, serialisable" "$work/unit.sql" 64
