-- Who may come in: programs by their accounts' keys, people by one-time links and sessions. Secrets are stored as SHA-256
-- only: they are random and long, so a slow hash would cost time and add nothing.

-- An account is what evidence names, for ever; its keys come and go.
CREATE TABLE service_account (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE UNIQUE INDEX service_account_by_name ON service_account (tenant, name);

CREATE TABLE api_key (
    id BYTEA NOT NULL PRIMARY KEY,
    account BYTEA NOT NULL,
    prefix TEXT NOT NULL,
    secret_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    revoked_by TEXT,
    last_used_at BIGINT
);
CREATE INDEX api_key_of_account ON api_key (account, id);

CREATE TABLE sign_in_link (
    secret_hash BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    roles TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE session (
    id BYTEA NOT NULL PRIMARY KEY,
    secret_hash BYTEA NOT NULL UNIQUE,
    csrf TEXT NOT NULL,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_of_tenant ON session (tenant, id);
