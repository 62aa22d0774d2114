//! The provider's signing keys: made ahead of their turn, sealed, known to every node by their times.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::json;
use stoa_core::Instant;
use stoa_store::{Tx, seal};
use tokio::time::Instant as Tick;

use super::{By, Identity, note};
use crate::error::IdentityError;
use crate::jose::{Algorithm, Held, PrivateKey, Ring};
use crate::store;
use crate::store::key::KeyRow;

/// Whose data key seals the signing keys.
const SEALED_FOR: &str = "identity.signing_keys";
const SEALED_IN: &str = "signing_key.sealed";
/// How long a key is published before it signs: relying parties keep a set of keys for hours.
const AHEAD: Duration = Duration::from_hours(24);
/// How long a key is published after its last signature: longer than any token holds.
pub(super) const KEPT_AFTER: Duration = Duration::from_hours(7 * 24);
/// How old the ring in memory may be: other nodes make keys too, and turn them at once in an emergency.
const RELOADED_AFTER: Duration = Duration::from_secs(10);

/// The ring as it was read.
pub(super) struct Loaded {
    ring: Arc<Ring>,
    /// The published set as its text.
    published: axum::body::Bytes,
    at: Tick,
}

/// A signing key, without its private half.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct KeyInfo {
    /// Its `kid`.
    pub id: String,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// Signs from then on.
    #[schema(value_type = String)]
    pub signs_from: Instant,
    /// Signs until then.
    #[schema(value_type = String)]
    pub signs_until: Instant,
    /// Is published until then.
    #[schema(value_type = String)]
    pub kept_until: Instant,
}

impl Identity {
    /// The keys of this moment. Made where there are none yet.
    pub(crate) async fn ring(&self) -> Result<Arc<Ring>, IdentityError> {
        let held = {
            let guard = self.shared.ring.read().unwrap_or_else(PoisonError::into_inner);
            guard.as_ref().filter(|loaded| loaded.at.elapsed() < RELOADED_AFTER).map(|loaded| Arc::clone(&loaded.ring))
        };
        if let Some(ring) = held {
            let now = self.now();
            if Algorithm::ALL.into_iter().all(|algorithm| ring.signer(algorithm, now).is_some()) {
                return Ok(ring);
            }
        }
        self.turn_keys().await
    }

    /// The published keys (RFC 7517) as their text.
    pub(crate) async fn published_keys(&self) -> Result<axum::body::Bytes, IdentityError> {
        let ring = self.ring().await?;
        let guard = self.shared.ring.read().unwrap_or_else(PoisonError::into_inner);
        let held = guard.as_ref().filter(|loaded| Arc::ptr_eq(&loaded.ring, &ring)).map(|held| held.published.clone());
        drop(guard);
        Ok(held.unwrap_or_else(|| ring.published(self.now()).to_string().into()))
    }

    /// Reads the keys, and makes those whose turn comes within a day.
    pub(crate) async fn turn_keys(&self) -> Result<Arc<Ring>, IdentityError> {
        let ring = self.load().await?;
        let now = self.now();
        let mut made = false;
        for algorithm in Algorithm::ALL {
            let from = match ring.newest(algorithm) {
                Some(newest) if newest.signs_until > now.plus(AHEAD) => continue,
                Some(newest) if newest.signs_until > now => newest.signs_until,
                _ => now,
            };
            self.make_key(algorithm, from).await?;
            made = true;
        }
        if made { self.load().await } else { Ok(ring) }
    }

    async fn make_key(&self, algorithm: Algorithm, from: Instant) -> Result<(), IdentityError> {
        let until = from.plus(self.settings().key);
        let Fresh { secret, id, certificate } = fresh(algorithm, self.issuer()).await?;
        let master = self.master().clone();
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let row = KeyRow {
                id: id.clone(),
                algorithm: algorithm.as_str().to_owned(),
                sealed: seal::seal(tx, &master, SEALED_FOR, SEALED_IN, &secret).await?,
                certificate: certificate.clone(),
                signs_from: from,
                signs_until: until,
                kept_until: until.plus(KEPT_AFTER),
            };
            // Another node may have been faster; its key does as well.
            if store::key::insert(tx, &row).await? {
                let by = By::system(stoa_core::Actor::system("identity", stoa_core::Tenant::default()));
                let detail = json!({"algorithm": algorithm.as_str(), "signs_from": from});
                note(tx, &by, "identity.key.make", format!("identity/keys/{id}"), None, detail).await?;
            }
            Ok(())
        };
        self.store().write(write).await
    }

    async fn load(&self) -> Result<Arc<Ring>, IdentityError> {
        let master = self.master().clone();
        let known: HashMap<String, Arc<PrivateKey>> = {
            let guard = self.shared.ring.read().unwrap_or_else(PoisonError::into_inner);
            let keys = guard.as_ref().map(|loaded| Arc::clone(&loaded.ring));
            keys.iter().flat_map(|ring| ring.iter()).map(|held| (held.id.clone(), Arc::clone(&held.key))).collect()
        };
        let read = async move |tx: &mut Tx<'_>| -> Result<Vec<Held>, IdentityError> {
            let mut keys = Vec::new();
            for row in store::key::list(tx).await? {
                let Some(algorithm) = Algorithm::from_name(&row.algorithm) else { continue };
                let key = match known.get(&row.id) {
                    Some(key) => Arc::clone(key),
                    None => {
                        let secret = seal::open(tx, &master, SEALED_FOR, SEALED_IN, &row.sealed).await?;
                        Arc::new(PrivateKey::open(algorithm, &secret)?)
                    }
                };
                let mut public = key.public();
                if let Some(members) = public.as_object_mut() {
                    members.insert("kid".to_owned(), row.id.clone().into());
                    members.insert("exp".to_owned(), row.kept_until.to_string().into());
                    let print = digest::digest(&digest::SHA256, &row.certificate);
                    members.insert("x5c".to_owned(), vec![STANDARD.encode(&row.certificate)].into());
                    members.insert("x5t#S256".to_owned(), URL_SAFE_NO_PAD.encode(print).into());
                }
                keys.push(Held {
                    id: row.id,
                    algorithm,
                    key,
                    public,
                    signs_from: row.signs_from,
                    signs_until: row.signs_until,
                    kept_until: row.kept_until,
                });
            }
            Ok(keys)
        };
        let ring = Arc::new(Ring::new(self.store().read(read).await?));
        let published = ring.published(self.now()).to_string().into();
        let loaded = Loaded { ring: Arc::clone(&ring), published, at: Tick::now() };
        *self.shared.ring.write().unwrap_or_else(PoisonError::into_inner) = Some(loaded);
        Ok(ring)
    }

    /// All keys that are published.
    pub async fn list_keys(&self) -> Result<Vec<KeyInfo>, IdentityError> {
        Ok(self.ring().await?.iter().map(info).collect())
    }

    /// Lets new keys sign from now on. What the present ones signed is verified for a while, or in an emergency no more:
    /// then every token that is out ends at once.
    pub async fn turn_keys_now(&self, by: &By, is_emergency: bool) -> Result<Vec<KeyInfo>, IdentityError> {
        let mut fresh_keys = Vec::new();
        for algorithm in Algorithm::ALL {
            fresh_keys.push((algorithm, fresh(algorithm, self.issuer()).await?));
        }
        let (master, by, life) = (self.master().clone(), by.clone(), self.settings().key);
        let write = async move |tx: &mut Tx<'_>| -> Result<(), IdentityError> {
            let now = tx.now();
            for (algorithm, Fresh { secret, id, certificate }) in &fresh_keys {
                if is_emergency {
                    store::key::end_all(tx, algorithm.as_str()).await?;
                } else {
                    store::key::end_turns(tx, algorithm.as_str(), now.plus(KEPT_AFTER)).await?;
                }
                let row = KeyRow {
                    id: id.clone(),
                    algorithm: algorithm.as_str().to_owned(),
                    sealed: seal::seal(tx, &master, SEALED_FOR, SEALED_IN, secret).await?,
                    certificate: certificate.clone(),
                    signs_from: now,
                    signs_until: now.plus(life),
                    kept_until: now.plus(life).plus(KEPT_AFTER),
                };
                store::key::insert(tx, &row).await?;
                let detail = json!({"algorithm": algorithm.as_str(), "is_emergency": is_emergency});
                note(tx, &by, "identity.key.turn", format!("identity/keys/{id}"), None, detail).await?;
            }
            Ok(())
        };
        self.store().write(write).await?;
        Ok(self.load().await?.iter().map(info).collect())
    }
}

/// A new key.
struct Fresh {
    secret: zeroize::Zeroizing<Vec<u8>>,
    id: String,
    certificate: Vec<u8>,
}

/// A new key, its name and its certificate. Made away from everything else: an RSA key takes long.
async fn fresh(algorithm: Algorithm, issuer: &str) -> Result<Fresh, IdentityError> {
    let issuer = issuer.to_owned();
    let made = tokio::task::spawn_blocking(move || -> Result<Fresh, crate::jose::KeyFault> {
        let secret = PrivateKey::generate(algorithm)?;
        let public = PrivateKey::open(algorithm, &secret)?.public();
        let print = serde_json::from_value(public).ok().and_then(|key| crate::jose::thumbprint(&key));
        let mut id = print.ok_or(crate::jose::KeyFault("named"))?;
        id.truncate(16);
        let certificate = certificate(&secret, &issuer).ok_or(crate::jose::KeyFault("certified"))?;
        Ok(Fresh { secret, id, certificate })
    });
    Ok(made.await.map_err(|_| crate::jose::KeyFault("made"))??)
}

/// A certificate that the key signs for itself: it says no more than the key does, in the form that some relying parties
/// want. How long the key holds says the set of keys.
fn certificate(secret: &[u8], issuer: &str) -> Option<Vec<u8>> {
    let pair = rcgen::KeyPair::try_from(secret).ok()?;
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, issuer);
    Some(params.self_signed(&pair).ok()?.der().to_vec())
}

fn info(held: &Held) -> KeyInfo {
    KeyInfo {
        id: held.id.clone(),
        algorithm: held.algorithm,
        signs_from: held.signs_from,
        signs_until: held.signs_until,
        kept_until: held.kept_until,
    }
}
