-- A code that a page shows so that a wallet takes over its sign-in, and how far the wallet came. All names are hashes.
CREATE TABLE wallet_link (
    hash BYTEA NOT NULL PRIMARY KEY,
    -- The name by which the wallet goes on.
    linked BYTEA NOT NULL,
    request BYTEA NOT NULL,
    linkable_until BIGINT NOT NULL,
    linked_at BIGINT,
    -- Who signed in with the wallet, how and when; then what they agreed to, as JSON.
    person BYTEA,
    methods TEXT NOT NULL,
    signed_in_at BIGINT,
    agreed TEXT,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX wallet_link_linked ON wallet_link (linked);
CREATE INDEX wallet_link_expiry ON wallet_link (expires_at);

-- A wallet of a person: the public key that signs in it, and the certificate that says whose it is.
CREATE TABLE wallet_binding (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    person BYTEA NOT NULL,
    partner TEXT NOT NULL,
    wallet_user_id TEXT NOT NULL,
    thumbprint TEXT NOT NULL,
    factor TEXT NOT NULL,
    public_key TEXT NOT NULL,
    certificate BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX wallet_binding_key ON wallet_binding (person, thumbprint, factor);
CREATE INDEX wallet_binding_expiry ON wallet_binding (expires_at);

-- A code that was sent to a person: a keyed hash of both, which counts once.
CREATE TABLE sent_code (
    hash BYTEA NOT NULL PRIMARY KEY,
    person BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sent_code_person ON sent_code (person);
CREATE INDEX sent_code_expiry ON sent_code (expires_at);
