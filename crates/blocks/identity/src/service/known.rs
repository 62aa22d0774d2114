//! Clients that were asked for a moment ago: a program that fetches tokens all day costs no question to the database each
//! time. What changes here counts at once; what another node changed, within a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stoa_core::Instant;
use tokio::time::Instant as Tick;

use super::clients::Client;

/// How long a client is remembered.
const TIME: Duration = Duration::from_secs(1);
/// How many are.
const MOST: usize = 10_000;

/// A client with the hashes of its secrets and their ends.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) client: Arc<Client>,
    pub(super) secrets: Arc<[([u8; 32], Option<Instant>)]>,
}

impl Known {
    /// Whether this secret is the client's.
    pub(super) fn has_secret(&self, hash: &[u8; 32], now: Instant) -> bool {
        // Hashes of random secrets: how much of one fits tells nothing.
        self.secrets.iter().any(|(held, ends)| held == hash && ends.is_none_or(|ends| ends > now))
    }
}

#[derive(Default)]
struct Inner {
    clients: HashMap<String, (Known, Tick)>,
    /// Counts what was forgotten: what was read before must not come back afterwards.
    generation: u64,
}

/// The clients that are remembered.
#[derive(Default)]
pub(super) struct KnownClients(Mutex<Inner>);

impl KnownClients {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client that is remembered; else what to hand to [`remember`](Self::remember).
    pub(super) fn look(&self, client_id: &str) -> Result<Known, u64> {
        let inner = self.inner();
        match inner.clients.get(client_id).filter(|(_, at)| at.elapsed() < TIME) {
            Some((known, _)) => Ok(known.clone()),
            None => Err(inner.generation),
        }
    }

    /// Remembers a client that was read, unless something was forgotten meanwhile.
    pub(super) fn remember(&self, known: &Known, generation: u64) {
        let mut inner = self.inner();
        if inner.generation != generation {
            return;
        }
        if inner.clients.len() >= MOST {
            inner.clients.retain(|_, (_, at)| at.elapsed() < TIME);
        }
        if inner.clients.len() < MOST {
            inner.clients.insert(known.client.client_id.clone(), (known.clone(), Tick::now()));
        }
    }

    /// Forgets a client: it was changed.
    pub(super) fn forget(&self, client_id: &str) {
        let mut inner = self.inner();
        inner.clients.remove(client_id);
        inner.generation += 1;
    }
}
