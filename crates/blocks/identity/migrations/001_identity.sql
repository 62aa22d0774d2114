-- A key that signs tokens, sealed. Which one signs follows from its times alone, so all nodes agree.
CREATE TABLE signing_key (
    id TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    -- Signed by itself (RFC 7517, x5c): for relying parties that want the key as one.
    certificate BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    signs_from BIGINT NOT NULL,
    signs_until BIGINT NOT NULL,
    kept_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX signing_key_turn ON signing_key (algorithm, signs_from);

-- A service or program. Its description is JSON with the names of RFC 7591; see model/client.rs.
CREATE TABLE client (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    client_id TEXT NOT NULL,
    name TEXT NOT NULL,
    metadata TEXT NOT NULL,
    is_active BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    deleted_at BIGINT
);
-- The id names a client to the whole provider, and is never given again: tokens and consents hold it.
CREATE UNIQUE INDEX client_name ON client (client_id);
CREATE INDEX client_tenant ON client (tenant, client_id);

-- Secrets are random: a fast hash is enough. The old one holds a while beside a new one.
CREATE TABLE client_secret (
    hash BYTEA NOT NULL PRIMARY KEY,
    client BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX client_secret_client ON client_secret (client);

-- What was signed by others and counts once: client assertions, proofs of possession.
CREATE TABLE seen_token (
    hash BYTEA NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX seen_token_expiry ON seen_token (expires_at);

-- A person. Which states, kinds of identifiers and of factors there are, the program knows: more come, and a constraint
-- could not be widened in place.
-- What is known of them is sealed with their own key; a number counts the versions.
CREATE TABLE person (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    profile BYTEA NOT NULL,
    roles TEXT NOT NULL,
    -- Sessions and tokens from before then do not hold any more.
    valid_from BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    erased_at BIGINT
);
CREATE INDEX person_tenant ON person (tenant, id);

-- What was known before, and who changed it.
CREATE TABLE person_version (
    person BYTEA NOT NULL,
    version BIGINT NOT NULL,
    profile BYTEA NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (person, version)
);

-- By what a person is found: a keyed hash, and the value itself sealed.
CREATE TABLE identifier (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    person BYTEA NOT NULL,
    kind TEXT NOT NULL,
    hash BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    verified_at BIGINT,
    expires_at BIGINT,
    ended_at BIGINT
);
CREATE UNIQUE INDEX identifier_value ON identifier (tenant, hash) WHERE ended_at IS NULL;
CREATE INDEX identifier_person ON identifier (person);

-- Keyed hashes of the words of people's names and of their dates of birth: an official finds whole words, a copied
-- database says none.
CREATE TABLE search_word (
    word BYTEA NOT NULL,
    person BYTEA NOT NULL,
    PRIMARY KEY (word, person)
);
CREATE INDEX search_word_person ON search_word (person);

-- How a person proves who they are. What is secret is sealed; of recovery codes only hashes are kept.
CREATE TABLE factor (
    id BYTEA NOT NULL PRIMARY KEY,
    person BYTEA NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    -- The last step of a one-time code, the counter of a passkey.
    counter BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    used_at BIGINT
);
CREATE INDEX factor_person ON factor (person);

-- A person who is signed in, in one browser.
CREATE TABLE person_session (
    id BYTEA NOT NULL PRIMARY KEY,
    secret_hash BYTEA NOT NULL,
    tenant TEXT NOT NULL,
    person BYTEA NOT NULL,
    methods TEXT NOT NULL,
    signed_in_at BIGINT NOT NULL,
    device TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX person_session_secret ON person_session (secret_hash);
CREATE INDEX person_session_person ON person_session (person);
CREATE INDEX person_session_expiry ON person_session (expires_at);

-- Browsers that a person came with: a new one is worth a message.
CREATE TABLE known_browser (
    person BYTEA NOT NULL,
    browser BYTEA NOT NULL,
    first_seen_at BIGINT NOT NULL,
    PRIMARY KEY (person, browser)
);

-- An authorization request on its way through pages, or a sign-in without one. It belongs to one browser.
CREATE TABLE authorization_transaction (
    hash BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    browser BYTEA NOT NULL,
    client BYTEA,
    request TEXT NOT NULL,
    -- Who has proved something in it so far, and how; not yet signed in.
    person BYTEA,
    methods TEXT NOT NULL,
    has_signed_in BIGINT NOT NULL,
    has_agreed BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX authorization_transaction_expiry ON authorization_transaction (expires_at);

-- A request that a client pushed (RFC 9126): counts once.
CREATE TABLE pushed_request (
    hash BYTEA NOT NULL PRIMARY KEY,
    client BYTEA NOT NULL,
    request TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX pushed_request_expiry ON pushed_request (expires_at);

-- What a person granted to a client in one sign-in: codes and tokens hang on it, and end with it.
CREATE TABLE client_grant (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    client BYTEA NOT NULL,
    person BYTEA NOT NULL,
    session BYTEA,
    scope TEXT NOT NULL,
    claims TEXT NOT NULL,
    resources TEXT NOT NULL,
    acr TEXT NOT NULL,
    methods TEXT NOT NULL,
    signed_in_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX client_grant_person ON client_grant (person, client);
CREATE INDEX client_grant_session ON client_grant (session);
CREATE INDEX client_grant_expiry ON client_grant (expires_at);

CREATE TABLE authorization_code (
    hash BYTEA NOT NULL PRIMARY KEY,
    client_grant BYTEA NOT NULL,
    redirect_uri TEXT NOT NULL,
    nonce TEXT,
    challenge TEXT,
    dpop_jkt TEXT,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX authorization_code_expiry ON authorization_code (expires_at);

-- Each counts once. One that comes a second time was stolen from somebody: the whole grant ends.
CREATE TABLE refresh_token (
    hash BYTEA NOT NULL PRIMARY KEY,
    client_grant BYTEA NOT NULL,
    dpop_jkt TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX refresh_token_grant ON refresh_token (client_grant);
CREATE INDEX refresh_token_expiry ON refresh_token (expires_at);

-- Access tokens that were revoked one by one, until they would have ended.
CREATE TABLE revoked_token (
    id TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_token_expiry ON revoked_token (expires_at);

-- What a person agreed to give a client.
CREATE TABLE consent (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    person BYTEA NOT NULL,
    client BYTEA NOT NULL,
    scope TEXT NOT NULL,
    claims TEXT NOT NULL,
    purpose TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE UNIQUE INDEX consent_held ON consent (person, client) WHERE withdrawn_at IS NULL;

-- Failures under one name, whether it is there or not, and from one network: keyed hashes.
CREATE TABLE attempt (
    hash BYTEA NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX attempt_last ON attempt (last_at);

-- Who asked for a person's data, what for, and what was answered: the person sees it.
CREATE TABLE person_read (
    id BYTEA NOT NULL PRIMARY KEY,
    person BYTEA NOT NULL,
    client BYTEA,
    reader TEXT NOT NULL,
    claims TEXT NOT NULL,
    purpose TEXT NOT NULL,
    read_at BIGINT NOT NULL
);
CREATE INDEX person_read_person ON person_read (person, id);

-- A code that was sent or handed to a person once: to set their first password, or a new one.
CREATE TABLE activation (
    hash BYTEA NOT NULL PRIMARY KEY,
    person BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX activation_expiry ON activation (expires_at);
