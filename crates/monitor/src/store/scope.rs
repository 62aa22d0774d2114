//! Scopes that were added.

use stoa_core::{Instant, Tenant};
use stoa_store::{StoreError, Tx, params};
use uuid::Uuid;

/// Those that were added: short name and document.
pub(crate) async fn list(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<Vec<(String, String)>, StoreError> {
    tx.rows("SELECT alias, document FROM scope WHERE tenant = $1 ORDER BY alias", params![tenant.as_str()]).await
}

/// What a scope said, earliest first: since when, and its document.
pub(crate) async fn editions(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    uuid: Uuid,
) -> Result<Vec<(Instant, String)>, StoreError> {
    tx.rows(
        "SELECT since, document FROM scope_edition WHERE tenant = $1 AND uuid = $2 ORDER BY since",
        params![tenant.as_str(), uuid.to_string()],
    )
    .await
}

/// The newest of them.
pub(crate) async fn newest_edition(tx: &mut Tx<'_>, tenant: &Tenant, uuid: Uuid) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> = tx
        .find(
            "SELECT document FROM scope_edition WHERE tenant = $1 AND uuid = $2 ORDER BY since DESC LIMIT 1",
            params![tenant.as_str(), uuid.to_string()],
        )
        .await?;
    Ok(found.map(|(document,)| document))
}

/// Keeps what a scope says from an instant on.
pub(crate) async fn put_edition(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    uuid: Uuid,
    since: Instant,
    document: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO scope_edition (tenant, uuid, since, document) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (tenant, uuid, since) DO UPDATE SET document = excluded.document",
        params![tenant.as_str(), uuid.to_string(), since, document],
    )
    .await
    .map(drop)
}

/// Writes a scope, new or in the place of the one with its id.
pub(crate) async fn put(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    uuid: &str,
    alias: &str,
    document: &str,
    by: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO scope (tenant, uuid, alias, document, added_at, added_by) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (tenant, uuid) DO UPDATE SET alias = excluded.alias, document = excluded.document, \
         added_at = excluded.added_at, added_by = excluded.added_by",
        params![tenant.as_str(), uuid, alias, document, now, by],
    )
    .await
    .map(drop)
}
