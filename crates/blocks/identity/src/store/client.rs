//! Clients and their secrets.

use stoa_core::{Instant, Tenant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use super::ClientId;

/// A client as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct ClientRow {
    pub(crate) id: ClientId,
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) metadata: String,
    pub(crate) is_active: bool,
    pub(crate) created_at: Instant,
    pub(crate) modified_at: Instant,
}

impl FromRow for ClientRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            tenant: row.get(1)?,
            client_id: row.get(2)?,
            metadata: row.get(3)?,
            is_active: row.get(4)?,
            created_at: row.get(5)?,
            modified_at: row.get(6)?,
        })
    }
}

const COLUMNS: &str = "id, tenant, client_id, metadata, is_active, created_at, modified_at";

/// The client of this name, whichever tenant it belongs to: the name is what it comes with.
pub(crate) async fn by_name(tx: &mut Tx<'_>, client_id: &str) -> Result<Option<ClientRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM client WHERE client_id = $1 AND deleted_at IS NULL");
    tx.find(&sql, params![client_id]).await
}

/// The client of this id.
pub(crate) async fn by_id(tx: &mut Tx<'_>, id: ClientId) -> Result<Option<ClientRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM client WHERE id = $1 AND deleted_at IS NULL");
    tx.find(&sql, params![id]).await
}

/// The tenant's client of this name.
pub(crate) async fn find(tx: &mut Tx<'_>, tenant: &Tenant, client_id: &str) -> Result<Option<ClientRow>, StoreError> {
    let found = by_name(tx, client_id).await?;
    Ok(found.filter(|row| row.tenant == tenant.as_str()))
}

/// Whether a client ever had this name.
pub(crate) async fn is_taken(tx: &mut Tx<'_>, client_id: &str) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = tx.find("SELECT 1 FROM client WHERE client_id = $1", params![client_id]).await?;
    Ok(row.is_some())
}

/// The tenant's clients whose names follow `after`, in order.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    after: &str,
    limit: u32,
) -> Result<Vec<ClientRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM client WHERE tenant = $1 AND client_id > $2 AND deleted_at IS NULL \
         ORDER BY client_id LIMIT $3"
    );
    tx.rows(&sql, params![tenant.as_str(), after, limit]).await
}

/// Adds a client.
pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    tenant: &Tenant,
    client_id: &str,
    name: &str,
    metadata: &str,
) -> Result<ClientId, StoreError> {
    let (id, now) = (tx.new_id(), tx.now());
    tx.execute(
        "INSERT INTO client (id, tenant, client_id, name, metadata, is_active, created_at, modified_at) \
         VALUES ($1, $2, $3, $4, $5, 1, $6, $6)",
        params![id, tenant.as_str(), client_id, name, metadata, now],
    )
    .await?;
    Ok(id)
}

/// Writes a client again.
pub(crate) async fn update(
    tx: &mut Tx<'_>,
    id: ClientId,
    name: &str,
    metadata: &str,
    is_active: bool,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "UPDATE client SET name = $2, metadata = $3, is_active = $4, modified_at = $5 WHERE id = $1",
        params![id, name, metadata, is_active, now],
    )
    .await?;
    Ok(())
}

/// Takes a client out for good.
pub(crate) async fn delete(tx: &mut Tx<'_>, id: ClientId) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute("UPDATE client SET deleted_at = $2, is_active = 0 WHERE id = $1", params![id, now]).await?;
    tx.execute("DELETE FROM client_secret WHERE client = $1", params![id]).await?;
    Ok(())
}

/// Adds a secret.
pub(crate) async fn add_secret(tx: &mut Tx<'_>, client: ClientId, hash: &[u8; 32]) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute("INSERT INTO client_secret (hash, client, created_at) VALUES ($1, $2, $3)", params![hash, client, now])
        .await?;
    Ok(())
}

/// The client's present secrets hold until then at most.
pub(crate) async fn end_secrets(tx: &mut Tx<'_>, client: ClientId, until: Instant) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE client_secret SET expires_at = $2 WHERE client = $1 AND (expires_at IS NULL OR expires_at > $2)",
        params![client, until],
    )
    .await?;
    Ok(())
}

/// The hashes of the client's secrets that hold, with their ends.
pub(crate) async fn secrets(tx: &mut Tx<'_>, client: ClientId) -> Result<Vec<([u8; 32], Option<Instant>)>, StoreError> {
    let now = tx.now();
    let sql =
        "SELECT hash, expires_at FROM client_secret WHERE client = $1 AND (expires_at IS NULL OR expires_at > $2)";
    tx.rows(sql, params![client, now]).await
}

/// Notes a token of somebody else that counts once; says whether it is new.
pub(crate) async fn note_seen(tx: &mut Tx<'_>, hash: &[u8; 32], expires_at: Instant) -> Result<bool, StoreError> {
    let made = tx
        .execute(
            "INSERT INTO seen_token (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
            params![hash, expires_at],
        )
        .await?;
    Ok(made > 0)
}
