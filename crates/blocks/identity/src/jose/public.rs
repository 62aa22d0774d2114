//! Public keys of clients, and what they signed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, ThumbprintHash};
use jsonwebtoken::{DecodingKey, Header, Validation};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Algorithm;

/// Keys of one client at most.
const KEYS_MAX: usize = 20;
/// The longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Bytes of an RSA modulus: 2048 to 8192 bits.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// A client's public keys (RFC 7517). Private ones are refused: they would be private no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeys {
    written: Value,
    set: Arc<JwkSet>,
}

impl PublicKeys {
    /// Reads a set of keys.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(value: Value) -> Result<Self, &'static str> {
        let keys = value.get("keys").and_then(Value::as_array).ok_or("must be a set of keys: {\"keys\": […]}")?;
        if keys.iter().any(|key| ["d", "p", "q", "dp", "dq", "qi", "k"].iter().any(|secret| key.get(secret).is_some()))
        {
            return Err("holds a private or symmetric key; hand in the public halves only");
        }
        let set = JwkSet::deserialize(&value).map_err(|_| "holds a key that cannot be read")?;
        Ok(Self { written: value, set: Arc::new(set) })
    }

    /// What is wrong with the keys; nothing if they can be used.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.set.keys.is_empty() || self.set.keys.len() > KEYS_MAX {
            return Some("must have 1 to 20 keys");
        }
        self.set.keys.iter().find_map(key_fault)
    }

    pub(crate) fn set(&self) -> &JwkSet {
        &self.set
    }
}

impl Serialize for PublicKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// What is wrong with a key; nothing if it can be used.
pub(crate) fn key_fault(key: &Jwk) -> Option<&'static str> {
    match &key.algorithm {
        AlgorithmParameters::RSA(numbers) => {
            let length = BASE64.decode(&numbers.n).map_or(0, |bytes| bytes.len());
            (!RSA_BYTES.contains(&length)).then_some("holds an RSA key that has not 2048 to 8192 bits")
        }
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => None,
        AlgorithmParameters::OctetKeyPair(point) if point.curve == EllipticCurve::Ed25519 => None,
        _ => Some("holds a key that is neither RSA, P-256 nor Ed25519"),
    }
}

/// The thumbprint of a key (RFC 7638).
pub(crate) fn thumbprint(key: &Jwk) -> Option<String> {
    key.thumbprint(ThumbprintHash::SHA256).ok()
}

/// A token of somebody else whose signature holds.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub(crate) header: Header,
    pub(crate) claims: Value,
}

/// Verifies a signature with one of these keys. Neither times nor names are looked at: each kind of token has its own.
pub(crate) fn verify(token: &str, keys: &JwkSet, allowed: &[Algorithm]) -> Result<Foreign, &'static str> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err("is too long");
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| "has no header that can be read")?;
    // RFC 7515 §4.1.11: what must be understood and is not makes the token invalid.
    if header.crit.is_some() {
        return Err("demands an extension");
    }
    if !allowed.iter().any(|algorithm| algorithm.in_library() == header.alg) {
        return Err("is signed by an algorithm that is not accepted");
    }
    let key = stoa_web::key_for(keys, header.kid.as_deref(), header.alg).ok_or("is signed with an unknown key")?;
    if key_fault(&key).is_some() {
        return Err("is signed with a key that is not accepted");
    }
    let decoding = DecodingKey::from_jwk(&key).map_err(|_| "is signed with a key that cannot be used")?;
    let mut validation = Validation::new(header.alg);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Value>(token, &decoding, &validation)
        .map_err(|_| "has a signature that does not hold")?
        .claims;
    Ok(Foreign { header, claims })
}
