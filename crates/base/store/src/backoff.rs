//! When to try again: exponential back-off with jitter, bounded above. Pure.

use std::time::Duration;

/// How often something is tried and how long the pauses are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The pause after the first failure, before jitter.
    pub first: Duration,
    /// The longest pause, before jitter.
    pub longest: Duration,
    /// How many times it is tried in all before it becomes a dead letter.
    pub attempts_max: u32,
}

impl Default for Backoff {
    /// 1 s, doubling up to 15 minutes, 12 attempts: about one hour and a half.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_mins(15), attempts_max: 12 }
    }
}

impl Backoff {
    /// The pause after the attempt numbered `attempt` (from 1) failed; `None` when that was the last one.
    ///
    /// Jitter spreads what failed together over half to all of the pause. It is drawn from `seed` (the id of what is
    /// tried) and the attempt, not from a random source: a replay pauses alike.
    pub fn pause(&self, attempt: u32, seed: &[u8]) -> Option<Duration> {
        if attempt >= self.attempts_max {
            return None;
        }
        let doublings = attempt.saturating_sub(1).min(30);
        let full = self.first.saturating_mul(1 << doublings).min(self.longest);
        let half = full / 2;
        let half_micros = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
        Some(half + Duration::from_micros(mix(attempt, seed) % half_micros.saturating_add(1)))
    }
}

/// FNV-1a, finished by the mixer of `SplitMix64`: even enough to spread retries.
fn mix(attempt: u32, seed: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in attempt.to_le_bytes().iter().chain(seed) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pauses_double_within_their_jitter_and_end(attempt in 1u32..60, seed in any::<[u8; 16]>()) {
            let backoff = Backoff::default();
            let full = Duration::from_secs(1).saturating_mul(1 << (attempt - 1).min(30)).min(backoff.longest);
            match backoff.pause(attempt, &seed) {
                None => prop_assert!(attempt >= 12),
                Some(pause) => prop_assert!(pause >= full / 2 && pause <= full, "{pause:?} of {full:?}"),
            }
        }
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let backoff = Backoff::default();
        let pauses: std::collections::BTreeSet<_> = (0..100u8).filter_map(|n| backoff.pause(5, &[n])).collect();
        assert!(pauses.len() > 95);
    }
}
