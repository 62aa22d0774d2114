-- Values by which records are found and sorted. A field's numbers and its other values have slots of their own; see
-- model/content.rs.
CREATE TABLE record_value (
    record BYTEA NOT NULL,
    slot BIGINT NOT NULL,
    value TEXT NOT NULL,
    registry BIGINT NOT NULL,
    PRIMARY KEY (record, slot, value)
);
CREATE INDEX record_value_found ON record_value (registry, slot, value, record);

-- Values that no two records may share; the key is a hash, so that long values and groups of values fit.
CREATE TABLE record_unique (
    registry BIGINT NOT NULL,
    rule TEXT NOT NULL,
    hash BYTEA NOT NULL,
    record BYTEA NOT NULL,
    PRIMARY KEY (registry, rule, hash)
);
CREATE INDEX record_unique_of_record ON record_unique (record);
