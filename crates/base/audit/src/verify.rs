//! Verification: goes through the chain and all records again, and names the first place where they do not agree.
//!
//! It only reads, and believes nothing that it reads: a value of another type is a change like any other. Memory stays
//! small however long the chain is: one batch at a time.

use std::fmt;
use std::time::Duration;

use stoa_core::Instant;
use stoa_store::{Row, Store, Tx, params};

use crate::batch::{self, Batch, Met, MetBatch};
use crate::chain::{Checkpoint, GENESIS, Place};
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
        /// Which; none where its id cannot be read.
        record: Option<RecordId>,
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
    /// A record that waits for the sealer holds values of a kind that no program of ours writes.
    Unreadable {
        /// Its number among those that wait, from 1.
        waiting: u64,
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
            Self::Inserted { record: Some(record), position } => {
                write!(f, "record {record} was inserted in front of position {position}")
            }
            Self::Inserted { record: None, position } => {
                write!(f, "a record without a readable id was inserted in front of position {position}")
            }
            Self::Reordered { record, position, .. } => {
                write!(f, "record {record} does not stand at its position {position}: records were reordered")
            }
            Self::Unreadable { waiting } => {
                write!(f, "record {waiting} of those that wait for the sealer cannot be read: it was changed")
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
    /// When the first of them was sealed. A checkpoint that is older can say nothing about this database.
    pub sealed_since: Option<Instant>,
    /// Records that are committed and wait for the sealer: nothing vouches for them yet.
    pub unsealed: u64,
    /// The oldest of them. Where the sealer runs, this is a second or two ago at most; older ones mean that the sealer
    /// stands still, or that the end of the chain was removed.
    pub unsealed_since: Option<Instant>,
}

/// How long a record may wait for a sealer that runs before something is wrong.
pub const WAIT_MAX: Duration = Duration::from_secs(10);

impl Verdict {
    /// Whether nothing was found.
    pub const fn is_intact(&self) -> bool {
        self.finding.is_none()
    }

    /// Whether records wait for longer than a sealer lets them: it stands still, or the end of the chain was removed.
    pub fn is_behind(&self, now: Instant) -> bool {
        self.unsealed_since.is_some_and(|since| now.since(since) > WAIT_MAX)
    }
}

/// How far verification has come.
struct Progress {
    number: u64,
    records: u64,
    chain: Hash,
    place: Option<Place>,
    sealed_since: Option<Instant>,
}

/// What verification knows beside the database.
#[derive(Clone, Copy)]
struct Known<'a> {
    store: &'a Store,
    trusted: &'a [VerifyingKey],
    against: &'a [Checkpoint],
}

/// Verifies all evidence of a database, and changes nothing. `trusted` are the public keys that the node signed with,
/// from a place that the node cannot write; `against` are checkpoints of this database that were kept elsewhere, and all
/// of them must agree.
pub async fn verify(store: &Store, trusted: &[VerifyingKey], against: &[Checkpoint]) -> Result<Verdict, AuditError> {
    let known = Known { store, trusted, against };
    let mut progress = Progress { number: 0, records: 0, chain: GENESIS, place: None, sealed_since: None };
    let mut finding = against.iter().find_map(|kept| known.unfit(kept)).map(|why| Finding::CheckpointUnfit { why });
    if finding.is_none() {
        finding = known.walk(&mut progress).await?;
    }
    let mut waiting = Waiting::default();
    if finding.is_none() {
        finding = known.look_at_waiting(progress.place, &mut waiting).await?;
    }
    Ok(Verdict {
        finding,
        verified: progress.records,
        batches: progress.number,
        sealed_since: progress.sealed_since,
        unsealed: waiting.count,
        unsealed_since: waiting.since,
    })
}

/// Records behind the last batch.
#[derive(Default)]
struct Waiting {
    count: u64,
    since: Option<Instant>,
}

impl Known<'_> {
    fn unfit(&self, kept: &Checkpoint) -> Option<&'static str> {
        if kept.head.block != self.store.block() {
            Some("it is of another block")
        } else if !self.trusted.contains(&kept.key) {
            Some("its key is not trusted")
        } else if !kept.is_intact() {
            Some("its signature does not fit")
        } else {
            None
        }
    }

    async fn walk(&self, progress: &mut Progress) -> Result<Option<Finding>, AuditError> {
        loop {
            let (number, place) = (progress.number, progress.place);
            let Some((met, records)) = self.store.scan(async move |tx| load(tx, number, place).await).await? else {
                let kept = self.against.iter().filter(|kept| kept.head.batch > progress.number);
                return Ok(kept
                    .max_by_key(|kept| kept.head.batch)
                    .map(|kept| Finding::TailCut { vouched: kept.head.records, there: progress.records }));
            };
            let batch = match self.check_batch(progress, met) {
                Ok(batch) => batch,
                Err(finding) => return Ok(Some(finding)),
            };
            if let Some(finding) = self.check_records(progress, &batch, &records).await? {
                return Ok(Some(finding));
            }
            progress.number = batch.link.batch;
            progress.chain = batch.chain;
            progress.sealed_since.get_or_insert(batch.at);
        }
    }

    /// Whether a batch's row agrees with itself, with the chain before it, with its signature and with what was kept
    /// elsewhere.
    fn check_batch(&self, before: &Progress, met: MetBatch) -> Result<Batch, Finding> {
        let expected = before.number + 1;
        let broken = |what| Finding::ChainBroken { batch: expected, what };
        let Some(batch) = met.batch else {
            let other = met.number.is_some_and(|number| number != expected);
            return Err(broken(if other { "it is missing" } else { "its row cannot be read" }));
        };
        let link = &batch.link;
        if link.batch != expected {
            return Err(broken("it is missing"));
        }
        if link.count != batch.leaves.len() as u64 || link.records != before.records + link.count {
            return Err(broken("its counts do not add up"));
        }
        if merkle::root(&batch.hashes()) != link.root {
            return Err(broken("its list of records does not give its root"));
        }
        if link.chain(&before.chain) != batch.chain {
            return Err(broken("it does not follow from the batch before"));
        }
        let signed = batch.checkpoint(self.store.block()).is_ok_and(|checkpoint| checkpoint.is_signed_by(self.trusted));
        if !signed {
            return Err(Finding::Forged { batch: link.batch });
        }
        let differs = |kept: &Checkpoint| kept.head.batch == link.batch && kept.head.chain != batch.chain;
        if self.against.iter().any(differs) {
            return Err(Finding::Rewritten { batch: link.batch });
        }
        Ok(batch)
    }

    /// Whether the records that stand behind the last batch are those that this one lists, in its order.
    async fn check_records(
        &self,
        progress: &mut Progress,
        batch: &Batch,
        records: &[Met],
    ) -> Result<Option<Finding>, AuditError> {
        for (index, (id, leaf)) in batch.leaves.iter().enumerate() {
            let position = progress.records + 1;
            let met = records.get(index);
            match met.and_then(|met| met.record.as_ref()) {
                Some(record) if record.entry.id == *id && record.entry.leaf() == *leaf => {
                    progress.place = Some(record.place);
                    progress.records = position;
                }
                _ => return self.name_mismatch(*id, position, met).await.map(Some),
            }
        }
        let moved = progress.place != Some(batch.link.last);
        Ok(moved.then_some(Finding::ChainBroken {
            batch: batch.link.batch,
            what: "its last record stands elsewhere than it says",
        }))
    }

    /// Tells why something else (or nothing) stands where `expected` belongs.
    async fn name_mismatch(&self, expected: RecordId, position: u64, met: Option<&Met>) -> Result<Finding, AuditError> {
        let id = met.and_then(|met| met.id);
        if id == Some(expected) {
            return Ok(Finding::Changed { record: expected, position });
        }
        let is_there = self
            .store
            .scan(async move |tx| tx.find::<Row>("SELECT seq FROM audit_record WHERE id = $1", params![expected]).await)
            .await
            .map_err(AuditError::Store)?
            .is_some();
        let finding = match (met, id) {
            (Some(_), None) if is_there => Finding::Inserted { record: None, position },
            (Some(_), None) => Finding::Changed { record: expected, position },
            _ if !is_there => Finding::Removed { record: expected, position },
            (_, Some(stranger)) if !self.was_sealed(stranger).await? => {
                Finding::Inserted { record: Some(stranger), position }
            }
            (_, found) => Finding::Reordered { record: expected, position, found },
        };
        Ok(finding)
    }

    /// Whether any batch lists the record.
    async fn was_sealed(&self, record: RecordId) -> Result<bool, AuditError> {
        let mut number = Some(0);
        while let Some(after) = number {
            let met = self.store.scan(async move |tx| batch::next(tx, after).await).await.map_err(AuditError::Store)?;
            let Some(met) = met else { break };
            if met.batch.is_some_and(|batch| batch.leaves.iter().any(|(id, _)| *id == record)) {
                return Ok(true);
            }
            number = met.number;
        }
        Ok(false)
    }

    /// Counts the records that no batch lists yet. Nothing vouches for what they say, only that they can be sealed is
    /// looked at.
    async fn look_at_waiting(
        &self,
        mut place: Option<Place>,
        waiting: &mut Waiting,
    ) -> Result<Option<Finding>, AuditError> {
        loop {
            let page = self
                .store
                .scan(async move |tx| batch::records_after::<Met>(tx, place, WAITING_PAGE).await)
                .await
                .map_err(AuditError::Store)?;
            let last = (page.len() as u64) < WAITING_PAGE;
            for met in page {
                waiting.count += 1;
                let Some(record) = met.record else {
                    return Ok(Some(Finding::Unreadable { waiting: waiting.count }));
                };
                place = Some(record.place);
                waiting.since = Some(waiting.since.map_or(record.entry.at, |since| since.min(record.entry.at)));
            }
            if last {
                return Ok(None);
            }
        }
    }
}

/// Records that wait for the sealer are looked at so many at a time.
const WAITING_PAGE: u64 = 2048;

async fn load(tx: &mut Tx<'_>, number: u64, place: Option<Place>) -> Result<Option<(MetBatch, Vec<Met>)>, AuditError> {
    let Some(met) = batch::next(tx, number).await? else { return Ok(None) };
    let listed = met.batch.as_ref().map_or(0, |batch| batch.leaves.len() as u64);
    let records = batch::records_after(tx, place, listed).await?;
    Ok(Some((met, records)))
}
