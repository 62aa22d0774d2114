-- Whoever takes part: a subject that is tested, or a service that tests for others. One that left keeps its row, since
-- its evidence stays.
CREATE TABLE account (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    group_name TEXT,
    roles BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    retired_at BIGINT
);
CREATE UNIQUE INDEX account_subject ON account (tenant, subject);

-- What an account comes in with: the hash of a secret, as argon2 or bcrypt write it, or of a random secret of ours.
CREATE TABLE account_secret (
    account BYTEA NOT NULL,
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, hash)
);

-- What an account signs with, as a line of authorized_keys has it.
CREATE TABLE account_key (
    account BYTEA NOT NULL,
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, name)
);

-- Who may act for whom.
CREATE TABLE delegation (
    account BYTEA NOT NULL,
    delegate BYTEA NOT NULL,
    PRIMARY KEY (account, delegate)
);
CREATE INDEX delegation_delegate ON delegation (delegate);

-- How the public table names a subject or a group, and where its links lead.
CREATE TABLE listing (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    operator TEXT NOT NULL,
    operator_url TEXT NOT NULL,
    health_url TEXT NOT NULL,
    position BIGINT NOT NULL,
    hidden BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
);

-- Scopes that were added to those of the program, or that stand in the place of one of them.
CREATE TABLE scope (
    tenant TEXT NOT NULL,
    uuid TEXT NOT NULL,
    alias TEXT NOT NULL,
    document TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    added_by TEXT NOT NULL,
    PRIMARY KEY (tenant, uuid)
);
CREATE UNIQUE INDEX scope_alias ON scope (tenant, alias);

-- A report that was taken. `results` is JSON: numbers of verdicts by test case; `version` is set on those of before 2025.
CREATE TABLE report (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    checked_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    submitter TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('own', 'delegate', 'moved')),
    results TEXT NOT NULL,
    pruned_at BIGINT
);
CREATE INDEX report_subject ON report (tenant, subject, scope, checked_at);
CREATE INDEX report_time ON report (tenant, checked_at);

-- The evidence itself, byte for byte, with what it takes to verify it again. Several reports can come in one body.
CREATE TABLE submission (
    id BYTEA NOT NULL PRIMARY KEY,
    content_type TEXT NOT NULL,
    body BYTEA NOT NULL,
    signature TEXT NOT NULL,
    public_key TEXT NOT NULL
);
CREATE TABLE report_submission (
    report BYTEA NOT NULL PRIMARY KEY,
    submission BYTEA NOT NULL,
    place BIGINT NOT NULL
);

-- The newest result of each test case of a subject under a scope, as JSON. It follows from the evidence and can be made
-- anew from it at any time; `version` counts its changes.
CREATE TABLE standing (
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    results TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, subject, scope)
);

-- What a person found out about a test case that no program can decide; counts once a second person approved it.
CREATE TABLE manual_result (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    test_case TEXT NOT NULL,
    result BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    evidence TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'rejected')),
    decided_by TEXT,
    decided_at BIGINT
);
CREATE INDEX manual_result_subject ON manual_result (tenant, subject, scope);

-- A failure that is tolerated until a day, with the reason.
CREATE TABLE waiver (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    test_case TEXT NOT NULL,
    reason TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    withdrawn_by TEXT
);
CREATE INDEX waiver_subject ON waiver (tenant, subject, scope);

-- What an approver said about a single result of a report (the published monitor's approvals).
CREATE TABLE approval (
    report BYTEA NOT NULL,
    version TEXT NOT NULL,
    test_case TEXT NOT NULL,
    approval BIGINT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (report, version, test_case)
);

-- The state of each subject under each scope as it was last told, and every change of it.
CREATE TABLE told_state (
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    state TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (tenant, subject, scope)
);
CREATE TABLE state_change (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    at BIGINT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    before_state TEXT NOT NULL,
    before_version TEXT NOT NULL,
    after_state TEXT NOT NULL,
    after_version TEXT NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('evidence', 'decision', 'time')),
    evidence BYTEA
);
CREATE INDEX state_change_time ON state_change (tenant, at);

-- Who is told of changes by mail. Nobody is before they confirmed it.
CREATE TABLE subscription (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    email TEXT NOT NULL,
    subject TEXT NOT NULL,
    scope TEXT NOT NULL,
    language TEXT NOT NULL,
    token TEXT NOT NULL,
    weekly BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT
);
CREATE UNIQUE INDEX subscription_token ON subscription (token);
CREATE UNIQUE INDEX subscription_one ON subscription (tenant, email, subject, scope);

-- What was mailed for good, so that nothing is mailed twice.
CREATE TABLE mailed (
    subscription BYTEA NOT NULL,
    what TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (subscription, what)
);
