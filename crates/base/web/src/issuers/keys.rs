//! The keys of one issuer: fetched when they are needed, by one caller for all, and refreshed behind the callers' backs.
//!
//! An issuer that is away locks nobody out whose key is known, for a day; longer than that a key that the issuer may
//! have withdrawn is not believed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use serde_json::Value;
use stoa_core::{Clock, Instant, Problem, Refusal};
use tokio::sync::Mutex as Flight;

use super::refused;
use crate::outgoing::{Call, Client};

/// Keys are fetched again after this time.
const KEYS_KEPT: Duration = Duration::from_hours(1);
/// Keys that could not be fetched again are believed up to this age.
const KEYS_AGE_MAX: Duration = Duration::from_hours(24);
/// An unknown key is asked for at most this often: a forger must not make us call the issuer for each token.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(30);
/// An issuer that did not answer is left alone this long.
const AWAY_PAUSE: Duration = Duration::from_secs(10);
/// A caller waits for the issuer at most this long, and only when nothing else helps.
const FETCH_TIME: Duration = Duration::from_secs(5);
/// The largest set of keys.
const KEYS_BYTES_MAX: usize = 512 * 1024;

/// Where an issuer's keys come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// Its discovery document names the address.
    Discovered,
    /// This address.
    At(String),
    /// This node itself is the issuer, with these keys.
    Own(JwkSet),
}

/// The keys of one issuer.
pub(super) struct Keys {
    issuer: String,
    source: KeySource,
    client: Client,
    clock: Clock,
    state: Mutex<State>,
    /// Held by whoever asks the issuer; the others wait for what comes of it.
    flight: Arc<Flight<()>>,
}

#[derive(Clone, Default)]
struct State {
    known: Option<(Arc<JwkSet>, Instant)>,
    tried: Option<Tried>,
}

#[derive(Clone, Copy)]
struct Tried {
    at: Instant,
    worked: bool,
}

impl State {
    fn may_ask(&self, now: Instant) -> bool {
        let pause = |tried: Tried| if tried.worked { UNKNOWN_KEY_PAUSE } else { AWAY_PAUSE };
        self.tried.is_none_or(|tried| now.since(tried.at) >= pause(tried))
    }

    /// A key that may still be believed, with its age.
    fn find(&self, wanted: Wanted<'_>, now: Instant) -> Option<(Jwk, Duration)> {
        let (set, fetched) = self.known.as_ref()?;
        let age = now.since(*fetched);
        (age < KEYS_AGE_MAX).then(|| pick(set, wanted)).flatten().map(|key| (key, age))
    }

    fn why_not(&self) -> Problem {
        if self.tried.is_some_and(|tried| tried.worked) { refused("its key is unknown") } else { away() }
    }
}

/// The key that a token names.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) algorithm: Algorithm,
}

fn away() -> Problem {
    Problem::new(Refusal::Busy, "web.other_system_unavailable")
        .detail("The issuer of the token cannot be asked for its keys at the moment.")
        .retry_after(AWAY_PAUSE)
}

impl Keys {
    pub(super) fn new(issuer: String, source: KeySource, client: Client, clock: Clock) -> Arc<Self> {
        Arc::new(Self { issuer, source, client, clock, state: Mutex::default(), flight: Arc::default() })
    }

    fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key of this id that fits the algorithm.
    pub(super) async fn get(self: &Arc<Self>, wanted: Wanted<'_>) -> Result<Jwk, Problem> {
        if let KeySource::Own(set) = &self.source {
            return pick(set, wanted).ok_or_else(|| refused("its key is unknown"));
        }
        let (state, now) = (self.state(), self.clock.now());
        if let Some((key, age)) = state.find(wanted, now) {
            if age >= KEYS_KEPT && state.may_ask(now) {
                self.refresh_behind();
            }
            return Ok(key);
        }
        if state.may_ask(now) {
            let _flight = self.flight.lock().await;
            // Whoever was first has asked for all of us.
            if self.state().may_ask(self.clock.now()) {
                self.ask().await;
            }
        }
        let state = self.state();
        state.find(wanted, self.clock.now()).map(|(key, _)| key).ok_or_else(|| state.why_not())
    }

    /// Asks the issuer without letting the caller wait for it.
    fn refresh_behind(self: &Arc<Self>) {
        let Ok(flight) = Arc::clone(&self.flight).try_lock_owned() else { return };
        let keys = Arc::clone(self);
        tokio::spawn(async move {
            let _flight = flight;
            keys.ask().await;
        });
    }

    async fn ask(&self) {
        let fetched = self.fetch().await;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        state.tried = Some(Tried { at: now, worked: fetched.is_ok() });
        match fetched {
            Ok(set) => state.known = Some((Arc::new(set), now)),
            Err(what) => {
                tracing::warn!(issuer = self.issuer, what, "web: the keys of an issuer could not be fetched");
            }
        }
    }

    async fn fetch(&self) -> Result<JwkSet, String> {
        let get = async |url: String| -> Result<Value, String> {
            let call = Call::get("issuer", url).at_most(KEYS_BYTES_MAX).within(FETCH_TIME);
            let reply = self.client.send(call).await.map_err(|error| error.to_string())?;
            if !reply.status.is_success() {
                return Err(format!("it answered {}", reply.status));
            }
            reply.json().map_err(|_| "its answer is no JSON".to_owned())
        };
        let url = match &self.source {
            KeySource::Own(set) => return Ok(set.clone()),
            KeySource::At(url) => url.clone(),
            KeySource::Discovered => {
                let place = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
                let document = get(place).await?;
                // OpenID Connect Discovery 1.0 §4.3: the document must be the issuer's own.
                if document.get("issuer").and_then(Value::as_str) != Some(&self.issuer) {
                    return Err("its discovery document is another issuer's".to_owned());
                }
                let url = document.get("jwks_uri").and_then(Value::as_str).map(str::to_owned);
                url.ok_or_else(|| "its discovery document names no keys".to_owned())?
            }
        };
        serde_json::from_value(get(url).await?).map_err(|_| "its keys cannot be read".to_owned())
    }
}

/// The key of a set with this id that fits the algorithm; without an id the only one that fits.
pub fn key_for(set: &JwkSet, id: Option<&str>, algorithm: Algorithm) -> Option<Jwk> {
    pick(set, Wanted { id, algorithm })
}

fn pick(set: &JwkSet, wanted: Wanted<'_>) -> Option<Jwk> {
    use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, PublicKeyUse};
    let Wanted { id, algorithm } = wanted;
    let fits = |key: &&Jwk| {
        let family = match &key.algorithm {
            AlgorithmParameters::RSA(_) => matches!(
                algorithm,
                Algorithm::RS256
                    | Algorithm::RS384
                    | Algorithm::RS512
                    | Algorithm::PS256
                    | Algorithm::PS384
                    | Algorithm::PS512
            ),
            AlgorithmParameters::EllipticCurve(curve) => matches!(
                (algorithm, &curve.curve),
                (Algorithm::ES256, EllipticCurve::P256) | (Algorithm::ES384, EllipticCurve::P384)
            ),
            AlgorithmParameters::OctetKeyPair(_) => algorithm == Algorithm::EdDSA,
            // Symmetric keys, and what may come: nothing that we accept is signed with them.
            _ => false,
        };
        let own = key.common.key_algorithm.is_none_or(|named| named.to_string() == format!("{algorithm:?}"));
        let signs = key.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
        family && own && signs
    };
    let named = |key: &&Jwk| id.is_none_or(|id| key.common.key_id.as_deref() == Some(id));
    let mut found = set.keys.iter().filter(named).filter(fits);
    let first = found.next()?;
    found.next().is_none().then(|| first.clone())
}
