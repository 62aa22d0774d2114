-- A file that came by a page, on its way into a register. The file itself lies sealed among the blobs; it and its key
-- go when it was read, or a day later.
CREATE TABLE upload (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT,
    registry TEXT,
    file_name TEXT NOT NULL,
    format TEXT NOT NULL,
    blob TEXT,
    state TEXT NOT NULL,
    is_trial BIGINT NOT NULL,
    rows_all BIGINT NOT NULL,
    rows_done BIGINT NOT NULL,
    line BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    failure TEXT,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL
);
CREATE INDEX upload_by_age ON upload (modified_at);

-- The first rows that were refused: place and rule, never a value.
CREATE TABLE upload_refusal (
    upload BYTEA NOT NULL,
    number BIGINT NOT NULL,
    line BIGINT NOT NULL,
    pointer TEXT NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (upload, number)
);
