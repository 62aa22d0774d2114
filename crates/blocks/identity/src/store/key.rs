//! Signing keys.

use stoa_core::Instant;
use stoa_store::{FromRow, Row, StoreError, Tx, params};

/// A key as it is stored.
pub(crate) struct KeyRow {
    pub(crate) id: String,
    pub(crate) algorithm: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) certificate: Vec<u8>,
    pub(crate) signs_from: Instant,
    pub(crate) signs_until: Instant,
    pub(crate) kept_until: Instant,
}

impl FromRow for KeyRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            algorithm: row.get(1)?,
            sealed: row.get(2)?,
            certificate: row.get(3)?,
            signs_from: row.get(4)?,
            signs_until: row.get(5)?,
            kept_until: row.get(6)?,
        })
    }
}

const COLUMNS: &str = "id, algorithm, sealed, certificate, signs_from, signs_until, kept_until";

/// All keys that are published now or will be.
pub(crate) async fn list(tx: &mut Tx<'_>) -> Result<Vec<KeyRow>, StoreError> {
    let now = tx.now();
    let sql = format!("SELECT {COLUMNS} FROM signing_key WHERE kept_until > $1 ORDER BY algorithm, signs_from");
    tx.rows(&sql, params![now]).await
}

/// Adds a key; says whether another one had its turn already.
pub(crate) async fn insert(tx: &mut Tx<'_>, key: &KeyRow) -> Result<bool, StoreError> {
    let now = tx.now();
    let made = tx
        .execute(
            "INSERT INTO signing_key (id, algorithm, sealed, certificate, created_at, signs_from, signs_until, \
             kept_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            params![
                key.id,
                key.algorithm,
                key.sealed,
                key.certificate,
                now,
                key.signs_from,
                key.signs_until,
                key.kept_until
            ],
        )
        .await?;
    Ok(made > 0)
}

/// Ends the turn of every key of an algorithm that signs now or later. What they signed is verified until `kept_until`.
pub(crate) async fn end_turns(tx: &mut Tx<'_>, algorithm: &str, kept_until: Instant) -> Result<u64, StoreError> {
    let now = tx.now();
    tx.execute(
        "UPDATE signing_key SET signs_until = $2, kept_until = $3 WHERE algorithm = $1 AND signs_until > $2",
        params![algorithm, now, kept_until],
    )
    .await
}

/// Ends every key of an algorithm at once: nothing that any of them signed holds any more.
pub(crate) async fn end_all(tx: &mut Tx<'_>, algorithm: &str) -> Result<u64, StoreError> {
    let now = tx.now();
    tx.execute(
        "UPDATE signing_key SET kept_until = $2, signs_until = CASE WHEN signs_until > $2 THEN $2 ELSE signs_until END \
         WHERE algorithm = $1 AND kept_until > $2",
        params![algorithm, now],
    )
    .await
}
