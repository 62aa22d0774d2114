//! What people agreed to.

use stoa_core::{Instant, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use super::{ClientId, ConsentId, PersonId};

/// A consent as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct ConsentRow {
    pub(crate) client: ClientId,
    pub(crate) scope: String,
    pub(crate) claims: String,
    pub(crate) purpose: String,
    pub(crate) given_at: Instant,
    pub(crate) expires_at: Instant,
    pub(crate) withdrawn_at: Option<Instant>,
}

impl FromRow for ConsentRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            client: row.get(0)?,
            scope: row.get(1)?,
            claims: row.get(2)?,
            purpose: row.get(3)?,
            given_at: row.get(4)?,
            expires_at: row.get(5)?,
            withdrawn_at: row.get(6)?,
        })
    }
}

const COLUMNS: &str = "client, scope, claims, purpose, given_at, expires_at, withdrawn_at";

/// What the person agreed to give this client and that holds.
pub(crate) async fn held(
    tx: &mut Tx<'_>,
    person: PersonId,
    client: ClientId,
) -> Result<Option<ConsentRow>, StoreError> {
    let now = tx.now();
    let sql = format!(
        "SELECT {COLUMNS} FROM consent WHERE person = $1 AND client = $2 AND withdrawn_at IS NULL AND expires_at > $3"
    );
    tx.find(&sql, params![person, client, now]).await
}

/// A consent that is given.
pub(crate) struct NewConsent<'a> {
    pub(crate) person: PersonId,
    pub(crate) client: ClientId,
    pub(crate) scope: &'a str,
    pub(crate) claims: &'a str,
    pub(crate) purpose: &'a str,
    pub(crate) expires_at: Instant,
}

/// Writes a consent in the place of the one before, which stays as it was.
pub(crate) async fn give(tx: &mut Tx<'_>, tenant: &Tenant, new: &NewConsent<'_>) -> Result<ConsentId, StoreError> {
    withdraw(tx, new.person, new.client).await?;
    let (id, now) = (tx.new_id(), tx.now());
    tx.execute(
        "INSERT INTO consent (id, tenant, person, client, scope, claims, purpose, given_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![id, tenant.as_str(), new.person, new.client, new.scope, new.claims, new.purpose, now, new.expires_at],
    )
    .await?;
    Ok(id)
}

/// Ends what the person agreed to give this client; says whether there was something.
pub(crate) async fn withdraw(tx: &mut Tx<'_>, person: PersonId, client: ClientId) -> Result<bool, StoreError> {
    let now = tx.now();
    let sql = "UPDATE consent SET withdrawn_at = $3 WHERE person = $1 AND client = $2 AND withdrawn_at IS NULL";
    Ok(tx.execute(sql, params![person, client, now]).await? > 0)
}

/// All consents of a person, the newest first.
pub(crate) async fn list(tx: &mut Tx<'_>, person: PersonId, limit: u32) -> Result<Vec<ConsentRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM consent WHERE person = $1 ORDER BY id DESC LIMIT $2");
    tx.rows(&sql, params![person, limit]).await
}
