//! Waiting for a cloud to have done something: looking seldom enough to be no burden, often enough to lose no time, and
//! not for ever.

use std::time::Duration;

use stoa_openstack::Cloud;

/// Pauses between looks, in milliseconds; the last is repeated.
const PAUSES_MS: [u64; 12] = [500, 500, 1_000, 1_000, 1_000, 1_500, 1_500, 2_000, 2_000, 3_000, 3_000, 5_000];

/// How long one still waits.
#[derive(Debug)]
pub(super) struct Patience {
    limit: Duration,
    waited: Duration,
    looks: usize,
}

impl Patience {
    pub(super) const fn of(limit: Duration) -> Self {
        Self { limit, waited: Duration::ZERO, looks: 0 }
    }

    /// Makes a pause; false when there is no patience left.
    pub(super) async fn wait(&mut self, cloud: &Cloud) -> bool {
        if self.waited >= self.limit {
            return false;
        }
        let pause = PAUSES_MS
            .get(self.looks)
            .or(PAUSES_MS.last())
            .map_or(Duration::from_secs(5), |ms| Duration::from_millis(*ms));
        let pause = pause.min(self.limit.saturating_sub(self.waited));
        cloud.pause(pause).await;
        self.waited += pause;
        self.looks += 1;
        true
    }

    /// What to say when it is over.
    pub(super) fn over(&self) -> String {
        format!("not within {} s", self.limit.as_secs())
    }
}
