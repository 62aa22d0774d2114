-- Where events of this block are sent. The secret is sealed.
CREATE TABLE webhook (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    url TEXT NOT NULL,
    types TEXT NOT NULL,
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    disabled_at BIGINT,
    disabled_why TEXT
);
CREATE INDEX webhook_of_tenant ON webhook (tenant, id);

-- Each attempt to send one event to one webhook.
CREATE TABLE webhook_attempt (
    id BYTEA NOT NULL PRIMARY KEY,
    webhook BYTEA NOT NULL,
    event TEXT NOT NULL,
    type TEXT NOT NULL,
    at BIGINT NOT NULL,
    number BIGINT NOT NULL,
    status BIGINT,
    fault TEXT,
    micros BIGINT NOT NULL
);
CREATE INDEX webhook_attempt_of_webhook ON webhook_attempt (webhook, id);
