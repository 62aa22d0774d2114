//! Verification: goes through the chain and all records again, and names the first place where they do not agree.
//!
//! Memory stays small however long the chain is: one batch at a time.

use std::fmt;

use stoa_core::Instant;
use stoa_store::{Store, Tx, params};

use crate::batch::{self, Batch, Place, Placed};
use crate::chain::{Checkpoint, GENESIS};
use crate::merkle::{self, Hash};
use crate::signing::VerifyingKey;
use crate::{AuditError, RecordId};

/// What verification found first. Positions count the sealed records of the database from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A sealed record is gone.
    Removed {
        /// Which.
        record: RecordId,
        /// Its position.
        position: u64,
    },
    /// A sealed record does not say what it said when it was sealed.
    Changed {
        /// Which.
        record: RecordId,
        /// Its position.
        position: u64,
    },
    /// A record stands among the sealed ones that was never sealed.
    Inserted {
        /// Which.
        record: RecordId,
        /// The position in front of which it stands.
        position: u64,
    },
    /// Sealed records stand in another order.
    Reordered {
        /// The record that belongs at this position.
        record: RecordId,
        /// The position.
        position: u64,
        /// The record that stands there instead.
        found: Option<RecordId>,
    },
    /// The chain's own rows do not agree with each other, or one is missing.
    ChainBroken {
        /// The number of the batch.
        batch: u64,
        /// What does not fit.
        what: &'static str,
    },
    /// A checkpoint's signature does not fit, or is by a key that is not trusted.
    Forged {
        /// The number of the batch.
        batch: u64,
    },
    /// The chain ends before the checkpoint that was kept elsewhere.
    TailCut {
        /// Records that the checkpoint vouches for.
        vouched: u64,
        /// Sealed records that are there.
        there: u64,
    },
    /// The chain is not the one that the checkpoint kept elsewhere vouches for: it was written anew, with the key.
    Rewritten {
        /// The number of the batch.
        batch: u64,
    },
    /// The checkpoint given to compare with does not hold itself: altered, of another block, or by an untrusted key.
    CheckpointUnfit {
        /// Why.
        why: &'static str,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed { record, position } => write!(f, "record {record} (position {position}) was removed"),
            Self::Changed { record, position } => write!(f, "record {record} (position {position}) was changed"),
            Self::Inserted { record, position } => {
                write!(f, "record {record} was inserted in front of position {position}")
            }
            Self::Reordered { record, position, .. } => {
                write!(f, "record {record} does not stand at its position {position}: records were reordered")
            }
            Self::ChainBroken { batch, what } => write!(f, "the chain is broken at batch {batch}: {what}"),
            Self::Forged { batch } => write!(f, "the checkpoint of batch {batch} is not signed by a trusted key"),
            Self::TailCut { vouched, there } => {
                write!(f, "the tail was cut off: the checkpoint vouches for {vouched} records, {there} are there")
            }
            Self::Rewritten { batch } => {
                write!(f, "the chain was written anew: at batch {batch} it differs from the checkpoint kept elsewhere")
            }
            Self::CheckpointUnfit { why } => write!(f, "the checkpoint given to compare with does not hold: {why}"),
        }
    }
}

/// What verification says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What is wrong first; `None` when everything agrees.
    pub finding: Option<Finding>,
    /// Sealed records that agree, up to the finding.
    pub verified: u64,
    /// Batches that agree.
    pub batches: u64,
    /// Records that are committed and wait for the sealer: nothing vouches for them yet.
    pub unsealed: u64,
    /// The oldest of them. Where the sealer runs, this is a second or two ago at most; older ones mean that the sealer
    /// stands still, or that the end of the chain was removed.
    pub unsealed_since: Option<Instant>,
}

impl Verdict {
    /// Whether nothing was found.
    pub const fn is_intact(&self) -> bool {
        self.finding.is_none()
    }
}

/// How far verification has come.
struct Progress {
    number: u64,
    records: u64,
    chain: Hash,
    place: Place,
}

/// Verifies all evidence of a database. `trusted` are the public keys that the node signed with, from a place that the
/// node cannot write; `against` is a checkpoint kept elsewhere.
pub async fn verify(
    store: &Store,
    trusted: &[VerifyingKey],
    against: Option<&Checkpoint>,
) -> Result<Verdict, AuditError> {
    let mut progress = Progress { number: 0, records: 0, chain: GENESIS, place: Place::START };
    let found = match against.and_then(|kept| unfit(store, trusted, kept)) {
        Some(why) => Some(Finding::CheckpointUnfit { why }),
        None => walk(store, trusted, against, &mut progress).await?,
    };
    let place = progress.place;
    let (unsealed, since) = store
        .scan(async move |tx| {
            tx.get::<(i64, Option<Instant>)>(
                "SELECT count(*), min(at) FROM audit_record WHERE (mark, seq) > ($1, $2)",
                params![place.mark, place.seq],
            )
            .await
        })
        .await
        .map_err(AuditError::Store)?;
    let intact = found.is_none();
    Ok(Verdict {
        finding: found,
        verified: progress.records,
        batches: progress.number,
        unsealed: if intact { unsealed.try_into().unwrap_or(0) } else { 0 },
        unsealed_since: since.filter(|_| intact),
    })
}

fn unfit(store: &Store, trusted: &[VerifyingKey], kept: &Checkpoint) -> Option<&'static str> {
    if kept.head.block != store.block() {
        Some("it is of another block")
    } else if !trusted.contains(&kept.key) {
        Some("its key is not trusted")
    } else if !kept.is_intact() {
        Some("its signature does not fit")
    } else {
        None
    }
}

async fn walk(
    store: &Store,
    trusted: &[VerifyingKey],
    against: Option<&Checkpoint>,
    progress: &mut Progress,
) -> Result<Option<Finding>, AuditError> {
    loop {
        let (number, place) = (progress.number, progress.place);
        let step = store.scan(async move |tx| load(tx, number, place).await).await?;
        let Some((batch, records)) = step else { break };
        if let Some(finding) = check_batch(store, trusted, against, progress, &batch) {
            return Ok(Some(finding));
        }
        for (index, (id, leaf)) in batch.leaves.iter().enumerate() {
            let position = progress.records + 1;
            match records.get(index) {
                Some(record) if record.entry.id == *id && record.entry.leaf() == *leaf => {
                    progress.place = record.place;
                    progress.records = position;
                }
                Some(record) if record.entry.id == *id => {
                    return Ok(Some(Finding::Changed { record: *id, position }));
                }
                other => return name_mismatch(store, *id, position, other).await.map(Some),
            }
        }
        progress.number = batch.link.batch;
        progress.chain = batch.chain;
    }
    Ok(against
        .filter(|kept| kept.head.batch > progress.number)
        .map(|kept| Finding::TailCut { vouched: kept.head.records, there: progress.records }))
}

async fn load(tx: &mut Tx<'_>, number: u64, place: Place) -> Result<Option<(Batch, Vec<Placed>)>, AuditError> {
    let Some(batch) = batch::next(tx, number).await? else { return Ok(None) };
    let records = batch::records_after(tx, place, batch.leaves.len() as u64).await?;
    Ok(Some((batch, records)))
}

/// Whether a batch's row agrees with itself, with the chain before it, with its signature and with the kept checkpoint.
fn check_batch(
    store: &Store,
    trusted: &[VerifyingKey],
    against: Option<&Checkpoint>,
    before: &Progress,
    batch: &Batch,
) -> Option<Finding> {
    let link = &batch.link;
    let broken = |batch, what| Some(Finding::ChainBroken { batch, what });
    if link.batch != before.number + 1 {
        return broken(before.number + 1, "it is missing");
    }
    if link.count != batch.leaves.len() as u64 || link.records != before.records + link.count {
        return broken(link.batch, "its counts do not add up");
    }
    if merkle::root(&batch.hashes()) != link.root {
        return broken(link.batch, "its list of records does not give its root");
    }
    if link.chain(&before.chain) != batch.chain {
        return broken(link.batch, "it does not follow from the batch before");
    }
    let signed = batch.checkpoint(store.block()).is_ok_and(|checkpoint| checkpoint.is_signed_by(trusted));
    if !signed {
        return Some(Finding::Forged { batch: link.batch });
    }
    against
        .filter(|kept| kept.head.batch == link.batch && kept.head.chain != batch.chain)
        .map(|_| Finding::Rewritten { batch: link.batch })
}

/// Tells why another record (or none) stands where `expected` belongs.
async fn name_mismatch(
    store: &Store,
    expected: RecordId,
    position: u64,
    found: Option<&Placed>,
) -> Result<Finding, AuditError> {
    let is_there = store
        .scan(async move |tx| tx.find::<(i64,)>("SELECT 1 FROM audit_record WHERE id = $1", params![expected]).await)
        .await
        .map_err(AuditError::Store)?
        .is_some();
    if !is_there {
        return Ok(Finding::Removed { record: expected, position });
    }
    let found = found.map(|record| record.entry.id);
    if let Some(stranger) = found
        && !was_sealed(store, stranger).await?
    {
        return Ok(Finding::Inserted { record: stranger, position });
    }
    Ok(Finding::Reordered { record: expected, position, found })
}

/// Whether any batch lists the record.
async fn was_sealed(store: &Store, record: RecordId) -> Result<bool, AuditError> {
    let mut number = 0;
    while let Some(batch) =
        store.scan(async move |tx| batch::next(tx, number).await).await.map_err(AuditError::Store)?
    {
        if batch.leaves.iter().any(|(id, _)| *id == record) {
            return Ok(true);
        }
        number = batch.link.batch;
    }
    Ok(false)
}
