//! Passwords: hashed slowly on purpose (argon2id), a few at a time and away from everything else, so that a rush of sign-ins
//! takes nothing from other requests.

use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use crate::error::IdentityError;
use crate::jose::random;

/// Memory of one hash in KiB, rounds, lanes (OWASP Password Storage: 19 MiB, 2, 1).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Requests that wait for their turn, for each hash that is computed at a time. At some 25 ms each the last one waits
/// less than a second.
const WAITING_EACH: usize = 32;

/// What is hashed for a person who is not there, so that the machine does the same work.
static NOBODY: LazyLock<Option<String>> =
    LazyLock::new(|| Some(hasher()?.hash_password_with_salt(b"nobody", b"nobody has this salt").ok()?.to_string()));

fn hasher() -> Option<Argon2<'static>> {
    let params = Params::new(COST.0, COST.1, COST.2, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The pool.
#[derive(Clone)]
pub(super) struct Hashing {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Hashing {
    pub(super) fn new(threads: usize) -> Self {
        let waiting = threads.saturating_mul(WAITING_EACH + 1);
        Self { turns: Arc::new(Semaphore::new(threads)), waiting: Arc::new(Semaphore::new(waiting)) }
    }

    /// The text that is kept of a password.
    pub(super) async fn hash(&self, password: String) -> Result<String, IdentityError> {
        let salt = random::<16>()?;
        self.run(move || {
            let hash = hasher()?.hash_password_with_salt(password.as_bytes(), &salt).ok()?;
            Some(hash.to_string())
        })
        .await?
        .ok_or_else(|| crate::jose::KeyFault("made of a password").into())
    }

    /// Whether it is the password that was kept. Without one the same work is done in vain.
    pub(super) async fn verify(&self, kept: Option<String>, password: String) -> Result<bool, IdentityError> {
        self.run(move || {
            let is_there = kept.is_some();
            let text = kept.or_else(|| NOBODY.clone())?;
            let hash = PasswordHash::new(&text).ok()?;
            let fits = hasher()?.verify_password(password.as_bytes(), &hash).is_ok();
            Some(fits && is_there)
        })
        .await
        .map(|fits| fits.unwrap_or(false))
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, IdentityError> {
        let _place = self.waiting.try_acquire().map_err(|_| IdentityError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| IdentityError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            // Held until the work ends, even where whoever asked has gone.
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| IdentityError::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_hash_and_no_other() {
        let pool = Hashing::new(1);
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
