//! Secrets that this node hands out: random, shown once, kept as a hash.

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stoa_core::{Problem, Refusal};

/// Bytes of randomness in a secret: 256 bits cannot be guessed, so a fast hash is enough.
const SECRET_BYTES: usize = 32;

/// A new secret: `prefix` and 43 characters of base64url.
pub fn new(prefix: &str) -> Result<String, Problem> {
    let mut bytes = [0; SECRET_BYTES];
    rand::fill(&mut bytes)
        .map_err(|_| Problem::new(Refusal::Failed, "web.failed").detail("The system gives no random numbers."))?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What is stored of a secret.
pub fn hash(secret: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    hash
}
