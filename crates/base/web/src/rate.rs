//! How many requests one caller may send: so that one program that runs wild takes nothing from the others.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Tick};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use stoa_core::{Actor, ActorKind, Problem, Refusal};

use crate::issuers::BLOCK_SUBJECT;
use crate::metrics::Metrics;
use crate::seldom::Seldom;

/// Callers that are remembered; over it those that have been quiet are forgotten.
const CALLERS_MAX: usize = 100_000;
/// How often quiet callers are looked for at most: it takes a look at all of them.
const TIDY_PAUSE: Duration = Duration::from_secs(1);

/// The word for callers without a credential that holds.
const ANONYMOUS: &str = "anonymous";

/// Where a request came from, as the listener saw it or as the proxy in front says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The network that a request came from, as a number without further meaning: an IPv4 address, or the first half of an IPv6
/// one, since whoever has one of those mostly has all of it. None where the request came by no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(pub Option<u64>);

impl Network {
    /// Says where a request came from: the listener does, and a test in its place.
    pub fn of_request(parts: &mut http::Extensions, address: IpAddr) {
        parts.insert(Peer(address));
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Network {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Peer>().map(|peer| network(peer.0))))
    }
}

/// The bounds. Zero requests per second means no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimits {
    /// Requests per second of one key, token or session in the long run.
    pub requests_per_second: u32,
    /// Requests at once after a pause.
    pub burst: u32,
    /// The same for callers without a credential that holds, by their address.
    pub anonymous_per_second: u32,
    /// The same for callers without a credential that holds, by their address.
    pub anonymous_burst: u32,
}

pub(crate) struct Rates {
    known: Option<Bound>,
    anonymous: Option<Bound>,
    /// Addresses from which too many credentials did not hold, with the time until the next may be tried.
    spent: Mutex<HashMap<u64, Tick>>,
    hasher: RandomState,
    metrics: Metrics,
}

impl Rates {
    pub(crate) fn new(limits: RateLimits, metrics: Metrics) -> Self {
        let limiter = |per_second: u32, burst: u32| {
            let quota = Quota::per_second(NonZeroU32::new(per_second)?);
            let burst = NonZeroU32::new(burst.max(1))?;
            Some(Bound {
                limiter: DefaultKeyedRateLimiter::dashmap(quota.allow_burst(burst)),
                tidied: Seldom::new(TIDY_PAUSE),
            })
        };
        Self {
            known: limiter(limits.requests_per_second, limits.burst),
            anonymous: limiter(limits.anonymous_per_second, limits.anonymous_burst),
            spent: Mutex::default(),
            hasher: RandomState::new(),
            metrics,
        }
    }

    /// Counts a request; refuses one too many with the time to wait.
    pub(crate) fn check(&self, actor: &Actor, peer: Option<Peer>) -> Result<(), Problem> {
        // A block of this node works for somebody who was counted already, or at its own pace. Of other nodes' blocks the
        // issuer stands in the name.
        if actor.id.starts_with(BLOCK_SUBJECT) && !actor.id.contains('@') {
            return Ok(());
        }
        let (limiter, key, who) = if actor.kind == ActorKind::Anonymous {
            let Some(peer) = peer else { return Ok(()) };
            (&self.anonymous, self.hasher.hash_one(network(peer.0)), ANONYMOUS)
        } else {
            (&self.known, self.hasher.hash_one((actor.tenant.as_str(), &actor.id)), "known")
        };
        take(limiter.as_ref(), key).map_err(|wait| self.too_many(who, wait))
    }

    /// Whether a credential from this address may be tried at all: not while too many did not hold. So a guess costs
    /// no more than its refusal, and one that the node remembers is never held up by others' guesses.
    pub(crate) fn may_try(&self, peer: Option<Peer>) -> Result<(), Problem> {
        let Some(peer) = peer else { return Ok(()) };
        let key = self.hasher.hash_one(network(peer.0));
        let now = Tick::now();
        let wait = self.spent().get(&key).and_then(|until| until.checked_duration_since(now));
        wait.filter(|wait| !wait.is_zero()).map_or(Ok(()), |wait| Err(self.too_many(ANONYMOUS, wait)))
    }

    /// Counts a credential that did not hold among the anonymous requests of its address.
    pub(crate) fn failed(&self, peer: Option<Peer>) -> Result<(), Problem> {
        let Some(peer) = peer else { return Ok(()) };
        let key = self.hasher.hash_one(network(peer.0));
        take(self.anonymous.as_ref(), key).map_err(|wait| {
            let now = Tick::now();
            let mut spent = self.spent();
            if spent.len() >= CALLERS_MAX {
                spent.retain(|_, until| now < *until);
            }
            if spent.len() < CALLERS_MAX {
                spent.insert(key, now + wait);
            }
            drop(spent);
            self.too_many(ANONYMOUS, wait)
        })
    }

    fn too_many(&self, who: &'static str, wait: Duration) -> Problem {
        self.metrics.too_many(who);
        Problem::new(Refusal::TooMany, "web.rate_limited")
            .detail("This caller sent more requests than the node lets one caller send.")
            .retry_after(wait.max(Duration::from_secs(1)))
    }

    fn spent(&self) -> MutexGuard<'_, HashMap<u64, Tick>> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One bound for many callers.
struct Bound {
    limiter: DefaultKeyedRateLimiter<u64>,
    tidied: Seldom,
}

/// Counts one request; gives the time to wait when it is one too many.
fn take(bound: Option<&Bound>, key: u64) -> Result<(), Duration> {
    let Some(Bound { limiter, tidied }) = bound else { return Ok(()) };
    if limiter.len() > CALLERS_MAX && tidied.due(Tick::now()).is_some() {
        limiter.retain_recent();
        limiter.shrink_to_fit();
    }
    limiter.check_key(&key).map_err(|early| early.wait_time_from(DefaultClock::default().now()))
}

/// Whoever has one IPv6 address mostly has its whole /64.
pub(crate) fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => u64::try_from(v6.to_bits() >> 64).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use stoa_core::Tenant;

    use super::*;

    #[test]
    fn a_block_of_this_node_is_not_held_up_and_one_of_another_node_is_a_caller_like_others() {
        let limits = RateLimits { requests_per_second: 1, burst: 2, anonymous_per_second: 1, anonymous_burst: 2 };
        let rates = Rates::new(limits, Metrics::default());
        let ask = |id: &str| rates.check(&Actor::system(id, Tenant::default()), None).is_ok();
        assert_eq!([(); 5].map(|()| ask("block:payments")), [true; 5]);
        assert_eq!([(); 3].map(|()| ask("block:payments@https://a.example")), [true, true, false]);
        assert_eq!([(); 3].map(|()| ask("service:block:payments")), [true, true, false]);
    }
}
