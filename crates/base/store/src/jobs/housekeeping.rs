//! The job that every block's database has: it forgets what may be forgotten.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stoa_core::Instant;

use super::{Job, JobError, JobHandler, queue};
use crate::outbox::{EventSink, prune};
use crate::{Store, StoreError, Tx, idempotency};

/// Rows that one transaction removes, so that nobody waits long for it.
const BATCH: u32 = 500;

/// What is kept how long.
#[derive(Debug, Clone, Copy)]
pub struct HousekeepingOptions {
    /// How long delivered events are kept, for subscribers that come later.
    pub events_kept_for: Duration,
    /// How long dead letters of events and jobs wait for somebody to look at them.
    pub dead_letters_kept_for: Duration,
    /// How long an event waits for a subscriber that no node serves, before that subscriber is forgotten.
    pub subscribers_kept_for: Duration,
}

impl Default for HousekeepingOptions {
    fn default() -> Self {
        Self {
            events_kept_for: Duration::from_hours(7 * 24),
            dead_letters_kept_for: Duration::from_hours(90 * 24),
            subscribers_kept_for: Duration::from_hours(30 * 24),
        }
    }
}

/// Removes expired idempotency keys, events that everybody has, old dead letters, and subscribers that are gone.
pub struct Housekeeping {
    store: Store,
    /// The subscribers that this program has: they are never forgotten, however long the node was off.
    served: BTreeSet<String>,
    options: HousekeepingOptions,
}

impl Housekeeping {
    /// For this database, whose events go to these subscribers.
    pub fn new(store: Store, sinks: &[Arc<dyn EventSink>], options: HousekeepingOptions) -> Self {
        let served = sinks.iter().map(|sink| sink.name().to_owned()).collect();
        Self { store, served, options }
    }

    fn before(&self, kept_for: Duration) -> Instant {
        self.store.clock().now().minus(kept_for)
    }

    async fn forget_the_gone(&self) -> Result<(), StoreError> {
        let before = self.before(self.options.subscribers_kept_for);
        let unserved = self.store.peek(async move |tx| prune::unserved(tx, before).await).await?;
        for name in unserved {
            if self.served.contains(&name) {
                continue;
            }
            tracing::warn!(
                block = self.store.block(),
                subscriber = name,
                "a subscriber that nobody serves is forgotten"
            );
            self.store.write(async move |tx| prune::forget(tx, &name).await).await?;
        }
        Ok(())
    }

    async fn drop_dead_letters(&self) -> Result<(), StoreError> {
        let before = self.before(self.options.dead_letters_kept_for);
        let mut dropped = 0;
        loop {
            let batch = async move |tx: &mut Tx<'_>| {
                Ok::<_, StoreError>(
                    prune::drop_dead(tx, before, BATCH).await? + queue::drop_dead(tx, before, BATCH).await?,
                )
            };
            match self.store.write(batch).await? {
                0 => break,
                batch => dropped += batch,
            }
        }
        if dropped > 0 {
            tracing::warn!(block = self.store.block(), dropped, "dead letters that nobody looked at were dropped");
        }
        Ok(())
    }

    async fn prune_events(&self) -> Result<(), StoreError> {
        let before = self.before(self.options.events_kept_for);
        let mut next = Some(prune::START);
        while let Some(after) = next {
            let stretch = self.store.peek(async move |tx| prune::look(tx, after, before, BATCH).await).await?;
            next = stretch.next;
            if !stretch.old.is_empty() {
                self.store.write(async move |tx| prune::remove(tx, &stretch.old).await).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl JobHandler for Housekeeping {
    fn kind(&self) -> &'static str {
        "stoa.housekeeping"
    }

    fn every(&self) -> Option<Duration> {
        Some(Duration::from_hours(1))
    }

    async fn run(&self, _job: &Job) -> Result<(), JobError> {
        while self.store.write(async |tx| idempotency::expire(tx).await).await? > 0 {}
        self.forget_the_gone().await?;
        self.drop_dead_letters().await?;
        self.prune_events().await?;
        Ok(())
    }
}
