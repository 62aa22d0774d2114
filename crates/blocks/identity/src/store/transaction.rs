//! Authorization requests on their way, and those that were pushed.

use stoa_core::{Instant, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use super::{ClientId, PersonId};

/// A transaction as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct TransactionRow {
    pub(crate) tenant: String,
    pub(crate) client: Option<ClientId>,
    pub(crate) request: String,
    pub(crate) person: Option<PersonId>,
    pub(crate) methods: String,
    pub(crate) has_signed_in: bool,
    pub(crate) has_agreed: bool,
}

impl FromRow for TransactionRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: row.get(0)?,
            client: row.get(1)?,
            request: row.get(2)?,
            person: row.get(3)?,
            methods: row.get(4)?,
            has_signed_in: row.get(5)?,
            has_agreed: row.get(6)?,
        })
    }
}

const COLUMNS: &str = "tenant, client, request, person, methods, has_signed_in, has_agreed";

/// The transaction of this secret in this browser, while it holds.
pub(crate) async fn find(
    tx: &mut Tx<'_>,
    hash: &[u8; 32],
    browser: &[u8; 32],
) -> Result<Option<TransactionRow>, StoreError> {
    let now = tx.now();
    let sql =
        format!("SELECT {COLUMNS} FROM authorization_transaction WHERE hash = $1 AND browser = $2 AND expires_at > $3");
    tx.find(&sql, params![hash, browser, now]).await
}

/// The transaction of this secret, whichever browser it began in: for a wallet, which has another.
pub(crate) async fn find_anywhere(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<Option<TransactionRow>, StoreError> {
    let now = tx.now();
    let sql = format!("SELECT {COLUMNS} FROM authorization_transaction WHERE hash = $1 AND expires_at > $2");
    tx.find(&sql, params![hash, now]).await
}

/// A transaction that begins.
pub(crate) struct NewTransaction<'a> {
    pub(crate) hash: &'a [u8; 32],
    pub(crate) browser: &'a [u8; 32],
    pub(crate) client: Option<ClientId>,
    pub(crate) request: &'a str,
    pub(crate) expires_at: Instant,
}

/// Begins a transaction.
pub(crate) async fn insert(tx: &mut Tx<'_>, tenant: &Tenant, new: &NewTransaction<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO authorization_transaction (hash, tenant, browser, client, request, methods, has_signed_in, \
         has_agreed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, '', 0, 0, $6, $7)",
        params![new.hash, tenant.as_str(), new.browser, new.client, new.request, now, new.expires_at],
    )
    .await?;
    Ok(())
}

/// Notes who has proved something, and how, while more is wanted.
pub(crate) async fn set_proved(
    tx: &mut Tx<'_>,
    hash: &[u8; 32],
    person: Option<PersonId>,
    methods: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE authorization_transaction SET person = $2, methods = $3 WHERE hash = $1",
        params![hash, person, methods],
    )
    .await?;
    Ok(())
}

/// Notes that the person signed in.
pub(crate) async fn set_signed_in(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE authorization_transaction SET has_signed_in = 1, person = NULL, methods = '' WHERE hash = $1",
        params![hash],
    )
    .await?;
    Ok(())
}

/// Notes that the person agreed.
pub(crate) async fn set_agreed(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<(), StoreError> {
    tx.execute("UPDATE authorization_transaction SET has_agreed = 1 WHERE hash = $1", params![hash]).await?;
    Ok(())
}

/// Ends a transaction; says whether it was there, so that only one of two ends it.
pub(crate) async fn delete(tx: &mut Tx<'_>, hash: &[u8; 32]) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM authorization_transaction WHERE hash = $1", params![hash]).await? > 0)
}

/// Keeps a request that a client pushed.
pub(crate) async fn push(
    tx: &mut Tx<'_>,
    hash: &[u8; 32],
    client: ClientId,
    request: &str,
    expires_at: Instant,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO pushed_request (hash, client, request, expires_at) VALUES ($1, $2, $3, $4)",
        params![hash, client, request, expires_at],
    )
    .await?;
    Ok(())
}

/// Takes a pushed request, once.
pub(crate) async fn take_pushed(
    tx: &mut Tx<'_>,
    hash: &[u8; 32],
    client: ClientId,
) -> Result<Option<String>, StoreError> {
    let now = tx.now();
    let row: Option<(String,)> = tx
        .find(
            "UPDATE pushed_request SET used_at = $3 WHERE hash = $1 AND client = $2 AND used_at IS NULL \
             AND expires_at > $3 RETURNING request",
            params![hash, client, now],
        )
        .await?;
    Ok(row.map(|(request,)| request))
}
