//! Records, and the values by which they are found.

use std::fmt::Write as _;

use stoa_core::{Id, Instant, Kind};
use stoa_store::{FromRow, Param, Row, StoreError, ToParam as _, Tx, Value, params};

use crate::model::IndexEntry;

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

/// What a list of records is narrowed to and sorted by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    /// All of these values must be there, exactly.
    pub(crate) equal: Vec<IndexEntry>,
    /// Sorted by this field instead of by creation.
    pub(crate) order: Option<i64>,
    /// The other way round.
    pub(crate) descending: bool,
}

/// SQL under construction with its values.
struct Query {
    sql: String,
    values: Vec<Value>,
}

impl Query {
    fn bind(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len()
    }

    fn params(&self) -> Vec<Param<'_>> {
        self.values.iter().map(stoa_store::ToParam::to_param).collect()
    }
}

fn from_where(registry: i64, selection: &Selection, query: &mut Query) {
    let registry = query.bind(Value::Integer(registry));
    query.sql.push_str(" FROM record r");
    if let Some(field) = selection.order {
        let field = query.bind(Value::Integer(field));
        let _ = write!(
            query.sql,
            " LEFT JOIN record_value o ON o.registry = ${registry} AND o.field = ${field} AND o.record = r.id"
        );
    }
    let _ = write!(query.sql, " WHERE r.registry = ${registry} AND r.deleted_at IS NULL");
    for entry in &selection.equal {
        let field = query.bind(Value::Integer(entry.field));
        let value = query.bind(Value::Text(entry.text.clone()));
        let _ = write!(
            query.sql,
            " AND r.id IN (SELECT record FROM record_value WHERE registry = ${registry} AND field = ${field} \
             AND value = ${value})"
        );
    }
}

/// Records of a register, in order, at most `limit` after the first `offset`.
pub(crate) async fn select(
    tx: &mut Tx<'_>,
    registry: i64,
    selection: &Selection,
    limit: u32,
    offset: u64,
) -> Result<Vec<RecordRow>, StoreError> {
    let mut query =
        Query { sql: "SELECT r.id, r.version, r.content, r.created_at, r.modified_at".to_owned(), values: Vec::new() };
    from_where(registry, selection, &mut query);
    let way = if selection.descending { "DESC" } else { "ASC" };
    match selection.order {
        Some(_) => {
            let _ = write!(query.sql, " ORDER BY o.value {way}, r.id {way}");
        }
        None => {
            let _ = write!(query.sql, " ORDER BY r.id {way}");
        }
    }
    let limit = query.bind(Value::Integer(i64::from(limit)));
    let offset = query.bind(Value::Integer(i64::try_from(offset).unwrap_or(i64::MAX)));
    let _ = write!(query.sql, " LIMIT ${limit} OFFSET ${offset}");
    tx.rows(&query.sql, &query.params()).await
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

/// How many records the selection holds.
pub(crate) async fn count(tx: &mut Tx<'_>, registry: i64, selection: &Selection) -> Result<u64, StoreError> {
    let mut query = Query { sql: "SELECT count(*)".to_owned(), values: Vec::new() };
    let unsorted = Selection { order: None, ..selection.clone() };
    from_where(registry, &unsorted, &mut query);
    Ok(tx.get::<(u64,)>(&query.sql, &query.params()).await?.0)
}

pub(crate) async fn get(tx: &mut Tx<'_>, registry: i64, id: RecordId) -> Result<Option<RecordRow>, StoreError> {
    tx.find(
        "SELECT id, version, content, created_at, modified_at FROM record \
         WHERE id = $1 AND registry = $2 AND deleted_at IS NULL",
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

/// Adds a record's values to the index, all in one statement.
pub(crate) async fn index(
    tx: &mut Tx<'_>,
    registry: i64,
    record: RecordId,
    entries: &[IndexEntry],
) -> Result<(), StoreError> {
    // Bounded, so that few different statements are compiled.
    for entries in entries.chunks(16) {
        let mut sql = "INSERT INTO record_value (registry, record, field, value) VALUES ".to_owned();
        let mut bound = vec![registry.to_param(), record.to_param()];
        for (at, entry) in entries.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let _ = write!(sql, "{comma}($1, $2, ${}, ${})", bound.len() + 1, bound.len() + 2);
            bound.push(entry.field.to_param());
            bound.push(entry.text.to_param());
        }
        tx.execute(&sql, &bound).await?;
    }
    Ok(())
}

/// Takes a record's values out of the index.
pub(crate) async fn unindex(
    tx: &mut Tx<'_>,
    registry: i64,
    record: RecordId,
    entries: &[IndexEntry],
) -> Result<(), StoreError> {
    for entry in entries {
        tx.execute(
            "DELETE FROM record_value WHERE registry = $1 AND field = $2 AND value = $3 AND record = $4",
            params![registry, entry.field, entry.text, record],
        )
        .await?;
    }
    Ok(())
}

/// Claims a value that no other record may have; false when another has it.
pub(crate) async fn claim(
    tx: &mut Tx<'_>,
    registry: i64,
    rule: &str,
    hash: &[u8; 32],
    record: RecordId,
) -> Result<bool, StoreError> {
    let inserted = tx
        .execute(
            "INSERT INTO record_unique (registry, rule, hash, record) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (registry, rule, hash) DO NOTHING",
            params![registry, rule, hash, record],
        )
        .await?;
    Ok(inserted == 1)
}

/// Gives a claimed value back.
pub(crate) async fn release(
    tx: &mut Tx<'_>,
    registry: i64,
    rule: &str,
    hash: &[u8; 32],
    record: RecordId,
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM record_unique WHERE registry = $1 AND rule = $2 AND hash = $3 AND record = $4",
        params![registry, rule, hash, record],
    )
    .await?;
    Ok(())
}

/// Whether a record of the register has this value in this field.
pub(crate) async fn has_value(tx: &mut Tx<'_>, registry: i64, entry: &IndexEntry) -> Result<bool, StoreError> {
    let found: Option<(i64,)> = tx
        .find(
            "SELECT 1 FROM record_value WHERE registry = $1 AND field = $2 AND value = $3 LIMIT 1",
            params![registry, entry.field, entry.text],
        )
        .await?;
    Ok(found.is_some())
}
