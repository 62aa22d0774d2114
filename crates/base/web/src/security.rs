//! The security log: refusals, counted per actor and minute (the design's "Callers and permissions").
//!
//! Each kind of refusal of one actor is told when it first happens in a minute, and how often it happened when the minute is
//! over. So whoever watches sees it at once, and nobody can fill the disk by being refused. It names no person: actors are
//! named by their reference, and those whom nobody knows by the network that they come from.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Tick};

/// How long refusals are counted together.
const MINUTE: Duration = Duration::from_mins(1);
/// Actors and kinds of refusal that are told apart in a minute; what is more is counted together.
const TOLD_APART_MAX: usize = 1000;

/// A refusal as it is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal<'a> {
    pub(crate) who: &'a str,
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) correlation: &'a str,
}

#[derive(Debug, Default)]
struct Minute {
    since: Option<Tick>,
    counts: HashMap<(String, &'static str), u64>,
    others: u64,
}

/// What happened in a minute that is over, most often first.
#[derive(Debug, Default, PartialEq, Eq)]
struct Summary {
    counts: Vec<(String, &'static str, u64)>,
    others: u64,
}

/// The log.
#[derive(Debug, Default)]
pub(crate) struct SecurityLog {
    minute: Mutex<Minute>,
    /// Whether anything is counted: every request asks, and hardly ever is there anything.
    counts: AtomicBool,
}

impl SecurityLog {
    /// Notes a refusal.
    pub(crate) fn note(&self, refusal: Refusal<'_>) {
        let (over, first) = self.count(refusal.who, refusal.code, Tick::now());
        tell(&over);
        if first {
            let Refusal { who, code, status, method, path, correlation } = refusal;
            tracing::warn!(target: "security", who, code, status, method, path, correlation, "web: request refused");
        }
    }

    /// Tells of a minute that is over, also when nothing happens any more.
    pub(crate) fn tick(&self) {
        if self.counts.load(Ordering::Relaxed) {
            tell(&self.over(Tick::now()));
        }
    }

    /// Tells of the present minute as well: the node ends.
    pub(crate) fn end(&self) {
        tell(&self.over(Tick::now() + MINUTE));
    }

    /// Counts; gives the minute that is over, if one is, and whether this is to be told at once.
    fn count(&self, who: &str, code: &'static str, now: Tick) -> (Summary, bool) {
        let over = self.over(now);
        let mut minute = self.lock();
        self.counts.store(true, Ordering::Relaxed);
        minute.since.get_or_insert(now);
        let key = (who.to_owned(), code);
        if minute.counts.len() >= TOLD_APART_MAX && !minute.counts.contains_key(&key) {
            minute.others += 1;
            return (over, false);
        }
        let times = minute.counts.entry(key).or_insert(0);
        *times += 1;
        let first = *times == 1;
        drop(minute);
        (over, first)
    }

    fn lock(&self) -> MutexGuard<'_, Minute> {
        self.minute.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn over(&self, now: Tick) -> Summary {
        let mut minute = self.lock();
        if minute.since.is_none_or(|since| now.saturating_duration_since(since) < MINUTE) {
            return Summary::default();
        }
        let Minute { counts, others, .. } = std::mem::take(&mut *minute);
        self.counts.store(false, Ordering::Relaxed);
        drop(minute);
        let again = counts.into_iter().filter(|(_, times)| *times > 1);
        let mut counts: Vec<_> = again.map(|((who, code), times)| (who, code, times)).collect();
        counts.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.cmp(b)));
        Summary { counts, others }
    }
}

fn tell(over: &Summary) {
    for (who, code, times) in &over.counts {
        tracing::warn!(target: "security", who, code, times, "web: requests refused within a minute");
    }
    if over.others > 0 {
        tracing::warn!(target: "security", times = over.others, "web: requests of others refused within a minute");
    }
}

/// Where somebody whom nobody knows comes from, coarse enough to name no household: the /24 of IPv4, the /48 of IPv6.
pub(crate) fn network_of(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("anonymous from {a}.{b}.{c}.0/24")
        }
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, ..] = v6.segments();
            format!("anonymous from {a:x}:{b:x}:{c:x}::/48")
        }
        None => "anonymous".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_minute_is_told_at_once_and_the_others_are_counted() {
        let (log, start) = (SecurityLog::default(), Tick::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(log.count("key:1", "web.forbidden", at(0)).1);
        for second in 1..50 {
            assert_eq!(log.count("key:1", "web.forbidden", at(second)), (Summary::default(), false));
        }
        assert!(log.count("key:1", "web.rate_limited", at(50)).1, "another refusal is told by itself");
        assert!(log.count("key:2", "web.forbidden", at(51)).1, "and another actor's");
        let (over, first) = log.count("key:2", "web.forbidden", at(60));
        assert_eq!(over.counts, [("key:1".to_owned(), "web.forbidden", 50)], "what was told already is not told again");
        assert!(first, "a new minute begins");
        assert_eq!(log.over(at(61)), Summary::default());
    }

    #[test]
    fn a_flood_from_everywhere_stays_within_its_bound() {
        let (log, now) = (SecurityLog::default(), Tick::now());
        let told = (0..5000).filter(|nth| log.count(&format!("from {nth}"), "web.unauthenticated", now).1).count();
        assert_eq!(told, TOLD_APART_MAX);
        assert_eq!(log.over(now + MINUTE), Summary { counts: Vec::new(), others: 4000 });
    }

    #[test]
    fn networks_name_no_household() {
        let of = |text: &str| network_of(Some(text.parse().unwrap()));
        assert_eq!(of("203.0.113.77"), "anonymous from 203.0.113.0/24");
        assert_eq!(of("::ffff:203.0.113.77"), "anonymous from 203.0.113.0/24");
        assert_eq!(of("2001:db8:1:2:3::4"), "anonymous from 2001:db8:1::/48");
    }
}
