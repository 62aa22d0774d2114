//! JSON Web Signatures: the provider's own keys, and those of clients. Signing goes straight to the cryptography provider,
//! with keys that are parsed once; what others signed is verified by `jsonwebtoken`.

mod bound;
mod key;
mod public;
mod ring;

use serde::{Deserialize, Serialize};

pub(crate) use bound::bound_key_certificate;
pub use key::KeyFault;
pub(crate) use key::{PrivateKey, random};
pub use public::PublicKeys;
pub(crate) use public::{Foreign, Head, full_size, thumbprint, verify};
pub(crate) use ring::{Held, Ring};

/// A signature that this provider makes and takes (RFC 7518 §3.1, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Algorithm {
    /// RSA PKCS#1 v1.5 with SHA-256.
    RS256,
    /// RSA-PSS with SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

impl Algorithm {
    /// All of them; the one that every client understands (OpenID Connect Core §15.1) first.
    pub const ALL: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    /// Its registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The algorithm of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// The same in the words of the library that verifies.
    pub(crate) const fn in_library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::RS256 => jsonwebtoken::Algorithm::RS256,
            Self::PS256 => jsonwebtoken::Algorithm::PS256,
            Self::ES256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDSA => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}
