//! The breaker: a host that fails again and again is left alone for a while, instead of every caller waiting for it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stoa_core::{Clock, Instant};

/// Failures in a row after which a host is left alone.
const FAILURES_MAX: u32 = 5;
/// How long it is left alone before one call tries it again.
const REST: Duration = Duration::from_secs(30);
/// Hosts remembered at most; those that work need no memory.
const HOSTS_MAX: usize = 1_000;

#[derive(Debug, Default)]
struct State {
    failures: u32,
    rests_until: Option<Instant>,
}

/// The hosts that fail.
pub(crate) struct Breaker {
    clock: Clock,
    hosts: Mutex<HashMap<String, State>>,
}

impl Breaker {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, hosts: Mutex::new(HashMap::new()) }
    }

    fn hosts(&self) -> std::sync::MutexGuard<'_, HashMap<String, State>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the host may be called; else how long it still rests. After the rest exactly one caller tries it, the
    /// others wait for what comes of it.
    pub(crate) fn admit(&self, host: &str) -> Result<(), Duration> {
        let now = self.clock.now();
        match self.hosts().get_mut(host) {
            Some(State { rests_until: Some(until), .. }) if now < *until => Err(until.since(now)),
            Some(State { rests_until: Some(until), .. }) => {
                *until = now.plus(REST);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Notes how a call went.
    pub(crate) fn note(&self, host: &str, worked: bool) {
        let mut hosts = self.hosts();
        if worked {
            hosts.remove(host);
            return;
        }
        if hosts.len() >= HOSTS_MAX && !hosts.contains_key(host) {
            let now = self.clock.now();
            hosts.retain(|_, state| state.rests_until.is_some_and(|until| now < until));
            if hosts.len() >= HOSTS_MAX {
                return;
            }
        }
        let state = hosts.entry(host.to_owned()).or_default();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES_MAX {
            state.rests_until = Some(self.clock.now().plus(REST));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_host_rests_and_is_tried_by_one() {
        let clock = Clock::fixed(Instant::from_micros(1_000_000));
        let breaker = Breaker::new(clock.clone());
        for _ in 0..FAILURES_MAX {
            assert_eq!(breaker.admit("a"), Ok(()));
            breaker.note("a", false);
        }
        assert_eq!(breaker.admit("a"), Err(REST));
        assert_eq!(breaker.admit("b"), Ok(()), "other hosts are not touched");
        clock.advance(REST);
        assert_eq!(breaker.admit("a"), Ok(()), "one tries");
        assert!(breaker.admit("a").is_err(), "the others wait");
        breaker.note("a", true);
        assert_eq!(breaker.admit("a"), Ok(()));
    }
}
