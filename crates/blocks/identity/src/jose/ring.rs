//! The provider's keys at one moment: one signs for each algorithm, the next is published before it signs, and the last is
//! published until nothing that it signed holds any more.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::jwk::JwkSet;
use serde::Serialize;
use serde_json::{Value, json};
use stoa_core::Instant;

use super::key::{KeyFault, PrivateKey};
use super::{Algorithm, Foreign, verify};

/// One key with its times.
pub(crate) struct Held {
    /// Its name: the beginning of its thumbprint.
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: Arc<PrivateKey>,
    /// The public half as it is published.
    pub(crate) public: Value,
    /// It signs from then on.
    pub(crate) signs_from: Instant,
    /// Until then; the next one goes on.
    pub(crate) signs_until: Instant,
    /// It is published until then.
    pub(crate) kept_until: Instant,
}

/// All keys.
#[derive(Default)]
pub(crate) struct Ring {
    keys: Vec<Held>,
    /// The public halves, for verifying our own tokens.
    set: JwkSet,
}

impl Ring {
    /// The ring of these keys.
    pub(crate) fn new(keys: Vec<Held>) -> Self {
        let public: Vec<&Value> = keys.iter().map(|held| &held.public).collect();
        let set = serde_json::from_value(json!({"keys": public})).unwrap_or_default();
        Self { keys, set }
    }

    /// The key that signs now.
    pub(crate) fn signer(&self, algorithm: Algorithm, now: Instant) -> Option<&Held> {
        let signs = |held: &&Held| held.algorithm == algorithm && held.signs_from <= now && now < held.signs_until;
        self.keys.iter().filter(signs).max_by_key(|held| held.signs_from)
    }

    /// The newest key of an algorithm, whether it signs already or not.
    pub(crate) fn newest(&self, algorithm: Algorithm) -> Option<&Held> {
        self.keys.iter().filter(|held| held.algorithm == algorithm).max_by_key(|held| held.signs_from)
    }

    /// All keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.keys.iter()
    }

    /// The published set (RFC 7517), those that every client understands first.
    pub(crate) fn published(&self, now: Instant) -> Value {
        let mut keys: Vec<&Held> = self.keys.iter().filter(|held| now < held.kept_until).collect();
        keys.sort_by_key(|held| (held.algorithm, held.signs_from));
        let keys: Vec<&Value> = keys.into_iter().map(|held| &held.public).collect();
        json!({"keys": keys})
    }

    /// A signed token of this type.
    pub(crate) fn sign<T: Serialize>(
        &self,
        algorithm: Algorithm,
        now: Instant,
        kind: &str,
        claims: &T,
    ) -> Result<String, KeyFault> {
        let held = self.signer(algorithm, now).ok_or(KeyFault("found for this moment"))?;
        // The header is written by hand: it is short, and it is made for every token.
        let header = format!("{{\"alg\":\"{}\",\"typ\":\"{kind}\",\"kid\":\"{}\"}}", algorithm.as_str(), held.id);
        let claims = serde_json::to_vec(claims).map_err(|_| KeyFault("used on these claims"))?;
        let mut token = String::with_capacity(256 + claims.len() * 2);
        BASE64.encode_string(header, &mut token);
        token.push('.');
        BASE64.encode_string(claims, &mut token);
        let signature = held.key.sign(token.as_bytes())?;
        token.push('.');
        BASE64.encode_string(signature, &mut token);
        Ok(token)
    }

    /// A token that this provider signed, while its key is published.
    pub(crate) fn verify(&self, token: &str, now: Instant) -> Result<Foreign, &'static str> {
        let found = verify(token, &self.set, &Algorithm::ALL)?;
        let id = found.head.kid.as_deref().ok_or("names no key")?;
        let is_kept = self.keys.iter().any(|held| held.id == id && now < held.kept_until);
        if is_kept { Ok(found) } else { Err("is signed with a key that is kept no longer") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn held(algorithm: Algorithm, id: &str, from: i64, until: i64) -> Held {
        let key = PrivateKey::open(algorithm, &PrivateKey::generate(algorithm).unwrap()).unwrap();
        let mut public = key.public();
        public["kid"] = id.into();
        let at = Instant::from_micros;
        Held {
            id: id.to_owned(),
            algorithm,
            key: Arc::new(key),
            public,
            signs_from: at(from),
            signs_until: at(until),
            kept_until: at(until + DAY),
        }
    }

    #[test]
    fn each_algorithm_signs_what_everybody_can_verify() {
        for algorithm in Algorithm::ALL {
            let ring = Ring::new(vec![held(algorithm, "one", 0, DAY)]);
            let now = Instant::from_micros(5);
            let token = ring.sign(algorithm, now, "JWT", &json!({"sub": "x"})).unwrap();
            let found = ring.verify(&token, now).unwrap();
            assert_eq!(found.claims["sub"], "x");
            assert_eq!(found.head.kid.as_deref(), Some("one"));
            // One letter of the claims changed.
            let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
            parts[1] = BASE64.encode(br#"{"sub":"y"}"#);
            assert!(ring.verify(&parts.join("."), now).is_err(), "{algorithm:?}");
        }
    }

    #[test]
    fn keys_take_turns_and_are_kept_for_what_they_signed() {
        let ring =
            Ring::new(vec![held(Algorithm::ES256, "old", 0, 2 * DAY), held(Algorithm::ES256, "new", 2 * DAY, 9 * DAY)]);
        let at = Instant::from_micros;
        let name = |now| ring.signer(Algorithm::ES256, at(now)).map(|held| held.id.clone());
        assert_eq!(name(DAY).as_deref(), Some("old"));
        assert_eq!(name(2 * DAY).as_deref(), Some("new"));
        assert_eq!(name(9 * DAY), None);
        let published = |now| ring.published(at(now))["keys"].as_array().unwrap().len();
        assert_eq!((published(DAY), published(3 * DAY - 1), published(3 * DAY)), (2, 2, 1));
        let token = ring.sign(Algorithm::ES256, at(DAY), "JWT", &json!({})).unwrap();
        assert!(ring.verify(&token, at(3 * DAY - 1)).is_ok() && ring.verify(&token, at(3 * DAY)).is_err());
    }

    #[test]
    fn no_token_chooses_its_own_algorithm() {
        let ring = Ring::new(vec![held(Algorithm::RS256, "one", 0, DAY)]);
        let now = Instant::from_micros(5);
        let claims = BASE64.encode(b"{}");
        for header in [
            r#"{"alg":"none","kid":"one"}"#,
            r#"{"alg":"HS256","kid":"one"}"#,
            r#"{"alg":"PS256","kid":"one"}"#,
            r#"{"alg":"ES256","kid":"one"}"#,
            r#"{"alg":"RS256","kid":"two"}"#,
            r#"{"alg":"RS256","kid":"one","crit":["x"]}"#,
        ] {
            let token = format!("{}.{claims}.{}", BASE64.encode(header), BASE64.encode(b"x"));
            assert!(ring.verify(&token, now).is_err(), "{header}");
        }
    }
}
