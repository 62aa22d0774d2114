//! Tokens of configured OpenID Connect issuers: verified with their published keys, which are kept for a while.
//!
//! A token chooses neither its algorithm (only those that the operator lists, and only the one that its key is for) nor
//! where its keys come from (only the configured address).

mod keys;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::Value;
use stoa_core::{Actor, ActorKind, Clock, Instant, Problem, Refusal, Tenant};

use crate::caller::{Token, TokenVerifier};
use crate::outgoing::Client;

pub use keys::{KeySource, key_for};
use keys::{Keys, Wanted};

/// How far the clocks of an issuer and of this node may be apart.
const LEEWAY: Duration = Duration::from_mins(1);
/// The longest token.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// How the subjects of blocks begin, in tokens that nodes sign.
pub(crate) const BLOCK_SUBJECT: &str = "block:";

/// An issuer whose tokens are accepted.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Exactly as in its tokens' `iss`.
    pub url: String,
    /// One of these must be in its tokens' `aud`.
    pub audiences: Vec<String>,
    /// Where its keys are.
    pub keys: KeySource,
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
    issuers: Vec<(Issuer, Arc<Keys>)>,
    clock: Clock,
}

impl Issuers {
    /// The issuers, whose keys are fetched when their first token comes.
    pub fn new(issuers: Vec<Issuer>, client: &Client, clock: Clock) -> Result<Self, IssuerError> {
        if issuers.iter().any(|issuer| issuer.audiences.iter().all(String::is_empty)) {
            return Err(IssuerError::Audience);
        }
        let with_keys = |issuer: Issuer| {
            let keys = Keys::new(issuer.url.clone(), issuer.keys.clone(), client.clone(), clock.clone());
            (issuer, keys)
        };
        let issuers = issuers.into_iter().map(with_keys).collect();
        Ok(Self(Arc::new(Inner { issuers, clock })))
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
        check_header(&header)?;
        let unverified = jsonwebtoken::dangerous::insecure_decode::<Value>(token)
            .map_err(|_| refused("its claims cannot be read"))?;
        let named = unverified.claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        let issuer = self.0.issuers.iter().find(|(issuer, _)| issuer.url == named);
        let (issuer, keys) = issuer.ok_or_else(|| refused("its issuer is not configured"))?;
        if !issuer.algorithms.contains(&header.alg) {
            return Err(refused("its algorithm is not accepted"));
        }
        let key = keys.get(Wanted { id: header.kid.as_deref(), algorithm: header.alg }).await?;
        let decoding = DecodingKey::from_jwk(&key).map_err(|_| refused("its key cannot be used"))?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&issuer.url]);
        validation.set_audience(&issuer.audiences);
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
}

fn check_header(header: &Header) -> Result<(), Problem> {
    // RFC 7515 §4.1.11: what must be understood and is not makes the token invalid.
    if header.crit.is_some() {
        return Err(refused("it demands an extension"));
    }
    // RFC 8725 §3.11: a token that was made for something else (a log-out, a proof of possession) is none of access.
    let kind = header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
    match kind.strip_prefix("application/").unwrap_or(&kind) {
        "jwt" | "at+jwt" => Ok(()),
        _ => Err(refused("it is of another type")),
    }
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
    let block = subject.starts_with(BLOCK_SUBJECT);
    // RFC 9068 §2.2: where nobody else is there, the client is the subject itself.
    let is_client = ["client_id", "azp"].iter().any(|claim| text(claim) == Some(subject));
    let for_whom = claims.get("act").and_then(|act| act.get("sub")).and_then(Value::as_str);
    let actor = Actor {
        kind: if block || is_client { ActorKind::System } else { ActorKind::Official },
        id: match issuer.keys {
            KeySource::Own(_) => subject.to_owned(),
            // A subject is unique within its issuer only.
            _ => format!("{subject}@{}", issuer.url),
        },
        name: text("name").or_else(|| text("preferred_username")).map(str::to_owned),
        // What a node says of its blocks: the block acts, for this person. Elsewhere `act` means the other way round.
        on_behalf_of: for_whom.filter(|_| block).map(str::to_owned),
        ..Actor::anonymous(tenant)
    };
    Ok(Token { actor, roles })
}
