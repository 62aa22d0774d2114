//! Tokens of configured OpenID Connect issuers: verified with their published keys, which are kept for a while.
//!
//! A token chooses neither its algorithm (only those that the operator lists, and only the one that its key is for) nor
//! where its keys come from (only the configured address).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use stoa_core::{Actor, ActorKind, Clock, Instant, Problem, Refusal, Tenant};

use crate::caller::{Token, TokenVerifier};
use crate::outgoing::{Call, Client};

/// How far the clocks of an issuer and of this node may be apart.
const LEEWAY: Duration = Duration::from_mins(1);
/// Keys are fetched again after this time.
const KEYS_KEPT: Duration = Duration::from_hours(1);
/// An unknown key is asked for at most this often: a forger must not make us call the issuer for each token.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(30);
/// The longest token.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// The largest set of keys.
const KEYS_BYTES_MAX: usize = 512 * 1024;

/// An issuer whose tokens are accepted.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Exactly as in its tokens' `iss`.
    pub url: String,
    /// What its tokens' `aud` must hold.
    pub audience: String,
    /// Where its keys are; found through its discovery document if `None`.
    pub jwks_url: Option<String>,
    /// The signature algorithms that are accepted.
    pub algorithms: Vec<Algorithm>,
    /// The claim that lists the caller's roles.
    pub roles_claim: String,
    /// The claim that names the tenant; the default tenant if `None`.
    pub tenant_claim: Option<String>,
}

/// An issuer that cannot be accepted as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// An algorithm that is unknown, or symmetric, so that whoever verifies could also sign.
    #[error("`{0}` is no signature algorithm that can be accepted: use ES256, ES384, EdDSA, RS256 or PS256")]
    Algorithm(String),
    /// No audience: a token meant for somebody else would be accepted.
    #[error("an issuer needs an audience")]
    Audience,
}

/// Reads the name of an algorithm.
pub fn algorithm(name: &str) -> Result<Algorithm, IssuerError> {
    match name {
        "ES256" => Ok(Algorithm::ES256),
        "ES384" => Ok(Algorithm::ES384),
        "EdDSA" => Ok(Algorithm::EdDSA),
        "RS256" => Ok(Algorithm::RS256),
        "RS384" => Ok(Algorithm::RS384),
        "RS512" => Ok(Algorithm::RS512),
        "PS256" => Ok(Algorithm::PS256),
        "PS384" => Ok(Algorithm::PS384),
        "PS512" => Ok(Algorithm::PS512),
        other => Err(IssuerError::Algorithm(other.to_owned())),
    }
}

/// All issuers of a node. Cheap to clone.
#[derive(Clone)]
pub struct Issuers(Arc<Inner>);

struct Inner {
    issuers: Vec<Issuer>,
    client: Client,
    clock: Clock,
    keys: Mutex<HashMap<String, Keys>>,
}

#[derive(Clone)]
struct Keys {
    set: Arc<JwkSet>,
    fetched: Instant,
}

impl Issuers {
    /// The issuers, whose keys are fetched when their first token comes.
    pub fn new(issuers: Vec<Issuer>, client: Client, clock: Clock) -> Result<Self, IssuerError> {
        if issuers.iter().any(|issuer| issuer.audience.is_empty()) {
            return Err(IssuerError::Audience);
        }
        Ok(Self(Arc::new(Inner { issuers, client, clock, keys: Mutex::default() })))
    }
}

fn refused(why: &str) -> Problem {
    // Which check failed helps a forger more than a caller; it goes to the log.
    tracing::info!(target: "security", why, "web: a token was refused");
    Problem::new(Refusal::Unauthenticated, "web.unauthenticated").detail("The token is not valid here.")
}

#[async_trait]
impl TokenVerifier for Issuers {
    async fn verify(&self, token: &str) -> Result<Token, Problem> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(refused("it is too long"));
        }
        let header = decode_header(token).map_err(|_| refused("its header cannot be read"))?;
        let unverified = jsonwebtoken::dangerous::insecure_decode::<Value>(token)
            .map_err(|_| refused("its claims cannot be read"))?;
        let named = unverified.claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        let issuer = self.0.issuers.iter().find(|issuer| issuer.url == named);
        let issuer = issuer.ok_or_else(|| refused("its issuer is not configured"))?;
        if !issuer.algorithms.contains(&header.alg) {
            return Err(refused("its algorithm is not accepted"));
        }
        let key = self.0.key(issuer, header.kid.as_deref(), header.alg).await?;
        let decoding = DecodingKey::from_jwk(&key).map_err(|_| refused("its key cannot be used"))?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&issuer.url]);
        validation.set_audience(&[&issuer.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are compared below, with the node's own clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims =
            decode::<Value>(token, &decoding, &validation).map_err(|error| refused(&error.to_string()))?.claims;
        self.0.in_time(&claims)?;
        actor(issuer, &claims)
    }
}

impl Inner {
    fn in_time(&self, claims: &Value) -> Result<(), Problem> {
        let now = self.clock.now();
        let at = |claim: &str| {
            let seconds = claims.get(claim).and_then(Value::as_f64);
            #[expect(clippy::cast_possible_truncation, reason = "bounded to what an instant holds")]
            seconds.map(|seconds| Instant::from_micros((seconds.clamp(0.0, 9e9) * 1e6) as i64))
        };
        match at("exp") {
            Some(end) if end.plus(LEEWAY) > now => {}
            _ => return Err(refused("it has expired")),
        }
        if at("nbf").is_some_and(|begin| begin.minus(LEEWAY) > now) {
            return Err(refused("it does not hold yet"));
        }
        Ok(())
    }

    /// The key of this id that fits the algorithm; fetched when it is not known or known for too long.
    async fn key(&self, issuer: &Issuer, kid: Option<&str>, algorithm: Algorithm) -> Result<Jwk, Problem> {
        let now = self.clock.now();
        let known = self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&issuer.url).cloned();
        if let Some(keys) = &known {
            let found = pick(&keys.set, kid, algorithm);
            let age = now.since(keys.fetched);
            match found {
                Some(key) if age < KEYS_KEPT => return Ok(key),
                None if age < UNKNOWN_KEY_PAUSE => return Err(refused("its key is unknown")),
                _ => {}
            }
        }
        let set = match self.fetch(issuer).await {
            Ok(set) => Arc::new(set),
            // An issuer that is away for a while does not lock everybody out whose key is known.
            Err(problem) => {
                let kept = known.as_ref().and_then(|keys| pick(&keys.set, kid, algorithm));
                return kept.ok_or(problem);
            }
        };
        let keys = Keys { set: Arc::clone(&set), fetched: now };
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(issuer.url.clone(), keys);
        pick(&set, kid, algorithm).ok_or_else(|| refused("its key is unknown"))
    }

    async fn fetch(&self, issuer: &Issuer) -> Result<JwkSet, Problem> {
        let away = |what: &str| {
            tracing::warn!(issuer = issuer.url, what, "web: the keys of an issuer could not be fetched");
            Problem::new(Refusal::Busy, "web.other_system_unavailable")
                .detail("The issuer of the token cannot be asked for its keys at the moment.")
                .retry_after(Duration::from_secs(10))
        };
        let get = async |url: String| -> Result<Value, Problem> {
            let call = Call::get("issuer", url).at_most(KEYS_BYTES_MAX);
            let reply = self.client.send(call).await.map_err(|error| away(&error.to_string()))?;
            if !reply.status.is_success() {
                return Err(away(reply.status.as_str()));
            }
            reply.json().map_err(|_| away("its answer is no JSON"))
        };
        let url = match &issuer.jwks_url {
            Some(url) => url.clone(),
            None => {
                let place = format!("{}/.well-known/openid-configuration", issuer.url.trim_end_matches('/'));
                let document = get(place).await?;
                // OpenID Connect Discovery 1.0 §4.3: the document must be the issuer's own.
                if document.get("issuer").and_then(Value::as_str) != Some(&issuer.url) {
                    return Err(away("its discovery document is another issuer's"));
                }
                let url = document.get("jwks_uri").and_then(Value::as_str).map(str::to_owned);
                url.ok_or_else(|| away("its discovery document names no keys"))?
            }
        };
        serde_json::from_value(get(url).await?).map_err(|_| away("its keys cannot be read"))
    }
}

/// The key with this id; without an id the only one that fits.
fn pick(set: &JwkSet, kid: Option<&str>, algorithm: Algorithm) -> Option<Jwk> {
    use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, PublicKeyUse};
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
    let mut found =
        set.keys.iter().filter(|key| kid.is_none_or(|kid| key.common.key_id.as_deref() == Some(kid))).filter(fits);
    let first = found.next()?;
    found.next().is_none().then(|| first.clone())
}

fn actor(issuer: &Issuer, claims: &Value) -> Result<Token, Problem> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let subject = text("sub").ok_or_else(|| refused("it names nobody"))?;
    let roles: Vec<String> = match claims.get(&issuer.roles_claim) {
        Some(Value::Array(roles)) => roles.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        // OAuth writes lists as words (`scope`).
        Some(Value::String(words)) => words.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let tenant = match &issuer.tenant_claim {
        Some(claim) => {
            let name = text(claim).ok_or_else(|| refused("it names no tenant"))?;
            Tenant::new(name).map_err(|_| refused("its tenant is no name"))?
        }
        None => Tenant::default(),
    };
    let actor = Actor {
        kind: ActorKind::Official,
        // A subject is unique within its issuer only.
        id: format!("{subject}@{}", issuer.url),
        name: text("name").or_else(|| text("preferred_username")).map(str::to_owned),
        ..Actor::anonymous(tenant)
    };
    Ok(Token { actor, roles })
}
