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

-- Changes of certificates stand among those of states: what is told is one list.
ALTER TABLE state_change RENAME TO change;
ALTER TABLE change ADD COLUMN certificate TEXT;
ALTER TABLE change ADD COLUMN reason TEXT NOT NULL DEFAULT '';

-- What was told to whoever asked for it, and on which day, so that the subscriptions are gone through once.
CREATE TABLE told (
    what TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);
