//! Signatures of reports: SSHSIG, as `ssh-keygen -Y sign -n report` makes them and the compliance monitor takes them
//! (OpenSSH, PROTOCOL.sshsig).
//!
//! Nothing is read from anywhere: keys, messages and signatures are texts and bytes in memory. Ed25519 signs; RSA and
//! ECDSA are verified too, since operators have such keys.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, Ed25519KeyPair, KeyPair as _,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use ssh_key::private::KeypairData;
use ssh_key::public::{EcdsaPublicKey, Ed25519PublicKey, KeyData, RsaPublicKey};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, LineEnding, Signature, SshSig};

/// What reports are signed for; a signature for anything else does not count.
pub const NAMESPACE: &str = "report";
/// Bytes of a signature at most: one with the largest key has a tenth of that.
const SIGNATURE_BYTES_MAX: usize = 64 * 1024;

/// Bytes of an RSA key at least: 2048 bits.
const RSA_BYTES_MIN: usize = 256;

/// What a file with a private key of type `ecdsa-sha2-nistp521` begins with. Every fourth of them has a number that the
/// reader of keys takes for too short.
const P521_BEGINS: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAArAAAABNlY2RzYS1zaGEyLW5pc3RwNTIxAA";

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no key of OpenSSH.
    #[error("this cannot be read as a key of OpenSSH: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// It is locked with a passphrase.
    #[error("the key is locked with a passphrase; sign with one that is not, or with `ssh-keygen -Y sign -n report`")]
    Encrypted,
    /// It cannot sign here.
    #[error("a key of type {algorithm} cannot sign here; use one of type ssh-ed25519")]
    CannotSign {
        /// Its type.
        algorithm: String,
    },
    /// The cryptography below refused.
    #[error("the key could not be used for signing")]
    Refused,
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none.
    #[error("there is no signature before the report")]
    Missing,
    /// It is not in the form of OpenSSH.
    #[error("this is no signature of OpenSSH: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// It was made for something else.
    #[error("the signature is for `{namespace}`, not for `{wanted}`")]
    Namespace {
        /// What it was made for.
        namespace: String,
        /// What it has to be for.
        wanted: String,
    },
    /// Its key is none of those that may sign.
    #[error("the key {fingerprint} that made the signature is none of those allowed")]
    UnknownKey {
        /// The key that made it, as OpenSSH names it.
        fingerprint: String,
    },
    /// It cannot be verified here.
    #[error("signatures of type {algorithm} are not taken")]
    Unsupported {
        /// Its type.
        algorithm: String,
    },
    /// The report was changed, or the signature was made with another key.
    #[error("the signature does not fit: the report was changed after it was signed, or the signature is another's")]
    Wrong,
}

/// A key that may sign, as a line of `authorized_keys` has it: `ssh-ed25519 AAAA… name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(ssh_key::PublicKey);

impl PublicKey {
    /// How OpenSSH names it: `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }

    /// What stands behind the key, often who has it.
    pub fn comment(&self) -> &str {
        self.0.comment()
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        ssh_key::PublicKey::from_openssh(text.trim()).map(Self).map_err(|error| malformed_key(&error))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_openssh().map_err(|_| fmt::Error)?)
    }
}

/// A key that signs. It is wiped from memory when it is dropped, and shows itself to nobody.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Ed25519KeyPair>,
    public: PublicKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.fingerprint())
    }
}

impl FromStr for SigningKey {
    type Err = KeyError;

    /// Reads a private key as `ssh-keygen -t ed25519` writes it, without a passphrase.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key = ssh_key::PrivateKey::from_openssh(text).map_err(|error| {
            let content: String = text.lines().skip(1).map(str::trim).collect();
            if content.starts_with(P521_BEGINS) {
                return KeyError::CannotSign { algorithm: "ecdsa-sha2-nistp521".to_owned() };
            }
            malformed_key(&error)
        })?;
        let public = PublicKey(key.public_key().clone());
        match key.key_data() {
            KeypairData::Ed25519(pair) => {
                let seed: &[u8; 32] = pair.private.as_ref();
                let pair = Ed25519KeyPair::from_seed_and_public_key(seed, pair.public.as_ref());
                Ok(Self { pair: Arc::new(pair.map_err(|_| KeyError::Refused)?), public })
            }
            KeypairData::Encrypted(_) => Err(KeyError::Encrypted),
            _ => Err(KeyError::CannotSign { algorithm: key.algorithm().to_string() }),
        }
    }
}

impl SigningKey {
    /// The key by which others verify.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key with this secret seed (RFC 8032 §5.1.5).
    pub fn from_seed(seed: &[u8; 32], comment: &str) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Refused)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Refused)?;
        let public = KeyData::Ed25519(Ed25519PublicKey(public));
        Ok(Self { pair: Arc::new(pair), public: PublicKey(ssh_key::PublicKey::new(public, comment)) })
    }

    /// Signs a report; the same report and key give the same signature, in armor.
    pub fn sign(&self, report: &[u8]) -> Result<String, KeyError> {
        self.sign_for(NAMESPACE, report)
    }

    /// Signs something for another purpose: a signature for one never counts for another.
    pub fn sign_for(&self, namespace: &str, message: &[u8]) -> Result<String, KeyError> {
        let data = SshSig::signed_data(namespace, HashAlg::Sha512, message).map_err(|_| KeyError::Refused)?;
        let bytes = self.pair.sign(&data).as_ref().to_vec();
        let armored = Signature::new(Algorithm::Ed25519, bytes).and_then(|signature| {
            SshSig::new(self.public.0.key_data().clone(), namespace, HashAlg::Sha512, signature)?.to_pem(LineEnding::LF)
        });
        armored.map_err(|_| KeyError::Refused)
    }
}

/// Verifies a signature in armor, and says which of the allowed keys made it.
pub fn verify<'k>(signature: &str, report: &[u8], allowed: &'k [PublicKey]) -> Result<&'k PublicKey, SignatureError> {
    let signature = read(NAMESPACE, signature)?;
    let made_it = |key: &&PublicKey| key.0.key_data() == signature.public_key();
    let key = allowed.iter().find(made_it).ok_or_else(|| SignatureError::UnknownKey {
        fingerprint: signature.public_key().fingerprint(HashAlg::Sha256).to_string(),
    })?;
    fits(&signature, report).map(|()| key)
}

/// Verifies that a signature in armor fits a report, and gives the key that made it. It says nothing about who that was:
/// anybody can make a key.
pub fn verify_any(signature: &str, report: &[u8]) -> Result<PublicKey, SignatureError> {
    verify_for(NAMESPACE, signature, report)
}

/// As [`verify_any`], of something that was signed for another purpose.
pub fn verify_for(namespace: &str, signature: &str, message: &[u8]) -> Result<PublicKey, SignatureError> {
    let signature = read(namespace, signature)?;
    fits(&signature, message)?;
    Ok(PublicKey(ssh_key::PublicKey::new(signature.public_key().clone(), "")))
}

/// Reads a signature in armor that is for this purpose.
fn read(namespace: &str, signature: &str) -> Result<SshSig, SignatureError> {
    if signature.len() > SIGNATURE_BYTES_MAX {
        return Err(SignatureError::Malformed { reason: format!("longer than {SIGNATURE_BYTES_MAX} bytes") });
    }
    let armor = signature.trim();
    let signature = SshSig::from_pem(armor).map_err(|error| malformed(&error))?;
    // What is not signed must not vary either, and the decoder forgives some of it: lengths, the version, a field for
    // later. Only what OpenSSH itself writes is taken.
    let is_canonical = signature.to_pem(LineEnding::LF).is_ok_and(|own| is_same_armor(&own, armor));
    if !is_canonical || signature.version() != SshSig::VERSION || !signature.reserved().is_empty() {
        return Err(SignatureError::Malformed { reason: "it is not encoded as OpenSSH does".to_owned() });
    }
    if signature.namespace() != namespace {
        let found = crate::tree::shortened(signature.namespace());
        return Err(SignatureError::Namespace { namespace: found, wanted: namespace.to_owned() });
    }
    Ok(signature)
}

fn fits(signature: &SshSig, report: &[u8]) -> Result<(), SignatureError> {
    let data =
        SshSig::signed_data(signature.namespace(), signature.hash_alg(), report).map_err(|error| malformed(&error))?;
    verify_bytes(signature.public_key(), signature.signature(), &data)
}

/// A signed report as it is sent to the monitor: the armor, a line end, `&`, the report.
pub fn join(signature: &str, report: &str) -> String {
    format!("{}\n&{report}", signature.trim_end())
}

/// The two parts of a signed report: the armor and the report, byte for byte.
pub fn split(body: &str) -> Result<(&str, &str), SignatureError> {
    let trimmed = body.trim_start();
    let end = trimmed.starts_with(BEGIN).then(|| trimmed.find(END)).flatten().ok_or(SignatureError::Missing)?;
    let (signature, rest) = trimmed.split_at_checked(end + END.len()).ok_or(SignatureError::Missing)?;
    let rest = rest.strip_prefix('\r').unwrap_or(rest);
    let rest = rest.strip_prefix('\n').ok_or(SignatureError::Missing)?;
    Ok((signature, rest.strip_prefix('&').unwrap_or(rest)))
}

fn is_same_armor(one: &str, other: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect::<String>();
    letters(one) == letters(other)
}

fn malformed_key(error: &ssh_key::Error) -> KeyError {
    KeyError::Malformed { reason: crate::tree::shortened(&error.to_string()) }
}

fn malformed(error: &ssh_key::Error) -> SignatureError {
    SignatureError::Malformed { reason: crate::tree::shortened(&error.to_string()) }
}

fn verify_bytes(key: &KeyData, signature: &Signature, data: &[u8]) -> Result<(), SignatureError> {
    let bytes = signature.as_bytes();
    match (key, signature.algorithm()) {
        (KeyData::Ed25519(key), Algorithm::Ed25519) => {
            UnparsedPublicKey::new(&ED25519, &key.0).verify(data, bytes).map_err(|_| SignatureError::Wrong)
        }
        (KeyData::Ecdsa(key), Algorithm::Ecdsa { curve }) if key.curve() == curve => verify_ecdsa(key, bytes, data),
        (KeyData::Rsa(key), Algorithm::Rsa { hash: Some(hash) }) => verify_rsa(key, hash, bytes, data),
        // A key of one type and a signature of another, `ssh-rsa` with SHA-1, security keys and DSA.
        (_, algorithm) => Err(SignatureError::Unsupported { algorithm: algorithm.to_string() }),
    }
}

fn verify_rsa(key: &RsaPublicKey, hash: HashAlg, signature: &[u8], data: &[u8]) -> Result<(), SignatureError> {
    let parameters = match hash {
        HashAlg::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        _ => &RSA_PKCS1_2048_8192_SHA512,
    };
    let (n, e) = key.n.as_positive_bytes().zip(key.e.as_positive_bytes()).ok_or(SignatureError::Wrong)?;
    if n.len() < RSA_BYTES_MIN {
        return Err(SignatureError::Unsupported { algorithm: format!("ssh-rsa with {} bits", n.len() * 8) });
    }
    RsaPublicKeyComponents { n, e }.verify(parameters, data, signature).map_err(|_| SignatureError::Wrong)
}

fn verify_ecdsa(key: &EcdsaPublicKey, signature: &[u8], data: &[u8]) -> Result<(), SignatureError> {
    let (algorithm, size) = match key.curve() {
        EcdsaCurve::NistP256 => (&ECDSA_P256_SHA256_FIXED, 32),
        EcdsaCurve::NistP384 => (&ECDSA_P384_SHA384_FIXED, 48),
        EcdsaCurve::NistP521 => (&ECDSA_P521_SHA512_FIXED, 66),
    };
    let fixed = fixed_form(signature, size).ok_or(SignatureError::Wrong)?;
    UnparsedPublicKey::new(algorithm, key.as_sec1_bytes()).verify(data, &fixed).map_err(|_| SignatureError::Wrong)
}

/// The two numbers of an ECDSA signature, each of SSH's form with its length before it, side by side at full length.
fn fixed_form(signature: &[u8], size: usize) -> Option<Vec<u8>> {
    let (r, rest) = number(signature)?;
    let (s, rest) = number(rest)?;
    if !rest.is_empty() {
        return None;
    }
    let mut fixed = Vec::with_capacity(2 * size);
    for number in [r, s] {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let digits = number.get(zeros..)?;
        fixed.resize(fixed.len() + size.checked_sub(digits.len())?, 0);
        fixed.extend_from_slice(digits);
    }
    Some(fixed)
}

fn number(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}
