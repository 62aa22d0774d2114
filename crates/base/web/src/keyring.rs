//! What the node remembers of credentials for a moment, so that it need not ask the database at every request.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stoa_core::{Actor, Instant};

/// How long a verified key is taken on trust before the database is asked again. Revoking a key on this node ends it at
/// once; another node notices after this time.
const TRUST_TIME: Duration = Duration::from_secs(10);
/// How long a key that does not hold is refused without asking: no such key ever comes to hold again.
const REFUSE_TIME: Duration = Duration::from_mins(1);
/// Credentials remembered at most, of either kind.
const REMEMBERED_MAX: usize = 10_000;

/// The hash of a credential.
pub(crate) type Hash = [u8; 32];

/// Credentials that were verified a moment ago, by their hashes, and some that do not hold.
#[derive(Default)]
pub struct Keyring(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    holders: HashMap<Hash, (Actor, Instant)>,
    refused: HashMap<Hash, Instant>,
    generation: u64,
}

/// What is known of a credential without asking the database.
pub enum Known {
    /// Whose it is.
    Holder(Actor),
    /// It does not hold.
    Refused,
    /// Nothing. The answer of the database may be remembered under this generation.
    Nothing(u64),
}

impl Keyring {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a credential.
    pub fn look(&self, hash: &Hash, now: Instant) -> Known {
        let remembered = self.lock();
        if let Some((actor, until)) = remembered.holders.get(hash)
            && now < *until
        {
            return Known::Holder(actor.clone());
        }
        if remembered.refused.get(hash).is_some_and(|until| now < *until) {
            return Known::Refused;
        }
        Known::Nothing(remembered.generation)
    }

    /// Remembers a holder, unless something was revoked since the database was asked.
    pub fn trust(&self, hash: Hash, actor: &Actor, ends: Option<Instant>, now: Instant, generation: u64) {
        let mut remembered = self.lock();
        if remembered.generation != generation {
            return;
        }
        let until = now.plus(TRUST_TIME);
        let until = ends.map_or(until, |end| end.min(until));
        if remembered.holders.len() >= REMEMBERED_MAX {
            remembered.holders.retain(|_, (_, until)| now < *until);
        }
        if remembered.holders.len() < REMEMBERED_MAX {
            remembered.holders.insert(hash, (actor.clone(), until));
        }
    }

    /// Remembers that a credential does not hold.
    pub fn refuse(&self, hash: Hash, now: Instant) {
        let mut remembered = self.lock();
        // Whoever guesses never guesses the same twice: those entries are worth nothing.
        if remembered.refused.len() >= REMEMBERED_MAX {
            remembered.refused.clear();
        }
        remembered.refused.insert(hash, now.plus(REFUSE_TIME));
    }

    /// Forgets all holders: one of them was revoked.
    pub fn forget(&self) {
        let mut remembered = self.lock();
        remembered.generation += 1;
        remembered.holders.clear();
    }
}

#[cfg(test)]
mod tests {
    use stoa_core::Tenant;

    use super::*;

    #[test]
    fn a_key_that_was_revoked_while_the_database_was_asked_is_not_remembered() {
        let (ring, now) = (Keyring::default(), Instant::from_micros(1_000_000));
        let actor = Actor::anonymous(Tenant::default());
        let Known::Nothing(before) = ring.look(&[1; 32], now) else { panic!("nothing is known yet") };
        ring.forget();
        ring.trust([1; 32], &actor, None, now, before);
        let Known::Nothing(after) = ring.look(&[1; 32], now) else { panic!("it was revoked meanwhile") };
        ring.trust([1; 32], &actor, None, now, after);
        assert!(matches!(ring.look(&[1; 32], now), Known::Holder(_)));
        assert!(matches!(ring.look(&[1; 32], now.plus(TRUST_TIME)), Known::Nothing(_)));
        ring.trust([1; 32], &actor, Some(now.plus(Duration::from_secs(1))), now, after);
        assert!(matches!(ring.look(&[1; 32], now.plus(Duration::from_secs(1))), Known::Nothing(_)));
    }

    #[test]
    fn what_does_not_hold_is_remembered_within_a_bound() {
        let (ring, now) = (Keyring::default(), Instant::from_micros(1_000_000));
        for nth in 0..=REMEMBERED_MAX {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&nth.to_be_bytes());
            ring.refuse(hash, now);
        }
        assert!(ring.lock().refused.len() <= REMEMBERED_MAX);
        ring.refuse([9; 32], now);
        assert!(matches!(ring.look(&[9; 32], now), Known::Refused));
        assert!(matches!(ring.look(&[9; 32], now.plus(REFUSE_TIME)), Known::Nothing(_)));
    }
}
