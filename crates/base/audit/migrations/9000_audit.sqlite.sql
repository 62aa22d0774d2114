-- Evidence: one row per audited write or read, appended in its transaction.
CREATE TABLE audit_record (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  mark BIGINT NOT NULL,
  id BLOB NOT NULL UNIQUE,
  at BIGINT NOT NULL,
  tenant TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  on_behalf_of TEXT,
  client TEXT,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  subject TEXT,
  purpose TEXT,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL,
  sealed BLOB,
  correlation TEXT
);
CREATE INDEX audit_record_in_order ON audit_record (mark, seq);
CREATE INDEX audit_record_by_time ON audit_record (at);
CREATE INDEX audit_record_by_actor ON audit_record (actor, seq);
CREATE INDEX audit_record_by_principal ON audit_record (on_behalf_of, seq) WHERE on_behalf_of IS NOT NULL;
CREATE INDEX audit_record_by_action ON audit_record (action, seq);
CREATE INDEX audit_record_by_object ON audit_record (object, seq);
CREATE INDEX audit_record_by_subject ON audit_record (subject, seq) WHERE subject IS NOT NULL;

-- The chain: one row per sealed batch. `leaves` holds, for each record in order, its id (16 bytes) and leaf hash (32);
-- `last_mark` and `last_seq` are the place of its last record.
CREATE TABLE audit_batch (
  number BIGINT NOT NULL PRIMARY KEY,
  records BIGINT NOT NULL,
  count BIGINT NOT NULL,
  last_mark BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  leaves BLOB NOT NULL,
  root BLOB NOT NULL,
  chain BLOB NOT NULL,
  at BIGINT NOT NULL,
  key BLOB NOT NULL,
  signature BLOB NOT NULL
);
-- By a record's place its batch is found.
CREATE INDEX audit_batch_by_end ON audit_batch (last_mark, last_seq);

-- Evidence is only ever added to. Whoever may change the schema can take these off; the chain is there for them.
CREATE TRIGGER audit_record_kept BEFORE UPDATE ON audit_record
  BEGIN SELECT RAISE(ABORT, 'evidence is never changed'); END;
CREATE TRIGGER audit_record_stays BEFORE DELETE ON audit_record
  BEGIN SELECT RAISE(ABORT, 'evidence is never removed'); END;
CREATE TRIGGER audit_batch_kept BEFORE UPDATE ON audit_batch
  BEGIN SELECT RAISE(ABORT, 'evidence is never changed'); END;
CREATE TRIGGER audit_batch_stays BEFORE DELETE ON audit_batch
  BEGIN SELECT RAISE(ABORT, 'evidence is never removed'); END;
