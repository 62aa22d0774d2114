//! What people granted: codes, refresh tokens, and access tokens that were revoked.

use stoa_core::{Instant, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use super::{ClientId, GrantId, PersonId, SessionId};

/// A grant as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct GrantRow {
    pub(crate) id: GrantId,
    pub(crate) client: ClientId,
    pub(crate) person: PersonId,
    pub(crate) session: Option<SessionId>,
    pub(crate) scope: String,
    pub(crate) claims: String,
    pub(crate) resources: String,
    pub(crate) acr: String,
    pub(crate) methods: String,
    pub(crate) signed_in_at: Instant,
    pub(crate) created_at: Instant,
    pub(crate) revoked_at: Option<Instant>,
}

impl FromRow for GrantRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            client: row.get(1)?,
            person: row.get(2)?,
            session: row.get(3)?,
            scope: row.get(4)?,
            claims: row.get(5)?,
            resources: row.get(6)?,
            acr: row.get(7)?,
            methods: row.get(8)?,
            signed_in_at: row.get(9)?,
            created_at: row.get(10)?,
            revoked_at: row.get(11)?,
        })
    }
}

const COLUMNS: &str = "id, client, person, session, scope, claims, resources, acr, methods, signed_in_at, \
                       created_at, revoked_at";

/// The grant of this id, whether it holds or not.
pub(crate) async fn by_id(tx: &mut Tx<'_>, id: GrantId) -> Result<Option<GrantRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM client_grant WHERE id = $1");
    tx.find(&sql, params![id]).await
}

/// A grant that begins.
pub(crate) struct NewGrant<'a> {
    pub(crate) client: ClientId,
    pub(crate) person: PersonId,
    pub(crate) session: Option<SessionId>,
    pub(crate) scope: &'a str,
    pub(crate) claims: &'a str,
    pub(crate) resources: &'a str,
    pub(crate) acr: &'a str,
    pub(crate) methods: &'a str,
    pub(crate) signed_in_at: Instant,
    pub(crate) expires_at: Instant,
}

/// Begins a grant.
pub(crate) async fn insert(tx: &mut Tx<'_>, tenant: &Tenant, new: &NewGrant<'_>) -> Result<GrantId, StoreError> {
    let (id, now) = (tx.new_id(), tx.now());
    tx.execute(
        "INSERT INTO client_grant (id, tenant, client, person, session, scope, claims, resources, acr, methods, \
         signed_in_at, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        params![
            id,
            tenant.as_str(),
            new.client,
            new.person,
            new.session,
            new.scope,
            new.claims,
            new.resources,
            new.acr,
            new.methods,
            new.signed_in_at,
            now,
            new.expires_at
        ],
    )
    .await?;
    Ok(id)
}

/// The grant goes on until then.
pub(crate) async fn prolong(tx: &mut Tx<'_>, id: GrantId, until: Instant) -> Result<(), StoreError> {
    tx.execute("UPDATE client_grant SET expires_at = $2 WHERE id = $1 AND expires_at < $2", params![id, until]).await?;
    Ok(())
}

/// Ends a grant with all its tokens; says whether it held.
pub(crate) async fn revoke(tx: &mut Tx<'_>, id: GrantId) -> Result<bool, StoreError> {
    let now = tx.now();
    let sql = "UPDATE client_grant SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![id, now]).await? > 0)
}

/// Ends all grants of a person to one client, or to all; says how many.
pub(crate) async fn revoke_all(tx: &mut Tx<'_>, person: PersonId, client: Option<ClientId>) -> Result<u64, StoreError> {
    let now = tx.now();
    let sql = "UPDATE client_grant SET revoked_at = $2 WHERE person = $1 AND revoked_at IS NULL";
    match client {
        Some(client) => tx.execute(&format!("{sql} AND client = $3"), params![person, now, client]).await,
        None => tx.execute(sql, params![person, now]).await,
    }
}

/// A code as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct CodeRow {
    pub(crate) grant: GrantId,
    pub(crate) redirect_uri: String,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) dpop_jkt: Option<String>,
    pub(crate) expires_at: Instant,
    pub(crate) used_at: Option<Instant>,
}

impl FromRow for CodeRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            grant: row.get(0)?,
            redirect_uri: row.get(1)?,
            nonce: row.get(2)?,
            challenge: row.get(3)?,
            dpop_jkt: row.get(4)?,
            expires_at: row.get(5)?,
            used_at: row.get(6)?,
        })
    }
}

/// Adds a code.
pub(crate) async fn add_code(tx: &mut Tx<'_>, hash: &[u8; 32], code: &CodeRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO authorization_code (hash, client_grant, redirect_uri, nonce, challenge, dpop_jkt, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![hash, code.grant, code.redirect_uri, code.nonce, code.challenge, code.dpop_jkt, code.expires_at],
    )
    .await?;
    Ok(())
}

/// The code of this hash.
pub(crate) async fn code(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<CodeRow>, StoreError> {
    tx.find(
        "SELECT client_grant, redirect_uri, nonce, challenge, dpop_jkt, expires_at, used_at FROM authorization_code \
         WHERE hash = $1",
        params![hash],
    )
    .await
}

/// Uses a code up; says whether it was still to be had.
pub(crate) async fn use_code(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<bool, StoreError> {
    let now = tx.now();
    let sql = "UPDATE authorization_code SET used_at = $2 WHERE hash = $1 AND used_at IS NULL";
    Ok(tx.execute(sql, params![hash, now]).await? > 0)
}

/// A refresh token as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct RefreshRow {
    pub(crate) grant: GrantId,
    pub(crate) dpop_jkt: Option<String>,
    pub(crate) expires_at: Instant,
    pub(crate) used_at: Option<Instant>,
}

impl FromRow for RefreshRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { grant: row.get(0)?, dpop_jkt: row.get(1)?, expires_at: row.get(2)?, used_at: row.get(3)? })
    }
}

/// Adds a refresh token.
pub(crate) async fn add_refresh(
    tx: &mut Tx<'_>,
    hash: &[u8; 32],
    grant: GrantId,
    dpop_jkt: Option<&str>,
    expires_at: Instant,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO refresh_token (hash, client_grant, dpop_jkt, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        params![hash, grant, dpop_jkt, now, expires_at],
    )
    .await?;
    Ok(())
}

/// The refresh token of this hash.
pub(crate) async fn refresh(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<RefreshRow>, StoreError> {
    tx.find("SELECT client_grant, dpop_jkt, expires_at, used_at FROM refresh_token WHERE hash = $1", params![hash])
        .await
}

/// Uses a refresh token up; says whether it was still to be had.
pub(crate) async fn use_refresh(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<bool, StoreError> {
    let now = tx.now();
    let sql = "UPDATE refresh_token SET used_at = $2 WHERE hash = $1 AND used_at IS NULL";
    Ok(tx.execute(sql, params![hash, now]).await? > 0)
}

/// Notes that an access token does not hold any more.
pub(crate) async fn revoke_token(tx: &mut Tx<'_>, id: &str, expires_at: Instant) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO revoked_token (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        params![id, expires_at],
    )
    .await?;
    Ok(())
}

/// Whether an access token was revoked by itself.
pub(crate) async fn is_revoked(tx: &mut Tx<'_>, id: &str) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = tx.find("SELECT 1 FROM revoked_token WHERE id = $1", params![id]).await?;
    Ok(row.is_some())
}
