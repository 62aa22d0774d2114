//! Records as they are stored.

use stoa_core::{Id, Instant, Kind};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

/// Marks the ids of records.
#[derive(Debug)]
pub struct RecordKind;
impl Kind for RecordKind {
    const NAME: &'static str = "record";
}

/// The id of a record.
pub type RecordId = Id<RecordKind>;

/// A record as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct RecordRow {
    pub(crate) id: RecordId,
    pub(crate) version: i64,
    pub(crate) content: String,
    pub(crate) created_at: Instant,
    pub(crate) modified_at: Instant,
}

impl FromRow for RecordRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            version: row.get(1)?,
            content: row.get(2)?,
            created_at: row.get(3)?,
            modified_at: row.get(4)?,
        })
    }
}

/// Records after an id, oldest first: for exports and for pages by cursor.
pub(crate) async fn select_after(
    tx: &mut Tx<'_>,
    registry: i64,
    after: Option<RecordId>,
    limit: u32,
) -> Result<Vec<RecordRow>, StoreError> {
    let after = after.unwrap_or(RecordId::from_bytes([0; 16]));
    tx.rows(
        "SELECT id, version, content, created_at, modified_at FROM record \
         WHERE registry = $1 AND id > $2 AND deleted_at IS NULL ORDER BY id LIMIT $3",
        params![registry, after, limit],
    )
    .await
}

/// How many records the register holds.
pub(crate) async fn count(tx: &mut Tx<'_>, registry: i64) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM record WHERE registry = $1 AND deleted_at IS NULL";
    let (count,): (i64,) = tx.get(sql, params![registry]).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Whether the register holds any record.
pub(crate) async fn any(tx: &mut Tx<'_>, registry: i64) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM record WHERE registry = $1 AND deleted_at IS NULL LIMIT 1";
    Ok(tx.find::<(i64,)>(sql, params![registry]).await?.is_some())
}

/// Whether the register holds any record, or has held one.
pub(crate) async fn any_ever(tx: &mut Tx<'_>, registry: i64) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM record_change WHERE registry = $1 LIMIT 1";
    Ok(tx.find::<(i64,)>(sql, params![registry]).await?.is_some())
}

pub(crate) async fn get(tx: &mut Tx<'_>, registry: i64, id: RecordId) -> Result<Option<RecordRow>, StoreError> {
    tx.find(
        "SELECT id, version, content, created_at, modified_at FROM record \
         WHERE id = $1 AND registry = $2 AND deleted_at IS NULL",
        params![id, registry],
    )
    .await
}

/// As [`get`], also a deleted one.
pub(crate) async fn get_any(tx: &mut Tx<'_>, registry: i64, id: RecordId) -> Result<Option<RecordRow>, StoreError> {
    tx.find(
        "SELECT id, version, content, created_at, modified_at FROM record WHERE id = $1 AND registry = $2",
        params![id, registry],
    )
    .await
}

pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    registry: i64,
    written_under: i64,
    row: &RecordRow,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO record (id, registry, written_under, version, content, created_at, modified_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![row.id, registry, written_under, row.version, row.content, row.created_at, row.modified_at],
    )
    .await?;
    Ok(())
}

pub(crate) async fn update(tx: &mut Tx<'_>, written_under: i64, row: &RecordRow) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE record SET written_under = $2, version = $3, content = $4, modified_at = $5 WHERE id = $1",
        params![row.id, written_under, row.version, row.content, row.modified_at],
    )
    .await?;
    Ok(())
}

pub(crate) async fn delete(
    tx: &mut Tx<'_>,
    id: RecordId,
    at: Instant,
    by: &str,
    why: Option<&str>,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE record SET deleted_at = $2, deleted_by = $3, deleted_why = $4, version = version + 1 WHERE id = $1",
        params![id, at, by, why],
    )
    .await?;
    Ok(())
}
