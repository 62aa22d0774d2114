//! The job that every block's database has: it forgets what may be forgotten.

use std::time::Duration;

use async_trait::async_trait;

use super::{Job, JobError, JobHandler};
use crate::{Store, idempotency, outbox};

/// Rows that one transaction removes, so that nobody waits long for it.
const BATCH: u32 = 500;

/// What is kept how long.
#[derive(Debug, Clone, Copy)]
pub struct HousekeepingOptions {
    /// How long delivered events are kept, for subscribers that come later.
    pub events_kept_for: Duration,
}

impl Default for HousekeepingOptions {
    fn default() -> Self {
        Self { events_kept_for: Duration::from_hours(7 * 24) }
    }
}

/// Removes expired idempotency keys and events that everybody has.
pub struct Housekeeping {
    store: Store,
    options: HousekeepingOptions,
}

impl Housekeeping {
    /// For this database.
    pub fn new(store: Store, options: HousekeepingOptions) -> Self {
        Self { store, options }
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
        let kept_for = self.options.events_kept_for;
        let prune = async || {
            self.store
                .write(async move |tx| {
                    let before = tx.now().minus(kept_for);
                    outbox::prune(tx, before, BATCH).await
                })
                .await
        };
        while prune().await? > 0 {}
        Ok(())
    }
}
