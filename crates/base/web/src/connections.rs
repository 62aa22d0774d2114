//! How many connections a node holds, and how patient it is with each: whoever is silent or does not listen gives the
//! place to others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as Tick};

use crate::rate::network;
use crate::seldom::Seldom;

/// Connections of all listeners at most, however many files the process may open.
const CONNECTIONS_MAX: usize = 10_000;
/// Open files that are left for databases, blobs and calls to other systems.
const FILES_RESERVED: usize = 256;
/// Open files that are asked of the system at most.
const FILES_WANTED: u64 = 65_536;
/// How often a full house is told of.
const TELL_PAUSE: Duration = Duration::from_secs(10);

/// The bounds of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionBounds {
    /// At the same time, over all listeners.
    pub open_max: usize,
    /// Of these, from one address (one /64 of IPv6). Does not count behind a proxy, where all come from one.
    pub open_max_of_address: usize,
    /// How long a client may take to shake hands, to begin, and to send a request's headers.
    pub header_time: Duration,
    /// How long a request may take, with its body.
    pub request_time: Duration,
    /// How long a connection may stand still: nothing in work, and nothing taken of what was answered.
    pub still_time: Duration,
    /// How long what is in flight may take once the end is asked for.
    pub grace: Duration,
}

impl ConnectionBounds {
    /// The usual bounds, with as many connections as this many open files allow.
    pub fn for_files(files: usize) -> Self {
        let open_max = (files - FILES_RESERVED.min(files / 4)).clamp(1, CONNECTIONS_MAX);
        Self {
            open_max,
            open_max_of_address: (open_max / 4).max(1),
            header_time: Duration::from_secs(10),
            request_time: Duration::from_secs(30),
            still_time: Duration::from_mins(1),
            grace: Duration::from_secs(20),
        }
    }
}

/// Asks the system for as many open files as a busy server needs, and says how many there may be.
pub fn raise_open_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.unwrap_or(FILES_WANTED).min(FILES_WANTED);
    let have = now.current.unwrap_or(FILES_WANTED);
    let raised =
        have < wanted && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: now.maximum }).is_ok();
    usize::try_from(if raised { wanted } else { have }).unwrap_or(usize::MAX)
}

/// What became of connections so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ConnectionState {
    pub(crate) open: usize,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) failed: u64,
    pub(crate) given_up: u64,
}

/// The connections of a node, shared by its listeners. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connections {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bounds: ConnectionBounds,
    open: AtomicUsize,
    accepted: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
    by_address: Mutex<HashMap<u64, usize>>,
    full: Seldom,
    failing: Seldom,
}

impl Default for Connections {
    /// Bounded by the files that this process may open.
    fn default() -> Self {
        Self::new(ConnectionBounds::for_files(raise_open_files()))
    }
}

impl Connections {
    /// No connections yet, within these bounds.
    pub fn new(bounds: ConnectionBounds) -> Self {
        Self {
            shared: Arc::new(Shared {
                bounds,
                open: AtomicUsize::default(),
                accepted: AtomicU64::default(),
                refused: AtomicU64::default(),
                failed: AtomicU64::default(),
                given_up: AtomicU64::default(),
                by_address: Mutex::default(),
                full: Seldom::new(TELL_PAUSE),
                failing: Seldom::new(TELL_PAUSE),
            }),
        }
    }

    /// The bounds.
    pub fn bounds(&self) -> &ConnectionBounds {
        &self.shared.bounds
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::Relaxed)
    }

    pub(crate) fn state(&self) -> ConnectionState {
        let shared = &self.shared;
        ConnectionState {
            open: self.open(),
            accepted: shared.accepted.load(Ordering::Relaxed),
            refused: shared.refused.load(Ordering::Relaxed),
            failed: shared.failed.load(Ordering::Relaxed),
            given_up: shared.given_up.load(Ordering::Relaxed),
        }
    }

    /// A place for a new connection from this address, or from a proxy; none while there is none.
    pub(crate) fn admit(&self, from: Option<IpAddr>) -> Option<Place> {
        let shared = &self.shared;
        let before = shared.open.fetch_add(1, Ordering::Relaxed);
        let place = Place { shared: Arc::clone(shared), address: from.map(network), counted: false };
        let admitted = (before < shared.bounds.open_max).then_some(place).and_then(Place::count);
        if admitted.is_none() {
            shared.refused.fetch_add(1, Ordering::Relaxed);
            if let Some(times) = shared.full.due(Tick::now()) {
                let open = self.open();
                tracing::warn!(
                    times,
                    open,
                    "web: connections were refused, there are too many in all or from one address"
                );
            }
        } else {
            shared.accepted.fetch_add(1, Ordering::Relaxed);
        }
        admitted
    }

    /// The system gave no connection: it is out of file handles, mostly.
    pub(crate) fn note_failure(&self, error: &std::io::Error) {
        self.shared.failed.fetch_add(1, Ordering::Relaxed);
        if let Some(times) = self.shared.failing.due(Tick::now()) {
            tracing::warn!(times, %error, "web: connections could not be accepted");
        }
    }

    /// A connection stood still for too long.
    pub(crate) fn note_given_up(&self) {
        self.shared.given_up.fetch_add(1, Ordering::Relaxed);
    }
}

/// The place of one connection, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    shared: Arc<Shared>,
    address: Option<u64>,
    counted: bool,
}

impl Place {
    fn count(mut self) -> Option<Self> {
        if let Some(address) = self.address {
            let mut by_address = self.shared.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            let there = by_address.entry(address).or_insert(0);
            if *there >= self.shared.bounds.open_max_of_address {
                drop(by_address);
                return None;
            }
            *there += 1;
            drop(by_address);
            self.counted = true;
        }
        Some(self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
        if let (true, Some(address)) = (self.counted, self.address) {
            let mut by_address = self.shared.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(there) = by_address.get_mut(&address) {
                *there -= 1;
                if *there == 0 {
                    by_address.remove(&address);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_leaves_room_for_others_and_places_come_back() {
        let bounds = ConnectionBounds { open_max: 3, open_max_of_address: 2, ..ConnectionBounds::for_files(1024) };
        let connections = Connections::new(bounds);
        let from = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let first = connections.admit(from("203.0.113.7")).unwrap();
        let second = connections.admit(from("::ffff:203.0.113.7")).unwrap();
        assert!(connections.admit(from("203.0.113.7")).is_none(), "both spellings are one address");
        let third = connections.admit(from("2001:db8::1")).unwrap();
        assert!(connections.admit(from("198.51.100.1")).is_none(), "the house is full");
        drop(first);
        assert!(connections.admit(None).is_some());
        drop((second, third));
        assert_eq!(connections.state().open, 0);
        assert!(connections.shared.by_address.lock().unwrap().is_empty());
        assert_eq!((connections.state().accepted, connections.state().refused), (4, 2));
    }

    #[test]
    fn behind_a_proxy_all_come_from_one_address() {
        let bounds = ConnectionBounds { open_max: 3, open_max_of_address: 1, ..ConnectionBounds::for_files(1024) };
        let connections = Connections::new(bounds);
        let all: Vec<_> = (0..3).map(|_| connections.admit(None)).collect();
        assert!(all.iter().all(Option::is_some) && connections.admit(None).is_none());
    }

    #[test]
    fn bounds_leave_files_for_the_rest_of_the_program() {
        assert_eq!(ConnectionBounds::for_files(1024).open_max, 768);
        assert_eq!(ConnectionBounds::for_files(64).open_max, 48);
        assert_eq!(ConnectionBounds::for_files(1_000_000).open_max, CONNECTIONS_MAX);
        assert!(raise_open_files() >= 1);
    }
}
