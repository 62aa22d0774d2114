//! How the public table names subjects and groups.

use stoa_core::Tenant;
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use crate::service::Listing;

impl FromRow for Listing {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            name: row.get(0)?,
            title: row.get(1)?,
            url: row.get(2)?,
            description: row.get(3)?,
            operator: row.get(4)?,
            operator_url: row.get(5)?,
            health_url: row.get(6)?,
            position: row.get(7)?,
            hidden: row.get(8)?,
        })
    }
}

/// All of them, in the order of the table.
pub(crate) async fn list(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<Vec<Listing>, StoreError> {
    tx.rows(
        "SELECT name, title, url, description, operator, operator_url, health_url, position, hidden FROM listing \
         WHERE tenant = $1 ORDER BY position, name",
        params![tenant.as_str()],
    )
    .await
}

/// Writes one, new or again.
pub(crate) async fn put(tx: &mut Tx<'_>, tenant: &Tenant, listing: &Listing) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO listing (tenant, name, title, url, description, operator, operator_url, health_url, position, \
         hidden, modified_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (tenant, name) DO UPDATE SET title = excluded.title, url = excluded.url, \
         description = excluded.description, operator = excluded.operator, operator_url = excluded.operator_url, \
         health_url = excluded.health_url, position = excluded.position, hidden = excluded.hidden, \
         modified_at = excluded.modified_at",
        params![
            tenant.as_str(),
            listing.name,
            listing.title,
            listing.url,
            listing.description,
            listing.operator,
            listing.operator_url,
            listing.health_url,
            listing.position,
            listing.hidden,
            now,
        ],
    )
    .await
    .map(drop)
}

/// Removes one; false where there is none.
pub(crate) async fn remove(tx: &mut Tx<'_>, tenant: &Tenant, name: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM listing WHERE tenant = $1 AND name = $2";
    Ok(tx.execute(sql, params![tenant.as_str(), name]).await? == 1)
}
