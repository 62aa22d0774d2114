//! Lists of records: narrowed, sorted, cut into pages.
//!
//! Each way to ask is written so that an index answers it in order, or so that only the records that match are sorted;
//! nothing is left to how an engine happens to plan.

use std::fmt::Write as _;

use stoa_store::search::Question;
use stoa_store::{Param, StoreError, Tx, Value, params};

use super::record::RecordRow;
use crate::model::IndexEntry;

/// What a list of records is narrowed to and sorted by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    /// All of these values must be there, exactly; the one that fewest records have comes first.
    pub(crate) equal: Vec<IndexEntry>,
    /// This must be answered.
    pub(crate) text: Option<Question>,
    /// Sorted by this instead of by creation.
    pub(crate) sort: Option<Sort>,
    /// The other way round. Records without a value come last all the same.
    pub(crate) descending: bool,
}

/// A field to sort by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sort {
    /// Its slot in the index.
    pub(crate) slot: i64,
    /// A record may have several values; the least of them decides.
    pub(crate) several: bool,
}

impl Selection {
    fn is_everything(&self) -> bool {
        self.equal.is_empty() && self.text.is_none()
    }
}

/// SQL under construction with its values.
struct Query {
    sql: String,
    values: Vec<Value>,
}

impl Query {
    fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    fn bind(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len()
    }

    fn integer(&mut self, integer: i64) -> usize {
        self.bind(Value::Integer(integer))
    }

    fn page(&mut self, limit: u64, offset: u64) {
        let limit = self.integer(i64::try_from(limit).unwrap_or(i64::MAX));
        let offset = self.integer(i64::try_from(offset).unwrap_or(i64::MAX));
        let _ = write!(self.sql, " LIMIT ${limit} OFFSET ${offset}");
    }

    fn params(&self) -> Vec<Param<'_>> {
        self.values.iter().map(stoa_store::ToParam::to_param).collect()
    }

    async fn rows(&self, tx: &mut Tx<'_>) -> Result<Vec<RecordRow>, StoreError> {
        tx.rows(&self.sql, &self.params()).await
    }

    /// Adds ` FROM … WHERE …` for the records that match; gives the column of their ids. The index holds no deleted
    /// record.
    fn matching(&mut self, registry: i64, selection: &Selection) -> &'static str {
        let registry = self.integer(registry);
        let Some((first, others)) = selection.equal.split_first() else {
            let _ = write!(self.sql, " FROM record m WHERE m.registry = ${registry} AND m.deleted_at IS NULL");
            self.matching_text(selection, "m.id");
            return "m.id";
        };
        let (slot, value) = (self.integer(first.slot), self.bind(Value::Text(first.text.clone())));
        let _ = write!(
            self.sql,
            " FROM record_value m WHERE m.registry = ${registry} AND m.slot = ${slot} AND m.value = ${value}"
        );
        for entry in others {
            let (slot, value) = (self.integer(entry.slot), self.bind(Value::Text(entry.text.clone())));
            let _ = write!(
                self.sql,
                " AND EXISTS (SELECT 1 FROM record_value a WHERE a.record = m.record AND a.slot = ${slot} \
                 AND a.value = ${value})"
            );
        }
        self.matching_text(selection, "m.record");
        "m.record"
    }

    fn matching_text(&mut self, selection: &Selection, id: &str) {
        if let Some(question) = &selection.text {
            let place = self.bind(Value::Text(question.param().to_owned()));
            let _ = write!(self.sql, " AND {id} IN ({})", question.ids(place));
        }
    }

    /// Adds ` FROM … WHERE …` for the entries that give each record of the register its place, one for each.
    fn placed(&mut self, registry: i64, sort: Sort) {
        let (registry, slot) = (self.integer(registry), self.integer(sort.slot));
        let _ = write!(self.sql, " FROM record_value o WHERE o.registry = ${registry} AND o.slot = ${slot}");
        if sort.several {
            let _ = write!(
                self.sql,
                " AND NOT EXISTS (SELECT 1 FROM record_value l WHERE l.record = o.record AND l.slot = ${slot} \
                 AND l.value < o.value)"
            );
        }
    }
}

/// The columns of a [`RecordRow`].
const COLUMNS: &str = "r.id, r.version, r.content, r.created_at, r.modified_at";

const fn way(selection: &Selection) -> &'static str {
    if selection.descending { "DESC" } else { "ASC" }
}

/// Records of a register, in order, at most `limit` after the first `offset`.
pub(crate) async fn select(
    tx: &mut Tx<'_>,
    registry: i64,
    selection: &Selection,
    limit: u32,
    offset: u64,
) -> Result<Vec<RecordRow>, StoreError> {
    match selection.sort {
        None => by_creation(tx, registry, selection, limit, offset).await,
        Some(sort) if selection.is_everything() => by_index(tx, registry, selection, sort, limit, offset).await,
        Some(sort) => sorted(tx, registry, selection, sort, limit, offset).await,
    }
}

/// Ids ascend with time, and both indexes hold them in their order.
async fn by_creation(
    tx: &mut Tx<'_>,
    registry: i64,
    selection: &Selection,
    limit: u32,
    offset: u64,
) -> Result<Vec<RecordRow>, StoreError> {
    let mut query = Query::new(&format!("SELECT {COLUMNS} FROM (SELECT "));
    // The ids first: the rows that a deep page leaves out are not read.
    let id = if selection.equal.is_empty() { "m.id" } else { "m.record" };
    let _ = write!(query.sql, "{id} AS id");
    query.matching(registry, selection);
    let _ = write!(query.sql, " ORDER BY {id} {}", way(selection));
    query.page(limit.into(), offset);
    let _ = write!(query.sql, ") p JOIN record r ON r.id = p.id ORDER BY r.id {}", way(selection));
    query.rows(tx).await
}

/// A whole register, in the order of the index.
async fn by_index(
    tx: &mut Tx<'_>,
    registry: i64,
    selection: &Selection,
    sort: Sort,
    limit: u32,
    offset: u64,
) -> Result<Vec<RecordRow>, StoreError> {
    let way = way(selection);
    let mut query = Query::new(&format!("SELECT {COLUMNS} FROM (SELECT o.record, o.value"));
    query.placed(registry, sort);
    let _ = write!(query.sql, " ORDER BY o.value {way}, o.record {way}");
    query.page(limit.into(), offset);
    let _ = write!(query.sql, ") p JOIN record r ON r.id = p.record ORDER BY p.value {way}, p.record {way}");
    let mut rows = query.rows(tx).await?;
    let left = u64::from(limit).saturating_sub(rows.len() as u64);
    if left == 0 {
        return Ok(rows);
    }
    let mut query = Query::new("SELECT count(*)");
    query.placed(registry, sort);
    let (placed,): (i64,) = tx.get(&query.sql, &query.params()).await?;
    let placed = u64::try_from(placed).unwrap_or(0);
    if placed < super::record::count(tx, registry).await? {
        rows.extend(without_value(tx, registry, selection, sort, left, offset.saturating_sub(placed)).await?);
    }
    Ok(rows)
}

/// The records that have no value to sort by.
async fn without_value(
    tx: &mut Tx<'_>,
    registry: i64,
    selection: &Selection,
    sort: Sort,
    limit: u64,
    offset: u64,
) -> Result<Vec<RecordRow>, StoreError> {
    let mut query = Query::new(&format!("SELECT {COLUMNS} FROM record r"));
    let (registry, slot) = (query.integer(registry), query.integer(sort.slot));
    let _ = write!(
        query.sql,
        " WHERE r.registry = ${registry} AND r.deleted_at IS NULL AND NOT EXISTS \
         (SELECT 1 FROM record_value o WHERE o.record = r.id AND o.slot = ${slot}) ORDER BY r.id {}",
        way(selection)
    );
    query.page(limit, offset);
    query.rows(tx).await
}

/// The records that match, sorted by the least value of each.
async fn sorted(
    tx: &mut Tx<'_>,
    registry: i64,
    selection: &Selection,
    sort: Sort,
    limit: u32,
    offset: u64,
) -> Result<Vec<RecordRow>, StoreError> {
    let order = |table: &str| {
        let way = way(selection);
        format!(" ORDER BY ({table}.value IS NULL), {table}.value {way}, {table}.id {way}")
    };
    let mut query = Query::new(&format!("SELECT {COLUMNS} FROM (SELECT s.id, s.value FROM (SELECT "));
    let slot = query.integer(sort.slot);
    let id = if selection.equal.is_empty() { "m.id" } else { "m.record" };
    let _ = write!(
        query.sql,
        "{id} AS id, (SELECT min(o.value) FROM record_value o WHERE o.record = {id} AND o.slot = ${slot}) AS value"
    );
    query.matching(registry, selection);
    query.sql.push_str(") s");
    query.sql.push_str(&order("s"));
    query.page(limit.into(), offset);
    query.sql.push_str(") p JOIN record r ON r.id = p.id");
    query.sql.push_str(&order("p"));
    query.rows(tx).await
}

/// How many records the selection holds.
pub(crate) async fn count(tx: &mut Tx<'_>, registry: i64, selection: &Selection) -> Result<u64, StoreError> {
    let mut query = Query::new("SELECT count(*)");
    query.matching(registry, selection);
    let (count,): (i64,) = tx.get(&query.sql, &query.params()).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// How many records have a value, as far as one wants to know.
pub(crate) async fn weight(tx: &mut Tx<'_>, registry: i64, entry: &IndexEntry, most: u32) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM record_value WHERE registry = $1 AND slot = $2 AND value = $3 \
               LIMIT $4) p";
    Ok(tx.get::<(i64,)>(sql, params![registry, entry.slot, entry.text, most]).await?.0)
}
