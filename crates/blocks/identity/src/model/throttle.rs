//! How fast somebody may guess: after a few failures each further one waits longer. The same for a name that is there and
//! one that is not, so that the wait tells nothing.

use std::time::Duration;

use stoa_core::Instant;

/// Failures that cost nothing: people mistype.
const FREE: u32 = 4;
/// The first wait; each further failure doubles it.
const FIRST: Duration = Duration::from_secs(30);
/// The longest wait. A guesser who goes on for a year has tried fewer than 9,000 passwords.
const LONGEST: Duration = Duration::from_hours(1);
/// After so long without a failure everything is forgotten.
pub const FORGOTTEN: Duration = Duration::from_hours(24);

/// What is known of the attempts under one name or from one network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempts {
    /// Failures in a row.
    pub failures: u32,
    /// The last one.
    pub last_at: Option<Instant>,
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// A name: few failures are honest.
    Name,
    /// A network: a school or a village may stand behind one address.
    Network,
}

impl Counted {
    const fn free(self) -> u32 {
        match self {
            Self::Name => FREE,
            Self::Network => FREE * 25,
        }
    }
}

impl Attempts {
    /// How long it is until the next attempt is looked at; none where it may come now.
    pub fn wait(self, counted: Counted, now: Instant) -> Option<Duration> {
        let last = self.last_at.filter(|last| now.since(*last) < FORGOTTEN)?;
        let over = self.failures.checked_sub(counted.free())?;
        let wait = FIRST.saturating_mul(1_u32.checked_shl(over.min(20)).unwrap_or(u32::MAX)).min(LONGEST);
        wait_left(last, wait, now)
    }

    /// With one more failure.
    #[must_use]
    pub fn failed(self, now: Instant) -> Self {
        let is_old = self.last_at.is_none_or(|last| now.since(last) >= FORGOTTEN);
        Self { failures: if is_old { 1 } else { self.failures.saturating_add(1) }, last_at: Some(now) }
    }
}

fn wait_left(last: Instant, wait: Duration, now: Instant) -> Option<Duration> {
    wait.checked_sub(now.since(last)).filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn people_mistype_and_guessers_wait_longer_each_time() {
        let mut attempts = Attempts::default();
        let mut waits = Vec::new();
        let mut now = at(0);
        for _ in 0..14 {
            attempts = attempts.failed(now);
            let wait = attempts.wait(Counted::Name, now).unwrap_or_default();
            waits.push(wait.as_secs());
            now = now.plus(wait);
            assert_eq!(attempts.wait(Counted::Name, now), None);
        }
        assert_eq!(waits, [0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]);
        assert_eq!(attempts.wait(Counted::Network, now), None);
    }

    #[test]
    fn a_day_without_a_failure_forgets_all() {
        let attempts = Attempts { failures: 50, last_at: Some(at(0)) };
        assert!(attempts.wait(Counted::Name, at(10)).is_some());
        assert_eq!(attempts.wait(Counted::Name, at(86_400)), None);
        assert_eq!(attempts.failed(at(86_400)).failures, 1);
        assert_eq!(attempts.failed(at(86_399)).failures, 51);
    }
}
