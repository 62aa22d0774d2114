-- What each scope said from when on: a past day is judged by what held then. The program's own are kept too, since a later
-- program may say something else.
CREATE TABLE scope_edition (
    tenant TEXT NOT NULL,
    uuid TEXT NOT NULL,
    since BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (tenant, uuid, since)
);
INSERT INTO scope_edition (tenant, uuid, since, document) SELECT tenant, uuid, added_at, document FROM scope;

-- What became of a certificate; it is told as changes of states are.
CREATE TABLE certificate_change (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    at BIGINT NOT NULL,
    number TEXT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    version TEXT NOT NULL,
    before_state TEXT NOT NULL,
    after_state TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX certificate_change_time ON certificate_change (tenant, at);
CREATE INDEX certificate_change_subject ON certificate_change (tenant, subject, at);

-- What was told to whoever asked for it, and on which day, so that the subscriptions are gone through once.
CREATE TABLE told (
    what TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);
