//! Passwords: hashed slowly on purpose (argon2id), a few at a time and away from everything else, so that a rush of sign-ins
//! takes nothing from other requests. The memory that hashing fills is kept and used again: it is as much as there are
//! turns, whatever comes.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::Semaphore;

use crate::error::IdentityError;
use crate::jose::random;

/// Memory of one hash in KiB, rounds, lanes (OWASP Password Storage: 19 MiB, 2, 1).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Bytes of a hash.
const HASH_BYTES: usize = 32;
/// Requests that wait for their turn, for each hash that is computed at a time. At some 25 ms each the last one waits
/// less than a second.
const WAITING_EACH: usize = 32;

/// What is filled while one hash is computed.
type Memory = Vec<Block>;

/// The pool.
#[derive(Clone)]
pub(super) struct Hashing {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    memories: Arc<Mutex<Vec<Memory>>>,
}

impl Hashing {
    pub(super) fn new(threads: usize) -> Self {
        let waiting = threads.saturating_mul(WAITING_EACH + 1);
        Self {
            turns: Arc::new(Semaphore::new(threads)),
            waiting: Arc::new(Semaphore::new(waiting)),
            memories: Arc::default(),
        }
    }

    /// The text that is kept of a password (PHC string format).
    pub(super) async fn hash(&self, password: String) -> Result<String, IdentityError> {
        let salt = random::<16>()?;
        let hash = self.run(move |memory| raw(&own()?, &password, &salt, memory)).await?;
        let hash = hash.ok_or(crate::jose::KeyFault("made of a password"))?;
        let (memory, rounds, lanes) = COST;
        let text = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes);
        Ok(format!("$argon2id$v=19$m={memory},t={rounds},p={lanes}${}${}", text(&salt), text(&hash)))
    }

    /// Whether it is the password that was kept. Without one the same work is done in vain.
    pub(super) async fn verify(&self, kept: Option<String>, password: String) -> Result<bool, IdentityError> {
        let fits = self.run(move |memory| {
            let kept = kept.and_then(|text| Kept::read(&text));
            let (params, salt) = match &kept {
                Some(kept) => (kept.params.clone(), kept.salt.as_slice()),
                None => (own()?, b"nobody has this salt".as_slice()),
            };
            let hash = raw(&params, &password, salt, memory)?;
            let kept = kept?;
            aws_lc_rs::constant_time::verify_slices_are_equal(&hash, &kept.hash).ok()
        });
        Ok(fits.await?.is_some())
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, IdentityError> {
        let _place = self.waiting.try_acquire().map_err(|_| IdentityError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| IdentityError::Busy)?;
        let memories = Arc::clone(&self.memories);
        let done = tokio::task::spawn_blocking(move || {
            let held = memories.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut memory = held.unwrap_or_default();
            let outcome = work(&mut memory);
            memories.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
            // Held until the work ends, even where whoever asked has gone.
            drop(turn);
            outcome
        });
        done.await.map_err(|_| IdentityError::Busy)
    }
}

fn own() -> Option<Params> {
    Params::new(COST.0, COST.1, COST.2, Some(HASH_BYTES)).ok()
}

fn raw(params: &Params, password: &str, salt: &[u8], memory: &mut Memory) -> Option<Vec<u8>> {
    if memory.len() < params.block_count() {
        memory.resize(params.block_count(), Block::new());
    }
    let mut hash = vec![0; params.output_len().unwrap_or(HASH_BYTES)];
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    hasher.hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, memory).ok()?;
    Some(hash)
}

/// What is kept of a password.
struct Kept {
    params: Params,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Kept {
    fn read(text: &str) -> Option<Self> {
        let hash = PasswordHash::new(text).ok()?;
        Some(Self {
            params: Params::try_from(&hash).ok()?,
            salt: hash.salt.as_ref()?.as_ref().to_vec(),
            hash: hash.hash.as_ref()?.as_bytes().to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_hash_and_no_other() {
        let pool = Hashing::new(1);
        // Made by the reference implementation: others' hashes are read too.
        let other = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(pool.verify(Some(other.to_owned()), "password".to_owned()).await.unwrap());
        let kept = pool.hash("correct horse".to_owned()).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(pool.verify(Some(kept.clone()), "correct horse".to_owned()).await.unwrap());
        assert!(!pool.verify(Some(kept), "correct horsf".to_owned()).await.unwrap());
        assert!(!pool.verify(None, "nobody".to_owned()).await.unwrap());
        assert!(!pool.verify(Some("nonsense".to_owned()), "x".to_owned()).await.unwrap());
    }

    #[tokio::test]
    async fn whoever_comes_when_the_queue_is_full_is_told_at_once() {
        let pool = Hashing::new(1);
        let held = pool.waiting.acquire_many(33).await.unwrap();
        assert!(matches!(pool.verify(None, String::new()).await, Err(IdentityError::Busy)));
        drop(held);
        assert!(pool.verify(None, String::new()).await.is_ok());
    }
}
