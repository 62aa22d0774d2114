//! Proofs of inclusion: that one record belongs to what a signed checkpoint vouches for, without showing the others.

use stoa_store::{Tx, params};

use crate::batch::{self, Batch, Placed};
use crate::chain::{Checkpoint, Link};
use crate::merkle::{self, Hash};
use crate::record::COLUMNS;
use crate::signing::VerifyingKey;
use crate::{AuditError, Entry, RecordId};

/// Proves that a record was sealed. Hand it out with the record; whoever has the node's public key can check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The record's index in its batch, from 0.
    pub index: u64,
    /// What the batch adds to the chain.
    pub link: Link,
    /// The hashes beside the record's way to the root, from the leaf upwards.
    pub path: Vec<Hash>,
    /// The chain before the batch.
    pub before: Hash,
    /// The signed checkpoint of the batch.
    pub checkpoint: Checkpoint,
}

impl Proof {
    /// Whether this proves that the record, exactly as it is here, was sealed under one of these keys.
    pub fn holds(&self, entry: &Entry, trusted: &[VerifyingKey]) -> bool {
        let root = merkle::root_by_path(&entry.leaf(), self.index, self.link.count, &self.path);
        root == Some(self.link.root)
            && self.link.chain(&self.before) == self.checkpoint.head.chain
            && self.checkpoint.is_signed_by(trusted)
    }
}

/// A record and the proof of it. [`AuditError::NotSealed`] in the first second of a record's life.
pub async fn prove(tx: &mut Tx<'_>, id: RecordId) -> Result<(Entry, Proof), AuditError> {
    let row: Option<Placed> = tx
        .find(&format!("SELECT {COLUMNS}, mark, seq FROM audit_record WHERE id = $1 AND mark >= 0"), params![id])
        .await?;
    let Placed { entry, place } = row.ok_or(AuditError::NotFound)?;
    let batch: Batch = batch::around(tx, place).await?.ok_or(AuditError::NotSealed)?;
    let before = batch::chain_before(tx, &batch.link).await?;
    let index = batch
        .leaves
        .iter()
        .position(|(sealed, _)| *sealed == id)
        .ok_or(AuditError::Chain("the record is not in the batch that it should be in"))?;
    let path = merkle::path(&batch.hashes(), index).ok_or(AuditError::Chain("the batch is too short"))?;
    let checkpoint = batch.checkpoint(tx.block())?;
    Ok((entry, Proof { index: index as u64, link: batch.link, path, before, checkpoint }))
}
