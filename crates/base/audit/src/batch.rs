//! The rows that the chain is made of, and the records as the chain sees them.

use stoa_core::{Id, Instant};
use stoa_store::{FromRow, Row, StoreError, Tx, params};

use crate::chain::{Checkpoint, Head, Link};
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
    pub(crate) last: Place,
}

/// A record's place in the order of commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) mark: i64,
    pub(crate) seq: i64,
}

impl Place {
    /// Before every record.
    pub(crate) const START: Self = Self { mark: -1, seq: -1 };
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
        Ok(Self {
            link: Link { batch: number(0)?, records: number(1)?, count: number(2)?, root: fixed(row, 4)? },
            leaves,
            chain: fixed(row, 5)?,
            at: row.get(6)?,
            key: fixed(row, 7)?,
            signature: fixed(row, 8)?,
            last: Place { mark: row.get(9)?, seq: row.get(10)? },
        })
    }
}

fn fixed<const N: usize>(row: &Row, index: usize) -> Result<[u8; N], StoreError> {
    row.get::<Vec<u8>>(index)?
        .try_into()
        .map_err(|_| StoreError::Data { reason: "a batch of evidence: bytes of the wrong length".to_owned() })
}

const BATCH_COLUMNS: &str = "number, records, count, leaves, root, chain, at, key, signature, last_mark, last_seq";

/// The batch with the highest number.
pub(crate) async fn last(tx: &mut Tx<'_>) -> Result<Option<Batch>, StoreError> {
    tx.find(&format!("SELECT {BATCH_COLUMNS} FROM audit_batch ORDER BY number DESC LIMIT 1"), params![]).await
}

/// The first batch whose number is above `number`.
pub(crate) async fn next(tx: &mut Tx<'_>, number: u64) -> Result<Option<Batch>, StoreError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    tx.find(
        &format!("SELECT {BATCH_COLUMNS} FROM audit_batch WHERE number > $1 ORDER BY number LIMIT 1"),
        params![number],
    )
    .await
}

/// Records behind a place, in the order of their commits; only such as can get no earlier neighbour any more.
pub(crate) async fn records_after(tx: &mut Tx<'_>, place: Place, limit: u64) -> Result<Vec<Placed>, StoreError> {
    let settled = tx.settled_mark().await?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.rows(
        &format!(
            "SELECT {COLUMNS}, mark, seq FROM audit_record
             WHERE (mark, seq) > ($1, $2) AND mark < $3 ORDER BY mark, seq LIMIT $4"
        ),
        params![place.mark, place.seq, settled, limit],
    )
    .await
}

/// The latest checkpoint, to be kept elsewhere; its text is what `Display` writes.
pub async fn latest_checkpoint(tx: &mut Tx<'_>) -> Result<Option<Checkpoint>, AuditError> {
    let block = tx.block();
    last(tx).await?.map(|batch| batch.checkpoint(block)).transpose()
}
