-- What every block's database holds beside the block's own tables. Instants are microseconds, ids 16 bytes.

CREATE TABLE stoa_lease (
  name TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  token BIGINT NOT NULL,
  until BIGINT NOT NULL
);

-- One row that readiness writes, to see whether writing works.
CREATE TABLE stoa_probe (
  id BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL
);

CREATE TABLE stoa_idempotency (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  body_digest BLOB NOT NULL,
  status BIGINT,
  content_type TEXT,
  location TEXT,
  body BLOB,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (scope, key)
);
CREATE INDEX stoa_idempotency_by_age ON stoa_idempotency (created_at);

CREATE TABLE stoa_event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  mark BIGINT NOT NULL,
  id BLOB NOT NULL,
  type TEXT NOT NULL,
  source TEXT NOT NULL,
  subject TEXT,
  tenant TEXT NOT NULL,
  actor TEXT,
  correlation TEXT,
  traceparent TEXT,
  time BIGINT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX stoa_event_in_order ON stoa_event (mark, seq);

CREATE TABLE stoa_subscriber (
  name TEXT NOT NULL PRIMARY KEY,
  mark BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE stoa_delivery (
  subscriber TEXT NOT NULL,
  event_seq BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  dead_at BIGINT,
  last_error TEXT NOT NULL,
  PRIMARY KEY (subscriber, event_seq)
);
CREATE INDEX stoa_delivery_due ON stoa_delivery (subscriber, next_at) WHERE dead_at IS NULL;
CREATE INDEX stoa_delivery_dead ON stoa_delivery (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX stoa_delivery_of_event ON stoa_delivery (event_seq);

CREATE TABLE stoa_job (
  id BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  key TEXT,
  payload TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('ready', 'running', 'dead')),
  run_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  again BIGINT NOT NULL,
  holder TEXT,
  lease_until BIGINT,
  last_error TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX stoa_job_key ON stoa_job (kind, key) WHERE key IS NOT NULL AND state <> 'dead';
CREATE INDEX stoa_job_due ON stoa_job (state, run_at);

CREATE TABLE stoa_search (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  collection TEXT NOT NULL,
  id BLOB NOT NULL,
  UNIQUE (collection, id)
);
-- The words come folded and cut already: `ascii` only splits at the spaces.
CREATE VIRTUAL TABLE stoa_search_words USING fts5
  (words, content = '', contentless_delete = 1, detail = none, prefix = '2 3', tokenize = 'ascii');

-- Master keys that data keys of this database are or were wrapped with; none is wrapped with a retired one again.
CREATE TABLE stoa_key_check (
  key_id TEXT NOT NULL PRIMARY KEY,
  lookup_check BLOB NOT NULL,
  first_used_at BIGINT NOT NULL,
  retired_at BIGINT
);

-- `wrapped` is NULL once the key was destroyed; the row stays, so that what was sealed with it says so.
CREATE TABLE stoa_data_key (
  id BLOB NOT NULL PRIMARY KEY,
  subject_mac BLOB NOT NULL UNIQUE,
  key_id TEXT NOT NULL,
  wrapped BLOB,
  created_at BIGINT NOT NULL,
  destroyed_at BIGINT
);
CREATE INDEX stoa_data_key_by_master ON stoa_data_key (key_id);
