//! The sealer: follows the appended records, chains them in batches and signs a checkpoint over each.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use stoa_core::Instant;
use stoa_store::wake::Topic;
use stoa_store::{Store, StoreError, Tx, leases, params};

use crate::batch::{self, Batch};
use crate::chain::{GENESIS, Head, Link, Place};
use crate::merkle::{self, Hash};
use crate::signing::SigningKey;
use crate::{AuditError, RecordId};

/// The lease under which one node of several seals.
const LEASE: &str = "audit.sealer";

/// How the sealer works.
#[derive(Debug, Clone)]
pub struct SealerOptions {
    /// Records of one batch at most.
    pub batch: u64,
    /// How long it waits after a commit for more records to share a batch.
    pub gather: Duration,
    /// How often it looks without being woken: for what other nodes have committed.
    pub poll: Duration,
    /// How long a node stays the sealer without renewing.
    pub lease: Duration,
}

impl Default for SealerOptions {
    fn default() -> Self {
        Self {
            batch: 2048,
            gather: Duration::from_millis(100),
            poll: Duration::from_millis(500),
            lease: Duration::from_secs(10),
        }
    }
}

/// What one pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    /// A batch of this many records was chained and signed; there may be more.
    Batch(u64),
    /// There was nothing to seal.
    Nothing,
    /// Another node seals this database.
    Elsewhere,
}

/// Seals the evidence of one database. One per store; share it to ask for its [`lag`](Self::lag).
pub struct Sealer {
    store: Store,
    key: SigningKey,
    options: SealerOptions,
    /// The oldest record known to wait, whether it can be sealed already or not, in microseconds; `i64::MAX` when none does.
    waiting_since: AtomicI64,
    /// When that was looked at last.
    looked_at: AtomicI64,
}

/// The sealed part of the chain, and the records behind it.
struct Work {
    before: Option<Batch>,
    leaves: Vec<(RecordId, Hash)>,
    /// Where the last of the leaves stands; none when there are none.
    last: Option<Place>,
    /// The oldest record behind the sealed part, settled or not.
    oldest: Option<Instant>,
    /// The oldest record that will still wait when the leaves are sealed.
    left: Option<Instant>,
}

impl Sealer {
    /// A sealer with the usual options.
    pub fn new(store: Store, key: SigningKey) -> Self {
        Self::with_options(store, key, SealerOptions::default())
    }

    /// A sealer.
    pub fn with_options(store: Store, key: SigningKey, options: SealerOptions) -> Self {
        let looked_at = AtomicI64::new(store.clock().now().micros());
        Self { store, key, options, waiting_since: AtomicI64::new(i64::MAX), looked_at }
    }

    /// How far the chain is behind: the age of the oldest record that waits, and the time since anybody looked where
    /// that is more than a poll. `/readyz` fails when this grows over a few seconds.
    pub fn lag(&self) -> Duration {
        let now = self.store.clock().now();
        let waits = now.since(Instant::from_micros(self.waiting_since.load(Ordering::Relaxed)));
        let blind = now.since(Instant::from_micros(self.looked_at.load(Ordering::Relaxed)));
        if blind > self.options.poll * 2 { waits.max(blind) } else { waits }
    }

    /// Seals until `stop` resolves, then once more, so that a clean shutdown leaves nothing unsealed.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        let mut commits = self.store.wakes(Topic::Audit);
        loop {
            commits.mark_unchanged();
            self.catch_up().await;
            let woken = tokio::select! {
                () = &mut stop => break,
                _ = commits.changed() => true,
                () = tokio::time::sleep(self.options.poll) => false,
            };
            if woken {
                tokio::select! {
                    () = &mut stop => break,
                    () = tokio::time::sleep(self.options.gather) => {}
                }
            }
        }
        self.catch_up().await;
        let holder = self.store.node().to_owned();
        let released: Result<(), StoreError> = self
            .store
            .write(async move |tx| {
                tx.execute("UPDATE stoa_lease SET until = 0 WHERE name = $1 AND holder = $2", params![LEASE, holder])
                    .await
                    .map(drop)
            })
            .await;
        if let Err(error) = released {
            tracing::debug!(%error, "the sealer's lease was not given back; it will end by itself");
        }
    }

    async fn catch_up(&self) {
        if let Err(error) = self.seal_all().await {
            tracing::error!(block = self.store.block(), %error, "evidence could not be sealed; trying again");
        }
    }

    /// Seals whatever can be sealed now.
    pub async fn seal_all(&self) -> Result<(), AuditError> {
        while matches!(self.pass().await?, Sealed::Batch(_)) {}
        Ok(())
    }

    /// Seals one batch, if records wait. Reading and hashing happen outside of the write transaction, which is one
    /// INSERT; its key, the batch's number, makes two sealers at once impossible.
    pub async fn pass(&self) -> Result<Sealed, AuditError> {
        let limit = self.options.batch;
        let looked_at = self.store.clock().now();
        let work = self.store.peek(async move |tx| gather(tx, limit).await).await?;
        let waits = |since: Option<Instant>| {
            self.waiting_since.store(since.map_or(i64::MAX, Instant::micros), Ordering::Relaxed);
        };
        waits(work.oldest);
        self.looked_at.store(looked_at.micros(), Ordering::Relaxed);
        let (count, left) = (work.leaves.len() as u64, work.left);
        let Some(batch) = self.chain(work) else { return Ok(Sealed::Nothing) };
        let holder = self.store.node().to_owned();
        let lasts = self.options.lease;
        let inserted = self
            .store
            .write(async move |tx| {
                if leases::acquire(tx, LEASE, &holder, lasts).await?.is_none() {
                    return Ok(false);
                }
                insert(tx, &batch).await
            })
            .await?;
        if !inserted {
            return Ok(Sealed::Elsewhere);
        }
        waits(left);
        Ok(Sealed::Batch(count))
    }

    /// The next batch; none without records.
    fn chain(&self, work: Work) -> Option<Batch> {
        let last = work.last?;
        let count = work.leaves.len() as u64;
        let (number, records, before) =
            work.before.map_or((0, 0, GENESIS), |before| (before.link.batch, before.link.records, before.chain));
        let hashes: Vec<Hash> = work.leaves.iter().map(|(_, leaf)| *leaf).collect();
        let link = Link { batch: number + 1, records: records + count, count, root: merkle::root(&hashes), last };
        let chain = link.chain(&before);
        let at = self.store.clock().now();
        let head = Head { block: self.store.block().to_owned(), batch: link.batch, records: link.records, chain, at };
        let checkpoint = head.sign(&self.key);
        Some(Batch {
            link,
            leaves: work.leaves,
            chain,
            at,
            key: *checkpoint.key.as_bytes(),
            signature: checkpoint.signature,
        })
    }
}

async fn gather(tx: &mut Tx<'_>, limit: u64) -> Result<Work, AuditError> {
    let before = batch::last_sound(tx).await?;
    let place = before.as_ref().map(|batch| batch.link.last);
    let records = batch::settled_after(tx, place, limit).await?;
    let last = records.last().map(|record| record.place);
    // Also what cannot be sealed yet is behind: on a server an older transaction may still get in front of it.
    let left = batch::waiting_since(tx, last.or(place), limit).await?;
    let taken = records.iter().map(|record| record.entry.at).min();
    Ok(Work {
        before,
        leaves: records.iter().map(|record| (record.entry.id, record.entry.leaf())).collect(),
        last,
        oldest: taken.into_iter().chain(left).min(),
        left,
    })
}

/// Adds the batch, unless another sealer was quicker.
async fn insert(tx: &mut Tx<'_>, batch: &Batch) -> Result<bool, StoreError> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let added = tx
        .execute(
            "INSERT INTO audit_batch
               (number, records, count, leaves, root, chain, at, key, signature, last_mark, last_seq)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (number) DO NOTHING",
            params![
                number(batch.link.batch),
                number(batch.link.records),
                number(batch.link.count),
                Batch::pack(&batch.leaves),
                batch.link.root,
                batch.chain,
                batch.at,
                batch.key,
                batch.signature,
                batch.link.last.mark,
                batch.link.last.seq,
            ],
        )
        .await?;
    Ok(added > 0)
}
