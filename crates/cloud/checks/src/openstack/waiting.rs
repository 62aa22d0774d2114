//! Waiting for a cloud to have done something: looking seldom enough to be no burden, often enough to lose no time, and
//! not for ever.

use std::time::Duration;

use stoa_openstack::Cloud;

/// Pauses between looks in the first minute, in milliseconds, and how often each is made.
const PAUSES_MS: [(usize, u64); 4] = [(2, 500), (6, 1_000), (8, 1_500), (20, 2_000)];
/// The pause after that.
const PAUSE_LATER: Duration = Duration::from_secs(5);

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
        let mut looks = self.looks;
        let early = PAUSES_MS.iter().find(|(count, _)| {
            let is_now = looks < *count;
            looks = looks.saturating_sub(*count);
            is_now
        });
        let pause = early.map_or(PAUSE_LATER, |(_, milliseconds)| Duration::from_millis(*milliseconds));
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
