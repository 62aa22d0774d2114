-- That a subject kept a version of a scope when it was looked at (scs-0004). It ends after a year, whatever becomes of the
-- version; until then it can be suspended or withdrawn, with a reason that everybody can read.
CREATE TABLE certificate (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    number TEXT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    version TEXT NOT NULL,
    holder TEXT NOT NULL,
    issued_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    issued_by TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('valid', 'suspended', 'withdrawn')),
    reason TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL
);
CREATE UNIQUE INDEX certificate_number ON certificate (tenant, number);
CREATE INDEX certificate_subject ON certificate (tenant, subject);

-- What the monitor signs its own statements with: the seed of an Ed25519 key, sealed.
CREATE TABLE monitor_key (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seed BYTEA NOT NULL
);
