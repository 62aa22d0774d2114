//! Public keys of clients, and what they signed.

use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, ThumbprintHash};
use jsonwebtoken::{DecodingKey, Validation};
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
    pub fn read(mut value: Value) -> Result<Self, &'static str> {
        value.get_mut("keys").and_then(Value::as_array_mut).into_iter().flatten().for_each(full_size);
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

/// Writes the coordinates of a P-256 key in full (RFC 7518 §6.2.1.2): some libraries leave out zero bytes in front, of one
/// key in a hundred, whose signatures would never hold.
pub(crate) fn full_size(key: &mut Value) {
    if key.get("crv").and_then(Value::as_str) != Some("P-256") {
        return;
    }
    for name in ["x", "y"] {
        let decoded = key.get(name).and_then(Value::as_str).and_then(|text| BASE64.decode(text).ok());
        if let (Some(bytes), Some(members)) = (decoded.filter(|bytes| bytes.len() < 32), key.as_object_mut()) {
            let padded = [vec![0; 32 - bytes.len()], bytes].concat();
            members.insert(name.to_owned(), BASE64.encode(padded).into());
        }
    }
}

/// What is wrong with a key; nothing if it can be used.
pub(crate) fn key_fault(key: &Jwk) -> Option<&'static str> {
    match &key.algorithm {
        AlgorithmParameters::RSA(numbers) => {
            let length = BASE64.decode(&numbers.n).map_or(0, |bytes| bytes.len());
            (!RSA_BYTES.contains(&length)).then_some("holds an RSA key that has not 2048 to 8192 bits")
        }
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
            let is_full = |text: &String| BASE64.decode(text).is_ok_and(|bytes| bytes.len() == 32);
            (![&point.x, &point.y].into_iter().all(is_full))
                .then_some("holds a P-256 key whose coordinates have not 32 bytes")
        }
        AlgorithmParameters::OctetKeyPair(point) if point.curve == EllipticCurve::Ed25519 => None,
        _ => Some("holds a key that is neither RSA, P-256 nor Ed25519"),
    }
}

/// The thumbprint of a key (RFC 7638).
pub(crate) fn thumbprint(key: &Jwk) -> Option<String> {
    key.thumbprint(ThumbprintHash::SHA256).ok()
}

/// What the header of a token says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Head {
    alg: String,
    #[serde(default)]
    pub(crate) kid: Option<String>,
    #[serde(default)]
    pub(crate) typ: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
    /// The key that the token itself holds; it counts only where a kind of token says so (RFC 9449).
    #[serde(default)]
    pub(crate) jwk: Option<Value>,
}

impl Head {
    /// Reads the header of a token; nothing of it counts yet.
    pub(crate) fn read(token: &str) -> Result<Self, &'static str> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err("is too long");
        }
        let part = token.split('.').next().and_then(|part| BASE64.decode(part).ok());
        part.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or("has no header that can be read")
    }

    /// The algorithm that it names, and whether by the name that leaves nothing open (RFC 9864 §2.2), which the library
    /// does not know yet.
    fn algorithm(&self) -> Option<(Algorithm, bool)> {
        match self.alg.as_str() {
            "Ed25519" => Some((Algorithm::EdDSA, true)),
            name => Algorithm::from_name(name).map(|algorithm| (algorithm, false)),
        }
    }
}

/// A token of somebody else whose signature holds.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub(crate) head: Head,
    pub(crate) claims: Value,
}

/// Verifies a signature with one of these keys. Neither times nor names are looked at: each kind of token has its own.
pub(crate) fn verify(token: &str, keys: &JwkSet, allowed: &[Algorithm]) -> Result<Foreign, &'static str> {
    let head = Head::read(token)?;
    // RFC 7515 §4.1.11: what must be understood and is not makes the token invalid.
    if head.crit.is_some() {
        return Err("demands an extension");
    }
    let (algorithm, is_specified) = head
        .algorithm()
        .filter(|(algorithm, _)| allowed.contains(algorithm))
        .ok_or("is signed by an algorithm that is not accepted")?;
    let key =
        stoa_web::key_for(keys, head.kid.as_deref(), algorithm.in_library()).ok_or("is signed with an unknown key")?;
    if key_fault(&key).is_some() {
        return Err("is signed with a key that is not accepted");
    }
    if is_specified {
        let claims = by_ed25519(token, &key).ok_or("has a signature that does not hold")?;
        return Ok(Foreign { head, claims });
    }
    let decoding = DecodingKey::from_jwk(&key).map_err(|_| "is signed with a key that cannot be used")?;
    let mut validation = Validation::new(algorithm.in_library());
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Value>(token, &decoding, &validation)
        .map_err(|_| "has a signature that does not hold")?
        .claims;
    Ok(Foreign { head, claims })
}

/// The claims of a token whose Ed25519 signature holds.
fn by_ed25519(token: &str, key: &Jwk) -> Option<Value> {
    let AlgorithmParameters::OctetKeyPair(point) = &key.algorithm else { return None };
    let (message, signature) = token.rsplit_once('.')?;
    let public = BASE64.decode(&point.x).ok()?;
    UnparsedPublicKey::new(&ED25519, public).verify(message.as_bytes(), &BASE64.decode(signature).ok()?).ok()?;
    serde_json::from_slice(&BASE64.decode(message.split('.').nth(1)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{KeyFault, PrivateKey};
    use super::*;

    #[test]
    fn coordinates_that_were_cut_short_are_made_whole() -> Result<(), KeyFault> {
        // One key in a hundred begins with a zero byte; a thousand draws are enough by all means.
        let cut = |text: &Value| {
            let bytes = BASE64.decode(text.as_str()?).ok()?;
            (bytes.first() == Some(&0))
                .then(|| BASE64.encode(bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<_>>()))
        };
        for _ in 0..5_000 {
            let pair = PrivateKey::open(Algorithm::ES256, &PrivateKey::generate(Algorithm::ES256)?)?;
            let mut public = pair.public();
            let Some(short) = cut(&public["x"]) else { continue };
            let whole = public.clone();
            public["x"] = short.into();
            let keys = PublicKeys::read(json!({"keys": [public]})).map_err(|_| KeyFault("read"))?;
            assert_eq!(serde_json::to_value(&keys).ok(), Some(json!({"keys": [whole]})));
            assert_eq!(keys.fault(), None);
            let message = format!("{}.{}", BASE64.encode(r#"{"alg":"ES256"}"#), BASE64.encode("{}"));
            let token = format!("{message}.{}", BASE64.encode(pair.sign(message.as_bytes())?));
            assert!(verify(&token, keys.set(), &Algorithm::ALL).is_ok());
            return Ok(());
        }
        panic!("no key began with a zero byte");
    }

    #[test]
    fn coordinates_of_another_size_are_refused() {
        let long = BASE64.encode([1; 33]);
        let keys = PublicKeys::read(json!({"keys": [{"kty": "EC", "crv": "P-256", "x": long, "y": long}]}));
        assert_eq!(keys.map(|keys| keys.fault()), Ok(Some("holds a P-256 key whose coordinates have not 32 bytes")));
    }
}
