//! A private key of the provider: made here, kept sealed, parsed once.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Algorithm;

/// A key could not be made, read or used: a fault of the system or of what was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key could not be {0}")]
pub struct KeyFault(pub(crate) &'static str);

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyFault> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| KeyFault("drawn: the system gives no random numbers"))?;
    Ok(bytes)
}

/// A private key that signs by one algorithm.
pub(crate) struct PrivateKey {
    algorithm: Algorithm,
    kind: Kind,
}

enum Kind {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// A new key, as PKCS#8. An RSA key takes a good part of a second.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        let refused = |_| KeyFault("made");
        let bytes = match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(refused)?;
                pair.as_der().map_err(refused)?.as_ref().to_vec()
            }
            Algorithm::ES256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(refused)?;
                pair.to_pkcs8v1().map_err(refused)?.as_ref().to_vec()
            }
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::generate().map_err(refused)?;
                pair.to_pkcs8().map_err(refused)?.as_ref().to_vec()
            }
        };
        Ok(Zeroizing::new(bytes))
    }

    /// Reads what [`generate`](Self::generate) gave.
    pub(crate) fn open(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyFault> {
        let refused = |_| KeyFault("read");
        let kind = match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => Kind::Rsa(RsaKeyPair::from_pkcs8(pkcs8).map_err(refused)?),
            Algorithm::ES256 => {
                Kind::Ecdsa(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(refused)?)
            }
            Algorithm::EdDSA => Kind::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8).map_err(refused)?),
        };
        Ok(Self { algorithm, kind })
    }

    /// The signature as it stands in a token (RFC 7515: of ECDSA both numbers, not DER).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFault> {
        let refused = |_| KeyFault("used");
        match &self.kind {
            Kind::Rsa(pair) => {
                let padding = if self.algorithm == Algorithm::PS256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(refused)?;
                Ok(signature)
            }
            Kind::Ecdsa(pair) => Ok(pair.sign(&SystemRandom::new(), message).map_err(refused)?.as_ref().to_vec()),
            Kind::Ed25519(pair) => Ok(pair.try_sign(message).map_err(refused)?.as_ref().to_vec()),
        }
    }

    /// The pair, where it is one of RSA.
    pub(super) fn rsa(&self) -> Option<&RsaKeyPair> {
        match &self.kind {
            Kind::Rsa(pair) => Some(pair),
            Kind::Ecdsa(_) | Kind::Ed25519(_) => None,
        }
    }

    /// The public half (RFC 7517), without an id.
    pub(crate) fn public(&self) -> Value {
        let mut jwk = match &self.kind {
            Kind::Rsa(pair) => {
                let public = pair.public_key();
                let number = |bytes: &[u8]| BASE64.encode(bytes);
                json!({"kty": "RSA", "n": number(public.modulus().big_endian_without_leading_zero()),
                    "e": number(public.exponent().big_endian_without_leading_zero())})
            }
            Kind::Ecdsa(pair) => {
                // Uncompressed: 4, then both coordinates.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at_checked(32).unwrap_or_default();
                json!({"kty": "EC", "crv": "P-256", "x": BASE64.encode(x), "y": BASE64.encode(y)})
            }
            Kind::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64.encode(pair.public_key().as_ref())})
            }
        };
        if let Some(members) = jwk.as_object_mut() {
            members.insert("use".to_owned(), "sig".into());
            members.insert("alg".to_owned(), self.algorithm.as_str().into());
        }
        jwk
    }
}
