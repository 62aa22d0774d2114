-- A register. Its id is a whole number, as the GovStack Database API has it (64 bits: published ids exceed 32).
CREATE TABLE registry (
    id BIGINT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    group_name TEXT NOT NULL,
    description TEXT NOT NULL,
    institution TEXT NOT NULL,
    number_format TEXT NOT NULL,
    next_number BIGINT NOT NULL,
    read_log BIGINT NOT NULL,
    draft TEXT,
    stamp BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    modified_by TEXT NOT NULL,
    deleted_at BIGINT,
    deleted_by TEXT
);
CREATE UNIQUE INDEX registry_code ON registry (tenant, code) WHERE deleted_at IS NULL;

-- A published version: never changed, only superseded.
CREATE TABLE registry_version (
    registry BIGINT NOT NULL,
    number BIGINT NOT NULL,
    label TEXT NOT NULL,
    schema TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    PRIMARY KEY (registry, number)
);
CREATE UNIQUE INDEX registry_version_label ON registry_version (registry, label);

-- Which registers' fields name records of which register: by the newest version and by one that is on its way.
CREATE TABLE registry_link (
    registry BIGINT NOT NULL,
    field BIGINT NOT NULL,
    target BIGINT NOT NULL,
    target_field BIGINT NOT NULL,
    PRIMARY KEY (registry, field, target, target_field)
);
CREATE INDEX registry_link_target ON registry_link (target);

-- A version on its way: what is there is checked and prepared for it, batch after batch, before it is published.
CREATE TABLE publication (
    registry BIGINT NOT NULL PRIMARY KEY,
    phase TEXT NOT NULL CHECK (phase IN ('checking', 'tidying', 'withdrawing', 'refused')),
    schema TEXT NOT NULL,
    label TEXT NOT NULL,
    author TEXT NOT NULL,
    stage BIGINT NOT NULL,
    reached BYTEA NOT NULL,
    done BIGINT NOT NULL,
    faults TEXT NOT NULL,
    started_at BIGINT NOT NULL
);

-- A record. Its content is JSON by field id; see model/content.rs.
CREATE TABLE record (
    id BYTEA NOT NULL PRIMARY KEY,
    registry BIGINT NOT NULL,
    written_under BIGINT NOT NULL,
    version BIGINT NOT NULL,
    content TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    deleted_at BIGINT,
    deleted_by TEXT,
    deleted_why TEXT
);
CREATE INDEX record_of_registry ON record (registry, id) WHERE deleted_at IS NULL;

-- Who changed what. The values before and after are sealed with the record's key when they are personal.
CREATE TABLE record_change (
    id BYTEA NOT NULL PRIMARY KEY,
    registry BIGINT NOT NULL,
    record BYTEA NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT,
    action TEXT NOT NULL,
    version BIGINT NOT NULL,
    fields TEXT NOT NULL,
    details BYTEA NOT NULL,
    is_sealed BIGINT NOT NULL
);
CREATE INDEX record_change_of_record ON record_change (record, id);
CREATE INDEX record_change_of_registry ON record_change (registry, id);

-- Who read whose personal data (DRS-8). The person is named by a keyed hash.
CREATE TABLE record_read (
    id BYTEA NOT NULL PRIMARY KEY,
    registry BIGINT NOT NULL,
    record BYTEA NOT NULL,
    person BYTEA,
    at BIGINT NOT NULL,
    reader TEXT NOT NULL,
    reader_name TEXT,
    institution TEXT,
    application TEXT,
    fields TEXT NOT NULL,
    purpose TEXT,
    consent TEXT
);
CREATE INDEX record_read_of_person ON record_read (person, id);
CREATE INDEX record_read_of_record ON record_read (record, id);
CREATE INDEX record_read_of_registry ON record_read (registry, id);
