//! Words that are said seldom: what happens a thousand times a second must not fill the log.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant as Tick};

/// Lets one of many through in a while, and counts the others.
#[derive(Debug)]
pub(crate) struct Seldom {
    pause: Duration,
    state: Mutex<(Option<Tick>, u64)>,
}

impl Seldom {
    pub(crate) const fn new(pause: Duration) -> Self {
        Self { pause, state: Mutex::new((None, 0)) }
    }

    /// How often it happened since it was last said, this time included; nothing while it is too early to say it again.
    pub(crate) fn due(&self, now: Tick) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (said, kept) = &mut *state;
        *kept += 1;
        if said.is_some_and(|said| now.saturating_duration_since(said) < self.pause) {
            return None;
        }
        *said = Some(now);
        Some(std::mem::take(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_said_at_once_and_the_others_are_counted() {
        let seldom = Seldom::new(Duration::from_secs(10));
        let start = Tick::now();
        assert_eq!(seldom.due(start), Some(1));
        assert_eq!(seldom.due(start + Duration::from_secs(1)), None);
        assert_eq!(seldom.due(start + Duration::from_secs(9)), None);
        assert_eq!(seldom.due(start + Duration::from_secs(10)), Some(3));
        assert_eq!(seldom.due(start + Duration::from_secs(11)), None);
    }
}
