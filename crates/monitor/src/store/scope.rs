//! Scopes that were added.

use stoa_core::Tenant;
use stoa_store::{StoreError, Tx, params};

/// Those that were added: short name and document.
pub(crate) async fn list(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<Vec<(String, String)>, StoreError> {
    tx.rows("SELECT alias, document FROM scope WHERE tenant = $1 ORDER BY alias", params![tenant.as_str()]).await
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
