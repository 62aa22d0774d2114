//! Names and secrets: who comes with Basic authentication.
//!
//! A slow hash (argon2, bcrypt) costs a fifth of a second of a core. So a pair that was verified is remembered for a
//! moment, few are computed at a time and few may wait, and a refusal takes the same time whether the account is there
//! or not.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _};
use stoa_core::{Actor, Problem, Refusal, Tenant};
use stoa_store::Tx;
use stoa_web::{BasicVerifier, Known, secret_hash};
use tokio::time::Instant as Tick;

use super::{Monitor, actor_of};
use crate::error::MonitorError;
use crate::store;

/// What stands before the hash of a random secret of ours: those need no slow hash, since nobody can guess them.
pub(crate) const FAST_PREFIX: &str = "$stoa-sha256$";
/// How long a refusal takes at least, for each slow hash that any account has at most: longer than computing one takes on
/// a machine that is not overloaded, so that the time does not tell whose name was tried.
const REFUSAL_TIME: Duration = Duration::from_millis(400);
/// Requests that may wait for a slow hash.
const WAITING_MAX: usize = 32;
/// Slow hashes of one account that are looked at.
const SECRETS_MAX: u32 = 8;

/// What is hashed for an account that is not there, so that the machine does the same work.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| {
    let hash = Argon2::default().hash_password_with_salt(b"nobody", b"nobody has this salt").ok()?;
    Some(hash.to_string())
});

/// What is stored of a random secret.
pub(super) fn fast_hash(secret: &str) -> String {
    let hex: String = secret_hash(secret).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{FAST_PREFIX}{hex}")
}

#[async_trait::async_trait]
impl BasicVerifier for Monitor {
    async fn verify(&self, name: &str, secret: &str) -> Result<Option<Actor>, Problem> {
        let began = Tick::now();
        let now = self.store().clock().now();
        let pair = secret_hash(&format!("{}:{name}{secret}", name.len()));
        let generation = match self.shared.keyring.look(&pair, now) {
            Known::Holder(actor) => return Ok(Some(actor)),
            Known::Refused => return Ok(None),
            Known::Nothing(generation) => generation,
        };
        let (found, most) = self.secrets_of(name).await?;
        let hashes = found.as_ref().map(|(_, hashes)| hashes.clone()).unwrap_or_default();
        let is_right =
            if hashes.contains(&fast_hash(secret)) { true } else { self.is_any(hashes, most, secret).await? };
        match found.filter(|_| is_right) {
            Some((actor, _)) => {
                self.shared.keyring.trust(pair, &actor, None, now, generation);
                Ok(Some(actor))
            }
            None => {
                self.shared.keyring.refuse(pair, now);
                tokio::time::sleep_until(began + REFUSAL_TIME * most).await;
                Ok(None)
            }
        }
    }
}

impl Monitor {
    /// The account of that name with the hashes of its secrets; and how many slow ones any account has at most.
    async fn secrets_of(&self, subject: &str) -> Result<(Option<(Actor, Vec<String>)>, u32), MonitorError> {
        let (tenant, subject) = (Tenant::default(), subject.to_owned());
        let read = async move |tx: &mut Tx<'_>| -> Result<_, MonitorError> {
            let most = store::account::most_secrets(tx, &tenant, FAST_PREFIX).await?;
            let most = u32::try_from(most).unwrap_or(0).clamp(1, SECRETS_MAX);
            let Some(row) = store::account::find(tx, &tenant, &subject).await? else { return Ok((None, most)) };
            let hashes = store::account::secrets(tx, row.id).await?;
            Ok((Some((actor_of(&tenant, &row.subject, row.roles), hashes)), most))
        };
        self.store().read(read).await
    }

    /// Whether a secret is any of those with these slow hashes.
    async fn is_any(&self, hashes: Vec<String>, most: u32, secret: &str) -> Result<bool, Problem> {
        let mut slow: Vec<String> = hashes.into_iter().filter(|hash| !hash.starts_with(FAST_PREFIX)).collect();
        slow.truncate(SECRETS_MAX as usize);
        // As many for every name: neither the time nor the wait of others tells whose it is.
        let missing = (most as usize).saturating_sub(slow.len());
        slow.extend(std::iter::repeat_n(NOBODY.clone(), missing).flatten());
        let busy = || {
            Problem::new(Refusal::Busy, "web.busy")
                .detail("Too many secrets are being verified at the moment.")
                .retry_after(Duration::from_secs(1))
        };
        let _place = self.waiting().ok_or_else(busy)?;
        let _turn = self.shared.slow.acquire().await.map_err(|_| busy())?;
        let secret = secret.to_owned();
        let verified = tokio::task::spawn_blocking(move || {
            // All of them, so that the time does not tell which one it was.
            slow.iter().filter(|hash| fits(hash, &secret)).count() > 0
        });
        verified.await.map_err(|_| Problem::new(Refusal::Failed, "web.failed"))
    }

    /// A place among those that wait for a slow hash, if there is one.
    fn waiting(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.shared.waiting.try_acquire().ok()
    }

    /// How many may wait for a slow hash.
    pub(super) const fn waiting_max() -> usize {
        WAITING_MAX
    }
}

fn fits(hash: &str, secret: &str) -> bool {
    if hash.starts_with("$argon2") {
        let Ok(hash) = PasswordHash::new(hash) else { return false };
        return Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok();
    }
    bcrypt::verify(secret, hash).unwrap_or(false)
}
