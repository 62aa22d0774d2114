//! The rows that the chain is made of, and the records as the chain sees them.

use stoa_core::{Id, Instant};
use stoa_store::{FromRow, Param, Row, StoreError, Tx, params};

use crate::chain::{Checkpoint, GENESIS, Head, Link, Place};
use crate::merkle::Hash;
use crate::record::{COLUMN_COUNT, COLUMNS};
use crate::signing::VerifyingKey;
use crate::{AuditError, Entry, RecordId};

const ID_BYTES: usize = 16;
const LEAF_BYTES: usize = ID_BYTES + 32;

/// A sealed batch, as its row says; nothing in it is believed before it was checked.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) link: Link,
    pub(crate) leaves: Vec<(RecordId, Hash)>,
    pub(crate) chain: Hash,
    pub(crate) at: Instant,
    pub(crate) key: [u8; 32],
    pub(crate) signature: [u8; 64],
}

/// A record with its place.
pub(crate) struct Placed {
    pub(crate) place: Place,
    pub(crate) entry: Entry,
}

impl FromRow for Placed {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            entry: Entry::from_row(row)?,
            place: Place { mark: row.get(COLUMN_COUNT)?, seq: row.get(COLUMN_COUNT + 1)? },
        })
    }
}

/// A record as verification meets it: whatever its row holds, reading it never fails.
pub(crate) struct Met {
    /// Its id, where there is one.
    pub(crate) id: Option<RecordId>,
    /// All of it, where every column holds what it should.
    pub(crate) record: Option<Placed>,
}

impl FromRow for Met {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { id: row.get(0).ok(), record: Placed::from_row(row).ok() })
    }
}

/// A batch as verification meets it.
pub(crate) struct MetBatch {
    /// Its number, where there is one.
    pub(crate) number: Option<u64>,
    /// All of it, where every column holds what it should.
    pub(crate) batch: Option<Batch>,
}

impl FromRow for MetBatch {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { number: row.get(0).ok(), batch: Batch::from_row(row).ok() })
    }
}

impl Batch {
    /// The leaves as the row holds them.
    pub(crate) fn pack(leaves: &[(RecordId, Hash)]) -> Vec<u8> {
        let mut packed = Vec::with_capacity(leaves.len() * LEAF_BYTES);
        for (id, leaf) in leaves {
            packed.extend_from_slice(id.as_bytes());
            packed.extend_from_slice(leaf);
        }
        packed
    }

    pub(crate) fn hashes(&self) -> Vec<Hash> {
        self.leaves.iter().map(|(_, leaf)| *leaf).collect()
    }

    /// The checkpoint that the row holds.
    pub(crate) fn checkpoint(&self, block: &str) -> Result<Checkpoint, AuditError> {
        let head = Head {
            block: block.to_owned(),
            batch: self.link.batch,
            records: self.link.records,
            chain: self.chain,
            at: self.at,
        };
        let key: VerifyingKey = crate::text::hex(&self.key).parse()?;
        Ok(Checkpoint { head, key, signature: self.signature })
    }
}

impl FromRow for Batch {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let unreadable = |what: &str| StoreError::Data { reason: format!("a batch of evidence: {what}") };
        let number = |index| -> Result<u64, StoreError> {
            row.get::<i64>(index)?.try_into().map_err(|_| unreadable("a number below zero"))
        };
        let packed: Vec<u8> = row.get(3)?;
        let (chunks, rest) = packed.as_chunks::<LEAF_BYTES>();
        if !rest.is_empty() {
            return Err(unreadable("leaves that are cut"));
        }
        let leaves = chunks
            .iter()
            .filter_map(|chunk| {
                let (id, leaf) = chunk.split_first_chunk::<ID_BYTES>()?;
                Some((Id::from_bytes(*id), leaf.try_into().ok()?))
            })
            .collect();
        let last = Place { mark: row.get(9)?, seq: row.get(10)? };
        Ok(Self {
            link: Link { batch: number(0)?, records: number(1)?, count: number(2)?, root: fixed(row, 4)?, last },
            leaves,
            chain: fixed(row, 5)?,
            at: row.get(6)?,
            key: fixed(row, 7)?,
            signature: fixed(row, 8)?,
        })
    }
}

fn fixed<const N: usize>(row: &Row, index: usize) -> Result<[u8; N], StoreError> {
    row.get::<Vec<u8>>(index)?
        .try_into()
        .map_err(|_| StoreError::Data { reason: "a batch of evidence: bytes of the wrong length".to_owned() })
}

const BATCH_COLUMNS: &str = "number, records, count, leaves, root, chain, at, key, signature, last_mark, last_seq";

/// The batch with the highest number, as its row says.
async fn last(tx: &mut Tx<'_>) -> Result<Option<Batch>, AuditError> {
    let met: Option<MetBatch> =
        tx.find(&format!("SELECT {BATCH_COLUMNS} FROM audit_batch ORDER BY number DESC LIMIT 1"), params![]).await?;
    met.map(|met| met.batch.ok_or(AuditError::Chain("the newest batch cannot be read"))).transpose()
}

/// The batch with the highest number, if it follows from the one before and its signature fits: what the next one may
/// build on. Whose signature it is, verification asks.
pub(crate) async fn last_sound(tx: &mut Tx<'_>) -> Result<Option<Batch>, AuditError> {
    let Some(batch) = last(tx).await? else { return Ok(None) };
    let before = chain_before(tx, &batch.link).await?;
    if batch.link.chain(&before) != batch.chain || !batch.checkpoint(tx.block())?.is_intact() {
        return Err(AuditError::Chain("the newest batch was altered"));
    }
    Ok(Some(batch))
}

/// The chain that a batch continues.
pub(crate) async fn chain_before(tx: &mut Tx<'_>, link: &Link) -> Result<Hash, AuditError> {
    if link.batch <= 1 {
        return Ok(GENESIS);
    }
    let before = i64::try_from(link.batch - 1).unwrap_or(i64::MAX);
    let row: Option<Row> = tx.find("SELECT chain FROM audit_batch WHERE number = $1", params![before]).await?;
    row.and_then(|row| fixed(&row, 0).ok()).ok_or(AuditError::Chain("the batch before cannot be read"))
}

/// The first batch whose number is above `number`, as its row says.
pub(crate) async fn next(tx: &mut Tx<'_>, number: u64) -> Result<Option<MetBatch>, StoreError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    tx.find(
        &format!("SELECT {BATCH_COLUMNS} FROM audit_batch WHERE number > $1 ORDER BY number LIMIT 1"),
        params![number],
    )
    .await
}

/// The batch whose records end at or behind a place.
pub(crate) async fn around(tx: &mut Tx<'_>, place: Place) -> Result<Option<Batch>, StoreError> {
    tx.find(
        &format!(
            "SELECT {BATCH_COLUMNS} FROM audit_batch WHERE (last_mark, last_seq) >= ($1, $2)
             ORDER BY last_mark, last_seq LIMIT 1"
        ),
        params![place.mark, place.seq],
    )
    .await
}

/// Records behind a place, or from the very first on, in the order of their commits.
pub(crate) async fn records_after<T: FromRow>(
    tx: &mut Tx<'_>,
    place: Option<Place>,
    limit: u64,
) -> Result<Vec<T>, StoreError> {
    rows_after(tx, place, None, limit).await
}

/// As [`records_after`], but only such as can get no earlier neighbour any more.
pub(crate) async fn settled_after(
    tx: &mut Tx<'_>,
    place: Option<Place>,
    limit: u64,
) -> Result<Vec<Placed>, StoreError> {
    let settled = tx.settled_mark().await?;
    rows_after(tx, place, Some(settled), limit).await
}

/// When the oldest of the next records behind a place was written, settled or not.
pub(crate) async fn waiting_since(
    tx: &mut Tx<'_>,
    place: Option<Place>,
    among: u64,
) -> Result<Option<Instant>, StoreError> {
    let (filter, values) = behind(place, None, among);
    let sql =
        format!("SELECT min(at) FROM (SELECT at FROM audit_record {filter} ORDER BY mark, seq LIMIT $1) AS waiting");
    Ok(tx.get::<(Option<Instant>,)>(&sql, &values).await?.0)
}

async fn rows_after<T: FromRow>(
    tx: &mut Tx<'_>,
    place: Option<Place>,
    below: Option<i64>,
    limit: u64,
) -> Result<Vec<T>, StoreError> {
    let (filter, values) = behind(place, below, limit);
    tx.rows(&format!("SELECT {COLUMNS}, mark, seq FROM audit_record {filter} ORDER BY mark, seq LIMIT $1"), &values)
        .await
}

/// The condition for records behind a place and below a mark, and its values; the first of them is the limit.
fn behind(place: Option<Place>, below: Option<i64>, limit: u64) -> (String, Vec<Param<'static>>) {
    let mut values = vec![Param::Integer(i64::try_from(limit).unwrap_or(i64::MAX))];
    let mut conditions = Vec::new();
    // Without a place there is no bound at all: a forged record may have the lowest mark that a column holds.
    if let Some(place) = place {
        values.extend([Param::Integer(place.mark), Param::Integer(place.seq)]);
        conditions.push("(mark, seq) > ($2, $3)".to_owned());
    }
    if let Some(below) = below {
        values.push(Param::Integer(below));
        conditions.push(format!("mark < ${}", values.len()));
    }
    let filter = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    (filter, values)
}

/// The latest checkpoint, to be kept elsewhere; its text is what `Display` writes.
pub async fn latest_checkpoint(tx: &mut Tx<'_>) -> Result<Option<Checkpoint>, AuditError> {
    let block = tx.block();
    last(tx).await?.map(|batch| batch.checkpoint(block)).transpose()
}
